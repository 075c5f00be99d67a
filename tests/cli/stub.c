/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * vhostctl with a vhost-net of its own, for hosts that have none: /dev/vhost-net opens, offers what Linux 6.1 does, and
 * takes every call.  It moves no frames; everything else is the real kernel's.  Linked with --wrap.
 * VHOST_STUB_ERRNO: what opening it fails with instead.  VHOST_STUB_WAIT: a named pipe whose end it waits for.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define NODE	  "/dev/vhost-net"
#define STAND_IN  "/dev/full" /* a device that nothing else here opens: its fds are ours */
#define VHOST	  0xaf
#define FEATURES  UINT64_C(0x33d008000)
#define MISC	  10
#define MINOR_NET 238

#define DECLARE(result, name, ...)         \
	result __real_##name(__VA_ARGS__); \
	result __wrap_##name(__VA_ARGS__);

DECLARE(int, open, const char *path, int flags, ...)
DECLARE(int, open64, const char *path, int flags, ...)
DECLARE(int, __open_2, const char *path, int flags)
DECLARE(int, __open64_2, const char *path, int flags)
DECLARE(int, ioctl, int fd, unsigned long request, void *arg)
DECLARE(int, fstat, int fd, struct stat *st)
DECLARE(int, fstat64, int fd, struct stat *st)
DECLARE(int, epoll_ctl, int epoll, int op, int fd, struct epoll_event *event)

static void wait_for_end(const char *path)
{
	int fd = openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
	char byte;

	while (read(fd, &byte, 1) > 0)
		;
	close(fd);
}

/* The calls that a C library with large files has for the same, too. */
int __wrap_open(const char *path, int flags, ...)
{
	const char *error = getenv("VHOST_STUB_ERRNO"), *wait = getenv("VHOST_STUB_WAIT");
	mode_t mode = 0;
	va_list args;

	va_start(args, flags);
	if (flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE)
		mode = va_arg(args, mode_t);
	va_end(args);
	if (strcmp(path, NODE) != 0)
		return openat(AT_FDCWD, path, flags, mode);
	if (wait)
		wait_for_end(wait);
	if (!error)
		return openat(AT_FDCWD, STAND_IN, flags, mode);
	errno = atoi(error);
	return -1;
}

int __wrap_open64(const char *path, int flags, ...)
{
	mode_t mode;
	va_list args;

	va_start(args, flags);
	mode = flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE ? va_arg(args, mode_t) : 0;
	va_end(args);
	return __wrap_open(path, flags, mode);
}

int __wrap___open_2(const char *path, int flags)
{
	return __wrap_open(path, flags);
}

int __wrap___open64_2(const char *path, int flags)
{
	return __wrap_open(path, flags);
}

static bool is_ours(const struct stat *st)
{
	return S_ISCHR(st->st_mode) && st->st_rdev == makedev(1, 7);
}

int __wrap_fstat(int fd, struct stat *st)
{
	int r = fstatat(fd, "", st, AT_EMPTY_PATH);

	if (r == 0 && is_ours(st))
		st->st_rdev = makedev(MISC, MINOR_NET);
	return r;
}

/* It never has a message. */
int __wrap_epoll_ctl(int epoll, int op, int fd, struct epoll_event *event)
{
	struct stat st;

	if (fstatat(fd, "", &st, AT_EMPTY_PATH) == 0 && is_ours(&st))
		return 0;
	return __real_epoll_ctl(epoll, op, fd, event);
}

int __wrap_fstat64(int fd, struct stat *st)
{
	return __wrap_fstat(fd, st);
}

/* VHOST_GET_FEATURES, and of a ring its base, which has not moved. */
int __wrap_ioctl(int fd, unsigned long request, void *arg)
{
	const uint64_t features = FEATURES;

	if (_IOC_TYPE(request) != VHOST)
		return __real_ioctl(fd, request, arg);
	if (_IOC_NR(request) == 0 && _IOC_DIR(request) == _IOC_READ)
		memcpy(arg, &features, sizeof(features));
	if (_IOC_NR(request) < 0x40 && _IOC_NR(request) != 0x25 && _IOC_NR(request) != 0x26)
		return 0;
	errno = ENOTTY;
	return -1;
}
