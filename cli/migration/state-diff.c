/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * 'vhostctl state diff': how two vhost-state documents differ in meaning, not in form.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "migration/state.h"

struct difference {
	char *what, *left, *right;
};

struct diff {
	char *command;
	bool same;
	struct doc_list differences; /* of struct difference */
};

static const struct doc_field difference_fields[] = {
	DOC_NEED(difference, what, DOC_STRING, .help = "where they differ"),
	DOC_NEED(difference, left, DOC_STRING, .help = "value in the first, or empty"),
	DOC_NEED(difference, right, DOC_STRING, .help = "value in the second, or empty"),
};

static const struct doc_table difference_table =
	DOC_PART(difference, difference_fields, "one difference");

static const struct doc_field state_diff_fields[] = {
	CLI_COMMAND_FIELD(diff),
	DOC_NEED(diff, same, DOC_BOOL, .help = "do they have the same meaning"),
	DOC_NEED(diff, differences, DOC_OBJECTS, .table = &difference_table,
		 .help = "values that differ; for features, those that only one document has"),
};

static const struct doc_table diff_table =
	DOC_TABLE("vhost-report", diff, state_diff_fields, "how two vhost-state documents differ");

/* Add a row unless both are equal.  "" stands for absent. */
__attribute__((format(printf, 4, 5))) static void add(struct doc_list *to, const char *left,
						      const char *right, const char *format, ...)
{
	struct difference *row;
	va_list args;

	if (!strcmp(left, right))
		return;
	row = cli_need(doc_append(to, sizeof(*row)));
	row->left = cli_need(strdup(left));
	row->right = cli_need(strdup(right));
	va_start(args, format);
	if (vasprintf(&row->what, format, args) < 0)
		cli_need(NULL);
	va_end(args);
}

/* -------------------------------------------------------------------------------- single values */

/* How a member is shown. */
struct member {
	const char *key;
	bool hex;
};

static const struct member device_members[] = {
	{ "device", false },
	{ "type", false },
	{ "running", false },
	{ "queue_pairs", false },
	{ "backend_features", true },
	{ "guest_cid", false },
	{ "header_bytes", false },
	{ "mtu", false },
	{ "mac", false },
	{ "offloads", false },
	{ "active_pairs", false },
	{ "partial", false },
};

static const struct member guest_members[] = { { "iommu", false } };

static const struct member ring_members[] = {
	{ "size", false }, { "format", false }, { "desc", true },     { "avail", true },
	{ "used", true },  { "base", true },	{ "enabled", false },
};

struct shown {
	char text[80];
};

/* Words of features, up to the last that is not 0. */
static void show_words(struct json_object *words, struct shown *ret)
{
	size_t count = json_object_array_length(words), at = 0;

	while (count > 1 && !cli_tree_number(json_object_array_get_idx(words, count - 1)))
		count--;
	for (size_t i = 0; i < count && at < sizeof(ret->text); i++)
		at += (size_t)snprintf(ret->text + at, sizeof(ret->text) - at, "%s0x%" PRIx64,
				       i ? "," : "",
				       cli_tree_number(json_object_array_get_idx(words, i)));
}

/* Equal values have equal texts, whatever their form in the document. */
static struct shown show(struct json_object *object, const struct member *member)
{
	struct json_object *value;
	struct shown shown = { "" };

	if (!object || !json_object_object_get_ex(object, member->key, &value))
		return shown;
	if (member->hex)
		snprintf(shown.text, sizeof(shown.text), "0x%" PRIx64, cli_tree_number(value));
	else if (json_object_is_type(value, json_type_array))
		show_words(value, &shown);
	else if (json_object_is_type(value, json_type_boolean))
		snprintf(shown.text, sizeof(shown.text), "%s",
			 json_object_get_boolean(value) ? "yes" : "no");
	else
		snprintf(shown.text, sizeof(shown.text), "%s", json_object_get_string(value));
	return shown;
}

static void compare_members(struct doc_list *to, struct json_object *a, struct json_object *b,
			    const char *before, const struct member *members, size_t count)
{
	for (size_t i = 0; i < count; i++)
		add(to, show(a, &members[i]).text, show(b, &members[i]).text, "%s%s", before,
		    members[i].key);
}

/* -------------------------------------------------------------------------------------- features */

static bool has_bit(struct json_object *features, uint64_t bit)
{
	for (size_t i = 0; i < json_object_array_length(features); i++)
		if (cli_member_number(json_object_array_get_idx(features, i), "bit") == bit)
			return true;
	return false;
}

/* The names of what only @has has.  For free(3). */
static char *only(struct json_object *has, struct json_object *other)
{
	char *text = NULL;
	size_t size;
	FILE *out = cli_need(open_memstream(&text, &size));
	const char *before = "";

	for (size_t i = 0; i < json_object_array_length(has); i++) {
		struct json_object *feature = json_object_array_get_idx(has, i);

		if (has_bit(other, cli_member_number(feature, "bit")))
			continue;
		fprintf(out, "%s%s", before, cli_member_text(feature, "name"));
		before = ",";
	}
	if (fclose(out))
		cli_need(NULL);
	return text;
}

static void compare_features(struct doc_list *to, struct json_object *a, struct json_object *b)
{
	struct json_object *left = json_object_object_get(a, "features");
	struct json_object *right = json_object_object_get(b, "features");
	char *only_left = only(left, right), *only_right = only(right, left);

	add(to, only_left, only_right, "features");
	free(only_left);
	free(only_right);
}

/* ------------------------------------------------------------------------------- lists of things */

/* The item of a list whose @key is this number; NULL: there is none. */
static struct json_object *find(struct json_object *list, const char *key, uint64_t number)
{
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		struct json_object *item = json_object_array_get_idx(list, i);

		if (cli_member_number(item, key) == number)
			return item;
	}
	return NULL;
}

/* The smallest number from @from on that is the @key of an item of either; false: none. */
static bool next_number(struct json_object *a, struct json_object *b, const char *key,
			uint64_t from, uint64_t *ret)
{
	struct json_object *lists[] = { a, b };
	bool found = false;

	for (size_t l = 0; l < 2; l++)
		for (size_t i = 0; i < json_object_array_length(lists[l]); i++) {
			uint64_t number =
				cli_member_number(json_object_array_get_idx(lists[l], i), key);

			if (number < from || (found && number >= *ret))
				continue;
			*ret = number;
			found = true;
		}
	return found;
}

static void compare_ring(struct doc_list *to, struct json_object *a, struct json_object *b,
			 uint64_t index)
{
	char before[40];

	snprintf(before, sizeof(before), "ring %" PRIu64 " ", index);
	if (a && b)
		compare_members(to, a, b, before, ring_members, DOC_COUNT(ring_members));
	else
		add(to, a ? "set up" : "", b ? "set up" : "", "ring %" PRIu64, index);
}

static void compare_rings(struct doc_list *to, struct json_object *a, struct json_object *b)
{
	struct json_object *left = json_object_object_get(a, "rings");
	struct json_object *right = json_object_object_get(b, "rings");

	for (uint64_t index = 0; next_number(left, right, "index", index, &index); index++)
		compare_ring(to, find(left, "index", index), find(right, "index", index), index);
}

static void compare_memory(struct doc_list *to, struct json_object *a, struct json_object *b)
{
	static const struct member size = { "size", true };
	struct json_object *left = json_object_object_get(a, "memory");
	struct json_object *right = json_object_object_get(b, "memory");
	uint64_t at = 0;

	while (next_number(left, right, "guest_addr", at, &at)) {
		add(to, show(find(left, "guest_addr", at), &size).text,
		    show(find(right, "guest_addr", at), &size).text, "memory 0x%" PRIx64, at);
		if (++at == 0)
			break;
	}
}

static int run(struct cli_call *call)
{
	struct diff report = { .command = cli_need(strdup(call->command->name)) };
	struct cli_state a = { NULL, NULL }, b = { NULL, NULL };
	int status = cli_check_inputs(call->argv[0], call->argv[1]);

	if (!status)
		status = cli_read_state(call, call->argv[0], &a);
	if (!status)
		status = cli_read_state(call, call->argv[1], &b);
	if (!status) {
		compare_members(&report.differences, a.tree, b.tree, "", device_members,
				DOC_COUNT(device_members));
		compare_members(&report.differences, json_object_object_get(a.tree, "guest"),
				json_object_object_get(b.tree, "guest"), "guest ", guest_members,
				DOC_COUNT(guest_members));
		compare_features(&report.differences, a.tree, b.tree);
		compare_rings(&report.differences, a.tree, b.tree);
		compare_memory(&report.differences, a.tree, b.tree);
		report.same = !report.differences.count;
		cli_write(call, &diff_table, &report);
		status = report.same ? CLI_YES : CLI_NO;
	}
	doc_clear(&diff_table, &report);
	cli_free_state(&a);
	cli_free_state(&b);
	return status;
}

static const char *const more[] = {
	"Compares what the documents mean, not how they are written.  The answer is no if they differ.",
	"One of them may be '-', standard input.",
	NULL,
};

const struct cli_command cli_command_state_diff = {
	.name = "state diff",
	.arguments = "FILE FILE",
	.text = "Compare two vhost-state documents",
	.more = more,
	.min_args = 2,
	.max_args = 2,
	.takes = CLI_FILE,
	.report = &diff_table,
	.run = run,
};
