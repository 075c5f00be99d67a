/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sound - what must be so in the kernel after any call of the library.
 */
#include "sound.h"

bool sound_in_memory(const struct fake_vhost *vhost, uint64_t user, uint64_t size)
{
	for (uint32_t i = 0; i < vhost->regions; i++)
		if (user - vhost->region[i].user < vhost->region[i].size &&
		    size <= vhost->region[i].size - (user - vhost->region[i].user))
			return true;
	return false;
}

/* Behind an IOMMU a ring has I/O virtual addresses. */
static bool check_rings(const struct fake_vhost *vhost)
{
	bool right = true;

	for (uint32_t i = 0; i < FAKE_RINGS && !vhost->has_iotlb; i++) {
		const struct fake_ring *ring = &vhost->ring[i];

		if (!ring->backend || (sound_in_memory(vhost, ring->desc, 16ull * ring->num) &&
				       sound_in_memory(vhost, ring->avail, 4 + 2ull * ring->num) &&
				       sound_in_memory(vhost, ring->used, 4 + 8ull * ring->num)))
			continue;
		fprintf(stderr, "ring %u runs outside the memory of its vhost fd\n", i);
		right = false;
	}
	return right;
}

static bool check_mappings(const struct fake_vhost *vhost)
{
	for (uint32_t i = 0; i < vhost->mappings; i++)
		for (uint32_t j = 0; j < i; j++) {
			const struct fake_mapping *a = &vhost->mapping[i], *b = &vhost->mapping[j];

			if (a->iova > b->iova + (b->size - 1) || b->iova > a->iova + (a->size - 1))
				continue;
			fprintf(stderr, "I/O virtual address 0x%llx is mapped twice\n",
				(unsigned long long)(a->iova > b->iova ? a->iova : b->iova));
			return false;
		}
	return true;
}

bool sound_check(struct fake *fake)
{
	bool right = crowd_check(fake);
	const struct fake_vhost *vhost;

	for (uint32_t i = 0; (vhost = fake_vhost(fake, i)) != NULL; i++)
		right = check_rings(vhost) && check_mappings(vhost) && right;
	return right;
}

bool sound_stopped(const struct fake_vhost *vhost)
{
	for (uint32_t i = 0; i < FAKE_RINGS; i++)
		if (vhost->ring[i].backend) {
			fprintf(stderr, "its ring %u runs\n", i);
			return false;
		}
	return true;
}
