/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What goes to stderr: errors, warnings, the library's log.
 *
 * The only file that writes there, except for loop's progress bar.  Each message is one line
 * "vhostctl: ...", followed by a hint on a second line if there is one; with --json it is one line
 * with a vhost-report.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "program/cli.h"

/* Colour on terminals only, and never if NO_COLOR is set (no-color.org). */
bool cli_colour(int fd)
{
	const char *no_color = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	return isatty(fd) && !(no_color && *no_color) && term && strcmp(term, "dumb");
}

int cli_width(int fd)
{
	struct winsize size;

	return isatty(fd) && ioctl(fd, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

enum level { ERROR, WARNING, INFO, DEBUG, TRACE };

static const char *const levels[] = { "error", "warning", "info", "debug", "trace", NULL };

struct message {
	const char *command;
	uint32_t level;
	uint64_t status; /* 0: it is no failure */
	const char *where, *text, *hint;
};

static const struct doc_field message_fields[] = {
	CLI_COMMAND_FIELD(message),
	DOC_FIELD(message, level, DOC_CHOICE, .flags = DOC_REQUIRED, .choices = levels,
		  .help = "an error is the last message, and why the command failed"),
	DOC_FIELD(message, status, DOC_UINT, .min = 1, .max = 255,
		  .help = "the exit status, of an error"),
	DOC_FIELD(message, where, DOC_STRING,
		  .help = "the document, line and JSON pointer, or the step, that it concerns"),
	DOC_NEED(message, text, DOC_STRING, .help = "one sentence"),
	DOC_FIELD(message, hint, DOC_STRING, .help = "what to do"),
};

const struct doc_table cli_message_table = DOC_TABLE(
	"vhost-report", message, message_fields, "a message on stderr, with --json a line each");

/* Set once --json is read: the parser's own errors come before there is a call to ask. */
static bool as_json;

void cli_messages_as_json(void)
{
	as_json = true;
}

static const char *given(const char *text)
{
	return text && *text ? text : NULL;
}

static void put_json(const struct message *message)
{
	char *text = doc_text(&cli_message_table, message, DOC_COMPACT);

	cli_put_text(stderr, text ? text : "{}", "");
	fputc('\n', stderr);
	free(text);
}

/* Print one line. */
static void put_line(const char *escape, const char *title, const char *where, const char *text)
{
	bool colour = cli_colour(STDERR_FILENO);

	fprintf(stderr, "%s%s%s ", colour ? escape : "", title, colour ? "\033[m" : "");
	if (where) {
		cli_put_text(stderr, where, "");
		fputs(": ", stderr);
	}
	cli_put_text(stderr, text, "");
	fputc('\n', stderr);
}

static void put(struct message message)
{
	static const struct {
		const char *escape, *title;
	} titles[] = { { "\033[1;31m", "vhostctl:" },
		       { "\033[1;33m", "vhostctl: warning:" },
		       { "", "info:" },
		       { "", "debug:" },
		       { "", "trace:" } };

	message.command = "message";
	message.text = message.text ? message.text : "out of memory";
	message.where = given(message.where);
	message.hint = given(message.hint);
	if (as_json) {
		put_json(&message);
		return;
	}
	put_line(titles[message.level].escape, titles[message.level].title, message.where,
		 message.text);
	if (message.hint)
		put_line("\033[1m", "    hint:", NULL, message.hint);
}

__attribute__((format(printf, 1, 0))) static char *format_text(const char *format,
							       va_list arguments)
{
	char *text;

	return vasprintf(&text, format, arguments) < 0 ? NULL : text;
}

int cli_fail_at(enum cli_status status, const char *where, const char *hint, const char *text)
{
	put((struct message){ NULL, ERROR, (uint64_t)status, where, text, hint });
	return (int)status;
}

int cli_fail(enum cli_status status, const char *hint, const char *format, ...)
{
	va_list arguments;
	char *text;

	va_start(arguments, format);
	text = format_text(format, arguments);
	va_end(arguments);
	cli_fail_at(status, NULL, hint, text);
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
	put((struct message){ .level = WARNING, .text = text });
	free(text);
}

/* The log of the library and of host.  Errors are skipped: the command reports them. */
void cli_log(void *data, enum vhc_level level, const char *line)
{
	const struct cli_call *call = data;

	if (level == VHC_LEVEL_WARNING)
		cli_warn(call, "%s", line);
	else if (level > VHC_LEVEL_WARNING)
		put((struct message){ .level = level == VHC_LEVEL_TRACE	  ? TRACE
					       : level == VHC_LEVEL_DEBUG ? DEBUG
									  : INFO,
				      .text = line });
}
