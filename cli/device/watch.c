/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * 'vhostctl status --watch': the same device again and again.
 *
 * Besides main.c the only place that writes to stdout: on a terminal over what was there before, with
 * --json a document a line.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "device/device.h"
#include "errname.h"

#define CLEAR "\033[H\033[J"

static bool put(struct cli_call *call)
{
	int flags = JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE;

	if (call->json) {
		cli_put_text(stdout, json_object_to_json_string_ext(call->result, flags), "");
	} else {
		if (isatty(STDOUT_FILENO))
			fputs(CLEAR, stdout);
		cli_print(stdout, call->result, false, cli_colour(STDOUT_FILENO),
			  cli_width(STDOUT_FILENO));
	}
	if (call->json || !isatty(STDOUT_FILENO))
		fputc('\n', stdout);
	json_object_put(call->result);
	call->result = NULL;
	return !fflush(stdout) && !ferror(stdout);
}

static const struct look_device *find_again(const struct look_reading *reading,
					    const struct look_device *device)
{
	for (size_t i = 0; i < reading->count; i++) {
		const struct look_device *found = &reading->devices[i];

		if (found->pid == device->pid && found->kind == device->kind &&
		    found->fds->fd == device->fds->fd)
			return found;
	}
	return NULL;
}

/*
 * Another process may get the pid of one that has ended.  A folder of /proc that is open stays that of the first,
 * and is empty when it has ended.
 */
static int open_process(pid_t pid)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d", (int)pid);
	return open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static bool is_there(int process)
{
	return !faccessat(process, "fd", F_OK, 0);
}

static int fail_look(int r)
{
	char number[DOC_ERRNO_MAX];

	return cli_fail(CLI_FAILED, NULL, "cannot read the vhost devices: %s",
			doc_errno(number, r));
}

int cli_watch(struct cli_call *call, unsigned int seconds)
{
	const struct timespec pause = { .tv_sec = (time_t)seconds };
	struct look_reading now, before = { .count = 0 };
	const struct look_device *device, *old = NULL;
	struct cli_found found;
	int status = cli_find_device(call, &found), process, r;

	if (status)
		return status;
	now = found.reading;
	device = found.device;
	process = open_process(device->pid);
	if (process < 0 && errno != ENOENT) {
		status = fail_look(-errno);
		look_clear(&now);
		cli_brokers_clear(&found.brokers);
		return status;
	}
	while (device && !status) {
		status = cli_device_report(call, device, old, &found.served);
		look_clear(&before);
		before = now;
		old = device;
		if (!status && !put(call))
			status = cli_fail(CLI_FAILED, NULL, "cannot write the result");
		if (status)
			break;
		nanosleep(&pause, NULL);
		r = look_read(old->pid, &now);
		/* a device that has gone is no error */
		if (r && r != -ESRCH)
			status = fail_look(r);
		if (r)
			break;
		device = is_there(process) ? find_again(&now, old) : NULL;
		if (!device)
			look_clear(&now);
	}
	look_clear(&before);
	if (process >= 0)
		close(process);
	cli_brokers_clear(&found.brokers);
	return status;
}
