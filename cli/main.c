/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reads the command line, runs one command, prints its result.
 *
 * The only place that writes to stdout, once the whole result is available: a reader gets all of it
 * or nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "program/cli.h"
#include "errname.h"
#include "host.h"

/* Print help, or the result if there is one. */
static int put(const struct cli_call *call, bool help)
{
	static char buffer[1 << 16];
	const char *alone = call->alone ? call->alone : call->command ? call->command->alone : NULL;
	char number[DOC_ERRNO_MAX];

	setvbuf(stdout, buffer, _IOFBF, sizeof(buffer));
	if (help)
		cli_help(stdout, cli_width(STDOUT_FILENO), call->group, call->command);
	else if (call->result && !call->json && alone)
		cli_print_alone(stdout, call->result, alone);
	else if (call->result)
		cli_print(stdout, call->result, call->json, cli_colour(STDOUT_FILENO),
			  cli_width(STDOUT_FILENO));
	errno = 0;
	if (fflush(stdout) || ferror(stdout))
		return cli_fail(CLI_FAILED, NULL, "cannot write the result: %s",
				doc_errno(number, errno ? -errno : -EIO));
	return 0;
}

static int run(struct cli_call *call)
{
	static const enum vhc_level levels[] = { VHC_LEVEL_WARNING, VHC_LEVEL_INFO,
						 VHC_LEVEL_TRACE };
	enum vhc_level level = levels[call->verbose < 2 ? call->verbose : 2];
	const char *page = cli_page_path(call);
	int status, r;

	if (page && cli_file_check(page))
		return CLI_FAILED;
	if (vhc_ctx_new(&call->ctx))
		return cli_fail(CLI_FAILED, NULL, "out of memory");
	vhc_ctx_set_log(call->ctx, level, cli_log, call);
	host_set_log(level, cli_log, call);
	status = call->command->run(call);
	vhc_ctx_free(call->ctx);
	r = page && call->result ? cli_page_write(call, status) : CLI_YES;
	if (r) {
		json_object_put(call->result);
		call->result = NULL;
	}
	return r ? r : status;
}

static void report_version(struct cli_call *call)
{
	struct json_object *report = cli_report(call, "version");

	cli_add(report, "vhostctl", cli_text(CLI_VERSION_TEXT));
	cli_add(report, "libvhostconfig", cli_text(vhc_version()));
}

/*
 * One that is closed would be the number of a tap or of QEMU's socket, where messages would then go.  Opened
 * the wrong way round, reading and writing fail as before; a launcher does not inherit them.
 */
static void hold_standard_fds(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 &&
		    open("/dev/null", (fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) | O_CLOEXEC) < 0)
			return;
}

/* A caller that has closed stdout wants no result. */
static bool is_wanted(void)
{
	int flags = fcntl(STDOUT_FILENO, F_GETFL);

	return flags >= 0 && (flags & O_ACCMODE) != O_RDONLY;
}

int main(int argc, char **argv)
{
	static struct cli_call
		call; /* static, so that the result, which is never freed, stays referenced */
	int status, r;
	bool help;

	hold_standard_fds();
	status = cli_parse(&call, argc, argv);
	help = status == CLI_HELP && !call.json;
	if (status == CLI_HELP && call.json)
		cli_help_report(&call);
	else if (status == CLI_VERSION)
		report_version(&call);
	else if (!status)
		status = run(&call);
	r = put(&call, help);
	if (r && call.unheard && is_wanted())
		call.unheard(&call);
	return r ? r : status < 0 ? 0 : status;
}
