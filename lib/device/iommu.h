/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * iommu - a device whose addresses go through an IOMMU that the caller models: its mappings, here and in
 * the kernel.  The kernel's table is always a subset of ours without duplicates, so it is never full
 * before ours, and never drops a mapping that a ring is in.
 */
#ifndef LIB_DEVICE_IOMMU_H
#define LIB_DEVICE_IOMMU_H

#include "memory/iotlb.h"
#include "plan/plan.h"

struct vhc_dev;

/**
 * vhi_iommu_set_enabled() - do addresses go through an IOMMU from now on?  No ring may run.  Where they
 * already do, the mappings are kept.
 * Errors: -ENOMEM; the kernel's, which is asked for its limits.
 */
int vhi_iommu_set_enabled(struct vhc_dev *dev, bool on);

/** vhi_iommu_renew() - the same for another guest's state: without the mappings of before. */
int vhi_iommu_renew(struct vhc_dev *dev, bool on);

/** vhi_iommu_check() - can it have mappings?  -EOPNOTSUPP, -ESTALE. */
int vhi_iommu_check(struct vhc_dev *dev);
/** vhi_iommu_check_range() - is it one of I/O virtual addresses?  -EINVAL. */
int vhi_iommu_check_range(struct vhc_dev *dev, uint64_t iova, uint64_t size);
/** vhi_iommu_reach() - how many bytes from this guest address on are in one region; 0: none is. */
uint64_t vhi_iommu_reach(struct vhc_dev *dev, uint64_t guest);
/** vhi_iommu_map() - vhc_dev_map() at a guest address, when its arguments have been checked. */
int vhi_iommu_map(struct vhc_dev *dev, const struct vhc_map *map);

/** vhi_iommu_reset() - for a reset: drop the mappings, and set the features again before the next start. */
void vhi_iommu_reset(struct vhc_dev *dev);

/** vhi_iommu_backend_features() - those that a vhost fd must get. */
uint64_t vhi_iommu_backend_features(const struct vhc_dev *dev);

/**
 * vhi_iommu_check_mem() - would a running ring lose its used ring with this memory?  NULL: no memory.
 * Returns 0 or -EBUSY.
 */
int vhi_iommu_check_mem(struct vhc_dev *dev, const struct vhi_table *table);

/**
 * vhi_iommu_plan_mem() - before the memory changes, the kernel must drop the mappings that become stale.
 * @ret: the mappings that remain valid; NULL when all do, and then the plan has no steps.  Give it to
 * vhi_iommu_replace_mappings() after success, and to vhi_iotlb_free() after a failure.
 * Errors: -ENOMEM.
 */
int vhi_iommu_plan_mem(struct vhc_dev *dev, const struct vhi_table *table, struct vhi_plan *plan,
		       struct vhi_iotlb **ret);
/** vhi_iommu_replace_mappings() - of the device, unless @iotlb is NULL. */
void vhi_iommu_replace_mappings(struct vhc_dev *dev, struct vhi_iotlb *iotlb);

/** vhi_iommu_change_mem() - plan, apply and replace, for a device that does not run. */
int vhi_iommu_change_mem(struct vhc_dev *dev, const struct vhi_table *table);

/**
 * vhi_iommu_answer_miss() - a vhost fd waits for an address: send the mapping, if there is one.
 * Returns 1, or 0: it is not mapped with this permission.
 */
int vhi_iommu_answer_miss(struct vhc_dev *dev, uint32_t fd, const struct vhi_iotlb_miss *miss);

#endif
