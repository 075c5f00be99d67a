/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The parts of the table of messages.  Each row is checked by tests/unit/explain, with a line that somebody's
 * program printed.
 */
#ifndef EXPLAIN_ROWS_H
#define EXPLAIN_ROWS_H

#include "explain.h"

struct explain_rows {
	const struct explain_row *rows;
	size_t count;
};

/* The remedy of too many regions of memory. */
#define EXPLAIN_MORE_REGIONS                                                       \
	"echo options vhost max_mem_regions=509 > /etc/modprobe.d/vhost.conf; it " \
	"takes effect when vhost is loaded again"

extern const struct explain_rows explain_migration, explain_open, explain_fds, explain_qemu,
	explain_user, explain_launchers, explain_kernel;

#endif
