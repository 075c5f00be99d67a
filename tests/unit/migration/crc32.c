/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * crc32 - the CRC-32 against the polynomial, bit by bit, and against what is known of it; and
 * MAC addresses as text.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "migration/crc32.h"
#include "device/mac.h"
#include "migration/document.h"

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

static void test_known(void **state)
{
	assert_int_equal(vhc_crc32("", 0), 0);
	/* the check value of every catalogue of CRCs */
	assert_int_equal(vhc_crc32("123456789", 9), 0xcbf43926);
	assert_int_equal(vhc_crc32("\0\0\0\0", 4), 0x2144df1c);
	assert_int_equal(vhc_crc32("\xff\xff\xff\xff", 4), 0xffffffff);
}

static void test_each_byte_and_length(void **state)
{
	uint8_t bytes[600];
	uint32_t seed = 1;

	for (uint32_t i = 0; i < 256; i++) {
		bytes[0] = (uint8_t)i;
		assert_int_equal(vhc_crc32(bytes, 1), slowly(bytes, 1));
	}
	for (size_t i = 0; i < sizeof(bytes); i++) {
		seed = seed * 1664525 + 1013904223;
		bytes[i] = (uint8_t)(seed >> 24);
		assert_int_equal(vhc_crc32(bytes, i), slowly(bytes, i));
	}
}

static void test_mac(void **state)
{
	static const char *const bad[] = {
		"",
		"52:54:00:ab:cd:e",
		"52:54:00:ab:cd:ef0",
		"52:54:00:ab:cd:eg",
		"52:54:00:ab:cd:EF",
		"52-54-00-ab-cd-ef",
		"52:54:00:ab:cd:ef ",
		"53:54:00:ab:cd:ef",
		"00:00:00:00:00:00",
		"ff:ff:ff:ff:ff:ff",
		"52:54:0::ab:cd:ef",
		"5254:00:ab:cd:ef:",
	};
	static const uint8_t mac[6] = { 0x52, 0x54, 0, 0xab, 0xcd, 0xef };
	uint8_t read[6] = { 9, 9, 9, 9, 9, 9 };
	char text[VHC_MAC_TEXT];

	vhc_mac_write(mac, text);
	assert_string_equal(text, "52:54:00:ab:cd:ef");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_false(vhc_mac_read(bad[i], read));
		assert_int_equal(read[0], 9);
	}
	assert_true(vhc_mac_read(text, read));
	assert_memory_equal(mac, read, 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known),
		cmocka_unit_test(test_each_byte_and_length),
		cmocka_unit_test(test_mac),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
