/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * relay - interrupts for a front-end that gives a socket, as User Mode Linux does: the kernel can signal eventfds only.
 */
#include <sys/socket.h>
#include <unistd.h>

#include "adopt.h"
#include "front.h"

/* [0] is given to the broker. */
static int call[2];

static void give_socket(void)
{
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, call), 0);
	assert_told(&the_front, front_fd(&the_front, WIRE_SET_VRING_CALL, 0, call[0]));
}

static int setup(void **state)
{
	adopt_begin();
	front_new_on(&the_front, &adopt_sys, "6.12", 1);
	front_up(&the_front);
	give_socket();
	return 0;
}

static int teardown(void **state)
{
	close(call[1]);
	front_disconnect(&the_front);
	adopt_end(the_front.fake);
	front_free(&the_front);
	return 0;
}

static int relay_fd(void)
{
	return the_front.device->session.ring[0].relay.fd;
}

/* The kernel signals the ring's eventfd. */
static void interrupt(void)
{
	const uint64_t one = 1;

	assert_int_equal(write(relay_fd(), &one, sizeof(one)), sizeof(one));
}

static void turn(void)
{
	assert_int_equal(broker_wait(the_front.broker.epoll, 0), 0);
}

static void expect_interrupt(void)
{
	uint64_t count = 0;

	assert_int_equal(recv(call[1], &count, sizeof(count), MSG_DONTWAIT), sizeof(count));
	assert_int_equal(count, 1);
	assert_int_equal(recv(call[1], &count, sizeof(count), MSG_DONTWAIT), -1);
}

/* The first one is for what the kernel signalled before. */
static void interrupts_go_to_the_socket(void **state)
{
	assert_int_equal(fake_ring_counter(front_kernel_ring(0), 'c'), 1);
	turn();
	expect_interrupt();
	for (int i = 0; i < 3; i++) {
		interrupt();
		turn();
		expect_interrupt();
	}
	/* several that were not relayed yet are one */
	interrupt();
	interrupt();
	turn();
	expect_interrupt();
}

/* The socket is full: it must wait for no one. */
static void interrupts_that_are_not_taken_are_dropped(void **state)
{
	char byte;

	for (int i = 0; i < 100000; i++) {
		interrupt();
		turn();
	}
	assert_int_equal(recv(call[1], &byte, 1, MSG_DONTWAIT), 1);
}

static void socket_that_was_closed_is_no_signal(void **state)
{
	close(call[1]);
	call[1] = -1;
	interrupt();
	turn();
	assert_true(front_runs(&the_front, 0));
}

static void expect_closed(int fd)
{
	char byte[100];
	ssize_t n;

	do
		n = recv(fd, byte, sizeof(byte), MSG_DONTWAIT);
	while (n > 0);
	assert_int_equal(n, 0);
}

static void another_call_ends_it(void **state)
{
	int before = call[1];

	give_socket();
	expect_closed(before);
	close(before);
	turn();
	expect_interrupt();
	assert_told(&the_front, front_fd(&the_front, WIRE_SET_VRING_CALL, 0, the_front.call[0]));
	expect_closed(call[1]);
	assert_int_equal(relay_fd(), -1);
	assert_int_equal(fake_counter(the_front.fake, the_front.call[0]), 2);
}

static void end_of_the_front_end_ends_it(void **state)
{
	front_disconnect(&the_front);
	expect_closed(call[1]);
	turn();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(interrupts_go_to_the_socket),
		TEST(interrupts_that_are_not_taken_are_dropped),
		TEST(socket_that_was_closed_is_no_signal),
		TEST(another_call_ends_it),
		TEST(end_of_the_front_end_ends_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
