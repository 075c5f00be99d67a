/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * 'vhostctl teardown': remove what setup of a config left.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "setup/serve.h"

/* A broker's is in its record. */
static int read_setup(struct cli_call *call, struct host_setup **ret)
{
	const char *name = call->argv[0];
	struct host_error error = { 0 };
	int r;

	if (strpbrk(name, "./") || strcmp(name, "-") == 0)
		return cli_read_setup(call, ret);
	r = host_broker_setup(call->ctx, name, ret, &error);
	if (r == -ENOENT && access(name, F_OK) == 0)
		return cli_read_setup(call, ret);
	if (r == -ENOENT)
		return cli_fail(CLI_INPUT,
				"'vhostctl list' shows the brokers that run; to delete links "
				"that a set-up left, give its config file",
				"there is no broker \"%s\", and no file of this name", name);
	return r ? cli_fail_host(name, &error) : CLI_YES;
}

static int run(struct cli_call *call)
{
	const struct host_options options = {
		.ctx = call->ctx, .say = cli_say, .remove_socket = cli_remove_socket, .data = call
	};
	struct host_error error = { 0 };
	struct host_setup *setup;
	int status = read_setup(call, &setup);

	if (status)
		return status;
	if (host_teardown(setup, &options, &call->result, &error))
		status = cli_fail_host(call->argv[0], &error);
	host_setup_free(setup);
	return status;
}

static const struct cli_option options[] = { CLI_SET_OPTION };

static const char *const more[] = {
	"Ends the broker of this config, or of this name, and removes what one left that was killed.",
	"Deletes the links that 'setup' of this config created and left: those of \"persist\", also of a",
	"set-up that was killed; and restores what a killed one changed on a link that was there before.",
	"A link that is still in use stays as it is, and so does every other.  If there is nothing to do, it",
	"is done.  CONFIG '-' is standard input.",
	NULL,
};

const struct cli_command cli_command_teardown = {
	.name = "teardown",
	.arguments = "CONFIG|NAME",
	.text = "End a broker, and delete or restore the links that 'setup' left",
	.more = more,
	CLI_OPTIONS(options),
	.min_args = 1,
	.max_args = 1,
	.takes = CLI_BROKER,
	.fields = host_setup_help,
	.report = &host_teardown_table,
	.run = run,
};
