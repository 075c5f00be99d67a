/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Moves between network namespaces.  Creates none.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"
#include "links/netns.h"

const char *host_netns_path(const char *name, char buf[HOST_NETNS_PATH_MAX])
{
	if (name[0] == '/')
		snprintf(buf, HOST_NETNS_PATH_MAX, "%s", name);
	else if (strncmp(name, "pid:", 4) == 0)
		snprintf(buf, HOST_NETNS_PATH_MAX, "/proc/%s/ns/net", name + 4);
	else
		snprintf(buf, HOST_NETNS_PATH_MAX, HOST_NETNS_DIR "/%s", name);
	return buf;
}

int host_netns_open(const char *name)
{
	char path[HOST_NETNS_PATH_MAX];
	/* a path may lead to anything: a pipe without a writer must not block */
	const char *at = name ? host_netns_path(name, path) : "/proc/thread-self/ns/net";
	int fd = host_traced(open(at, O_RDONLY | O_CLOEXEC | O_NONBLOCK),
			     "open(\"%s\", O_RDONLY|O_NONBLOCK)", at);

	return fd < 0 ? -errno : fd;
}

int host_netns_enter(int fd)
{
	return host_traced(setns(fd, CLONE_NEWNET), "setns(%d, CLONE_NEWNET)", fd) < 0 ? -errno : 0;
}

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71
#endif

/* The inode, where there is no cookie (before Linux 5.14), is given to another one day. */
uint64_t host_netns_number(void)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	uint64_t cookie = 0;
	socklen_t len = sizeof(cookie);
	struct stat st;

	if (fd < 0 || getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &len) < 0)
		cookie = stat("/proc/thread-self/ns/net", &st) < 0 ? 0 : st.st_ino;
	if (fd >= 0)
		close(fd);
	return cookie;
}
