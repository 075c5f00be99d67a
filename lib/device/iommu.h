/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * iommu - a device whose addresses go through an IOMMU that the caller models: its mappings, here and
 * in the kernel.  The kernel's table is a part of ours at any time and has nothing twice, so it never
 * is full when ours is not, and never drops a ring's.
 */
#ifndef LIB_IOMMU_H
#define LIB_IOMMU_H

#include "memory/iotlb.h"
#include "plan/plan.h"

struct vhc_dev;

/**
 * vhc_iommu_set_enabled() - addresses go through an IOMMU from now on, or not.  No ring runs.
 * Errors: -ENOMEM; what the questions to the kernel say.
 */
int vhc_iommu_set_enabled(struct vhc_dev *dev, bool on);

/** vhc_iommu_reset() - no mappings, and no trust in what the kernel still has: for a reset. */
void vhc_iommu_reset(struct vhc_dev *dev);

/** vhc_iommu_backend_features() - the backend features that a vhost fd is to have. */
uint64_t vhc_iommu_backend_features(const struct vhc_dev *dev);

/**
 * vhc_iommu_check_mem() - would a ring that runs lose its used ring with this memory?  NULL: none.
 * Returns 0 or -EBUSY.
 */
int vhc_iommu_check_mem(struct vhc_dev *dev, const struct vhc_table *table);

/**
 * vhc_iommu_plan_mem() - before other memory is in force, the kernel must forget what does not hold
 * there.
 * @ret: the mappings that hold; NULL when all do, and the plan has no steps then.  After success
 * vhc_iommu_replace_mappings() it, after failure vhc_iotlb_free() it.
 * Errors: -ENOMEM.
 */
int vhc_iommu_plan_mem(struct vhc_dev *dev, const struct vhc_table *table, struct vhc_plan *plan,
		       struct vhc_iotlb **ret);
/** vhc_iommu_replace_mappings() - these are the device's mappings from now on, if it is not NULL. */
void vhc_iommu_replace_mappings(struct vhc_dev *dev, struct vhc_iotlb *iotlb);

/** vhc_iommu_change_mem() - the three together, for a device that does not run. */
int vhc_iommu_change_mem(struct vhc_dev *dev, const struct vhc_table *table);

/**
 * vhc_iommu_answer_miss() - a vhost fd waits for what is mapped already: tell it.
 * Returns 1, or 0: it is not mapped so.
 */
int vhc_iommu_answer_miss(struct vhc_dev *dev, uint32_t fd, const struct vhc_iotlb_miss *miss);

#endif
