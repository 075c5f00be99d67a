/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * 'vhostctl explain': what a message means, or the messages of a whole log.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "errname.h"
#include "explain.h"
#include "features/set.h"

#define LINE_MAX_BYTES (1u << 20)

/* Standard input, line by line; what a line has beyond the limit is skipped. */
struct reader {
	struct cli_call *call;
	struct explain_report *report;
	char *line; /* LINE_MAX_BYTES */
	size_t len;
	bool cut, any_cut;
};

static int take_line(struct reader *reader)
{
	if (explain_line(reader->report, cli_read_type(reader->call), reader->line, reader->len))
		return -ENOMEM;
	reader->len = 0;
	reader->cut = false;
	return 0;
}

static int take_bytes(struct reader *reader, const char *bytes, size_t count)
{
	while (count) {
		const char *end = memchr(bytes, '\n', count);
		size_t len = end ? (size_t)(end - bytes) : count,
		       fits = LINE_MAX_BYTES - reader->len;

		if (len > fits)
			reader->cut = reader->any_cut = true;
		fits = len < fits ? len : fits;
		memcpy(reader->line + reader->len, bytes, fits);
		reader->len += fits;
		if (end && take_line(reader))
			return -ENOMEM;
		bytes += len + (end ? 1 : 0);
		count -= len + (end ? 1 : 0);
	}
	return 0;
}

static int read_input(struct reader *reader)
{
	char bytes[1 << 14];
	ssize_t n;
	int r = 0;

	while (r == 0 && (n = read(STDIN_FILENO, bytes, sizeof(bytes))) != 0) {
		if (n > 0)
			r = take_bytes(reader, bytes, (size_t)n);
		else if (errno != EINTR)
			r = -errno;
	}
	if (r == 0 && (reader->len || reader->cut)) /* the last line has no end */
		r = take_line(reader);
	if (reader->any_cut)
		cli_warn(reader->call, "of lines longer than %u bytes, only the beginning was read",
			 LINE_MAX_BYTES);
	return r;
}

/* The words of the command line, as they would be without a shell. */
static int read_arguments(struct reader *reader)
{
	int r = 0;

	for (int i = 0; i < reader->call->argc && r == 0; i++) {
		r = i ? take_bytes(reader, " ", 1) : 0;
		if (r == 0)
			r = take_bytes(reader, reader->call->argv[i],
				       strlen(reader->call->argv[i]));
	}
	return r || !reader->len ? r : take_line(reader);
}

static int run(struct cli_call *call)
{
	const bool input = !call->argc || (call->argc == 1 && !strcmp(call->argv[0], "-"));
	struct explain_report report = { .log = input, .command = strdup(call->command->name) };
	struct reader reader = { call, &report, malloc(LINE_MAX_BYTES) };
	char number[DOC_ERRNO_MAX];
	int r = -ENOMEM, status;

	if (reader.line && report.command)
		r = input ? read_input(&reader) : read_arguments(&reader);
	if (r == -ENOMEM)
		status = cli_fail(CLI_FAILED, NULL, "out of memory");
	else if (r < 0)
		status = cli_fail(CLI_INPUT, NULL, "cannot read standard input: %s",
				  doc_errno(number, r));
	else
		status = cli_write(call, &explain_report_table, &report);
	if (status == CLI_YES && !report.known)
		status = CLI_NO;
	free(reader.line);
	doc_clear(&explain_report_table, &report);
	return status;
}

static const struct cli_option options[] = {
	{ "type", 't', "TYPE", CLI_CHOICE, .choices = cli_type_choices,
	  .help = "the device type whose feature bits it has: net (the default) or vsock" },
};

static const char *const more[] = {
	"TEXT is a line that QEMU, libvirt, Cloud Hypervisor, Firecracker, Kubernetes, DPDK, the kernel or",
	"strace wrote, or any program's with a call of vhost or a tap, or a node, and an errno; without it,",
	"or with '-', each line of standard input.  Shows the meaning of those that are known, their feature",
	"bits by name, the cause, and what to do.  Needs no vhost here.  The answer is no if no line is known.",
	NULL,
};

const struct cli_command cli_command_explain = {
	.name = "explain",
	.arguments = "[TEXT]",
	.text = "Explain messages of launchers and of the kernel",
	.more = more,
	CLI_OPTIONS(options),
	.max_args = CLI_ANY,
	.words = true,
	.takes = CLI_TEXT,
	.report = &explain_report_table,
	.run = run,
};
