/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The commands that read a vhost-setup document, and what they share.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "setup/serve.h"
#include "errname.h"

int cli_fail_host(const char *document, const struct host_error *error)
{
	const bool input = error->status == HOST_DOCUMENT;
	char where[PATH_MAX];

	snprintf(where, sizeof(where), "%s%s%s", input ? cli_document(document) : "",
		 input && *error->where ? ": " : "", error->where);
	return cli_fail_at((enum cli_status)error->status, where, error->hint, error->text);
}

int cli_read_setup_of(struct cli_call *call, const char *path, struct host_setup **ret)
{
	struct host_error error = { 0 };
	size_t length;
	char *text;
	int status = cli_read(path, &text, &length);

	if (status)
		return status;
	if (host_setup_read(call->ctx, text, length, call->variables, ret, &error))
		status = cli_fail_host(path, &error);
	else
		host_setup_advise(*ret, cli_say, call);
	free(text);
	return status;
}

int cli_read_setup(struct cli_call *call, struct host_setup **ret)
{
	return cli_read_setup_of(call, call->argv[0], ret);
}

void cli_say(void *data, const char *line)
{
	cli_warn(data, "%s", line);
}

/* A report that describes what is about to run. */
struct reported {
	struct cli_call *call;
	const char *path; /* NULL: none is wanted */
	bool tried, written;
};

static void say_beside(void *data, const char *line)
{
	cli_say(((struct reported *)data)->call, line);
}

/* The launcher, which runs next, inherits stdout: the report goes to a file. */
static int write_report(void *data, struct json_object *report, struct host_error *err)
{
	struct reported *reported = data;
	int r = reported->path ? cli_file_write(reported->path, cli_write_json, report) : 0;
	char number[DOC_ERRNO_MAX];

	reported->tried = true;
	reported->written = reported->path && r == 0;
	if (r == 0)
		return 0;
	*err = (struct host_error){ .status = HOST_FAILED };
	snprintf(err->text, sizeof(err->text), "cannot write the report to %s: %s", reported->path,
		 doc_errno(number, r));
	return r;
}

struct host_options cli_host_options(struct cli_call *call)
{
	return (struct host_options){ .ctx = call->ctx,
				      .launcher = call->launcher,
				      .keep = call->fds,
				      .keep_count = call->fd_count,
				      .user = cli_option(call, "user")->text,
				      .say = cli_say,
				      .data = call };
}

/*
 * Of the devices that the launcher reaches by vhost-user, if there are any; but not for a launcher whose
 * arguments are wrong.
 */
static int start_broker(struct cli_call *call, const struct host_setup *setup,
			struct host_options *options, struct cli_broker *ret)
{
	struct host_error error = { 0 };
	struct json_object *plan;
	int status;

	if (!host_setup_has_served(setup))
		return cli_option(call, "timeout")->count
			       ? cli_fail(CLI_USAGE, "leave it out",
					  "--timeout is of devices with \"attach\": "
					  "\"vhost-user\", and the config has none")
			       : CLI_YES;
	if (host_setup_plan(setup, options, &plan, &error))
		return cli_fail_host(call->argv[0], &error);
	json_object_put(plan);
	status = cli_broker_start(call, setup, false, ret);
	options->served = status ? NULL : ret->report;
	return status;
}

static int set_up(struct cli_call *call, struct reported *reported)
{
	struct cli_broker broker;
	struct host_options options = cli_host_options(call);
	struct host_error error = { 0 };
	struct host_setup *setup;
	int status, r;

	status = cli_read_setup(call, &setup);
	if (status)
		return status;
	status = reported->path ? cli_file_check(reported->path) : CLI_YES;
	if (status) {
		host_setup_free(setup);
		return status;
	}
	options.no_new_privs = cli_option(call, "no-new-privs")->count;
	options.say = say_beside;
	options.ready = write_report;
	options.data = reported;
	status = start_broker(call, setup, &options, &broker);
	if (status) {
		host_setup_free(setup);
		return status;
	}
	r = host_setup_run(setup, &options, &error);
	if (options.served)
		cli_broker_end(call, &broker);
	host_setup_free(setup);
	if (r == 0)
		return (int)error.status; /* the launcher's */
	if (reported->written)
		cli_file_remove(reported->path);
	return cli_fail_host(call->argv[0], &error);
}

static int run_setup(struct cli_call *call)
{
	struct reported reported = { .call = call, .path = cli_option(call, "report")->text };
	int status;

	if (!call->launcher)
		return cli_set_up_served(call);
	if (!call->launcher[0])
		return cli_fail_no_launcher();
	if (cli_option(call, "shell")->count)
		return cli_fail(CLI_USAGE, "leave one of them out",
				"--shell is for a set-up without a launcher");
	status = set_up(call, &reported);
	/* whoever sent a signal waits for the end of this process */
	if (status && status < (int)HOST_SIGNAL && reported.path && !reported.tried)
		cli_file_end(reported.path);
	return status;
}

static int run_validate(struct cli_call *call)
{
	struct host_setup *setup;
	int status = cli_read_setup(call, &setup);

	if (status)
		return status;
	call->result = host_setup_write(setup);
	host_setup_free(setup);
	return call->result ? CLI_YES : cli_fail(CLI_FAILED, NULL, "out of memory");
}

static const struct cli_option setup_options[] = {
	{ "user", 'u', "USER", CLI_USER, .help = "run the launcher as this user" },
	{ "no-new-privs", 'n', NULL, CLI_FLAG, .help = "the launcher cannot gain privileges" },
	{ "report", 'r', "FILE", CLI_FILE, .help = "write what was set up to FILE, as JSON" },
	{ "shell", 'e', NULL, CLI_FLAG, .help = "without a launcher: print variables for eval" },
	CLI_SERVE_TIMEOUT_OPTION("by vhost-user: "),
	CLI_KEEP_OPTION,
	CLI_SET_OPTION,
};

static const char *const setup_help[] = {
	"Creates the links and opens the devices of a vhost-setup document, then executes the launcher",
	"with their fds and no others.  All or nothing: if a step fails, those before it are undone.",
	"In the launcher's arguments, tokens are replaced with the values of device ID, by launcher.style:",
	"  qemu, stratovirt    -netdev @ID.netdev@ -device @ID.device@; vsock: -device @ID.device@",
	"  cloud-hypervisor    --net @ID.net@",
	"  crosvm              --net @ID.net@; vsock: --vsock @ID.cid@ --vhost-vsock-fd @ID.fd@",
	"  kvmtool             --network @ID.net@",
	"  firecracker         @ID.net@, in its configuration",
	"  listen-fds, env     none are needed: the environment has it all",
	"  any, by vhost-user  @ID.socket@; QEMU: -chardev @ID.chardev@ before the other two",
	"  any                 @ID.tapfds@, @ID.vhostfds@, @ID.tap@, @ID.mac@, @ID.mtu@, @ID.queues@, ...",
	"What CONFIG requests and neither they nor the environment tell the launcher is an error.",
	"Without a launcher, devices with \"attach\": \"vhost-user\" are served in the background until",
	"'vhostctl teardown NAME', and this prints where launchers connect to them.",
	"CONFIG '-' is standard input.",
	NULL,
};

const struct cli_command cli_command_setup = {
	.name = "setup",
	.arguments = "CONFIG [-- LAUNCHER [ARGUMENT]...]",
	.text = "Bring devices up and run a launcher on them, or serve them",
	.more = setup_help,
	CLI_OPTIONS(setup_options),
	.min_args = 1,
	.max_args = 1,
	.takes = CLI_FILE,
	.launcher = true,
	.fields = host_setup_help,
	.report = &host_report_table,
	.run = run_setup,
};

static const struct cli_option validate_options[] = { CLI_SET_OPTION };

static const char *const validate_help[] = {
	"Prints the document with all defaults filled in.  CONFIG '-' is standard input.",
	NULL,
};

const struct cli_command cli_command_validate = {
	.name = "validate",
	.arguments = "CONFIG",
	.text = "Check a vhost-setup document",
	.more = validate_help,
	CLI_OPTIONS(validate_options),
	.min_args = 1,
	.max_args = 1,
	.takes = CLI_FILE,
	.fields = host_setup_help,
	.run = run_validate,
};
