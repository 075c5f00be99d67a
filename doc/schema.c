/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a table says about its document, as a JSON Schema for other programs.
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
	if (field->type == DOC_UINT && !doc_is_wide(field) && !field->word)
		return done(number, ok);
	text = field->word ? json_object_new_object() : new_type("string");
	ok = (field->word
		      ? put_text(text, "const", field->word)
		      : put_text(text, "pattern", "^(0x[0-9A-Fa-f]{1,16}|0|[1-9][0-9]{0,19})$")) &&
	     ok;
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
	static const struct doc_field any_hex = { .type = DOC_HEX };
	static const struct doc_field any_number = { .type = DOC_UINT, .max = UINT32_MAX };
	struct json_object *object = new_type("array"), *items;
	bool ok;

	if (field->type == DOC_STRINGS)
		items = string_schema(field, 1, 0);
	else if (field->type == DOC_UINTS)
		items = number_schema(&any_hex);
	else if (field->type == DOC_NUMBERS)
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
	case DOC_MAYBE:
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
struct json_object *doc_default(const struct doc_field *field)
{
	if (field->flags & DOC_REQUIRED)
		return NULL;
	switch (field->type) {
	case DOC_UINT:
	case DOC_HEX:
		if (field->word)
			return json_object_new_string(field->word);
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
	struct json_object *schema = type_schema(field), *preset = doc_default(field);
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

/* For one choice of the selector: the keys that may not be given then. */
static bool put_choice_rule(struct json_object *rules, const struct doc_table *table,
			    uint32_t choice)
{
	struct json_object *rule = json_object_new_object(), *when = json_object_new_object(),
			   *then = json_object_new_object();
	struct json_object *keys[2] = { json_object_new_object(), json_object_new_object() };
	const struct doc_field *selector = table->selector;
	bool ok = put_const(keys[0], selector->key,
			    json_object_new_string(selector->choices[choice]));

	for (size_t i = 0; i < table->count; i++)
		if (table->fields[i].when && !(table->fields[i].when >> choice & 1))
			ok = put(keys[1], table->fields[i].key, json_object_new_boolean(false)) &&
			     ok;
	ok = put(when, "properties", keys[0]) && ok;
	ok = put(then, "properties", keys[1]) && ok;
	ok = put(rule, "if", when) && ok;
	ok = put(rule, "then", then) && ok;
	return append(rules, rule) && ok;
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
	if (table->selector) {
		struct json_object *rules = json_object_new_array();

		for (uint32_t i = 0; table->selector->choices[i]; i++)
			ok = put_choice_rule(rules, table, i) && ok;
		ok = put(object, "allOf", rules) && ok;
	}
	return done(object, ok);
}

struct json_object *doc_schema(const struct doc_table *table)
{
	struct json_object *object = json_object_new_object(), *body = table_schema(table);
	bool ok = put_text(object, "$schema", "https://json-schema.org/draft/2020-12/schema") &&
		  put_text(object, "title", table->kind) && body;
	char limits[96];

	snprintf(limits, sizeof(limits), "at most %u bytes, %u levels and %u values", DOC_MAX_SIZE,
		 DOC_MAX_DEPTH, DOC_MAX_VALUES);
	ok = put_text(object, "$comment", limits) && ok;
	if (body) {
		json_object_object_foreach(body, key, value)
		{
			ok = put(object, key, json_object_get(value)) && ok;
		}
	}
	json_object_put(body);
	return done(object, ok);
}
