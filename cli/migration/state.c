/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The commands that read one vhost-state document, and what other commands share with them.
 */
#include "migration/state.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int cli_fail_document(const struct cli_call *call, const char *path)
{
	const struct vhc_error *error = vhc_ctx_get_error(call->ctx);

	if (error->code != -EINVAL && error->code != -E2BIG)
		return cli_fail_library(call);
	return cli_fail_at(CLI_INPUT, cli_document(path), error->hint, error->text);
}

int cli_read_state(struct cli_call *call, const char *path, struct cli_state *ret)
{
	struct cli_state state = { NULL, NULL };
	int status = cli_read_text(path, &state.text);

	if (status)
		return status;
	if (vhc_state_check(call->ctx, state.text))
		status = cli_fail_document(call, path);
	else if (!(state.tree = json_tokener_parse(state.text)))
		status = cli_fail(CLI_FAILED, NULL, "out of memory");
	if (status)
		cli_free_state(&state);
	else
		*ret = state;
	return status;
}

void cli_free_state(struct cli_state *state)
{
	json_object_put(state->tree);
	free(state->text);
	*state = (struct cli_state){ NULL, NULL };
}

int cli_check_inputs(const char *a, const char *b)
{
	if (!a || !b || strcmp(a, "-") || strcmp(b, "-"))
		return CLI_YES;
	return cli_fail(CLI_USAGE, "write one of them to a file", "both documents are '-'");
}

uint64_t cli_tree_number(struct json_object *value)
{
	if (json_object_is_type(value, json_type_string))
		return strtoull(json_object_get_string(value), NULL, 0);
	return json_object_get_uint64(value);
}

const char *cli_member_text(struct json_object *object, const char *key)
{
	return json_object_get_string(json_object_object_get(object, key));
}

uint64_t cli_member_number(struct json_object *object, const char *key)
{
	return cli_tree_number(json_object_object_get(object, key));
}

bool cli_member_bool(struct json_object *object, const char *key)
{
	return json_object_get_boolean(json_object_object_get(object, key));
}

static int run_show(struct cli_call *call)
{
	struct cli_state state;
	int status = cli_read_state(call, call->argv[0], &state);

	if (status)
		return status;
	call->result = json_object_get(state.tree);
	cli_free_state(&state);
	return CLI_YES;
}

struct check {
	const char *command;
	const char *device, *type;
	uint64_t queue_pairs;
	bool running, loadable;
};

static const struct doc_field state_check_fields[] = {
	CLI_COMMAND_FIELD(check),
	DOC_NEED(check, device, DOC_STRING, .help = "the device's id"),
	DOC_NEED(check, type, DOC_STRING, .help = "type of device"),
	DOC_NEED(check, queue_pairs, DOC_UINT, .help = "pairs of a receive and a transmit ring"),
	DOC_NEED(check, running, DOC_BOOL, .help = "is it a snapshot of a running device"),
	DOC_NEED(check, loadable, DOC_BOOL, .help = "could a device be loaded from it"),
};

static const struct doc_table check_table =
	DOC_TABLE("vhost-report", check, state_check_fields, "a valid vhost-state document");

static int run_check(struct cli_call *call)
{
	struct check report = { .command = call->command->name };
	struct cli_state state;
	int status = cli_read_state(call, call->argv[0], &state);

	if (status)
		return status;
	report.device = cli_member_text(state.tree, "device");
	report.type = cli_member_text(state.tree, "type");
	report.queue_pairs = cli_member_number(state.tree, "queue_pairs");
	report.running = cli_member_bool(state.tree, "running");
	report.loadable =
		!report.running && !json_object_object_get_ex(state.tree, "partial", NULL);
	cli_write(call, &check_table, &report);
	cli_free_state(&state);
	return CLI_YES;
}

static const char *const show_help[] = {
	"Prints what a valid vhost-state document contains; with --json, the document itself.",
	"FILE '-' is standard input.",
	NULL,
};

const struct cli_command cli_command_state_show = {
	.name = "state show",
	.arguments = "FILE",
	.text = "Show a vhost-state document",
	.more = show_help,
	.min_args = 1,
	.max_args = 1,
	.takes = CLI_FILE,
	.run = run_show,
};

static const char *const check_help[] = {
	"Checks the format, the checksum, and whether a device can be in that state at all.  Asks no",
	"host: that is 'check'.  FILE '-' is standard input.",
	NULL,
};

const struct cli_command cli_command_state_check = {
	.name = "state check",
	.arguments = "FILE",
	.text = "Check a vhost-state document",
	.more = check_help,
	.min_args = 1,
	.max_args = 1,
	.takes = CLI_FILE,
	.report = &check_table,
	.run = run_check,
};
