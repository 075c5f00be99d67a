/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* match - patterns: what each hole takes, what it does not, and lines of any size. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "match.h"

static bool finds(const char *pattern, const char *text, struct match *match)
{
	assert_true(match_is_valid(pattern));
	return match_find(pattern, text, strlen(text), match);
}

/* What the holes have, separated by '|'. */
static const char *holes(const struct match *match)
{
	static char text[400];
	size_t len = 0;

	text[0] = '\0';
	for (size_t i = 0; i < match->count; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%.*s", i ? "|" : "",
					(int)match->holes[i].len, match->holes[i].at);
	return text;
}

static void each_hole_takes_what_it_stands_for(void **state)
{
	static const struct {
		const char *pattern, *text, *holes;
	} cases[] = {
		{ "mask 0x%x!", "a mask 0xAbC9!", "AbC9" },
		{ "mask %x!", "mask 0x1f! mask 0x2f!", "0x1f" },
		{ "mask %x!", "mask 0x! mask 00!", "00" },
		{ "no: %d.", "no: x. no: -. no: -22. no: 1.", "-22" },
		{ "(%w): %d", "(a b): 1 (-a): 2 (.a): 3 (tap-0.1_@/x): 4", "tap-0.1_@/x|4" },
		{ "(%w)", "(a b) (a;b) (`a`) (vnet0)", "vnet0" },
		{ "a: %*b: %d", "a: 1 b: x b: 7", "7" },
		{ "a: %d %*: %d end", "a: 1 : 2 : 3 end", "1|3" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct match match;

		assert_true(finds(cases[i].pattern, cases[i].text, &match));
		assert_string_equal(holes(&match), cases[i].holes);
	}
}

static void what_is_not_there_is_not_found(void **state)
{
	static const struct {
		const char *pattern, *text;
	} cases[] = {
		{ "could not", "could no" },
		{ "mask 0x%x unsupported", "mask 0x unsupported" },
		{ "mask 0x%x unsupported", "mask 0x12" },
		{ "a: %*b", "b a: c" },
		{ "no: %d", "no: -" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct match match;

		assert_false(finds(cases[i].pattern, cases[i].text, &match));
	}
}

static void the_whole_message_is_from_first_to_last(void **state)
{
	static const char text[] = "12:00 qemu: TUN\0SETIFF: then (tap0) busy, and more";
	struct match match;

	assert_true(match_find("TUN%*(%w) busy", text, sizeof(text) - 1, &match));
	assert_int_equal(match.at - text, 12);
	assert_int_equal(match.len, strlen("TUN.SETIFF: then (tap0) busy"));
}

static void a_name_has_64_characters_at_most(void **state)
{
	char text[80] = "(";
	struct match match;

	memset(text + 1, 'a', 65);
	text[65] = ')';
	assert_true(finds("(%w)", text, &match));
	assert_int_equal(match.holes[0].len, 64);
	text[65] = 'a';
	text[66] = ')';
	assert_false(finds("(%w)", text, &match));
}

/* Would take hours if a place were looked at more than a few times. */
static void a_line_of_any_size_takes_linear_time(void **state)
{
	static const char *const pieces[] = { "a: ", "a: 1", "a: 1 b: ", "b: ", "0" };
	const size_t size = 1 << 20;
	char *text = malloc(size);
	struct match match;

	assert_non_null(text);
	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		for (size_t at = 0; at < size; at++)
			text[at] = pieces[i][at % strlen(pieces[i])];
		assert_false(match_find("a: %x b: %d c: %w%*a: 1%*d: end", text, size, &match));
	}
	free(text);
}

static void a_pattern_that_could_be_slow_is_not_valid(void **state)
{
	static const char *const bad[] = { "",	  "%d",	  "a%d",	"a %*",		 "%*a",
					   "a %", "a %y", "a %*b%d: c", "a: %d%d%d%d%d", "0x%x" };
	static const char *const good[] = {
		"a", "a %d", "a%*b", "a %d%*: %x", "a%w", "a: %d%d%d%d"
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (match_is_valid(bad[i]))
			fail_msg("\"%s\" is valid", bad[i]);
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		if (!match_is_valid(good[i]))
			fail_msg("\"%s\" is not valid", good[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_hole_takes_what_it_stands_for),
		cmocka_unit_test(what_is_not_there_is_not_found),
		cmocka_unit_test(the_whole_message_is_from_first_to_last),
		cmocka_unit_test(a_name_has_64_characters_at_most),
		cmocka_unit_test(a_line_of_any_size_takes_linear_time),
		cmocka_unit_test(a_pattern_that_could_be_slow_is_not_valid),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
