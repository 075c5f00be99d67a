/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * iommu-rig - a rig behind an IOMMU, on kernels in turn.
 */
#ifndef TESTS_IOMMU_RIG_H
#define TESTS_IOMMU_RIG_H

#include "rig.h"

#define PAGE 0x1000ull
#define AT   0x20000000ull

static inline void rig_iommu(struct rig *rig, const char *kernel, uint32_t pairs)
{
	rig_new(rig, kernel, pairs);
	rig->iommu = true;
}

static inline bool runs(struct rig *rig)
{
	for (uint32_t i = 0; i < rig->rings; i++)
		if (!rig_kernel_ring(rig, i)->backend)
			return false;
	return true;
}

static inline void up(struct rig *rig, const char *kernel, uint32_t pairs)
{
	rig_iommu(rig, kernel, pairs);
	rig_up(rig);
}

static inline const char *kernel_of(uint32_t n)
{
	return fake_profile_name(n % 3);
}

static inline void map_pages(struct rig *rig, uint64_t iova, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		assert_ok(rig, rig_map_at(rig, iova + i * 2 * PAGE, PAGE, RIG_GUEST, RIG_RW));
}

#endif
