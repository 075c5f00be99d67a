/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * client - a call, and its one reply.
 */
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control.h"
#include "wire.h"

static int fail(char text[CONTROL_TEXT_MAX], int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static int fail(char text[CONTROL_TEXT_MAX], int code, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(text, CONTROL_TEXT_MAX, format, args);
	va_end(args);
	return code;
}

static int fail_stream(char text[CONTROL_TEXT_MAX], int code)
{
	if (code == -ECONNRESET || code == -EPIPE || code == -EPROTO)
		return fail(text, -ECONNRESET, "the broker closed the connection");
	if (code == -EMSGSIZE)
		return fail(text, -EPROTO, "a reply has more than %zu bytes",
			    control_client_limits.in);
	return fail(text, code, "%s", strerror(-code));
}

static int wait_for(const struct control_stream *stream, uint64_t end)
{
	uint64_t now = wire_now();
	struct pollfd ready = { .fd = stream->fd,
				.events = (short)(POLLIN | (stream->out_used ? POLLOUT : 0)) };

	if (now >= end)
		return -ETIMEDOUT;
	return poll(&ready, 1, (int)(end - now)) < 0 && errno != EINTR ? -errno : 0;
}

/* Send a call, and wait for its reply. */
static int exchange(struct control_stream *stream, const char *call, const char **ret,
		    size_t *ret_len, char text[CONTROL_TEXT_MAX])
{
	uint64_t end = wire_now() + CONTROL_TIMEOUT;
	int r = control_stream_put(stream, call);

	while (!r) {
		if (control_stream_flush(stream) < 0)
			return fail_stream(text, -ECONNRESET);
		r = control_stream_next(stream, ret, ret_len);
		if (!r)
			r = wait_for(stream, end);
	}
	if (r == 1)
		return 0;
	if (r == -ETIMEDOUT)
		return fail(text, r, "the broker does not answer within %d seconds",
			    CONTROL_TIMEOUT / 1000);
	return fail_stream(text, r);
}

static const char *text_of(struct json_object *object, const char *key)
{
	struct json_object *value;

	if (!json_object_object_get_ex(object, key, &value) ||
	    !json_object_is_type(value, json_type_string))
		return NULL;
	return json_object_get_string(value);
}

static int fail_error(const char *error, struct json_object *parameters,
		      char text[CONTROL_TEXT_MAX])
{
	const char *message = text_of(parameters, "message");

	if (!strcmp(error, CONTROL_ERROR("NoSuchDevice")))
		return fail(text, -ENOENT, "the broker has no device with this id");
	return fail(text, !strcmp(error, CONTROL_ERROR("NotReady")) ? -EAGAIN : -EREMOTEIO, "%s",
		    message ? message : error);
}

/* The parameters of a reply. */
static int read_reply(const char *reply, size_t len, struct json_object **ret,
		      char text[CONTROL_TEXT_MAX])
{
	struct doc_error unused;
	struct json_object *root =
		doc_scan(reply, len, NULL, NULL, &unused) ? NULL : json_tokener_parse(reply);
	struct json_object *parameters = NULL;
	const char *error = text_of(root, "error");
	int r;

	if (!json_object_is_type(root, json_type_object) ||
	    (json_object_object_get_ex(root, "parameters", &parameters) &&
	     !json_object_is_type(parameters, json_type_object)))
		r = fail(text, -EPROTO, "the broker's reply is no varlink");
	else if (error)
		r = fail_error(error, parameters, text);
	else
		r = 0;
	if (!r)
		*ret = parameters ? json_object_get(parameters) : json_object_new_object();
	json_object_put(root);
	return r;
}

int control_ask_tree(struct control_stream *stream, enum control_method method,
		     const void *parameters, struct json_object **ret, char text[CONTROL_TEXT_MAX])
{
	const struct control_method_row *row = &control_methods[method];
	struct json_object *tree =
		parameters ? doc_write(row->parameters, parameters) : json_object_new_object();
	char name[80], *call;
	const char *reply;
	size_t len;
	int r;

	snprintf(name, sizeof(name), CONTROL_INTERFACE ".%s", row->name);
	call = control_call_text(name, tree, false);
	if (!call)
		return fail(text, -ENOMEM, "out of memory");
	r = exchange(stream, call, &reply, &len, text);
	free(call);
	return r ? r : read_reply(reply, len, ret, text);
}

int control_ask(struct control_stream *stream, enum control_method method, const void *parameters,
		void *ret, char text[CONTROL_TEXT_MAX])
{
	struct doc_error error = { 0 };
	struct json_object *tree;
	const char *plain;
	int r = control_ask_tree(stream, method, parameters, &tree, text);

	if (r)
		return r;
	plain = json_object_to_json_string_ext(tree, JSON_C_TO_STRING_PLAIN);
	r = plain ? doc_read(control_methods[method].reply, plain, strlen(plain), ret, &error)
		  : -ENOMEM;
	json_object_put(tree);
	if (r == -ENOMEM)
		return fail(text, r, "out of memory");
	return r ? fail(text, -EPROTO, "the broker's reply to %s, %s: %s",
			control_methods[method].name, error.pointer, error.text)
		 : 0;
}
