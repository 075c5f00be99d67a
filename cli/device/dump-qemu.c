/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * 'vhostctl dump --qmp': the device as its QEMU says it, alone or beside what the kernel says.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "setup/config.h"
#include "device/device.h"

/* What the arguments name.  An id of QEMU never begins with a digit. */
struct named {
	pid_t pid; /* 0: the kernel is not read */
	const char *id;
};

static bool read_argument(char *text, struct named *ret)
{
	char *end;
	long number = strtol(text, &end, 10);

	if (*text < '0' || *text > '9') {
		if (ret->id)
			return false;
		ret->id = text;
		return true;
	}
	if (ret->pid || *end || number <= 0 || number > INT32_MAX)
		return false;
	ret->pid = (pid_t)number;
	return true;
}

static int read_arguments(const struct cli_call *call, struct named *ret)
{
	*ret = (struct named){ 0, NULL };
	for (int i = 0; i < call->argc; i++)
		if (!read_argument(call->argv[i], ret))
			return cli_fail(
				CLI_USAGE, "write: vhostctl dump [PID] --qmp SOCKET [ID]",
				"\"%s\" is neither a pid nor an id, or there are two of them",
				call->argv[i]);
	return CLI_YES;
}

static int fail_several(const char *path, const struct host_qemu_reading *reading)
{
	char ids[400] = "";

	for (size_t i = 0; i < reading->count; i++)
		snprintf(ids + strlen(ids), sizeof(ids) - strlen(ids), "%s%s", i ? ", " : "",
			 reading->devices[i].id);
	return cli_fail(CLI_USAGE, "add the id of one", "%s: QEMU has %zu vhost devices: %s", path,
			reading->count, ids);
}

int cli_look_qemu(struct cli_call *call, const char *id, struct host_qemu_reading *ret)
{
	struct host_options options = {
		.ctx = call->ctx,
		.qmp = cli_option(call, "qmp")->text,
		.seconds = (unsigned int)cli_option(call, "timeout")->number,
	};
	struct host_error error = { 0 };

	return host_look_qemu(id, &options, ret, &error) ? cli_fail_host("", &error) : CLI_YES;
}

static int read_qemu(struct cli_call *call, const char *id, struct host_qemu_reading *ret)
{
	int status = cli_look_qemu(call, id, ret);

	if (!status && ret->count > 1) {
		status = fail_several(cli_option(call, "qmp")->text, ret);
		host_qemu_clear(ret);
	}
	return status;
}

static int join_kernel(struct cli_call *call, pid_t pid, const struct host_qemu_device *qemu)
{
	struct host_error error = { 0 };
	struct look_reading reading;
	struct look_device *device;
	int status = cli_look(call, pid, &reading);

	if (status)
		return status;
	if (reading.lack)
		status = cli_fail_lack(&reading);
	else if (host_qemu_join(qemu, reading.devices, reading.count, &device, &error))
		status = cli_fail_host("", &error);
	else
		status = cli_device_state(call, device, qemu, &call->result);
	look_clear(&reading);
	return status;
}

int cli_dump_qemu(struct cli_call *call)
{
	struct host_qemu_reading reading;
	struct named named;
	int status = read_arguments(call, &named);

	if (!status)
		status = read_qemu(call, named.id, &reading);
	if (status)
		return status;
	if (named.pid)
		status = join_kernel(call, named.pid, reading.devices);
	else
		status = cli_device_state(call, &reading.devices->look, reading.devices,
					  &call->result);
	host_qemu_clear(&reading);
	return status;
}
