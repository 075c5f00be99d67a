/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From a struct to a JSON tree, by the table.  read.c reads the result back to an equal struct.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "internal.h"

/* A table has each key once and is static: no lookup and no copy is needed. */
#define NEW_KEY (JSON_C_OBJECT_ADD_KEY_IS_NEW | JSON_C_OBJECT_KEY_IS_CONSTANT)

static struct json_object *write_hex(uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "0x%" PRIx64, value);
	return json_object_new_string(text);
}

/* False: no memory; @value is consumed either way. */
static bool add(struct json_object *object, const char *key, struct json_object *value)
{
	if (value && json_object_object_add_ex(object, key, value, NEW_KEY) == 0)
		return true;
	json_object_put(value);
	return false;
}

static bool write_fields(const struct doc_table *table, const void *data,
			 struct json_object *object);

static struct json_object *write_struct(const struct doc_table *table, const void *data)
{
	struct json_object *object = json_object_new_object();

	if (object && !write_fields(table, data, object)) {
		json_object_put(object);
		return NULL;
	}
	return object;
}

static struct json_object *write_item(const struct doc_field *field, const struct doc_list *list,
				      size_t i)
{
	switch (field->type) {
	case DOC_STRINGS:
		return json_object_new_string(((char **)list->items)[i]);
	case DOC_UINTS:
		return write_hex(((uint64_t *)list->items)[i]);
	case DOC_NUMBERS:
		return json_object_new_uint64(((uint64_t *)list->items)[i]);
	default:
		return write_struct(field->table,
				    (const char *)list->items + i * field->table->size);
	}
}

static struct json_object *write_list(const struct doc_field *field, const struct doc_list *list)
{
	/* most lists are short: json-c's own choice is 32 members */
	struct json_object *array = json_object_new_array_ext(list->count ? (int)list->count : 1);

	for (size_t i = 0; array && i < list->count; i++) {
		struct json_object *item = write_item(field, list, i);

		if (!item || json_object_array_add(array, item) < 0) {
			json_object_put(item);
			json_object_put(array);
			return NULL;
		}
	}
	return array;
}

/* Is the field's value the same as an absent key? */
static bool is_absent(const struct doc_field *field, const void *at)
{
	switch (field->type) {
	case DOC_STRING:
		return !*(char *const *)at;
	case DOC_UINT:
	case DOC_HEX:
		return !field->word && doc_is_unset(field, *(const uint64_t *)at);
	case DOC_MAYBE:
		return *(const uint32_t *)at == DOC_ABSENT;
	case DOC_OBJECT:
		return (field->flags & DOC_OPTIONAL) && !*(void *const *)at;
	case DOC_STRINGS:
	case DOC_OBJECTS:
	case DOC_UINTS:
	case DOC_NUMBERS:
		return ((const struct doc_list *)at)->count == 0 && !(field->flags & DOC_REQUIRED);
	default:
		return false;
	}
}

static struct json_object *write_value(const struct doc_field *field, const void *at)
{
	switch (field->type) {
	case DOC_STRING:
		return json_object_new_string(*(char *const *)at);
	case DOC_UINT:
		if (field->word && *(const uint64_t *)at == field->preset)
			return json_object_new_string(field->word);
		return json_object_new_uint64(*(const uint64_t *)at);
	case DOC_HEX:
		return write_hex(*(const uint64_t *)at);
	case DOC_BOOL:
		return json_object_new_boolean(*(const bool *)at);
	case DOC_MAYBE:
		return json_object_new_boolean(*(const uint32_t *)at == DOC_TRUE);
	case DOC_CHOICE:
		return json_object_new_string(field->choices[*(const uint32_t *)at]);
	case DOC_OBJECT:
		return write_struct(field->table,
				    field->flags & DOC_OPTIONAL ? *(void *const *)at : at);
	default:
		return write_list(field, at);
	}
}

static bool write_fields(const struct doc_table *table, const void *data,
			 struct json_object *object)
{
	for (size_t i = 0; i < table->count; i++) {
		const struct doc_field *field = &table->fields[i];
		const void *at = doc_at(field, data);

		if (!doc_is_known(table, field, data) || !doc_applies(table, field, data))
			continue;
		if (!is_absent(field, at) && !add(object, field->key, write_value(field, at)))
			return false;
	}
	return true;
}

static bool write_kind(const struct doc_table *table, const void *data, struct json_object *object)
{
	const uint32_t *minor = (const void *)((const char *)data + table->minor_at);

	return add(object, "kind", json_object_new_string(table->kind)) &&
	       add(object, "version", json_object_new_uint64(table->version)) &&
	       (!table->minors || add(object, "minor", json_object_new_uint64(*minor)));
}

struct json_object *doc_write(const struct doc_table *table, const void *data)
{
	struct json_object *object = json_object_new_object();

	if (!object)
		return NULL;
	if ((table->kind && !write_kind(table, data, object)) ||
	    !write_fields(table, data, object)) {
		json_object_put(object);
		return NULL;
	}
	return object;
}

char *doc_text(const struct doc_table *table, const void *data, enum doc_form form)
{
	const int flags = form == DOC_PRETTY ? JSON_C_TO_STRING_PRETTY : JSON_C_TO_STRING_PLAIN;
	struct json_object *tree = doc_write(table, data);
	const char *text = NULL;
	char *copy;

	if (tree)
		text = json_object_to_json_string_ext(tree, flags | JSON_C_TO_STRING_NOSLASHESCAPE);
	copy = text ? strdup(text) : NULL;
	json_object_put(tree);
	return copy;
}
