/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * parts - the small parts of doc: MAC addresses as text, lists that grow.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "doc.h"

static void parse_of_no_address_fails_and_touches_nothing(void **state)
{
	static const char *const bad[] = {
		"",
		"52:54:00:ab:cd:e",
		"52:54:00:ab:cd:ef0",
		"52:54:00:ab:cd:eg",
		"52-54-00-ab-cd-ef",
		"52:54:00:ab:cd:ef ",
		"52:54:0::ab:cd:ef",
		"5254:00:ab:cd:ef:",
	};
	uint8_t read[6] = { 9, 9, 9, 9, 9, 9 };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_false(doc_mac_parse(bad[i], read));
		assert_int_equal(read[0], 9);
	}
}

static void parse_takes_both_cases_and_format_gives_lower(void **state)
{
	static const uint8_t mac[6] = { 0x52, 0x54, 0, 0xab, 0xcd, 0xef };
	static const char *const good[] = { "52:54:00:ab:cd:ef", "52:54:00:AB:cD:Ef" };
	char text[DOC_MAC_TEXT];

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		uint8_t read[6];

		assert_true(doc_mac_parse(good[i], read));
		assert_memory_equal(mac, read, sizeof(mac));
	}
	doc_mac_format(mac, text);
	assert_string_equal(text, good[0]);
}

static void unicast_is_neither_multicast_nor_zero(void **state)
{
	static const uint8_t one[6] = { 0x52, 0x54, 0, 0xab, 0xcd, 0xef };
	static const uint8_t multicast[6] = { 0x53, 0x54, 0, 0xab, 0xcd, 0xef };
	static const uint8_t broadcast[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	static const uint8_t zero[6];

	assert_true(doc_mac_is_unicast(one));
	assert_false(doc_mac_is_unicast(multicast));
	assert_false(doc_mac_is_unicast(broadcast));
	assert_false(doc_mac_is_unicast(zero));
}

static void append_keeps_what_is_there_and_zeroes_the_new(void **state)
{
	struct doc_list list = { NULL, 0 };

	for (uint64_t i = 0; i < 100; i++) {
		uint64_t *item = doc_append(&list, sizeof(*item));

		assert_non_null(item);
		assert_int_equal(*item, 0);
		*item = i + 1;
		assert_int_equal(list.count, i + 1);
	}
	for (uint64_t i = 0; i < 100; i++)
		assert_int_equal(((uint64_t *)list.items)[i], i + 1);
	free(list.items);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parse_of_no_address_fails_and_touches_nothing),
		cmocka_unit_test(parse_takes_both_cases_and_format_gives_lower),
		cmocka_unit_test(unicast_is_neither_multicast_nor_zero),
		cmocka_unit_test(append_keeps_what_is_there_and_zeroes_the_new),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
