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
#define VHI_IOTLB_MAX 2048u

struct vhi_mapping {
	uint64_t iova;
	uint64_t size; /* at least 1; iova + size is at most 2^64 */
	uint64_t guest;
	uint64_t user;
	uint32_t perm; /* VHC_PERM_ */
};

/* An address that a device waits for. */
struct vhi_iotlb_miss {
	uint64_t iova;
	uint32_t perm; /* VHC_PERM_, at least one */
};

struct vhi_iotlb;

/** vhi_iotlb_new() - an empty table of at most @limit mappings, up to VHI_IOTLB_MAX.  Errors: -ENOMEM. */
int vhi_iotlb_new(uint32_t limit, struct vhi_iotlb **ret);
/** vhi_iotlb_copy() - Errors: -ENOMEM. */
int vhi_iotlb_copy(const struct vhi_iotlb *iotlb, struct vhi_iotlb **ret);
void vhi_iotlb_free(struct vhi_iotlb *iotlb);

uint32_t vhi_iotlb_count(const struct vhi_iotlb *iotlb);

/** vhi_iotlb_at() - the n-th mapping by address. */
const struct vhi_mapping *vhi_iotlb_at(const struct vhi_iotlb *iotlb, uint32_t n);

/**
 * vhi_iotlb_oldest() - the mapping that was added first, and with vhi_iotlb_younger() the one that was
 * added next; NULL: there is none.
 */
const struct vhi_mapping *vhi_iotlb_oldest(const struct vhi_iotlb *iotlb);
const struct vhi_mapping *vhi_iotlb_younger(const struct vhi_iotlb *iotlb,
					    const struct vhi_mapping *map);

/** vhi_iotlb_search() - the index of the first mapping that ends at or after @iova. */
uint32_t vhi_iotlb_search(const struct vhi_iotlb *iotlb, uint64_t iova);

/** vhi_iotlb_find() - the mapping of this address, or NULL. */
const struct vhi_mapping *vhi_iotlb_find(const struct vhi_iotlb *iotlb, uint64_t iova);

/** vhi_iotlb_overlaps() - do two ranges overlap?  Sizes of 1 or more. */
bool vhi_iotlb_overlaps(uint64_t iova, uint64_t size, uint64_t other, uint64_t other_size);

/**
 * vhi_iotlb_reach() - how many bytes starting at @iova, up to @size, are mapped with all of @perm, by one
 * mapping or by several adjacent ones.
 */
uint64_t vhi_iotlb_reach(const struct vhi_iotlb *iotlb, uint64_t iova, uint64_t size,
			 uint32_t perm);

/*
 * The n-th range that must stay mapped, because a part of a ring is there; *ret_size is 0 where there is
 * none.  Returns false past the last.
 */
typedef bool vhi_iotlb_pin_fn(const void *data, uint32_t n, uint64_t *ret_iova, uint64_t *ret_size);

#define VHI_IOTLB_ADDS	 3u /* the rest of the first and of the last, and the new one */
#define VHI_IOTLB_EVICTS 2u

struct vhi_iotlb_edit {
	uint32_t first, count; /* overlapping mappings to remove, by index */
	uint32_t adds, evicts;
	struct vhi_mapping add[VHI_IOTLB_ADDS];
	struct vhi_mapping
		evict[VHI_IOTLB_EVICTS]; /* to make room; not among the overlapping ones */
};

/**
 * vhi_iotlb_plan_map() - what must change for @map to replace everything in [map->iova, +@size).
 * The remaining parts of mappings at its ends are added again, as the kernel gets them, so they are young
 * then.  If there are too many mappings, the oldest that @pin does not keep are evicted, but never @map
 * itself.
 * @size: at least map->size; nothing is mapped in the rest.
 * Returns 0, or -E2BIG: too many must stay.  When nothing must change, the edit adds nothing.
 */
int vhi_iotlb_plan_map(struct vhi_iotlb *iotlb, const struct vhi_mapping *map, uint64_t size,
		       vhi_iotlb_pin_fn *pin, const void *data, struct vhi_iotlb_edit *ret);

/** vhi_iotlb_plan_unmap() - what must change to unmap a range.  When nothing is mapped there, count is 0. */
int vhi_iotlb_plan_unmap(struct vhi_iotlb *iotlb, uint64_t iova, uint64_t size,
			 vhi_iotlb_pin_fn *pin, const void *data, struct vhi_iotlb_edit *ret);

/** vhi_iotlb_apply() - apply an edit that was planned on this table in its current state. */
void vhi_iotlb_apply(struct vhi_iotlb *iotlb, const struct vhi_iotlb_edit *edit);

/* iotlb-stale.c */
/**
 * vhi_iotlb_find_stale() - the first range at or after @iova whose mapping is stale with this memory
 * table: the memory has moved, or is gone.
 * @table: NULL for no memory at all.  Returns false when there is none.
 */
bool vhi_iotlb_find_stale(const struct vhi_iotlb *iotlb, const struct vhi_table *table,
			  uint64_t iova, uint64_t *ret_iova, uint64_t *ret_size);

#endif
