/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A client of QMP: commands and answers.  Bytes and lines are in qmp-line.c.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "errname.h"
#include "qmp/qmp.h"
#include "qmp/qmp-line.h"

struct host_qmp {
	struct host_qmp_line line;
	char *path;
	unsigned int seconds;
	uint64_t id; /* of the last command */
	int broken;  /* why nothing can be executed any more: a negative errno */
	host_qmp_event_fn *event;
	void *data;
};

static const char not_qmp[] =
	"name the socket of QEMU's -qmp option: that of -monitor, of -qmp-pretty or of a guest agent is another";

/* ----------------------------------------------------------------------------------------- errors */

/* @command: NULL during the greeting. */
static int fail_timeout(const struct host_qmp *qmp, const char *command, struct host_error *err)
{
	if (command)
		return host_fail_status(
			err, HOST_FAILED, -ETIMEDOUT,
			"QEMU hangs, or is very busy: try again, or with a larger --timeout",
			"%s: no answer to %s within %u s", qmp->path, command, qmp->seconds);
	return host_fail_status(
		err, HOST_FAILED, -ETIMEDOUT,
		"end the other client, or start QEMU with a second -qmp unix:PATH,server=on,wait=off",
		"%s: no greeting within %u s: QEMU serves one client at a time and has another, or it hangs",
		qmp->path, qmp->seconds);
}

static int fail_line(struct host_qmp *qmp, int code, const char *command, struct host_error *err)
{
	char number[DOC_ERRNO_MAX];
	const char *at = command ? command : "the greeting";

	qmp->broken = code;
	if (code == -ENOMEM)
		return host_fail_memory(err);
	if (code == -ETIMEDOUT)
		return fail_timeout(qmp, command, err);
	if (code == -ECONNRESET)
		return host_fail_status(err, HOST_FAILED, code,
					"QEMU may have ended: see its own messages",
					"%s: the connection was closed before %s%s", qmp->path,
					command ? "the answer to " : "", at);
	if (code == -E2BIG)
		return host_fail_status(err, HOST_FAILED, -EPROTO, not_qmp,
					"%s: this is not QMP: a message of more than %u bytes",
					qmp->path, HOST_QMP_LINE_MAX);
	return host_fail_status(err, HOST_FAILED, code, NULL, "%s: cannot exchange messages: %s",
				qmp->path, doc_errno(number, code));
}

__attribute__((format(printf, 3, 4))) static int fail_protocol(struct host_qmp *qmp,
							       struct host_error *err,
							       const char *format, ...)
{
	char why[400];
	va_list args;

	va_start(args, format);
	vsnprintf(why, sizeof(why), format, args);
	va_end(args);
	qmp->broken = -EPROTO;
	return host_fail_status(err, HOST_FAILED, -EPROTO, not_qmp, "%s: this is not QMP: %s",
				qmp->path, why);
}

/* QEMU's own refusal. */
static int fail_refused(struct host_qmp *qmp, const char *command, struct json_object *error,
			struct host_error *err)
{
	const char *class = host_qmp_text(error, "class"), *text = host_qmp_text(error, "desc");
	int code = -EREMOTEIO;

	if (!class || !text)
		return fail_protocol(qmp, err, "an error without \"class\" and \"desc\"");
	if (strcmp(class, "DeviceNotFound") == 0)
		code = -ENODEV;
	if (strcmp(class, "CommandNotFound") == 0)
		code = -ENOTTY;
	return host_fail_status(err, code == -ENOTTY ? HOST_LACKS : HOST_FAILED, code, NULL,
				"%s: QEMU refuses %s: %s (%s)", qmp->path, command, text, class);
}

/* --------------------------------------------------------------------------------------- messages */

/* The next message, which is an object. */
static int read_message(struct host_qmp *qmp, const char *command, struct json_object **ret,
			struct host_error *err)
{
	struct doc_error doc;
	int r = host_qmp_line_read(&qmp->line, ret, &doc);

	if (r == -EINVAL)
		return fail_protocol(qmp, err, "%s", doc.text);
	if (r < 0)
		return fail_line(qmp, r, command, err);
	if (json_object_is_type(*ret, json_type_object))
		return 0;
	json_object_put(*ret);
	return fail_protocol(qmp, err, "a message that is no object");
}

static bool take_event(struct host_qmp *qmp, struct json_object *message)
{
	const char *name = host_qmp_text(message, "event");
	struct json_object *details = NULL;

	if (!name)
		return false;
	json_object_object_get_ex(message, "data", &details);
	if (qmp->event)
		qmp->event(qmp->data, name, details);
	return true;
}

/* 1: it is the answer; 0: it is an event. */
static int take_message(struct host_qmp *qmp, const char *command, struct json_object *message,
			struct json_object **ret, struct host_error *err)
{
	struct json_object *value, *id;

	if (take_event(qmp, message))
		return 0;
	if (json_object_object_get_ex(message, "error", &value))
		return fail_refused(qmp, command, value, err);
	if (!json_object_object_get_ex(message, "return", &value))
		return fail_protocol(qmp, err, "a message that is neither an event nor an answer");
	if (!json_object_object_get_ex(message, "id", &id) ||
	    !json_object_is_type(id, json_type_int) || json_object_get_uint64(id) != qmp->id)
		return fail_protocol(qmp, err, "the answer to %s has the id of another command",
				     command);
	if (ret)
		*ret = json_object_get(value);
	return 1;
}

/* The answer to the last command; with no command, until *@done is set. */
static int read_answer(struct host_qmp *qmp, const char *command, const bool *done,
		       struct json_object **ret, struct host_error *err)
{
	int r = 0;

	while (r == 0 && !(done && *done)) {
		struct json_object *message;

		r = read_message(qmp, command, &message, err);
		if (r < 0)
			return r;
		r = take_message(qmp, command, message, ret, err);
		json_object_put(message);
	}
	return r < 0 ? r : 0;
}

static int send_command(struct host_qmp *qmp, const char *command, struct json_object *arguments,
			int fd, struct host_error *err)
{
	struct json_object *message = json_object_new_object();
	int r = -ENOMEM;

	if (!message) {
		json_object_put(arguments);
		return host_fail_memory(err);
	}
	json_object_object_add(message, "execute", json_object_new_string(command));
	if (arguments)
		json_object_object_add(message, "arguments", arguments);
	json_object_object_add(message, "id", json_object_new_uint64(++qmp->id));
	r = host_qmp_line_write(&qmp->line, message, fd);
	json_object_put(message);
	return r < 0 ? fail_line(qmp, r, command, err) : 0;
}

static int fail_broken(const struct host_qmp *qmp, const char *command, struct host_error *err)
{
	return host_fail_status(err, HOST_FAILED, qmp->broken, NULL, "%s: %s is not sent: QEMU %s",
				qmp->path, command,
				qmp->broken == -ECONNRESET ? "has closed the connection"
							   : "no longer answers");
}

int host_qmp_execute(struct host_qmp *qmp, const char *command, struct json_object *arguments,
		     int fd, struct json_object **ret, struct host_error *err)
{
	int r;

	if (qmp->broken) {
		json_object_put(arguments);
		return fail_broken(qmp, command, err);
	}
	host_qmp_line_deadline(&qmp->line, qmp->seconds);
	r = send_command(qmp, command, arguments, fd, err);
	return r < 0 ? r : read_answer(qmp, command, NULL, ret, err);
}

int host_qmp_execute_on(struct host_qmp *qmp, const char *command, const char *key,
			const char *text, int fd, struct host_error *err)
{
	struct json_object *arguments = json_object_new_object();

	if (!arguments)
		return host_fail_memory(err);
	json_object_object_add(arguments, key, json_object_new_string(text));
	return host_qmp_execute(qmp, command, arguments, fd, NULL, err);
}

int host_qmp_wait(struct host_qmp *qmp, const bool *done, struct host_error *err)
{
	int r;

	if (qmp->broken)
		return fail_broken(qmp, "waiting for an event", err);
	host_qmp_line_deadline(&qmp->line, qmp->seconds);
	r = read_answer(qmp, "the command before", done, NULL, err);
	if (r != -ETIMEDOUT)
		return r;
	qmp->broken = 0;
	return -ETIME;
}

void host_qmp_listen(struct host_qmp *qmp, host_qmp_event_fn *fn, void *data)
{
	qmp->event = fn;
	qmp->data = data;
}

bool host_qmp_is_closed(const struct host_qmp *qmp)
{
	return qmp->broken == -ECONNRESET;
}

const char *host_qmp_path(const struct host_qmp *qmp)
{
	return qmp->path;
}

/* ---------------------------------------------------------------------------------------- opening */

static int fail_connect(const char *path, int code, struct host_error *err)
{
	static const struct {
		int code;
		const char *hint;
	} hints[] = {
		{ ENOENT, "start QEMU with -qmp unix:PATH,server=on,wait=off and name that path" },
		{ ECONNREFUSED,
		  "no process listens there: start QEMU with -qmp unix:PATH,server=on,wait=off" },
		{ EACCES, "run it as root, or as the user of QEMU" },
		{ EPERM, "run it as root, or as the user of QEMU" },
		{ EPROTOTYPE, not_qmp },
		{ ENAMETOOLONG, "the kernel takes 107 bytes: use a shorter path, or one from the "
				"directory that the socket is in" },
	};
	char number[DOC_ERRNO_MAX];
	const char *hint = NULL;

	for (size_t i = 0; i < DOC_COUNT(hints); i++)
		if (code == -hints[i].code)
			hint = hints[i].hint;
	return host_fail_status(err, HOST_FAILED, code, hint, "%s: cannot connect to QEMU: %s",
				path, doc_errno(number, code));
}

static int greet(struct host_qmp *qmp, struct host_error *err)
{
	struct json_object *greeting, *value;
	int r = read_message(qmp, NULL, &greeting, err);

	if (r < 0)
		return r;
	if (!json_object_object_get_ex(greeting, "QMP", &value) ||
	    !json_object_is_type(value, json_type_object))
		r = fail_protocol(qmp, err, "the first message is not QEMU's greeting");
	json_object_put(greeting);
	return r < 0 ? r : host_qmp_execute(qmp, "qmp_capabilities", NULL, -1, NULL, err);
}

int host_qmp_open(const char *path, unsigned int seconds, struct host_qmp **ret,
		  struct host_error *err)
{
	struct host_qmp *qmp = calloc(1, sizeof(*qmp));
	int r;

	if (qmp)
		qmp->path = strdup(path);
	if (!qmp || !qmp->path) {
		free(qmp);
		return host_fail_memory(err);
	}
	qmp->seconds = seconds;
	r = host_qmp_line_open(&qmp->line, path, seconds);
	if (r == -ETIMEDOUT)
		fail_timeout(qmp, NULL, err);
	else if (r < 0)
		fail_connect(path, r, err);
	else
		r = greet(qmp, err);
	if (r < 0)
		host_qmp_close(qmp);
	else
		*ret = qmp;
	return r;
}

void host_qmp_close(struct host_qmp *qmp)
{
	if (!qmp)
		return;
	host_qmp_line_close(&qmp->line);
	free(qmp->path);
	free(qmp);
}
