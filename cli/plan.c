/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * 'vhostctl plan': what setup would do, and whether a host could do it, from documents alone.
 * Accesses no device.
 */
#include <stdlib.h>

#include "cli.h"
#include "config.h"

/* Could the host that wrote this vhost-caps document bring all of it up? */
static int check_caps(const struct host_setup *setup, const struct host_options *options,
		      const char *path)
{
	struct host_error error = { 0 };
	size_t length;
	char *caps;
	int status = cli_read(path, &caps, &length);

	if (status)
		return status;
	if (host_setup_check_caps(setup, options, caps, &error))
		status = cli_fail_host(path, &error);
	free(caps);
	return status;
}

static int run(struct cli_call *call)
{
	const char *caps = cli_option(call, "caps")->text;
	struct host_options wanted = cli_host_options(call);
	struct host_error error = { 0 };
	struct host_setup *setup;
	int status = cli_read_setup(call, &setup);

	if (status)
		return status;
	if (caps)
		status = check_caps(setup, &wanted, caps);
	if (!status && host_setup_plan(setup, &wanted, &call->result, &error))
		status = cli_fail_host(call->argv[0], &error);
	host_setup_free(setup);
	return status;
}

static const struct cli_option options[] = {
	{ "user", 'u', "USER", CLI_USER, .help = "as for 'setup'" },
	{ "caps", 'c', "FILE", CLI_FILE,
	  .help = "check against the host where 'caps --json' wrote FILE" },
	CLI_SET_OPTION,
};

static const char *const more[] = {
	"Prints the steps of 'setup' and executes none.  With a launcher, also prints its command line",
	"with the fds filled in.  CONFIG '-' is standard input.",
	NULL,
};

const struct cli_command cli_command_plan = {
	.name = "plan",
	.arguments = "CONFIG [-- LAUNCHER [ARGUMENT]...]",
	.text = "Show what 'setup' would do",
	.more = more,
	CLI_OPTIONS(options),
	.min_args = 1,
	.max_args = 1,
	.takes = CLI_FILE,
	.launcher = true,
	.run = run,
};
