/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What goes to stderr: errors, warnings, the library's log.
 *
 * The only file that writes there, except for loop's progress bar.  Each message is one line
 * "vhostctl: ...", followed by a hint on a second line if there is one.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

/* Colour on terminals only, and never if NO_COLOR is set (no-color.org). */
bool cli_colour(int fd)
{
	const char *no_color = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	return isatty(fd) && !(no_color && *no_color) && term && strcmp(term, "dumb");
}

/* Print one line. */
static void put_line(const char *escape, const char *title, const char *text)
{
	bool colour = cli_colour(STDERR_FILENO);

	fprintf(stderr, "%s%s%s ", colour ? escape : "", title, colour ? "\033[m" : "");
	cli_put_text(stderr, text, "");
	fputc('\n', stderr);
}

__attribute__((format(printf, 1, 0))) static char *format_text(const char *format,
							       va_list arguments)
{
	char *text;

	return vasprintf(&text, format, arguments) < 0 ? NULL : text;
}

int cli_fail(enum cli_status status, const char *hint, const char *format, ...)
{
	va_list arguments;
	char *text;

	va_start(arguments, format);
	text = format_text(format, arguments);
	va_end(arguments);
	put_line("\033[1;31m", "vhostctl:", text ? text : "out of memory");
	if (hint && *hint)
		put_line("\033[1m", "    hint:", hint);
	free(text);
	return (int)status;
}

/* The exit status for a library's result: a host that lacks something is not a failure. */
static enum cli_status status_of(int64_t code)
{
	static const int lacks[] = { ENOENT, ENODEV, ENXIO, EACCES, EPERM, ENOTTY, EOPNOTSUPP };

	for (size_t i = 0; i < sizeof(lacks) / sizeof(*lacks); i++)
		if (code == -lacks[i])
			return CLI_LACKS;
	return CLI_FAILED;
}

/* The last error of the call's context, and its status. */
int cli_fail_library(const struct cli_call *call)
{
	const struct vhc_error *error = vhc_ctx_get_error(call->ctx);

	return cli_fail(status_of(error->code), error->hint, "%s", error->text);
}

void cli_warn(const struct cli_call *call, const char *format, ...)
{
	va_list arguments;
	char *text;

	if (call->quiet)
		return;
	va_start(arguments, format);
	text = format_text(format, arguments);
	va_end(arguments);
	put_line("\033[1;33m", "vhostctl: warning:", text ? text : "out of memory");
	free(text);
}

/* The library's log.  Errors are skipped: the command reports them. */
void cli_log(void *data, enum vhc_level level, const char *line)
{
	const struct cli_call *call = data;

	if (level == VHC_LEVEL_WARNING)
		cli_warn(call, "%s", line);
	else if (level > VHC_LEVEL_WARNING)
		put_line("", level == VHC_LEVEL_DEBUG ? "debug:" : "info:", line);
}
