/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pair - two ends of a connection.
 */
#include <dirent.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "form.h"
#include "pair.h"

int open_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int count = 0;

	assert_non_null(dir);
	while (readdir(dir))
		count++;
	closedir(dir);
	return count;
}

int pair_setup(void **state)
{
	struct pair *pair = calloc(1, sizeof(*pair));
	int fds = open_fds(), ends[2];

	assert_non_null(pair);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	pair->fds = fds;
	pair->near = ends[0];
	pair->far = ends[1];
	*state = pair;
	return 0;
}

void pair_close_far(struct pair *pair)
{
	if (pair->far >= 0)
		close(pair->far);
	pair->far = -1;
}

int pair_teardown(void **state)
{
	struct pair *pair = *state;

	wire_reset(&pair->reader);
	pair_close_far(pair);
	close(pair->near);
	assert_int_equal(open_fds(), pair->fds);
	free(pair);
	return 0;
}

/* The sizes are written out: what the code derives is compared with what the protocol says. */
static const struct {
	uint32_t size, fds;
} forms[] = {
	[WIRE_FORM_EMPTY] = { 0, 0 },	   [WIRE_FORM_EMPTY_FD] = { 0, 1 },
	[WIRE_FORM_U64] = { 8, 0 },	   [WIRE_FORM_RING] = { 8, 0 },
	[WIRE_FORM_RING_FD] = { 8, 1 },	   [WIRE_FORM_ADDR] = { 40, 0 },
	[WIRE_FORM_TABLE] = { 8 + 64, 2 }, [WIRE_FORM_SLOT] = { 40, 0 },
	[WIRE_FORM_SLOT_FD] = { 40, 1 },   [WIRE_FORM_LOG] = { 16, 1 },
	[WIRE_FORM_IOTLB] = { 32, 0 },	   [WIRE_FORM_CONFIG] = { 12 + 4, 0 },
};

struct wire_message valid(uint32_t request)
{
	const struct wire_kind *kind = wire_kind(WIRE_FRONT, request);
	struct wire_message message = { .request = request, .flags = WIRE_VERSION };

	assert_non_null(kind);
	message.size = forms[kind->form].size;
	message.fds = forms[kind->form].fds;
	for (uint32_t i = 0; i < message.fds; i++) {
		message.fd[i] = eventfd(0, EFD_CLOEXEC);
		assert_true(message.fd[i] >= 0);
	}
	if (kind->form == WIRE_FORM_TABLE)
		message.payload.table.count = 2;
	if (kind->form == WIRE_FORM_CONFIG)
		message.payload.config.size = 4;
	return message;
}

void close_valid(struct wire_message *message)
{
	wire_close_fds(message);
}

void put(int socket, const void *bytes, size_t size, const int *fds, uint32_t count)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(300 * sizeof(int))];
	} control = { 0 };
	struct iovec iov = { (void *)(uintptr_t)bytes, size };
	struct msghdr header = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (count) {
		header.msg_control = control.bytes;
		header.msg_controllen = CMSG_SPACE(count * sizeof(int));
		*CMSG_FIRSTHDR(&header) =
			(struct cmsghdr){ .cmsg_len = CMSG_LEN(count * sizeof(int)),
					  .cmsg_level = SOL_SOCKET,
					  .cmsg_type = SCM_RIGHTS };
		memcpy(CMSG_DATA(CMSG_FIRSTHDR(&header)), fds, count * sizeof(int));
	}
	assert_int_equal(sendmsg(socket, &header, MSG_NOSIGNAL), size);
}

size_t bytes_of(const struct wire_message *message, uint8_t bytes[sizeof(struct wire_message)])
{
	size_t payload =
		message->size < sizeof(message->payload) ? message->size : sizeof(message->payload);

	memcpy(bytes, message, WIRE_HEADER_SIZE);
	memcpy(bytes + WIRE_HEADER_SIZE, &message->payload, payload);
	return WIRE_HEADER_SIZE + payload;
}

void put_message(int socket, const struct wire_message *message)
{
	uint8_t bytes[sizeof(struct wire_message)];

	put(socket, bytes, bytes_of(message, bytes), message->fd, message->fds);
}
