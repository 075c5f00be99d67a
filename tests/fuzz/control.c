/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * control - messages on a control socket, each ended by a NUL: calls to a service, or, if the first byte is odd, what a
 * broker replies to vhostctl.
 */
#include <sys/socket.h>
#include <unistd.h>

#include "control.h"
#include "fuzz.h"

/* The parameters are as their table says; odd ones are refused. */
static int handle(const char *device, struct control_reply *reply)
{
	FUZZ_CHECK(device);
	if (strlen(device) % 2)
		return control_reply_error(reply, CONTROL_ERROR("NoSuchDevice"), "device", device);
	return 0;
}

static int with_device(void *data, const void *parameters, struct control_reply *reply)
{
	return handle(((const struct control_target *)parameters)->device, reply);
}

static int set_link(void *data, const void *parameters, struct control_reply *reply)
{
	return handle(((const struct control_set_link *)parameters)->device, reply);
}

static int without(void *data, const void *parameters, struct control_reply *reply)
{
	reply->stream = true;
	return 0;
}

static control_handler *const handlers[CONTROL_METHODS] = {
	[CONTROL_LIST] = without,     [CONTROL_STATUS] = with_device,
	[CONTROL_DUMP] = with_device, [CONTROL_SET_LINK] = set_link,
	[CONTROL_STOP] = with_device, [CONTROL_RESUME] = with_device,
	[CONTROL_MONITOR] = without,
};

/* A reply is a message. */
static void check_reply(struct control_reply *reply)
{
	char *text;
	struct doc_error error;

	FUZZ_CHECK(json_object_is_type(reply->parameters, json_type_object));
	text = reply->error ? control_error_text(reply->error, reply->parameters)
			    : control_reply_text(reply->parameters, reply->stream);
	FUZZ_CHECK(text);
	FUZZ_CHECK(!doc_scan(text, strlen(text), NULL, NULL, &error));
	free(text);
}

static void serve(const struct control_service *service, const char *text, size_t len)
{
	struct control_reply reply = { 0 };
	struct control_call call;

	if (control_call_read(text, len, &call))
		return;
	FUZZ_CHECK(call.method);
	FUZZ_CHECK(!control_serve(service, &call, &reply));
	check_reply(&reply);
	control_call_clear(&call);
}

static void serve_all(const char *text, size_t size)
{
	const struct control_service service = { .handlers = handlers, .version = "1" };
	const char *end;

	while ((end = memchr(text, '\0', size))) {
		serve(&service, text, (size_t)(end - text));
		size -= (size_t)(end - text) + 1;
		text = end + 1;
	}
}

/* As many methods as there are messages. */
static void ask_all(const char *bytes, size_t size)
{
	const struct control_target target = { "net0" };
	struct control_stream stream = { .limits = &control_client_limits };
	char text[CONTROL_TEXT_MAX] = "";
	struct control_status status;
	struct control_list list;
	struct json_object *tree;
	int ends[2];

	FUZZ_CHECK(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends));
	FUZZ_CHECK(send(ends[1], bytes, size, 0) == (ssize_t)size);
	FUZZ_CHECK(!shutdown(ends[1], SHUT_WR));
	stream.fd = ends[0];
	if (!control_ask(&stream, CONTROL_LIST, NULL, &list, text))
		doc_clear(&control_list_table, &list);
	if (!control_ask(&stream, CONTROL_STATUS, &target, &status, text))
		doc_clear(&control_status_table, &status);
	if (!control_ask_tree(&stream, CONTROL_DUMP, &target, &tree, text))
		json_object_put(tree);
	fuzz_check_text(text);
	control_stream_close(&stream);
	close(ends[1]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size || size > 1u << 15)
		return 0;
	if (data[0] & 1)
		ask_all((const char *)data + 1, size - 1);
	else
		serve_all((const char *)data + 1, size - 1);
	return 0;
}
