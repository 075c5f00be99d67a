/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * clients - those of the control socket, any number up to a limit, in the broker's loop.
 *
 * The socket's mode keeps others out; that a client is root's or of this user is checked all the same.
 * What a client does not read is waited for and kept, both up to a limit; then it is disconnected.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clients.h"
#include "manage.h"

#define CLIENTS 128u

struct client {
	struct broker_control *control;
	struct broker_watch watch;
	struct control_stream stream;
	bool monitors;
};

/* Clients have fixed places: an event of one that has just gone finds none, or its successor. */
struct broker_control {
	struct broker *broker;
	struct broker_listener listen;
	uid_t user; /* this process's */
	struct client clients[CLIENTS];
};

static void disconnect(struct client *client)
{
	broker_unwatch(client->control->broker->epoll, &client->watch);
	control_stream_close(&client->stream);
	client->monitors = false;
}

/* ------------------------------------------------------------------------------------- messages */

static int put(struct client *client, char *text)
{
	int r = text ? control_stream_put(&client->stream, text) : -ENOMEM;

	free(text);
	return r;
}

static int put_change(struct client *client, const struct broker_device *device,
		      enum control_event event)
{
	struct json_object *change = broker_report_change(device, event);

	return change ? put(client, control_reply_text(change, true)) : -ENOMEM;
}

static int begin_monitor(struct client *client)
{
	const struct broker *broker = client->control->broker;
	int r = 0;

	client->monitors = true;
	for (uint32_t i = 0; i < broker->count && !r; i++)
		r = put_change(client, broker->devices[i], CONTROL_PRESENT);
	return r;
}

static int answer(struct client *client, const struct control_call *call)
{
	const struct control_service service = { .handlers = broker_handlers,
						 .data = client->control->broker,
						 .version = vhc_version() };
	struct control_reply reply = { 0 };
	int r = control_serve(&service, call, &reply);

	if (r < 0 || call->oneway)
		json_object_put(reply.parameters);
	if (r < 0 || call->oneway)
		return r;
	if (reply.stream) {
		json_object_put(reply.parameters);
		return begin_monitor(client);
	}
	return put(client, reply.error ? control_error_text(reply.error, reply.parameters)
				       : control_reply_text(reply.parameters, false));
}

/* One that monitors is told of changes for as long as it is connected, and has nothing more to say. */
static int handle(struct client *client, const char *text, size_t len)
{
	struct control_call call;
	int r = client->monitors ? -EPROTO : control_call_read(text, len, &call);

	if (r)
		return r;
	r = answer(client, &call);
	control_call_clear(&call);
	return r;
}

/* One message, so that no client keeps the others from theirs.  Before a reply has been read there is no other. */
static int turn(struct client *client)
{
	const char *text;
	size_t len;
	int r = control_stream_flush(&client->stream);

	if (r == 1)
		r = control_stream_next(&client->stream, &text, &len);
	return r == 1 ? handle(client, text, len) : r;
}

/* Has it sent more than the message that was handled?  Of what is here already the loop would not tell. */
static bool has_more(const struct client *client)
{
	const struct control_stream *stream = &client->stream;

	return stream->in_taken && stream->in_used > stream->in_taken;
}

static void go_on(struct client *client, int r)
{
	int epoll = client->control->broker->epoll;

	if (!r)
		r = broker_watch_for(epoll, &client->watch,
				     client->stream.out_used > 0 || has_more(client));
	if (r < 0)
		disconnect(client);
}

static void client_ready(void *data)
{
	struct client *client = data;

	go_on(client, turn(client));
}

/* ------------------------------------------------------------------------------------ connections */

static bool may_connect(const struct broker_control *control, int socket)
{
	struct ucred peer = { .uid = UINT32_MAX };
	socklen_t size = sizeof(peer);

	if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size))
		return false;
	return peer.uid == 0 || peer.uid == control->user;
}

static struct client *find_place(struct broker_control *control)
{
	for (size_t i = 0; i < CLIENTS; i++)
		if (control->clients[i].watch.fd < 0)
			return &control->clients[i];
	return NULL;
}

static void connect_client(void *data, int socket)
{
	struct broker_control *control = data;
	struct client *client = find_place(control);

	if (socket < 0)
		return;
	if (!client || !may_connect(control, socket)) {
		close(socket);
		return;
	}
	client->stream = (struct control_stream){ .fd = socket, .limits = &control_server_limits };
	if (broker_watch(control->broker->epoll, &client->watch, socket, client_ready, client))
		control_stream_close(&client->stream);
}

int broker_add_control(struct broker *broker, int listen)
{
	struct broker_control *control = calloc(1, sizeof(*control));
	int r;

	if (!control)
		return -ENOMEM;
	control->broker = broker;
	control->user = geteuid();
	for (size_t i = 0; i < CLIENTS; i++)
		control->clients[i] = (struct client){ .control = control,
						       .watch = BROKER_UNWATCHED,
						       .stream.fd = -1 };
	r = broker_listener_begin(&control->listen, broker->epoll, listen, connect_client, control);
	if (r) {
		free(control);
		return r;
	}
	broker->control = control;
	return 0;
}

void broker_control_free(struct broker_control *control)
{
	if (!control)
		return;
	for (size_t i = 0; i < CLIENTS; i++)
		disconnect(&control->clients[i]);
	broker_listener_end(&control->listen);
	free(control);
}

int broker_control_left(const struct broker_control *control)
{
	int first = control ? broker_listener_left(&control->listen) : -1;

	for (size_t i = 0; control && i < CLIENTS; i++) {
		int left = control_stream_left(&control->clients[i].stream,
					       control->broker->options.timeout);

		first = broker_sooner(first, left);
	}
	return first;
}

void broker_control_end_overdue(struct broker_control *control)
{
	if (control)
		broker_listener_wake(&control->listen);
	for (size_t i = 0; control && i < CLIENTS; i++) {
		struct client *client = &control->clients[i];

		if (!control_stream_left(&client->stream, control->broker->options.timeout))
			disconnect(client);
	}
}

void broker_changed(const struct broker_device *device, enum control_event event)
{
	struct broker_control *control = device->broker->control;

	for (size_t i = 0; control && i < CLIENTS; i++) {
		struct client *client = &control->clients[i];

		if (client->monitors)
			go_on(client, put_change(client, device, event));
	}
}
