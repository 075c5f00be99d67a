/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A whole document, from text to struct: its syntax (scan.c), its kind and version, then its fields
 * (read.c).
 */
#include <errno.h>
#include <string.h>

#include "read.h"

static int fail_version(struct read *rd, const struct doc_table *table, struct json_object *version,
			struct json_object *root)
{
	struct json_object *minor = json_object_object_get(root, "minor");
	bool both = json_object_is_type(minor, json_type_int);

	if (!table->minors || json_object_get_int64(version) < table->version)
		return read_fail(rd, "version %s is not known: this program reads version %u",
				 json_object_get_string(version), table->version);
	return read_fail(rd, "written by a newer library: version %s%s%s; this one reads %u.%u",
			 json_object_get_string(version), both ? "." : "",
			 both ? json_object_get_string(minor) : "", table->version, table->minor);
}

/* A lower minor has the same keys or fewer, with the same meaning. */
static int read_minor(struct read *rd, const struct doc_table *table, struct json_object *root,
		      void *ret)
{
	struct json_object *value;
	int64_t minor;

	if (!json_object_object_get_ex(root, "minor", &value))
		return read_fail(rd, "key \"minor\" is missing: it must be a number up to %u",
				 table->minor);
	doc_path_add_key(&rd->path, "minor");
	if (!json_object_is_type(value, json_type_int))
		return read_fail_type(rd, "an integer", value);
	minor = json_object_get_int64(value);
	if (minor < 0)
		return read_fail(rd, "%s is negative: a number of at least 0 expected",
				 json_object_get_string(value));
	if (minor > table->minor)
		return read_fail(rd,
				 "written by a newer library: version %u.%s; this one reads %u.%u",
				 table->version, json_object_get_string(value), table->version,
				 table->minor);
	*(uint32_t *)((char *)ret + table->minor_at) = (uint32_t)minor;
	doc_path_cut(&rd->path, 0);
	return 0;
}

static int read_kind(struct read *rd, const struct doc_table *table, struct json_object *root,
		     void *ret)
{
	char quoted[DOC_QUOTE_MAX];
	struct json_object *value;

	if (!json_object_object_get_ex(root, "kind", &value))
		return read_fail(rd, "key \"kind\" is missing: it must be \"%s\"", table->kind);
	doc_path_add_key(&rd->path, "kind");
	if (!json_object_is_type(value, json_type_string))
		return read_fail_type(rd, "a string", value);
	if (strcmp(json_object_get_string(value), table->kind) != 0)
		return read_fail(rd, "this is a %s document: \"%s\" expected",
				 doc_quote(quoted, json_object_get_string(value)), table->kind);
	doc_path_cut(&rd->path, 0);
	if (!json_object_object_get_ex(root, "version", &value))
		return read_fail(rd, "key \"version\" is missing: it must be %u", table->version);
	doc_path_add_key(&rd->path, "version");
	if (!json_object_is_type(value, json_type_int))
		return read_fail_type(rd, "an integer", value);
	if (json_object_get_int64(value) != table->version)
		return fail_version(rd, table, value, root);
	doc_path_cut(&rd->path, 0);
	return table->minors ? read_minor(rd, table, root, ret) : 0;
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
	return doc_read_with(table, text, len, NULL, ret, err);
}

int doc_read_with(const struct doc_table *table, const char *text, size_t len,
		  char *const *variables, void *ret, struct doc_error *err)
{
	struct read rd = { .err = err, .variables = variables };
	struct json_object *root;
	struct doc_error unused;
	int r;

	r = doc_scan(text, len, NULL, NULL, err);
	if (r < 0)
		return r;
	while (len > 0 && strchr(" \t\r\n", text[len - 1]))
		len--; /* json-c would expect more after it */
	r = parse(text, len, &root);
	if (r < 0)
		return r;
	memset(ret, 0, table->size);
	r = table->kind ? read_kind(&rd, table, root, ret) : 0;
	if (r == 0)
		r = read_object(&rd, table, root, ret);
	if (r < 0)
		doc_clear(table, ret);
	if (r == -EINVAL)
		doc_scan(text, len, err->pointer, &err->line, &unused);
	json_object_put(root);
	return r;
}
