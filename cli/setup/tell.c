/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Sockets to whom a broker tells something, without a library: systemd, and the log of the system.  They are connected
 * before they are needed, as nothing can be opened later.
 */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

#include "setup/serve.h"

/* A name that begins with '@' is an abstract one. */
static int connect_to(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t length = path ? strlen(path) : 0;
	int fd;

	if (!length || length >= sizeof(address.sun_path))
		return -1;
	memcpy(address.sun_path, path, length);
	if (path[0] == '@')
		address.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&address,
			       (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length)) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

int cli_tell_systemd(void)
{
	return connect_to(getenv("NOTIFY_SOCKET"));
}

int cli_tell_syslog(void)
{
	return connect_to("/dev/log");
}

void cli_tell(int fd, const char *text)
{
	if (fd >= 0)
		(void)send(fd, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* As syslog(3) does, which would read the time zone from a file, and leave the time to the log. */
void cli_tell_log(int fd, bool warning, const char *line)
{
	char text[600];

	snprintf(text, sizeof(text), "<%d>vhostctl[%d]: %s",
		 LOG_DAEMON | (warning ? LOG_WARNING : LOG_INFO), (int)getpid(), line);
	cli_tell(fd, text);
}
