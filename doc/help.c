/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a table says about its document, as a list of fields for people.
 */
#include <inttypes.h>
#include <stdio.h>

#include "internal.h"

/* False: no memory. */
static bool put_text(struct json_object *object, const char *key, const char *text)
{
	struct json_object *value = json_object_new_string(text);

	if (object && value && json_object_object_add(object, key, value) == 0)
		return true;
	json_object_put(value);
	return false;
}

static void print_type(char *buf, size_t size, const struct doc_field *field)
{
	size_t used;

	switch (field->type) {
	case DOC_UINT:
	case DOC_HEX:
		if (field->max)
			snprintf(buf, size, "%s %" PRIu64 " to %" PRIu64 "%s%s",
				 field->flags & DOC_POWER_2 ? "power of two" : "number", field->min,
				 field->max, field->word ? " | " : "",
				 field->word ? field->word : "");
		else
			snprintf(buf, size, "64-bit number");
		break;
	case DOC_BOOL:
	case DOC_MAYBE:
		snprintf(buf, size, "true or false");
		break;
	case DOC_CHOICE:
		buf[0] = '\0';
		used = 0;
		for (size_t i = 0; field->choices[i] && used < size; i++)
			used += (size_t)snprintf(buf + used, size - used, "%s%s", i ? " | " : "",
						 field->choices[i]);
		break;
	case DOC_STRING:
		snprintf(buf, size, "string");
		break;
	case DOC_OBJECT:
		snprintf(buf, size, "object");
		break;
	case DOC_STRINGS:
		snprintf(buf, size, "list of strings");
		break;
	case DOC_OBJECTS:
		snprintf(buf, size, "list of objects");
		break;
	case DOC_UINTS:
	case DOC_NUMBERS:
		snprintf(buf, size, "list of 64-bit numbers");
		break;
	}
}

/* "net: queues in each direction", for a key that depends on the selector. */
static void print_help(char *buf, size_t size, const struct doc_table *table,
		       const struct doc_field *field)
{
	size_t used = 0;

	buf[0] = '\0';
	for (uint32_t i = 0; field->when && table->selector->choices[i] && used < size; i++)
		if (field->when >> i & 1)
			used += (size_t)snprintf(buf + used, size - used, "%s%s", used ? ", " : "",
						 table->selector->choices[i]);
	if (used < size)
		snprintf(buf + used, size - used, "%s%s", used ? ": " : "", field->help);
}

static bool add_row(struct json_object *rows, const char *name, const char *type,
		    const char *preset, const char *help)
{
	struct json_object *row = json_object_new_object();

	if (put_text(row, "field", name) && put_text(row, "type", type) &&
	    put_text(row, "default", preset) && put_text(row, "help", help) &&
	    json_object_array_add(rows, row) == 0)
		return true;
	json_object_put(row);
	return false;
}

/* What no table has as a field: the reader takes them first. */
static bool help_kind(struct json_object *rows, const struct doc_table *table)
{
	char version[16];

	snprintf(version, sizeof(version), "%u", table->version);
	return add_row(rows, "kind", table->kind, "(required)", "what the document is") &&
	       add_row(rows, "version", version, "(required)", "version of its format");
}

static bool help_row(struct json_object *rows, const struct doc_table *table,
		     const struct doc_field *field, const char *name)
{
	struct json_object *preset = doc_default(field);
	char type[160], help[200];
	bool ok;

	print_type(type, sizeof(type), field);
	print_help(help, sizeof(help), table, field);
	ok = add_row(rows, name, type,
		     field->flags & DOC_REQUIRED ? "(required)"
		     : preset			 ? json_object_get_string(preset)
						 : "",
		     help);
	json_object_put(preset);
	return ok;
}

static bool help_table(struct json_object *rows, const struct doc_table *table, const char *prefix)
{
	bool ok = true;

	for (size_t i = 0; i < table->count; i++) {
		const struct doc_field *field = &table->fields[i];
		char name[160], inner[164];

		snprintf(name, sizeof(name), "%s%s", prefix, field->key);
		ok = help_row(rows, table, field, name) && ok;
		if (!field->table)
			continue;
		snprintf(inner, sizeof(inner), "%s%s.", name,
			 field->type == DOC_OBJECTS ? "[]" : "");
		ok = help_table(rows, field->table, inner) && ok;
	}
	return ok;
}

struct json_object *doc_help(const struct doc_table *table)
{
	struct json_object *rows = json_object_new_array();

	if (rows && (!table->kind || help_kind(rows, table)) && help_table(rows, table, ""))
		return rows;
	json_object_put(rows);
	return NULL;
}
