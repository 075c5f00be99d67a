/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * 'vhostctl dump': the vhost-state document of a device that runs, whoever owns it.
 */
#include "setup/config.h"
#include "device/device.h"

int cli_fail_lack(const struct look_reading *reading)
{
	return cli_fail(CLI_LACKS, look_remedy(reading),
			"the kernel does not tell what the guest negotiated: %s",
			look_missing(reading));
}

static int run(struct cli_call *call)
{
	const struct look_device *device;
	struct look_reading reading;
	int status;

	if (cli_option(call, "qmp")->count)
		return cli_dump_qemu(call);
	if (call->argc != 1)
		return cli_fail(CLI_USAGE,
				"write: vhostctl dump PID|LINK, or: vhostctl dump --qmp SOCKET",
				"it takes one pid or link, or --qmp");
	status = cli_find_device(call, &reading, &device);
	if (status)
		return status;
	if (reading.lack)
		status = cli_fail_lack(&reading);
	else
		status = cli_device_state(call, device, NULL, &call->result);
	look_clear(&reading);
	return status;
}

static const struct cli_option options[] = { CLI_FD_OPTION, CLI_QMP_OPTIONS };

static const char *const more[] = {
	"Takes the pid of the owner, or the link of the device.  With --json the result is a vhost-state",
	"document, for 'check', 'state show' and 'state diff'.  What the kernel does not know is left out",
	"and listed on stderr; the document says so, too, and cannot be loaded.  With --qmp QEMU is asked",
	"instead, which needs no privilege, or, with a PID, besides: then both must agree.  Of several",
	"devices of QEMU, ID is that of the -device option.",
	NULL,
};

const struct cli_command cli_command_dump = {
	.name = "dump",
	.arguments = "PID|LINK|[PID] --qmp SOCKET [ID]",
	.text = "Write the state of a running device as a document",
	.more = more,
	CLI_OPTIONS(options),
	.max_args = 2,
	.takes = CLI_DEVICE,
	.run = run,
};
