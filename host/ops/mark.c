/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The mark of a config's links, and the name of one that does not have it yet.  No system call.
 */
#include <stdio.h>

#include "ops/mark.h"

/* At most 9 + 32 + 1 + 32 bytes: the alias of another link that is longer and cut is never equal. */
const char *host_mark(const struct host_setup *setup, const struct host_device *device,
		      char buf[HOST_MARK_MAX])
{
	snprintf(buf, HOST_MARK_MAX, "vhostctl %s%s%s", setup->name ? setup->name : "",
		 setup->name ? "/" : "", device->id);
	return buf;
}

uint64_t host_hash(uint64_t hash, const char *text)
{
	for (; *text; text++)
		hash = (hash ^ (uint8_t)*text) * 0x100000001b3;
	return hash;
}

const char *host_mark_name(const char *mark, char buf[HOST_LINK_NAME_MAX])
{
	const uint64_t low = host_hash(HOST_HASH_OF_NOTHING, mark) & 0xffffffffffff;

	snprintf(buf, HOST_LINK_NAME_MAX, "vhc%012llx", (unsigned long long)low);
	return buf;
}
