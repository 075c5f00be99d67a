/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * failure - a call of vhost, tun or KVM that failed, or a device node that does not open, in any program's words: the
 * name of the call or the node, and an errno beside it.
 *
 * The meaning is the kernel's, and the same whoever prints it, so that the rows are few: a call and an errno, a node
 * and an errno.  What the library says of its own calls is not said twice: vhc_call_meaning().
 */
#ifndef EXPLAIN_FAILURE_H
#define EXPLAIN_FAILURE_H

#include "explain.h"
#include "match.h"

struct failure_subject {
	const char *name; /* "VHOST_SET_OWNER"; "/dev/tap#" with a number for the # */
	const char *does; /* what the call does; NULL: it is a node */
	const char *module;
};

/* Another name that programs give it. */
struct failure_alias {
	const char *text, *name;
};

/*
 * In a remedy and a meaning, %1 is the call or the node, %2 the errno, %3 the node's module.  Of the rows for a
 * subject and an errno, the first is meant.
 */
struct failure_row {
	const char *subject; /* its name; or "VHOST_*": all that begin so */
	int error;
	const char *cause; /* NULL: vhc_call_meaning() */
	const char *remedy;
	const char *meaning; /* NULL: the call failed, the node does not open */
};

struct failure_table {
	const struct failure_subject *subjects;
	const struct failure_alias *aliases;
	const struct failure_row *rows;
	size_t subject_count, alias_count, row_count;
};

extern const struct failure_table failure_calls, failure_nodes;

#define FAILURE_TABLE                                                                             \
	{                                                                                         \
		subjects, aliases, rows, DOC_COUNT(subjects), DOC_COUNT(aliases), DOC_COUNT(rows) \
	}

/* One that was found. */
struct failure {
	struct explain_row row;
	struct match match;
	char name[64], number[16], meaning[256], cause[256]; /* what the two above point to */
};

/*
 * Is there one in these bytes?  A call's errno comes after its name, at most 80 bytes later, or where strace(1) has
 * it.  A node's may also come before, and the line must be about opening it.
 */
bool failure_find(const char *text, size_t len, struct failure *ret);

#endif
