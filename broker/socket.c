/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * socket - where front ends connect.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "broker.h"

static int fail(char text[BROKER_TEXT_MAX], int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static int fail(char text[BROKER_TEXT_MAX], int code, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(text, BROKER_TEXT_MAX, format, args);
	va_end(args);
	return code;
}

/* Does a process listen there? */
static bool is_alive(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), r;

	if (fd < 0)
		return true;
	r = connect(fd, (const struct sockaddr *)address, sizeof(*address)) ? errno : 0;
	close(fd);
	return r != ECONNREFUSED;
}

/* Remove what a process that was killed has left. */
static int make_room(const struct sockaddr_un *address, char text[BROKER_TEXT_MAX])
{
	struct stat st;

	if (lstat(address->sun_path, &st))
		return errno == ENOENT
			       ? 0
			       : fail(text, -errno, "%s: %s", address->sun_path, strerror(errno));
	if (!S_ISSOCK(st.st_mode))
		return fail(text, -EEXIST, "%s exists, and is no socket", address->sun_path);
	if (is_alive(address))
		return fail(text, -EADDRINUSE, "%s: a process listens there", address->sun_path);
	if (unlink(address->sun_path) && errno != ENOENT)
		return fail(text, -errno, "%s cannot be removed: %s", address->sun_path,
			    strerror(errno));
	return 0;
}

/* Nobody can connect before it has its owner; with its mode it accepts connections. */
static int bind_private(int fd, const struct sockaddr_un *address, const struct broker_socket *args)
{
	mode_t before = umask(0777);
	int r = bind(fd, (const struct sockaddr *)address, sizeof(*address)) ? -errno : 0;

	umask(before);
	if (r)
		return r;
	r = listen(fd, 8) ? -errno : 0;
	if (!r && (args->owner != UINT32_MAX || args->group != UINT32_MAX))
		r = lchown(args->path, args->owner, args->group) ? -errno : 0;
	if (!r)
		r = chmod(args->path, args->mode) ? -errno : 0;
	if (r)
		unlink(args->path);
	return r;
}

int broker_listen(const struct broker_socket *args, int *ret, char text[BROKER_TEXT_MAX])
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t length = strlen(args->path);
	int fd, r;

	if (length >= sizeof(address.sun_path))
		return fail(text, -ENAMETOOLONG,
			    "%s has %zu bytes: the path of a socket has at most %zu", args->path,
			    length, sizeof(address.sun_path) - 1);
	memcpy(address.sun_path, args->path, length);
	r = make_room(&address, text);
	if (r)
		return r;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return fail(text, -errno, "socket: %s", strerror(errno));
	r = bind_private(fd, &address, args);
	if (r) {
		close(fd);
		return fail(text, r, "cannot listen at %s: %s", args->path, strerror(-r));
	}
	*ret = fd;
	return 0;
}
