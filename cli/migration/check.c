/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * 'vhostctl check': can a guest with this device move to that host, or to this one?
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "setup/config.h"
#include "migration/state.h"

/* Why a node does not open, and what helps, is what 'vhostctl caps' would say. */
static int probe_host(struct cli_call *call, char **ret)
{
	struct json_object *caps;
	char *text;

	if (vhc_caps_probe(call->ctx, &text))
		return cli_fail_library(call);
	caps = json_tokener_parse(text);
	free(text);
	host_caps_advise(caps);
	text = caps ? strdup(json_object_to_json_string(caps)) : NULL;
	json_object_put(caps);
	*ret = text;
	return text ? CLI_YES : cli_fail(CLI_FAILED, NULL, "out of memory");
}

static int read_host(struct cli_call *call, const char *path, char **ret)
{
	return path ? cli_read_text(path, ret) : probe_host(call, ret);
}

/* The features of the launcher's device model that are not known are assumed to be there. */
static int assume_model(struct cli_call *call, const char *path, struct cli_state *state)
{
	struct json_object *partial;
	enum vhc_type type = strcmp(cli_member_text(state->tree, "type"), "vsock") ? VHC_TYPE_NET
										   : VHC_TYPE_VSOCK;
	char *sealed;

	if (!json_object_object_get_ex(state->tree, "partial", &partial))
		return CLI_YES;
	for (size_t i = 0; i < json_object_array_length(partial); i++) {
		const uint64_t unknown = cli_tree_number(json_object_array_get_idx(partial, i));
		uint64_t word = unknown;
		char text[24];

		for (unsigned int bit = 0; bit < 64; bit++) {
			const struct vhc_feature *feature =
				vhc_feature_get(type, (uint32_t)i * 64 + bit);

			if (!feature || feature->origin == VHC_ORIGIN_MODEL)
				word &= ~(UINT64_C(1) << bit);
		}
		state->assumed[i] = unknown & ~word;
		snprintf(text, sizeof(text), "0x%" PRIx64, word);
		json_object_array_put_idx(partial, i, cli_text(text));
	}
	if (vhc_state_seal(call->ctx, json_object_to_json_string(state->tree), &sealed))
		return cli_fail_document(call, path);
	free(state->text);
	state->text = sealed;
	return CLI_YES;
}

/* What a source that is QEMU does when the destination refuses: it says that all is well. */
static const char advice[] =
	"with QEMU, set the migration capability return-path on both sides: without it the source "
	"reports completed even if the destination failed; cont on the source brings the guest back";

/* The library says whom to ask about what is not known; the commands that do so are this program's. */
static void name_commands(struct json_object *report)
{
	static const struct {
		const char *what, *origin, *command;
	} rows[] = {
		{ "features", "vhost+tap", "vhostctl dump --qmp" },
		{ "features", "model", "vhostctl dump --qmp; or vhostctl check --assume-model" },
		{ "regions", "model", "vhostctl dump PID --qmp SOCKET ID, as root" },
	};
	struct json_object *findings = json_object_object_get(report, "findings");

	for (size_t i = 0; i < json_object_array_length(findings); i++) {
		struct json_object *finding = json_object_array_get_idx(findings, i);
		const char *what = cli_member_text(finding, "what");
		const char *origin = cli_member_text(finding, "origin");
		char remedy[200];

		for (size_t n = 0; n < DOC_COUNT(rows); n++) {
			if (cli_member_bool(finding, "known") || strcmp(what, rows[n].what) ||
			    strcmp(origin, rows[n].origin))
				continue;
			snprintf(remedy, sizeof(remedy), "%s: %s",
				 cli_member_text(finding, "remedy"), rows[n].command);
			json_object_object_add(finding, "remedy", cli_text(remedy));
		}
	}
}

static int put_report(struct cli_call *call, const char *json, const struct cli_state *state)
{
	const char *path = cli_option(call, "host")->text;
	const char *config = cli_option(call, "config")->text;
	int status = CLI_YES;

	call->result = json_tokener_parse(json);
	if (!call->result)
		return cli_fail(CLI_FAILED, NULL, "out of memory");
	name_commands(call->result);
	json_object_object_add(call->result, "host",
			       cli_text(path ? cli_document(path) : "this host"));
	json_object_object_add(call->result, "advice", cli_text(advice));
	if (config)
		status = cli_check_config(call, config, state, call->result);
	if (!status && cli_option(call, "qmp")->count)
		status = cli_check_qemu(call, state, call->result);
	if (status) {
		json_object_put(call->result);
		call->result = NULL;
		return status;
	}
	if (cli_member_bool(call->result, "possible"))
		return CLI_YES;
	return cli_member_bool(call->result, "known") ? CLI_NO : CLI_LACKS;
}

static int run(struct cli_call *call)
{
	const char *path = cli_option(call, "host")->text;
	const char *config = cli_option(call, "config")->text;
	struct cli_state state = { NULL, NULL };
	char *host = NULL, *report = NULL;
	int status = cli_check_inputs(call->argv[0], path);
	int r;

	status = status ? status : cli_check_inputs(call->argv[0], config);
	status = status ? status : cli_check_inputs(path, config);
	if (!status)
		status = cli_read_state(call, call->argv[0], &state);
	if (!status && cli_option(call, "assume-model")->count)
		status = assume_model(call, call->argv[0], &state);
	if (!status)
		status = read_host(call, path, &host);
	if (!status) {
		r = vhc_caps_check(call->ctx, host, state.text, &report);
		/* the state was found right before */
		if (r && r != -EOPNOTSUPP && r != -ENODATA)
			status = cli_fail_document(call, path ? path : "the capabilities");
		else
			status = put_report(call, report, &state);
	}
	free(report);
	free(host);
	cli_free_state(&state);
	return status;
}

static const struct cli_option options[] = {
	{ "host", 'H', "CAPS", CLI_FILE,
	  .help = "the host where 'caps --json' wrote CAPS, instead of this one" },
	{ "config", 'c', "CONFIG", CLI_FILE,
	  .help = "also: can the device of this config, with which it is to go on there, take it" },
	{ "assume-model", 'a', NULL, CLI_FLAG,
	  .help = "the launcher there has all features of its own that the guest may have" },
	CLI_SET_OPTION,
	CLI_QMP_OPTIONS,
	CLI_HTML_OPTION,
};

static const char *const more[] = {
	"Takes the vhost-state document of a device, running or stopped, and checks whether a host has",
	"everything that its guest has negotiated.  STATE or CAPS may be '-', standard input.  The",
	"answer is also no if the device's node, such as /dev/vhost-net, is not there.  The status is 4",
	"if it cannot be told, since something of the host or of the guest is not known.  With --qmp the",
	"QEMU that waits there for the guest is checked, too.",
	NULL,
};

static const char *const titles[CLI_LACKS + 1] = {
	[CLI_YES] = "The guest can move",
	[CLI_NO] = "The guest cannot move",
	[CLI_LACKS] = "It cannot be told whether the guest can move",
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
	.titles = titles,
	.run = run,
};
