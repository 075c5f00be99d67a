/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * receive - messages in pieces, with too many fds, slow, and cut off: none is mixed up with another, and no fd is
 * left open.
 */
#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "pair.h"

#define LONG 60000 /* ms: never comes to its end */

static int try_read(struct pair *pair)
{
	return wire_read(&pair->reader, pair->near, LONG, &pair->error);
}

static void expect_text(const struct pair *pair, const char *word)
{
	if (!strstr(pair->error.text, word))
		fail_msg("\"%s\" is not in: %s", word, pair->error.text);
}

static void message_arrives_with_its_fds(void **state)
{
	struct pair *pair = *state;
	struct wire_message sent = valid(WIRE_SET_MEM_TABLE), *got = &pair->reader.message;

	sent.payload.table.region[1].size = 0x1234;
	assert_int_equal(try_read(pair), 0);
	put_message(pair->far, &sent);
	assert_int_equal(try_read(pair), 1);
	assert_int_equal(got->request, WIRE_SET_MEM_TABLE);
	assert_int_equal(got->size, sent.size);
	assert_int_equal(got->fds, 2);
	assert_memory_equal(&got->payload, &sent.payload, sent.size);
	for (uint32_t i = 0; i < 2; i++)
		assert_int_equal(fcntl(got->fd[i], F_GETFD), FD_CLOEXEC);
	close_valid(&sent);
}

static void fd_that_was_taken_stays_open(void **state)
{
	struct pair *pair = *state;
	struct wire_message sent = valid(WIRE_SET_VRING_KICK);
	int fd;

	put_message(pair->far, &sent);
	assert_int_equal(try_read(pair), 1);
	fd = wire_take_fd(&pair->reader.message, 0);
	assert_int_equal(wire_take_fd(&pair->reader.message, 0), -1);
	assert_int_equal(wire_take_fd(&pair->reader.message, 1), -1);
	wire_reset(&pair->reader);
	assert_true(fcntl(fd, F_GETFD) >= 0);
	close(fd);
	close_valid(&sent);
}

/* Two messages at once: the second's fds are not the first's, also if the first has none. */
static void messages_in_a_row_keep_their_fds(void **state)
{
	struct pair *pair = *state;
	struct wire_message first = valid(WIRE_SET_OWNER), second = valid(WIRE_SET_VRING_CALL);

	for (int i = 0; i < 3; i++) {
		put_message(pair->far, &first);
		put_message(pair->far, &second);
	}
	for (int i = 0; i < 3; i++) {
		assert_int_equal(try_read(pair), 1);
		assert_int_equal(pair->reader.message.request, WIRE_SET_OWNER);
		assert_int_equal(pair->reader.message.fds, 0);
		assert_int_equal(try_read(pair), 1);
		assert_int_equal(pair->reader.message.request, WIRE_SET_VRING_CALL);
		assert_int_equal(pair->reader.message.fds, 1);
	}
	assert_int_equal(try_read(pair), 0);
	close_valid(&second);
}

static void bytes_that_come_one_by_one_make_a_message(void **state)
{
	struct pair *pair = *state;

	for (uint32_t request = 0; request < WIRE_REQUESTS; request++) {
		uint8_t bytes[sizeof(struct wire_message)];
		struct wire_message sent;
		size_t size;

		if (!wire_kind(WIRE_FRONT, request))
			continue;
		sent = valid(request);
		size = bytes_of(&sent, bytes);
		for (size_t i = 0; i < size; i++) {
			put(pair->far, bytes + i, 1, sent.fd, i ? 0 : sent.fds);
			assert_int_equal(try_read(pair), i + 1 == size);
		}
		assert_int_equal(pair->reader.message.fds, sent.fds);
		assert_memory_equal(&pair->reader.message.payload, &sent.payload, sent.size);
		close_valid(&sent);
	}
}

static void fds_may_come_with_any_byte(void **state)
{
	struct pair *pair = *state;
	struct wire_message sent = valid(WIRE_SET_MEM_TABLE);
	uint8_t bytes[sizeof(struct wire_message)];
	size_t size = bytes_of(&sent, bytes);

	put(pair->far, bytes, 5, sent.fd, 1);
	assert_int_equal(try_read(pair), 0);
	put(pair->far, bytes + 5, size - 5, sent.fd + 1, 1);
	assert_int_equal(try_read(pair), 1);
	assert_int_equal(pair->reader.message.fds, 2);
	close_valid(&sent);
}

static void end_between_messages_is_an_end(void **state)
{
	struct pair *pair = *state;
	struct wire_message sent = valid(WIRE_SET_OWNER);

	put_message(pair->far, &sent);
	pair_close_far(pair);
	assert_int_equal(try_read(pair), 1);
	assert_int_equal(try_read(pair), -ECONNRESET);
}

static void cut_off(uint32_t request, size_t at)
{
	void *state;
	struct pair *pair;
	struct wire_message sent = valid(request);
	uint8_t bytes[sizeof(struct wire_message)];
	size_t size = bytes_of(&sent, bytes);

	if (at < size) {
		pair_setup(&state);
		pair = state;
		put(pair->far, bytes, at, sent.fd, sent.fds);
		pair_close_far(pair);
		assert_int_equal(try_read(pair), -EPROTO);
		expect_text(pair, "closed after");
		pair_teardown(&state);
	}
	close_valid(&sent);
}

static void end_between_any_two_bytes_is_an_error(void **state)
{
	for (uint32_t request = 0; request < WIRE_REQUESTS; request++)
		for (size_t at = 1; wire_kind(WIRE_FRONT, request) && at < 100; at++)
			cut_off(request, at);
}

static void payload_longer_than_any_is_refused_unread(void **state)
{
	struct pair *pair = *state;
	struct wire_message sent = { .request = WIRE_SET_OWNER,
				     .flags = WIRE_VERSION,
				     .size = UINT32_MAX };

	put(pair->far, &sent, WIRE_HEADER_SIZE, NULL, 0);
	assert_int_equal(try_read(pair), -EPROTO);
	expect_text(pair, "4294967295");
}

static void many_fds(struct pair *pair, uint32_t count, uint32_t messages)
{
	struct wire_message sent = { .request = WIRE_SET_OWNER, .flags = WIRE_VERSION };
	int fds[253];

	for (uint32_t i = 0; i < count; i++)
		fds[i] = pair->far;
	for (uint32_t i = 0; i < messages; i++)
		put(pair->far, (uint8_t *)&sent + 4 * i, 4, fds, count);
}

static void more_fds_than_any_message_has_are_refused(void **state)
{
	struct pair *pair = *state;

	many_fds(pair, 9, 1);
	assert_int_equal(try_read(pair), -EPROTO);
	expect_text(pair, "lost");
}

static void most_fds_that_can_be_sent_are_refused(void **state)
{
	struct pair *pair = *state;

	many_fds(pair, 253, 1);
	assert_int_equal(try_read(pair), -EPROTO);
}

static void fds_of_pieces_are_added_up(void **state)
{
	struct pair *pair = *state;

	many_fds(pair, 4, 3);
	assert_int_equal(try_read(pair), -EPROTO);
	expect_text(pair, "more than 8");
}

/* The bytes arrive, and the fds that found no room do not. */
static void fds_past_the_limit_of_files_are_refused(void **state)
{
	struct pair *pair = *state;
	struct rlimit limit, before;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	limit = before;
	limit.rlim_cur = (rlim_t)(pair->near > pair->far ? pair->near : pair->far) + 3;
	many_fds(pair, 5, 1);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_int_equal(try_read(pair), -EPROTO);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	expect_text(pair, "RLIMIT_NOFILE");
}

static void message_that_does_not_end_is_overdue(void **state)
{
	struct pair *pair = *state;
	struct wire_message sent = valid(WIRE_SET_VRING_KICK);

	assert_int_equal(wire_left(&pair->reader, LONG), -1);
	put(pair->far, &sent, 6, sent.fd, 1);
	assert_int_equal(try_read(pair), 0);
	assert_in_range(wire_left(&pair->reader, LONG), 1, LONG);
	/* as if it had begun long ago */
	pair->reader.started -= LONG;
	assert_int_equal(wire_left(&pair->reader, LONG), 0);
	assert_int_equal(try_read(pair), -ETIMEDOUT);
	expect_text(pair, "6 bytes");
	close_valid(&sent);
}

/* A byte now and then does not make it last longer. */
static void dribbling_does_not_move_the_deadline(void **state)
{
	struct pair *pair = *state;
	struct wire_message sent = valid(WIRE_SET_VRING_NUM);
	uint8_t bytes[sizeof(struct wire_message)];
	uint64_t started;

	bytes_of(&sent, bytes);
	put(pair->far, bytes, 1, NULL, 0);
	assert_int_equal(try_read(pair), 0);
	started = pair->reader.started;
	for (size_t i = 1; i < 19; i++) {
		put(pair->far, bytes + i, 1, NULL, 0);
		assert_int_equal(try_read(pair), 0);
		assert_true(pair->reader.started == started);
	}
}

static void receive_gives_up_in_time(void **state)
{
	struct pair *pair = *state;
	struct wire_message sent = valid(WIRE_SET_OWNER);

	assert_int_equal(wire_receive(&pair->reader, pair->near, 1, &pair->error), -ETIMEDOUT);
	put(pair->far, &sent, 3, NULL, 0);
	assert_int_equal(wire_receive(&pair->reader, pair->near, 1, &pair->error), -ETIMEDOUT);
}

static void sent_is_received(void **state)
{
	struct pair *pair = *state;
	struct wire_message sent = valid(WIRE_SET_MEM_TABLE);

	assert_int_equal(wire_send(pair->far, &sent, LONG, &pair->error), 0);
	assert_int_equal(wire_receive(&pair->reader, pair->near, LONG, &pair->error), 1);
	assert_int_equal(pair->reader.message.fds, 2);
	assert_memory_equal(&pair->reader.message.payload, &sent.payload, sent.size);
	assert_int_equal(wire_check(WIRE_FRONT, &pair->reader.message, 0, &pair->error), 0);
	close_valid(&sent);
}

static void reply_is_received(void **state)
{
	struct pair *pair = *state;
	struct wire_message sent = valid(WIRE_GET_FEATURES);

	assert_int_equal(wire_send(pair->far, &sent, LONG, &pair->error), 0);
	assert_int_equal(wire_receive(&pair->reader, pair->near, LONG, &pair->error), 1);
	wire_reply_u64(&pair->reader.message, 0x1122334455667788);
	assert_int_equal(wire_send(pair->near, &pair->reader.message, 0, &pair->error), 0);
	wire_reset(&pair->reader);
	assert_int_equal(wire_receive(&pair->reader, pair->far, LONG, &pair->error), 1);
	assert_int_equal(wire_check_reply(WIRE_FRONT, WIRE_GET_FEATURES, false,
					  &pair->reader.message, &pair->error),
			 0);
	assert_true(pair->reader.message.payload.u64 == 0x1122334455667788);
}

static void send_to_who_does_not_read_gives_up(void **state)
{
	struct pair *pair = *state;
	struct wire_message sent = valid(WIRE_GET_FEATURES);
	int r = 0;

	for (int i = 0; i < 100000 && !r; i++)
		r = wire_send(pair->near, &sent, 0, &pair->error);
	assert_int_equal(r, -ETIMEDOUT);
	pair_close_far(pair);
	assert_int_equal(wire_send(pair->near, &sent, LONG, &pair->error), -ECONNRESET);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, pair_setup, pair_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(message_arrives_with_its_fds),
		TEST(fd_that_was_taken_stays_open),
		TEST(messages_in_a_row_keep_their_fds),
		TEST(bytes_that_come_one_by_one_make_a_message),
		TEST(fds_may_come_with_any_byte),
		TEST(end_between_messages_is_an_end),
		cmocka_unit_test(end_between_any_two_bytes_is_an_error),
		TEST(payload_longer_than_any_is_refused_unread),
		TEST(more_fds_than_any_message_has_are_refused),
		TEST(most_fds_that_can_be_sent_are_refused),
		TEST(fds_of_pieces_are_added_up),
		TEST(fds_past_the_limit_of_files_are_refused),
		TEST(message_that_does_not_end_is_overdue),
		TEST(dribbling_does_not_move_the_deadline),
		TEST(receive_gives_up_in_time),
		TEST(sent_is_received),
		TEST(reply_is_received),
		TEST(send_to_who_does_not_read_gives_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
