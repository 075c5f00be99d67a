/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * hostile - every message with one thing wrong, cut off at every byte, and many connections: the broker serves the
 * next front-end, and has no more open than before.
 */
#include <sys/socket.h>
#include <unistd.h>

#include "../wire/pair.h"
#include "served.h"
#include "spoil.h"

static struct fake_left left;
static int fds;

static int setup(void **state)
{
	served_setup(state);
	left = fake_left(served.front.fake);
	fds = open_fds();
	return 0;
}

/* Front-ends that behave find all as it was. */
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

static void send_spoilt(uint32_t request, size_t which)
{
	struct wire_message message = valid(request), spoilt = message;
	int fd = negotiate();

	spoils[which].spoil(&spoilt);
	put_message(fd, &spoilt);
	served_turn();
	close(fd);
	close_valid(&message);
	expect_unharmed(spoils[which].name, request);
}

static void distorted_messages_do_no_harm(void **state)
{
	for (uint32_t request = 0; request < WIRE_REQUESTS; request++)
		for (size_t i = 0; i < SPOILS; i++)
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
	for (int i = 0; i < 100000; i++) {
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
