/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reading a tree by a table: shared by read.c and document.c.
 */
#ifndef DOC_READ_H
#define DOC_READ_H

#include "internal.h"

struct read {
	struct doc_path path;
	struct doc_error *err;
	char *const *variables; /* NULL-terminated "NAME=VALUE"; NULL: "${" means nothing */
};

/* Fill the error with the path and this text; doc_read() adds the line.  Returns -EINVAL. */
int read_fail(struct read *rd, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Another type was expected: @wanted is "a number" and the like. */
int read_fail_type(struct read *rd, const char *wanted, struct json_object *value);

/* Is this a string with a variable in it? */
bool read_is_variable(const struct read *rd, struct json_object *value);
/* Such a string with the values put in, or the number that it then is; for json_object_put(). */
int read_expand(struct read *rd, const struct doc_field *field, struct json_object *value,
		struct json_object **ret);

/* An object's keys into the struct at @data, which is zeroed. */
int read_object(struct read *rd, const struct doc_table *table, struct json_object *object,
		void *data);

#endif
