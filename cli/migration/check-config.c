/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Can a config's device continue one with this state?  What no host tells, since it is the launcher's:
 * sizes, queues, MTU, and what it masks.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "setup/config.h"
#include "migration/state.h"

/* The device of the config, the state, and the report that gets the reasons. */
struct compared {
	struct cli_call *call;
	struct json_object *config, *state, *report;
	enum vhc_type type;
};

__attribute__((format(printf, 5, 0))) static void add_row(struct json_object *report,
							  const char *what, const char *remedy,
							  bool known, const char *format,
							  va_list args)
{
	struct json_object *row =
		cli_add(json_object_object_get(report, "findings"), NULL, cli_object());
	char text[1500];

	vsnprintf(text, sizeof(text), format, args);
	cli_add(row, "what", cli_text(what));
	cli_add(row, "origin", cli_text("model"));
	cli_add(row, "known", cli_bool(known));
	cli_add(row, "text", cli_text(text));
	cli_add(row, "remedy", cli_text(remedy));
	json_object_object_add(report, "possible", cli_bool(false));
}

void cli_add_finding(struct json_object *report, const char *what, const char *remedy,
		     const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add_row(report, what, remedy, true, format, args);
	va_end(args);
	json_object_object_add(report, "known", cli_bool(true));
}

void cli_add_unknown(struct json_object *report, const char *what, const char *remedy,
		     const char *format, ...)
{
	bool possible = cli_member_bool(report, "possible");
	va_list args;

	va_start(args, format);
	add_row(report, what, remedy, false, format, args);
	va_end(args);
	if (possible)
		json_object_object_add(report, "known", cli_bool(false));
}

/* 0: not given */
static unsigned long long number(struct json_object *object, const char *key)
{
	struct json_object *value;

	return json_object_object_get_ex(object, key, &value) ? cli_tree_number(value) : 0;
}

static void check_queue_pairs(struct compared *compared)
{
	unsigned long long has = number(compared->state, "queue_pairs");
	unsigned long long there = number(compared->config, "queue_pairs");

	if (has != there)
		cli_add_finding(compared->report, "queue_pairs", "set queue_pairs of the config",
				"the guest has %llu queue pair%s, and the config has %llu", has,
				has == 1 ? "" : "s", there);
}

static void check_ring_size(struct compared *compared)
{
	struct json_object *rings = json_object_object_get(compared->state, "rings");
	unsigned long long there = number(compared->config, "ring_size");

	for (size_t i = 0; i < json_object_array_length(rings); i++) {
		struct json_object *ring = json_object_array_get_idx(rings, i);
		unsigned long long size = number(ring, "size");

		if (size <= there)
			continue;
		cli_add_finding(compared->report, "ring_size", "set ring_size of the config",
				"ring %llu has %llu entries, and the config has at most %llu",
				number(ring, "index"), size, there);
		return;
	}
}

/* A launcher takes a state with another MTU, and the guest goes on with the one that it was told. */
static void check_mtu(struct compared *compared)
{
	struct json_object *tap = json_object_object_get(compared->config, "tap");
	unsigned long long told = number(compared->state, "mtu"), there = number(tap, "mtu");

	if (told && told != there)
		cli_add_finding(
			compared->report, "mtu", "set tap.mtu of the config",
			there ? "the guest was told an MTU of %llu, and the config has %llu"
			      : "the guest was told an MTU of %llu, and the config has none",
			told, there);
}

static void check_vhost(struct compared *compared)
{
	if (!strcmp(cli_member_text(compared->config, "vhost"), "off"))
		cli_add_finding(compared->report, "vhost", "set vhost of the config",
				"the device runs with vhost, and the config has it off");
}

static struct vhc_features read_words(struct json_object *state)
{
	struct json_object *words = json_object_object_get(state, "words");
	struct vhc_features set = { { 0 } };

	for (size_t i = 0; i < json_object_array_length(words) && i < 4; i++)
		set.w[i] = cli_tree_number(json_object_array_get_idx(words, i));
	return set;
}

/* The names were checked when the config was read. */
static void check_mask(struct compared *compared)
{
	struct vhc_features acked = read_words(compared->state), masked = { { 0 } }, one;
	struct json_object *features, *mask;
	char *names = NULL;

	if (!json_object_object_get_ex(compared->config, "features", &features) ||
	    !json_object_object_get_ex(features, "mask", &mask))
		return;
	for (size_t i = 0; i < json_object_array_length(mask); i++) {
		if (vhc_features_parse(compared->call->ctx, compared->type,
				       json_object_get_string(json_object_array_get_idx(mask, i)),
				       &one))
			continue;
		for (int w = 0; w < 4; w++)
			masked.w[w] |= one.w[w] & acked.w[w];
	}
	if (!(masked.w[0] | masked.w[1] | masked.w[2] | masked.w[3]) ||
	    vhc_features_format(compared->call->ctx, compared->type, &masked, &names))
		return;
	cli_add_finding(compared->report, "features",
			"take them out of features.mask of the config",
			"the guest has features that the config masks: %s", names);
	free(names);
}

/* The one with the same id, or the only one of this type. */
static struct json_object *find_device(struct json_object *config, struct json_object *state)
{
	struct json_object *devices = json_object_object_get(config, "devices"), *found = NULL;
	const char *type = cli_member_text(state, "type"), *id = cli_member_text(state, "device");
	size_t count = 0;

	for (size_t i = 0; i < json_object_array_length(devices); i++) {
		struct json_object *device = json_object_array_get_idx(devices, i);

		if (strcmp(cli_member_text(device, "type"), type))
			continue;
		if (!strcmp(cli_member_text(device, "id"), id))
			return device;
		found = device;
		count++;
	}
	return count == 1 ? found : NULL;
}

static int compare(struct compared *compared, struct json_object *config, const char *path)
{
	const char *type = cli_member_text(compared->state, "type");

	compared->config = find_device(config, compared->state);
	if (!compared->config)
		return cli_fail(CLI_INPUT, "name its device as the state does",
				"%s: it has no %s device \"%s\", nor just one of this type",
				cli_document(path), type,
				cli_member_text(compared->state, "device"));
	compared->type = strcmp(type, "vsock") ? VHC_TYPE_NET : VHC_TYPE_VSOCK;
	check_mask(compared);
	if (compared->type == VHC_TYPE_VSOCK)
		return CLI_YES; /* it has no queue pairs, and none runs without vhost */
	check_vhost(compared);
	check_queue_pairs(compared);
	check_ring_size(compared);
	check_mtu(compared);
	return CLI_YES;
}

int cli_check_config(struct cli_call *call, const char *path, const struct cli_state *state,
		     struct json_object *report)
{
	struct compared compared = { .call = call, .state = state->tree, .report = report };
	struct json_object *config;
	struct host_setup *setup;
	int status = cli_read_setup_of(call, path, &setup);

	if (status)
		return status;
	config = host_setup_write(setup);
	host_setup_free(setup);
	if (!config)
		return cli_fail(CLI_FAILED, NULL, "out of memory");
	status = compare(&compared, config, path);
	json_object_put(config);
	return status;
}
