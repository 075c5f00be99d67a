/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whose a persistent link is: its alias (`ip link` shows it) names the config and the device, so that the
 * next set-up of that config uses it, and its teardown removes it, but no other's.
 */
#ifndef HOST_MARK_H
#define HOST_MARK_H

#include "links/link.h"
#include "setup/setup.h"

#define HOST_MARK_MAX HOST_ALIAS_MAX

/* host_mark() - "vhostctl vm1/net0".  Returns @buf. */
const char *host_mark(const struct host_setup *setup, const struct host_device *device,
		      char buf[HOST_MARK_MAX]);

#endif
