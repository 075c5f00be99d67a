/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * table-oracle - memory tables against an oracle of 128 bits, on a small range of pages, where
 * spans collide and merge often; and lookups in tables of every size.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "random.h"
#include "memory/table.h"

#define PAGE	  ((uint64_t)VHC_PAGE_SIZE)
#define USER	  UINT64_C(0x7f0000000000)
#define TOP	  UINT64_C(0xfffffffffffff000) /* the last page of all */
#define USER_TOP  UINT64_C(0x7ffffffffffff000) /* the last that may be a process's */
#define COUNT(of) (sizeof(of) / sizeof((of)[0]))

typedef unsigned __int128 u128;

#define MOST 6

static bool span_right(const struct vhi_mem_region *span)
{
	u128 guest_end = (u128)span->guest + span->size, user_end = (u128)span->user + span->size;

	return span->size && span->user && span->guest % PAGE == 0 && span->size % PAGE == 0 &&
	       span->user % PAGE == 0 && guest_end <= (u128)1 << 64 && user_end <= (u128)1 << 63;
}

static bool apart(u128 a, u128 a_size, u128 b, u128 b_size)
{
	return a + a_size <= b || b + b_size <= a;
}

static bool table_right(const struct vhi_mem_region *spans, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		if (!span_right(&spans[i]))
			return false;
		for (uint32_t j = 0; j < i; j++)
			if (!apart(spans[i].guest, spans[i].size, spans[j].guest, spans[j].size) ||
			    !apart(spans[i].user, spans[i].size, spans[j].user, spans[j].size))
				return false;
	}
	return true;
}

/*
 * How many regions are left: a region that continues another is not one of its own.  And where a
 * range is: page by page, it may cross into a region only where that continues the one before.
 */
static const struct vhi_mem_region *span_of(const struct vhi_mem_region *spans, uint32_t count,
					    u128 guest)
{
	for (uint32_t i = 0; i < count; i++)
		if (guest >= spans[i].guest && guest < (u128)spans[i].guest + spans[i].size)
			return &spans[i];
	return NULL;
}

static bool goes_on(const struct vhi_mem_region *spans, uint32_t count,
		    const struct vhi_mem_region *span)
{
	for (uint32_t i = 0; i < count; i++)
		if ((u128)spans[i].guest + spans[i].size == span->guest &&
		    (u128)spans[i].user + spans[i].size == span->user)
			return true;
	return false;
}

static bool find_slowly(const struct vhi_mem_region *spans, uint32_t count, uint64_t guest,
			uint64_t size, uint64_t *ret_user)
{
	const struct vhi_mem_region *span = span_of(spans, count, guest);
	u128 end = (u128)guest + size;

	if (!span)
		return false;
	*ret_user = span->user + (guest - span->guest);
	for (u128 at = (u128)span->guest + span->size; at < end;
	     at = (u128)span->guest + span->size) {
		span = span_of(spans, count, at);
		if (!span || !goes_on(spans, count, span))
			return false;
	}
	return true;
}

/* Near 0, in the middle, and at the end of the address space. */
static uint64_t random_guest(struct random *random, uint64_t base, uint64_t pages)
{
	return base + random_below(random, pages) * PAGE;
}

static void random_span(struct random *random, uint64_t base, uint64_t user,
			struct vhi_mem_region *span)
{
	*span = (struct vhi_mem_region){ 0 };
	span->guest = random_guest(random, base, 24);
	span->size = (1 + random_below(random, 4)) * PAGE;
	/* Often at one distance from the guest's, so that neighbours merge. */
	span->user = user + (random_once_in(random, 3) ? random_below(random, 48) * PAGE
						       : span->guest - base);
	if (!random_once_in(random, 24))
		return;
	switch (random_below(random, 5)) {
	case 0:
		span->size = 0;
		break;
	case 1:
		span->size = random_u64(random);
		break;
	case 2:
		span->user = random_u64(random) & ~(PAGE - 1);
		break;
	case 3:
		span->guest ^= 1ull << random_below(random, 12);
		break;
	default:
		span->user = 0;
	}
}

static void compare_with_oracle(struct random *random, const struct vhi_mem_region *spans,
				uint32_t count, uint64_t base, struct vhi_table *table)
{
	uint32_t regions = count;

	for (uint32_t i = 0; i < count; i++)
		regions -= goes_on(spans, count, &spans[i]);
	assert_int_equal(table->count, regions);
	for (int n = 0; n < 16; n++) {
		uint64_t guest = random_guest(random, base, 28) + random_below(random, 3) - 1;
		uint64_t size = 1 + random_below(random, 6 * PAGE), user = 0, slow = 0;
		bool found;

		if (random_once_in(random, 16))
			guest = random_u64(random), size = 1 + random_u64(random) / 2;
		else if (random_once_in(random, 2))
			size = (size + PAGE - 1) / PAGE * PAGE;
		found = find_slowly(spans, count, guest, size, &slow);
		assert_int_equal(vhi_table_find(table, guest, size, &user), found ? 0 : -EFAULT);
		assert_int_equal(user, found ? slow : 0);
	}
}

static void table_of_random_regions_matches_oracle(void **state)
{
	static const uint64_t bases[] = { 0, 1ull << 32, TOP - 23 * PAGE, TOP - 21 * PAGE };
	static const uint64_t users[] = { USER, PAGE, USER_TOP - 47 * PAGE, USER_TOP - 20 * PAGE };
	struct random random = random_new("memory tables");
	unsigned int right = 0, merged = 0;

	for (int n = 0; n < 1000000; n++) {
		uint32_t count = (uint32_t)random_below(&random, MOST + 1);
		uint64_t base = bases[random_below(&random, COUNT(bases))];
		uint64_t user = users[random_below(&random, COUNT(users))];
		struct vhi_table *table = NULL;
		struct vhi_mem_region spans[MOST];
		struct vhi_refusal err;
		bool expected;

		for (uint32_t i = 0; i < count; i++)
			random_span(&random, base, user, &spans[i]);
		expected = table_right(spans, count);
		if (vhi_table_new(spans, count, &table, &err) != (expected ? 0 : -EINVAL))
			fail_msg("case %d: %s", n, expected ? err.text : "taken, but wrong");
		if (!expected)
			continue;
		compare_with_oracle(&random, spans, count, base, table);
		right++;
		merged += table->count < count;
		vhi_table_unref(table);
	}
	printf("memory tables: %u of 1000000 right, %u of them merged\n", right, merged);
	assert_true(right > 100000 && merged > 10000 && right < 900000);
}

/* Every count up to more than any kernel takes: the search has no bad sizes. */
static void table_find_among_every_count_finds_it(void **state)
{
	for (uint32_t count = 1; count <= 520; count++) {
		struct vhi_mem_region spans[520];
		struct vhi_refusal err;
		struct vhi_table *table;

		for (uint32_t i = 0; i < count; i++)
			spans[i] = (struct vhi_mem_region){ (2ull * i + 1) * PAGE, PAGE,
							    USER + 3ull * i * PAGE };
		assert_int_equal(vhi_table_new(spans, count, &table, &err), 0);
		for (uint32_t i = 0; i < count; i++) {
			uint64_t user = 0;

			assert_int_equal(vhi_table_find(table, spans[i].guest + 5, 1, &user), 0);
			assert_int_equal(user, spans[i].user + 5);
			assert_int_equal(vhi_table_find(table, spans[i].guest - 1, 1, &user),
					 -EFAULT);
			assert_int_equal(vhi_table_search(table, spans[i].guest - 1),
					 i ? i - 1 : 0);
		}
		vhi_table_unref(table);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table_of_random_regions_matches_oracle),
		cmocka_unit_test(table_find_among_every_count_finds_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
