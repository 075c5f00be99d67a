/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * dirty-log-event - the eventfd that vhost signals when it wrote to the dirty log: which file the kernel
 * has of each device, at any time.
 */
#include "crowd.h"

static struct crowd crowd;

static struct rig *const rig = &crowd.rig;

static int setup(void **state)
{
	crowd_up(&crowd, "6.12", 3, 1);
	crowd_watch(&crowd);
	return 0;
}

static int teardown(void **state)
{
	crowd_free(&crowd);
	return 0;
}

/* Is this fd's file the one that device @n's kernel has?  A signal goes to both or to none. */
static bool has(uint32_t n, int fd)
{
	const struct fake_vhost *vhost = crowd_vhost(&crowd, n, 0);
	int64_t before = (int64_t)fake_counter(rig->fake, fd);

	if (fake_log_counter(vhost) != before)
		return false;
	fake_sys.signal(rig->fake, fd);
	return fake_log_counter(vhost) == before + 1;
}

static bool has_none(uint32_t n)
{
	return fake_log_counter(crowd_vhost(&crowd, n, 0)) == -1;
}

static void set_event_before_start_is_set_by_start(void **state)
{
	int fd = fake_eventfd(rig->fake);
	struct fake_left before = fake_left(rig->fake), after;

	fake_forget_calls(rig->fake);
	assert_ok(rig, vhc_dirty_set_event(rig->mem, fd));
	assert_true(calls_are(rig->fake, ""));
	assert_ok(rig, vhc_dev_stop(crowd.dev[2]));
	fake_forget_calls(rig->fake);
	assert_ok(rig, vhc_dirty_start(rig->mem));
	assert_true(calls_are(rig->fake, "VHOST_SET_LOG_BASE,VHOST_SET_LOG_FD,VHOST_SET_FEATURES,"
					 "VHOST_SET_VRING_ADDR,VHOST_SET_VRING_ADDR,"
					 "VHOST_SET_LOG_BASE,VHOST_SET_LOG_FD,VHOST_SET_FEATURES,"
					 "VHOST_SET_VRING_ADDR,VHOST_SET_VRING_ADDR"));
	assert_true(has(0, fd) && has(1, fd) && has_none(2));
	assert_ok(rig, vhc_dev_start(crowd.dev[2]));
	assert_true(has(2, fd));
	/* off: no device has it; it is kept for the next time */
	assert_ok(rig, vhc_dirty_stop(rig->mem));
	assert_true(has_none(0) && has_none(1) && has_none(2));
	assert_ok(rig, vhc_dirty_start(rig->mem));
	assert_true(has(0, fd) && has(1, fd) && has(2, fd));
	assert_ok(rig, vhc_dirty_stop(rig->mem));
	assert_ok(rig, vhc_dirty_set_event(rig->mem, -1));
	after = fake_left(rig->fake);
	assert_true(left_equal(&before, &after));
	fake_close(rig->fake, fd);
}

#define EACH "VHOST_SET_LOG_FD,VHOST_SET_LOG_FD,VHOST_SET_LOG_FD"

static void set_event_while_logging_replaces_it(void **state)
{
	int fd = fake_eventfd(rig->fake), other = fake_eventfd(rig->fake);
	int again = fake_sys.dup(rig->fake, other);

	assert_ok(rig, vhc_dirty_start(rig->mem));
	fake_forget_calls(rig->fake);
	assert_ok(rig, vhc_dirty_set_event(rig->mem, fd));
	assert_ok(rig, vhc_dirty_set_event(rig->mem, other));
	assert_true(calls_are(rig->fake, EACH "," EACH));
	assert_true(has(0, other) && has(1, other) && has(2, other));
	/* the same one is no change, by whatever fd */
	fake_forget_calls(rig->fake);
	assert_ok(rig, vhc_dirty_set_event(rig->mem, other));
	assert_ok(rig, vhc_dirty_set_event(rig->mem, again));
	assert_true(calls_are(rig->fake, ""));
	fake_close(rig->fake, other);
	assert_ok(rig, vhc_dirty_set_event(rig->mem, -1));
	assert_true(calls_are(rig->fake, EACH));
	assert_true(has_none(0) && has_none(1) && has_none(2));
	fake_forget_calls(rig->fake);
	assert_ok(rig, vhc_dirty_set_event(rig->mem, -1));
	assert_int_equal(fake_calls(rig->fake), 0);
	fake_close(rig->fake, again);
	fake_close(rig->fake, fd);
}

/* The k-th device does not take it: all have the one of before, and it still is the one. */
static void failed_set_event_keeps_old_one_in_all(void **state)
{
	int fd = fake_eventfd(rig->fake), other = fake_eventfd(rig->fake);

	assert_ok(rig, vhc_dirty_set_event(rig->mem, fd));
	assert_ok(rig, vhc_dirty_start(rig->mem));
	for (uint32_t k = 1; k <= 3; k++) {
		struct fake_left before = fake_left(rig->fake), after;

		fake_fail(rig->fake, "VHOST_SET_LOG_FD", k, ENOMEM);
		assert_int_equal(vhc_dirty_set_event(rig->mem, other), -ENOMEM);
		assert_says(rig, "VHOST_SET_LOG_FD", "ENOMEM");
		assert_true(has(0, fd) && has(1, fd) && has(2, fd));
		after = fake_left(rig->fake);
		assert_true(left_equal(&before, &after));
		fake_fail(rig->fake, "VHOST_SET_LOG_FD", k, ENOMEM);
		assert_int_equal(vhc_dirty_set_event(rig->mem, -1), -ENOMEM);
		assert_true(has(0, fd) && has(1, fd) && has(2, fd));
	}
	assert_ok(rig, vhc_dirty_set_event(rig->mem, other));
	assert_true(has(0, other) && has(1, other) && has(2, other));
	fake_close(rig->fake, fd);
	fake_close(rig->fake, other);
}

static void set_event_of_no_eventfd_is_refused(void **state)
{
	int fd = fake_sys.open(rig->fake, "/dev/null", 0);

	assert_int_equal(vhc_dirty_set_event(rig->mem, 999), -EBADF);
	assert_says(rig, "log eventfd 999", "EBADF");
	/* the kernel refuses it: at once, or when the log is turned on */
	assert_ok(rig, vhc_dirty_set_event(rig->mem, fd));
	assert_int_equal(vhc_dirty_start(rig->mem), -EINVAL);
	assert_says(rig, "VHOST_SET_LOG_FD", "not an eventfd");
	assert_int_equal(fake_left(rig->fake).maps, 0);
	assert_ok(rig, vhc_dirty_set_event(rig->mem, -1));
	assert_ok(rig, vhc_dirty_start(rig->mem));
	assert_int_equal(vhc_dirty_set_event(rig->mem, fd), -EINVAL);
	assert_says(rig, "net0", "VHOST_SET_LOG_FD", "not an eventfd");
	assert_true(has_none(0) && has_none(1) && has_none(2));
	fake_close(rig->fake, fd);
}

/*
 * The number of the library's own copy comes again as soon as that is closed.  A device that was
 * stopped meanwhile must not be left with the file of before because the number is the same.
 */
static void set_event_with_reused_number_is_set_again(void **state)
{
	int fd = fake_eventfd(rig->fake), other = fake_eventfd(rig->fake);

	assert_ok(rig, vhc_dirty_set_event(rig->mem, fd));
	assert_ok(rig, vhc_dirty_start(rig->mem));
	assert_ok(rig, vhc_dev_stop(crowd.dev[1]));
	/* its ring 1 alone: the fd is used, and its device runs */
	assert_ok(rig, vhc_ring_stop(crowd.dev[2], 1));
	assert_ok(rig, vhc_dirty_set_event(rig->mem, -1));
	assert_ok(rig, vhc_dirty_set_event(rig->mem, other));
	assert_true(has(0, other) && has(1, fd) && has(2, other));
	assert_ok(rig, vhc_dev_start(crowd.dev[1]));
	assert_true(has(1, other));
	/* and where it went off meanwhile */
	assert_ok(rig, vhc_dev_stop(crowd.dev[1]));
	assert_ok(rig, vhc_dirty_stop(rig->mem));
	assert_ok(rig, vhc_dirty_set_event(rig->mem, -1));
	assert_ok(rig, vhc_dirty_set_event(rig->mem, fd));
	assert_ok(rig, vhc_dirty_start(rig->mem));
	assert_ok(rig, vhc_dev_start(crowd.dev[1]));
	assert_true(has(0, fd) && has(1, fd) && has(2, fd));
	fake_close(rig->fake, fd);
	fake_close(rig->fake, other);
}

/* The same, when the memory that had the first one is gone. */
static void set_event_with_number_of_freed_mem_is_set_again(void **state)
{
	int fd = fake_eventfd(rig->fake), other = fake_eventfd(rig->fake);
	struct vhc_mem *mem;

	assert_ok(rig, vhc_mem_new(rig->ctx, &mem));
	assert_ok(rig, vhc_dirty_set_event(mem, fd));
	for (uint32_t i = 0; i < 3; i++) {
		assert_ok(rig, vhc_dev_stop(crowd.dev[i]));
		assert_ok(rig, vhc_dev_set_mem(crowd.dev[i], mem));
	}
	assert_ok(rig, vhc_mem_add(mem, VHC_ARG(vhc_region, .guest_addr = RIG_GUEST,
						.size = rig->ram_size,
						.user_addr = (uintptr_t)rig->ram)));
	assert_ok(rig, vhc_mem_commit(mem));
	assert_ok(rig, vhc_dirty_start(mem));
	for (uint32_t i = 0; i < 3; i++) {
		assert_ok(rig, vhc_dev_start(crowd.dev[i]));
		assert_true(has(i, fd));
		assert_ok(rig, vhc_dev_stop(crowd.dev[i]));
		assert_ok(rig, vhc_dev_set_mem(crowd.dev[i], rig->mem));
	}
	vhc_mem_free(mem);
	assert_ok(rig, vhc_dirty_set_event(rig->mem, other));
	assert_ok(rig, vhc_dirty_start(rig->mem));
	for (uint32_t i = 0; i < 3; i++) {
		assert_ok(rig, vhc_dev_start(crowd.dev[i]));
		assert_true(has(i, other));
	}
	fake_close(rig->fake, fd);
	fake_close(rig->fake, other);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(set_event_before_start_is_set_by_start),
		TEST(set_event_while_logging_replaces_it),
		TEST(failed_set_event_keeps_old_one_in_all),
		TEST(set_event_of_no_eventfd_is_refused),
		TEST(set_event_with_reused_number_is_set_again),
		TEST(set_event_with_number_of_freed_mem_is_set_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
