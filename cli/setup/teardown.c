/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * 'vhostctl teardown': remove what setup of a config left.
 */
#include "program/cli.h"
#include "setup/config.h"

static int run(struct cli_call *call)
{
	const struct host_options options = { .say = cli_say, .data = call };
	struct host_error error = { 0 };
	struct host_setup *setup;
	int status = cli_read_setup(call, &setup);

	if (status)
		return status;
	if (host_teardown(setup, &options, &call->result, &error))
		status = cli_fail_host(call->argv[0], &error);
	host_setup_free(setup);
	return status;
}

static const struct cli_option options[] = { CLI_SET_OPTION };

static const char *const more[] = {
	"Deletes the links that 'setup' of this config created and left: those of \"persist\", also of a",
	"set-up that was killed; and restores what a killed one changed on a link that was there before.",
	"A link that is still in use stays as it is, and so does every other.  If there is nothing to do, it",
	"is done.  CONFIG '-' is standard input.",
	NULL,
};

const struct cli_command cli_command_teardown = {
	.name = "teardown",
	.arguments = "CONFIG",
	.text = "Delete or restore the links that 'setup' left",
	.more = more,
	CLI_OPTIONS(options),
	.min_args = 1,
	.max_args = 1,
	.takes = CLI_FILE,
	.fields = host_setup_help,
	.report = &host_teardown_table,
	.run = run,
};
