/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * iotlb - what the I/O virtual addresses of a device stand for: mappings, sorted, none over another,
 * each with its age.  Ground floor: no system call.
 *
 * The kernel has a table of its own, which is a cache of this one, and knows less: it neither splits
 * a mapping nor replaces one, and of too many it drops the oldest, a ring's or not.  So every change
 * is an edit first: what goes and what comes, which is told to the kernel, and then made here.
 */
#ifndef LIB_MEMORY_IOTLB_H
#define LIB_MEMORY_IOTLB_H

#include "memory/table.h"

/* Mappings of a vhost device (drivers/vhost/vhost.c, max_iotlb_entries). */
#define VHC_IOTLB_MAX 2048u

struct vhc_mapping {
	uint64_t iova;
	uint64_t size; /* at least 1; iova + size is at most 2^64 */
	uint64_t guest;
	uint64_t user;
	uint32_t perm; /* VHC_PERM_ */
};

/* What a device waits for. */
struct vhc_iotlb_miss {
	uint64_t iova;
	uint32_t perm; /* VHC_PERM_, at least one */
};

struct vhc_iotlb;

/** vhc_iotlb_new() - an empty table of at most @limit mappings, up to VHC_IOTLB_MAX.  -ENOMEM. */
int vhc_iotlb_new(uint32_t limit, struct vhc_iotlb **ret);
/** vhc_iotlb_copy() - the same once more.  Errors: -ENOMEM. */
int vhc_iotlb_copy(const struct vhc_iotlb *iotlb, struct vhc_iotlb **ret);
void vhc_iotlb_free(struct vhc_iotlb *iotlb);

uint32_t vhc_iotlb_count(const struct vhc_iotlb *iotlb);

/** vhc_iotlb_at() - the n-th mapping in the order of addresses. */
const struct vhc_mapping *vhc_iotlb_at(const struct vhc_iotlb *iotlb, uint32_t n);

/**
 * vhc_iotlb_sort_by_age() - the numbers of all mappings by age, oldest first; valid until the next edit.
 * Of the same age are pieces of one that was split: those are in the order of addresses.
 */
const uint16_t *vhc_iotlb_sort_by_age(struct vhc_iotlb *iotlb);

/** vhc_iotlb_search() - the number of the first mapping that ends at @iova or behind it. */
uint32_t vhc_iotlb_search(const struct vhc_iotlb *iotlb, uint64_t iova);

/** vhc_iotlb_find() - the mapping that has this address; NULL: none has. */
const struct vhc_mapping *vhc_iotlb_find(const struct vhc_iotlb *iotlb, uint64_t iova);

/** vhc_iotlb_overlaps() - do two ranges have an address in common?  Sizes of 1 or more. */
bool vhc_iotlb_overlaps(uint64_t iova, uint64_t size, uint64_t other, uint64_t other_size);

/**
 * vhc_iotlb_reach() - how many bytes from @iova on, up to @size, are mapped with all of @perm, by one
 * mapping or by several that touch.
 */
uint64_t vhc_iotlb_reach(const struct vhc_iotlb *iotlb, uint64_t iova, uint64_t size,
			 uint32_t perm);

/* Must this range stay?  A ring lies in it. */
typedef bool vhc_iotlb_pinned_fn(const void *data, uint64_t iova, uint64_t size);

#define VHC_IOTLB_ADDS	 3u /* what is left of the first and of the last, and the new one */
#define VHC_IOTLB_EVICTS 2u

struct vhc_iotlb_edit {
	uint32_t first, count; /* those that are in the way, whole, by number */
	uint32_t adds, evicts;
	struct vhc_mapping add[VHC_IOTLB_ADDS];
	uint64_t age[VHC_IOTLB_ADDS];
	struct vhc_mapping evict[VHC_IOTLB_EVICTS]; /* to make room; none of those in the way */
};

/**
 * vhc_iotlb_plan_map() - what must change so that @map is in the table instead of all that it is over.
 * What is left of mappings at its borders keeps its age.  Of too many, the oldest that are not pinned
 * are forgotten, never @map itself.
 * Returns 0, or -E2BIG: too many are pinned.  When nothing must change, the edit has no adds.
 */
int vhc_iotlb_plan_map(const struct vhc_iotlb *iotlb, const struct vhc_mapping *map,
		       vhc_iotlb_pinned_fn *pinned, const void *data, struct vhc_iotlb_edit *ret);

/** vhc_iotlb_plan_unmap() - the same for a range that is to be mapped no more; count 0: it is not. */
int vhc_iotlb_plan_unmap(const struct vhc_iotlb *iotlb, uint64_t iova, uint64_t size,
			 vhc_iotlb_pinned_fn *pinned, const void *data, struct vhc_iotlb_edit *ret);

/** vhc_iotlb_apply() - make an edit that was planned on this very table. */
void vhc_iotlb_apply(struct vhc_iotlb *iotlb, const struct vhc_iotlb_edit *edit);

/**
 * vhc_iotlb_find_stale() - the first range from @iova on whose mapping does not hold in this memory: it
 * has moved there, or is gone.
 * @table: NULL for no memory at all.  Returns false when all hold.
 */
bool vhc_iotlb_find_stale(const struct vhc_iotlb *iotlb, const struct vhc_table *table,
			  uint64_t iova, uint64_t *ret_iova, uint64_t *ret_size);

#endif
