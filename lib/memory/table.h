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

#include "memory/peer.h"
#include "text.h"
#include "vhostconfig.h"

struct vhi_mem_file;

struct vhi_mem_region {
	uint64_t guest;
	uint64_t size;
	uint64_t user;
	bool has_peer;
	uint64_t peer; /* where another process has it */
	bool mapped;   /* by the library, which chooses where */
	struct vhi_mem_file
		*file; /* what is mapped; a reference of the array that the region is in */
};

struct vhi_table {
	uint32_t refs;
	uint32_t count;
	struct vhi_mem_region hit; /* region of the last lookup: one thread at a time per context */
	uint64_t *guest;	   /* ascending */
	uint64_t *size;
	uint64_t *user;
	struct vhi_mem_file **file; /* referenced; what the library mapped of it, in no order */
	uint32_t files;
	struct vhi_peers *peers; /* NULL in a table of guest addresses alone */
	uint64_t room[];	 /* storage of the three */
};

/**
 * vhi_mem_region_check() - can any table have this region?  Not empty, page-aligned, within both
 * address spaces, not at NULL, not in the kernel's half.  User addresses that the library chooses are not
 * checked: they need not be known yet, and are aligned as the file's offset is.
 * Returns 0 or -EINVAL.
 */
int vhi_mem_region_check(const struct vhi_mem_region *region, struct vhi_refusal *err);

/**
 * vhi_mem_region_conflict() - do two regions overlap in guest, in user or in peer addresses?  Returns 0 or
 * -EINVAL, with both regions in the text.
 */
int vhi_mem_region_conflict(const struct vhi_mem_region *a, const struct vhi_mem_region *b,
			    struct vhi_refusal *err);

/**
 * vhi_table_new() - a table of these regions, in any order.  Checks each, and each pair of neighbours
 * (in O(n log n)); merges regions that are adjacent in both guest and user addresses.
 * Errors: -EINVAL with @err; -ENOMEM.
 */
int vhi_table_new(const struct vhi_mem_region *regions, uint32_t count, struct vhi_table **ret,
		  struct vhi_refusal *err);

/**
 * vhi_table_new_guest() - a table of guest addresses alone, for a document: regions that are adjacent
 * are merged, wherever they are in a process.
 * @regions: in any order, already checked: none is empty, wraps or overlaps another.
 * NULL: no memory.
 */
struct vhi_table *vhi_table_new_guest(const struct vhi_mem_region *regions, uint32_t count);
/** vhi_table_copy_guest() - the same from a table. */
struct vhi_table *vhi_table_copy_guest(const struct vhi_table *table);
struct vhi_table *vhi_table_ref(struct vhi_table *table);
void vhi_table_unref(struct vhi_table *table);
/**
 * vhi_table_release_files() - no ring runs on this table any more: drop its references to files.  A stopped
 * device may still have the table, because its kernel device still has the addresses.
 */
void vhi_table_release_files(struct vhi_table *table);
bool vhi_table_equal(const struct vhi_table *a, const struct vhi_table *b);

/** vhi_table_search() - the only region that can have this address: the last that starts at or below it. */
uint32_t vhi_table_search(const struct vhi_table *table, uint64_t guest);

/** vhi_table_refill_hit() - look up this address, and cache its region in `hit`.  0 or -EFAULT. */
int vhi_table_refill_hit(struct vhi_table *table, uint64_t guest);

/**
 * vhi_table_find() - where [guest, guest + size) is in this process, if one region contains all of it.
 * @size: 1 or more.  Returns 0 or -EFAULT.
 *
 * The offset of an address below a region wraps, and so is never below the region's size.
 */
static inline int vhi_table_find(struct vhi_table *table, uint64_t guest, uint64_t size,
				 uint64_t *ret_user)
{
	uint64_t offset = guest - table->hit.guest;

	if (offset >= table->hit.size) {
		if (vhi_table_refill_hit(table, guest) < 0)
			return -EFAULT;
		offset = guest - table->hit.guest;
	}
	if (size > table->hit.size - offset)
		return -EFAULT;
	*ret_user = table->hit.user + offset;
	return 0;
}

/**
 * vhi_table_describe() - where a range is relative to the regions, for messages: "is in no region, ...",
 * "starts in region 2 (0x1000-0x1fff) and ends 16 bytes past its end".
 */
void vhi_table_describe(const struct vhi_table *table, uint64_t guest, uint64_t size, char *text,
			size_t len);

/** vhi_table_log_size() - bytes of dirty log that this table needs: whole words, up to its highest address. */
uint64_t vhi_table_log_size(const struct vhi_table *table);

#endif
