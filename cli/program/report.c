/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Builds the tree of a result.
 *
 * Out of memory, the program ends here, before anything is printed, so the run functions need no
 * checks of their own.
 */
#include <stdlib.h>
#include <string.h>

#include "program/cli.h"

void *cli_need(void *memory)
{
	if (!memory)
		exit(cli_fail(CLI_FAILED, NULL, "out of memory"));
	return memory;
}

/* The call's result is this document.  Returns CLI_YES. */
int cli_write(struct cli_call *call, const struct doc_table *table, const void *data)
{
	call->result = cli_need(doc_write(table, data));
	return CLI_YES;
}

/* The same for a report without a table, begun here: a vhost-report of this command. */
struct json_object *cli_report(struct cli_call *call, const char *name)
{
	struct json_object *report = cli_object();

	call->result = report;
	cli_add(report, "kind", cli_text("vhost-report"));
	cli_add(report, "version", cli_number(1));
	cli_add(report, "command", cli_text(name));
	return report;
}

/*
 * Adds a value to an object under a new key that outlives it, or, without a key, to an array.
 * Returns the value.
 */
struct json_object *cli_add(struct json_object *to, const char *key, struct json_object *value)
{
	const unsigned int flags = JSON_C_OBJECT_ADD_KEY_IS_NEW | JSON_C_OBJECT_ADD_CONSTANT_KEY;

	cli_need(value);
	if (key ? json_object_object_add_ex(to, key, value, flags)
		: json_object_array_add(to, value))
		cli_need(NULL);
	return value;
}

struct json_object *cli_text(const char *text)
{
	return cli_need(json_object_new_string(text));
}

struct json_object *cli_number(uint64_t number)
{
	return cli_need(json_object_new_uint64(number));
}

struct json_object *cli_bool(bool value)
{
	return cli_need(json_object_new_boolean(value));
}

struct json_object *cli_array(void)
{
	return cli_need(json_object_new_array());
}

struct json_object *cli_object(void)
{
	return cli_need(json_object_new_object());
}
