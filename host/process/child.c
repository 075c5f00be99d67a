/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A small parent: it does nothing but wait, pass signals on, and take over the exit status.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "log.h"
#include "process/child.h"

/* The ends that only the parent has, or only the child. */
static void close_ends(const int go[2], const int failed[2], bool child)
{
	close(go[child]);
	close(failed[!child]);
}

static int start(struct host_child *ret, const int go[2], const int failed[2])
{
	struct sigaction preset = { .sa_handler = SIG_DFL }, old;
	ssize_t n;
	char byte;

	sigaction(SIGCHLD, &preset, &old); /* a parent that ignores it gets no exit status */
	*ret = (struct host_child){ fork(), go[1], failed[0] };
	if (ret->pid < 0)
		return -errno;
	close_ends(go, failed, ret->pid == 0);
	if (ret->pid > 0)
		return 0;
	ret->failed = failed[1];
	sigaction(SIGCHLD, &old, NULL);
	do {
		n = read(go[0], &byte, 1);
	} while (n < 0 && errno == EINTR);
	close(go[0]);
	/* the parent was killed: nobody would remove the links when the launcher ends */
	if (n != 1)
		raise(SIGKILL);
	return 0;
}

int host_child_start(struct host_child *ret)
{
	int go[2], failed[2], r;

	if (pipe2(go, O_CLOEXEC) < 0)
		return -errno;
	if (pipe2(failed, O_CLOEXEC) < 0) {
		r = -errno;
		close(go[0]);
		close(go[1]);
		return r;
	}
	r = start(ret, go, failed);
	if (r < 0) {
		close_ends(go, failed, false);
		close_ends(go, failed, true);
	}
	return r;
}

void host_child_go(const struct host_child *child)
{
	while (write(child->go, "", 1) < 0 && errno == EINTR)
		;
	close(child->go);
}

void host_child_fail(const struct host_child *child)
{
	while (write(child->failed, "", 1) < 0 && errno == EINTR)
		;
	close(child->failed);
}

bool host_child_failed(const struct host_child *child)
{
	char byte;
	bool failed = read(child->failed, &byte, 1) == 1;

	close(child->failed);
	return failed;
}

void host_child_tie(pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		raise(SIGKILL);
}

/* What a terminal sends, it sends to the child as well. */
static void pass_on(pid_t child, const siginfo_t *info)
{
	if (info->si_code != SI_KERNEL)
		kill(child, info->si_signo);
}

/* A shell waits for this process alone to stop when its terminal says so. */
static void stop_too(int number)
{
	if (number == SIGTSTP || number == SIGTTIN || number == SIGTTOU)
		raise(SIGSTOP);
}

static int status_of(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int host_child_wait(pid_t child)
{
	siginfo_t info;
	sigset_t all;
	int status;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	for (;;) {
		pid_t ended = waitpid(child, &status, WNOHANG | WUNTRACED);

		if (ended == child && !WIFSTOPPED(status))
			return status_of(status);
		if (ended == child) {
			stop_too(WSTOPSIG(status));
			continue;
		}
		if (ended < 0 && errno != EINTR)
			return 128 + SIGKILL; /* it cannot be waited for */
		if (sigwaitinfo(&all, &info) > 0 && info.si_signo != SIGCHLD)
			pass_on(child, &info);
	}
}
