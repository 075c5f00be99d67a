/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * device - what the kernel has behind a vhost fd as plain data; and that each refusal has a text.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <setjmp.h>
#include <cmocka.h>

#include "raw.h"

static struct record_ring ring_of(uint64_t features)
{
	struct record_ring ring = { .size = 256, .running = 1, .features = { features, 0 } };

	ring.kick = 0; /* a valid id */
	ring.call = ring.err = -1;
	ring.log_base = 0x7000;
	memcpy(ring.link.name, "a-link-with-16-b", RECORD_NAME); /* no NUL */
	ring.link.index = 4;
	ring.link.queue = 3;
	return ring;
}

static struct look_device read_fd(uint32_t node, uint64_t features)
{
	struct record_ring ring = ring_of(features);
	struct record_region regions[] = { { .start = 0x8000, .size = 0x1000, .addr = 0x2000 },
					   { .start = 0, .size = 0x1000, .addr = 0x5000 } };
	struct raw raw = { .device = { .node = node,
				       .pid = 1,
				       .fd = 9,
				       .rings = 1,
				       .regions = 2,
				       .owned = 1,
				       .owner = 1,
				       .guest_cid = 77,
				       .log_eventfd = -1 },
			   .rings = &ring,
			   .regions = regions,
			   .ring_count = 1,
			   .region_count = 2 };
	struct look_device device;

	memset(raw.device.comm, 'x', RECORD_NAME); /* no NUL */
	assert_int_equal(look_raw_device(&raw, &device), 0);
	return device;
}

/* Bits 26 and 27 are between launcher and vhost: for vsock 27 is none of them. */
static void private_bits_are_no_features(void **state)
{
	struct look_device net = read_fd(RECORD_NET, 1ull << 32 | 1 << 27 | 1 << 26 | 1 << 15);
	struct look_device vsock = read_fd(RECORD_VSOCK, 1ull << 32 | 1 << 27);

	assert_int_equal(net.vhost_features[0], 1ull << 32 | 1 << 15);
	assert_true(net.log.on);
	assert_int_equal(net.log.addr, 0x7000);
	assert_int_equal(vsock.vhost_features[0], 1ull << 32 | 1 << 27);
	assert_false(vsock.log.on);
	assert_int_equal(vsock.log.addr, 0);
	assert_true(vsock.known & LOOK_CID);
	assert_int_equal(vsock.guest_cid, 77);
	look_free_device(&net);
	look_free_device(&vsock);
}

static void names_end_and_memory_is_sorted(void **state)
{
	struct look_device net = read_fd(RECORD_NET, 0);

	assert_int_equal(strlen(net.comm), LOOK_NAME - 1);
	assert_string_equal(net.link.name, "a-link-with-16-");
	assert_int_equal(net.fds[0].queue, 3);
	assert_int_equal(net.memory[0].guest_addr, 0);
	assert_int_equal(net.memory[1].guest_addr, 0x8000);
	assert_int_equal(net.rings[0].kick, 0);
	assert_int_equal(net.rings[0].call, LOOK_NO_ID);
	assert_int_equal(net.log.eventfd, LOOK_NO_ID);
	look_free_device(&net);
}

/* The kernel's vhost does not run the rings of a vdpa device, and has no memory table for it. */
static void vdpa_knows_no_more_than_the_kernel(void **state)
{
	struct look_device vdpa = read_fd(RECORD_VDPA, 0);

	assert_false(vdpa.known & (LOOK_BASES | LOOK_MEMORY | LOOK_WORKERS | LOOK_CID));
	assert_true(vdpa.known & LOOK_FEATURES);
	look_free_device(&vdpa);
}

static void each_refusal_has_a_text_of_its_own(void **state)
{
	struct look_reading reading = { .lack = LOOK_ALL };

	assert_null(look_missing(&reading));
	assert_null(look_remedy(&reading));
	for (int i = LOOK_ALL + 1; i <= LOOK_REFUSED; i++) {
		struct look_reading other = { .lack = LOOK_ALL };

		reading.lack = (enum look_lack)i;
		assert_non_null(look_missing(&reading));
		assert_non_null(look_remedy(&reading));
		for (int j = LOOK_ALL + 1; j < i; j++) {
			other.lack = (enum look_lack)j;
			assert_string_not_equal(look_missing(&reading), look_missing(&other));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(private_bits_are_no_features),
		cmocka_unit_test(names_end_and_memory_is_sorted),
		cmocka_unit_test(vdpa_knows_no_more_than_the_kernel),
		cmocka_unit_test(each_refusal_has_a_text_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
