/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A small process that waits.  It reads one number from the other one and nothing else, which is all that can be
 * done to it from there.
 */
#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "errname.h"
#include "log.h"
#include "process/keeper.h"

struct answer {
	int code;
	struct host_error err;
};

/* Whatever ends the first process must not end this one before. */
static void become_keeper(void)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	prctl(PR_SET_NAME, "vhostctl-keeper");
}

int host_keeper_start(struct host_keeper *ret, struct host_error *err)
{
	char number[DOC_ERRNO_MAX];
	int ends[2], r;
	pid_t child;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
		return host_fail(err, -errno, NULL, "cannot create a pair of sockets: %s",
				 doc_errno(number, -errno));
	host_log(VHC_LEVEL_TRACE, "fork()");
	child = fork();
	if (child < 0) {
		r = host_fail(err, -errno, NULL,
			      "cannot start a process that keeps the privileges: %s",
			      doc_errno(number, -errno));
		close(ends[0]);
		close(ends[1]);
		return r;
	}
	*ret = (struct host_keeper){ ends[child == 0], child == 0 };
	close(ends[child != 0]);
	if (ret->here)
		become_keeper();
	return 0;
}

_Noreturn void host_keeper_run(const struct host_keeper *keeper,
			       int (*undo)(void *data, uint32_t argument, struct host_error *err),
			       void *data)
{
	struct answer answer = { 0 };
	uint32_t argument;

	if (read(keeper->fd, &argument, sizeof(argument)) != sizeof(argument))
		_exit(0);
	answer.code = undo(data, argument, &answer.err);
	(void)!write(keeper->fd, &answer, sizeof(answer));
	_exit(0);
}

int host_keeper_end(struct host_keeper *keeper, uint32_t argument, struct host_error *err)
{
	struct answer answer;
	ssize_t n = write(keeper->fd, &argument, sizeof(argument));

	if (n == sizeof(argument))
		n = read(keeper->fd, &answer, sizeof(answer));
	close(keeper->fd);
	if (n != sizeof(answer))
		return host_fail(
			err, -ESRCH, "vhostctl teardown CONFIG, as root",
			"the process that keeps the privileges was killed: what was set up remains");
	*err = answer.err;
	return answer.code;
}
