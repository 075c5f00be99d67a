/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * iommu - the mappings of a device: each change is planned, sent to every vhost fd that translates, and
 * then made in the device's own table.
 */
#include <errno.h>
#include <string.h>

#include "device/apply.h"
#include "device/device.h"
#include "device/events.h"
#include "dev.h"
#include "memory/mem.h"
#include "device/iommu.h"
#include "syscall/uapi.h"

int vhi_iommu_renew(struct vhc_dev *dev, bool on)
{
	struct vhi_iotlb *iotlb = NULL;
	int r = on ? dev->backend->ask(dev, VHI_ASK_IOTLB) : 0;

	if (!r && on) {
		r = vhi_iotlb_new(dev->offers->max_mappings, &iotlb);
		if (r)
			vhi_dev_fail(dev, r, NULL, NULL, "no memory for mappings");
	}
	if (r)
		return r;
	vhi_iommu_reset(dev);
	dev->iotlb = iotlb;
	dev->want.iommu = on;
	return 0;
}

int vhi_iommu_set_enabled(struct vhc_dev *dev, bool on)
{
	return on == dev->want.iommu ? 0 : vhi_iommu_renew(dev, on);
}

void vhi_iommu_reset(struct vhc_dev *dev)
{
	vhi_iotlb_free(dev->iotlb);
	dev->iotlb = NULL;
	dev->want.iommu = false;
	vhi_events_drop_miss(dev);
	/* setting them again gives the kernel an empty table */
	for (uint32_t i = 0; i < dev->have.fds; i++)
		if (vhi_fd_translates(&dev->have.fd[i]))
			dev->have.fd[i].has_features = false;
}

uint64_t vhi_iommu_backend_features(const struct vhc_dev *dev)
{
	return dev->offers->backend_features & 1ull << VHOST_BACKEND_F_IOTLB_MSG_V2;
}

/* A vhost fd has mappings once VHOST_SET_FEATURES enabled its IOMMU. */
static bool has_mappings(const struct vhc_dev *dev, uint32_t fd)
{
	return dev->have.fd[fd].has_features && vhi_fd_translates(&dev->have.fd[fd]);
}

/* The n-th part of all rings: where one is, or will be when it starts. */
static bool get_part(const void *data, uint32_t n, uint64_t *ret_iova, uint64_t *ret_size)
{
	const struct vhc_dev *dev = data;
	const struct vhi_ring_state *ring = &dev->want.ring[n / VHI_PARTS];

	if (n / VHI_PARTS >= dev->want.rings)
		return false;
	*ret_size = 0;
	if (!ring->size || !ring->has_addr)
		return true;
	*ret_iova = ring->addr[n % VHI_PARTS];
	*ret_size = vhi_layout_get(vhi_dev_format(dev), ring->size).size[n % VHI_PARTS];
	return true;
}

/*
 * What vhost needs of a part of a running ring.  It asks for a mapping that it does not have; for one that
 * lacks a permission it waits silently.  That the used ring stays mapped is only so where it is no caller's
 * wish that it should not be: a map that is cut off, memory that is removed.
 */
static bool suffices(enum vhi_part part, uint32_t perm)
{
	uint32_t need = VHC_PERM_READ | (part == VHI_USED ? (uint32_t)VHC_PERM_WRITE : 0);

	return (perm & need) == need || (!perm && part != VHI_USED);
}

/*
 * The first running ring with a part in a range that is to have only this permission, or none; and
 * VHI_NO_RING if there is no such ring.
 */
static uint32_t find_harmed(const struct vhc_dev *dev, uint64_t iova, uint64_t size, uint32_t perm,
			    enum vhi_part *ret_part)
{
	for (uint32_t i = 0; i < dev->have.rings; i++) {
		const struct vhi_ring_state *ring = &dev->have.ring[i];
		struct vhi_layout layout = vhi_layout_get(vhi_dev_format(dev), ring->size);

		for (int part = 0; vhi_ring_runs(ring) && part < VHI_PARTS; part++)
			if (!suffices((enum vhi_part)part, perm) &&
			    vhi_iotlb_overlaps(iova, size, ring->addr[part], layout.size[part])) {
				*ret_part = (enum vhi_part)part;
				return i;
			}
	}
	return VHI_NO_RING;
}

/* May a range have this permission from now on?  0: none, it is unmapped. */
static int check_running(struct vhc_dev *dev, uint64_t iova, uint64_t size, uint32_t perm)
{
	enum vhi_part part;
	uint32_t ring = size ? find_harmed(dev, iova, size, perm, &part) : VHI_NO_RING;

	if (ring == VHI_NO_RING)
		return 0;
	return vhi_dev_fail(dev, -EBUSY, NULL, "stop the ring first",
			    "ring %u is running, and its %s at 0x%llx is in [0x%llx, +0x%llx), "
			    "which is to be %s",
			    ring, vhi_layout_part_name(vhi_dev_format(dev), part),
			    (unsigned long long)dev->have.ring[ring].addr[part],
			    (unsigned long long)iova, (unsigned long long)size,
			    !perm	       ? "unmapped"
			    : part == VHI_USED ? "mapped without permission to read and write it"
					       : "mapped without permission to read it");
}

/* --------------------------------------------------------------------------------- messages to vhost */

static void plan_message(struct vhi_plan *plan, uint32_t fd, enum vhi_op_kind kind,
			 const struct vhi_mapping *map, enum vhi_op_kind undo_kind)
{
	struct vhi_op op = vhi_op_fd(kind, fd), undo;

	op.map = *map;
	undo = op;
	undo.kind = undo_kind;
	vhi_plan_add_step(plan, &op, &undo);
}

/*
 * The kernel only drops whole mappings: so all in the range are removed, and the rest of them is added
 * again.  A mapping that is added twice would be there twice.
 */
static void plan_edit(const struct vhc_dev *dev, struct vhi_plan *plan,
		      const struct vhi_iotlb_edit *edit, const struct vhi_mapping *range)
{
	for (uint32_t fd = 0; fd < dev->have.fds; fd++) {
		if (!has_mappings(dev, fd))
			continue;
		if (edit->count)
			plan_message(plan, fd, VHI_OP_IOTLB_INVALIDATE, range, VHI_OP_IOTLB_FILL);
		for (uint32_t i = 0; i < edit->evicts; i++)
			plan_message(plan, fd, VHI_OP_IOTLB_INVALIDATE, &edit->evict[i],
				     VHI_OP_IOTLB_UPDATE);
		for (uint32_t i = 0; i < edit->adds; i++)
			plan_message(plan, fd, VHI_OP_IOTLB_UPDATE, &edit->add[i],
				     VHI_OP_IOTLB_INVALIDATE);
	}
}

static int apply_edit(struct vhc_dev *dev, const struct vhi_iotlb_edit *edit,
		      const struct vhi_mapping *range)
{
	struct vhi_plan plan = { 0 };
	int r;

	if (!edit->count && !edit->adds)
		return 0;
	plan_edit(dev, &plan, edit, range);
	r = vhi_apply(dev, &plan, VHI_APPLY_ALL_OR_NONE);
	if (!r)
		vhi_iotlb_apply(dev->iotlb, edit);
	return r;
}

/*
 * The ring waits for an UPDATE.  The kernel may have the mapping by now and must not get it twice, so it
 * is removed first.  Nothing is undone: the kernel reports a miss for a mapping that it does not have.
 */
int vhi_iommu_answer_miss(struct vhc_dev *dev, uint32_t fd, const struct vhi_iotlb_miss *miss)
{
	const struct vhi_mapping *map = dev->iotlb ? vhi_iotlb_find(dev->iotlb, miss->iova) : NULL;
	struct vhi_plan plan = { 0 };
	int r;

	if (!map || (map->perm & miss->perm) != miss->perm || !has_mappings(dev, fd))
		return 0;
	plan_message(&plan, fd, VHI_OP_IOTLB_INVALIDATE, map, VHI_OP_NONE);
	plan_message(&plan, fd, VHI_OP_IOTLB_UPDATE, map, VHI_OP_NONE);
	r = vhi_apply(dev, &plan, VHI_APPLY_ALL_OR_NONE);
	return r ?: 1;
}

/* ------------------------------------------------------------------------------ map and unmap */

int vhi_iommu_check(struct vhc_dev *dev)
{
	if (!dev->want.iommu)
		return vhi_dev_fail(
			dev, -EOPNOTSUPP, NULL, "give vhc_dev_set_features() VHC_GUEST_IOMMU",
			"its addresses do not go through an IOMMU, so there is nothing to map");
	return vhi_dev_check_stale(dev);
}

int vhi_iommu_check_range(struct vhc_dev *dev, uint64_t iova, uint64_t size)
{
	if (size && size - 1 <= UINT64_MAX - iova)
		return 0;
	return vhi_dev_fail(dev, -EINVAL, NULL, NULL, "I/O virtual addresses [0x%llx, +0x%llx): %s",
			    (unsigned long long)iova, (unsigned long long)size,
			    size ? "they end past the last address, 2^64 - 1" : "a size of 0");
}

uint64_t vhi_iommu_reach(struct vhc_dev *dev, uint64_t guest)
{
	struct vhi_table *table = dev->mem ? vhi_mem_table(dev->mem) : NULL;
	uint64_t user;

	if (!table || !table->count || vhi_table_find(table, guest, 1, &user))
		return 0;
	return table->hit.size - (guest - table->hit.guest);
}

/* Translate the guest address, and cut the mapping at the end of its region. */
static int resolve_guest_addr(struct vhc_dev *dev, const struct vhc_map *map,
			      struct vhi_mapping *ret)
{
	struct vhi_table *table = dev->mem ? vhi_mem_table(dev->mem) : NULL;
	uint64_t user, left;
	char how[160];

	if (!table)
		return vhi_dev_fail(
			dev, -EAGAIN, NULL, "call vhc_dev_set_mem() and vhc_mem_commit()",
			"it has no memory, so guest address 0x%llx cannot be mapped yet",
			(unsigned long long)map->addr);
	if (!table->count || vhi_table_find(table, map->addr, 1, &user) < 0) {
		vhi_table_describe(table, map->addr, 1, how, sizeof(how));
		return vhi_dev_fail(dev, -EINVAL, NULL, NULL,
				    "I/O virtual address 0x%llx cannot be mapped to guest address "
				    "0x%llx, which %s",
				    (unsigned long long)map->iova, (unsigned long long)map->addr,
				    how);
	}
	left = table->hit.size - (map->addr - table->hit.guest);
	*ret = (struct vhi_mapping){ .iova = map->iova,
				     .size = map->size < left ? map->size : left,
				     .guest = map->addr,
				     .user = user,
				     .perm = map->perm };
	return 0;
}

static int fail_full(struct vhc_dev *dev)
{
	uint32_t count = vhi_iotlb_count(dev->iotlb);

	return vhi_dev_fail(dev, -E2BIG, NULL, "map rings by fewer, larger mappings",
			    "%u mappings, and a ring is in each: none can be evicted for another, "
			    "and this kernel cannot hold more "
			    "(/sys/module/vhost/parameters/max_iotlb_entries)",
			    count);
}

int vhi_iommu_map(struct vhc_dev *dev, const struct vhc_map *map)
{
	struct vhi_mapping mapping, range = { .iova = map->iova, .size = map->size };
	struct vhi_iotlb_edit edit;
	uint64_t rest;
	int r = resolve_guest_addr(dev, map, &mapping);

	if (r)
		return r;
	rest = map->size - mapping.size;
	r = check_running(dev, mapping.iova, mapping.size, mapping.perm)
		    ?: check_running(dev, mapping.iova + mapping.size, rest, 0);
	if (r)
		return r;
	if (vhi_iotlb_plan_map(dev->iotlb, &mapping, map->size, get_part, dev, &edit))
		return fail_full(dev);
	return apply_edit(dev, &edit, &range);
}

/*
 * Also what a running ring is in, as a guest flushes all addresses of its IOMMU while rings run: vhost asks for
 * each part before it uses it.
 */
VHC_EXPORT int vhc_dev_unmap(struct vhc_dev *dev, uint64_t iova, uint64_t size)
{
	struct vhi_mapping range = { .iova = iova, .size = size };
	struct vhi_iotlb_edit edit;
	int r = vhi_iommu_check(dev) ?: vhi_iommu_check_range(dev, iova, size);

	if (r)
		return r;
	vhi_dev_log_used(dev); /* as long as it is known where they are */
	if (vhi_iotlb_plan_unmap(dev->iotlb, iova, size, get_part, dev, &edit))
		return fail_full(dev);
	return apply_edit(dev, &edit, &range);
}

/* ---------------------------------------------------------------------------------- changes of memory */

int vhi_iommu_check_mem(struct vhc_dev *dev, const struct vhi_table *table)
{
	uint64_t iova = 0, size = 0;
	enum vhi_part part;

	while (dev->iotlb && vhi_iotlb_find_stale(dev->iotlb, table, iova, &iova, &size)) {
		uint32_t ring = find_harmed(dev, iova, size, 0, &part);

		if (ring != VHI_NO_RING)
			return vhi_dev_fail(
				dev, -EBUSY, NULL, "stop the ring first, or map it elsewhere",
				"ring %u is running, and the memory of its used ring at I/O virtual "
				"address 0x%llx would move or be removed",
				ring, (unsigned long long)dev->have.ring[ring].addr[VHI_USED]);
		iova += size;
		if (!iova)
			break; /* past the last address */
	}
	return 0;
}

int vhi_iommu_plan_mem(struct vhc_dev *dev, const struct vhi_table *table, struct vhi_plan *plan,
		       struct vhi_iotlb **ret)
{
	struct vhi_mapping range = { 0 };
	struct vhi_iotlb_edit edit;
	struct vhi_iotlb *next;
	int r;

	*ret = NULL;
	if (!dev->iotlb || !vhi_iotlb_find_stale(dev->iotlb, table, 0, &range.iova, &range.size))
		return 0;
	r = vhi_iotlb_copy(dev->iotlb, &next);
	if (r)
		return vhi_dev_fail(dev, r, NULL, NULL, "no memory for mappings");
	do {
		r = vhi_iotlb_plan_unmap(next, range.iova, range.size, get_part, dev, &edit);
		if (r) {
			vhi_iotlb_free(next);
			return fail_full(dev);
		}
		plan_edit(dev, plan, &edit, &range);
		vhi_iotlb_apply(next, &edit);
	} while (vhi_iotlb_find_stale(next, table, range.iova, &range.iova, &range.size));
	*ret = next;
	return 0;
}

void vhi_iommu_replace_mappings(struct vhc_dev *dev, struct vhi_iotlb *iotlb)
{
	if (!iotlb)
		return;
	vhi_iotlb_free(dev->iotlb);
	dev->iotlb = iotlb;
}

int vhi_iommu_change_mem(struct vhc_dev *dev, const struct vhi_table *table)
{
	struct vhi_plan plan = { 0 };
	struct vhi_iotlb *next;
	int r = vhi_iommu_plan_mem(dev, table, &plan, &next);

	if (!r && next)
		r = vhi_apply(dev, &plan, VHI_APPLY_ALL_OR_NONE);
	else
		vhi_plan_clear(&plan);
	if (!r)
		vhi_iommu_replace_mappings(dev, next);
	else
		vhi_iotlb_free(next);
	return r;
}
