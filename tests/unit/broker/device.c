/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * device - front-ends that connect, misbehave and go.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "alarm.h"
#include "served.h"

static void expect_said(const char *word)
{
	if (!strstr(served.said, word))
		fail_msg("\"%s\" is not in: %s", word, served.said);
}

static void front_end_is_served(void **state)
{
	int fd = served_connect();

	expect_said("connected: process");
	assert_true(served_ask(fd, WIRE_GET_FEATURES) == served.front.device->offered);
	close(fd);
	served_turn();
	expect_said("connection was closed");
}

static void second_front_end_is_refused(void **state)
{
	int first = served_connect(), second = served_connect();

	assert_true(served_is_connected(first));
	assert_false(served_is_connected(second));
	expect_said("a second launcher, process ");
	expect_said(" is refused: process ");
	assert_true(served_ask(first, WIRE_GET_FEATURES) != 0);
	close(first);
	close(second);
}

static void next_front_end_is_served(void **state)
{
	for (int i = 0; i < 100; i++) {
		int fd = served_connect();

		assert_true(served_ask(fd, WIRE_GET_FEATURES) != 0);
		close(fd);
		if (i % 2)
			served_turn(); /* or the new one comes before the end of the old one is seen */
	}
}

static void wrong_message_ends_the_connection(void **state)
{
	int fd = served_connect();
	struct wire_message message = { .request = WIRE_SET_OWNER, .flags = 0 };

	assert_int_equal(wire_send(fd, &message, 0, &served.error), 0);
	served_turn();
	assert_false(served_is_connected(fd));
	expect_said("SET_OWNER is of version 0");
	close(fd);
}

/* As of a guest whose memory is in no file: some front-ends leave it out. */
static void memory_that_is_not_shared_is_said(void **state)
{
	struct wire_message empty = { .request = WIRE_SET_MEM_TABLE,
				      .flags = WIRE_VERSION,
				      .size = 8 };
	struct wire_message without = { .request = WIRE_SET_MEM_TABLE,
					.flags = WIRE_VERSION,
					.size = 8 + sizeof(struct wire_region),
					.payload.table.count = 1 };
	int fd = served_connect();

	assert_int_equal(wire_send(fd, &empty, 0, &served.error), 0);
	served_turn();
	expect_said("memory-backend-memfd,share=on");
	assert_true(served_is_connected(fd));
	served.said[0] = '\0';
	assert_int_equal(wire_send(fd, &without, 0, &served.error), 0);
	served_turn();
	expect_said("memory-backend-memfd,share=on");
	expect_said("SET_MEM_TABLE comes with 0 fds, not with 1");
	assert_false(served_is_connected(fd));
	close(fd);
}

/* A front-end that adds single regions adds none. */
static void rings_without_memory_are_said_once(void **state)
{
	struct front *front = &served.front;

	front_fd(front, WIRE_SET_VRING_KICK, 0, front->kick[0]);
	expect_said("memory-backend-memfd,share=on");
	served.said[0] = '\0';
	front_fd(front, WIRE_SET_VRING_KICK, 1, front->kick[1]);
	assert_null(strstr(served.said, "share=on"));
}

static void message_that_does_not_end_is_waited_for(void **state)
{
	int fd = served_connect();
	struct session *session = &served.front.device->session;

	assert_int_equal(write(fd, "\1\0\0\0", 4), 4);
	served_turn();
	assert_true(served_is_connected(fd));
	session->reader.started -= 1000; /* the timeout */
	session_ready(session);
	assert_false(served_is_connected(fd));
	expect_said("only 4 bytes");
	close(fd);
}

static void front_end_that_reads_no_reply_is_disconnected(void **state)
{
	int fd = served_connect();
	struct wire_message message = { .request = WIRE_GET_FEATURES, .flags = WIRE_VERSION };

	for (int i = 0; i < 100000 && !strstr(served.said, "does not read"); i++) {
		wire_send(fd, &message, 0, &served.error);
		broker_wait(served.front.broker.epoll, 0);
	}
	expect_said("does not read");
	close(fd);
}

/* So many may be open as are. */
static struct rlimit allow_no_more_fds(void)
{
	struct rlimit before, limit;
	int next = dup(0);

	close(next);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	limit = before;
	limit.rlim_cur = (rlim_t)next;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	return before;
}

/* The connection stays where it is, and epoll would report it all the time. */
static void front_end_without_an_fd_waits(void **state)
{
	struct broker_listener *listen = &served.front.device->listen;
	struct epoll_event event;
	struct rlimit before;
	int fd = served_dial();

	before = allow_no_more_fds();
	served_turn();
	assert_int_equal(epoll_wait(served.front.broker.epoll, &event, 1, 0), 0);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	expect_said("no launcher can connect for a while: Too many open files");
	assert_in_range(broker_listener_left(listen), 0, BROKER_REST);
	listen->rested = 1; /* long ago */
	broker_listener_wake(listen);
	assert_int_equal(broker_listener_left(listen), -1);
	served_turn();
	assert_true(served_ask(fd, WIRE_GET_FEATURES) != 0);
	close(fd);
}

static void note_alarm(void *data, enum vhc_level level, const char *line)
{
	struct itimerval alarm;

	assert_int_equal(getitimer(ITIMER_REAL, &alarm), 0);
	*(int *)data = alarm.it_value.tv_sec || alarm.it_value.tv_usec;
}

/* Whoever reads them may have stopped. */
static void line_of_no_front_end_is_not_waited_for(void **state)
{
	struct rlimit before;
	int ended = -1, fd = served_dial();

	served.front.broker.options.say = note_alarm;
	served.front.broker.options.data = &ended;
	before = allow_no_more_fds();
	served_turn();
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_int_equal(ended, 1);
	served_say(&served.front);
	close(fd);
}

/* As a write to an eventfd that was filled after the look at it. */
static void call_that_waits_is_ended(void **state)
{
	int full = eventfd(UINT32_MAX, EFD_CLOEXEC);
	eventfd_t count = UINT64_MAX - 1 - UINT32_MAX;

	assert_int_equal(eventfd_write(full, count), 0);
	broker_alarm_begin();
	assert_int_equal(eventfd_write(full, 1), -1);
	assert_int_equal(errno, EINTR);
	broker_alarm_end();
	close(full);
}

/* A front-end can give several things that wait when they are closed, with one message. */
static void further_calls_that_wait_end_sooner(void **state)
{
	struct itimerval alarm;

	broker_alarm_begin();
	assert_int_equal(getitimer(ITIMER_REAL, &alarm), 0);
	broker_alarm_end();
	assert_int_equal(alarm.it_interval.tv_sec, 0);
	assert_in_range(alarm.it_interval.tv_usec, 1, 1000000 / WIRE_FDS / 10);
}

static void give_err(int fd, int expected)
{
	front_negotiate(&served.front);
	assert_int_equal(front_fd(&served.front, WIRE_SET_VRING_ERR, 0, fd), expected);
}

/* It is written to. */
static void error_fd_is_an_eventfd(void **state)
{
	int event = eventfd(0, EFD_CLOEXEC), ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	give_err(ends[1], -EINVAL);
	give_err(STDIN_FILENO, -EINVAL);
	give_err(event, 0); /* whose it is now */
	close(ends[0]);
	close(ends[1]);
}

/* Neither waits for the front-end that filled its eventfd, nor is it an error. */
static void full_error_fd_keeps_nobody(void **state)
{
	int event = eventfd(0, EFD_CLOEXEC), same = dup(event);
	eventfd_t count = UINT64_MAX - 1;

	assert_int_equal(eventfd_write(event, count), 0);
	front_up(&served.front);
	give_err(event, 0);
	fake_ring_signal(served.front.fake, &fake_vhost(served.front.fake, 0)->ring[0], 'e');
	session_event(&served.front.device->session);
	assert_int_equal(served.front.device->ring_errors, 1);
	assert_null(strstr(served.said, "cannot be told"));
	assert_int_equal(eventfd_read(same, &count), 0);
	close(same);
}

/* Else it would have the memory of the guest before. */
static void device_that_cannot_be_reset_serves_nobody(void **state)
{
	struct fake *fake = served.front.fake;
	int fd = served_connect();

	front_up(&served.front);
	fake_fail(fake, "VHOST_NET_SET_BACKEND", 1, EIO);
	close(fd);
	served_turn();
	expect_said("no launcher can connect: ");
	fake_fail(fake, "VHOST_NET_SET_BACKEND", 1, EIO);
	fd = served_connect();
	assert_false(served_is_connected(fd));
	close(fd);
	fd = served_connect();
	assert_true(served_ask(fd, WIRE_GET_FEATURES) != 0);
	close(fd);
}

static uint32_t count_said(const char *word)
{
	uint32_t count = 0;

	for (const char *at = served.said; (at = strstr(at, word)); at++)
		count++;
	return count;
}

/* One that connects again and again fills no disk. */
static void lines_are_limited(void **state)
{
	struct broker_quota *said = &served.front.device->said[BROKER_WARNINGS];
	const struct wire_message wrong = { .request = WIRE_SET_OWNER };

	said->since = wire_now() + 3600000; /* however slow this is */
	for (int i = 0; i < 50; i++) {
		int fd = served_connect();

		assert_int_equal(wire_send(fd, &wrong, 0, &served.error), 0);
		served_turn();
		close(fd);
	}
	assert_int_equal(count_said("is of version 0"), 10);
	assert_int_equal(said->left_out, 40);
	said->since = 0;
	broker_say(served.front.device, VHC_LEVEL_WARNING, "a line");
	expect_said("40 more lines are left out\nnet0: a line");
	assert_int_equal(said->lines, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, served_setup, served_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(front_end_is_served),
		TEST(second_front_end_is_refused),
		TEST(next_front_end_is_served),
		TEST(wrong_message_ends_the_connection),
		TEST(memory_that_is_not_shared_is_said),
		TEST(rings_without_memory_are_said_once),
		TEST(message_that_does_not_end_is_waited_for),
		TEST(front_end_that_reads_no_reply_is_disconnected),
		TEST(front_end_without_an_fd_waits),
		TEST(line_of_no_front_end_is_not_waited_for),
		TEST(call_that_waits_is_ended),
		TEST(further_calls_that_wait_end_sooner),
		TEST(error_fd_is_an_eventfd),
		TEST(full_error_fd_keeps_nobody),
		TEST(device_that_cannot_be_reset_serves_nobody),
		TEST(lines_are_limited),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
