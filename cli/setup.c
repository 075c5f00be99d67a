/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cli/setup - the commands that read a vhost-setup document: setup, plan, validate.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "host.h"

static int fail(const char *document, const struct host_error *error)
{
	const bool input = error->status == HOST_DOCUMENT;

	return cli_fail((enum cli_status)error->status, error->hint, "%s%s%s%s%s",
			input ? document : "", input ? ": " : "", error->where,
			*error->where ? ": " : "", error->text);
}

static int read_setup(struct cli_call *call, struct host_setup **ret)
{
	struct host_error error = { 0 };
	size_t length;
	char *text;
	int status = cli_read(call->argv[0], &text, &length);

	if (status)
		return status;
	if (host_setup_read(call->ctx, text, length, ret, &error))
		status = fail(call->argv[0], &error);
	free(text);
	return status;
}

static void say(void *data, const char *line)
{
	cli_warn(data, "%s", line);
}

/* The launcher is next and stdout is its: the report goes to the file that was asked for. */
static void write_report(void *data, struct json_object *report)
{
	const struct cli_call *call = data;
	const char *path = cli_option(call, "report")->text;
	FILE *out = path ? fopen(path, "we") : NULL;
	bool bad;

	if (!path)
		return;
	bad = !out;
	if (out) {
		cli_print(out, report, true, false);
		bad = ferror(out);
		bad = fclose(out) || bad;
	}
	if (bad)
		cli_warn(call, "cannot write the report to %s: %s", path, strerror(errno));
}

static struct host_options options_of(struct cli_call *call)
{
	return (struct host_options){ .ctx = call->ctx,
				      .launcher = call->launcher,
				      .user = cli_option(call, "user")->text,
				      .say = say,
				      .data = call };
}

int cli_setup(struct cli_call *call)
{
	struct host_options options = options_of(call);
	struct host_error error = { 0 };
	struct host_setup *setup;
	int status;

	if (!call->launcher || !call->launcher[0])
		return cli_fail(CLI_USAGE, "vhostctl setup CONFIG -- LAUNCHER [ARGUMENT]...",
				"no launcher was given");
	status = read_setup(call, &setup);
	if (status)
		return status;
	options.no_new_privs = cli_option(call, "no-new-privs")->count;
	options.ready = write_report;
	host_setup_run(setup, &options, &error);
	host_setup_free(setup);
	return fail(call->argv[0], &error);
}

int cli_plan(struct cli_call *call)
{
	struct host_options options = options_of(call);
	struct host_error error = { 0 };
	struct host_setup *setup;
	int status = read_setup(call, &setup);

	if (status)
		return status;
	if (host_setup_plan(setup, &options, &call->result, &error))
		status = fail(call->argv[0], &error);
	host_setup_free(setup);
	return status;
}

int cli_validate(struct cli_call *call)
{
	struct json_object *report;
	struct host_setup *setup;
	int status = read_setup(call, &setup);

	if (status)
		return status;
	report = cli_report(call, call->command->name);
	cli_add(report, "valid", cli_bool(true));
	cli_add(report, "setup", host_setup_write(setup));
	host_setup_free(setup);
	return status;
}
