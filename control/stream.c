/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * stream - messages in and out of a socket, each ended by a NUL.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "control.h"
#include "wire.h"

#define STEP 4096u

/* A call is short; a reply may have a document in it. */
const struct control_limits control_server_limits = { 64u << 10, 4u << 20 };
const struct control_limits control_client_limits = { 4u << 20, 64u << 10 };

void control_stream_close(struct control_stream *stream)
{
	if (stream->fd >= 0)
		close(stream->fd);
	free(stream->in);
	free(stream->out);
	*stream = (struct control_stream){ .fd = -1 };
}

/* Room for so many bytes in all. */
static int reserve(char **bytes, size_t *size, size_t wanted, size_t limit)
{
	size_t room = wanted < 2 * *size ? 2 * *size : wanted;
	char *grown;

	if (wanted <= *size)
		return 0;
	if (wanted > limit)
		return -ENOBUFS;
	room = room < STEP ? STEP : room;
	room = room < limit ? room : limit;
	grown = realloc(*bytes, room);
	if (!grown)
		return -ENOMEM;
	*bytes = grown;
	*size = room;
	return 0;
}

/* ------------------------------------------------------------------------------------------- in */

static int receive(struct control_stream *stream)
{
	ssize_t n;
	int r = reserve(&stream->in, &stream->in_size, stream->in_used + 1, stream->limits->in);

	if (r)
		return r == -ENOBUFS ? -EMSGSIZE : r;
	do
		n = recv(stream->fd, stream->in + stream->in_used,
			 stream->in_size - stream->in_used, MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EAGAIN ? 0 : -errno;
	if (!n)
		return stream->in_used ? -EPROTO : -ECONNRESET;
	if (!stream->in_used)
		stream->in_since = wire_now();
	stream->in_used += (size_t)n;
	return 1;
}

/* The message that was returned last has been used. */
static void drop_taken(struct control_stream *stream)
{
	if (!stream->in_taken)
		return;
	stream->in_used -= stream->in_taken;
	memmove(stream->in, stream->in + stream->in_taken, stream->in_used);
	stream->in_taken = 0;
	stream->in_since = stream->in_used ? wire_now() : 0;
}

int control_stream_next(struct control_stream *stream, const char **ret, size_t *ret_len)
{
	size_t searched = 0;
	int r = 1;

	drop_taken(stream);
	while (r > 0) {
		char *end = stream->in_used > searched ? memchr(stream->in + searched, '\0',
								stream->in_used - searched)
						       : NULL;

		if (end) {
			*ret = stream->in;
			*ret_len = (size_t)(end - stream->in);
			stream->in_taken = *ret_len + 1;
			return 1;
		}
		searched = stream->in_used;
		r = receive(stream);
	}
	return r;
}

/* ------------------------------------------------------------------------------------------ out */

int control_stream_put(struct control_stream *stream, const char *text)
{
	size_t len = strlen(text) + 1;
	int r = reserve(&stream->out, &stream->out_size, stream->out_used + len,
			stream->limits->out);

	if (r)
		return r;
	memcpy(stream->out + stream->out_used, text, len);
	if (!stream->out_used)
		stream->out_since = wire_now();
	stream->out_used += len;
	r = control_stream_flush(stream);
	return r < 0 ? r : 0;
}

int control_stream_flush(struct control_stream *stream)
{
	size_t sent = 0;

	while (sent < stream->out_used) {
		ssize_t n = send(stream->fd, stream->out + sent, stream->out_used - sent,
				 MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			break;
		if (n < 0)
			return -errno;
		sent += (size_t)n;
	}
	stream->out_used -= sent;
	if (sent && stream->out_used)
		memmove(stream->out, stream->out + sent, stream->out_used);
	if (!stream->out_used)
		stream->out_since = 0;
	return !stream->out_used;
}

static int left_since(uint64_t since, int timeout)
{
	uint64_t end = since + (uint64_t)timeout, now;

	if (!since)
		return -1;
	now = wire_now();
	return now < end ? (int)(end - now) : 0;
}

int control_stream_left(const struct control_stream *stream, int timeout)
{
	/* a message that has arrived, and was returned, is not overdue */
	int in = stream->in_taken ? -1 : left_since(stream->in_since, timeout);
	int out = left_since(stream->out_since, timeout);

	return in < 0 || (out >= 0 && out < in) ? out : in;
}
