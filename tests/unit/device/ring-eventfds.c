/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ring-eventfds - kick and call while a ring runs and while it does not: which file the kernel has, who
 * is signalled, and how many are open.
 */
#include "rig.h"

static struct rig rig;

static int setup(void **state)
{
	rig_new(&rig, "6.12", 1);
	rig_up(&rig);
	fake_forget_calls(rig.fake);
	return 0;
}

static int teardown(void **state)
{
	rig_free(&rig);
	return 0;
}

/* Is this fd's file the one that the ring has?  Each signal goes to both or to none. */
static bool has(char which, int fd)
{
	uint64_t before = fake_counter(rig.fake, fd);
	int64_t of_ring = fake_ring_counter(rig_kernel_ring(&rig, 0), which);

	fake_sys.signal(rig.fake, fd);
	return of_ring == (int64_t)before &&
	       fake_ring_counter(rig_kernel_ring(&rig, 0), which) == (int64_t)before + 1;
}

static void set_kick_of_running_ring_is_set_at_once(void **state)
{
	int fd = fake_eventfd(rig.fake), old = vhc_ring_get_kick(rig.dev, 0);
	struct fake_left before = fake_left(rig.fake), after;

	assert_true(has('k', old));
	assert_ok(&rig, vhc_ring_set_kick(rig.dev, 0, fd));
	assert_true(has('k', fd));
	after = fake_left(rig.fake);
	/* ours is open twice now, and the library's own is gone */
	before.files--;
	assert_true(left_equal(&before, &after));
	assert_int_equal(fake_count(rig.fake, "VHOST_"), 1);
	/* the same one again, by another fd too, is no change */
	assert_ok(&rig, vhc_ring_set_kick(rig.dev, 0, fd));
	assert_ok(&rig, vhc_ring_set_kick(rig.dev, 0, vhc_ring_get_kick(rig.dev, 0)));
	assert_int_equal(fake_count(rig.fake, "VHOST_"), 1);
	fake_close(rig.fake, fd);
	assert_ok(&rig, vhc_ring_set_kick(rig.dev, 0, -1));
	assert_int_equal(fake_ring_counter(rig_kernel_ring(&rig, 0), 'k'), -1);
	/* and one is made where there is none, at once too */
	fd = vhc_ring_get_kick(rig.dev, 0);
	assert_ok(&rig, fd);
	assert_true(has('k', fd));
}

/* An interrupt may have gone to the old one: the new one is signalled once. */
static void set_call_of_running_ring_signals_it(void **state)
{
	int fd = fake_eventfd(rig.fake);

	assert_int_equal(fake_ring_counter(rig_kernel_ring(&rig, 0), 'c'), 0);
	assert_ok(&rig, vhc_ring_set_call(rig.dev, 0, fd));
	assert_int_equal(fake_counter(rig.fake, fd), 1);
	assert_true(has('c', fd));
	assert_ok(&rig, vhc_ring_set_call(rig.dev, 0, fd));
	assert_int_equal(fake_counter(rig.fake, fd), 2);
	/* the driver polls: no call any more, and no signal */
	assert_ok(&rig, vhc_ring_set_call(rig.dev, 0, -1));
	assert_int_equal(fake_counter(rig.fake, fd), 2);
	assert_int_equal(fake_ring_counter(rig_kernel_ring(&rig, 0), 'c'), -1);
	fake_close(rig.fake, fd);
}

static void set_eventfds_of_stopped_ring_makes_no_vhost_call(void **state)
{
	int fd = fake_eventfd(rig.fake), other = fake_eventfd(rig.fake);

	assert_ok(&rig, vhc_dev_stop(rig.dev));
	fake_forget_calls(rig.fake);
	assert_ok(&rig, vhc_ring_set_kick(rig.dev, 0, fd));
	assert_ok(&rig, vhc_ring_set_call(rig.dev, 0, other));
	assert_int_equal(fake_count(rig.fake, "VHOST_"), 0);
	assert_int_equal(fake_counter(rig.fake, other), 0);
	assert_ok(&rig, rig_start(&rig));
	assert_true(has('k', fd));
	assert_true(has('c', other));
	fake_close(rig.fake, fd);
	fake_close(rig.fake, other);
}

/*
 * An fd's number comes again as soon as it is closed.  A ring must not be left with the file of
 * before because the number is the same.
 */
static void set_eventfd_with_reused_number_is_set_again(void **state)
{
	int fd, old;

	assert_ok(&rig, vhc_dev_stop(rig.dev));
	old = vhc_ring_get_kick(rig.dev, 0);
	assert_ok(&rig, vhc_ring_set_kick(rig.dev, 0, -1));
	fd = vhc_ring_get_kick(rig.dev, 0);
	assert_int_equal(fd, old);
	assert_ok(&rig, rig_start(&rig));
	assert_true(has('k', fd));
	/* of call in the same way */
	assert_ok(&rig, vhc_dev_stop(rig.dev));
	old = vhc_ring_get_call(rig.dev, 0);
	assert_ok(&rig, vhc_ring_set_call(rig.dev, 0, -1));
	fd = vhc_ring_get_call(rig.dev, 0);
	assert_int_equal(fd, old);
	assert_ok(&rig, rig_start(&rig));
	assert_true(has('c', fd));
	/* and when another purpose has taken the number */
	assert_ok(&rig, vhc_dev_stop(rig.dev));
	assert_ok(&rig, vhc_ring_set_call(rig.dev, 0, -1));
	assert_ok(&rig, vhc_ring_set_kick(rig.dev, 0, -1));
	assert_ok(&rig, fd = vhc_ring_get_call(rig.dev, 0));
	assert_ok(&rig, old = vhc_ring_get_kick(rig.dev, 0));
	assert_ok(&rig, rig_start(&rig));
	assert_true(has('c', fd));
	assert_true(has('k', old));
}

/* The kernel refuses the new one: the ring and the getters keep the old one. */
static void failed_set_eventfd_keeps_old_one(void **state)
{
	int fd = fake_eventfd(rig.fake), kick = vhc_ring_get_kick(rig.dev, 0);
	int call = vhc_ring_get_call(rig.dev, 0);

	fake_fail(rig.fake, "VHOST_SET_VRING_KICK", 1, EIO);
	assert_int_equal(vhc_ring_set_kick(rig.dev, 0, fd), -EIO);
	assert_says(&rig, "ring 0", "VHOST_SET_VRING_KICK", "EIO");
	assert_int_equal(vhc_ring_get_kick(rig.dev, 0), kick);
	assert_true(has('k', kick));
	fake_fail(rig.fake, "VHOST_SET_VRING_CALL", 1, EIO);
	assert_int_equal(vhc_ring_set_call(rig.dev, 0, -1), -EIO);
	assert_int_equal(vhc_ring_get_call(rig.dev, 0), call);
	assert_true(has('c', call));
	assert_int_equal(fake_counter(rig.fake, fd), 0);
	fake_close(rig.fake, fd);
}

/* A poller has no call: the start leaves it out, and the count is one less. */
static void start_without_call_skips_it(void **state)
{
	assert_ok(&rig, vhc_dev_reset(rig.dev));
	assert_ok(&rig, rig_features(&rig));
	assert_ok(&rig, rig_rings(&rig));
	assert_ok(&rig, vhc_ring_set_call(rig.dev, 0, -1));
	fake_forget_calls(rig.fake);
	assert_ok(&rig, rig_start(&rig));
	assert_int_equal(fake_count(rig.fake, "VHOST_SET_VRING_CALL"), 1);
	assert_int_equal(fake_ring_counter(rig_kernel_ring(&rig, 0), 'c'), -1);
}

/* Not an eventfd: the kernel says so, at the start, and nothing runs. */
static void set_kick_of_no_eventfd_is_einval(void **state)
{
	int fd = fake_sys.open(rig.fake, "/dev/null", 0);

	assert_int_equal(vhc_ring_set_kick(rig.dev, 0, fd), -EINVAL);
	assert_says(&rig, "ring 0", "VHOST_SET_VRING_KICK", "not an eventfd");
	assert_ok(&rig, vhc_dev_stop(rig.dev));
	assert_ok(&rig, vhc_ring_set_kick(rig.dev, 0, fd));
	assert_int_equal(rig_start(&rig), -EINVAL);
	assert_says(&rig, "ring 0", "VHOST_SET_VRING_KICK", "not an eventfd");
	assert_null(rig_kernel_ring(&rig, 0)->backend);
	assert_null(rig_kernel_ring(&rig, 1)->backend);
	fake_close(rig.fake, fd);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(set_kick_of_running_ring_is_set_at_once),
		TEST(set_call_of_running_ring_signals_it),
		TEST(set_eventfds_of_stopped_ring_makes_no_vhost_call),
		TEST(set_eventfd_with_reused_number_is_set_again),
		TEST(failed_set_eventfd_keeps_old_one),
		TEST(start_without_call_skips_it),
		TEST(set_kick_of_no_eventfd_is_einval),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
