/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * crc32 - the checksum of IEEE 802.3, four bits at a time.
 */
#include "migration/crc32.h"

uint32_t vhi_crc32(const void *bytes, size_t len)
{
	/* the remainder of each value of four bits, divided by the polynomial 0xedb88320 */
	static const uint32_t rest[16] = {
		0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4,
		0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
		0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
	};
	const uint8_t *at = bytes;
	uint32_t crc = UINT32_MAX;

	for (size_t i = 0; i < len; i++) {
		crc ^= at[i];
		crc = rest[crc & 15] ^ crc >> 4;
		crc = rest[crc & 15] ^ crc >> 4;
	}
	return ~crc;
}
