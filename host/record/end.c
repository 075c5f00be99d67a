/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Ending the broker of a name.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "errname.h"
#include "record/record.h"

#define PATIENCE 10000 /* ms that it may take */
#define GRACE	 2000  /* ms that one may take that was killed just now */
#define ATTEMPTS 20

static int fail_end(struct host_error *err, int code, const struct host_broker_record *record)
{
	unsigned long long pid = (unsigned long long)record->pid;
	char number[DOC_ERRNO_MAX];

	if (code == -ESRCH)
		return host_fail(err, -EBUSY, "end it where it was started",
				 "the broker is process %llu of another PID namespace", pid);
	return host_fail(err, code, NULL, "cannot end the broker, process %llu: %s", pid,
			 doc_errno(number, code));
}

static bool wait_for_end(int pidfd, int patience)
{
	struct pollfd end = { .fd = pidfd, .events = POLLIN };
	int n;

	do
		n = poll(&end, 1, patience);
	while (n < 0 && errno == EINTR);
	return n > 0;
}

/* One that does not end, such as one that is stopped, is killed: what it has left is removed all the same. */
static int end(int pidfd)
{
	static const int numbers[] = { SIGTERM, SIGKILL };

	for (size_t i = 0; i < DOC_COUNT(numbers); i++) {
		host_log(VHC_LEVEL_INFO, "send it signal %d", numbers[i]);
		if (syscall(SYS_pidfd_send_signal, pidfd, numbers[i], NULL, 0u) < 0)
			return errno == ESRCH ? 0 : -errno;
		if (wait_for_end(pidfd, PATIENCE))
			return 0;
	}
	return -ETIMEDOUT;
}

/* Between its last look at the record and its end it has none open. */
static void wait_a_little(void)
{
	nanosleep(&(struct timespec){ .tv_nsec = 50 * 1000 * 1000 }, NULL);
}

int host_broker_record_settle(const char *name, struct host_broker_record *ret)
{
	for (int i = 0;; i++) {
		int fd = host_broker_record_read(name, ret), pidfd;
		bool lives = i == ATTEMPTS;

		if (fd < 0 || !ret->runs)
			return fd;
		pidfd = host_broker_record_find(ret, fd);
		if (pidfd >= 0) {
			lives = !wait_for_end(pidfd, GRACE);
			close(pidfd);
		}
		if (lives)
			return fd;
		host_broker_record_clear(ret);
		close(fd);
		wait_a_little();
	}
}

int host_broker_record_end(const char *name, uint64_t *ret_pid, struct host_broker_record *ret,
			   struct host_error *err)
{
	for (int i = 0;; i++) {
		int fd = host_broker_record_read(name, ret), pidfd, r;

		if (fd < 0 || !ret->runs)
			return fd;
		host_log(VHC_LEVEL_INFO, "the broker of %s runs: process %llu", name,
			 (unsigned long long)ret->pid);
		pidfd = host_broker_record_find(ret, fd);
		close(fd);
		r = pidfd < 0 ? pidfd : end(pidfd);
		if (pidfd >= 0)
			close(pidfd);
		if (r == 0)
			*ret_pid = ret->pid;
		else if (r != -ESRCH || i == ATTEMPTS)
			r = fail_end(err, r, ret);
		else
			wait_a_little();
		host_broker_record_clear(ret);
		if (r < 0 && r != -ESRCH)
			return r;
	}
}
