/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * iotlb - the I/O virtual addresses of a device: mappings, sorted, not overlapping, each with its age.
 * No system call.
 *
 * The kernel has a table of its own, which is a cache of this one and does less: it neither splits nor
 * replaces a mapping, and when it is full it drops the oldest, even one that a ring is in.  So every
 * change is an edit first: the mappings to remove and to add, which are sent to the kernel and then
 * applied here.
 */
#ifndef LIB_MEMORY_IOTLB_H
#define LIB_MEMORY_IOTLB_H

#include "memory/table.h"

/* The most that a vhost device has (drivers/vhost/vhost.c, max_iotlb_entries). */
#define VHC_IOTLB_MAX 2048u

struct vhc_mapping {
	uint64_t iova;
	uint64_t size; /* at least 1; iova + size is at most 2^64 */
	uint64_t guest;
	uint64_t user;
	uint32_t perm; /* VHC_PERM_ */
};

/* An address that a device waits for. */
struct vhc_iotlb_miss {
	uint64_t iova;
	uint32_t perm; /* VHC_PERM_, at least one */
};

struct vhc_iotlb;

/** vhc_iotlb_new() - an empty table of at most @limit mappings, up to VHC_IOTLB_MAX.  Errors: -ENOMEM. */
int vhc_iotlb_new(uint32_t limit, struct vhc_iotlb **ret);
/** vhc_iotlb_copy() - Errors: -ENOMEM. */
int vhc_iotlb_copy(const struct vhc_iotlb *iotlb, struct vhc_iotlb **ret);
void vhc_iotlb_free(struct vhc_iotlb *iotlb);

uint32_t vhc_iotlb_count(const struct vhc_iotlb *iotlb);

/** vhc_iotlb_at() - the n-th mapping by address. */
const struct vhc_mapping *vhc_iotlb_at(const struct vhc_iotlb *iotlb, uint32_t n);

/**
 * vhc_iotlb_sort_by_age() - the indices of all mappings, oldest first; valid until the next edit.
 * Parts of a mapping that was split have the same age, and are in the order of their addresses.
 */
const uint16_t *vhc_iotlb_sort_by_age(struct vhc_iotlb *iotlb);

/** vhc_iotlb_search() - the index of the first mapping that ends at or after @iova. */
uint32_t vhc_iotlb_search(const struct vhc_iotlb *iotlb, uint64_t iova);

/** vhc_iotlb_find() - the mapping of this address, or NULL. */
const struct vhc_mapping *vhc_iotlb_find(const struct vhc_iotlb *iotlb, uint64_t iova);

/** vhc_iotlb_overlaps() - do two ranges overlap?  Sizes of 1 or more. */
bool vhc_iotlb_overlaps(uint64_t iova, uint64_t size, uint64_t other, uint64_t other_size);

/**
 * vhc_iotlb_reach() - how many bytes starting at @iova, up to @size, are mapped with all of @perm, by one
 * mapping or by several adjacent ones.
 */
uint64_t vhc_iotlb_reach(const struct vhc_iotlb *iotlb, uint64_t iova, uint64_t size,
			 uint32_t perm);

/* Must this range stay mapped, because a ring is in it? */
typedef bool vhc_iotlb_pinned_fn(const void *data, uint64_t iova, uint64_t size);

#define VHC_IOTLB_ADDS	 3u /* the rest of the first and of the last, and the new one */
#define VHC_IOTLB_EVICTS 2u

struct vhc_iotlb_edit {
	uint32_t first, count; /* overlapping mappings to remove, by index */
	uint32_t adds, evicts;
	struct vhc_mapping add[VHC_IOTLB_ADDS];
	uint64_t age[VHC_IOTLB_ADDS];
	struct vhc_mapping
		evict[VHC_IOTLB_EVICTS]; /* to make room; not among the overlapping ones */
};

/**
 * vhc_iotlb_plan_map() - what must change for @map to replace everything that it overlaps.
 * The remaining parts of mappings at its ends keep their age.  If there are too many mappings, the oldest
 * that are not pinned are evicted, but never @map itself.
 * Returns 0, or -E2BIG: too many are pinned.  When nothing must change, the edit adds nothing.
 */
int vhc_iotlb_plan_map(const struct vhc_iotlb *iotlb, const struct vhc_mapping *map,
		       vhc_iotlb_pinned_fn *pinned, const void *data, struct vhc_iotlb_edit *ret);

/** vhc_iotlb_plan_unmap() - what must change to unmap a range.  When nothing is mapped there, count is 0. */
int vhc_iotlb_plan_unmap(const struct vhc_iotlb *iotlb, uint64_t iova, uint64_t size,
			 vhc_iotlb_pinned_fn *pinned, const void *data, struct vhc_iotlb_edit *ret);

/** vhc_iotlb_apply() - apply an edit that was planned on this table in its current state. */
void vhc_iotlb_apply(struct vhc_iotlb *iotlb, const struct vhc_iotlb_edit *edit);

/**
 * vhc_iotlb_find_stale() - the first range at or after @iova whose mapping is stale with this memory
 * table: the memory has moved, or is gone.
 * @table: NULL for no memory at all.  Returns false when there is none.
 */
bool vhc_iotlb_find_stale(const struct vhc_iotlb *iotlb, const struct vhc_table *table,
			  uint64_t iova, uint64_t *ret_iova, uint64_t *ret_size);

#endif
