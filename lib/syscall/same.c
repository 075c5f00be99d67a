/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * same - do two fds refer to the same open file?
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "syscall/linux.h"

#define DUPFD_QUERY 1027 /* F_DUPFD_QUERY, since Linux 6.10 */

static int watch(int epoll, int fd)
{
	struct epoll_event event = { .events = EPOLLIN };

	return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

/*
 * An epoll knows what it watches by the number of the fd and the open file: with @b under the number that
 * @a had, it is there already only if both are the same.  @number: a duplicate of @a.
 */
static int compare_watched(int epoll, int number, int b)
{
	int r = watch(epoll, number);

	if (r)
		return r;
	if (dup3(b, number, O_CLOEXEC) < 0)
		return -errno;
	r = watch(epoll, number);
	return r == -EEXIST ? 1 : r;
}

/* -EPERM for a file that cannot be polled, such as a VM. */
static int same_by_epoll(int a, int b)
{
	int epoll = vhi_linux_lift(epoll_create1(EPOLL_CLOEXEC)), number, r;

	if (epoll < 0)
		return epoll;
	number = fcntl(a, F_DUPFD_CLOEXEC, VHI_LOWEST_FD);
	r = number < 0 ? -errno : compare_watched(epoll, number, b);
	if (number >= 0)
		close(number);
	close(epoll);
	return r;
}

/* kcmp() is missing in some kernels, and forbidden in many sandboxes. */
int vhi_linux_same(void *data, int a, int b)
{
	long r = syscall(SYS_kcmp, getpid(), getpid(), KCMP_FILE, a, b);

	if (r >= 0 || errno == EBADF)
		return r < 0 ? -EBADF : r == 0;
	r = fcntl(a, DUPFD_QUERY, b);
	return r >= 0 ? r == 1 : same_by_epoll(a, b);
}
