/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * 'vhostctl plan': what setup would do, and whether a host could do it, from documents alone.
 * Accesses no device.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "program/cli.h"
#include "setup/config.h"

/* Could the host that wrote this vhost-caps document bring all of it up? */
static int check_caps(const struct host_setup *setup, const struct host_options *options,
		      const char *path)
{
	struct host_error error = { 0 };
	char *caps;
	int status = cli_read_text(path, &caps);

	if (status)
		return status;
	if (host_setup_check_caps(setup, options, caps, &error))
		status = cli_fail_host(path, &error);
	free(caps);
	return status;
}

/* For people the launcher's arguments are a line that can be pasted into a shell. */
static void join_launcher(struct json_object *plan)
{
	struct json_object *words;
	char *line = NULL;
	size_t size;
	FILE *out;

	if (!json_object_object_get_ex(plan, "launcher", &words))
		return;
	out = open_memstream(&line, &size);
	if (!out)
		return;
	for (size_t i = 0; i < json_object_array_length(words); i++) {
		fputs(i ? " " : "", out);
		cli_put_word(out, json_object_get_string(json_object_array_get_idx(words, i)));
	}
	if (fclose(out) == 0)
		json_object_object_add(plan, "launcher", cli_text(line));
	free(line);
}

/* And the arguments of each operation are one text. */
static void join_arguments(struct json_object *plan)
{
	struct json_object *rows, *arguments;

	if (!json_object_object_get_ex(plan, "operations", &rows))
		return;
	for (size_t i = 0; i < json_object_array_length(rows); i++) {
		struct json_object *row = json_object_array_get_idx(rows, i);
		char *text = json_object_object_get_ex(row, "arguments", &arguments)
				     ? host_plan_text(arguments)
				     : NULL;

		if (text)
			json_object_object_add(row, "arguments", cli_text(text));
		free(text);
	}
}

static int run(struct cli_call *call)
{
	const char *caps = cli_option(call, "caps")->text;
	struct host_options wanted = cli_host_options(call);
	struct host_error error = { 0 };
	struct host_setup *setup;
	int status;

	if (call->launcher && cli_option(call, "qmp")->text)
		return cli_fail(CLI_USAGE, "give --qmp, or a launcher after --",
				"a QEMU that runs is no launcher to start");
	status = cli_read_setup(call, &setup);
	if (status)
		return status;
	wanted.qmp = cli_option(call, "qmp")->text;
	if (caps)
		status = check_caps(setup, &wanted, caps);
	if (!status && host_setup_plan(setup, &wanted, &call->result, &error))
		status = cli_fail_host(call->argv[0], &error);
	host_setup_free(setup);
	if (call->result && !call->json) {
		join_launcher(call->result);
		join_arguments(call->result);
	}
	return status;
}

static const struct cli_option options[] = {
	{ "user", 'u', "USER", CLI_USER, .help = "as for 'setup'" },
	{ "caps", 'c', "FILE", CLI_FILE,
	  .help = "check against the host where 'caps --json' wrote FILE" },
	{ "qmp", 'm', "SOCKET", CLI_FILE,
	  .help = "the steps of 'attach' for this QEMU, which is not asked" },
	CLI_KEEP_OPTION,
	CLI_SET_OPTION,
};

static const char *const more[] = {
	"Prints the steps of 'setup', or with --qmp those of 'attach', and executes none.  With a launcher,",
	"also prints its command line with the fds filled in, as a shell reads it.  CONFIG '-' is standard",
	"input.",
	NULL,
};

const struct cli_command cli_command_plan = {
	.name = "plan",
	.arguments = "CONFIG [-- LAUNCHER [ARGUMENT]...]",
	.text = "Show what 'setup' or 'attach' would do",
	.more = more,
	CLI_OPTIONS(options),
	.min_args = 1,
	.max_args = 1,
	.takes = CLI_FILE,
	.launcher = true,
	.run = run,
};
