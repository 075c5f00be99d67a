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

/* The limit that EMFILE is about, and more of it. */
#define EXPLAIN_FILES "has as many open files as its limit, RLIMIT_NOFILE, allows"
#define EXPLAIN_MORE_FILES                                                                     \
	"ulimit -n 4096 in the shell that starts it, LimitNOFILE= in a unit of systemd; with " \
	"libvirt, max_files in qemu.conf"

extern const struct explain_rows explain_migration, explain_open, explain_fds, explain_qemu,
	explain_user, explain_launchers, explain_kernel;

#endif
