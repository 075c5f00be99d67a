/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * edit - vhost-state documents changed on purpose, as text.  What comes out is for free(3).
 */
#ifndef TESTS_EDIT_H
#define TESTS_EDIT_H

#include <stddef.h>

/** edit_file() - a whole file. */
char *edit_file(const char *folder, const char *name);

/** edit_compact() - the same document in one line without blanks. */
char *edit_compact(const char *json);

/**
 * edit_put() - the document with what is at a JSON pointer replaced, or a key or an item added.
 * @raw: JSON text, which need not be right; NULL takes the value away.
 */
char *edit_put(const char *json, const char *pointer, const char *raw);

/** edit_get() - what is there, as JSON text; NULL: nothing is. */
char *edit_get(const char *json, const char *pointer);

/** edit_sum() - the document with the checksum that it should have; unchanged when it has no form. */
char *edit_sum(const char *json);

/** edit_put_sum() - edit_put(), then edit_sum(). */
char *edit_put_sum(const char *json, const char *pointer, const char *raw);

/**
 * edit_canonical() - what the document says, in the one way in which the library writes it; NULL when
 * its form is wrong.
 */
char *edit_canonical(const char *json);

#endif
