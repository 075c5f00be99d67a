/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * crc32 - the checksum of IEEE 802.3, as zlib's crc32() and gzip have it.
 */
#ifndef LIB_MIGRATION_CRC32_H
#define LIB_MIGRATION_CRC32_H

#include <stddef.h>
#include <stdint.h>

uint32_t vhi_crc32(const void *bytes, size_t len);

#endif
