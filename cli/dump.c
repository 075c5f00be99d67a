/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * 'vhostctl dump': the vhost-state document of a device that runs, whoever owns it.
 */
#include "device.h"

static int run(struct cli_call *call)
{
	const struct look_device *device;
	struct look_reading reading;
	int status = cli_find_device(call, &reading, &device);

	if (status)
		return status;
	if (reading.lack)
		status = cli_fail(CLI_LACKS, look_remedy(&reading),
				  "the kernel does not tell what the guest negotiated: %s",
				  look_missing(&reading));
	else
		status = cli_device_state(call, device, &call->result);
	look_clear(&reading);
	return status;
}

static const struct cli_option options[] = { CLI_FD_OPTION };

static const char *const more[] = {
	"Takes the pid of the owner, or the link of the device.  With --json the result is a vhost-state",
	"document, for 'check', 'state show' and 'state diff'.  What the kernel does not know is left out",
	"and listed on stderr; the document says so, too, and cannot be loaded.",
	NULL,
};

const struct cli_command cli_command_dump = {
	.name = "dump",
	.arguments = "PID|LINK",
	.text = "Write the state of a running device as a document",
	.more = more,
	CLI_OPTIONS(options),
	.min_args = 1,
	.max_args = 1,
	.takes = CLI_DEVICE,
	.run = run,
};
