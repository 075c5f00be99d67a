/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * peer - the addresses of a peer, translated to the guest's.
 */
#include <errno.h>
#include <string.h>

#include "device/peer.h"
#include "memory/mem.h"

static const struct vhi_peers *peers_of(const struct vhc_dev *dev)
{
	const struct vhi_table *table = dev->mem ? vhi_mem_table(dev->mem) : NULL;

	return table ? table->peers : NULL;
}

int vhi_peer_find(struct vhc_dev *dev, uint64_t peer, uint64_t *ret_guest, uint64_t *ret_left)
{
	const struct vhi_peers *peers = peers_of(dev);

	return peers ? vhi_peers_find(peers, peer, ret_guest, ret_left) : -EAGAIN;
}

static int refuse_part(struct vhc_dev *dev, int part, uint64_t peer, uint64_t size,
		       struct vhi_refusal *err)
{
	char how[160] = "is nowhere: there is no memory";

	if (peers_of(dev))
		vhi_peers_describe(peers_of(dev), peer, size, how, sizeof(how));
	return vhi_refuse(err, "%s (%llu bytes at the peer's address 0x%llx) %s",
			  vhi_layout_part_name(vhi_dev_format(dev), (enum vhi_part)part),
			  (unsigned long long)size, (unsigned long long)peer, how);
}

int vhi_peer_translate(struct vhc_dev *dev, uint32_t size, const uint64_t peer[VHI_PARTS],
		       uint64_t ret_guest[VHI_PARTS], struct vhi_refusal *err)
{
	struct vhi_layout layout = vhi_layout_get(vhi_dev_format(dev), size ? size : 1);
	uint64_t guest[VHI_PARTS], left;

	for (int i = 0; i < VHI_PARTS; i++)
		if (vhi_peer_find(dev, peer[i], &guest[i], &left) || left < layout.size[i])
			return refuse_part(dev, i, peer[i], layout.size[i], err);
	memcpy(ret_guest, guest, sizeof(guest));
	return 0;
}

/* Behind an IOMMU there is one kind of ring addresses, whoever tells them. */
static void resolve(struct vhc_dev *dev, struct vhi_ring_state *want)
{
	struct vhi_refusal err;

	want->has_addr = true;
	if (dev->want.iommu)
		memcpy(want->addr, want->peer, sizeof(want->addr));
	else if (vhi_peer_translate(dev, want->size, want->peer, want->addr, &err))
		want->has_addr = false;
}

void vhi_peer_resolve_rings(struct vhc_dev *dev)
{
	for (uint32_t i = 0; i < dev->want.rings; i++)
		if (dev->want.ring[i].by_peer && !vhi_ring_runs(&dev->have.ring[i]))
			resolve(dev, &dev->want.ring[i]);
}
