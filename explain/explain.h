/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * explain - what a message of a launcher, of libvirt, of Kubernetes, of DPDK or of the kernel means.
 *
 * One table with a row for each message; nothing else knows one.  Makes no system call, and the lines may be of
 * another host.  It is above the public header of lib and doc, and beside host, of which it knows nothing.
 */
#ifndef EXPLAIN_H
#define EXPLAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "doc.h"
#include "vhostconfig.h"

/* A message of a row is cut to so many bytes, and what a hole has to so many. */
#define EXPLAIN_MESSAGE_MAX 300u
#define EXPLAIN_HOLE_MAX    100u
/* Different messages in a report; the others are counted. */
#define EXPLAIN_MOST 200u

enum explain_bits {
	EXPLAIN_NO_BITS,
	EXPLAIN_MISSING, /* what the first hole has and the second has not */
	EXPLAIN_LACKS	 /* what the first hole has, as vhost counts bits */
};

/*
 * A row of the table.  In the texts, %1 to %4 stand for the pattern's holes (match.h), and %b for the names of the
 * bits.
 */
struct explain_row {
	const char *source; /* who prints it */
	const char *pattern;
	const char *meaning, *cause, *remedy;
	enum explain_bits bits;
	const char *in_log; /* the remedy where a whole log is read; NULL: the same */
	bool vague; /* what the errno of a call or a node means in the same line says more (failure.h) */
};

/*
 * All of them.  Of those that match a line, the first one is meant; after those that are not vague come the calls and
 * nodes of failure.h.
 */
const struct explain_row *explain_rows(size_t index); /* NULL: there are no more */

struct explained_bit {
	uint64_t bit;
	char *name, *origin, *since;
};

/* Ready to print: nothing in it is a control character. */
struct explained {
	char *message;
	uint64_t line; /* the first one that has it, from 1 */
	uint64_t times;
	char *source, *meaning, *cause, *remedy;
	struct doc_list features; /* of struct explained_bit */
};

struct explain_report {
	bool log; /* the lines are a whole log, not one of it; set by whoever reads it */
	char *command;
	bool known; /* any line of it */
	uint64_t lines;
	uint64_t unknown;	  /* lines with a text that no row has */
	uint64_t more;		  /* lines that are known, but not shown */
	struct doc_list messages; /* of struct explained */
};

extern const struct doc_table explain_report_table;

/**
 * explain_line() - add the next line to a report, which begins as { 0 } and goes to doc_clear().
 * @line: @len bytes, any.  @type: the device whose feature bits it has.
 * Errors: -ENOMEM; the report is as it was.
 */
int explain_line(struct explain_report *report, enum vhc_type type, const char *line, size_t len);

/**
 * explain_own_bit() - what is known of a bit between vhost and its user, which no guest sees: 26 and 30.
 * NULL: it is none of them.
 */
const struct vhc_feature *explain_own_bit(uint32_t bit);

/** explain_origin() - VHC_ORIGIN_ flags as documents have them: "vhost+tap"; "" if it is not known. */
const char *explain_origin(uint32_t origin);

#endif
