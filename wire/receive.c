/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * receive - messages that arrive in pieces, with fds that belong to this process from the moment they
 * arrive.
 *
 * Exactly the header is read, then exactly the payload: a longer read could take bytes of the next
 * message, and with them its fds.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "wire.h"

uint64_t wire_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

int wire_take_fd(struct wire_message *message, uint32_t n)
{
	int fd = n < message->fds ? message->fd[n] : -1;

	if (fd >= 0)
		message->fd[n] = -1;
	return fd;
}

void wire_close_fds(struct wire_message *message)
{
	for (uint32_t i = 0; i < message->fds; i++)
		if (message->fd[i] >= 0)
			close(message->fd[i]);
	message->fds = 0;
}

void wire_reset(struct wire_reader *reader)
{
	wire_close_fds(&reader->message);
	*reader = (struct wire_reader){ 0 };
}

/* Own them all; what finds no room is closed. */
static bool own_fds(struct wire_message *message, struct msghdr *header)
{
	bool all = true;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c; c = CMSG_NXTHDR(header, c)) {
		size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t i = 0; i < count; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(fd), sizeof(fd));
			if (message->fds < WIRE_FDS) {
				message->fd[message->fds++] = fd;
			} else {
				close(fd);
				all = false;
			}
		}
	}
	return all;
}

/* One read of at most @size bytes.  Returns how many, 0 at the end. */
static ssize_t read_some(struct wire_message *message, int socket, void *at, size_t size,
			 struct wire_error *err)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(WIRE_FDS * sizeof(int))];
	} control;
	struct iovec iov = { .iov_base = at, .iov_len = size };
	struct msghdr header = { .msg_iov = &iov,
				 .msg_iovlen = 1,
				 .msg_control = control.bytes,
				 .msg_controllen = sizeof(control.bytes) };
	ssize_t n;

	do
		n = recvmsg(socket, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	if (!own_fds(message, &header))
		return wire_fail(err, -EPROTO, "a message comes with more than %u fds", WIRE_FDS);
	if (header.msg_flags & MSG_CTRUNC)
		return wire_fail(
			err, -EPROTO,
			"fds of a message were lost: there are more than %u, or this process may "
			"have no more (RLIMIT_NOFILE)",
			WIRE_FDS);
	return n;
}

/* Where the next byte belongs, and how many are still missing there. */
static size_t find_gap(struct wire_reader *reader, void **ret)
{
	size_t have = reader->have;

	if (have < WIRE_HEADER_SIZE) {
		*ret = (char *)&reader->message + have;
		return WIRE_HEADER_SIZE - have;
	}
	*ret = (char *)&reader->message.payload + (have - WIRE_HEADER_SIZE);
	return reader->message.size - (have - WIRE_HEADER_SIZE);
}

static int check_size(const struct wire_message *message, struct wire_error *err)
{
	if (message->size <= sizeof(message->payload))
		return 0;
	return wire_fail(err, -EPROTO,
			 "request %u has a payload of %u bytes, and no message has more than %zu",
			 message->request, message->size, sizeof(message->payload));
}

static int fail_end(const struct wire_reader *reader, struct wire_error *err)
{
	if (!reader->have)
		return wire_fail(err, -ECONNRESET, "the connection was closed");
	return wire_fail(err, -EPROTO, "the connection was closed after %zu bytes of a message",
			 reader->have);
}

static int read_all(struct wire_reader *reader, int socket, struct wire_error *err)
{
	size_t gap;
	void *at;

	while ((gap = find_gap(reader, &at)) > 0) {
		ssize_t n = read_some(&reader->message, socket, at, gap, err);

		if (n == -EAGAIN || n == -EWOULDBLOCK)
			return 0;
		if (n == 0 || n == -ECONNRESET)
			return fail_end(reader, err);
		if (n == -EPROTO)
			return -EPROTO;
		if (n < 0)
			return wire_fail(err, (int)n, "recvmsg: %s", strerror((int)-n));
		if (!reader->have)
			reader->started = wire_now();
		reader->have += (size_t)n;
		if (reader->have == WIRE_HEADER_SIZE && check_size(&reader->message, err))
			return -EPROTO;
	}
	return 1;
}

int wire_left(const struct wire_reader *reader, int timeout)
{
	uint64_t spent;

	if (!reader->have)
		return -1;
	spent = wire_now() - reader->started;
	return spent < (uint64_t)timeout ? timeout - (int)spent : 0;
}

int wire_read(struct wire_reader *reader, int socket, int timeout, struct wire_error *err)
{
	int r;

	if (reader->have && find_gap(reader, &(void *){ NULL }) == 0 &&
	    reader->have >= WIRE_HEADER_SIZE)
		wire_reset(reader); /* the message before */
	r = read_all(reader, socket, err);
	if (r == 0 && wire_left(reader, timeout) == 0)
		r = wire_fail(err, -ETIMEDOUT, "only %zu bytes of a message came within %d ms",
			      reader->have, timeout);
	if (r < 0)
		wire_reset(reader);
	return r;
}

int wire_receive(struct wire_reader *reader, int socket, int timeout, struct wire_error *err)
{
	uint64_t end = wire_now() + (uint64_t)timeout;
	int r;

	while ((r = wire_read(reader, socket, timeout, err)) == 0) {
		struct pollfd ready = { .fd = socket, .events = POLLIN };
		uint64_t now = wire_now();

		if (now >= end) {
			wire_reset(reader);
			return wire_fail(err, -ETIMEDOUT, "no message came within %d ms", timeout);
		}
		if (poll(&ready, 1, (int)(end - now)) < 0 && errno != EINTR)
			return wire_fail(err, -errno, "poll: %s", strerror(errno));
	}
	return r;
}
