/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * iommu-map - a caller maps a range: at guest addresses, or at a peer's, which may be several pieces of
 * the guest's memory.
 */
#include <errno.h>

#include "args.h"
#include "device/iommu.h"
#include "device/peer.h"

static int check_map(struct vhc_dev *dev, const struct vhc_map *map)
{
	const uint32_t known = VHC_PERM_READ | VHC_PERM_WRITE;

	if (!(map->flags & ~(uint32_t)VHC_MAP_USER) && map->perm && !(map->perm & ~known))
		return vhi_iommu_check_range(dev, map->iova, map->size);
	return vhi_dev_fail(
		dev, -EINVAL, NULL, NULL,
		"vhc_map has flags 0x%x and perm 0x%x; the only flag is VHC_MAP_USER, and "
		"perm is at least one of VHC_PERM_, 0x%x",
		map->flags, map->perm, known);
}

/* Translate @map->addr.  Sets how many bytes from there on are one piece of the guest's memory. */
static int translate(struct vhc_dev *dev, struct vhc_map *map, uint64_t *ret_piece)
{
	uint64_t guest, left, inside;
	int r = vhi_peer_find(dev, map->addr, &guest, &left);

	if (r == -EAGAIN)
		return vhi_dev_fail(dev, r, NULL, "call vhc_dev_set_mem() and vhc_mem_commit()",
				    "it has no memory, so the peer's address 0x%llx cannot be "
				    "mapped yet",
				    (unsigned long long)map->addr);
	if (r)
		return vhi_dev_fail(dev, -EINVAL, NULL, NULL,
				    "I/O virtual address 0x%llx cannot be mapped to the peer's "
				    "address 0x%llx, which is in no region",
				    (unsigned long long)map->iova, (unsigned long long)map->addr);
	inside = vhi_iommu_reach(dev, guest);
	left = left < inside ? left : inside;
	map->addr = guest;
	*ret_piece = map->size < left ? map->size : left;
	return 0;
}

/* All pieces that there are; the last of them replaces what is mapped in the rest. */
static int map_user(struct vhc_dev *dev, struct vhc_map map)
{
	uint64_t guest, left, piece = 0;

	for (;;) {
		struct vhc_map now = map;
		int r = translate(dev, &now, &piece);

		if (r)
			return r;
		map.addr += piece;
		if (piece == map.size || vhi_peer_find(dev, map.addr, &guest, &left))
			return vhi_iommu_map(dev, &now);
		now.size = piece;
		r = vhi_iommu_map(dev, &now);
		if (r)
			return r;
		map.iova += piece;
		map.size -= piece;
	}
}

VHC_EXPORT int vhc_dev_map(struct vhc_dev *dev, const struct vhc_map *map)
{
	struct vhc_map copy;
	int r = VHI_COPY_ARGS(dev->ctx, vhc_map, &copy, map);

	r = r ?: vhi_iommu_check(dev) ?: check_map(dev, &copy);
	if (r)
		return r;
	return copy.flags & VHC_MAP_USER ? map_user(dev, copy) : vhi_iommu_map(dev, &copy);
}
