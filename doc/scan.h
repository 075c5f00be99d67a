/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the two halves of the scanner share.
 */
#ifndef DOC_SCAN_H
#define DOC_SCAN_H

#include "internal.h"

struct scan {
	const char *at, *end;
	unsigned int line;
	unsigned int depth, values;
	struct doc_path path;
	const char *want; /* the pointer whose line is asked for, or NULL */
	unsigned int want_line;
	char *keys; /* the decoded keys of all open objects, each NUL-terminated */
	size_t keys_used;
	struct doc_error *err;
};

/* Stop here: fills the error and returns -EINVAL. */
int scan_fail(struct scan *s, const char *format, ...) __attribute__((format(printf, 2, 3)));

bool scan_starts_with(const struct scan *s, const char *word);

/*
 * scan_string() - from one double quote to the next.
 * @out: where the decoded bytes and a NUL go, NULL for nowhere; never more than the text has.
 */
int scan_string(struct scan *s, char *out);

#endif
