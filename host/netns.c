/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Moves between network namespaces.  Creates none.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>

#include "netns.h"

int host_netns_open(const char *name)
{
	char path[300] = "/proc/thread-self/ns/net";
	int fd;

	if (name)
		snprintf(path, sizeof(path), HOST_NETNS_DIR "/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int host_netns_enter(int fd)
{
	return setns(fd, CLONE_NEWNET) < 0 ? -errno : 0;
}
