/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * table - a memory table.
 *
 * The kernel accepts almost any table (overlapping, unaligned, wrapping, even of kernel addresses), so
 * all of that is refused here.
 */
#include "memory/table.h"
#include "dirty/drain.h"
#include "memory/file.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The last address that a process can have: half of 64 bits, or all of 32. */
#define USER_LAST (sizeof(void *) == 8 ? (uint64_t)INT64_MAX : (uint64_t)UINT32_MAX)

static uint64_t last_of(uint64_t start, uint64_t size)
{
	return start + (size - 1);
}

/* "guest 0x1000-0x1fff, user 0x7f0000001000-0x7f0000001fff", and at which addresses a peer has it */
struct region_text {
	char text[160];
};

static struct region_text format_region(const struct vhi_mem_region *region)
{
	struct region_text out;
	int len = snprintf(out.text, sizeof(out.text),
			   "guest 0x%" PRIx64 "-0x%" PRIx64 ", user 0x%" PRIx64 "-0x%" PRIx64,
			   region->guest, last_of(region->guest, region->size), region->user,
			   last_of(region->user, region->size));

	if (region->has_peer && region->peer != region->user)
		snprintf(out.text + len, sizeof(out.text) - (size_t)len,
			 ", peer 0x%" PRIx64 "-0x%" PRIx64, region->peer,
			 last_of(region->peer, region->size));
	return out;
}

static int refuse_region(struct vhi_refusal *err, const struct vhi_mem_region *region,
			 const char *what)
{
	return vhi_refuse(err,
			  "region at guest address 0x%" PRIx64 ", size 0x%" PRIx64
			  ", user address 0x%" PRIx64 ": %s",
			  region->guest, region->size, region->user, what);
}

static int check_peer(const struct vhi_mem_region *region, struct vhi_refusal *err)
{
	if (!region->has_peer || last_of(region->peer, region->size) >= region->peer)
		return 0;
	return refuse_region(err, region, "it ends past the last peer address, 2^64 - 1");
}

int vhi_mem_region_check(const struct vhi_mem_region *region, struct vhi_refusal *err)
{
	if (!region->size)
		return refuse_region(err, region, "its size is 0");
	if ((region->guest | region->size | (region->mapped ? 0 : region->user)) % VHC_PAGE_SIZE)
		return refuse_region(
			err, region,
			region->mapped ? "its guest address and its size must be multiples of "
					 "4096 (0x1000)"
				       : "all three must be multiples of 4096 (0x1000)");
	if (last_of(region->guest, region->size) < region->guest)
		return refuse_region(err, region, "it ends past the last guest address, 2^64 - 1");
	if (region->mapped)
		return check_peer(region, err);
	if (!region->user)
		return refuse_region(err, region, "it is at address NULL in this process");
	if (last_of(region->user, region->size) < region->user ||
	    last_of(region->user, region->size) > USER_LAST)
		return refuse_region(err, region,
				     "it ends past the last address that a process can have");
	return check_peer(region, err);
}

static bool overlap(uint64_t a, uint64_t a_size, uint64_t b, uint64_t b_size)
{
	return a <= last_of(b, b_size) && b <= last_of(a, a_size);
}

int vhi_mem_region_conflict(const struct vhi_mem_region *a, const struct vhi_mem_region *b,
			    struct vhi_refusal *err)
{
	bool peers = a->has_peer && b->has_peer;
	const char *space = overlap(a->guest, a->size, b->guest, b->size)	   ? "guest"
			    : overlap(a->user, a->size, b->user, b->size)	   ? "user"
			    : peers && overlap(a->peer, a->size, b->peer, b->size) ? "peer"
										   : NULL;

	if (!space)
		return 0;
	return vhi_refuse(err, "two regions overlap in %s addresses: %s; and %s", space,
			  format_region(a).text, format_region(b).text);
}

static int compare(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int by_guest(const void *a, const void *b)
{
	return compare(((const struct vhi_mem_region *)a)->guest,
		       ((const struct vhi_mem_region *)b)->guest);
}

static int by_user(const void *a, const void *b)
{
	return compare(((const struct vhi_mem_region *)a)->user,
		       ((const struct vhi_mem_region *)b)->user);
}

/* Those without such an address last. */
static int by_peer(const void *a, const void *b)
{
	const struct vhi_mem_region *one = a, *other = b;

	return one->has_peer != other->has_peer ? other->has_peer - one->has_peer
						: compare(one->peer, other->peer);
}

/* If any two overlap in an address, so do two neighbours when sorted by it. */
static int sort(struct vhi_mem_region *regions, uint32_t count,
		int (*order)(const void *, const void *), struct vhi_refusal *err)
{
	int r = 0;

	qsort(regions, count, sizeof(*regions), order);
	for (uint32_t i = 1; i < count && r == 0; i++)
		r = vhi_mem_region_conflict(&regions[i - 1], &regions[i], err);
	return r;
}

/* Merge regions that continue the one before, both for the guest and here.  Returns how many remain. */
static uint32_t merge(struct vhi_mem_region *regions, uint32_t count)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < count; i++) {
		struct vhi_mem_region *before = kept ? &regions[kept - 1] : NULL;

		if (before && before->guest + before->size == regions[i].guest &&
		    before->user + before->size == regions[i].user)
			before->size += regions[i].size;
		else
			regions[kept++] = regions[i];
	}
	return kept;
}

static struct vhi_table *new_table(const struct vhi_mem_region *regions, uint32_t count)
{
	size_t room = count ? count : 1; /* a search reads the first even if there is none */
	struct vhi_table *table = calloc(1, sizeof(*table) + 3 * room * sizeof(uint64_t));

	if (!table)
		return NULL;
	table->refs = 1;
	table->count = count;
	table->guest = table->room;
	table->size = table->guest + room;
	table->user = table->size + room;
	for (uint32_t i = 0; i < count; i++) {
		table->guest[i] = regions[i].guest;
		table->size[i] = regions[i].size;
		table->user[i] = regions[i].user;
	}
	if (count)
		table->hit = regions[0];
	return table;
}

/* Hold on to what the library has mapped of these regions.  Without memory for that, false. */
static bool hold_files(struct vhi_table *table, const struct vhi_mem_region *regions,
		       uint32_t count)
{
	table->file = calloc(count ? count : 1, sizeof(struct vhi_mem_file *));
	for (uint32_t i = 0; i < count && table->file; i++)
		if (regions[i].file)
			table->file[table->files++] = vhi_mem_file_ref(regions[i].file);
	return table->file;
}

int vhi_table_new(const struct vhi_mem_region *regions, uint32_t count, struct vhi_table **ret,
		  struct vhi_refusal *err)
{
	struct vhi_mem_region *sorted;
	struct vhi_peers *peers = NULL;
	struct vhi_table *table;
	int r = 0;

	for (uint32_t i = 0; i < count; i++) {
		r = vhi_mem_region_check(&regions[i], err);
		if (r < 0)
			return r;
	}
	sorted = calloc(count ? count : 1, sizeof(*sorted));
	if (!sorted)
		goto no_memory;
	if (count)
		memcpy(sorted, regions, count * sizeof(*sorted));
	r = sort(sorted, count, by_user, err) ?: sort(sorted, count, by_peer, err);
	if (r == 0) {
		peers = vhi_peers_new(sorted, count);
		r = sort(sorted, count, by_guest, err);
	}
	if (r < 0) {
		free(peers);
		free(sorted);
		return r;
	}
	table = peers ? new_table(sorted, merge(sorted, count)) : NULL;
	free(sorted);
	if (!table) {
		free(peers);
		goto no_memory;
	}
	table->peers = peers;
	if (!hold_files(table, regions, count)) {
		vhi_table_unref(table);
		goto no_memory;
	}
	*ret = table;
	return 0;

no_memory:
	vhi_refuse(err, "no memory for a table of %" PRIu32 " regions", count);
	return -ENOMEM;
}

struct vhi_table *vhi_table_new_guest(const struct vhi_mem_region *regions, uint32_t count)
{
	struct vhi_mem_region *sorted = calloc(count ? count : 1, sizeof(*sorted));
	struct vhi_table *table;

	if (!sorted)
		return NULL;
	/* with user = guest, regions that are adjacent for the guest are adjacent in both */
	for (uint32_t i = 0; i < count; i++)
		sorted[i] = (struct vhi_mem_region){ regions[i].guest, regions[i].size,
						     regions[i].guest };
	qsort(sorted, count, sizeof(*sorted), by_guest);
	table = new_table(sorted, merge(sorted, count));
	free(sorted);
	return table;
}

struct vhi_table *vhi_table_copy_guest(const struct vhi_table *table)
{
	struct vhi_mem_region *regions = calloc(table->count ? table->count : 1, sizeof(*regions));
	struct vhi_table *guest;

	if (!regions)
		return NULL;
	for (uint32_t i = 0; i < table->count; i++)
		regions[i] = (struct vhi_mem_region){ table->guest[i], table->size[i], 0 };
	guest = vhi_table_new_guest(regions, table->count);
	free(regions);
	return guest;
}

struct vhi_table *vhi_table_ref(struct vhi_table *table)
{
	table->refs++;
	return table;
}

void vhi_table_release_files(struct vhi_table *table)
{
	while (table->files)
		vhi_mem_file_unref(table->file[--table->files]);
}

void vhi_table_unref(struct vhi_table *table)
{
	if (!table || --table->refs)
		return;
	vhi_table_release_files(table);
	free(table->file);
	free(table->peers);
	free(table);
}

bool vhi_table_equal(const struct vhi_table *a, const struct vhi_table *b)
{
	if (!a || !b || a == b)
		return a == b;
	return a->count == b->count && !memcmp(a->room, b->room, 3 * sizeof(uint64_t) * a->count);
}

/*
 * A step of the search, or none, without a branch: addresses are random, so half of the branches would
 * be mispredicted.  gcc uses a conditional move when both cases are equally likely; clang turns what it
 * recognises as a condition into a branch, and the empty asm hides that it is one.
 */
static inline const uint64_t *step(const uint64_t *at, size_t half, bool up)
{
#ifdef __clang__
	size_t one = up;

	__asm__("" : "+r"(one));
	return at + (half & -one);
#else
	return __builtin_expect_with_probability(up, 1, 0.5) ? at + half : at;
#endif
}

uint32_t vhi_table_search(const struct vhi_table *table, uint64_t guest)
{
	const uint64_t *at = table->guest;

	for (size_t left = table->count, half; left > 1; left -= half) {
		half = left / 2;
		at = step(at, half, at[half] <= guest);
	}
	return (uint32_t)(at - table->guest);
}

int vhi_table_refill_hit(struct vhi_table *table, uint64_t guest)
{
	uint32_t i = vhi_table_search(table, guest);

	if (guest - table->guest[i] >= table->size[i])
		return -EFAULT;
	table->hit = (struct vhi_mem_region){ table->guest[i], table->size[i], table->user[i] };
	return 0;
}

/* "region 2 (0x1000-0x1fff)" */
static struct region_text format_entry(const struct vhi_table *table, uint32_t i)
{
	struct region_text out;

	snprintf(out.text, sizeof(out.text), "region %" PRIu32 " (0x%" PRIx64 "-0x%" PRIx64 ")", i,
		 table->guest[i], last_of(table->guest[i], table->size[i]));
	return out;
}

/* For a range whose first address is in no region.  @next: the region above it, if any. */
static void describe_outside(const struct vhi_table *table, uint64_t guest, uint64_t size,
			     uint32_t next, char *text, size_t len)
{
	if (!table->count)
		snprintf(text, len, "is in no region: there are none");
	else if (next == table->count)
		snprintf(text, len, "is above the last region, %s",
			 format_entry(table, next - 1).text);
	else if (size > table->guest[next] - guest)
		snprintf(text, len, "starts %" PRIu64 " bytes before %s",
			 table->guest[next] - guest, format_entry(table, next).text);
	else if (next == 0)
		snprintf(text, len, "is below the first region, %s", format_entry(table, 0).text);
	else
		snprintf(text, len, "is between %s and %s", format_entry(table, next - 1).text,
			 format_entry(table, next).text);
}

void vhi_table_describe(const struct vhi_table *table, uint64_t guest, uint64_t size, char *text,
			size_t len)
{
	uint32_t i = vhi_table_search(table, guest);
	uint64_t offset = guest - table->guest[i];

	if (offset >= table->size[i])
		describe_outside(table, guest, size, i + (guest > table->guest[i]), text, len);
	else if (size > table->size[i] - offset)
		snprintf(text, len, "starts in %s and ends %" PRIu64 " bytes past its end",
			 format_entry(table, i).text, size - (table->size[i] - offset));
	else
		snprintf(text, len, "is in %s", format_entry(table, i).text);
}

uint64_t vhi_table_log_size(const struct vhi_table *table)
{
	uint32_t last = table && table->count ? table->count - 1 : 0;

	if (!table || !table->count)
		return 0;
	/* sorted, so the last region has the highest address */
	return vhi_dirty_log_size(table->guest[last] + (table->size[last] - 1));
}
