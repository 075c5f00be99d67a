/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Shared by doc's files: the position in a document, and values as they are shown in messages.
 */
#ifndef DOC_INTERNAL_H
#define DOC_INTERNAL_H

#include <stdarg.h>

#include "doc.h"

/* The JSON pointer of the current position.  Truncated at a character boundary if too long. */
struct doc_path {
	char text[sizeof(((struct doc_error *)0)->pointer)];
	size_t len;
};

void doc_path_add_key(struct doc_path *path, const char *key);
void doc_path_add_index(struct doc_path *path, size_t index);
void doc_path_cut(struct doc_path *path, size_t len);

/* doc_error_text() - the text of an error, escaped for a terminal. */
void doc_error_text(struct doc_error *err, const char *format, va_list args)
	__attribute__((format(printf, 2, 0)));

#define DOC_QUOTE_MAX 80u

/*
 * doc_quote() - doc_escape() in double quotes, cut after some 70 bytes.  Returns @buf.
 */
const char *doc_quote(char buf[DOC_QUOTE_MAX], const char *text);

/*
 * doc_suggest() - write ": did you mean "x"?" when one of @names is near @word, else ": expected
 * one of a, b, c", to @buf.
 */
void doc_suggest(char *buf, size_t size, const char *word, const char *const *names, size_t count);

/* doc_parse_u64() - "123" or "0x7b", nothing else; false when it is not that or beyond 64 bits. */
bool doc_parse_u64(const char *text, uint64_t *ret);

/* Bytes of the valid UTF-8 character at @text (of @len bytes); 0 when it is none. */
size_t doc_utf8_len(const char *text, size_t len);

/* May the number also be written as a string?  Only where a JSON number could lose digits. */
bool doc_is_wide(const struct doc_field *field);

/* Is this the preset of an absent field, outside the field's own limits? */
bool doc_is_unset(const struct doc_field *field, uint64_t value);

/* Has a document with the struct's minor number this key? */
bool doc_is_known(const struct doc_table *table, const struct doc_field *field, const void *data);

/* May the field's key be given in this struct, as far as its selector decides? */
bool doc_applies(const struct doc_table *table, const struct doc_field *field, const void *data);

/* The value of an absent key; NULL: none, or no memory. */
struct json_object *doc_default(const struct doc_field *field);

/* The address of a field's value in its struct. */
static inline void *doc_at(const struct doc_field *field, const void *data)
{
	return (char *)(uintptr_t)data + field->offset;
}

#endif
