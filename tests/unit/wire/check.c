/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * check - each message, as it must be, and with one thing wrong at a time.
 */
#include <sys/eventfd.h>
#include <unistd.h>

#include "form.h"
#include "pair.h"

#define EVERY(request)                                                 \
	for (uint32_t request = 0; request < WIRE_REQUESTS; request++) \
		if (wire_kind(WIRE_FRONT, request))

static struct wire_error error;

static int check(const struct wire_message *message)
{
	return wire_check(WIRE_FRONT, message, ALL_FEATURES, &error);
}

/* A copy that shares its fds, for a test to spoil. */
static void expect_refused(const struct wire_message *message, const char *word)
{
	error.text[0] = '\0';
	assert_int_equal(check(message), -EPROTO);
	if (!strstr(error.text, word))
		fail_msg("\"%s\" is not in: %s", word, error.text);
}

static void valid_messages_pass(void **state)
{
	uint32_t count = 0;

	EVERY(request)
	{
		struct wire_message message = valid(request);

		if (check(&message))
			fail_msg("%s", error.text);
		close_valid(&message);
		count++;
	}
	assert_int_equal(count, 30);
}

static void unknown_requests_are_refused(void **state)
{
	static const uint32_t numbers[] = { 0, 23, 26, 35, 41, 100, UINT32_MAX };

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		struct wire_message message = { .request = numbers[i], .flags = WIRE_VERSION };

		expect_refused(&message, "not known");
	}
}

static void sizes_are_exact(void **state)
{
	EVERY(request)
	{
		struct wire_message message = valid(request), spoilt = message;

		spoilt.size = message.size + 1;
		expect_refused(&spoilt, "bytes");
		spoilt.size = message.size - 1;
		if (message.size)
			expect_refused(&spoilt, "bytes");
		spoilt.size = 0;
		if (message.size)
			expect_refused(&spoilt, "bytes");
		spoilt.size = UINT32_MAX;
		expect_refused(&spoilt, "bytes");
		close_valid(&message);
	}
}

static void flags_are_exact(void **state)
{
	EVERY(request)
	{
		struct wire_message message = valid(request), spoilt = message;

		for (uint32_t version = 0; version < 4; version++) {
			spoilt.flags = version;
			if (version != WIRE_VERSION)
				expect_refused(&spoilt, "version");
		}
		spoilt.flags = WIRE_VERSION | WIRE_REPLY;
		expect_refused(&spoilt, "a reply to nothing");
		for (uint32_t bit = 4; bit < 32; bit++) {
			spoilt.flags = WIRE_VERSION | UINT32_C(1) << bit;
			expect_refused(&spoilt, "unknown");
		}
		spoilt.flags = WIRE_VERSION | WIRE_NEED_REPLY;
		assert_int_equal(check(&spoilt), 0);
		close_valid(&message);
	}
}

static void counts_of_fds_are_exact(void **state)
{
	EVERY(request)
	{
		struct wire_message message = valid(request), spoilt = message;
		bool optional = wire_kind(WIRE_FRONT, request)->form == WIRE_FORM_SLOT;

		for (uint32_t count = 0; count <= WIRE_FDS; count++) {
			spoilt.fds = count;
			if (count != message.fds && !(optional && count == 1))
				expect_refused(&spoilt, "fds");
		}
		close_valid(&message);
	}
}

static void features_of_the_protocol_are_needed(void **state)
{
	EVERY(request)
	{
		struct wire_message message = valid(request);
		int feature = wire_kind(WIRE_FRONT, request)->protocol;

		if (feature == WIRE_ALWAYS) {
			assert_int_equal(wire_check(WIRE_FRONT, &message, 0, &error), 0);
		} else {
			uint64_t others = ~(UINT64_C(1) << feature);

			assert_int_equal(wire_check(WIRE_FRONT, &message, others, &error), -EPROTO);
			assert_int_equal(wire_check(WIRE_FRONT, &message, ~others, &error), 0);
		}
		close_valid(&message);
	}
}

static void tables_have_an_fd_for_each_region(void **state)
{
	struct wire_message message = valid(WIRE_SET_MEM_TABLE), spoilt = message;

	/* as User Mode Linux does it: room for two regions, and one is there */
	spoilt.payload.table.count = spoilt.fds = 1;
	assert_int_equal(check(&spoilt), 0);
	spoilt.payload.table.count = 0;
	expect_refused(&spoilt, "fds");
	spoilt = message;
	spoilt.payload.table.count = 3;
	expect_refused(&spoilt, "3 regions");
	spoilt.payload.table.count = WIRE_REGIONS + 1;
	expect_refused(&spoilt, "at most 8");
	spoilt.payload.table.count = UINT32_MAX;
	expect_refused(&spoilt, "at most 8");
	/* none at all is a table */
	spoilt = (struct wire_message){ .request = WIRE_SET_MEM_TABLE,
					.flags = WIRE_VERSION,
					.size = 8 };
	assert_int_equal(check(&spoilt), 0);
	close_valid(&message);
}

static void rings_say_whether_an_fd_comes(void **state)
{
	static const uint32_t requests[] = { WIRE_SET_VRING_KICK, WIRE_SET_VRING_CALL,
					     WIRE_SET_VRING_ERR };

	for (size_t i = 0; i < 3; i++) {
		struct wire_message message = valid(requests[i]);

		message.payload.u64 = WIRE_NO_FD | 255;
		expect_refused(&message, "fds");
		wire_close_fds(&message);
		assert_int_equal(check(&message), 0);
		message.payload.u64 = 255;
		expect_refused(&message, "fds");
		for (int bit = 9; bit < 64; bit++) {
			message.payload.u64 = WIRE_NO_FD | UINT64_C(1) << bit;
			expect_refused(&message, "index");
		}
	}
}

static void config_stays_inside_its_space(void **state)
{
	struct wire_message message = valid(WIRE_GET_CONFIG);

	message.payload.config.offset = WIRE_CONFIG_SIZE - 4;
	assert_int_equal(check(&message), 0);
	message.payload.config.offset++;
	expect_refused(&message, "from 253 on");
	message.payload.config.offset = UINT32_MAX - 3;
	expect_refused(&message, "256");
	message.payload.config.offset = 0;
	message.payload.config.size = UINT32_MAX;
	expect_refused(&message, "256");
	message.payload.config.size = 5;
	expect_refused(&message, "17");
	/* User Mode Linux reads a byte at a time */
	for (uint32_t i = 0; i < 12; i++) {
		message.payload.config.size = i + 1;
		message.size = 12 + i + 1;
		assert_int_equal(check(&message), 0);
	}
}

static void iotlb_messages_have_two_sizes(void **state)
{
	struct wire_message message = valid(WIRE_IOTLB_MSG);

	message.size = 26;
	assert_int_equal(check(&message), 0);
	for (message.size = 27; message.size < 32; message.size++)
		expect_refused(&message, "not of 32");
}

static void replies_must_answer_the_request(void **state)
{
	struct wire_message reply = { .request = WIRE_GET_FEATURES,
				      .flags = WIRE_VERSION | WIRE_REPLY,
				      .size = 8 };

	assert_int_equal(wire_check_reply(WIRE_FRONT, WIRE_GET_FEATURES, false, &reply, &error), 0);
	assert_int_equal(wire_check_reply(WIRE_FRONT, WIRE_GET_QUEUE_NUM, false, &reply, &error),
			 -EPROTO);
	reply.size = 4;
	assert_int_equal(wire_check_reply(WIRE_FRONT, WIRE_GET_FEATURES, false, &reply, &error),
			 -EPROTO);
	reply.size = 8;
	reply.flags = WIRE_VERSION;
	assert_int_equal(wire_check_reply(WIRE_FRONT, WIRE_GET_FEATURES, false, &reply, &error),
			 -EPROTO);
	reply = (struct wire_message){ .request = WIRE_SET_OWNER,
				       .flags = WIRE_VERSION | WIRE_REPLY,
				       .size = 8 };
	assert_int_equal(wire_check_reply(WIRE_FRONT, WIRE_SET_OWNER, true, &reply, &error), 0);
	reply.size = 0;
	assert_int_equal(wire_check_reply(WIRE_FRONT, WIRE_SET_OWNER, true, &reply, &error),
			 -EPROTO);
}

static void acks_are_for_requests_without_a_reply(void **state)
{
	struct wire_message message = { .request = WIRE_SET_OWNER,
					.flags = WIRE_VERSION | WIRE_NEED_REPLY };

	assert_true(wire_wants_ack(WIRE_FRONT, &message, WIRE_P(REPLY_ACK)));
	assert_false(wire_wants_ack(WIRE_FRONT, &message, ~WIRE_P(REPLY_ACK)));
	message.request = WIRE_GET_FEATURES;
	assert_false(wire_wants_ack(WIRE_FRONT, &message, WIRE_P(REPLY_ACK)));
	message = (struct wire_message){ .request = WIRE_SET_OWNER, .flags = WIRE_VERSION };
	assert_false(wire_wants_ack(WIRE_FRONT, &message, WIRE_P(REPLY_ACK)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(valid_messages_pass),
		cmocka_unit_test(unknown_requests_are_refused),
		cmocka_unit_test(sizes_are_exact),
		cmocka_unit_test(flags_are_exact),
		cmocka_unit_test(counts_of_fds_are_exact),
		cmocka_unit_test(features_of_the_protocol_are_needed),
		cmocka_unit_test(tables_have_an_fd_for_each_region),
		cmocka_unit_test(rings_say_whether_an_fd_comes),
		cmocka_unit_test(config_stays_inside_its_space),
		cmocka_unit_test(iotlb_messages_have_two_sizes),
		cmocka_unit_test(replies_must_answer_the_request),
		cmocka_unit_test(acks_are_for_requests_without_a_reply),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
