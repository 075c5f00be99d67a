/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * hostile - every message with one thing wrong, cut off at every byte, and many connections: the broker serves the
 * next front end, and has no more open than before.
 */
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../wire/pair.h"
#include "served.h"

static struct fake_left left;
static int fds;

static int setup(void **state)
{
	served_setup(state);
	left = fake_left(served.front.fake);
	fds = open_fds();
	return 0;
}

/* Front ends that behave find all as it was. */
static void expect_unharmed(const char *what, uint32_t request)
{
	struct fake_left now = fake_left(served.front.fake);
	char name[WIRE_NAME_MAX];
	int fd;

	served_turn();
	if (!left_equal(&left, &now) || open_fds() != fds)
		fail_msg("%s, %s: something is left open", wire_name(WIRE_FRONT, request, name),
			 what);
	fd = served_connect();
	assert_true(served_ask(fd, WIRE_GET_FEATURES) == served.front.device->offered);
	close(fd);
	served_turn();
}

/* One that accepted all protocol features, so that every message may come. */
static int negotiate(void)
{
	int fd = served_connect();
	struct wire_message message = valid(WIRE_SET_PROTOCOL_FEATURES);

	served.said[0] = '\0';
	message.payload.u64 = served_ask(fd, WIRE_GET_PROTOCOL_FEATURES);
	put_message(fd, &message);
	served_turn();
	return fd;
}

/* What is wrong; each changes a valid message. */
static void spoil_nothing(struct wire_message *m)
{
}

static void spoil_version(struct wire_message *m)
{
	m->flags = 2;
}

static void spoil_reply(struct wire_message *m)
{
	m->flags |= WIRE_REPLY;
}

static void spoil_flags(struct wire_message *m)
{
	m->flags |= 0x80000000;
}

static void spoil_ack(struct wire_message *m)
{
	m->flags |= WIRE_NEED_REPLY;
}

static void spoil_ones(struct wire_message *m)
{
	memset(&m->payload, 0xff, sizeof(m->payload));
}

static void spoil_ones_ack(struct wire_message *m)
{
	spoil_ones(m);
	spoil_ack(m);
}

static void spoil_longer(struct wire_message *m)
{
	m->size++;
}

static void spoil_shorter(struct wire_message *m)
{
	m->size -= m->size > 0;
}

static void spoil_empty(struct wire_message *m)
{
	m->size = 0;
}

static void spoil_huge(struct wire_message *m)
{
	m->size = UINT32_MAX;
}

static void spoil_largest(struct wire_message *m)
{
	m->size = sizeof(m->payload);
}

static void spoil_less_fds(struct wire_message *m)
{
	m->fds -= m->fds > 0;
}

static void spoil_more_fds(struct wire_message *m)
{
	m->fd[m->fds++] = STDIN_FILENO;
}

static void spoil_all_fds(struct wire_message *m)
{
	while (m->fds < WIRE_FDS)
		spoil_more_fds(m);
}

/* Of the wrong kind. */
static void spoil_fds(struct wire_message *m)
{
	for (uint32_t i = 0; i < m->fds; i++)
		m->fd[i] = STDIN_FILENO;
}

static void spoil_request(struct wire_message *m)
{
	m->request += 100;
}

static void spoil_index(struct wire_message *m)
{
	m->payload.ring.index = 77;
}

static void spoil_user_addresses(struct wire_message *m)
{
	for (size_t i = 8; i + 8 <= sizeof(m->payload); i += 8)
		memcpy((char *)&m->payload + i, &(uint64_t){ 0x7ffffffff000 }, 8);
}

static const struct {
	const char *name;
	void (*spoil)(struct wire_message *m);
} distortions[] = {
	{ "nothing", spoil_nothing },
	{ "version", spoil_version },
	{ "reply", spoil_reply },
	{ "flags", spoil_flags },
	{ "ack", spoil_ack },
	{ "ones", spoil_ones },
	{ "ones, ack", spoil_ones_ack },
	{ "longer", spoil_longer },
	{ "shorter", spoil_shorter },
	{ "empty", spoil_empty },
	{ "huge", spoil_huge },
	{ "largest", spoil_largest },
	{ "less fds", spoil_less_fds },
	{ "more fds", spoil_more_fds },
	{ "all fds", spoil_all_fds },
	{ "fds", spoil_fds },
	{ "request", spoil_request },
	{ "index", spoil_index },
	{ "addresses", spoil_user_addresses },
};

static void send_spoilt(uint32_t request, size_t which)
{
	struct wire_message message = valid(request), spoilt = message;
	int fd = negotiate();

	distortions[which].spoil(&spoilt);
	put_message(fd, &spoilt);
	served_turn();
	close(fd);
	close_valid(&message);
	expect_unharmed(distortions[which].name, request);
}

static void distorted_messages_do_no_harm(void **state)
{
	for (uint32_t request = 0; request < WIRE_REQUESTS; request++)
		for (size_t i = 0; i < sizeof(distortions) / sizeof(distortions[0]); i++)
			if (wire_kind(WIRE_FRONT, request))
				send_spoilt(request, i);
}

static void send_cut_off(uint32_t request, size_t at)
{
	struct wire_message message = valid(request);
	uint8_t bytes[sizeof(struct wire_message)];

	if (at < bytes_of(&message, bytes)) {
		int fd = negotiate();

		put(fd, bytes, at, message.fd, message.fds);
		served_turn();
		close(fd);
		close_valid(&message);
		expect_unharmed("cut off", request);
	}
	close_valid(&message);
}

static void messages_cut_off_at_any_byte_do_no_harm(void **state)
{
	for (uint32_t request = 0; request < WIRE_REQUESTS; request++)
		for (size_t at = 1; wire_kind(WIRE_FRONT, request) && at < 80; at++)
			send_cut_off(request, at);
}

/* How a valid message may be sent. */
static void send_twice(int fd, const struct wire_message *message)
{
	put_message(fd, message);
	put_message(fd, message);
	served_turn();
}

static void send_byte_by_byte(int fd, const struct wire_message *message)
{
	uint8_t bytes[sizeof(struct wire_message)];
	size_t size = bytes_of(message, bytes);

	for (size_t i = 0; i < size; i++) {
		put(fd, bytes + i, 1, message->fd, i ? 0 : message->fds);
		served_turn();
	}
}

static void send_late(int fd, const struct wire_message *message)
{
	struct session *session = &served.front.device->session;
	uint8_t bytes[sizeof(struct wire_message)];
	size_t size = bytes_of(message, bytes);

	put(fd, bytes, size - 1, message->fd, message->fds);
	served_turn();
	session->reader.started -= (uint64_t)served.front.broker.options.timeout;
	session_ready(session);
	assert_false(served_is_connected(fd));
}

static void ways_to_send_do_no_harm(void **state)
{
	static void (*const ways[])(int fd, const struct wire_message *message) = {
		send_twice, send_byte_by_byte, send_late
	};

	for (uint32_t request = 0; request < WIRE_REQUESTS; request++)
		for (size_t i = 0; i < 3 && wire_kind(WIRE_FRONT, request); i++) {
			struct wire_message message = valid(request);
			int fd = negotiate();

			ways[i](fd, &message);
			close(fd);
			close_valid(&message);
			expect_unharmed("sent in another way", request);
		}
}

static void connections_leave_nothing(void **state)
{
	const char *wanted = getenv("VHC_LONG");
	int count = wanted && !strcmp(wanted, "yes") ? 100000 : 10000;

	for (int i = 0; i < count; i++) {
		int fd = served_connect();

		if (i % 3)
			served_ask(fd, WIRE_GET_PROTOCOL_FEATURES);
		close(fd);
		served.said[0] = '\0';
	}
	expect_unharmed("many connections", WIRE_GET_FEATURES);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, served_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(distorted_messages_do_no_harm),
		TEST(messages_cut_off_at_any_byte_do_no_harm),
		TEST(ways_to_send_do_no_harm),
		TEST(connections_leave_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
