/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * memory - memory that comes, changes and goes under rings, its dirty log, and what is left at the end.
 */
#include <errno.h>
#include <fcntl.h>

#include "front.h"

/* The same file by another fd, as with each new table: the rings run on, where they are. */
static void table_again_keeps_rings_running(void **state)
{
	uint64_t desc;

	front_up(&the_front);
	desc = front_kernel_ring(0)->desc;
	assert_told(&the_front, front_table(&the_front, the_front.memory, FRONT_SIZE));
	assert_true(front_runs(&the_front, 0));
	assert_int_equal(front_kernel_ring(0)->desc, desc);
}

/*
 * It is mapped at another place.  VHOST_SET_VRING_ADDR does not wait for what the worker does at the old one, which is
 * unmapped then, and setting the memory does.
 */
static void region_that_grows_moves_running_rings(void **state)
{
	uint64_t before;

	front_negotiate(&the_front);
	assert_told(&the_front, front_table(&the_front, the_front.memory, FRONT_SIZE / 2));
	assert_told(&the_front, front_ring(&the_front, WIRE_SET_VRING_ENABLE, 0, 1));
	front_set_ring(&the_front, 0);
	before = front_kernel_ring(0)->desc;
	assert_int_equal(fake_map_size(the_front.fake, before), FRONT_SIZE / 2);
	fake_forget_calls(the_front.fake);
	assert_told(&the_front, front_table(&the_front, the_front.memory, FRONT_SIZE));
	assert_true(calls_are(the_front.fake,
			      "VHOST_SET_MEM_TABLE,VHOST_SET_VRING_ADDR,VHOST_SET_MEM_TABLE"));
	assert_true(front_runs(&the_front, 0));
	assert_int_not_equal(front_kernel_ring(0)->desc, before);
	assert_int_equal(fake_map_size(the_front.fake, before), 0);
}

/* It is other memory, in which no ring can run on. */
static void table_of_another_file_under_running_rings_is_refused(void **state)
{
	int other = fake_memfd(the_front.fake, FRONT_SIZE, 0);

	front_up(&the_front);
	assert_int_equal(front_table(&the_front, other, FRONT_SIZE), -EBUSY);
	assert_true(front_runs(&the_front, 0));
	fake_close(the_front.fake, other);
}

static int set_used(uint64_t used)
{
	the_front.message = (struct wire_message){
		.size = 40,
		.payload.addr = { .desc = FRONT_USER, .avail = FRONT_USER + 0x1000, .used = used }
	};
	return front_tell(&the_front, WIRE_SET_VRING_ADDR);
}

/* The kernel does not look: its worker would write to this process's own memory. */
static void ring_that_leaves_memory_is_refused(void **state)
{
	/* a used ring of 256 has 2054 bytes, of which event_idx has the last 2 */
	static const uint64_t left[] = { 0, 2048, 2052 };

	front_negotiate(&the_front);
	assert_told(&the_front, front_table(&the_front, the_front.memory, FRONT_SIZE));
	assert_told(&the_front, front_ring(&the_front, WIRE_SET_VRING_ENABLE, 0, 1));
	assert_told(&the_front, front_ring(&the_front, WIRE_SET_VRING_NUM, 0, 256));
	for (size_t i = 0; i < sizeof(left) / sizeof(left[0]); i++) {
		set_used(FRONT_USER + FRONT_SIZE - left[i]);
		assert_true(front_fd(&the_front, WIRE_SET_VRING_KICK, 0, the_front.kick[0]) < 0);
		assert_false(front_runs(&the_front, 0));
	}
	set_used(FRONT_USER + FRONT_SIZE - 2056);
	assert_true(front_runs(&the_front, 0));
}

static void table_larger_than_its_file_is_refused(void **state)
{
	front_negotiate(&the_front);
	assert_int_equal(front_table(&the_front, the_front.memory, FRONT_SIZE + 0x1000), -EINVAL);
	assert_non_null(strstr(the_front.device->session.error.text, "file"));
}

static int set_log(int fd, uint64_t size)
{
	the_front.message = (struct wire_message){
		.size = 16, .fds = 1, .fd = { fd }, .payload.log.size = size
	};
	return front_tell(&the_front, WIRE_SET_LOG_BASE);
}

/* Past its end the kernel would write to this process's own memory. */
static void log_that_is_too_short_is_refused(void **state)
{
	int log = fake_memfd(the_front.fake, 0x8000, F_SEAL_SHRINK);
	uint64_t features, needed = (FRONT_GUEST + FRONT_SIZE) / 4096 / 8;

	front_up(&the_front);
	features = the_front.device->session.features | BIT(WIRE_F_LOG_ALL);
	assert_true(needed > 0x8000);
	assert_int_equal(set_log(log, needed), -EINVAL);
	assert_non_null(strstr(the_front.device->session.error.text, "file has 32768 bytes"));
	if (set_log(log, 0x8000) >= 0)
		assert_true(front_u64(&the_front, WIRE_SET_FEATURES, features) < 0);
	assert_false(front_kernel_ring(0)->features[0] & BIT(WIRE_F_LOG_ALL));
	assert_true(front_runs(&the_front, 0));
	fake_close(the_front.fake, log);
}

/* In either order: a log that begins before it has a file moves into it. */
static void log_begins_before_or_after_its_file(void **state)
{
	int log = fake_memfd(the_front.fake, 0x10000, F_SEAL_SHRINK);
	uint64_t features;

	front_up(&the_front);
	features = the_front.device->session.features | BIT(WIRE_F_LOG_ALL);
	for (int first = 0; first < 2; first++) {
		for (int i = 0; i < 2; i++) {
			if (i == first) {
				assert_told(&the_front,
					    front_u64(&the_front, WIRE_SET_FEATURES, features));
				continue;
			}
			assert_int_equal(set_log(log, 0x10000), 1);
			assert_int_equal(the_front.message.payload.u64, 0);
		}
		assert_true(front_kernel_ring(0)->features[0] & BIT(WIRE_F_LOG_ALL));
		assert_told(&the_front, front_u64(&the_front, WIRE_SET_FEATURES,
						  features & ~BIT(WIRE_F_LOG_ALL)));
		assert_false(front_kernel_ring(0)->features[0] & BIT(WIRE_F_LOG_ALL));
		assert_true(front_runs(&the_front, 0));
	}
	fake_close(the_front.fake, log);
}

/* The feature may come with the first ones, when there is no memory yet. */
static void log_waits_for_memory(void **state)
{
	uint64_t offered = front_ask(&the_front, WIRE_GET_FEATURES);

	assert_told(&the_front, front_u64(&the_front, WIRE_SET_PROTOCOL_FEATURES,
					  front_ask(&the_front, WIRE_GET_PROTOCOL_FEATURES)));
	assert_told(&the_front, front_u64(&the_front, WIRE_SET_FEATURES, offered));
	assert_told(&the_front, front_table(&the_front, the_front.memory, FRONT_SIZE));
	assert_told(&the_front, front_ring(&the_front, WIRE_SET_VRING_ENABLE, 0, 1));
	front_set_ring(&the_front, 0);
	assert_true(front_kernel_ring(0)->features[0] & BIT(WIRE_F_LOG_ALL));
}

static void disconnect_frees_the_guest(void **state)
{
	struct fake_left before = fake_left(the_front.fake), after;

	for (int i = 0; i < 3; i++) {
		front_up(&the_front);
		front_disconnect(&the_front);
		assert_false(front_runs(&the_front, 0));
		assert_int_equal(fake_ring_counter(front_kernel_ring(0), 'k'), -1);
		assert_int_equal(fake_ring_counter(front_kernel_ring(0), 'c'), -1);
		after = fake_left(the_front.fake);
		assert_int_equal(after.maps, before.maps);
		assert_int_equal(after.fds, before.fds);
	}
}

static void regions_come_and_go_one_by_one(void **state)
{
	int more = fake_memfd(the_front.fake, 0x10000, 0);
	struct wire_message slot = {
		.size = 40,
		.fds = 1,
		.fd = { more },
		.payload.slot.region = { .guest = 0x80000000, .size = 0x10000, .user = 0x1000 }
	};

	front_up(&the_front);
	assert_int_equal(front_ask(&the_front, WIRE_GET_MAX_MEM_SLOTS), 64);
	the_front.message = slot;
	assert_told(&the_front, front_tell(&the_front, WIRE_ADD_MEM_REG));
	assert_int_equal(fake_vhost(the_front.fake, 0)->regions, 2);
	the_front.message = slot;
	the_front.message.fds = 0;
	assert_told(&the_front, front_tell(&the_front, WIRE_REM_MEM_REG));
	assert_int_equal(fake_vhost(the_front.fake, 0)->regions, 1);
	assert_true(front_runs(&the_front, 0));
	fake_close(the_front.fake, more);
}

/* QEMU has a list for each queue pair, and sends each region, and takes it back, once for each of them. */
static void regions_come_and_go_once_for_each_pair(void **state)
{
	struct wire_message slot = { .size = 40,
				     .fds = 1,
				     .fd = { the_front.memory },
				     .payload.slot.region = { .guest = FRONT_GUEST,
							      .size = FRONT_SIZE,
							      .user = FRONT_USER } };
	struct wire_message moved = slot;

	moved.payload.slot.region.user += FRONT_SIZE;
	front_negotiate(&the_front);
	for (int i = 0; i < 4; i++) {
		the_front.message = slot;
		assert_told(&the_front, front_tell(&the_front, WIRE_ADD_MEM_REG));
	}
	the_front.message = moved;
	assert_int_equal(front_tell(&the_front, WIRE_ADD_MEM_REG), -EINVAL);
	/* the second pair does not take away what the first has put in its place */
	the_front.message = slot;
	assert_told(&the_front, front_tell(&the_front, WIRE_REM_MEM_REG));
	the_front.message = moved;
	assert_told(&the_front, front_tell(&the_front, WIRE_ADD_MEM_REG));
	the_front.message = slot;
	assert_told(&the_front, front_tell(&the_front, WIRE_REM_MEM_REG));
	the_front.message = moved;
	assert_told(&the_front, front_tell(&the_front, WIRE_ADD_MEM_REG));
	assert_int_equal(the_front.device->session.regions, 1);
	assert_int_equal(the_front.device->session.region[0].at.user, FRONT_USER + FRONT_SIZE);
}

/* Sparse files cost a front-end nothing. */
static void huge_memory_is_refused(void **state)
{
	struct broker *broker = &the_front.broker;
	const uint64_t tib = UINT64_C(1) << 40;
	int sparse = fake_memfd(the_front.fake, 64 * tib, 0);
	struct wire_message slot = { .size = 40,
				     .fds = 1,
				     .fd = { sparse },
				     .payload.slot.region = { .size = 33 * tib, .user = 0x1000 } };

	front_negotiate(&the_front);
	the_front.message = slot;
	assert_int_equal(front_tell(&the_front, WIRE_ADD_MEM_REG), -E2BIG);
	assert_int_equal(front_table(&the_front, sparse, 33 * tib), -E2BIG);
	slot.payload.slot.region.size = 0x1000;
	slot.payload.slot.region.guest = 32 * tib;
	the_front.message = slot;
	assert_int_equal(front_tell(&the_front, WIRE_ADD_MEM_REG), -E2BIG);
	slot.payload.slot.region.guest = UINT64_MAX;
	the_front.message = slot;
	assert_int_equal(front_tell(&the_front, WIRE_ADD_MEM_REG), -E2BIG);
	/* as one of 8192, it has 4 GiB, and two regions */
	broker->count = 8192;
	assert_int_equal(front_ask(&the_front, WIRE_GET_MAX_MEM_SLOTS), 2);
	slot.payload.slot.region.guest = 0;
	slot.payload.slot.region.size = 3 * tib / 1024;
	the_front.message = slot;
	assert_told(&the_front, front_tell(&the_front, WIRE_ADD_MEM_REG));
	slot.payload.slot.region.guest = tib;
	slot.payload.slot.region.user = tib;
	the_front.message = slot;
	assert_int_equal(front_tell(&the_front, WIRE_ADD_MEM_REG), -E2BIG);
	assert_non_null(strstr(the_front.device->session.error.text, "8192 devices"));
	broker->count = 0;
	fake_close(the_front.fake, sparse);
}

static void huge_log_is_refused(void **state)
{
	int log = fake_memfd(the_front.fake, UINT64_C(2) << 30, F_SEAL_SHRINK);

	front_negotiate(&the_front);
	the_front.message = (struct wire_message){
		.size = 16, .fds = 1, .fd = { log }, .payload.log.size = (UINT64_C(1) << 30) + 1
	};
	assert_int_equal(front_tell(&the_front, WIRE_SET_LOG_BASE), -E2BIG);
	fake_close(the_front.fake, log);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FRONT_TEST(table_again_keeps_rings_running),
		FRONT_TEST(region_that_grows_moves_running_rings),
		FRONT_TEST(table_of_another_file_under_running_rings_is_refused),
		FRONT_TEST(ring_that_leaves_memory_is_refused),
		FRONT_TEST(table_larger_than_its_file_is_refused),
		FRONT_TEST(log_that_is_too_short_is_refused),
		FRONT_TEST(log_begins_before_or_after_its_file),
		FRONT_TEST(log_waits_for_memory),
		FRONT_TEST(disconnect_frees_the_guest),
		FRONT_TEST(regions_come_and_go_one_by_one),
		FRONT_TEST(huge_memory_is_refused),
		FRONT_TEST(huge_log_is_refused),
		FRONT_TEST_PAIRS(regions_come_and_go_once_for_each_pair),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
