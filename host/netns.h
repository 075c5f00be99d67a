/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The network namespace of this thread.
 */
#ifndef HOST_NETNS_H
#define HOST_NETNS_H

#define HOST_NETNS_DIR "/run/netns"

/*
 * host_netns_open() - a namespace of ip-netns(8) by its name; NULL: the one that the thread is in.
 * Returns a file descriptor, the caller's, or a negative errno.
 */
int host_netns_open(const char *name);

/* host_netns_enter() - move this thread to an open namespace. */
int host_netns_enter(int fd);

#endif
