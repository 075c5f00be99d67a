/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * table - a memory table: sorted, merged, immutable.  No system call.
 *
 * A lookup tries the region of the last hit, then does a branchless binary search.  Regions are stored
 * in three arrays (addresses apart from sizes), so that the search touches few cache lines.
 */
#ifndef LIB_MEMORY_TABLE_H
#define LIB_MEMORY_TABLE_H

#include <errno.h>

#include "text.h"
#include "vhostconfig.h"

struct vhc_mem_region {
	uint64_t guest;
	uint64_t size;
	uint64_t user;
};

struct vhc_table {
	uint32_t refs;
	uint32_t count;
	struct vhc_mem_region hit; /* region of the last lookup: one thread at a time per context */
	uint64_t *guest;	   /* ascending */
	uint64_t *size;
	uint64_t *user;
	uint64_t room[]; /* storage of the three */
};

/**
 * vhc_mem_region_check() - can any table have this region?  Not empty, page-aligned, within both
 * address spaces, not at NULL, not in the kernel's half.
 * Returns 0 or -EINVAL.
 */
int vhc_mem_region_check(const struct vhc_mem_region *region, struct vhc_refusal *err);

/**
 * vhc_mem_region_conflict() - do two regions overlap in guest or in user addresses?  Returns 0 or
 * -EINVAL, with both regions in the text.
 */
int vhc_mem_region_conflict(const struct vhc_mem_region *a, const struct vhc_mem_region *b,
			    struct vhc_refusal *err);

/**
 * vhc_table_new() - a table of these regions, in any order.  Checks each, and each pair of neighbours
 * (in O(n log n)); merges regions that are adjacent in both guest and user addresses.
 * Errors: -EINVAL with @err; -ENOMEM.
 */
int vhc_table_new(const struct vhc_mem_region *regions, uint32_t count, struct vhc_table **ret,
		  struct vhc_refusal *err);

/**
 * vhc_table_new_guest() - a table of guest addresses alone, for a document: regions that are adjacent
 * are merged, wherever they are in a process.
 * @regions: in any order, already checked: none is empty, wraps or overlaps another.
 * NULL: no memory.
 */
struct vhc_table *vhc_table_new_guest(const struct vhc_mem_region *regions, uint32_t count);
/** vhc_table_copy_guest() - the same from a table. */
struct vhc_table *vhc_table_copy_guest(const struct vhc_table *table);
struct vhc_table *vhc_table_ref(struct vhc_table *table);
void vhc_table_unref(struct vhc_table *table);
bool vhc_table_equal(const struct vhc_table *a, const struct vhc_table *b);

/** vhc_table_search() - the only region that can have this address: the last that starts at or below it. */
uint32_t vhc_table_search(const struct vhc_table *table, uint64_t guest);

/** vhc_table_refill_hit() - look up this address, and cache its region in `hit`.  0 or -EFAULT. */
int vhc_table_refill_hit(struct vhc_table *table, uint64_t guest);

/**
 * vhc_table_find() - where [guest, guest + size) is in this process, if one region contains all of it.
 * @size: 1 or more.  Returns 0 or -EFAULT.
 *
 * The offset of an address below a region wraps, and so is never below the region's size.
 */
static inline int vhc_table_find(struct vhc_table *table, uint64_t guest, uint64_t size,
				 uint64_t *ret_user)
{
	uint64_t offset = guest - table->hit.guest;

	if (offset >= table->hit.size) {
		if (vhc_table_refill_hit(table, guest) < 0)
			return -EFAULT;
		offset = guest - table->hit.guest;
	}
	if (size > table->hit.size - offset)
		return -EFAULT;
	*ret_user = table->hit.user + offset;
	return 0;
}

/**
 * vhc_table_describe() - where a range is relative to the regions, for messages: "is in no region, ...",
 * "starts in region 2 (0x1000-0x1fff) and ends 16 bytes past its end".
 */
void vhc_table_describe(const struct vhc_table *table, uint64_t guest, uint64_t size, char *text,
			size_t len);

/** vhc_table_log_size() - bytes of dirty log that this table needs: whole words, up to its highest address. */
uint64_t vhc_table_log_size(const struct vhc_table *table);

#endif
