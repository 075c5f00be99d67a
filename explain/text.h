/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The texts of a row, with what a line has in the place of %1 to %4 and %b.
 */
#ifndef EXPLAIN_TEXT_H
#define EXPLAIN_TEXT_H

#include "explain.h"
#include "match.h"

/* For free(3); NULL: no memory.  @features: of struct explained_bit, for %b. */
char *text_fill(const char *text, const struct match *match, const struct doc_list *features);

/*
 * Copies a line without what makes its text coloured on a terminal, also where JSON has escaped that; @ret has room
 * for @len bytes.  Returns how many it has.
 */
size_t text_strip(const char *at, size_t len, char *ret);

/* Bytes for a terminal, cut to @max of them.  For free(3); NULL: no memory. */
char *text_show(const char *at, size_t len, size_t max);

#endif
