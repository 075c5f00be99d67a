/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The report of 'vhostctl check-fds'.
 */
#ifndef CLI_FDS_REPORT_H
#define CLI_FDS_REPORT_H

#include <net/if.h>

#include "program/cli.h"

struct cli_fd {
	uint64_t fd;
	const char *given, *link;
	uint64_t header;
	uint32_t multi_queue; /* enum doc_maybe */
	const char *owner;
	/* where these are */
	char link_name[IFNAMSIZ];
	int sndbuf;
	bool good;
};

struct cli_fd_problem {
	char *text, *remedy;
};

struct cli_fds_report {
	const char *command;
	bool usable;
	struct doc_list fds;	  /* of struct cli_fd */
	struct doc_list problems; /* of struct cli_fd_problem */
};

extern const struct doc_table cli_fds_table;

/* Out of memory, the program ends here. */
void cli_add_problem(struct cli_fds_report *report, const char *remedy, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void cli_clear_problems(struct cli_fds_report *report);

#endif
