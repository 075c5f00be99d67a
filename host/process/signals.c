/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Holding the signals that end a process, and executing a program without losing one of them.
 */
#include <errno.h>
#include <setjmp.h>
#include <stddef.h>
#include <time.h>
#include <unistd.h>

#include "doc.h"
#include "log.h"
#include "process/signals.h"

static const int ending[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };

/* A write that cannot be done sends them, and returns an error as well, which is enough. */
static const int of_writes[] = { SIGPIPE, SIGXFSZ };

/* An ignored signal has to stay ignored, but one that is blocked is kept all the same. */
static bool is_ignored(int number)
{
	struct sigaction action;

	return sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

void host_signals_hold(struct host_signals *ret)
{
	sigemptyset(&ret->held);
	for (size_t i = 0; i < DOC_COUNT(ending); i++)
		if (!is_ignored(ending[i]))
			sigaddset(&ret->held, ending[i]);
	for (size_t i = 0; i < DOC_COUNT(of_writes); i++)
		sigaddset(&ret->held, of_writes[i]);
	sigprocmask(SIG_BLOCK, &ret->held, &ret->before);
}

static void forget_writes(void)
{
	const struct timespec now = { 0 };
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < DOC_COUNT(of_writes); i++)
		sigaddset(&set, of_writes[i]);
	while (sigtimedwait(&set, NULL, &now) > 0)
		;
}

void host_signals_release(const struct host_signals *signals)
{
	forget_writes();
	sigprocmask(SIG_SETMASK, &signals->before, NULL);
}

int host_signals_take(const struct host_signals *signals)
{
	const struct timespec now = { 0 };
	sigset_t set = signals->held;
	int number;

	for (size_t i = 0; i < DOC_COUNT(of_writes); i++)
		sigdelset(&set, of_writes[i]);
	number = sigtimedwait(&set, NULL, &now);
	return number > 0 ? number : 0;
}

static sigjmp_buf before_exec;

static void return_number(int number)
{
	siglongjmp(before_exec, number);
}

/*
 * Between the last look and the new program there is a moment in which a signal would end this process
 * with everything in place.  A handler brings it back instead; execve() resets handlers.
 */
int host_signals_exec(const struct host_signals *signals, const char *file, char *const argv[],
		      char *const env[])
{
	struct sigaction action = { .sa_handler = return_number }, old[DOC_COUNT(ending)];
	int r;

	forget_writes();
	host_log(VHC_LEVEL_TRACE, "execve(\"%s\")", file);
	sigfillset(&action.sa_mask);
	for (size_t i = 0; i < DOC_COUNT(ending); i++)
		if (sigismember(&signals->held, ending[i]))
			sigaction(ending[i], &action, &old[i]);
	r = sigsetjmp(before_exec, 1); /* with the signals held */
	if (r == 0) {
		sigprocmask(SIG_SETMASK, &signals->before, NULL);
		execvpe(file, argv, env);
		r = -errno;
		sigprocmask(SIG_BLOCK, &signals->held, NULL);
	}
	for (size_t i = 0; i < DOC_COUNT(ending); i++)
		if (sigismember(&signals->held, ending[i]))
			sigaction(ending[i], &old[i], NULL);
	return r;
}
