/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Room: doc.  From text to struct, by the table.  The form is checked first (scan.c); json-c's
 * getters coerce, so each value's type is looked at before it is taken.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

struct read {
	struct doc_path path;
	struct doc_error *err;
};

static int fail(struct read *rd, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The line is found at the end, by doc_read(). */
static int fail(struct read *rd, const char *format, ...)
{
	va_list args;

	memcpy(rd->err->pointer, rd->path.text, sizeof(rd->err->pointer));
	va_start(args, format);
	vsnprintf(rd->err->text, sizeof(rd->err->text), format, args);
	va_end(args);
	return -EINVAL;
}

static int fail_type(struct read *rd, const char *wanted, struct json_object *value)
{
	char quoted[DOC_QUOTE_MAX];

	if (!value)
		return fail(rd, "%s is expected, not null: leave the key out instead", wanted);
	if (json_object_is_type(value, json_type_string))
		return fail(rd, "%s is expected, not the string %s", wanted,
			    doc_quote(quoted, json_object_get_string(value)));
	if (json_object_is_type(value, json_type_object))
		return fail(rd, "%s is expected, not an object", wanted);
	if (json_object_is_type(value, json_type_array))
		return fail(rd, "%s is expected, not an array", wanted);
	return fail(rd, "%s is expected, not %s %s", wanted,
		    json_object_is_type(value, json_type_boolean) ? "the boolean" : "the number",
		    json_object_get_string(value));
}

static int read_number(struct read *rd, const struct doc_field *field, struct json_object *value,
		       uint64_t *ret)
{
	bool wide = field->type != DOC_UINT || doc_is_wide(field);
	char quoted[DOC_QUOTE_MAX];
	const char *text;

	if (!value)
		return fail_type(rd, "a number", value);
	text = json_object_get_string(value);
	switch (json_object_get_type(value)) {
	case json_type_int:
		if (json_object_get_int64(value) < 0)
			return fail(rd, "%s is negative: a number from 0 up is expected", text);
		*ret = json_object_get_uint64(value);
		break;
	case json_type_double:
		return fail(rd, "%s: a whole number without point or exponent is expected", text);
	case json_type_string:
		if (!wide)
			return fail_type(rd, "a number (without quotes)", value);
		if (!doc_parse_u64(text, ret))
			return fail(rd, "%s is not a 64-bit number: write 123, \"123\" or \"0x7b\"",
				    doc_quote(quoted, text));
		break;
	default:
		return fail_type(rd, "a number", value);
	}
	if (*ret < field->min || (field->max && *ret > field->max)) {
		if (field->max)
			return fail(rd, "%s is out of range: %" PRIu64 " to %" PRIu64 " is allowed",
				    text, field->min, field->max);
		return fail(rd, "%s is too small: at least %" PRIu64 " is allowed", text,
			    field->min);
	}
	if ((field->flags & DOC_POWER_2) && (*ret == 0 || (*ret & (*ret - 1)) != 0))
		return fail(rd, "%s is not a power of two", text);
	return 0;
}

/* @min, @max: bytes; 0: no limit. */
static int read_string(struct read *rd, const struct doc_field *field, uint64_t min, uint64_t max,
		       struct json_object *value, char **ret)
{
	char quoted[DOC_QUOTE_MAX];
	const char *text;
	size_t len;

	if (!json_object_is_type(value, json_type_string))
		return fail_type(rd, "a string", value);
	text = json_object_get_string(value);
	len = strlen(text);
	if (len == 0 && min > 0)
		return fail(rd, "an empty string is not allowed");
	if (len < min)
		return fail(rd, "%s has %zu bytes: at least %" PRIu64 " are needed",
			    doc_quote(quoted, text), len, min);
	if (max && len > max)
		return fail(rd, "%s has %zu bytes: at most %" PRIu64 " are allowed",
			    doc_quote(quoted, text), len, max);
	if (field->check && !field->check(text))
		return fail(rd, "%s is not allowed: %s%s", doc_quote(quoted, text),
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
		return fail_type(rd, "a string", value);
	text = json_object_get_string(value);
	for (n = 0; field->choices[n]; n++) {
		if (strcmp(field->choices[n], text) == 0) {
			*ret = n;
			return 0;
		}
	}
	doc_suggest(hint, sizeof(hint), text, field->choices, n);
	return fail(rd, "%s is not known here%s", doc_quote(quoted, text), hint);
}

static int read_object(struct read *rd, const struct doc_table *table, struct json_object *object,
		       void *data);

static int read_struct(struct read *rd, const struct doc_field *field, struct json_object *value,
		       void *at)
{
	if (!json_object_is_type(value, json_type_object))
		return fail_type(rd, "an object", value);
	if (field->flags & DOC_OPTIONAL) {
		void *part = calloc(1, field->table->size);

		if (!part)
			return -ENOMEM;
		*(void **)at = part; /* doc_clear() frees it from now on */
		at = part;
	}
	return read_object(rd, field->table, value, at);
}

static int read_item(struct read *rd, const struct doc_field *field, struct json_object *value,
		     void *items, size_t i)
{
	switch (field->type) {
	case DOC_STRINGS:
		return read_string(rd, field, 1, 0, value, (char **)items + i);
	case DOC_UINTS: {
		const struct doc_field any = { .type = DOC_HEX };

		return read_number(rd, &any, value, (uint64_t *)items + i);
	}
	default:
		if (!json_object_is_type(value, json_type_object))
			return fail_type(rd, "an object", value);
		return read_object(rd, field->table, value, (char *)items + i * field->table->size);
	}
}

static size_t item_size(const struct doc_field *field)
{
	if (field->type == DOC_OBJECTS)
		return field->table->size;
	return field->type == DOC_UINTS ? sizeof(uint64_t) : sizeof(char *);
}

static int read_list(struct read *rd, const struct doc_field *field, struct json_object *value,
		     struct doc_list *list)
{
	size_t count, path_len = rd->path.len;

	if (!json_object_is_type(value, json_type_array))
		return fail_type(rd, "an array", value);
	count = json_object_array_length(value);
	if (count < field->min)
		return fail(rd, "%zu items are too few: at least %" PRIu64 " must be given", count,
			    field->min);
	if (field->max && count > field->max)
		return fail(rd, "%zu items are too many: at most %" PRIu64 " are allowed", count,
			    field->max);
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

static int read_value(struct read *rd, const struct doc_field *field, struct json_object *value,
		      void *at)
{
	switch (field->type) {
	case DOC_STRING:
		return read_string(rd, field, field->min, field->max, value, at);
	case DOC_UINT:
	case DOC_HEX:
		return read_number(rd, field, value, at);
	case DOC_BOOL:
		if (!json_object_is_type(value, json_type_boolean))
			return fail_type(rd, "true or false", value);
		*(bool *)at = json_object_get_boolean(value);
		return 0;
	case DOC_CHOICE:
		return read_choice(rd, field, value, at);
	case DOC_OBJECT:
		return read_struct(rd, field, value, at);
	case DOC_STRINGS:
	case DOC_OBJECTS:
	case DOC_UINTS:
		return read_list(rd, field, value, at);
	}
	return -EINVAL;
}

/* What a struct holds when the key is not there. */
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
		return fail(rd, "key %s is not known here%s", doc_quote(quoted, key), hint);
	}
	return 0;
}

static int read_object(struct read *rd, const struct doc_table *table, struct json_object *object,
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
				return fail(rd, "key \"%s\" is missing: %s", field->key,
					    field->help);
			r = set_preset(rd, field, doc_at(field, data));
		} else {
			doc_path_add_key(&rd->path, field->key);
			r = read_value(rd, field, value, doc_at(field, data));
		}
		if (r < 0)
			return r;
		doc_path_cut(&rd->path, path_len);
	}
	return 0;
}

static int fail_version(struct read *rd, const struct doc_table *table, struct json_object *version,
			struct json_object *root)
{
	struct json_object *minor = json_object_object_get(root, "minor");
	bool both = json_object_is_type(minor, json_type_int);

	if (!table->minors || json_object_get_int64(version) < table->version)
		return fail(rd, "version %s is not known: this program reads version %u",
			    json_object_get_string(version), table->version);
	return fail(rd, "written by a newer library: version %s%s%s; this one reads %u.%u",
		    json_object_get_string(version), both ? "." : "",
		    both ? json_object_get_string(minor) : "", table->version, table->minor);
}

/* A lower one has the same keys or fewer, and means the same. */
static int check_minor(struct read *rd, const struct doc_table *table, struct json_object *root)
{
	struct json_object *value;
	int64_t minor;

	if (!json_object_object_get_ex(root, "minor", &value))
		return fail(rd, "key \"minor\" is missing: it must be a number up to %u",
			    table->minor);
	doc_path_add_key(&rd->path, "minor");
	if (!json_object_is_type(value, json_type_int))
		return fail_type(rd, "a whole number", value);
	minor = json_object_get_int64(value);
	if (minor < 0)
		return fail(rd, "%s is negative: a number from 0 up is expected",
			    json_object_get_string(value));
	if (minor > table->minor)
		return fail(rd, "written by a newer library: version %u.%s; this one reads %u.%u",
			    table->version, json_object_get_string(value), table->version,
			    table->minor);
	doc_path_cut(&rd->path, 0);
	return 0;
}

static int check_kind(struct read *rd, const struct doc_table *table, struct json_object *root)
{
	char quoted[DOC_QUOTE_MAX];
	struct json_object *value;

	if (!json_object_object_get_ex(root, "kind", &value))
		return fail(rd, "key \"kind\" is missing: it must be \"%s\"", table->kind);
	doc_path_add_key(&rd->path, "kind");
	if (!json_object_is_type(value, json_type_string))
		return fail_type(rd, "a string", value);
	if (strcmp(json_object_get_string(value), table->kind) != 0)
		return fail(rd, "this is a %s document: \"%s\" is expected",
			    doc_quote(quoted, json_object_get_string(value)), table->kind);
	doc_path_cut(&rd->path, 0);
	if (!json_object_object_get_ex(root, "version", &value))
		return fail(rd, "key \"version\" is missing: it must be %u", table->version);
	doc_path_add_key(&rd->path, "version");
	if (!json_object_is_type(value, json_type_int))
		return fail_type(rd, "a whole number", value);
	if (json_object_get_int64(value) != table->version)
		return fail_version(rd, table, value, root);
	doc_path_cut(&rd->path, 0);
	return table->minors ? check_minor(rd, table, root) : 0;
}

static int parse(const char *text, size_t len, struct json_object **ret)
{
	struct json_tokener *tokener = json_tokener_new_ex((int)DOC_MAX_DEPTH + 1);

	if (!tokener)
		return -ENOMEM;
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	*ret = json_tokener_parse_ex(tokener, text, (int)len);
	json_tokener_free(tokener);
	/* scan.c found nothing wrong with it, so what is left is memory. */
	return *ret ? 0 : -ENOMEM;
}

int doc_read(const struct doc_table *table, const char *text, size_t len, void *ret,
	     struct doc_error *err)
{
	struct read rd = { .err = err };
	struct json_object *root;
	struct doc_error unused;
	int r;

	r = doc_scan(text, len, NULL, NULL, err);
	if (r < 0)
		return r;
	while (len > 0 && strchr(" \t\r\n", text[len - 1]))
		len--; /* json-c would wait for more behind it */
	r = parse(text, len, &root);
	if (r < 0)
		return r;
	memset(ret, 0, table->size);
	r = table->kind ? check_kind(&rd, table, root) : 0;
	if (r == 0)
		r = read_object(&rd, table, root, ret);
	if (r < 0)
		doc_clear(table, ret);
	if (r == -EINVAL)
		doc_scan(text, len, err->pointer, &err->line, &unused);
	json_object_put(root);
	return r;
}
