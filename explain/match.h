/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * match - the language of patterns, and finding one in a line of a log.
 *
 * A pattern is the text of a message.  In it stand for something else:
 *
 *     %x   a hexadecimal number of any width, with or without 0x
 *     %d   a decimal number; may be negative
 *     %e   the number of an errno; may be negative
 *     %r   the number of a vhost-user request
 *     %w   a name: 1 to 64 letters, digits and "_./@-", the first one no "-" and no "."
 *     %*   anything, as little as possible
 *
 * All but %* are holes, and kept.  A name has no character that means something to a shell: it stands in
 * commands that people copy.  A part between two %* begins with text, and if it has a number, that text has a
 * character that no number has.  So the time is linear in the line's length: no line is slow, whoever wrote it.
 */
#ifndef EXPLAIN_MATCH_H
#define EXPLAIN_MATCH_H

#include <stdbool.h>
#include <stddef.h>

#define MATCH_HOLES 4u

struct match_hole {
	char kind; /* 'x', 'd', 'e', 'r', 'w' */
	const char *at;
	size_t len;
};

struct match {
	const char *at; /* the whole message */
	size_t len;
	struct match_hole holes[MATCH_HOLES];
	size_t count;
};

/* Is the pattern in these bytes, which may have NULs?  *ret is valid if it is. */
bool match_find(const char *pattern, const char *text, size_t len, struct match *ret);

/* Does the pattern keep the rules above? */
bool match_is_valid(const char *pattern);

#endif
