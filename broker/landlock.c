/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * landlock - a process that opens no file by its path.  There are no rules, so nothing is an exception.
 *
 * The system calls are made here: no library that has them is packaged.
 */
#include <errno.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "confine.h"

#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_restrict_self  446
#endif

#define VERSION 1u /* LANDLOCK_CREATE_RULESET_VERSION */

/* struct landlock_ruleset_attr, of which each version has a longer one. */
struct attributes {
	uint64_t files, net, scoped;
};

/* All that a version can forbid: bits from 0 on. */
static const struct {
	uint8_t files, net, scoped;
	uint8_t size;
} versions[] = {
	[1] = { 13, 0, 0, 8 },	/* 5.13: read, write, execute, list, make and remove each kind */
	[2] = { 14, 0, 0, 8 },	/* 5.19: link and rename across directories */
	[3] = { 15, 0, 0, 8 },	/* 6.2: truncate */
	[4] = { 15, 2, 0, 16 }, /* 6.7: bind and connect TCP */
	[5] = { 16, 2, 0, 16 }, /* 6.10: ioctls of devices */
	[6] = { 16, 2, 2, 24 }, /* 6.12: abstract sockets, signals */
};

#define NEWEST ((int)(sizeof(versions) / sizeof(versions[0])) - 1)

static uint64_t first_bits(uint8_t count)
{
	return (UINT64_C(1) << count) - 1;
}

int confine_access(void)
{
	struct attributes attributes;
	int version = (int)syscall(SYS_landlock_create_ruleset, NULL, 0, VERSION), known, fd, r;

	if (version < 1)
		return errno == EOPNOTSUPP ? -ENOSYS : -errno;
	known = version < NEWEST ? version : NEWEST;
	attributes = (struct attributes){ first_bits(versions[known].files),
					  first_bits(versions[known].net),
					  first_bits(versions[known].scoped) };
	fd = (int)syscall(SYS_landlock_create_ruleset, &attributes, versions[known].size, 0);
	if (fd < 0)
		return -errno;
	r = syscall(SYS_landlock_restrict_self, fd, 0) ? -errno : version;
	close(fd);
	return r;
}
