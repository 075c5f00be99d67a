/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * doc-schema - prints the JSON Schema of one kind of document, or the description of the varlink interface, from the
 * tables that read and write them.  Run when the tables change: ninja -C BUILD update-schemas.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "program/cli.h"
#include "control.h"
#include "doc.h"
#include "document.h"
#include "caps/document.h"
#include "migration/document.h"
#include "plan/plan.h"
#include "setup/setup.h"

#define FORMS_MAX 2

/* A kind, with the tables of its forms. */
static const struct kind {
	const char *name;
	const struct doc_table *forms[FORMS_MAX];
} kinds[] = {
	{ "vhost-setup", { &host_setup_table } },
	{ "vhost-caps", { &vhi_caps_doc } },
	{ "vhost-state", { &vhi_state_doc } },
	{ "vhost-plan", { &vhi_plan_doc, &host_plan_table } },
	{ "vhost-report", { NULL } }, /* by the table of commands */
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
	for (int i = 0; i < FORMS_MAX && kind->forms[i]; i++) {
		struct json_object *form = doc_schema(kind->forms[i]);

		json_object_object_del(form, "$schema");
		json_object_object_del(form, "title");
		json_object_array_add(forms, form);
	}
	json_object_object_add(root, "oneOf", forms);
	return root;
}

static void add_rule(struct json_object *rules, const char *name, const struct doc_table *table)
{
	struct json_object *rule = parse("{\"if\": {\"properties\": {\"command\": {}}}}");
	struct json_object *form = doc_schema(table), *command;

	json_pointer_get(rule, "/if/properties/command", &command);
	json_object_object_add(command, "const", json_object_new_string(name));
	json_object_object_del(form, "$schema");
	json_object_object_del(form, "title");
	json_object_object_add(rule, "then", form);
	json_object_array_add(rules, rule);
}

/* Every report says which command wrote it; what else is in it is that command's. */
static struct json_object *by_command(void)
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

	for (size_t i = 0; i < cli_command_count; i++) {
		const struct cli_command *command = cli_commands[i];

		if (command->report)
			add_rule(rules, command->name, command->report);
		else if (!strcmp(command->name, "check"))
			add_rule(rules, command->name, &vhi_check_doc);
	}
	add_rule(rules, "message", &cli_message_table);
	json_object_object_add(root, "allOf", rules);
	return root;
}

static int describe(void)
{
	char *text = control_describe();

	if (text)
		fputs(text, stdout);
	free(text);
	return !text;
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], CONTROL_INTERFACE))
		return describe();
	for (size_t i = 0; argc == 2 && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		const struct kind *kind = &kinds[i];
		struct json_object *schema;

		if (strcmp(argv[1], kind->name) != 0)
			continue;
		schema = !kind->forms[0]  ? by_command()
			 : kind->forms[1] ? one_of(kind)
					  : doc_schema(kind->forms[0]);
		puts(json_object_to_json_string_ext(
			schema, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED |
					JSON_C_TO_STRING_NOSLASHESCAPE));
		json_object_put(schema);
		return 0;
	}
	fprintf(stderr,
		"usage: doc-schema vhost-setup|vhost-caps|vhost-state|vhost-plan|vhost-report|io.vhostctl\n");
	return 2;
}
