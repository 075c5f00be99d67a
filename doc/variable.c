/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Variables in a document: "${NAME}" in its strings, and alone in place of a number.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "read.h"

size_t doc_variable_len(const char *text)
{
	static const char more[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";

	return *text >= '0' && *text <= '9' ? 0 : strspn(text, more);
}

static const char *find(char *const *variables, const char *name, size_t len)
{
	for (; *variables; variables++)
		if (!strncmp(*variables, name, len) && (*variables)[len] == '=')
			return *variables + len + 1;
	return NULL;
}

/* The "${" at *text; *text goes past its "}". */
static int put_value(struct read *rd, const char **text, FILE *out)
{
	const char *name = *text + 2;
	size_t len = doc_variable_len(name);
	char quoted[DOC_QUOTE_MAX];
	const char *value;

	if (!len || name[len] != '}')
		return read_fail(
			rd,
			"%s: \"${\" begins a variable: write ${NAME}, with letters, digits and '_'",
			doc_quote(quoted, *text));
	value = find(rd->variables, name, len);
	if (!value)
		return read_fail(rd, "the variable %.*s is not set: --set %.*s=VALUE", (int)len,
				 name, (int)len, name);
	fputs(value, out);
	*text = name + len + 1;
	return 0;
}

static int expand(struct read *rd, const char *text, FILE *out)
{
	int r = 0;

	while (*text && r == 0) {
		if (text[0] == '$' && text[1] == '{')
			r = put_value(rd, &text, out);
		else
			fputc(*text++, out);
	}
	return r;
}

/* In place of a number stands one, unless the text is something else: the reader then says so. */
static struct json_object *new_value(const struct doc_field *field, const char *text)
{
	const bool number = field->type == DOC_UINT || field->type == DOC_HEX ||
			    field->type == DOC_UINTS || field->type == DOC_NUMBERS;
	uint64_t value;

	if (number && strspn(text, "0123456789") == strlen(text) && doc_parse_u64(text, &value))
		return json_object_new_uint64(value);
	return json_object_new_string(text);
}

bool read_is_variable(const struct read *rd, struct json_object *value)
{
	return rd->variables && json_object_is_type(value, json_type_string) &&
	       strstr(json_object_get_string(value), "${");
}

int read_expand(struct read *rd, const struct doc_field *field, struct json_object *value,
		struct json_object **ret)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	int r;

	if (!out)
		return -ENOMEM;
	r = expand(rd, json_object_get_string(value), out);
	if (fclose(out) && r == 0)
		r = -ENOMEM;
	if (r == 0) {
		*ret = new_value(field, text);
		r = *ret ? 0 : -ENOMEM;
	}
	free(text);
	return r;
}
