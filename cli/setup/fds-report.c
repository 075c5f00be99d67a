/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The report of 'vhostctl check-fds': its tables, and the list of what is wrong.
 */
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "setup/fds-report.h"

static const struct doc_field row_fields[] = {
	DOC_NEED(cli_fd, fd, DOC_UINT, .max = INT_MAX, .help = "its number"),
	DOC_NEED(cli_fd, given, DOC_STRING, .help = "as what it was given: tap or vhost"),
	DOC_FIELD(cli_fd, link, DOC_STRING, .help = "the link of a tap"),
	DOC_FIELD(cli_fd, multi_queue, DOC_MAYBE,
		  .help = "the link of a tap was created for several queues; not of a macvtap"),
	DOC_FIELD(cli_fd, header, DOC_UINT, .min = 1, .max = INT_MAX,
		  .help = "bytes of a tap's virtio-net header"),
	DOC_FIELD(cli_fd, owner, DOC_STRING,
		  .help = "of a vhost fd: no, yes, or unknown where this kernel does not tell"),
};

static const struct doc_table row_table = DOC_PART(cli_fd, row_fields, "one fd");

static const struct doc_field problem_fields[] = {
	DOC_NEED(cli_fd_problem, text, DOC_STRING, .help = "what is wrong"),
	DOC_NEED(cli_fd_problem, remedy, DOC_STRING, .help = "what to do, or \"\""),
};

static const struct doc_table problem_table = DOC_PART(cli_fd_problem, problem_fields, "a problem");

static const struct doc_field report_fields[] = {
	CLI_COMMAND_FIELD(cli_fds_report),
	DOC_NEED(cli_fds_report, usable, DOC_BOOL, .help = "can a launcher use them together"),
	DOC_NEED(cli_fds_report, fds, DOC_OBJECTS, .table = &row_table, .help = "each fd"),
	DOC_NEED(cli_fds_report, problems, DOC_OBJECTS, .table = &problem_table, .help = "why not"),
};

const struct doc_table cli_fds_table = DOC_TABLE("vhost-report", cli_fds_report, report_fields,
						 "whether fds can be used together");

void cli_add_problem(struct cli_fds_report *report, const char *remedy, const char *format, ...)
{
	struct cli_fd_problem *problem = cli_need(doc_append(&report->problems, sizeof(*problem)));
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	*problem = (struct cli_fd_problem){ cli_need(strdup(text)),
					    cli_need(strdup(remedy ? remedy : "")) };
}

void cli_clear_problems(struct cli_fds_report *report)
{
	struct cli_fd_problem *items = report->problems.items;

	for (size_t i = 0; i < report->problems.count; i++) {
		free(items[i].text);
		free(items[i].remedy);
	}
	free(items);
	report->problems = (struct doc_list){ NULL, 0 };
}
