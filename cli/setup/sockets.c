/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Sockets that systemd has opened before: as sd_listen_fds(3), by the names of their devices.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "setup/serve.h"

#define FIRST 3 /* of the protocol */

static unsigned long read_number(const char *variable)
{
	const char *text = getenv(variable);

	return text ? strtoul(text, NULL, 10) : 0;
}

/* It listens for streams at this path. */
static bool is_at(int fd, const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNSPEC };
	socklen_t size = sizeof(address) - 1; /* a path may have no NUL */
	int listens = 0, type = 0;
	socklen_t length = sizeof(int);

	if (getsockname(fd, (struct sockaddr *)&address, &size) || address.sun_family != AF_UNIX ||
	    getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &length) ||
	    getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length))
		return false;
	return listens && type == SOCK_STREAM && strcmp(address.sun_path, path) == 0;
}

static int check_socket(const struct host_setup *setup, const struct cli_sockets *sockets,
			const char *id, int fd)
{
	const char *path = host_setup_get_socket(setup, id);

	if (!path)
		return cli_fail(
			CLI_USAGE, "set FileDescriptorName= of its unit to the id of a device",
			"fd %d of LISTEN_FDS is called \"%s\": the config has no device of this "
			"name that is attached by vhost-user",
			fd, id);
	for (size_t i = 0; i < sockets->count; i++)
		if (strcmp(sockets->ids[i], id) == 0)
			return cli_fail(CLI_USAGE, "one of them is enough",
					"fds %d and %d of LISTEN_FDS are both called \"%s\"",
					FIRST + (int)i, fd, id);
	if (!is_at(fd, path))
		return cli_fail(CLI_USAGE, "set ListenStream= of its unit to that path",
				"fd %d of LISTEN_FDS, \"%s\", is no socket that listens at %s", fd,
				id, path);
	return CLI_YES;
}

static int take(const struct host_setup *setup, struct cli_sockets *ret, const char *id, int fd)
{
	int status = check_socket(setup, ret, id, fd);

	if (status)
		return status;
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	ret->ids[ret->count++] = id;
	return CLI_YES;
}

/* Those that are meant for this process. */
int cli_take_sockets(const struct host_setup *setup, struct cli_sockets *ret)
{
	unsigned long count = read_number("LISTEN_FDS");
	const char *names = getenv("LISTEN_FDNAMES");
	int status = CLI_YES;
	char *rest;

	*ret = (struct cli_sockets){ 0 };
	if (!count || read_number("LISTEN_PID") != (unsigned long)getpid())
		return CLI_YES;
	if (count > CLI_SOCKETS_MAX)
		return cli_fail(CLI_USAGE, NULL, "LISTEN_FDS: %lu are more than %u", count,
				CLI_SOCKETS_MAX);
	ret->names = rest = cli_need(strdup(names ? names : ""));
	for (int fd = FIRST; fd < FIRST + (int)count && !status; fd++) {
		const char *id = strsep(&rest, ":");

		status = take(setup, ret, id ? id : "", fd);
	}
	unsetenv("LISTEN_PID");
	return status;
}

int cli_find_socket(const struct cli_sockets *sockets, const char *id)
{
	for (size_t i = 0; sockets && i < sockets->count; i++)
		if (strcmp(sockets->ids[i], id) == 0)
			return FIRST + (int)i;
	return -1;
}

void cli_free_sockets(struct cli_sockets *sockets)
{
	free(sockets->names);
	*sockets = (struct cli_sockets){ 0 };
}
