/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * storm - signals that arrive all the time, handled, or stopping and continuing the process: no call fails
 * because of them, and what the host supports is the same.  Prints TAP.
 */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/time.h>
#include <sys/wait.h>

#include "threads.h"

#define ROUNDS 100
#define PROBES 10

static volatile sig_atomic_t signals, ended;

static void count(int number_of_signal)
{
	signals++;
}

static void end(int number_of_signal)
{
	ended = 1;
}

static void set_timer(long us)
{
	struct itimerval timer = { .it_interval.tv_usec = us, .it_value.tv_usec = us };

	setitimer(ITIMER_REAL, &timer, NULL);
}

/* A child that stops and continues this process, and leaves it running when it ends. */
static pid_t start_stopping(void)
{
	pid_t parent = getpid(), pid;

	signal(SIGTERM, end);
	fflush(stdout);
	pid = fork();
	if (pid)
		return pid;
	while (!ended) {
		kill(parent, SIGSTOP);
		usleep(200);
		kill(parent, SIGCONT);
		usleep(500);
	}
	_exit(0);
}

static void stop_stopping(pid_t pid)
{
	kill(pid, SIGTERM);
	waitpid(pid, NULL, 0);
}

/* How many of these fail.  Taking ownership creates a thread. */
static int open_often(void)
{
	int bad = 0;

	for (int i = 0; i < ROUNDS; i++) {
		struct vhc_dev *dev;
		int r = vhc_dev_open(
			b.ctx, "net0", NULL,
			VHC_ARG(vhc_dev_args, .type = VHC_TYPE_NET, .flags = VHC_DEV_OWN), &dev);

		if (r && !bad++)
			printf("# %d: %s\n", r, text());
		if (!r)
			vhc_dev_close(dev);
	}
	return bad;
}

static int count_other_probes(const char *before)
{
	int other = 0;

	for (int i = 0; i < PROBES; i++) {
		char *json = NULL;
		int r = vhc_caps_probe(b.ctx, &json);

		if (r)
			printf("# %d: %s\n", r, text());
		other += r || strcmp(json, before);
		free(json);
	}
	return other;
}

static int start_and_stop(void)
{
	int r = bring_up(&b, 2);

	for (int i = 0; i < ROUNDS && !r; i++)
		r = vhc_dev_stop(b.dev) ?: vhc_dev_start(b.dev);
	if (r)
		printf("# %d: %s\n", r, text());
	bring_down(&b);
	return r;
}

int main(void)
{
	struct sigaction action = { .sa_handler = count }; /* without SA_RESTART */
	char *before = NULL;
	pid_t stopping;
	int bad;

	if (unshare(CLONE_NEWNET) || bring_up_memory(&b, 2) || vhc_ctx_new(&b.ctx))
		return 2;
	sigaction(SIGALRM, &action, NULL);
	if (vhc_caps_probe(b.ctx, &before))
		return 2;
	set_timer(1000);
	bad = open_often();
	result("under signals ownership is taken each time", !bad, "%d of %d failed", bad, ROUNDS);
	bad = count_other_probes(before);
	result("a probe finds the same", !bad, "%d of %d differ", bad, PROBES);
	result("there were signals", signals > ROUNDS, "%d", (int)signals);
	vhc_ctx_free(b.ctx);
	result("a device starts and stops", !start_and_stop(), "see above");
	set_timer(0);
	if (vhc_ctx_new(&b.ctx))
		return 2;
	stopping = start_stopping();
	bad = open_often();
	stop_stopping(stopping);
	result("stopped and continued, ownership is taken each time", !bad, "%d of %d failed", bad,
	       ROUNDS);
	vhc_ctx_free(b.ctx);
	free(before);
	printf("1..%d\n", number);
	return failed != 0;
}
