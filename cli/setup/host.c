/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The commands that look at this host: caps, doctor.
 */
#include <stdlib.h>
#include <string.h>

#include "program/cli.h"
#include "setup/config.h"

static int run_caps(struct cli_call *call)
{
	char *text;

	if (vhc_caps_probe(call->ctx, &text))
		return cli_fail_library(call);
	call->result = json_tokener_parse(text);
	free(text);
	if (!call->result)
		return cli_fail(CLI_FAILED, NULL, "out of memory");
	host_caps_advise(call->result);
	return CLI_YES;
}

static int run_doctor(struct cli_call *call)
{
	struct host_error error = { 0 };
	bool ok = false;

	if (cli_option(call, "queue-pairs")->count && !cli_option(call, "link")->count)
		return cli_fail(CLI_USAGE, NULL,
				"--queue-pairs is of the tap of --link, which is missing");
	if (host_doctor(cli_option(call, "user")->text, cli_option(call, "link")->text,
			(uint32_t)cli_option(call, "queue-pairs")->number, &call->result, &ok,
			&error))
		return cli_fail_host("", &error);
	return ok ? CLI_YES : CLI_NO;
}

static const char *const caps_help[] = {
	"Opens every vhost device, asks a scratch tap, and changes nothing.  With --json the result is",
	"a vhost-caps document, for 'plan --caps' and 'check --host' here or on another host.",
	NULL,
};

const struct cli_command cli_command_caps = {
	.name = "caps",
	.arguments = "",
	.text = "Show what this host supports",
	.more = caps_help,
	.run = run_caps,
};

static const struct cli_option doctor_options[] = {
	{ "user", 'u', "USER", CLI_USER, .help = "check for this user instead of the caller" },
	{ "link", 'l', "NAME", CLI_TEXT, .help = "check this tap, too" },
	{ "queue-pairs", 'p', "PAIRS", CLI_NUMBER, .min = 1, .max = 128,
	  .help = "with --link: for a device with so many" },
	CLI_HTML_OPTION,
};

static const char *const doctor_titles[CLI_LACKS + 1] = {
	[CLI_YES] = "What vhost-net needs can be used",
	[CLI_NO] = "Something that vhost-net needs cannot be used",
};

static bool says_no(struct json_object *finding)
{
	const char *result = json_object_get_string(json_object_object_get(finding, "result"));

	return json_object_get_boolean(json_object_object_get(finding, "needed")) &&
	       strcmp(result, "ok") && strcmp(result, "info") && strcmp(result, "low");
}

static bool any_says_no(const struct cli_call *call, const char *key)
{
	struct json_object *findings;

	if (!json_object_object_get_ex(call->result, key, &findings))
		return false;
	for (size_t i = 0; i < json_object_array_length(findings); i++)
		if (says_no(json_object_array_get_idx(findings, i)))
			return true;
	return false;
}

/* With a link it says of both whether they can be used. */
static const char *doctor_title(const struct cli_call *call, int status)
{
	static const char *const titles[2][2] = {
		{ "What vhost-net needs, and the link, can be used",
		  "The link cannot be used; what vhost-net needs can" },
		{ "Something that vhost-net needs cannot be used; the link can",
		  "Something that vhost-net needs, and the link, cannot be used" },
	};

	if (!cli_option(call, "link")->text)
		return doctor_titles[status];
	return titles[any_says_no(call, "checks")][any_says_no(call, "link_checks")];
}

static const char *const doctor_help[] = {
	"Opens each device that vhost needs, creates a tap that goes at once, checks the limits, and for",
	"everything that is missing prints the command that fixes it.  The taps of running vhost devices",
	"are looked at for dropped frames and other faults.  The answer is no if vhost-net, or the link,",
	"cannot be used.",
	NULL,
};

const struct cli_command cli_command_doctor = {
	.name = "doctor",
	.arguments = "",
	.text = "Show what is missing on this host and how to fix it",
	.more = doctor_help,
	CLI_OPTIONS(doctor_options),
	.report = &host_doctor_table,
	.titles = doctor_titles,
	.title = doctor_title,
	.run = run_doctor,
};
