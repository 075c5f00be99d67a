/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * alarm - the timer, which runs while messages are handled.
 */
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/time.h>

#include "alarm.h"

static void interrupt(int number)
{
}

/* Not SA_RESTART; and this process may have been started with the signal blocked. */
static void handle(void)
{
	static bool done;
	struct sigaction action = { .sa_handler = interrupt };
	sigset_t set;

	if (done)
		return;
	sigemptyset(&set);
	sigaddset(&set, SIGALRM);
	sigaction(SIGALRM, &action, NULL);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	done = true;
}

/* Again and again: the call may have been about to wait. */
void broker_alarm_begin(void)
{
	const struct itimerval alarm = { .it_value.tv_sec = BROKER_ALARM,
					 .it_interval.tv_usec = BROKER_NEXT };

	handle();
	setitimer(ITIMER_REAL, &alarm, NULL);
}

void broker_alarm_end(void)
{
	const struct itimerval none = { 0 };

	setitimer(ITIMER_REAL, &none, NULL);
}
