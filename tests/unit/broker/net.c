/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * net - frames: the one that tells the network where a guest is, and those that wait for a guest that has gone.  A
 * socket is in the place of the tap's queue, and has the header of the fake kernel's tap.
 */
#include <fcntl.h>
#include <linux/if_tun.h>
#include <stdarg.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "served.h"

/* [0] is the broker's end of each queue. */
static int queue[4][2];

int __wrap_vhc_tap_get_fd(const struct vhc_tap *tap, uint32_t n);
int __real_ioctl(int fd, unsigned long request, void *argument);
int __wrap_ioctl(int fd, unsigned long request, ...);

int __wrap_vhc_tap_get_fd(const struct vhc_tap *tap, uint32_t n)
{
	return queue[n][0];
}

static struct fake *the_fake(void)
{
	return the_front.fake ? the_front.fake : served.front.fake;
}

int __wrap_ioctl(int fd, unsigned long request, ...)
{
	va_list args;
	void *argument;

	va_start(args, request);
	argument = va_arg(args, void *);
	va_end(args);
	if (fd != queue[0][0] || request != TUNGETVNETHDRSZ)
		return __real_ioctl(fd, request, argument);
	*(int *)argument = fake_tap(the_fake(), "vm0")->header;
	return 0;
}

static void open_queues(void)
{
	for (int i = 0; i < 4; i++)
		assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, queue[i]), 0);
}

static int close_queues(void)
{
	for (int i = 0; i < 4; i++) {
		close(queue[i][0]);
		close(queue[i][1]);
	}
	return 0;
}

static int setup(void **state)
{
	open_queues();
	return front_setup(state);
}

static int teardown(void **state)
{
	front_teardown(state);
	the_front.fake = NULL;
	return close_queues();
}

static int setup_served(void **state)
{
	open_queues();
	return served_setup(state);
}

static int teardown_served(void **state)
{
	served_teardown(state);
	return close_queues();
}

static void expect_rarp(int header)
{
	static const uint8_t mac[] = { 0x52, 0x54, 0, 0x12, 0x34, 0x56 };
	/* to all, from it: RARP, of Ethernet and IP, request reverse */
	static const uint8_t rest[] = { 0x80, 0x35, 0, 1, 8, 0, 6, 4, 0, 3 };
	uint8_t frame[200];
	int size;

	assert_int_equal(front_u64(&the_front, WIRE_SEND_RARP, 0x563412005452), 0);
	size = (int)recv(queue[0][1], frame, sizeof(frame), 0);
	assert_int_equal(size, header + 60);
	for (int i = 0; i < header; i++)
		assert_int_equal(frame[i], 0);
	for (int i = 0; i < 6; i++)
		assert_int_equal(frame[header + i], 0xff);
	assert_memory_equal(frame + header + 6, mac, sizeof(mac));
	assert_memory_equal(frame + header + 12, rest, sizeof(rest));
	assert_memory_equal(frame + header + 22, mac, sizeof(mac));
	assert_memory_equal(frame + header + 32, mac, sizeof(mac));
}

/* At the target of a migration it is sent before the features, which make the header longer. */
static void rarp_has_the_header_that_the_tap_has_now(void **state)
{
	assert_told(&the_front, front_u64(&the_front, WIRE_SET_PROTOCOL_FEATURES,
					  front_ask(&the_front, WIRE_GET_PROTOCOL_FEATURES)));
	expect_rarp(10);
	front_up(&the_front);
	expect_rarp(12);
}

/* The guest lives on. */
static void rarp_that_cannot_be_sent_is_no_error(void **state)
{
	front_negotiate(&the_front);
	close(queue[0][1]);
	queue[0][1] = -1;
	the_front.message.flags = WIRE_NEED_REPLY;
	assert_int_equal(front_u64(&the_front, WIRE_SEND_RARP, 1), 1);
	assert_int_equal(the_front.message.payload.u64, 0);
}

static void send_frame(char first)
{
	assert_int_equal(send(queue[0][1], &first, 1, 0), 1);
}

/* The next guest would get them, and its network may be another. */
static void frames_for_one_that_has_gone_are_dropped(void **state)
{
	char frame[2];
	int fd = served_connect();

	send_frame('a');
	assert_int_equal(recv(queue[0][0], frame, sizeof(frame), MSG_PEEK), 1);
	close(fd);
	served_turn();
	send_frame('b');
	fd = served_connect();
	send_frame('c');
	served_turn();
	assert_int_equal(recv(queue[0][0], frame, sizeof(frame), 0), 1);
	assert_int_equal(frame[0], 'c');
	close(fd);
}

/* It does not wait for the end of a flood: of this file there is always more to read. */
static void drop_ends_when_frames_do_not(void **state)
{
	int endless = open("/dev/null", O_RDONLY | O_CLOEXEC);

	assert_int_equal(dup2(endless, queue[0][0]), queue[0][0]);
	close(endless);
	close(served_connect());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(rarp_has_the_header_that_the_tap_has_now, setup,
						teardown),
		cmocka_unit_test_setup_teardown(rarp_that_cannot_be_sent_is_no_error, setup,
						teardown),
		cmocka_unit_test_setup_teardown(frames_for_one_that_has_gone_are_dropped,
						setup_served, teardown_served),
		cmocka_unit_test_setup_teardown(drop_ends_when_frames_do_not, setup_served,
						teardown_served),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
