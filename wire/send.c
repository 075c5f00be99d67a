/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * send - a message and its fds as a whole, unless the other end does not read.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "wire.h"

/* The fds go with the first byte. */
static ssize_t send_some(int socket, const struct wire_message *message, size_t sent)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(WIRE_FDS * sizeof(int))];
	} control = { 0 };
	size_t in_header = sent < WIRE_HEADER_SIZE ? sent : WIRE_HEADER_SIZE;
	struct iovec iov[] = {
		{ (char *)message + in_header, WIRE_HEADER_SIZE - in_header },
		{ (char *)&message->payload + (sent - in_header),
		  message->size - (sent - in_header) },
	};
	struct msghdr header = { .msg_iov = iov, .msg_iovlen = 2 };
	size_t size = message->fds * sizeof(int);
	ssize_t n;

	if (message->fds && !sent) {
		header.msg_control = control.bytes;
		header.msg_controllen = CMSG_SPACE(size);
		*CMSG_FIRSTHDR(&header) = (struct cmsghdr){ .cmsg_len = CMSG_LEN(size),
							    .cmsg_level = SOL_SOCKET,
							    .cmsg_type = SCM_RIGHTS };
		memcpy(CMSG_DATA(CMSG_FIRSTHDR(&header)), message->fd, size);
	}
	do
		n = sendmsg(socket, &header, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

static int wait_for_room(int socket, uint64_t end, struct wire_error *err)
{
	struct pollfd ready = { .fd = socket, .events = POLLOUT };
	uint64_t now = wire_now();

	if (now >= end)
		return wire_fail(err, -ETIMEDOUT, "the other end does not read what it is sent");
	if (poll(&ready, 1, (int)(end - now)) < 0 && errno != EINTR)
		return wire_fail(err, -errno, "poll: %s", strerror(errno));
	return 0;
}

int wire_send(int socket, const struct wire_message *message, int timeout, struct wire_error *err)
{
	size_t size = WIRE_HEADER_SIZE + message->size, sent = 0;
	uint64_t end = wire_now() + (uint64_t)timeout;

	while (sent < size) {
		ssize_t n = send_some(socket, message, sent);
		int r = 0;

		if (n >= 0)
			sent += (size_t)n;
		else if (n == -EAGAIN || n == -EWOULDBLOCK)
			r = wait_for_room(socket, end, err);
		else if (n == -EPIPE || n == -ECONNRESET)
			r = wire_fail(err, -ECONNRESET, "the connection was closed");
		else
			r = wire_fail(err, (int)n, "sendmsg: %s", strerror((int)-n));
		if (r)
			return r;
	}
	return 0;
}

void wire_reply_same(struct wire_message *message)
{
	message->flags = WIRE_VERSION | WIRE_REPLY;
	wire_close_fds(message);
}

void wire_reply_u64(struct wire_message *message, uint64_t value)
{
	wire_reply_same(message);
	message->size = sizeof(value);
	message->payload.u64 = value;
}

bool wire_wants_ack(enum wire_sender sender, const struct wire_message *message, uint64_t protocol)
{
	const struct wire_kind *kind = wire_kind(sender, message->request);

	return protocol & WIRE_P(REPLY_ACK) && message->flags & WIRE_NEED_REPLY && kind &&
	       kind->reply == WIRE_NO_REPLY;
}
