/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From a JSON tree to a struct, by the table.  json-c's getters convert between types, so the type
 * of each value is checked before it is read.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "read.h"

int read_fail(struct read *rd, const char *format, ...)
{
	va_list args;

	memcpy(rd->err->pointer, rd->path.text, sizeof(rd->err->pointer));
	va_start(args, format);
	doc_error_text(rd->err, format, args);
	va_end(args);
	return -EINVAL;
}

int read_fail_type(struct read *rd, const char *wanted, struct json_object *value)
{
	char quoted[DOC_QUOTE_MAX];

	if (!value)
		return read_fail(rd, "%s expected, not null: omit the key instead", wanted);
	if (json_object_is_type(value, json_type_string))
		return read_fail(rd, "%s expected, not the string %s", wanted,
				 doc_quote(quoted, json_object_get_string(value)));
	if (json_object_is_type(value, json_type_object))
		return read_fail(rd, "%s expected, not an object", wanted);
	if (json_object_is_type(value, json_type_array))
		return read_fail(rd, "%s expected, not an array", wanted);
	return read_fail(rd, "%s expected, not %s %s", wanted,
			 json_object_is_type(value, json_type_boolean) ? "the boolean"
								       : "the number",
			 json_object_get_string(value));
}

static int read_number(struct read *rd, const struct doc_field *field, struct json_object *value,
		       uint64_t *ret)
{
	bool wide = field->type != DOC_UINT || doc_is_wide(field);
	char quoted[DOC_QUOTE_MAX];
	const char *text;

	if (!value)
		return read_fail_type(rd, "a number", value);
	text = json_object_get_string(value);
	switch (json_object_get_type(value)) {
	case json_type_int:
		if (json_object_get_int64(value) < 0)
			return read_fail(rd, "%s is negative: a number of at least 0 expected",
					 text);
		*ret = json_object_get_uint64(value);
		break;
	case json_type_double:
		return read_fail(rd, "%s: an integer without point or exponent expected", text);
	case json_type_string:
		if (field->word && !strcmp(text, field->word)) {
			*ret = field->preset;
			return 0;
		}
		if (field->word)
			return read_fail(rd, "a number or \"%s\" expected, not the string %s",
					 field->word, doc_quote(quoted, text));
		if (!wide)
			return read_fail_type(rd,
					      doc_parse_u64(text, ret) ? "a number (without quotes)"
								       : "a number",
					      value);
		if (!doc_parse_u64(text, ret))
			return read_fail(
				rd, "%s is not a 64-bit number: write 123, \"123\" or \"0x7b\"",
				doc_quote(quoted, text));
		break;
	default:
		return read_fail_type(rd, "a number", value);
	}
	if (*ret < field->min || (field->max && *ret > field->max)) {
		if (field->max)
			return read_fail(rd,
					 "%s is out of range: must be %" PRIu64 " to %" PRIu64 "",
					 text, field->min, field->max);
		return read_fail(rd, "%s is too small: must be at least %" PRIu64 "", text,
				 field->min);
	}
	if ((field->flags & DOC_POWER_2) && (*ret == 0 || (*ret & (*ret - 1)) != 0))
		return read_fail(rd, "%s is not a power of two", text);
	return 0;
}

/* @min, @max: bytes; 0: no limit. */
static int read_string(struct read *rd, const struct doc_field *field, uint64_t min, uint64_t max,
		       struct json_object *value, char **ret)
{
	const bool one_length = field->check && min == max;
	char quoted[DOC_QUOTE_MAX];
	const char *text;
	size_t len;

	if (!json_object_is_type(value, json_type_string))
		return read_fail_type(rd, "a string", value);
	text = json_object_get_string(value);
	len = strlen(text);
	if (len == 0 && min > 0)
		return read_fail(rd, "an empty string is not allowed");
	/* where there is one, the rule says more than a number of bytes */
	if (len < min && !one_length)
		return read_fail(rd, "%s has %zu bytes: must have at least %" PRIu64 "",
				 doc_quote(quoted, text), len, min);
	if (max && len > max && !one_length)
		return read_fail(rd, "%s has %zu bytes: must have at most %" PRIu64 "",
				 doc_quote(quoted, text), len, max);
	if (field->check && !field->check(text))
		return read_fail(rd, "%s is not allowed: %s%s", doc_quote(quoted, text),
				 field->rule ? "" : "it must match ",
				 field->rule ? field->rule : field->pattern);
	*ret = strdup(text);
	return *ret ? 0 : -ENOMEM;
}

static int read_choice(struct read *rd, const struct doc_field *field, struct json_object *value,
		       uint32_t *ret)
{
	char quoted[DOC_QUOTE_MAX], hint[200];
	const char *text;
	uint32_t n;

	if (!json_object_is_type(value, json_type_string))
		return read_fail_type(rd, "a string", value);
	text = json_object_get_string(value);
	for (n = 0; field->choices[n]; n++) {
		if (strcmp(field->choices[n], text) == 0) {
			*ret = n;
			return 0;
		}
	}
	doc_suggest(hint, sizeof(hint), text, field->choices, n);
	return read_fail(rd, "%s is unknown%s", doc_quote(quoted, text), hint);
}

static int read_struct(struct read *rd, const struct doc_field *field, struct json_object *value,
		       void *at)
{
	if (!json_object_is_type(value, json_type_object))
		return read_fail_type(rd, "an object", value);
	if (field->flags & DOC_OPTIONAL) {
		void *part = calloc(1, field->table->size);

		if (!part)
			return -ENOMEM;
		*(void **)at = part; /* doc_clear() frees it from now on */
		at = part;
	}
	return read_object(rd, field->table, value, at);
}

static int read_plain_item(struct read *rd, const struct doc_field *field,
			   struct json_object *value, void *items, size_t i)
{
	switch (field->type) {
	case DOC_STRINGS:
		return read_string(rd, field, 1, 0, value, (char **)items + i);
	case DOC_UINTS:
	case DOC_NUMBERS: {
		const struct doc_field any = {
			.type = field->type == DOC_UINTS ? DOC_HEX : DOC_UINT,
			.max = field->type == DOC_UINTS ? 0 : UINT32_MAX,
		};

		return read_number(rd, &any, value, (uint64_t *)items + i);
	}
	default:
		if (!json_object_is_type(value, json_type_object))
			return read_fail_type(rd, "an object", value);
		return read_object(rd, field->table, value, (char *)items + i * field->table->size);
	}
}

static int read_item(struct read *rd, const struct doc_field *field, struct json_object *value,
		     void *items, size_t i)
{
	struct json_object *expanded;
	int r;

	if (!read_is_variable(rd, value))
		return read_plain_item(rd, field, value, items, i);
	r = read_expand(rd, field, value, &expanded);
	if (r < 0)
		return r;
	r = read_plain_item(rd, field, expanded, items, i);
	json_object_put(expanded);
	return r;
}

static size_t item_size(const struct doc_field *field)
{
	if (field->type == DOC_OBJECTS)
		return field->table->size;
	return field->type == DOC_UINTS || field->type == DOC_NUMBERS ? sizeof(uint64_t)
								      : sizeof(char *);
}

static int read_list(struct read *rd, const struct doc_field *field, struct json_object *value,
		     struct doc_list *list)
{
	size_t count, path_len = rd->path.len;

	if (!json_object_is_type(value, json_type_array))
		return read_fail_type(rd, "an array", value);
	count = json_object_array_length(value);
	if (count < field->min)
		return read_fail(rd, "%zu items are too few: must be at least %" PRIu64, count,
				 field->min);
	if (field->max && count > field->max)
		return read_fail(rd, "%zu items are too many: at most %" PRIu64 " are allowed",
				 count, field->max);
	if (count == 0)
		return 0;
	list->items = calloc(count, item_size(field));
	if (!list->items)
		return -ENOMEM;
	list->count = count;
	for (size_t i = 0; i < count; i++) {
		int r;

		doc_path_add_index(&rd->path, i);
		r = read_item(rd, field, json_object_array_get_idx(value, i), list->items, i);
		if (r < 0)
			return r;
		doc_path_cut(&rd->path, path_len);
	}
	return 0;
}

static int read_plain_value(struct read *rd, const struct doc_field *field,
			    struct json_object *value, void *at)
{
	switch (field->type) {
	case DOC_STRING:
		return read_string(rd, field, field->min, field->max, value, at);
	case DOC_UINT:
	case DOC_HEX:
		return read_number(rd, field, value, at);
	case DOC_BOOL:
		if (!json_object_is_type(value, json_type_boolean))
			return read_fail_type(rd, "true or false", value);
		*(bool *)at = json_object_get_boolean(value);
		return 0;
	case DOC_MAYBE:
		if (!json_object_is_type(value, json_type_boolean))
			return read_fail_type(rd, "true or false", value);
		*(uint32_t *)at = json_object_get_boolean(value) ? DOC_TRUE : DOC_FALSE;
		return 0;
	case DOC_CHOICE:
		return read_choice(rd, field, value, at);
	case DOC_OBJECT:
		return read_struct(rd, field, value, at);
	case DOC_STRINGS:
	case DOC_OBJECTS:
	case DOC_UINTS:
	case DOC_NUMBERS:
		return read_list(rd, field, value, at);
	}
	return -EINVAL;
}

static int read_value(struct read *rd, const struct doc_field *field, struct json_object *value,
		      void *at)
{
	struct json_object *expanded;
	int r;

	if (!read_is_variable(rd, value))
		return read_plain_value(rd, field, value, at);
	r = read_expand(rd, field, value, &expanded);
	if (r < 0)
		return r;
	r = read_plain_value(rd, field, expanded, at);
	json_object_put(expanded);
	return r;
}

/* The value of a field whose key is absent. */
static int set_preset(struct read *rd, const struct doc_field *field, void *at)
{
	struct json_object *nothing;
	int r;

	switch (field->type) {
	case DOC_UINT:
	case DOC_HEX:
		*(uint64_t *)at = field->preset;
		return 0;
	case DOC_BOOL:
		*(bool *)at = field->preset != 0;
		return 0;
	case DOC_CHOICE:
		*(uint32_t *)at = (uint32_t)field->preset;
		return 0;
	case DOC_OBJECT:
		if (field->flags & DOC_OPTIONAL)
			return 0;
		/* An absent embedded object is one without keys. */
		nothing = json_object_new_object();
		if (!nothing)
			return -ENOMEM;
		r = read_object(rd, field->table, nothing, at);
		json_object_put(nothing);
		return r;
	default:
		return 0;
	}
}

#define NAMES_MAX 64u

static int check_keys(struct read *rd, const struct doc_table *table, struct json_object *object)
{
	json_object_object_foreach(object, key, value)
	{
		char quoted[DOC_QUOTE_MAX], hint[400];
		const char *names[NAMES_MAX];
		size_t count = 0;
		bool known = table->kind && (!strcmp(key, "kind") || !strcmp(key, "version") ||
					     (table->minors && !strcmp(key, "minor")));

		(void)value;
		for (size_t i = 0; i < table->count && !known; i++) {
			known = strcmp(table->fields[i].key, key) == 0;
			if (count < NAMES_MAX)
				names[count++] = table->fields[i].key;
		}
		if (known)
			continue;
		doc_path_add_key(&rd->path, key);
		doc_suggest(hint, sizeof(hint), key, names, count);
		return read_fail(rd, "key %s is unknown%s", doc_quote(quoted, key), hint);
	}
	return 0;
}

static int fail_selected(struct read *rd, const struct doc_table *table,
			 const struct doc_field *field, const void *data)
{
	const struct doc_field *selector = table->selector;
	const char *choice = selector->choices[*(uint32_t *)doc_at(selector, data)];

	return read_fail(rd, "key \"%s\" is not allowed with \"%s\": \"%s\"", field->key,
			 selector->key, choice);
}

static int fail_later(struct read *rd, const struct doc_table *table, const struct doc_field *field,
		      const void *data)
{
	return read_fail(rd,
			 "a document with \"minor\": %u does not have this key, %u and later do",
			 *(const uint32_t *)((const char *)data + table->minor_at), field->since);
}

int read_object(struct read *rd, const struct doc_table *table, struct json_object *object,
		void *data)
{
	size_t path_len = rd->path.len;
	int r;

	r = check_keys(rd, table, object);
	if (r < 0)
		return r;
	for (size_t i = 0; i < table->count; i++) {
		const struct doc_field *field = &table->fields[i];
		struct json_object *value;

		if (!json_object_object_get_ex(object, field->key, &value)) {
			if (field->flags & DOC_REQUIRED)
				return read_fail(rd, "key \"%s\" is missing: %s", field->key,
						 field->help);
			r = set_preset(rd, field, doc_at(field, data));
		} else {
			doc_path_add_key(&rd->path, field->key);
			if (!doc_is_known(table, field, data))
				return fail_later(rd, table, field, data);
			if (!doc_applies(table, field, data))
				return fail_selected(rd, table, field, data);
			r = read_value(rd, field, value, doc_at(field, data));
		}
		if (r < 0)
			return r;
		doc_path_cut(&rd->path, path_len);
	}
	return 0;
}
