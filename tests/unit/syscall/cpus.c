/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cpus - sets of processors: as the kernel's lists, compared with lists, with one another.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "syscall/cpus.h"
#include "random.h"

static bool no_memory;

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size)
{
	return no_memory ? NULL : __real_calloc(count, size);
}

static void cpus_format_lists_ranges(void **state)
{
	static const struct {
		uint64_t word[2];
		const char *text;
	} cases[] = {
		{ { 0 }, "" },
		{ { 1 }, "0" },
		{ { 2 }, "1" },
		{ { 3 }, "0-1" },
		{ { 0xd }, "0,2-3" },
		{ { 1ull << 63, 1 }, "63-64" },
		{ { UINT64_MAX, UINT64_MAX }, "0-127" },
		{ { 0x8000000000000101, 0x8000000000000002 }, "0,8,63,65,127" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct vhi_cpus *cpus = vhi_cpus_new(cases[i].word, 2);
		char text[64];

		vhi_cpus_format(cpus, text, sizeof(text));
		assert_string_equal(text, cases[i].text);
		free(cpus);
	}
}

/* In each size it is as much as fits, whole numbers, and says that there is more. */
static void cpus_format_that_does_not_fit_is_cut(void **state)
{
	static const uint64_t word[] = { 0x5555555555555555, 0x5555555555555555 };
	struct vhi_cpus *cpus = vhi_cpus_new(word, 2);
	char all[512];

	vhi_cpus_format(cpus, all, sizeof(all));
	for (size_t size = 8; size < strlen(all); size++) {
		char *text = malloc(size); /* exactly: a byte too many is found by the sanitizer */
		size_t n;

		vhi_cpus_format(cpus, text, size);
		n = strlen(text);
		assert_true(n < size && n >= 3);
		assert_string_equal(text + n - 3, "...");
		assert_memory_equal(text, all, n - 3);
		assert_true(all[n - 3] == ',');
		free(text);
	}
	free(cpus);
}

static void cpus_meet_matches_list(void **state)
{
	static const struct {
		uint64_t word;
		const char *list;
		bool meet;
	} cases[] = {
		{ 1, "0", true },
		{ 2, "0", false },
		{ 2, "0-1\n", true },
		{ 4, "0-1", false },
		{ 4, "0-1,3\n", false },
		{ 8, "0-1,3\n", true },
		{ 8, "0,2-4,9", true },
		{ 1ull << 9, "0,2-4,9", true },
		{ 2, "0,2-4,9", false },
		{ 1ull << 63, "0-62,64-127", false },
		{ 1ull << 63, "63", true },
		{ 1, "1-4095", false },
		{ 1, "", true },
		{ 1, "none", true },
		{ 1, "3-1,0", true },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct vhi_cpus *cpus = vhi_cpus_new(&cases[i].word, 1);

		if (vhi_cpus_meet(cpus, cases[i].list) != cases[i].meet)
			fail_msg("%llx and \"%s\"", (unsigned long long)cases[i].word,
				 cases[i].list);
		free(cpus);
	}
}

/* A set's own list meets the set, and not its complement. */
static void cpus_meet_own_list_and_not_complement(void **state)
{
	struct random random = random_new("sets of processors");

	for (int i = 0; i < 2000; i++) {
		uint64_t word[3], other[3];
		struct vhi_cpus *cpus, *complement;
		char text[2048];

		for (int j = 0; j < 3; j++) {
			word[j] = random_u64(&random) & random_u64(&random);
			other[j] = ~word[j];
		}
		cpus = vhi_cpus_new(word, 3);
		complement = vhi_cpus_new(other, 3);
		vhi_cpus_format(cpus, text, sizeof(text));
		assert_true(vhi_cpus_meet(cpus, text));
		assert_false(vhi_cpus_meet(complement, text));
		free(cpus);
		free(complement);
	}
}

static void cpus_equal_ignores_zero_words(void **state)
{
	static const uint64_t a[] = { 1, 0, 0 }, b[] = { 1, 0, 2 };
	struct vhi_cpus *one = vhi_cpus_new(a, 1), *same = vhi_cpus_new(a, 3),
			*other = vhi_cpus_new(b, 3), *none = vhi_cpus_new(NULL, 0),
			*empty = vhi_cpus_new(&a[1], 2);

	assert_int_equal(same->words, 1);
	assert_true(vhi_cpus_equal(one, same));
	assert_false(vhi_cpus_equal(one, other));
	assert_false(vhi_cpus_equal(none, one));
	assert_true(vhi_cpus_equal(none, empty));
	no_memory = true;
	assert_null(vhi_cpus_new(a, 1));
	no_memory = false;
	free(one);
	free(same);
	free(other);
	free(none);
	free(empty);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cpus_format_lists_ranges),
		cmocka_unit_test(cpus_format_that_does_not_fit_is_cut),
		cmocka_unit_test(cpus_meet_matches_list),
		cmocka_unit_test(cpus_meet_own_list_and_not_complement),
		cmocka_unit_test(cpus_equal_ignores_zero_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
