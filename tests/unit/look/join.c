/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * join - vhost fds become devices: which belong together, in which order, and what of them can be trusted.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <cmocka.h>

#include "raw.h"

#define KNOWN ((uint32_t)(LOOK_LINK | LOOK_RUNNING | LOOK_RINGS | LOOK_MEMORY))

/* A vhost fd with two rings at user address 0x10000, which the guest has at 0x4000. */
static struct look_device *add(struct look_reading *reading, pid_t pid, int fd, const char *link,
			       uint32_t queue)
{
	struct look_device device = { .kind = LOOK_NET, .pid = pid, .known = KNOWN, .owned = true };

	device.fds = calloc(1, sizeof(*device.fds));
	device.rings = calloc(2, sizeof(*device.rings));
	device.memory = calloc(1, sizeof(*device.memory));
	assert_true(device.fds && device.rings && device.memory);
	device.fd_count = device.memory_count = 1;
	device.ring_count = 2;
	device.fds[0] = (struct look_fd){ fd, queue, false, 1 };
	for (uint32_t i = 0; i < 2; i++)
		device.rings[i] = (struct look_ring){ .index = i,
						      .size = 256,
						      .desc = 0x10000 + 0x3000 * i,
						      .avail = 0x11000 + 0x3000 * i,
						      .used = 0x12000 + 0x3000 * i,
						      .running = true };
	device.memory[0] = (struct look_region){ 0x4000, 0x10000, 0x10000 };
	strncpy(device.link.name, link, LOOK_NAME - 1);
	device.link.index = link[0] ? 7 : 0;
	assert_int_equal(look_append(reading, &device), 0);
	return &reading->devices[reading->count - 1];
}

static void fds_of_one_owner_on_one_link_are_one_device(void **state)
{
	struct look_reading reading = { .count = 0 };
	const struct look_device *device;

	add(&reading, 20, 9, "tap0", 1);
	add(&reading, 20, 8, "tap0", 2);
	add(&reading, 20, 7, "tap0", 0);
	add(&reading, 10, 5, "tap0", 0);
	add(&reading, 20, 11, "tap1", 0);
	assert_int_equal(look_join(&reading), 0);
	assert_int_equal(reading.count, 3);
	assert_int_equal(reading.devices[0].pid, 10);
	device = &reading.devices[1];
	assert_int_equal(device->fd_count, 3);
	assert_int_equal(device->fds[0].fd, 7);
	assert_int_equal(device->fds[1].fd, 9);
	assert_int_equal(device->fds[2].fd, 8);
	assert_int_equal(device->ring_count, 6);
	for (uint32_t i = 0; i < 6; i++)
		assert_int_equal(device->rings[i].index, i);
	assert_true(device->known & LOOK_PAIRS);
	assert_false(device->unsteady);
	assert_string_equal(reading.devices[2].link.name, "tap1");
	look_clear(&reading);
}

/* The number of a detached queue is an old one, and may be another's. */
static void detached_queues_come_last_by_fd(void **state)
{
	struct look_reading reading = { .count = 0 };

	add(&reading, 20, 12, "tap0", 1)->fds[0].detached = true;
	add(&reading, 20, 10, "tap0", 1)->fds[0].detached = true;
	add(&reading, 20, 11, "tap0", 1);
	add(&reading, 20, 13, "tap0", 0);
	assert_int_equal(look_join(&reading), 0);
	assert_int_equal(reading.count, 1);
	for (size_t i = 0; i < 4; i++) {
		static const int order[] = { 13, 11, 10, 12 };

		assert_int_equal(reading.devices[0].fds[i].fd, order[i]);
	}
	look_clear(&reading);
}

static void fds_without_link_stay_apart(void **state)
{
	struct look_reading reading = { .count = 0 };

	add(&reading, 20, 5, "", 0)->known &= ~(uint32_t)LOOK_LINK;
	add(&reading, 20, 6, "", 0)->known &= ~(uint32_t)LOOK_LINK;
	assert_int_equal(look_join(&reading), 0);
	assert_int_equal(reading.count, 2);
	assert_false(reading.devices[0].known & LOOK_PAIRS);
	look_clear(&reading);
}

static void pairs_that_differ_are_not_steady(void **state)
{
	struct look_reading reading = { .count = 0 };

	add(&reading, 20, 5, "tap0", 0);
	add(&reading, 20, 6, "tap0", 1)->memory[0].size = 0x20000;
	assert_int_equal(look_join(&reading), 0);
	assert_int_equal(reading.count, 1);
	assert_true(reading.devices[0].unsteady);
	look_clear(&reading);
}

static void rings_are_translated_by_the_memory(void **state)
{
	struct look_reading reading = { .count = 0 };
	struct look_device *outside, *iommu;

	add(&reading, 1, 3, "tap0", 0);
	outside = add(&reading, 2, 3, "tap0", 0);
	outside->rings[1].used = 0x20000; /* one byte past the end */
	iommu = add(&reading, 3, 3, "tap0", 0);
	iommu->iommu = true;
	assert_int_equal(look_join(&reading), 0);
	assert_true(reading.devices[0].rings[1].translated);
	assert_int_equal(reading.devices[0].rings[1].guest_desc, 0x7000);
	assert_int_equal(reading.devices[0].rings[1].guest_used, 0x9000);
	assert_true(reading.devices[1].rings[0].translated);
	assert_false(reading.devices[1].rings[1].translated);
	assert_int_equal(reading.devices[2].rings[1].guest_desc, 0x13000);
	look_clear(&reading);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fds_of_one_owner_on_one_link_are_one_device),
		cmocka_unit_test(detached_queues_come_last_by_fd),
		cmocka_unit_test(fds_without_link_stay_apart),
		cmocka_unit_test(pairs_that_differ_are_not_steady),
		cmocka_unit_test(rings_are_translated_by_the_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
