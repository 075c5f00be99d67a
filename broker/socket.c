/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * socket - where front-ends, or clients of the control socket, connect: the one at a path is made, taken over
 * from a process that was killed, or removed.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "broker.h"

#define LOCK_TIME 5000 /* ms */
#define LOCK_STEP 10

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

/*
 * Of processes that find the same dead socket, each would remove what another one has put in its place.  So its folder
 * is locked, from the look at what is there to the new socket.  Everyone who may read the folder can lock it, which is
 * waited for and does not prevent anything.  Returns what unlocks it when it is closed, or -1.
 */
static int lock_folder(const struct sockaddr_un *address)
{
	char folder[sizeof(address->sun_path) + 1];
	const char *end = strrchr(address->sun_path, '/');
	int fd;

	snprintf(folder, sizeof(folder), "%.*s.", end ? (int)(end + 1 - address->sun_path) : 0,
		 address->sun_path);
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (int waited = 0; fd >= 0 && waited < LOCK_TIME; waited += LOCK_STEP) {
		if (!flock(fd, LOCK_EX | LOCK_NB) || errno != EWOULDBLOCK)
			break;
		poll(NULL, 0, LOCK_STEP);
	}
	return fd;
}

static void unlock(int folder)
{
	if (folder >= 0)
		close(folder);
}

/*
 * Has a process this socket?  Asked so that it does not see a connection: a socket of another kind cannot be
 * connected to it.
 */
static bool is_alive(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), r;

	if (fd < 0)
		return true;
	r = connect(fd, (const struct sockaddr *)address, sizeof(*address)) ? errno : 0;
	close(fd);
	return r != ECONNREFUSED;
}

/* Its owner, once it was there, is the one that it is to have. */
static bool is_own(const struct stat *st, const struct broker_socket *args)
{
	return st->st_uid == geteuid() || st->st_uid == args->owner;
}

/* Remove what a process that was killed has left: 1; 0: there is nothing. */
static int make_room(const struct sockaddr_un *address, const struct broker_socket *args,
		     char text[BROKER_TEXT_MAX])
{
	const char *path = address->sun_path;
	struct stat st;

	if (lstat(path, &st))
		return errno == ENOENT ? 0 : fail(text, -errno, "%s: %s", path, strerror(errno));
	if (!S_ISSOCK(st.st_mode))
		return fail(text, -EEXIST, "%s exists, and is no socket", path);
	if (is_alive(address))
		return fail(text, -EADDRINUSE, "%s is the socket of a process that runs", path);
	if (!is_own(&st, args))
		return fail(text, -EPERM, "%s is the socket of user %u, whose process has gone",
			    path, (unsigned int)st.st_uid);
	if (unlink(path) && errno != ENOENT)
		return fail(text, -errno, "%s cannot be removed: %s", path, strerror(errno));
	fail(text, 1, "%s was left by a process that has gone, and is replaced", path);
	return 1;
}

/* An fd has no mode of its own to change, but its name has. */
static int set_owner_and_mode(int node, const struct broker_socket *args)
{
	char name[32];

	snprintf(name, sizeof(name), "/proc/self/fd/%d", node);
	return fchownat(node, "", args->owner, args->group, AT_EMPTY_PATH) ||
			       chmod(name, args->mode)
		       ? -errno
		       : 0;
}

/*
 * The folder may be another user's, who puts something else at the path meanwhile: what is changed is the socket
 * that was made, or another of this user's.
 */
static int open_up(const struct broker_socket *args)
{
	int node = open(args->path, O_PATH | O_NOFOLLOW | O_CLOEXEC), r;
	struct stat st;

	if (node < 0)
		return -errno;
	if (fstat(node, &st))
		r = -errno;
	else if (!S_ISSOCK(st.st_mode) || st.st_uid != geteuid() || st.st_nlink != 1)
		r = -EEXIST;
	else
		r = set_owner_and_mode(node, args);
	close(node);
	return r;
}

/* Nobody can connect before it has its owner; with its mode it accepts connections. */
static int bind_private(int fd, const struct sockaddr_un *address, const struct broker_socket *args)
{
	mode_t before = umask(0777);
	int r = bind(fd, (const struct sockaddr *)address, sizeof(*address)) ? -errno : 0;

	umask(before);
	if (r)
		return r;
	r = listen(fd, 8) ? -errno : open_up(args);
	if (r)
		unlink(args->path);
	return r;
}

static int fill_address(const char *path, struct sockaddr_un *ret, char text[BROKER_TEXT_MAX])
{
	size_t length = strlen(path);

	*ret = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (length >= sizeof(ret->sun_path))
		return fail(text, -ENAMETOOLONG,
			    "%s has %zu bytes: the path of a socket has at most %zu", path, length,
			    sizeof(ret->sun_path) - 1);
	memcpy(ret->sun_path, path, length);
	return 0;
}

static int listen_at(const struct sockaddr_un *address, const struct broker_socket *args, int *ret,
		     char text[BROKER_TEXT_MAX])
{
	int replaced = make_room(address, args, text), fd, r;

	if (replaced < 0)
		return replaced;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return fail(text, -errno, "socket: %s", strerror(errno));
	r = bind_private(fd, address, args);
	if (r) {
		close(fd);
		return fail(text, r, "cannot listen at %s: %s", args->path, strerror(-r));
	}
	*ret = fd;
	return replaced;
}

int broker_listen(const struct broker_socket *args, int *ret, char text[BROKER_TEXT_MAX])
{
	struct sockaddr_un address;
	int r = fill_address(args->path, &address, text), folder;

	if (r)
		return r;
	folder = lock_folder(&address);
	r = listen_at(&address, args, ret, text);
	unlock(folder);
	return r;
}

int broker_remove_socket(const struct broker_socket *args, char text[BROKER_TEXT_MAX])
{
	struct sockaddr_un address;
	int r = fill_address(args->path, &address, text), folder;

	if (r)
		return r;
	folder = lock_folder(&address);
	r = make_room(&address, args, text);
	unlock(folder);
	return r == -EEXIST || r == -EADDRINUSE || r == -EPERM ? 0 : r;
}
