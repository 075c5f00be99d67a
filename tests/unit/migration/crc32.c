/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * crc32 - the CRC-32 against the polynomial, bit by bit, and against what is known of it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "migration/crc32.h"

static uint32_t slowly(const uint8_t *bytes, size_t len)
{
	uint32_t crc = UINT32_MAX;

	for (size_t i = 0; i < len; i++) {
		crc ^= bytes[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc & 1 ? crc >> 1 ^ 0xedb88320 : crc >> 1;
	}
	return ~crc;
}

static void crc32_of_known_text_matches(void **state)
{
	assert_int_equal(vhi_crc32("", 0), 0);
	/* the check value of every catalogue of CRCs */
	assert_int_equal(vhi_crc32("123456789", 9), 0xcbf43926);
	assert_int_equal(vhi_crc32("\0\0\0\0", 4), 0x2144df1c);
	assert_int_equal(vhi_crc32("\xff\xff\xff\xff", 4), 0xffffffff);
}

static void crc32_of_each_byte_and_length_matches_slow_one(void **state)
{
	uint8_t bytes[600];
	uint32_t seed = 1;

	for (uint32_t i = 0; i < 256; i++) {
		bytes[0] = (uint8_t)i;
		assert_int_equal(vhi_crc32(bytes, 1), slowly(bytes, 1));
	}
	for (size_t i = 0; i < sizeof(bytes); i++) {
		seed = seed * 1664525 + 1013904223;
		bytes[i] = (uint8_t)(seed >> 24);
		assert_int_equal(vhi_crc32(bytes, i), slowly(bytes, i));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(crc32_of_known_text_matches),
		cmocka_unit_test(crc32_of_each_byte_and_length_matches_slow_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
