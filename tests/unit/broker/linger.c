/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * linger - a TCP socket that waits for an hour for its peer when the last fd of it is closed, on every way on which the
 * broker comes to close one.  A test that waits has failed.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../wire/pair.h"
#include "served.h"

static int peer = -1;

/* Its peer takes nothing of what was sent. */
static int open_lingering(void)
{
	const struct linger hour = { .l_onoff = 1, .l_linger = 3600 };
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(address);
	int listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char page[4096] = { 0 };

	assert_int_equal(bind(listening, (struct sockaddr *)&address, size), 0);
	assert_int_equal(listen(listening, 1), 0);
	assert_int_equal(getsockname(listening, (struct sockaddr *)&address, &size), 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, size), 0);
	peer = accept4(listening, NULL, NULL, SOCK_CLOEXEC);
	close(listening);
	while (send(fd, page, sizeof(page), MSG_DONTWAIT) > 0)
		;
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_LINGER, &hour, sizeof(hour)), 0);
	return fd;
}

/* The broker has the last one. */
static void give(int socket)
{
	int fd = open_lingering();

	put(socket, "\1\0\0\0", 4, &fd, 1);
	close(fd);
}

static void expect_served(int fd)
{
	assert_true(served_ask(fd, WIRE_GET_FEATURES) == served.front.device->offered);
	close(fd);
	served_turn();
	close(peer);
}

static void of_a_message(void **state)
{
	int fd = served_connect();

	give(fd);
	served_turn();
	close(fd);
	served_turn();
	expect_served(served_connect());
}

static void of_one_that_is_refused(void **state)
{
	int first = served_connect(), second = served_dial();
	char byte;

	give(second);
	served_turn();
	assert_int_equal(recv(second, &byte, 1, MSG_DONTWAIT), -1);
	assert_int_equal(errno, ECONNRESET);
	close(second);
	expect_served(first);
}

/* The next one is there before the end of the last one is seen. */
static void of_one_that_has_gone(void **state)
{
	int first = served_connect(), second;

	give(first);
	served_turn();
	second = served_dial();
	close(first);
	served_turn();
	expect_served(second);
}

/* What it sent was not read. */
static void of_one_that_is_disconnected(void **state)
{
	struct session *session = &served.front.device->session;
	int fd = served_connect();

	give(fd);
	served_turn();
	give(fd);
	close(peer);
	session->reader.started -= (uint64_t)served.front.broker.options.timeout;
	session_ready(session);
	close(fd);
	expect_served(served_connect());
}

static void at_the_end(void **state)
{
	give(served_connect());
	served_turn();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, served_setup, served_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(of_a_message),	    TEST(of_one_that_is_refused),
		TEST(of_one_that_has_gone), TEST(of_one_that_is_disconnected),
		TEST(at_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
