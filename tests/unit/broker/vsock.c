/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * vsock - a vsock device: what its front-ends are offered and told, and rings that run only together.
 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../wire/pair.h"
#include "control.h"
#include "front.h"
#include "manage.h"

#define VSOCK_TEST(name) cmocka_unit_test_setup_teardown(name, front_setup_vsock, front_teardown)

static bool runs(void)
{
	bool first = front_runs(&the_front, 0), second = front_runs(&the_front, 1);

	assert_int_equal(first, second);
	assert_int_equal(the_front.device->session.ring[0].runs, first);
	assert_int_equal(the_front.device->session.ring[1].runs, first);
	return first;
}

/* Neither what is a net device's, nor a log, which has the rings alone. */
static void offer_is_of_the_kernel(void **state)
{
	uint64_t offered = front_ask(&the_front, WIRE_GET_FEATURES);

	assert_true(offered == (BIT(1) | BIT(24) | BIT(28) | BIT(29) |
				BIT(WIRE_F_PROTOCOL_FEATURES) | BIT(32)));
	assert_int_equal(front_u64(&the_front, WIRE_SET_FEATURES, BIT(33) | BIT(32)), -EOPNOTSUPP);
	assert_non_null(strstr(the_front.device->session.error.text, "access_platform (bit 33)"));
}

static void protocol_is_without_that_of_a_net_device(void **state)
{
	uint64_t protocol = front_ask(&the_front, WIRE_GET_PROTOCOL_FEATURES);

	assert_int_equal(protocol & (WIRE_P(MQ) | WIRE_P(RARP) | WIRE_P(MTU) | WIRE_P(LOG_SHMFD)),
			 0);
	assert_int_not_equal(protocol & WIRE_P(CONFIG), 0);
	front_negotiate(&the_front);
	assert_int_equal(front_u64(&the_front, WIRE_SEND_RARP, 0), -EPROTO);
	assert_int_equal(front_u64(&the_front, WIRE_NET_SET_MTU, 1500), -EPROTO);
	assert_int_equal(front_u64(&the_front, WIRE_SET_PROTOCOL_FEATURES, WIRE_P(MQ)),
			 -EOPNOTSUPP);
}

/* QEMU does without it not make the device at all. */
static void config_space_has_the_cid(void **state)
{
	uint64_t cid;

	front_negotiate(&the_front);
	the_front.message = (struct wire_message){ .size = 12 + 8, .payload.config.size = 8 };
	assert_int_equal(front_tell(&the_front, WIRE_GET_CONFIG), 1);
	memcpy(&cid, the_front.message.payload.config.bytes, sizeof(cid));
	assert_int_equal(le64toh(cid), FRONT_CID);
}

static void rings_run_with_the_last_that_may(void **state)
{
	front_negotiate(&the_front);
	assert_told(&the_front, front_table(&the_front, the_front.memory, FRONT_SIZE));
	for (uint32_t i = 0; i < 2; i++) {
		front_set_ring(&the_front, i);
		assert_false(runs());
	}
	assert_told(&the_front, front_ring(&the_front, WIRE_SET_VRING_ENABLE, 0, 1));
	assert_false(runs());
	assert_told(&the_front, front_ring(&the_front, WIRE_SET_VRING_ENABLE, 1, 1));
	assert_true(runs());
	assert_true(the_front.device->running);
}

static void rings_start_once_all_is_there(void **state)
{
	front_negotiate(&the_front);
	for (uint32_t i = 0; i < 2; i++)
		assert_told(&the_front, front_ring(&the_front, WIRE_SET_VRING_ENABLE, i, 1));
	for (uint32_t i = 0; i < 2; i++)
		front_set_ring(&the_front, i);
	assert_false(runs());
	assert_told(&the_front, front_table(&the_front, the_front.memory, FRONT_SIZE));
	assert_true(runs());
}

/* And each says where it stopped. */
static void rings_stop_with_the_first(void **state)
{
	front_up(&the_front);
	front_kernel_ring(0)->base = 11;
	front_kernel_ring(1)->base = 12;
	for (uint32_t i = 0; i < 2; i++) {
		assert_told(&the_front, front_ring(&the_front, WIRE_GET_VRING_BASE, i, 0));
		assert_int_equal(the_front.message.payload.ring.value, 11 + i);
		assert_false(runs());
	}
	assert_false(the_front.device->running);
	for (uint32_t i = 0; i < 2; i++)
		front_set_ring(&the_front, i);
	assert_true(runs());
	assert_told(&the_front, front_ring(&the_front, WIRE_SET_VRING_ENABLE, 1, 0));
	assert_false(runs());
}

static void device_stops_and_resumes(void **state)
{
	front_up(&the_front);
	assert_int_equal(broker_device_stop(the_front.device), 0);
	assert_false(runs());
	assert_int_equal(broker_device_resume(the_front.device), 0);
	assert_true(runs());
}

static void next_front_end_has_the_same_cid(void **state)
{
	struct fake_left before = fake_left(the_front.fake), after;

	for (int i = 0; i < 3; i++) {
		front_up(&the_front);
		assert_int_equal(fake_vhost(the_front.fake, 0)->cid, FRONT_CID);
		front_disconnect(&the_front);
		assert_false(runs());
		after = fake_left(the_front.fake);
		assert_int_equal(after.maps, before.maps);
		assert_int_equal(after.fds, before.fds);
	}
}

static void ring_that_cannot_run_is_said(void **state)
{
	front_negotiate(&the_front);
	assert_told(&the_front, front_table(&the_front, the_front.memory, FRONT_SIZE));
	for (uint32_t i = 0; i < 2; i++)
		front_set_ring(&the_front, i);
	assert_told(&the_front, front_ring(&the_front, WIRE_SET_VRING_ENABLE, 0, 1));
	fake_fail(the_front.fake, "VHOST_VSOCK_SET_RUNNING", 1, EFAULT);
	assert_int_equal(front_ring(&the_front, WIRE_SET_VRING_ENABLE, 1, 1), -EFAULT);
	assert_non_null(strstr(the_front.device->session.error.text, "VHOST_VSOCK_SET_RUNNING"));
	assert_false(runs());
}

/* Has the front-end's end of a socket been closed at the broker's? */
static bool is_open(int end)
{
	char byte;

	return recv(end, &byte, 1, MSG_DONTWAIT) < 0 && errno == EAGAIN;
}

static void set_events(int call)
{
	int kick = eventfd(0, EFD_CLOEXEC);

	assert_told(&the_front, front_ring(&the_front, WIRE_SET_VRING_NUM, 2, 64));
	assert_told(&the_front, front_ring(&the_front, WIRE_SET_VRING_BASE, 2, 5));
	assert_told(&the_front, front_addr(&the_front, 2, FRONT_USER + 0x8000));
	assert_told(&the_front, front_fd(&the_front, WIRE_SET_VRING_CALL, 2, call));
	assert_told(&the_front, front_fd(&the_front, WIRE_SET_VRING_KICK, 2, kick));
	assert_told(&the_front, front_fd(&the_front, WIRE_SET_VRING_ERR, 2, -1));
	assert_told(&the_front, front_ring(&the_front, WIRE_SET_VRING_ENABLE, 2, 1));
}

static void assert_base_of_events(uint32_t base)
{
	assert_told(&the_front, front_ring(&the_front, WIRE_GET_VRING_BASE, 2, 0));
	assert_int_equal(the_front.message.payload.ring.value, base);
}

/* User Mode Linux and crosvm hand it over, and QEMU does not: the others run with it and without it. */
static void event_queue_is_kept_and_not_run(void **state)
{
	int fds, call[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, call), 0);
	front_up(&the_front);
	fds = open_fds();
	set_events(call[0]);
	assert_true(runs());
	assert_base_of_events(5);
	assert_true(runs());
	/* an end would wake the front-end again and again */
	assert_true(is_open(call[1]));
	assert_told(&the_front, front_ring(&the_front, WIRE_SET_VRING_ENABLE, 2, 0));
	assert_told(&the_front, front_fd(&the_front, WIRE_SET_VRING_CALL, 2, -1));
	assert_false(is_open(call[1]));
	assert_told(&the_front, front_u64(&the_front, WIRE_SET_STATUS, 0));
	assert_base_of_events(5);
	assert_int_equal(open_fds(), fds - 1);
	close(call[1]);
}

static void event_queue_ends_with_its_front_end(void **state)
{
	int fds = open_fds(), call[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, call), 0);
	front_negotiate(&the_front);
	set_events(call[0]);
	assert_false(runs());
	front_disconnect(&the_front);
	assert_false(is_open(call[1]));
	close(call[1]);
	assert_int_equal(open_fds(), fds);
	front_negotiate(&the_front);
	assert_base_of_events(0);
}

static void fds_of_the_event_queue_are_of_a_kind(void **state)
{
	int fds = open_fds(), wrong[2];

	assert_int_equal(pipe2(wrong, O_CLOEXEC), 0);
	front_negotiate(&the_front);
	for (uint32_t request = WIRE_SET_VRING_KICK; request <= WIRE_SET_VRING_ERR; request++) {
		assert_int_equal(front_fd(&the_front, request, 2, wrong[0]), -EINVAL);
		assert_non_null(strstr(the_front.device->session.error.text, "ring 2"));
	}
	close(wrong[0]);
	close(wrong[1]);
	assert_int_equal(open_fds(), fds);
}

static void there_is_no_fourth_ring(void **state)
{
	front_negotiate(&the_front);
	assert_int_equal(front_ring(&the_front, WIRE_SET_VRING_NUM, 3, 128), -EINVAL);
	assert_non_null(strstr(the_front.device->session.error.text,
			       "there is no ring 3: the device has 3"));
}

static void there_is_no_link(void **state)
{
	assert_int_equal(broker_device_set_link(the_front.device, false), -EOPNOTSUPP);
	assert_string_equal(the_front.device->session.error.text, "a vsock device has no link");
}

static void state_of_one_that_runs_is_saved(void **state)
{
	char *text;

	front_up(&the_front);
	assert_int_equal(vhc_dev_save(the_front.device->dev, &text), 0);
	assert_non_null(strstr(text, "\"guest_cid\""));
	free(text);
	assert_true(runs());
}

static void kind_has_one_pair(void **state)
{
	struct broker_args args = { .id = "x", .type = VHC_TYPE_VSOCK, .pairs = 2 };
	struct broker_device *device;

	args.dev = the_front.dev;
	assert_int_equal(broker_device_new(&the_front.broker, &args, &device), -EINVAL);
	args.type = 0;
	args.pairs = 1;
	assert_int_equal(broker_device_new(&the_front.broker, &args, &device), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		VSOCK_TEST(offer_is_of_the_kernel),
		VSOCK_TEST(protocol_is_without_that_of_a_net_device),
		VSOCK_TEST(config_space_has_the_cid),
		VSOCK_TEST(rings_run_with_the_last_that_may),
		VSOCK_TEST(rings_start_once_all_is_there),
		VSOCK_TEST(rings_stop_with_the_first),
		VSOCK_TEST(device_stops_and_resumes),
		VSOCK_TEST(next_front_end_has_the_same_cid),
		VSOCK_TEST(ring_that_cannot_run_is_said),
		VSOCK_TEST(event_queue_is_kept_and_not_run),
		VSOCK_TEST(event_queue_ends_with_its_front_end),
		VSOCK_TEST(fds_of_the_event_queue_are_of_a_kind),
		VSOCK_TEST(there_is_no_fourth_ring),
		VSOCK_TEST(there_is_no_link),
		VSOCK_TEST(state_of_one_that_runs_is_saved),
		VSOCK_TEST(kind_has_one_pair),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
