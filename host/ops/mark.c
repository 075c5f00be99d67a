/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The mark of a config's links.  No system call.
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
