/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * 'vhostctl check': can a guest with this device move to that host, or to this one?
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "state.h"

static int read_host(struct cli_call *call, const char *path, char **ret)
{
	size_t length;
	int status;

	if (!path)
		return vhc_caps_probe(call->ctx, ret) ? cli_fail_library(call) : CLI_YES;
	status = cli_read(path, ret, &length);
	if (!status && strlen(*ret) != length)
		status = cli_fail(CLI_INPUT, NULL, "%s: a NUL byte at offset %zu",
				  cli_document(path), strlen(*ret));
	return status;
}

static int put_report(struct cli_call *call, const char *json, const char *path)
{
	call->result = json_tokener_parse(json);
	if (!call->result)
		return cli_fail(CLI_FAILED, NULL, "out of memory");
	cli_add(call->result, "host", cli_text(path ? cli_document(path) : "this host"));
	if (cli_member_bool(call->result, "possible"))
		return CLI_YES;
	return cli_member_bool(call->result, "known") ? CLI_NO : CLI_LACKS;
}

static int run(struct cli_call *call)
{
	const char *path = cli_option(call, "host")->text;
	struct cli_state state = { NULL, NULL };
	char *host = NULL, *report = NULL;
	int status = cli_check_inputs(call->argv[0], path);
	int r;

	if (!status)
		status = cli_read_state(call, call->argv[0], &state);
	if (!status)
		status = read_host(call, path, &host);
	if (!status) {
		r = vhc_caps_check(call->ctx, host, state.text, &report);
		/* the state was found right before */
		if (r && r != -EOPNOTSUPP && r != -ENODATA)
			status = cli_fail_document(call, path ? path : "the capabilities");
		else
			status = put_report(call, report, path);
	}
	free(report);
	free(host);
	cli_free_state(&state);
	return status;
}

static const struct cli_option options[] = {
	{ "host", 'H', "CAPS", CLI_FILE,
	  .help = "the host where 'caps --json' wrote CAPS, instead of this one" },
};

static const char *const more[] = {
	"Takes the vhost-state document of a device, running or stopped, and checks whether a host has",
	"everything that its guest has negotiated.  STATE or CAPS may be '-', standard input.  The",
	"answer is also no if the device's node, such as /dev/vhost-net, is not there.  The status is 4",
	"if it cannot be told, since something of the host could not be seen when CAPS was written.",
	NULL,
};

const struct cli_command cli_command_check = {
	.name = "check",
	.arguments = "STATE",
	.text = "Check whether a guest can move to a host",
	.more = more,
	CLI_OPTIONS(options),
	.min_args = 1,
	.max_args = 1,
	.takes = CLI_FILE,
	.run = run,
};
