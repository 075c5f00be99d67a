/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * iommu - the mappings of a device: each change is planned, sent to every vhost fd that translates, and
 * then made in the device's own table.
 */
#include <errno.h>
#include <string.h>

#include "args.h"
#include "device/apply.h"
#include "dev.h"
#include "memory/mem.h"
#include "device/iommu.h"
#include "syscall/uapi.h"

int vhi_iommu_set_enabled(struct vhc_dev *dev, bool on)
{
	struct vhi_iotlb *iotlb = NULL;
	int r = 0;

	if (on == dev->want.iommu)
		return 0;
	if (on)
		r = dev->backend->ask(dev, VHI_ASK_IOTLB);
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

void vhi_iommu_reset(struct vhc_dev *dev)
{
	vhi_iotlb_free(dev->iotlb);
	dev->iotlb = NULL;
	dev->want.iommu = false;
	dev->events.again = false;
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

/* Is a ring there, or will one be when it starts? */
static bool is_pinned(const void *data, uint64_t iova, uint64_t size)
{
	const struct vhc_dev *dev = data;

	for (uint32_t i = 0; i < dev->want.rings; i++) {
		const struct vhi_ring_state *ring = &dev->want.ring[i];
		struct vhi_layout layout = vhi_layout_get(vhi_dev_format(dev), ring->size);

		for (int part = 0; ring->size && ring->has_addr && part < VHI_PARTS; part++)
			if (vhi_iotlb_overlaps(iova, size, ring->addr[part], layout.size[part]))
				return true;
	}
	return false;
}

/* The first running ring with its used ring there, or VHI_NO_RING. */
static uint32_t used_ring_in(const struct vhc_dev *dev, uint64_t iova, uint64_t size)
{
	for (uint32_t i = 0; i < dev->have.rings; i++) {
		const struct vhi_ring_state *ring = &dev->have.ring[i];

		if (vhi_ring_runs(ring) &&
		    vhi_iotlb_overlaps(
			    iova, size, ring->addr[VHI_USED],
			    vhi_layout_get(vhi_dev_format(dev), ring->size).size[VHI_USED]))
			return i;
	}
	return VHI_NO_RING;
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

static int check_iommu(struct vhc_dev *dev)
{
	if (!dev->want.iommu)
		return vhi_dev_fail(
			dev, -EOPNOTSUPP, NULL, "give vhc_dev_set_features() VHC_GUEST_IOMMU",
			"its addresses do not go through an IOMMU, so there is nothing to map");
	return vhi_dev_check_stale(dev);
}

static int check_range(struct vhc_dev *dev, uint64_t iova, uint64_t size)
{
	if (size && size - 1 <= UINT64_MAX - iova)
		return 0;
	return vhi_dev_fail(dev, -EINVAL, NULL, NULL, "I/O virtual addresses [0x%llx, +0x%llx): %s",
			    (unsigned long long)iova, (unsigned long long)size,
			    size ? "they end past the last address, 2^64 - 1" : "a size of 0");
}

static int check_map(struct vhc_dev *dev, const struct vhc_map *map)
{
	const uint32_t known = VHC_PERM_READ | VHC_PERM_WRITE;

	if (map->flags || !map->perm || map->perm & ~known)
		return vhi_dev_fail(dev, -EINVAL, NULL, NULL,
				    "vhc_map has flags 0x%x and perm 0x%x; flags are 0, and perm "
				    "is at least one of VHC_PERM_, 0x%x",
				    map->flags, map->perm, known);
	return check_range(dev, map->iova, map->size);
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

VHC_EXPORT int vhc_dev_map(struct vhc_dev *dev, const struct vhc_map *map)
{
	struct vhi_iotlb_edit edit;
	struct vhi_mapping mapping;
	struct vhc_map copy;
	int r = VHI_COPY_ARGS(dev->ctx, vhc_map, &copy, map);

	r = r ?: check_iommu(dev) ?: check_map(dev, &copy) ?: resolve_guest_addr(dev, &copy, &mapping);
	if (r)
		return r;
	if (vhi_iotlb_plan_map(dev->iotlb, &mapping, is_pinned, dev, &edit))
		return fail_full(dev);
	return apply_edit(dev, &edit, &mapping);
}

VHC_EXPORT int vhc_dev_unmap(struct vhc_dev *dev, uint64_t iova, uint64_t size)
{
	struct vhi_mapping range = { .iova = iova, .size = size };
	struct vhi_iotlb_edit edit;
	uint32_t ring;
	int r = check_iommu(dev) ?: check_range(dev, iova, size);

	if (r)
		return r;
	ring = used_ring_in(dev, iova, size);
	if (ring != VHI_NO_RING)
		return vhi_dev_fail(dev, -EBUSY, NULL, "stop the ring first",
				    "ring %u is running, and its used ring at 0x%llx is in "
				    "[0x%llx, +0x%llx), which is to be unmapped",
				    ring, (unsigned long long)dev->have.ring[ring].addr[VHI_USED],
				    (unsigned long long)iova, (unsigned long long)size);
	if (vhi_iotlb_plan_unmap(dev->iotlb, iova, size, is_pinned, dev, &edit))
		return fail_full(dev);
	return apply_edit(dev, &edit, &range);
}

/* ---------------------------------------------------------------------------------- changes of memory */

int vhi_iommu_check_mem(struct vhc_dev *dev, const struct vhi_table *table)
{
	uint64_t iova = 0, size = 0;

	while (dev->iotlb && vhi_iotlb_find_stale(dev->iotlb, table, iova, &iova, &size)) {
		uint32_t ring = used_ring_in(dev, iova, size);

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
		r = vhi_iotlb_plan_unmap(next, range.iova, range.size, is_pinned, dev, &edit);
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
