/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * confined - the broker: what serve does, on a kernel that says yes.
 */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "alarm.h"
#include "broker.h"
#include "confined.h"
#include "ctx.h"
#include "yes.h"

#define PAIRS 2

/* As the tool does. */
static void say(void *data, enum vhc_level level, const char *line)
{
	fprintf(stderr, isatty(STDERR_FILENO) ? "# \033[1m%s\033[m\n" : "# %s\n", line);
}

static void check(int r, const char *what)
{
	if (!r)
		return;
	fprintf(stderr, "%s: %d\n", what, r);
	_exit(1);
}

static int listen_at(const char *path)
{
	const struct broker_socket socket = { path, UINT32_MAX, UINT32_MAX, 0600 };
	char text[BROKER_TEXT_MAX] = "";
	int fd = -1;

	check(broker_listen(&socket, &fd, text), text);
	return fd;
}

static void add_device(struct vhc_ctx *ctx, struct broker *broker, uint32_t index, const char *id,
		       const char *path)
{
	struct broker_args net = { .id = id, .type = VHC_TYPE_NET, .pairs = PAIRS };

	check(vhc_tap_open(ctx, id, VHC_ARG(vhc_tap_args, .queues = PAIRS), &net.tap), "tap");
	check(vhc_dev_open(ctx, id, NULL,
			   VHC_ARG(vhc_dev_args, .type = VHC_TYPE_NET, .queue_pairs = PAIRS),
			   &net.dev),
	      vhc_ctx_get_error(ctx)->text);
	check(broker_add(broker, &net), "broker_add");
	check(broker_open(broker, index, listen_at(path)), "broker_open");
}

static struct broker *set_up(struct vhc_ctx *ctx, const struct confined *confined)
{
	const struct broker_options options = { .say = say, .name = "vm1" };
	struct broker *broker;

	check(broker_new(ctx, &options, &broker), "broker_new");
	add_device(ctx, broker, 0, "net0", confined->path);
	add_device(ctx, broker, 1, "net1", confined->other);
	check(broker_add_control(broker, listen_at(confined->control)), "broker_add_control");
	return broker;
}

/* What happens now and then: memory for a document, the time without a vdso, an alarm. */
static void use_library(void)
{
	const struct itimerval soon = { { 0, 1000 }, { 0, 1000 } };
	struct timespec now;
	void *parts[64];

	for (size_t i = 0; i < 64; i++)
		parts[i] = malloc(65536);
	for (size_t i = 0; i < 64; i++)
		free(parts[i]);
	check((int)syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now), "clock_gettime");
	setitimer(ITIMER_REAL, &soon, NULL);
	check(poll(NULL, 0, 60000) >= 0, "no alarm comes");
	broker_alarm_end();
}

static void take_signal(void)
{
	const struct timespec no_time = { 0 };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigtimedwait(&set, NULL, &no_time);
}

static _Noreturn void run(const struct confined *confined, int until, int ready,
			  int (*confine)(void *data), void *data)
{
	struct vhc_ctx *ctx;
	struct broker *broker;

	check(vhi_ctx_new_sys(yes_sys(), NULL, &ctx), "context");
	broker = set_up(ctx, confined);
	check(write(ready, "", 1) != 1, "ready");
	close(ready);
	check(confine(data), "confine");
	use_library();
	check(broker_run(broker, until), "broker_run");
	take_signal();
	broker_free(broker);
	_exit(0);
}

void confined_start(struct confined *ret, int (*confine)(void *data), void *data)
{
	int until[2], ready[2];
	char byte;

	snprintf(ret->path, sizeof(ret->path), "/tmp/vhc-confined-%d", (int)getpid());
	snprintf(ret->other, sizeof(ret->other), "%s-other", ret->path);
	snprintf(ret->control, sizeof(ret->control), "%s-control", ret->path);
	check(pipe(until) || pipe(ready), "pipe");
	ret->pid = fork();
	if (!ret->pid) {
		close(until[1]);
		close(ready[0]);
		run(ret, until[0], ready[1], confine, data);
	}
	close(until[0]);
	close(ready[1]);
	ret->until = until[1];
	check(read(ready[0], &byte, 1) != 1, "the broker does not start");
	close(ready[0]);
}

bool confined_end(struct confined *confined)
{
	int status = -1;

	close(confined->until);
	waitpid(confined->pid, &status, 0);
	unlink(confined->path);
	unlink(confined->other);
	unlink(confined->control);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}
