/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * table - a memory table: sorted, merged, immutable.  Ground floor: no system call.
 *
 * The kernel takes almost any table (overlapping, unaligned, wrapping, of addresses that are its
 * own), so everything is refused here.
 */
#include "memory/table.h"
#include "dirty/drain.h"

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

/* "guest 0x1000-0x1fff, here 0x7f0000001000-0x7f0000001fff" */
struct shown {
	char text[96];
};

static struct shown show(const struct vhc_mem_region *span)
{
	struct shown shown;

	snprintf(shown.text, sizeof(shown.text),
		 "guest 0x%" PRIx64 "-0x%" PRIx64 ", here 0x%" PRIx64 "-0x%" PRIx64, span->guest,
		 last_of(span->guest, span->size), span->user, last_of(span->user, span->size));
	return shown;
}

static int fail(struct vhc_refusal *err, const struct vhc_mem_region *span, const char *what)
{
	return vhc_refuse(err,
			  "region at guest address 0x%" PRIx64 ", size 0x%" PRIx64
			  ", here at 0x%" PRIx64 ": %s",
			  span->guest, span->size, span->user, what);
}

int vhc_mem_region_check(const struct vhc_mem_region *span, struct vhc_refusal *err)
{
	if (!span->size)
		return fail(err, span, "its size is 0");
	if ((span->guest | span->size | span->user) % VHC_PAGE_SIZE)
		return fail(err, span, "all three must be multiples of 4096 (0x1000)");
	if (last_of(span->guest, span->size) < span->guest)
		return fail(err, span, "it goes beyond the last guest address, 2^64 - 1");
	if (!span->user)
		return fail(err, span, "it is at address NULL in this process");
	if (last_of(span->user, span->size) < span->user ||
	    last_of(span->user, span->size) > USER_LAST)
		return fail(err, span, "it goes beyond the last address of a process");
	return 0;
}

static bool overlap(uint64_t a, uint64_t a_size, uint64_t b, uint64_t b_size)
{
	return a <= last_of(b, b_size) && b <= last_of(a, a_size);
}

int vhc_mem_region_conflict(const struct vhc_mem_region *a, const struct vhc_mem_region *b,
			    struct vhc_refusal *err)
{
	bool guest = overlap(a->guest, a->size, b->guest, b->size);

	if (!guest && !overlap(a->user, a->size, b->user, b->size))
		return 0;
	return vhc_refuse(err, "two regions overlap in %s addresses: %s; and %s",
			  guest ? "guest" : "this process's", show(a).text, show(b).text);
}

static int compare(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int by_guest(const void *a, const void *b)
{
	return compare(((const struct vhc_mem_region *)a)->guest,
		       ((const struct vhc_mem_region *)b)->guest);
}

static int by_user(const void *a, const void *b)
{
	return compare(((const struct vhc_mem_region *)a)->user,
		       ((const struct vhc_mem_region *)b)->user);
}

/* Sorted by one address, spans that overlap in it have neighbours that do. */
static int sort(struct vhc_mem_region *spans, uint32_t count,
		int (*order)(const void *, const void *), struct vhc_refusal *err)
{
	int r = 0;

	qsort(spans, count, sizeof(*spans), order);
	for (uint32_t i = 1; i < count && r == 0; i++)
		r = vhc_mem_region_conflict(&spans[i - 1], &spans[i], err);
	return r;
}

/* Makes one of those that go on where the one before ends, for the guest and here.  Returns how many. */
static uint32_t merge(struct vhc_mem_region *spans, uint32_t count)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < count; i++) {
		struct vhc_mem_region *before = kept ? &spans[kept - 1] : NULL;

		if (before && before->guest + before->size == spans[i].guest &&
		    before->user + before->size == spans[i].user)
			before->size += spans[i].size;
		else
			spans[kept++] = spans[i];
	}
	return kept;
}

static struct vhc_table *make(const struct vhc_mem_region *spans, uint32_t count)
{
	size_t room =
		count ? count : 1; /* vhc_table_refill_hit() looks at one even if there is none */
	struct vhc_table *table = calloc(1, sizeof(*table) + 3 * room * sizeof(uint64_t));

	if (!table)
		return NULL;
	table->refs = 1;
	table->count = count;
	table->guest = table->room;
	table->size = table->guest + room;
	table->user = table->size + room;
	for (uint32_t i = 0; i < count; i++) {
		table->guest[i] = spans[i].guest;
		table->size[i] = spans[i].size;
		table->user[i] = spans[i].user;
	}
	if (count)
		table->hit = spans[0];
	return table;
}

int vhc_table_new(const struct vhc_mem_region *spans, uint32_t count, struct vhc_table **ret,
		  struct vhc_refusal *err)
{
	struct vhc_mem_region *sorted;
	struct vhc_table *table;
	int r = 0;

	for (uint32_t i = 0; i < count; i++) {
		r = vhc_mem_region_check(&spans[i], err);
		if (r < 0)
			return r;
	}
	sorted = calloc(count ? count : 1, sizeof(*sorted));
	if (!sorted)
		goto no_memory;
	if (count)
		memcpy(sorted, spans, count * sizeof(*sorted));
	r = sort(sorted, count, by_user, err);
	if (r == 0)
		r = sort(sorted, count, by_guest, err);
	if (r < 0) {
		free(sorted);
		return r;
	}
	table = make(sorted, merge(sorted, count));
	free(sorted);
	if (!table)
		goto no_memory;
	*ret = table;
	return 0;

no_memory:
	vhc_refuse(err, "no memory for a table of %" PRIu32 " regions", count);
	return -ENOMEM;
}

struct vhc_table *vhc_table_new_guest(const struct vhc_mem_region *spans, uint32_t count)
{
	struct vhc_mem_region *sorted = calloc(count ? count : 1, sizeof(*sorted));
	struct vhc_table *table;

	if (!sorted)
		return NULL;
	/* each at its guest address: then those that touch there do so twice */
	for (uint32_t i = 0; i < count; i++)
		sorted[i] =
			(struct vhc_mem_region){ spans[i].guest, spans[i].size, spans[i].guest };
	qsort(sorted, count, sizeof(*sorted), by_guest);
	table = make(sorted, merge(sorted, count));
	free(sorted);
	return table;
}

struct vhc_table *vhc_table_copy_guest(const struct vhc_table *table)
{
	struct vhc_mem_region *spans = calloc(table->count ? table->count : 1, sizeof(*spans));
	struct vhc_table *guest;

	if (!spans)
		return NULL;
	for (uint32_t i = 0; i < table->count; i++)
		spans[i] = (struct vhc_mem_region){ table->guest[i], table->size[i], 0 };
	guest = vhc_table_new_guest(spans, table->count);
	free(spans);
	return guest;
}

struct vhc_table *vhc_table_ref(struct vhc_table *table)
{
	table->refs++;
	return table;
}

void vhc_table_unref(struct vhc_table *table)
{
	if (table && --table->refs == 0)
		free(table);
}

bool vhc_table_equal(const struct vhc_table *a, const struct vhc_table *b)
{
	if (!a || !b || a == b)
		return a == b;
	return a->count == b->count && !memcmp(a->room, b->room, 3 * sizeof(uint64_t) * a->count);
}

/*
 * A step of the search, or none, without a branch: the address decides at random, so half of the
 * branches would be mispredicted.  gcc takes a conditional move when both are as likely; clang makes
 * a branch of what it recognises as a condition, and the empty asm hides that it is one.
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

uint32_t vhc_table_search(const struct vhc_table *table, uint64_t guest)
{
	const uint64_t *at = table->guest;

	for (size_t left = table->count, half; left > 1; left -= half) {
		half = left / 2;
		at = step(at, half, at[half] <= guest);
	}
	return (uint32_t)(at - table->guest);
}

int vhc_table_refill_hit(struct vhc_table *table, uint64_t guest)
{
	uint32_t i = vhc_table_search(table, guest);

	if (guest - table->guest[i] >= table->size[i])
		return -EFAULT;
	table->hit = (struct vhc_mem_region){ table->guest[i], table->size[i], table->user[i] };
	return 0;
}

/* "region 2 (0x1000-0x1fff)" */
static struct shown show_region(const struct vhc_table *table, uint32_t i)
{
	struct shown shown;

	snprintf(shown.text, sizeof(shown.text), "region %" PRIu32 " (0x%" PRIx64 "-0x%" PRIx64 ")",
		 i, table->guest[i], last_of(table->guest[i], table->size[i]));
	return shown;
}

/* For a range whose first address is in no region.  @next: the region above it, if there is one. */
static void describe_outside(const struct vhc_table *table, uint64_t guest, uint64_t size,
			     uint32_t next, char *text, size_t len)
{
	if (!table->count)
		snprintf(text, len, "is in no region: there are none");
	else if (next == table->count)
		snprintf(text, len, "is above the last region, %s",
			 show_region(table, next - 1).text);
	else if (size > table->guest[next] - guest)
		snprintf(text, len, "begins %" PRIu64 " bytes before %s",
			 table->guest[next] - guest, show_region(table, next).text);
	else if (next == 0)
		snprintf(text, len, "is below the first region, %s", show_region(table, 0).text);
	else
		snprintf(text, len, "is between %s and %s", show_region(table, next - 1).text,
			 show_region(table, next).text);
}

void vhc_table_describe(const struct vhc_table *table, uint64_t guest, uint64_t size, char *text,
			size_t len)
{
	uint32_t i = vhc_table_search(table, guest);
	uint64_t offset = guest - table->guest[i];

	if (offset >= table->size[i])
		describe_outside(table, guest, size, i + (guest > table->guest[i]), text, len);
	else if (size > table->size[i] - offset)
		snprintf(text, len, "begins in %s and ends %" PRIu64 " bytes behind it",
			 show_region(table, i).text, size - (table->size[i] - offset));
	else
		snprintf(text, len, "is in %s", show_region(table, i).text);
}

uint64_t vhc_table_log_size(const struct vhc_table *table)
{
	uint32_t last = table && table->count ? table->count - 1 : 0;

	if (!table || !table->count)
		return 0;
	/* sorted, so the last region ends highest */
	return vhc_dirty_log_size(table->guest[last] + (table->size[last] - 1));
}
