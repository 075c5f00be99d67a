/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * 'vhostctl dump': the vhost-state document of a device that runs, whoever owns it.
 */
#include <errno.h>

#include "setup/config.h"
#include "device/device.h"

int cli_fail_lack(const struct look_reading *reading)
{
	return cli_fail(CLI_LACKS, look_remedy(reading),
			"the kernel does not tell what the guest negotiated: %s",
			look_missing(reading));
}

/* The broker saw the whole negotiation, and leaves nothing out. */
static int dump_served(struct cli_call *call, const struct cli_served *served)
{
	const struct control_target target = { served->device->id };
	char text[CONTROL_TEXT_MAX];
	struct json_object *reply, *state = NULL;
	int r = control_ask_tree(&served->broker->stream, CONTROL_DUMP, &target, &reply, text);

	if (r)
		return cli_fail(r == -EAGAIN ? CLI_LACKS : CLI_FAILED,
				r == -EAGAIN ? "wait until the guest's driver has started" : NULL,
				"broker \"%s\": %s", served->broker->name, text);
	if (json_object_object_get_ex(reply, "state", &state))
		call->result = json_object_get(state);
	json_object_put(reply);
	return state ? CLI_YES
		     : cli_fail(CLI_FAILED, NULL, "broker \"%s\" replied no state",
				served->broker->name);
}

static int run(struct cli_call *call)
{
	struct cli_found found;
	int status;

	if (cli_option(call, "qmp")->count)
		return cli_dump_qemu(call);
	if (call->argc != 1)
		return cli_fail(CLI_USAGE,
				"write: vhostctl dump PID|LINK|ID, or: vhostctl dump --qmp SOCKET",
				"it takes one pid, link or id, or --qmp");
	status = cli_find_device(call, &found);
	if (status)
		return status;
	if (found.served.device)
		status = dump_served(call, &found.served);
	else if (found.reading.lack)
		status = cli_fail_lack(&found.reading);
	else
		status = cli_device_state(call, found.device, NULL, &call->result);
	cli_found_clear(&found);
	return status;
}

static const struct cli_option options[] = { CLI_FD_OPTION, CLI_QMP_OPTIONS };

static const char *const more[] = {
	"Takes the pid of the owner, or the link of the device.  With --json the result is a vhost-state",
	"document, for 'check', 'state show' and 'state diff'.  What the kernel does not know is left out",
	"and listed on stderr; the document says so, too, and cannot be loaded.  With --qmp QEMU is asked",
	"instead, which needs no privilege, or, with a PID, besides: then both must agree.  Of several",
	"devices of QEMU, ID is that of the -device option.  A device of 'vhostctl serve' may be named by its",
	"id, or by the pid of its launcher; its broker is asked, and knows everything.",
	NULL,
};

const struct cli_command cli_command_dump = {
	.name = "dump",
	.arguments = "PID|LINK|ID|[PID] --qmp SOCKET [ID]",
	.text = "Write the state of a running device as a document",
	.more = more,
	CLI_OPTIONS(options),
	.max_args = 2,
	.takes = CLI_DEVICE,
	.run = run,
};
