/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * escape - what a process would try once a front-end has taken it over.
 */
#ifndef TESTS_BROKER_ESCAPE_H
#define TESTS_BROKER_ESCAPE_H

#include <stddef.h>

struct escape {
	const char *name;
	int (*attempt)(void); /* 0 or positive: it works */
	int landlock;	      /* the version of Landlock that forbids it, too; 0: none does */
};

extern const struct escape escapes[];
extern const size_t escape_count;

/** escape_begin(), escape_end() - what the attempts need; set-up and teardown of the group. */
int escape_begin(void **state);
int escape_end(void **state);

#endif
