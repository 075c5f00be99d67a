/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * 'vhostctl attach' and 'vhostctl detach': the devices of a QEMU that runs.
 */
#include "program/cli.h"
#include "setup/config.h"

/* The running QEMU that the options name.  Returns an exit status. */
static int read_qemu(struct cli_call *call, struct host_options *options)
{
	options->qmp = cli_option(call, "qmp")->text;
	options->seconds = (unsigned int)cli_option(call, "timeout")->number;
	if (options->qmp && *options->qmp)
		return CLI_YES;
	return cli_fail(CLI_USAGE,
			"add --qmp SOCKET: the PATH of QEMU's -qmp unix:PATH,server=on,wait=off",
			"no QEMU given");
}

static void say(void *data, const char *line)
{
	cli_warn(data, "%s", line);
}

static int run_attach(struct cli_call *call)
{
	struct host_options options = {
		.ctx = call->ctx,
		.say = say,
		.data = call,
	};
	struct host_error error = { 0 };
	struct host_setup *setup;
	int status = read_qemu(call, &options);

	if (!status)
		status = cli_read_setup(call, &setup);
	if (status)
		return status;
	if (host_attach(setup, &options, &call->result, &error))
		status = cli_fail_host(call->argv[0], &error);
	host_setup_free(setup);
	return status;
}

static int run_detach(struct cli_call *call)
{
	struct host_options options = { .ctx = call->ctx };
	struct host_error error = { 0 };
	int status = read_qemu(call, &options);

	if (!status && host_detach(call->argv[0], &options, &call->result, &error))
		status = cli_fail_host("", &error);
	return status;
}

static const struct cli_option attach_options[] = { CLI_QMP_OPTIONS, CLI_SET_OPTION };

static const char *const attach_more[] = {
	"Sets the devices of a vhost-setup document up, as 'setup' does, and gives them to a QEMU that",
	"runs: their fds, then for each a netdev and a device, both with the id that the document has.",
	"All or nothing: if a step fails, those before it are undone.  On q35 each device takes a free",
	"pcie-root-port that has an id.  CONFIG '-' is standard input.",
	NULL,
};

const struct cli_command cli_command_attach = {
	.name = "attach",
	.arguments = "CONFIG --qmp SOCKET",
	.text = "Give devices to a QEMU that runs",
	.more = attach_more,
	CLI_OPTIONS(attach_options),
	.min_args = 1,
	.max_args = 1,
	.takes = CLI_FILE,
	.fields = host_setup_help,
	.report = &host_attach_table,
	.run = run_attach,
};

static const struct cli_option detach_options[] = { CLI_QMP_OPTIONS };

static const char *const detach_more[] = {
	"Asks the guest to give the device up, waits until it has, and deletes the netdev.  What 'attach'",
	"created for it goes with it, except a link of \"persist\", which 'teardown' deletes.",
	NULL,
};

const struct cli_command cli_command_detach = {
	.name = "detach",
	.arguments = "ID --qmp SOCKET",
	.text = "Take a device from a QEMU that runs",
	.more = detach_more,
	CLI_OPTIONS(detach_options),
	.min_args = 1,
	.max_args = 1,
	.takes = CLI_FLAG,
	.report = &host_detach_table,
	.run = run_detach,
};
