/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * table - a memory table: sorted, merged, immutable.  Ground floor: no system call.
 *
 * A lookup tries the region of the last hit, then does a binary search without branches.  Regions are
 * in three arrays (addresses apart from sizes), so that the search touches few cache lines.
 */
#ifndef LIB_TABLE_H
#define LIB_TABLE_H

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
	struct vhc_mem_region hit; /* region of the last hit: one thread at a time per context */
	uint64_t *guest;	   /* ascending */
	uint64_t *size;
	uint64_t *user;
	uint64_t room[]; /* where the three are */
};

/**
 * vhc_mem_region_check() - may this span be in any table?  Not of size 0, none of its numbers off a
 * VHC_PAGE_SIZE, not beyond the end of either address space, not at NULL, not in the kernel's half.
 * Returns 0 or -EINVAL.
 */
int vhc_mem_region_check(const struct vhc_mem_region *span, struct vhc_refusal *err);

/**
 * vhc_mem_region_conflict() - do two spans overlap in guest or in user addresses?  Returns 0 or -EINVAL,
 * with both spans in the text.
 */
int vhc_mem_region_conflict(const struct vhc_mem_region *a, const struct vhc_mem_region *b,
			    struct vhc_refusal *err);

/**
 * vhc_table_new() - a table of these spans, in any order.  Checks each, and each pair of neighbours
 * (in O(n log n)); merges spans that touch in guest and in user addresses alike.
 * Errors: -EINVAL with @err; -ENOMEM.
 */
int vhc_table_new(const struct vhc_mem_region *spans, uint32_t count, struct vhc_table **ret,
		  struct vhc_refusal *err);

/**
 * vhc_table_new_guest() - a table of guest addresses alone, for a document: spans that touch are merged,
 * wherever they are in a process.
 * @spans: in any order, checked before: none of size 0, beyond the last address or over another.
 * NULL: no memory.
 */
struct vhc_table *vhc_table_new_guest(const struct vhc_mem_region *spans, uint32_t count);
/** vhc_table_copy_guest() - the same of a table that is there. */
struct vhc_table *vhc_table_copy_guest(const struct vhc_table *table);
struct vhc_table *vhc_table_ref(struct vhc_table *table);
void vhc_table_unref(struct vhc_table *table);
bool vhc_table_equal(const struct vhc_table *a, const struct vhc_table *b);

/** vhc_table_search() - the region that could have this address: the last that begins at or before. */
uint32_t vhc_table_search(const struct vhc_table *table, uint64_t guest);

/** vhc_table_refill_hit() - make the region that has this address the one of the last hit.  0 or -EFAULT. */
int vhc_table_refill_hit(struct vhc_table *table, uint64_t guest);

/**
 * vhc_table_find() - where [guest, guest + size) lies in this process, if it is whole in one region.
 * @size: 1 or more.  Returns 0 or -EFAULT (no region has it whole).
 *
 * An address below a region has an offset that wraps, and so is never below the region's size.
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
 * vhc_table_describe() - how a range lies in a table, for messages: "is in no region, ...", "begins
 * in region 2 (0x1000-0x1fff) and ends 16 bytes behind it".
 */
void vhc_table_describe(const struct vhc_table *table, uint64_t guest, uint64_t size, char *text,
			size_t len);

/** vhc_table_log_size() - bytes of log that a memory table needs: whole words, up to its highest address. */
uint64_t vhc_table_log_size(const struct vhc_table *table);

#endif
