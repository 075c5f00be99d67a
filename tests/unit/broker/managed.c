/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * managed - clients of the broker's control socket, byte by byte.
 */
#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "clients.h"
#include "control.h"
#include "managed.h"

static char path[64];
static struct json_object *last;
static char *text;

int managed_setup(void **state)
{
	struct broker *broker = &served.front.broker;
	char error[BROKER_TEXT_MAX];
	int fd;

	served_setup(state);
	snprintf(path, sizeof(path), "/tmp/vhc-control-%d", (int)getpid());
	assert_int_equal(
		broker_listen(&(struct broker_socket){ path, UINT32_MAX, UINT32_MAX, 0600 }, &fd,
			      error),
		0);
	broker->options.name = "vm1";
	broker->devices = &served.front.device;
	broker->count = 1;
	assert_int_equal(broker_add_control(broker, fd), 0);
	return 0;
}

int managed_teardown(void **state)
{
	broker_control_free(served.front.broker.control);
	served.front.broker.control = NULL;
	unlink(path);
	json_object_put(last);
	last = NULL;
	free(text);
	text = NULL;
	return served_teardown(state);
}

const char *managed_path(void)
{
	return path;
}

int managed_connect(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	memcpy(address.sun_path, path, strlen(path));
	while (connect(fd, (struct sockaddr *)&address, sizeof(address)))
		served_turn(); /* the backlog is full */
	served_turn();
	return fd;
}

bool managed_is_connected(int client)
{
	char byte;

	ssize_t n = recv(client, &byte, 1, MSG_PEEK | MSG_DONTWAIT);

	return n > 0 || (n < 0 && errno == EAGAIN);
}

void managed_send(int client, const char *bytes, size_t len)
{
	while (len) {
		ssize_t n = send(client, bytes, len, MSG_NOSIGNAL);

		served_turn();
		if (n < 0 && errno == EAGAIN)
			continue;
		if (n < 0)
			return; /* it was disconnected */
		bytes += n;
		len -= (size_t)n;
	}
	served_turn();
}

void managed_call(int client, const char *call)
{
	managed_send(client, call, strlen(call) + 1);
}

const char *managed_reply(int client)
{
	size_t len = 0, size = 1 << 20;

	free(text);
	text = malloc(size);
	while (len < size) {
		ssize_t n = recv(client, text + len, 1, 0);

		if (n < 0 && len)
			served_turn();
		else if (n <= 0)
			return NULL;
		else if (!text[len])
			break;
		len += n > 0;
	}
	json_object_put(last);
	last = json_tokener_parse(text);
	assert_non_null(last);
	return text;
}

const char *managed_ask(int client, const char *call)
{
	const char *reply;

	managed_call(client, call);
	reply = managed_reply(client);
	if (!reply)
		fail_msg("no reply to %s", call);
	return reply;
}

const char *managed_value(const char *pointer)
{
	struct json_object *value;

	if (json_pointer_get(last, pointer, &value))
		fail_msg("there is no %s in %s", pointer, text);
	return json_object_get_string(value) ?: "null";
}
