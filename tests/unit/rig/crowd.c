/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * crowd - several devices of one guest.
 */
#include <linux/vhost.h>

#include "crowd.h"

int crowd_add(struct crowd *crowd, uint64_t guest, uint64_t size, const void *at)
{
	return vhc_mem_add(crowd->rig.mem, VHC_ARG(vhc_region, .guest_addr = guest, .size = size,
						   .user_addr = (uintptr_t)at));
}

int crowd_rings_memory(struct crowd *crowd)
{
	return crowd_add(crowd, RIG_GUEST, crowd->rig.ram_size, crowd->rig.ram);
}

static void set_ring(struct crowd *crowd, uint32_t n, uint32_t ring)
{
	struct vhc_ring_addr addr = rig_addr(n * 2 * crowd->pairs + ring);
	struct vhc_dev *dev = crowd->dev[n];

	assert_ok(&crowd->rig, vhc_ring_set_size(dev, ring, RIG_SIZE));
	assert_ok(&crowd->rig, vhc_ring_set_addr(dev, ring, &addr));
	assert_ok(&crowd->rig, vhc_ring_get_kick(dev, ring));
	assert_ok(&crowd->rig, vhc_ring_get_call(dev, ring));
}

void crowd_setup(struct crowd *crowd, uint32_t n)
{
	assert_ok(&crowd->rig, vhc_dev_set_features(crowd->dev[n], &crowd->rig.acked, 0));
	for (uint32_t i = 0; i < 2 * crowd->pairs; i++)
		set_ring(crowd, n, i);
}

void crowd_open(struct crowd *crowd, uint32_t n)
{
	char name[8] = "net0", link[8] = "tap0";

	name[3] = link[3] = (char)('0' + n);
	assert_ok(&crowd->rig,
		  vhc_tap_open(crowd->rig.ctx, link, VHC_ARG(vhc_tap_args, .queues = crowd->pairs),
			       &crowd->tap[n]));
	assert_ok(&crowd->rig, vhc_dev_open(crowd->rig.ctx, name, NULL,
					    VHC_ARG(vhc_dev_args, .type = VHC_TYPE_NET,
						    .queue_pairs = crowd->pairs),
					    &crowd->dev[n]));
	assert_ok(&crowd->rig, vhc_dev_set_mem(crowd->dev[n], crowd->rig.mem));
	assert_ok(&crowd->rig, vhc_dev_set_tap(crowd->dev[n], crowd->tap[n]));
	crowd_setup(crowd, n);
}

void crowd_close(struct crowd *crowd, uint32_t n)
{
	vhc_dev_close(crowd->dev[n]);
	vhc_tap_close(crowd->tap[n]);
	crowd->dev[n] = NULL;
	crowd->tap[n] = NULL;
}

void crowd_new(struct crowd *crowd, const char *kernel, uint32_t count, uint32_t pairs)
{
	*crowd = (struct crowd){ .count = count, .pairs = pairs };
	rig_new(&crowd->rig, kernel, count * pairs);
	assert_ok(&crowd->rig, rig_mem(&crowd->rig));
	for (uint32_t i = 0; i < count; i++)
		crowd_open(crowd, i);
}

void crowd_up(struct crowd *crowd, const char *kernel, uint32_t count, uint32_t pairs)
{
	crowd_new(crowd, kernel, count, pairs);
	for (uint32_t i = 0; i < count; i++)
		assert_ok(&crowd->rig, vhc_dev_start(crowd->dev[i]));
	fake_forget_calls(crowd->rig.fake);
}

void crowd_free(struct crowd *crowd)
{
	fake_watch(crowd->rig.fake, NULL, NULL);
	assert_false(crowd->broken);
	for (uint32_t i = 0; i < crowd->count; i++)
		crowd_close(crowd, i);
	rig_free(&crowd->rig);
}

/* ------------------------------------------------------------------------- what the kernel has */

struct fake_vhost *crowd_vhost(struct crowd *crowd, uint32_t n, uint32_t pair)
{
	struct fake_vhost *vhost = fake_vhost(crowd->rig.fake, n * crowd->pairs + pair);

	assert_non_null(vhost);
	return vhost;
}

struct fake_vhost *crowd_kernel(struct crowd *crowd)
{
	uint32_t count = crowd->count * crowd->pairs;
	struct fake_vhost *copy = calloc(count, sizeof(*copy)), *vhost;

	for (uint32_t i = 0; i < count && (vhost = fake_vhost(crowd->rig.fake, i)) != NULL; i++) {
		copy[i] = *vhost;
		/* behind the table there may be what was there once */
		memset(&copy[i].region[vhost->regions], 0,
		       (FAKE_MAX_REGIONS - vhost->regions) * sizeof(copy[i].region[0]));
	}
	return copy;
}

bool crowd_same(struct crowd *crowd, struct fake_vhost *before)
{
	struct fake_vhost *after = crowd_kernel(crowd);
	bool same = true;

	for (uint32_t i = 0; i < crowd->count * crowd->pairs; i++)
		if (memcmp(&before[i], &after[i], sizeof(*before))) {
			fprintf(stderr, "vhost fd %u is not as it was\n", i);
			same = false;
		}
	free(before);
	free(after);
	return same;
}

/* ------------------------------------------------------------------------ what must always be so */

uint64_t crowd_need(const struct fake_vhost *vhost)
{
	uint64_t last = 0;

	for (uint32_t i = 0; i < vhost->regions; i++)
		if (vhost->region[i].guest + (vhost->region[i].size - 1) > last)
			last = vhost->region[i].guest + (vhost->region[i].size - 1);
	/* a byte has 8 pages, and the kernel sets bits in words of 8 bytes */
	return vhost->regions ? (last / 4096 / 64 + 1) * 8 : 0;
}

static bool logs(const struct fake_ring *ring)
{
	return ring->features[0] >> VHOST_F_LOG_ALL & 1;
}

static uint64_t used_in_guest(const struct fake_vhost *vhost, const struct fake_ring *ring)
{
	const struct fake_region *region = vhost->region;

	for (uint32_t i = 0; i < vhost->regions; i++)
		if (ring->used - region[i].user < region[i].size)
			return region[i].guest + (ring->used - region[i].user);
	return 0;
}

/* @n of vhost fd @fd */
static bool check_ring(struct fake *fake, uint32_t fd, uint32_t n)
{
	const struct fake_vhost *vhost = fake_vhost(fake, fd);
	const struct fake_ring *ring = &vhost->ring[n];
	uint64_t size, need;

	if (!ring->backend || (!logs(ring) && !ring->log_used))
		return true;
	size = fake_map_size(fake, ring->log_base);
	need = crowd_need(vhost);
	if (size < need)
		fprintf(stderr,
			"vhost fd %u, its ring %u: a log of %llu bytes at 0x%llx, %llu are needed\n",
			fd, n, (unsigned long long)size, (unsigned long long)ring->log_base,
			(unsigned long long)need);
	/* behind an IOMMU vhost finds out by itself where the used ring is */
	if (!ring->log_used || vhost->has_iotlb || ring->log_addr == used_in_guest(vhost, ring))
		return size >= need;
	fprintf(stderr,
		"vhost fd %u, its ring %u: its used ring is at 0x%llx, and logged at 0x%llx\n", fd,
		n, (unsigned long long)used_in_guest(vhost, ring),
		(unsigned long long)ring->log_addr);
	return false;
}

bool crowd_check(struct fake *fake)
{
	bool right = true;

	for (uint32_t fd = 0; fake_vhost(fake, fd); fd++)
		for (uint32_t n = 0; n < FAKE_RINGS; n++)
			right &= check_ring(fake, fd, n);
	return right;
}

static void watch(void *data, const struct fake_call *call)
{
	struct crowd *crowd = data;

	if (!strncmp(call->name, "VHOST_", 6) && !crowd_check(crowd->rig.fake))
		crowd->broken = true;
}

void crowd_watch(struct crowd *crowd)
{
	fake_watch(crowd->rig.fake, watch, crowd);
}
