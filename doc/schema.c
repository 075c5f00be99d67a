/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a table says about its document, as a JSON Schema for other programs and as a list of fields
 * for people.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "internal.h"

/* Add @value to @object under @key.  False: no memory; @value is consumed either way. */
static bool put(struct json_object *object, const char *key, struct json_object *value)
{
	if (value && object && json_object_object_add(object, key, value) == 0)
		return true;
	json_object_put(value);
	return false;
}

static bool put_text(struct json_object *object, const char *key, const char *text)
{
	return !text || put(object, key, json_object_new_string(text));
}

static bool put_number(struct json_object *object, const char *key, uint64_t value)
{
	return put(object, key, json_object_new_uint64(value));
}

static bool append(struct json_object *array, struct json_object *value)
{
	if (value && array && json_object_array_add(array, value) == 0)
		return true;
	json_object_put(value);
	return false;
}

/* A finished part, or NULL if a step had no memory. */
static struct json_object *done(struct json_object *object, bool ok)
{
	if (ok)
		return object;
	json_object_put(object);
	return NULL;
}

static struct json_object *new_type(const char *type)
{
	struct json_object *object = json_object_new_object();

	return done(object, put_text(object, "type", type));
}

static struct json_object *table_schema(const struct doc_table *table);

static struct json_object *powers_schema(const struct doc_field *field)
{
	struct json_object *object = json_object_new_object(), *list = json_object_new_array();
	bool ok = list;

	for (uint64_t n = 1; n && n <= field->max; n <<= 1)
		if (n >= field->min)
			ok = ok && append(list, json_object_new_uint64(n));
	return done(object, put(object, "enum", list) && ok);
}

static struct json_object *number_schema(const struct doc_field *field)
{
	struct json_object *object, *number, *text, *any;
	bool ok;

	if (field->flags & DOC_POWER_2)
		return powers_schema(field);
	number = new_type("integer");
	ok = put_number(number, "minimum", field->min) &&
	     put_number(number, "maximum", field->max ? field->max : UINT64_MAX);
	if (field->type == DOC_UINT && !doc_is_wide(field))
		return done(number, ok);
	text = new_type("string");
	ok = put_text(text, "pattern", "^(0x[0-9A-Fa-f]{1,16}|0|[1-9][0-9]{0,19})$") && ok;
	any = json_object_new_array();
	ok = append(any, number) && ok;
	ok = append(any, text) && ok;
	object = json_object_new_object();
	ok = put(object, "anyOf", any) && ok;
	return done(object, ok);
}

/*
 * @min, @max: bytes.  A schema counts characters, never more than bytes, so it refuses no good
 * one.
 */
static struct json_object *string_schema(const struct doc_field *field, uint64_t min, uint64_t max)
{
	struct json_object *object = new_type("string");
	bool ok = put_text(object, "pattern", field->pattern ? field->pattern : "^[^\\u0000]*$");

	if (min)
		ok = put_number(object, "minLength", 1) && ok;
	if (max)
		ok = put_number(object, "maxLength", max) && ok;
	return done(object, ok);
}

static struct json_object *choice_schema(const struct doc_field *field)
{
	struct json_object *object = json_object_new_object(), *list = json_object_new_array();
	bool ok = list;

	for (size_t i = 0; field->choices[i]; i++)
		ok = append(list, json_object_new_string(field->choices[i])) && ok;
	return done(object, put(object, "enum", list) && ok);
}

static struct json_object *list_schema(const struct doc_field *field)
{
	static const struct doc_field any_number = { .type = DOC_HEX };
	struct json_object *object = new_type("array"), *items;
	bool ok;

	if (field->type == DOC_STRINGS)
		items = string_schema(field, 1, 0);
	else if (field->type == DOC_UINTS)
		items = number_schema(&any_number);
	else
		items = table_schema(field->table);
	ok = put(object, "items", items);
	if (field->min)
		ok = put_number(object, "minItems", field->min) && ok;
	if (field->max)
		ok = put_number(object, "maxItems", field->max) && ok;
	return done(object, ok);
}

static struct json_object *type_schema(const struct doc_field *field)
{
	switch (field->type) {
	case DOC_STRING:
		return string_schema(field, field->min, field->max);
	case DOC_UINT:
	case DOC_HEX:
		return number_schema(field);
	case DOC_BOOL:
		return new_type("boolean");
	case DOC_CHOICE:
		return choice_schema(field);
	case DOC_OBJECT:
		return table_schema(field->table);
	default:
		return list_schema(field);
	}
}

/* What an absent key means; NULL when that is nothing. */
static struct json_object *default_value(const struct doc_field *field)
{
	if (field->flags & DOC_REQUIRED)
		return NULL;
	switch (field->type) {
	case DOC_UINT:
	case DOC_HEX:
		return doc_is_unset(field, field->preset) ? NULL
							  : json_object_new_uint64(field->preset);
	case DOC_BOOL:
		return json_object_new_boolean(field->preset != 0);
	case DOC_CHOICE:
		return json_object_new_string(field->choices[field->preset]);
	default:
		return NULL;
	}
}

static bool put_field(struct json_object *properties, const struct doc_field *field)
{
	struct json_object *schema = type_schema(field), *preset = default_value(field);
	bool ok = put_text(schema, "description", field->help);

	if (preset)
		ok = put(schema, "default", preset) && ok;
	return put(properties, field->key, schema) && ok;
}

static bool put_const(struct json_object *properties, const char *key, struct json_object *value)
{
	struct json_object *object = json_object_new_object();
	bool ok = put(object, "const", value);

	return put(properties, key, object) && ok;
}

/* The lower ones are read, too. */
static bool put_minor(struct json_object *properties, struct json_object *required, uint32_t minor)
{
	struct json_object *schema = new_type("integer");
	bool ok = put_number(schema, "minimum", 0) && put_number(schema, "maximum", minor);

	ok = put(properties, "minor", schema) && ok;
	return append(required, json_object_new_string("minor")) && ok;
}

static struct json_object *table_schema(const struct doc_table *table)
{
	struct json_object *object = new_type("object"), *properties = json_object_new_object(),
			   *required = json_object_new_array();
	bool ok = put_text(object, "description", table->help) && properties && required;

	if (table->kind) {
		ok = put_const(properties, "kind", json_object_new_string(table->kind)) && ok;
		ok = put_const(properties, "version", json_object_new_uint64(table->version)) && ok;
		ok = append(required, json_object_new_string("kind")) && ok;
		ok = append(required, json_object_new_string("version")) && ok;
		if (table->minors)
			ok = put_minor(properties, required, table->minor) && ok;
	}
	for (size_t i = 0; i < table->count; i++) {
		const struct doc_field *field = &table->fields[i];

		ok = put_field(properties, field) && ok;
		if (field->flags & DOC_REQUIRED)
			ok = append(required, json_object_new_string(field->key)) && ok;
	}
	ok = put(object, "properties", properties) && ok;
	ok = put(object, "required", required) && ok;
	ok = put(object, "additionalProperties", json_object_new_boolean(false)) && ok;
	return done(object, ok);
}

struct json_object *doc_schema(const struct doc_table *table)
{
	struct json_object *object = json_object_new_object(), *body = table_schema(table);
	bool ok = put_text(object, "$schema", "https://json-schema.org/draft/2020-12/schema") &&
		  put_text(object, "title", table->kind) && body;

	if (body) {
		json_object_object_foreach(body, key, value)
		{
			ok = put(object, key, json_object_get(value)) && ok;
		}
	}
	json_object_put(body);
	return done(object, ok);
}

/* ---------------------------------------------------------------------------------------- help */

static void print_type(char *buf, size_t size, const struct doc_field *field)
{
	size_t used;

	switch (field->type) {
	case DOC_UINT:
	case DOC_HEX:
		if (field->max)
			snprintf(buf, size, "%s %" PRIu64 " to %" PRIu64,
				 field->flags & DOC_POWER_2 ? "power of two" : "number", field->min,
				 field->max);
		else
			snprintf(buf, size, "64-bit number");
		break;
	case DOC_BOOL:
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
		snprintf(buf, size, "list of 64-bit numbers");
		break;
	}
}

static bool help_row(struct json_object *rows, const struct doc_field *field, const char *name)
{
	struct json_object *row = json_object_new_object(), *preset = default_value(field);
	char type[160];
	bool ok;

	print_type(type, sizeof(type), field);
	ok = put_text(row, "field", name) && put_text(row, "type", type) &&
	     put_text(row, "default",
		      field->flags & DOC_REQUIRED ? "(required)"
		      : preset			  ? json_object_get_string(preset)
						  : "") &&
	     put_text(row, "help", field->help);
	json_object_put(preset);
	return append(rows, row) && ok;
}

static bool help_table(struct json_object *rows, const struct doc_table *table, const char *prefix)
{
	bool ok = true;

	for (size_t i = 0; i < table->count; i++) {
		const struct doc_field *field = &table->fields[i];
		char name[160], inner[164];

		snprintf(name, sizeof(name), "%s%s", prefix, field->key);
		ok = help_row(rows, field, name) && ok;
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

	return done(rows, rows && help_table(rows, table, ""));
}
