/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * doc-schema - prints the JSON Schema of one kind of document, from the tables that read and write
 * it.  Run when the tables change: ninja -C BUILD update-schemas.
 */
#include <stdio.h>
#include <string.h>

#include "../cli/documents.h"
#include "doc.h"
#include "document.h"
#include "caps/document.h"
#include "migration/document.h"
#include "plan/plan.h"
#include "setup.h"

#define PARTS_MAX 16

/*
 * A kind with more than one form: each a table, told apart by the key that only it requires, or by
 * the command that wrote it.
 */
static const struct kind {
	const char *name;
	const struct doc_table *tables[PARTS_MAX];
	const char
		*commands[PARTS_MAX]; /* reports: which command's; others have forms of their own */
} kinds[] = {
	{ "vhost-setup", { &host_setup_table }, { NULL } },
	{ "vhost-caps", { &vhc_caps_doc }, { NULL } },
	{ "vhost-state", { &vhc_state_doc }, { NULL } },
	{ "vhost-plan", { &vhc_plan_doc, &host_plan_table }, { NULL } },
	{ "vhost-report",
	  { &host_report_table, &host_doctor_table, &cli_features_list_table,
	    &cli_features_decode_table, &cli_features_encode_table, &cli_features_check_table,
	    &cli_features_diff_table, &cli_state_check_table, &cli_state_diff_table,
	    &vhc_check_doc, &cli_loop_table },
	  { "setup", "doctor", "features list", "features decode", "features encode",
	    "features check", "features diff", "state check", "state diff", "check", "loop" } },
};

static struct json_object *parse(const char *text)
{
	return json_tokener_parse(text);
}

/* A plan of the library, or of a whole config. */
static struct json_object *one_of(const struct kind *kind)
{
	struct json_object *root = parse("{\"$schema\": \"https://json-schema.org/draft/2020-12/"
					 "schema\"}");
	struct json_object *forms = json_object_new_array();

	json_object_object_add(root, "title", json_object_new_string(kind->name));
	for (int i = 0; i < PARTS_MAX && kind->tables[i]; i++) {
		struct json_object *form = doc_schema(kind->tables[i]);

		json_object_object_del(form, "$schema");
		json_object_object_del(form, "title");
		json_object_array_add(forms, form);
	}
	json_object_object_add(root, "oneOf", forms);
	return root;
}

/* Every report says which command wrote it; what else is in it is that command's. */
static struct json_object *by_command(const struct kind *kind)
{
	struct json_object *root = parse(
		"{\"$schema\": \"https://json-schema.org/draft/2020-12/schema\","
		" \"title\": \"vhost-report\","
		" \"description\": \"the result of a command of vhostctl\","
		" \"type\": \"object\","
		" \"properties\": {\"kind\": {\"const\": \"vhost-report\"}, \"version\": {\"const\": 1},"
		" \"command\": {\"type\": \"string\", \"description\": \"which command\"}},"
		" \"required\": [\"kind\", \"version\", \"command\"]}");
	struct json_object *rules = json_object_new_array();

	for (int i = 0; i < PARTS_MAX && kind->tables[i]; i++) {
		struct json_object *rule = parse("{\"if\": {\"properties\": {\"command\": {}}}}");
		struct json_object *form = doc_schema(kind->tables[i]), *command;

		json_pointer_get(rule, "/if/properties/command", &command);
		json_object_object_add(command, "const", json_object_new_string(kind->commands[i]));
		json_object_object_del(form, "$schema");
		json_object_object_del(form, "title");
		json_object_object_add(rule, "then", form);
		json_object_array_add(rules, rule);
	}
	json_object_object_add(root, "allOf", rules);
	return root;
}

int main(int argc, char **argv)
{
	for (size_t i = 0; argc == 2 && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		const struct kind *kind = &kinds[i];
		struct json_object *schema;

		if (strcmp(argv[1], kind->name) != 0)
			continue;
		schema = kind->commands[0] ? by_command(kind)
			 : kind->tables[1] ? one_of(kind)
					   : doc_schema(kind->tables[0]);
		puts(json_object_to_json_string_ext(
			schema, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED |
					JSON_C_TO_STRING_NOSLASHESCAPE));
		json_object_put(schema);
		return 0;
	}
	fprintf(stderr,
		"usage: doc-schema vhost-setup|vhost-caps|vhost-state|vhost-plan|vhost-report\n");
	return 2;
}
