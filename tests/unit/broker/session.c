/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * session - rings in the orders that launchers set them up in, and what a front-end is told of an error.
 */
#include "front.h"

static void qemu_order_starts_every_ring(void **state)
{
	front_up(&the_front);
	assert_int_equal(the_front.device->session.ring[0].runs, true);
}

static void ring_waits_until_it_is_enabled(void **state)
{
	front_negotiate(&the_front);
	assert_told(&the_front, front_table(&the_front, the_front.memory, FRONT_SIZE));
	front_set_ring(&the_front, 0);
	assert_false(front_runs(&the_front, 0));
	for (int i = 0; i < 3; i++)
		assert_told(&the_front, front_ring(&the_front, WIRE_SET_VRING_ENABLE, 0, 1));
	assert_true(front_runs(&the_front, 0));
	assert_told(&the_front, front_ring(&the_front, WIRE_SET_VRING_ENABLE, 0, 0));
	assert_false(front_runs(&the_front, 0));
}

#define STEPS 7

/* One of the messages that make a ring. */
static void send_step(int step)
{
	switch (step) {
	case 0:
		front_negotiate(&the_front);
		break;
	case 1:
		assert_told(&the_front, front_table(&the_front, the_front.memory, FRONT_SIZE));
		break;
	case 2:
		assert_told(&the_front, front_ring(&the_front, WIRE_SET_VRING_NUM, 0, 256));
		break;
	case 3:
		assert_told(&the_front, front_addr(&the_front, 0, FRONT_USER));
		break;
	case 4:
		assert_told(&the_front,
			    front_fd(&the_front, WIRE_SET_VRING_KICK, 0, the_front.kick[0]));
		break;
	case 5:
		assert_told(&the_front,
			    front_fd(&the_front, WIRE_SET_VRING_CALL, 0, the_front.call[0]));
		break;
	case 6:
		assert_told(&the_front, front_ring(&the_front, WIRE_SET_VRING_ENABLE, 0, 1));
		break;
	}
}

static void send_in_order(const int *steps)
{
	front_new(&the_front, "6.12", 1);
	for (int i = 0; i < STEPS; i++)
		send_step(steps[i]);
	assert_true(front_runs(&the_front, 0));
	assert_true(fake_ring_counter(front_kernel_ring(0), 'c') >= 0);
	front_free(&the_front);
}

/* These first, then the others; and the reverse of that. */
static void send_around(int a, int b, int c)
{
	int steps[STEPS] = { a, b, c }, reversed[STEPS], n = 3;

	for (int step = 0; step < STEPS; step++)
		if (step != a && step != b && step != c)
			steps[n++] = step;
	for (int i = 0; i < STEPS; i++)
		reversed[i] = steps[STEPS - 1 - i];
	send_in_order(steps);
	send_in_order(reversed);
}

/*
 * A message is handled by what came before it, and starts the ring by what is still missing.  So any three steps come
 * first, and any three last, in each of their orders: 420 of the 5,040 orders there are.  The ring runs once all but
 * the call, which may come later, are there.
 */
static void steps_in_any_order_start_the_ring(void **state)
{
	for (int a = 0; a < STEPS; a++)
		for (int b = 0; b < STEPS; b++)
			for (int c = 0; c < STEPS; c++)
				if (a != b && b != c && c != a)
					send_around(a, b, c);
}

/* QEMU gives the real one when the ring runs; what went to the one before would never be seen. */
static void call_of_a_running_ring_is_signalled(void **state)
{
	int later = fake_eventfd(the_front.fake);

	front_up(&the_front);
	assert_told(&the_front, front_fd(&the_front, WIRE_SET_VRING_CALL, 0, later));
	assert_int_equal(fake_counter(the_front.fake, later), 1);
	fake_close(the_front.fake, later);
}

static void get_base_stops_until_the_next_kick(void **state)
{
	front_up(&the_front);
	front_kernel_ring(0)->base = 0;
	assert_int_equal(front_ring(&the_front, WIRE_GET_VRING_BASE, 0, 0), 1);
	assert_int_equal(the_front.message.payload.ring.index, 0);
	assert_int_equal(the_front.message.payload.ring.value, 0);
	assert_false(front_runs(&the_front, 0));
	assert_told(&the_front, front_ring(&the_front, WIRE_SET_VRING_ENABLE, 0, 1));
	assert_told(&the_front, front_ring(&the_front, WIRE_SET_VRING_BASE, 0, 0));
	assert_false(front_runs(&the_front, 0));
	assert_told(&the_front, front_fd(&the_front, WIRE_SET_VRING_KICK, 0, the_front.kick[0]));
	assert_true(front_runs(&the_front, 0));
}

/* As QEMU 7.2 stops a device; without it the guest of a migration has rings that begin at 0. */
static void base_can_be_asked_after_a_reset(void **state)
{
	front_up(&the_front);
	front_kernel_ring(0)->base = 7;
	for (int i = 0; i < 2; i++)
		assert_told(&the_front, front_u64(&the_front, WIRE_SET_STATUS, 0));
	assert_false(front_runs(&the_front, 0));
	assert_int_equal(front_ring(&the_front, WIRE_GET_VRING_BASE, 0, 0), 1);
	assert_int_equal(the_front.message.payload.ring.value, 7);
	assert_told(&the_front, front_ring(&the_front, WIRE_SET_VRING_BASE, 0, 3));
	assert_int_equal(front_ring(&the_front, WIRE_GET_VRING_BASE, 0, 0), 1);
	assert_int_equal(the_front.message.payload.ring.value, 3);
}

/* One that starts without a base begins at 0. */
static void base_before_a_reset_is_forgotten_by_a_start(void **state)
{
	front_up(&the_front);
	front_kernel_ring(1)->base = 7;
	assert_told(&the_front, front_u64(&the_front, WIRE_SET_STATUS, 0));
	front_up(&the_front);
	front_kernel_ring(1)->base = 9;
	assert_told(&the_front, front_u64(&the_front, WIRE_SET_STATUS, 0));
	assert_int_equal(front_ring(&the_front, WIRE_GET_VRING_BASE, 1, 0), 1);
	assert_int_equal(the_front.message.payload.ring.value, 9);
}

/* Also of a ring that was never set up. */
static void get_base_of_an_unused_ring_is_answered(void **state)
{
	front_negotiate(&the_front);
	assert_int_equal(front_ring(&the_front, WIRE_GET_VRING_BASE, 1, 0), 1);
	assert_int_equal(the_front.message.payload.ring.value, 0);
}

/* It is told of an error, and goes on; without asking it would take its request for done. */
static void error_is_told_to_who_asks(void **state)
{
	front_negotiate(&the_front);
	the_front.message.flags = WIRE_NEED_REPLY;
	assert_int_equal(front_ring(&the_front, WIRE_SET_VRING_NUM, 0, 3), 1);
	assert_int_equal(the_front.message.size, 8);
	assert_int_equal(the_front.message.payload.u64, 1);
	the_front.message.flags = WIRE_NEED_REPLY;
	assert_int_equal(front_ring(&the_front, WIRE_SET_VRING_NUM, 0, 256), 1);
	assert_int_equal(the_front.message.payload.u64, 0);
	the_front.message.flags = 0;
	assert_int_equal(front_ring(&the_front, WIRE_SET_VRING_NUM, 0, 3), -EINVAL);
}

static void rings_that_do_not_exist_are_refused(void **state)
{
	static const uint32_t requests[] = { WIRE_SET_VRING_NUM, WIRE_SET_VRING_BASE,
					     WIRE_GET_VRING_BASE, WIRE_SET_VRING_ENABLE };
	static const uint32_t with_fd[] = { WIRE_SET_VRING_KICK, WIRE_SET_VRING_CALL,
					    WIRE_SET_VRING_ERR };

	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		assert_int_equal(front_ring(&the_front, requests[i], 2, 1), -EINVAL);
		assert_int_equal(front_ring(&the_front, requests[i], UINT32_MAX, 1), -EINVAL);
	}
	for (size_t i = 0; i < sizeof(with_fd) / sizeof(with_fd[0]); i++)
		assert_int_equal(front_fd(&the_front, with_fd[i], 255, the_front.kick[0]), -EINVAL);
	assert_int_equal(front_addr(&the_front, 2, FRONT_USER), -EINVAL);
}

/* What the library reads of the kernel's queue. */
static void queues_of_pairs_that_do_not_run_are_detached(void **state)
{
	const struct fake_tap *tap = fake_tap(the_front.fake, "vm0");

	front_negotiate(&the_front);
	assert_told(&the_front, front_table(&the_front, the_front.memory, FRONT_SIZE));
	for (uint32_t i = 0; i < 8; i++)
		front_set_ring(&the_front, i);
	for (uint32_t i = 0; i < 4; i++)
		assert_told(&the_front, front_ring(&the_front, WIRE_SET_VRING_ENABLE, i, 1));
	assert_int_equal(tap->detached, 2);
	for (uint32_t i = 4; i < 8; i++)
		assert_told(&the_front, front_ring(&the_front, WIRE_SET_VRING_ENABLE, i, 1));
	assert_int_equal(tap->detached, 0);
	assert_told(&the_front, front_ring(&the_front, WIRE_SET_VRING_ENABLE, 6, 0));
	assert_told(&the_front, front_ring(&the_front, WIRE_SET_VRING_ENABLE, 7, 0));
	assert_int_equal(tap->detached, 1);
}

static void reset_forgets_all_but_the_memory(void **state)
{
	front_up(&the_front);
	the_front.message = (struct wire_message){ 0 };
	assert_told(&the_front, front_tell(&the_front, WIRE_RESET_DEVICE));
	assert_false(front_runs(&the_front, 0));
	front_negotiate(&the_front);
	assert_told(&the_front, front_ring(&the_front, WIRE_SET_VRING_ENABLE, 0, 1));
	front_set_ring(&the_front, 0);
	assert_true(front_runs(&the_front, 0));
}

static void rings_cannot_be_polled(void **state)
{
	front_negotiate(&the_front);
	assert_int_equal(front_fd(&the_front, WIRE_SET_VRING_KICK, 0, -1), -EOPNOTSUPP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FRONT_TEST(qemu_order_starts_every_ring),
		FRONT_TEST_PAIRS(qemu_order_starts_every_ring),
		FRONT_TEST(ring_waits_until_it_is_enabled),
		cmocka_unit_test(steps_in_any_order_start_the_ring),
		FRONT_TEST(call_of_a_running_ring_is_signalled),
		FRONT_TEST(get_base_stops_until_the_next_kick),
		FRONT_TEST(base_can_be_asked_after_a_reset),
		FRONT_TEST(base_before_a_reset_is_forgotten_by_a_start),
		FRONT_TEST(get_base_of_an_unused_ring_is_answered),
		FRONT_TEST(error_is_told_to_who_asks),
		FRONT_TEST(rings_that_do_not_exist_are_refused),
		FRONT_TEST_PAIRS(queues_of_pairs_that_do_not_run_are_detached),
		FRONT_TEST(reset_forgets_all_but_the_memory),
		FRONT_TEST(rings_cannot_be_polled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
