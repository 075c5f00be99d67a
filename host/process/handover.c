/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which fds the launcher inherits: the promised ones, and 0 to 2 and the kept ones unchanged.  All others are marked
 * close-on-exec first and the promised ones put in place last, so that a bug closes one fd too many
 * rather than leaking one.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "log.h"
#include "process/handover.h"

#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC (1u << 2)
#endif

#define FIRST	3
#define NUMBERS (1 << 20) /* the default of the kernel's limit, fs.nr_open */

int host_hold_fds(bool *ours, int room)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC), r = 0;

	if (null < 0)
		return -errno;
	for (int fd = 0; fd < room && r == 0; fd++) {
		if (fd == null) {
			ours[fd] = true;
		} else if (fcntl(fd, F_GETFD) < 0) {
			ours[fd] = dup3(null, fd, O_CLOEXEC) >= 0;
			/* The kernel returns EBADF for a number above the limit. */
			if (!ours[fd])
				r = errno == EBADF ? -EMFILE : -errno;
		}
	}
	if (null >= room || !ours[null])
		close(null);
	return r;
}

static void mark(int fd)
{
	int flags = fcntl(fd, F_GETFD);

	if (flags >= 0)
		fcntl(fd, F_SETFD, flags | FD_CLOEXEC);
}

/* Kernels before 5.11, and filters that reject close_range(). */
static int mark_each(void)
{
	DIR *dir = opendir("/proc/self/fd");
	struct rlimit limit;

	if (dir) {
		for (struct dirent *entry; (entry = readdir(dir));)
			if (atoi(entry->d_name) >= FIRST)
				mark(atoi(entry->d_name));
		closedir(dir);
		return 0;
	}
	/* No /proc: every possible number. */
	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return -errno;
	for (int fd = FIRST; fd < NUMBERS && (rlim_t)fd < limit.rlim_max; fd++)
		mark(fd);
	return 0;
}

int host_close_on_exec(const int *keep, size_t count)
{
	int r = 0;

	if (host_traced(
		    (int)syscall(SYS_close_range, (unsigned int)FIRST, ~0u, CLOSE_RANGE_CLOEXEC),
		    "close_range(%d, ~0, CLOSE_RANGE_CLOEXEC)", FIRST) < 0)
		r = mark_each();
	for (size_t i = 0; i < count && r == 0; i++)
		if (fcntl(keep[i], F_SETFD, 0) < 0)
			r = -errno;
	return r;
}

/* Where close_range() is rejected they stay open, as long as the launcher runs. */
void host_close_others(const int *keep, size_t count)
{
	unsigned int first = FIRST, next;

	do {
		next = ~0u; /* the lowest that is kept */
		for (size_t i = 0; i < count; i++)
			if (keep[i] >= 0 && (unsigned int)keep[i] >= first &&
			    (unsigned int)keep[i] < next)
				next = (unsigned int)keep[i];
		if (first < next)
			syscall(SYS_close_range, first, next - 1, 0u);
		first = next + 1;
	} while (first);
}
