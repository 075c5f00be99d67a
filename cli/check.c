/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cli/check - 'vhostctl check': can the guest whose device this is move to that host, or to this one?
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "documents.h"
#include "state.h"

#define FEATURES_MAX 256u

/* The capabilities of a host, with the tree of their document. */
struct host {
	char *text;
	struct json_object *tree;
};

static int read_host(struct cli_call *call, const char *path, struct host *ret)
{
	size_t length;
	int status;

	if (!path)
		return vhc_caps_probe(call->ctx, &ret->text) ? cli_fail_library(call) : CLI_YES;
	status = cli_read(path, &ret->text, &length);
	if (!status && strlen(ret->text) != length)
		status = cli_fail(CLI_INPUT, NULL, "%s: a NUL byte at offset %zu",
				  cli_document(path), strlen(ret->text));
	return status;
}

/* ------------------------------------------------------------------------ what is missing, as rows */

static bool has_bit(struct json_object *words, uint64_t bit)
{
	return bit / 64 < json_object_array_length(words) &&
	       cli_tree_number(json_object_array_get_idx(words, bit / 64)) >> bit % 64 & 1;
}

static struct json_object *vhost_net(struct json_object *caps)
{
	struct json_object *nodes = json_object_object_get(caps, "nodes");

	for (size_t i = 0; i < json_object_array_length(nodes); i++) {
		struct json_object *node = json_object_array_get_idx(nodes, i);

		if (!strcmp(cli_member_text(node, "path"), "/dev/vhost-net"))
			return node;
	}
	return NULL;
}

/* Does a part of that host lack this bit, as far as it could be asked?  @asked: the key that says so. */
static bool lacks(struct json_object *part, const char *asked, uint64_t bit)
{
	return cli_member_bool(part, asked) && !has_bit(json_object_object_get(part, "words"), bit);
}

/* The features of the document that the host does not have: @rows has FEATURES_MAX. */
static size_t find_missing(struct json_object *state, struct json_object *caps,
			   struct cli_missing *rows)
{
	struct json_object *features = json_object_object_get(state, "features");
	struct json_object *node = vhost_net(caps), *tap = json_object_object_get(caps, "tap");
	size_t count = 0;

	for (size_t i = 0; i < json_object_array_length(features); i++) {
		struct json_object *feature = json_object_array_get_idx(features, i);
		const char *origin = cli_member_text(feature, "origin");
		uint64_t bit = cli_member_number(feature, "bit");
		bool vhost = strstr(origin, "vhost") && lacks(node, "opens", bit);
		bool link = strstr(origin, "tap") && lacks(tap, "probed", bit);

		if (vhost || link)
			rows[count++] = (struct cli_missing){
				.bit = bit,
				.name = cli_member_text(feature, "name"),
				.lacking = vhost && link ? "vhost+tap"
					   : vhost	 ? "vhost"
							 : "tap",
			};
	}
	return count;
}

static int put_report(struct cli_call *call, const struct cli_state *state, struct host *host,
		      const char *path, bool possible)
{
	const struct vhc_error *error = vhc_ctx_get_error(call->ctx);
	struct cli_missing rows[FEATURES_MAX];
	struct cli_check report = {
		.command = call->command->name,
		.device = cli_member_text(state->tree, "device"),
		.host = path ? cli_document(path) : "this host",
		.possible = possible,
		.reason = possible ? "" : error->text,
		.remedy = possible ? "" : error->hint,
		.missing = { rows, 0 },
	};

	host->tree = json_tokener_parse(host->text);
	if (!host->tree)
		return cli_fail(CLI_FAILED, NULL, "out of memory");
	if (!possible)
		report.missing.count = find_missing(state->tree, host->tree, rows);
	cli_write(call, &cli_check_table, &report);
	return possible ? CLI_YES : CLI_NO;
}

int cli_check(struct cli_call *call)
{
	const char *path = cli_option(call, "host")->text;
	struct cli_state state = { NULL, NULL };
	struct host host = { NULL, NULL };
	int status = cli_check_inputs(call->argv[0], path);
	int r;

	if (!status)
		status = cli_read_state(call, call->argv[0], &state);
	if (!status)
		status = read_host(call, path, &host);
	if (!status) {
		r = vhc_caps_check(call->ctx, host.text, state.text);
		/* the state was found right before */
		if (r && r != -EOPNOTSUPP)
			status = cli_fail_document(call, path ? path : "the capabilities");
		else
			status = put_report(call, &state, &host, path, !r);
	}
	json_object_put(host.tree);
	free(host.text);
	cli_free_state(&state);
	return status;
}
