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

/*
 * host_mark_name() - what a link is called until it has its mark, which the kernel takes only for one that
 * is there: "vhc" and a hash, so that teardown knows this link, too.  Returns @buf.
 */
const char *host_mark_name(const char *mark, char buf[HOST_LINK_NAME_MAX]);

/* host_hash() - FNV-1a of 64 bits, of what @hash is already of and of this text. */
uint64_t host_hash(uint64_t hash, const char *text);
#define HOST_HASH_OF_NOTHING 0xcbf29ce484222325ull

#endif
