/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * errno-text - an errno as programs print it: "EBUSY", "Device or resource busy" in any case and of either C library,
 * "code: 16", "os error 16", "[Errno 16]", "errno=16".
 */
#ifndef EXPLAIN_ERRNO_TEXT_H
#define EXPLAIN_ERRNO_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* The one that the text begins with: its length, and in *ret the positive errno; 0: it begins with none. */
size_t errno_text(const char *text, const char *end, int *ret);

/* ASCII, whatever the locale is. */
bool errno_text_is_word(char c); /* a letter, a digit or '_' */
char errno_text_lower(char c);

#endif
