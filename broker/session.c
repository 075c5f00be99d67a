/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * session - receive, do, reply.
 *
 * A front-end that asked to be told of an error is told, and goes on.  One that did not ask would take
 * its request for done: its connection ends.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "alarm.h"
#include "connection.h"
#include "device.h"

static int set_owner(struct session *session, struct wire_message *message)
{
	return 0; /* the first start takes ownership */
}

static session_handler *const handlers[WIRE_REQUESTS] = {
	[WIRE_GET_FEATURES] = session_get_features,
	[WIRE_SET_FEATURES] = session_set_features,
	[WIRE_SET_OWNER] = set_owner,
	[WIRE_RESET_OWNER] = session_disable_all,
	[WIRE_SET_MEM_TABLE] = session_set_mem_table,
	[WIRE_SET_LOG_BASE] = session_set_log_base,
	[WIRE_SET_LOG_FD] = session_set_log_fd,
	[WIRE_SET_VRING_NUM] = session_set_size,
	[WIRE_SET_VRING_ADDR] = session_set_addr,
	[WIRE_SET_VRING_BASE] = session_set_base,
	[WIRE_GET_VRING_BASE] = session_get_base,
	[WIRE_SET_VRING_KICK] = session_set_kick,
	[WIRE_SET_VRING_CALL] = session_set_call,
	[WIRE_SET_VRING_ERR] = session_set_err,
	[WIRE_GET_PROTOCOL_FEATURES] = session_get_protocol_features,
	[WIRE_SET_PROTOCOL_FEATURES] = session_set_protocol_features,
	[WIRE_GET_QUEUE_NUM] = session_get_queues,
	[WIRE_SET_VRING_ENABLE] = session_enable,
	[WIRE_SEND_RARP] = session_send_rarp,
	[WIRE_NET_SET_MTU] = session_set_mtu,
	[WIRE_SET_BACKEND_REQ_FD] = session_set_channel,
	[WIRE_IOTLB_MSG] = session_iotlb,
	[WIRE_GET_CONFIG] = session_get_config,
	[WIRE_RESET_DEVICE] = session_reset,
	[WIRE_GET_MAX_MEM_SLOTS] = session_get_slots,
	[WIRE_ADD_MEM_REG] = session_add_region,
	[WIRE_REM_MEM_REG] = session_del_region,
	[WIRE_SET_STATUS] = session_set_status,
	[WIRE_GET_STATUS] = session_get_status,
};

int session_fail(struct session *session, int code, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(session->error.text, sizeof(session->error.text), format, args);
	va_end(args);
	return code;
}

/* A failure that a reply can carry: in an acknowledgement, and in a configuration space of no bytes. */
static bool reply_failure(struct session *session, struct wire_message *message)
{
	bool asked = message->flags & WIRE_NEED_REPLY && session->protocol & WIRE_P(REPLY_ACK);

	switch (wire_kind(WIRE_FRONT, message->request)->reply) {
	case WIRE_NO_REPLY:
	case WIRE_REPLY_ACK:
		if (asked)
			wire_reply_u64(message, 1);
		return asked;
	case WIRE_REPLY_CONFIG:
		wire_reply_same(message);
		message->payload.config.size = 0;
		message->size = (uint32_t)offsetof(union wire_payload, config.bytes);
		return true;
	default:
		return false;
	}
}

/* What is most often wrong with memory that comes without a file, or in one that cannot be mapped. */
static void say_if_not_shared(const struct session *session, const struct wire_message *message,
			      int code)
{
	bool memory =
		message->request == WIRE_SET_MEM_TABLE || message->request == WIRE_ADD_MEM_REG;

	if (memory && code != -EBUSY && code != -E2BIG && code != -ENOMEM)
		session_say_not_shared(session->device);
}

void session_say_not_shared(struct broker_device *device)
{
	broker_say(device, VHC_LEVEL_WARNING,
		   "the guest's memory has to be shared with this process: with QEMU, "
		   "-object memory-backend-memfd,share=on");
}

/* Returns as session_message(). */
static int refuse(struct session *session, struct wire_message *message, int code)
{
	struct broker_device *device = session->device;
	char name[WIRE_NAME_MAX];

	if (!session->error.text[0])
		session_fail(session, code, "%s", vhc_ctx_get_error(device->ctx)->text);
	broker_say(device, VHC_LEVEL_WARNING, "%s is refused: %s",
		   wire_name(WIRE_FRONT, message->request, name), session->error.text);
	say_if_not_shared(session, message, code);
	return reply_failure(session, message) ? 1 : code;
}

static void trace(struct session *session, const struct wire_message *message)
{
	char name[WIRE_NAME_MAX];

	broker_say(session->device, VHC_LEVEL_TRACE, "%s: %u bytes, fds %u",
		   wire_name(WIRE_FRONT, message->request, name), message->size, message->fds);
}

int session_message(struct session *session, struct wire_message *message)
{
	const struct wire_kind *kind;
	int r;

	session->error.text[0] = '\0';
	trace(session, message);
	r = wire_check(WIRE_FRONT, message, session->protocol, &session->error);
	if (r) {
		say_if_not_shared(session, message, r);
		return r;
	}
	kind = wire_kind(WIRE_FRONT, message->request);
	if (!handlers[message->request])
		r = session_fail(session, -EOPNOTSUPP, "this device does not support it");
	else if (session_is_idle(session, message))
		r = session_idle(session, message);
	else
		r = handlers[message->request](session, message);
	if (r)
		return refuse(session, message, r);
	if (kind->reply != WIRE_NO_REPLY)
		return 1;
	if (!wire_wants_ack(WIRE_FRONT, message, session->protocol))
		return 0;
	wire_reply_u64(message, 0);
	return 1;
}

/* One message, so that no front-end keeps the others from theirs. */
static int receive(struct session *session)
{
	struct broker *broker = session->device->broker;
	struct wire_message *message = &session->reader.message;
	int r = wire_read(&session->reader, session->watch.fd, broker->options.timeout,
			  &session->error);

	if (r <= 0)
		return r;
	r = session_message(session, message);
	if (r > 0) /* a front-end that does not read its replies cannot hold up the others */
		r = wire_send(session->watch.fd, message, 0, &session->error);
	wire_reset(&session->reader);
	return r;
}

static void say_end(struct session *session, int code)
{
	broker_say(session->device, code == -ECONNRESET ? VHC_LEVEL_INFO : VHC_LEVEL_WARNING,
		   "the launcher is disconnected: %s", session->error.text);
}

void session_ready(void *data)
{
	struct session *session = data;
	int r;

	broker_alarm_begin();
	r = receive(session);
	if (r < 0) {
		say_end(session, r);
		broker_device_disconnect(session->device);
	}
	broker_alarm_end();
}

static void forget(struct session *session)
{
	*session = (struct session){ .device = session->device,
				     .ring = session->ring,
				     .region = session->region,
				     .watch = BROKER_UNWATCHED,
				     .room = BROKER_UNWATCHED,
				     .channel = -1 };
}

int session_new(struct session *session, struct broker_device *device)
{
	session->device = device;
	session->ring = calloc(device->all_rings, sizeof(*session->ring));
	session->region = calloc(SESSION_REGIONS, sizeof(*session->region));
	if (!session->ring || !session->region) {
		session_free(session);
		return -ENOMEM;
	}
	forget(session);
	for (uint32_t i = 0; i < device->all_rings; i++)
		session->ring[i] = SESSION_NO_RING;
	return 0;
}

void session_free(struct session *session)
{
	free(session->ring);
	free(session->region);
}

int session_begin(struct session *session, int socket)
{
	struct broker_device *device = session->device;
	int r = broker_watch(device->broker->epoll, &session->watch, socket, session_ready,
			     session);

	if (r)
		close(socket);
	return r;
}

void session_end(struct session *session)
{
	int socket = session->watch.fd, epoll = session->device->broker->epoll;

	session_forget_rings(session);
	wire_reset(&session->reader);
	broker_unwatch(epoll, &session->watch);
	if (socket >= 0)
		close(socket);
	session_forget_channel(session);
	forget(session);
}
