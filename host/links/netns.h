/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The network namespace of this thread.
 */
#ifndef HOST_NETNS_H
#define HOST_NETNS_H

#include <stdint.h>

#define HOST_NETNS_DIR	    "/run/netns"
#define HOST_NETNS_PATH_MAX 300

/*
 * host_netns_path() - where a namespace is that a config names: by a path, as "pid:123" that of a process, or
 * as ip-netns(8) does.  Returns @buf.
 */
const char *host_netns_path(const char *name, char buf[HOST_NETNS_PATH_MAX]);

/*
 * host_netns_open() - such a namespace; NULL: the one that the thread is in.
 * Returns a file descriptor, the caller's, or a negative errno.
 */
int host_netns_open(const char *name);

/* host_netns_number() - one that no other namespace of this boot has, of the one that the thread is in. */
uint64_t host_netns_number(void);

/* host_netns_enter() - move this thread to an open namespace. */
int host_netns_enter(int fd);

#endif
