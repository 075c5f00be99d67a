/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * table - memory tables: what is refused, what is merged, what is found, and said of it.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "memory/table.h"

#define PAGE	  ((uint64_t)VHC_PAGE_SIZE)
#define USER	  UINT64_C(0x7f0000000000)
#define TOP	  UINT64_C(0xfffffffffffff000) /* the last page of all */
#define USER_TOP  UINT64_C(0x7ffffffffffff000) /* the last that may be a process's */
#define COUNT(of) (sizeof(of) / sizeof((of)[0]))

static int allocations_left = -1; /* -1: as many as wanted */

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size)
{
	if (allocations_left == 0)
		return NULL;
	if (allocations_left > 0)
		allocations_left--;
	return __real_calloc(count, size);
}

static void region_check_at_edges_says_why(void **state)
{
	static const struct {
		struct vhi_mem_region span;
		const char *part; /* of the message; NULL: it is fine */
	} cases[] = {
		{ { 0, PAGE, USER }, NULL },
		{ { 0, PAGE, PAGE }, NULL },
		{ { TOP, PAGE, USER }, NULL }, /* ends at 2^64 */
		{ { 0, 1ull << 40, USER }, NULL },
		{ { 0, PAGE, USER_TOP }, NULL }, /* ends at 2^63 */
		{ { 0, 0, USER }, "its size is 0" },
		{ { 0, 0, 0 }, "its size is 0" },
		{ { 1, PAGE, USER }, "multiples of 4096" },
		{ { PAGE / 2, PAGE, USER }, "multiples of 4096" },
		{ { 0, PAGE - 1, USER }, "multiples of 4096" },
		{ { 0, PAGE + 1, USER }, "multiples of 4096" },
		{ { 0, PAGE, USER + 8 }, "multiples of 4096" },
		{ { 0, UINT64_MAX, USER }, "multiples of 4096" },
		{ { TOP, 2 * PAGE, USER }, "past the last guest address" },
		{ { PAGE, TOP, USER }, "past the last address that a process can have" },
		{ { 2 * PAGE, TOP, USER }, "past the last guest address" },
		{ { 0, PAGE, 0 }, "NULL" },
		{ { 0, 2 * PAGE, USER_TOP }, "past the last address that a process can have" },
		{ { 0, PAGE, USER_TOP + PAGE }, "past the last address that a process can have" },
		{ { 0, PAGE, 0xffff888000000000 },
		  "past the last address that a process can have" },
		{ { 0, PAGE, TOP }, "past the last address that a process can have" },
		{ { 0, 2 * PAGE, TOP }, "past the last address that a process can have" },
		{ { 0, TOP, 2 * PAGE }, "past the last address that a process can have" },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct vhi_refusal err = { "" };
		int r = vhi_mem_region_check(&cases[i].span, &err);

		assert_int_equal(r, cases[i].part ? -EINVAL : 0);
		if (cases[i].part && !strstr(err.text, cases[i].part))
			fail_msg("case %zu: %s", i, err.text);
	}
}

static void region_conflict_says_which(void **state)
{
	static const struct {
		struct vhi_mem_region a, b;
		const char *part;
	} cases[] = {
		{ { 0, PAGE, USER }, { PAGE, PAGE, USER + PAGE }, NULL },
		{ { 0, PAGE, USER }, { PAGE, PAGE, USER - PAGE }, NULL },
		{ { TOP, PAGE, USER }, { 0, PAGE, USER + PAGE }, NULL },
		{ { 0, PAGE, USER }, { 0, PAGE, USER }, "overlap in guest addresses" },
		{ { 0, PAGE, USER }, { 0, PAGE, USER + PAGE }, "overlap in guest addresses" },
		{ { 0, 2 * PAGE, USER }, { PAGE, PAGE, USER + 9 * PAGE }, "in guest addresses" },
		{ { 0, 4 * PAGE, USER }, { PAGE, PAGE, USER + 9 * PAGE }, "in guest addresses" },
		{ { TOP - PAGE, 2 * PAGE, USER }, { TOP, PAGE, USER + 9 * PAGE }, "in guest" },
		{ { 0, PAGE, USER }, { PAGE, PAGE, USER }, "in user addresses" },
		{ { 0, 2 * PAGE, USER }, { 2 * PAGE, PAGE, USER + PAGE }, "in user" },
	};

	for (size_t i = 0; i < COUNT(cases); i++)
		for (int swap = 0; swap < 2; swap++) {
			const struct vhi_mem_region *a = swap ? &cases[i].b : &cases[i].a;
			const struct vhi_mem_region *b = swap ? &cases[i].a : &cases[i].b;
			struct vhi_refusal err = { "" };

			assert_int_equal(vhi_mem_region_conflict(a, b, &err),
					 cases[i].part ? -EINVAL : 0);
			if (cases[i].part && !strstr(err.text, cases[i].part))
				fail_msg("case %zu: %s", i, err.text);
		}
}

static struct vhi_table *new_table(const struct vhi_mem_region *spans, uint32_t count)
{
	struct vhi_refusal err;
	struct vhi_table *table;

	if (vhi_table_new(spans, count, &table, &err) != 0)
		fail_msg("%s", err.text);
	return table;
}

static void table_new_merges_touching_regions(void **state)
{
	/* Not in order.  What is at 0 continues at 1; 1 at 3 for the guest only; 3 at 9 here only. */
	struct vhi_mem_region spans[] = {
		{ 9 * PAGE, PAGE, USER + 7 * PAGE },
		{ PAGE, 2 * PAGE, USER + PAGE },
		{ 3 * PAGE, 2 * PAGE, USER + 5 * PAGE },
		{ 0, PAGE, USER },
	};
	struct vhi_table *table, *same;

	table = new_table(spans, 4);
	assert_int_equal(table->count, 3);
	assert_int_equal(table->guest[0], 0);
	assert_int_equal(table->size[0], 3 * PAGE);
	assert_int_equal(table->user[0], USER);
	assert_int_equal(table->guest[1], 3 * PAGE);
	assert_int_equal(table->guest[2], 9 * PAGE);
	/* The caller's are as they were. */
	assert_int_equal(spans[0].guest, 9 * PAGE);

	/* The same memory in other pieces and another order is an equal table. */
	same = new_table((struct vhi_mem_region[]){ { 3 * PAGE, PAGE, USER + 5 * PAGE },
						    { 0, 3 * PAGE, USER },
						    { 4 * PAGE, PAGE, USER + 6 * PAGE },
						    { 9 * PAGE, PAGE, USER + 7 * PAGE } },
			 4);
	assert_true(vhi_table_equal(table, same));
	same->user[2] += PAGE;
	assert_false(vhi_table_equal(table, same));
	vhi_table_unref(same);
	same = new_table(spans, 2);
	assert_false(vhi_table_equal(table, same));
	assert_false(vhi_table_equal(table, NULL));
	assert_true(vhi_table_equal(NULL, NULL));
	vhi_table_unref(same);
	assert_ptr_equal(vhi_table_ref(table), table);
	vhi_table_unref(table);
	assert_int_equal(table->count, 3);
	vhi_table_unref(table);
	vhi_table_unref(NULL);
}

static void table_find_at_edges(void **state)
{
	struct vhi_mem_region spans[] = { { PAGE, 2 * PAGE, USER }, { TOP, PAGE, 2 * USER } };
	static const struct {
		uint64_t guest, size, user; /* user 0: not found */
	} cases[] = {
		{ PAGE, 1, USER },
		{ PAGE, 2 * PAGE, USER },
		{ PAGE, 2 * PAGE + 1, 0 },
		{ PAGE - 1, 1, 0 },
		{ PAGE - 1, 2, 0 },
		{ 3 * PAGE - 1, 1, USER + 2 * PAGE - 1 },
		{ 3 * PAGE - 1, 2, 0 },
		{ 3 * PAGE, 1, 0 },
		{ 0, 1, 0 },
		{ TOP, PAGE, 2 * USER },
		{ TOP, PAGE + 1, 0 },
		{ UINT64_MAX, 1, 2 * USER + PAGE - 1 },
		{ UINT64_MAX, 2, 0 },
		{ TOP - 1, 1, 0 },
		{ PAGE, UINT64_MAX, 0 },
		{ UINT64_MAX, UINT64_MAX, 0 },
	};
	struct vhi_table *table = new_table(spans, 2), *empty = new_table(NULL, 0);

	/* Whatever the last hit was. */
	for (size_t i = 0; i < COUNT(cases); i++)
		for (uint32_t last = 0; last < 2; last++) {
			uint64_t user = 7;

			table->hit = spans[last];
			assert_int_equal(
				vhi_table_find(table, cases[i].guest, cases[i].size, &user),
				cases[i].user ? 0 : -EFAULT);
			assert_int_equal(user, cases[i].user ? cases[i].user : 7);
			assert_int_equal(
				vhi_table_find(empty, cases[i].guest, cases[i].size, &user),
				-EFAULT);
		}
	vhi_table_unref(table);
	vhi_table_unref(empty);
}

/* Guest address 0 is an address as any other. */
static void table_find_at_guest_address_0_works(void **state)
{
	struct vhi_table *table = new_table(&(struct vhi_mem_region){ 0, PAGE, USER }, 1);
	uint64_t user = 0;

	assert_int_equal(vhi_table_find(table, 0, PAGE, &user), 0);
	assert_int_equal(user, USER);
	assert_int_equal(vhi_table_find(table, 0, PAGE + 1, &user), -EFAULT);
	assert_int_equal(vhi_table_find(table, PAGE, 1, &user), -EFAULT);
	vhi_table_unref(table);
}

static void table_describe_says_where_it_is(void **state)
{
	struct vhi_mem_region spans[] = { { PAGE, PAGE, USER }, { 4 * PAGE, PAGE, 2 * USER } };
	static const struct {
		uint64_t guest, size;
		const char *text;
	} cases[] = {
		{ PAGE, PAGE, "is in region 0 (0x1000-0x1fff)" },
		{ 4 * PAGE, 8, "is in region 1 (0x4000-0x4fff)" },
		{ PAGE + 8, PAGE,
		  "starts in region 0 (0x1000-0x1fff) and ends 8 bytes past its end" },
		{ PAGE - 16, 17, "starts 16 bytes before region 0 (0x1000-0x1fff)" },
		{ 2 * PAGE, 3 * PAGE, "starts 8192 bytes before region 1 (0x4000-0x4fff)" },
		{ 0, PAGE, "is below the first region, region 0 (0x1000-0x1fff)" },
		{ 2 * PAGE, 2 * PAGE,
		  "is between region 0 (0x1000-0x1fff) and region 1 (0x4000-0x4fff)" },
		{ 5 * PAGE, 1, "is above the last region, region 1 (0x4000-0x4fff)" },
		{ UINT64_MAX, UINT64_MAX, "is above the last region, region 1 (0x4000-0x4fff)" },
	};
	struct vhi_table *table = new_table(spans, 2), *empty = new_table(NULL, 0);
	char text[160];

	for (size_t i = 0; i < COUNT(cases); i++) {
		vhi_table_describe(table, cases[i].guest, cases[i].size, text, sizeof(text));
		assert_string_equal(text, cases[i].text);
	}
	vhi_table_describe(empty, 0, 1, text, sizeof(text));
	assert_string_equal(text, "is in no region: there are none");
	vhi_table_unref(table);
	vhi_table_unref(empty);
}

static void table_new_without_memory_is_enomem(void **state)
{
	struct vhi_mem_region spans[] = { { 0, PAGE, USER }, { 2 * PAGE, PAGE, 2 * USER } };
	struct vhi_table *table = (struct vhi_table *)spans;
	struct vhi_refusal err;

	for (int left = 0; left < 2; left++) {
		err.text[0] = 0;
		allocations_left = left;
		assert_int_equal(vhi_table_new(spans, 2, &table, &err), -ENOMEM);
		allocations_left = -1;
		assert_string_equal(err.text, "no memory for a table of 2 regions");
		assert_ptr_equal(table, spans);
	}
	vhi_table_unref(new_table(spans, 2));
}

/* Of a document: where it is in a process is not known, so what touches for the guest is one. */
static void guest_table_merges_what_touches_for_guest(void **state)
{
	static const struct vhi_mem_region spans[] = {
		{ 8 * PAGE, PAGE, 0 },	      { 0, PAGE, 7 * PAGE }, { PAGE, 2 * PAGE, 0 },
		{ 3 * PAGE, PAGE, 9 * PAGE }, { TOP, PAGE, 0 },
	};
	static const struct vhi_mem_region here[] = { { 0, PAGE, USER },
						      { PAGE, PAGE, USER + 5 * PAGE },
						      { 3 * PAGE, PAGE, USER + 9 * PAGE } };
	struct vhi_table *table = vhi_table_new_guest(spans, COUNT(spans)), *other;
	struct vhi_refusal err;

	assert_int_equal(table->count, 3);
	assert_true(table->guest[0] == 0 && table->size[0] == 4 * PAGE);
	assert_true(table->guest[1] == 8 * PAGE && table->size[1] == PAGE);
	assert_true(table->guest[2] == TOP && table->size[2] == PAGE);
	vhi_table_unref(table);
	table = vhi_table_new_guest(NULL, 0);
	assert_int_equal(table->count, 0);
	vhi_table_unref(table);
	assert_int_equal(vhi_table_new(here, COUNT(here), &table, &err), 0);
	assert_int_equal(table->count, 3);
	other = vhi_table_copy_guest(table);
	assert_int_equal(other->count, 2);
	assert_true(other->guest[0] == 0 && other->size[0] == 2 * PAGE);
	assert_true(other->guest[1] == 3 * PAGE && other->size[1] == PAGE);
	vhi_table_unref(other);
	for (int i = 0; i < 3; i++) {
		allocations_left = i;
		assert_null(vhi_table_copy_guest(table));
	}
	allocations_left = -1;
	vhi_table_unref(table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(region_check_at_edges_says_why),
		cmocka_unit_test(region_conflict_says_which),
		cmocka_unit_test(table_new_merges_touching_regions),
		cmocka_unit_test(table_find_at_edges),
		cmocka_unit_test(table_find_at_guest_address_0_works),
		cmocka_unit_test(table_describe_says_where_it_is),
		cmocka_unit_test(table_new_without_memory_is_enomem),
		cmocka_unit_test(guest_table_merges_what_touches_for_guest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
