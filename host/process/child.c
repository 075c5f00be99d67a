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

pid_t host_child_start(int *go)
{
	struct sigaction preset = { .sa_handler = SIG_DFL }, old;
	int ends[2];
	pid_t child;
	char byte;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	sigaction(SIGCHLD, &preset, &old); /* a parent that ignores it gets no exit status */
	host_log(VHC_LEVEL_TRACE, "fork()");
	child = fork();
	if (child < 0)
		child = -errno;
	if (child == 0) {
		sigaction(SIGCHLD, &old, NULL);
		close(ends[1]);
		while (read(ends[0], &byte, 1) < 0 && errno == EINTR)
			;
	}
	close(ends[0]);
	if (child > 0)
		*go = ends[1];
	else if (child < 0)
		close(ends[1]);
	return child;
}

void host_child_go(int go)
{
	close(go);
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
