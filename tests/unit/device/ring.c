/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ring - one ring started, stopped and reset while others run: only its own calls are made, and the
 * others' state in the kernel stays as it is.
 */
#include "rig.h"

static struct rig rig;

static int setup(void **state)
{
	rig_new(&rig, "6.12", 2);
	rig_prepare(&rig);
	fake_forget_calls(rig.fake);
	return 0;
}

static int setup_up(void **state)
{
	setup(state);
	assert_ok(&rig, rig_start(&rig));
	fake_forget_calls(rig.fake);
	return 0;
}

static int teardown(void **state)
{
	rig_free(&rig);
	return 0;
}

/* What a device does: take and use buffers that the driver made available. */
static void work(uint32_t ring, uint16_t buffers)
{
	struct fake_ring *kernel = rig_kernel_ring(&rig, ring);

	kernel->base = (uint16_t)(kernel->base + buffers);
	rig_set_index(&rig, ring, 'a', (uint16_t)(kernel->base + 20));
	rig_set_index(&rig, ring, 'u', (uint16_t)kernel->base);
}

static uint32_t base_of(uint32_t ring)
{
	uint32_t base = UINT32_MAX;

	assert_ok(&rig, vhc_ring_get_base(rig.dev, ring, &base));
	return base;
}

static bool runs(uint32_t ring)
{
	return rig_kernel_ring(&rig, ring)->backend != NULL;
}

/* A call for one ring, the other three as they were. */
static void alone(int (*call)(struct vhc_dev *dev, uint32_t ring), uint32_t ring, const char *calls)
{
	struct fake_ring before[4];

	for (uint32_t i = 0; i < 4; i++)
		before[i] = *rig_kernel_ring(&rig, i);
	fake_forget_calls(rig.fake);
	assert_ok(&rig, call(rig.dev, ring));
	assert_true(calls_are(rig.fake, calls));
	for (uint32_t i = 0; i < 4; i++)
		assert_true(i == ring ||
			    !memcmp(&before[i], rig_kernel_ring(&rig, i), sizeof(before[i])));
}

#define STOP  "VHOST_NET_SET_BACKEND,VHOST_GET_VRING_BASE"
#define START "VHOST_NET_SET_BACKEND"
#define OFF   "VHOST_SET_VRING_KICK,VHOST_SET_VRING_CALL,VHOST_SET_VRING_ERR"
#define FDS   "VHOST_SET_VRING_KICK,VHOST_SET_VRING_CALL,VHOST_SET_VRING_ERR"

static void ring_change_leaves_other_rings(void **state)
{
	for (uint32_t ring = 0; ring < 4; ring++) {
		work(ring, 7);
		alone(vhc_ring_stop, ring, STOP);
		assert_false(runs(ring));
		alone(vhc_ring_stop, ring, "");
		alone(vhc_ring_start, ring, START);
		assert_true(runs(ring));
		alone(vhc_ring_start, ring, "");
		assert_int_equal(rig_kernel_ring(&rig, ring)->base, 7);
		alone(vhc_ring_reset, ring, STOP "," OFF);
		assert_false(runs(ring));
		alone(vhc_ring_reset, ring, "");
		rig_set_index(&rig, ring, 'a', 0);
		rig_set_index(&rig, ring, 'u', 0);
		assert_ok(&rig, rig_ring(&rig, ring));
		alone(vhc_ring_start, ring, "VHOST_SET_VRING_BASE," FDS "," START);
		assert_int_equal(rig_kernel_ring(&rig, ring)->base, 0);
		assert_true(runs(ring));
	}
	assert_int_equal(vhc_ring_start(rig.dev, 4), -EINVAL);
	assert_int_equal(vhc_ring_stop(rig.dev, 4), -EINVAL);
	assert_int_equal(vhc_ring_reset(rig.dev, UINT32_MAX), -EINVAL);
	assert_says(&rig, "ring 4294967295", "it has 4");
}

/* What is so already makes no system call at all, not only none to vhost. */
static void ring_start_of_running_ring_makes_no_call(void **state)
{
	assert_ok(&rig, vhc_ring_stop(rig.dev, 2));
	fake_forget_calls(rig.fake);
	assert_ok(&rig, vhc_ring_start(rig.dev, 1));
	assert_ok(&rig, vhc_ring_stop(rig.dev, 2));
	assert_int_equal(fake_calls(rig.fake), 0);
	assert_ok(&rig, vhc_ring_reset(rig.dev, 2));
	fake_forget_calls(rig.fake);
	assert_ok(&rig, vhc_ring_reset(rig.dev, 2));
	assert_int_equal(fake_calls(rig.fake), 0);
}

#define FD   "VHOST_SET_OWNER,VHOST_SET_FEATURES,VHOST_SET_MEM_TABLE"
#define RING "VHOST_SET_VRING_NUM,VHOST_SET_VRING_ADDR," FDS "," START
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define TAP "TUNSETVNETHDRSZ,TUNSETVNETLE,TUNSETOFFLOAD"
#else
#define TAP "TUNSETVNETHDRSZ,TUNSETOFFLOAD"
#endif

/* What the device needs comes with the first ring of each vhost fd, and once. */
static void first_ring_start_sets_up_device(void **state)
{
	assert_ok(&rig, vhc_ring_start(rig.dev, 2));
	assert_true(calls_are(rig.fake, TAP "," FD "," RING));
	assert_true(runs(2) && !runs(0) && !runs(1) && !runs(3));
	fake_forget_calls(rig.fake);
	assert_ok(&rig, vhc_ring_start(rig.dev, 3));
	assert_true(calls_are(rig.fake, RING));
	fake_forget_calls(rig.fake);
	assert_ok(&rig, vhc_ring_start(rig.dev, 0));
	assert_true(calls_are(rig.fake, FD "," RING));
	fake_forget_calls(rig.fake);
	assert_ok(&rig, rig_start(&rig));
	assert_true(calls_are(rig.fake, RING));
	assert_true(runs(1));
	/* the features hold for what runs, also when it is one ring */
	assert_ok(&rig, vhc_dev_stop(rig.dev));
	fake_forget_calls(rig.fake);
	assert_ok(&rig, vhc_ring_start(rig.dev, 0));
	assert_true(calls_are(rig.fake, START));
	assert_int_equal(vhc_dev_set_features(rig.dev, &(struct vhc_features){ { 0 } }, 0), -EBUSY);
}

/* ----------------------------------------------------------------------- what is still missing */

/* Without a tap no features can be set (start-refused.c). */
enum missing { SIZE, ADDR, KICK, FEATURES, MEMORY, TABLE, MISSING };

static const struct {
	const char *says[3];
} missing[MISSING] = {
	[SIZE] = { { "ring 1", "size", "vhc_ring_set_size" } },
	[ADDR] = { { "ring 1", "addresses", "vhc_ring_set_addr" } },
	[KICK] = { { "ring 1", "kick", "vhc_ring_set_kick" } },
	[FEATURES] = { { "features", "vhc_dev_set_features" } },
	[MEMORY] = { { "memory", "vhc_dev_set_mem" } },
	[TABLE] = { { "memory", "empty" } },
};

/* All but one thing is set; other rings have nothing, and need nothing. */
static void set_all_but(enum missing what)
{
	struct vhc_ring_addr addr = rig_addr(1);

	assert_ok(&rig, rig_dev(&rig));
	if (what != MEMORY)
		assert_ok(&rig, vhc_dev_set_mem(rig.dev, rig.mem));
	assert_ok(&rig, vhc_dev_set_tap(rig.dev, rig.tap));
	if (what != FEATURES)
		assert_ok(&rig, rig_features(&rig));
	if (what != SIZE)
		assert_ok(&rig, vhc_ring_set_size(rig.dev, 1, RIG_SIZE));
	if (what != ADDR)
		assert_ok(&rig, vhc_ring_set_addr(rig.dev, 1, &addr));
	if (what != KICK)
		assert_ok(&rig, vhc_ring_get_kick(rig.dev, 1));
	if (what == TABLE) {
		vhc_mem_clear(rig.mem);
		assert_ok(&rig, vhc_mem_commit(rig.mem));
	}
}

static void ring_start_before_setup_is_eagain(void **state)
{
	for (enum missing what = 0; what < MISSING; what++) {
		struct fake_left before, after;

		vhc_dev_close(rig.dev);
		rig.dev = NULL;
		assert_ok(&rig, rig_mem(&rig));
		set_all_but(what);
		before = fake_left(rig.fake);
		fake_forget_calls(rig.fake);
		assert_int_equal(vhc_ring_start(rig.dev, 1), -EAGAIN);
		for (size_t i = 0; i < 3 && missing[what].says[i]; i++)
			assert_says(&rig, missing[what].says[i]);
		assert_true(calls_are(rig.fake, ""));
		after = fake_left(rig.fake);
		assert_true(left_equal(&before, &after));
		/* then it comes, and the same call works */
		assert_ok(&rig, rig_mem(&rig));
		assert_ok(&rig, rig_attach(&rig));
		assert_ok(&rig, rig_features(&rig));
		assert_ok(&rig, rig_ring(&rig, 1));
		assert_ok(&rig, vhc_ring_start(rig.dev, 1));
		assert_true(runs(1) && !runs(0));
	}
}

/* ------------------------------------------------------------------------------ stopped alone */

static void ring_stop_outlives_device_start(void **state)
{
	assert_ok(&rig, vhc_ring_stop(rig.dev, 1));
	assert_ok(&rig, rig_start(&rig));
	assert_false(runs(1));
	assert_ok(&rig, vhc_dev_stop(rig.dev));
	assert_ok(&rig, rig_start(&rig));
	assert_true(runs(0) && !runs(1) && runs(2) && runs(3));
	/* also one whose stop could not ask where it was */
	work(2, 3);
	fake_fail(rig.fake, "VHOST_GET_VRING_BASE", 1, EIO);
	assert_int_equal(vhc_ring_stop(rig.dev, 2), -EIO);
	assert_ok(&rig, rig_start(&rig));
	assert_false(runs(2));
	/* and not one that could not be stopped */
	fake_fail(rig.fake, "VHOST_NET_SET_BACKEND", 1, EIO);
	assert_int_equal(vhc_ring_stop(rig.dev, 3), -EIO);
	assert_ok(&rig, vhc_dev_stop(rig.dev));
	assert_ok(&rig, rig_start(&rig));
	assert_true(runs(0) && !runs(1) && !runs(2) && runs(3));
	/* until it is started alone; from then on it is one as the others */
	assert_ok(&rig, vhc_ring_start(rig.dev, 1));
	assert_ok(&rig, vhc_ring_start(rig.dev, 2));
	assert_int_equal(rig_kernel_ring(&rig, 2)->base, 3);
	assert_ok(&rig, vhc_dev_stop(rig.dev));
	assert_ok(&rig, rig_start(&rig));
	assert_true(runs(1) && runs(2));
	/* a reset forgets that too */
	assert_ok(&rig, vhc_ring_stop(rig.dev, 1));
	assert_ok(&rig, vhc_ring_reset(rig.dev, 1));
	assert_ok(&rig, rig_ring(&rig, 1));
	assert_ok(&rig, rig_start(&rig));
	assert_true(runs(1));
}

/* As a guest disables a queue of a device that is paused, or not started yet. */
static void ring_stop_of_stopped_ring_outlives_device_start(void **state)
{
	assert_ok(&rig, vhc_dev_stop(rig.dev));
	fake_forget_calls(rig.fake);
	assert_ok(&rig, vhc_ring_stop(rig.dev, 1));
	assert_int_equal(fake_calls(rig.fake), 0);
	assert_ok(&rig, rig_start(&rig));
	assert_true(runs(0) && !runs(1) && runs(2) && runs(3));
	/* a reset forgets that, also where nothing runs */
	assert_ok(&rig, vhc_dev_stop(rig.dev));
	assert_ok(&rig, vhc_ring_reset(rig.dev, 1));
	assert_ok(&rig, rig_start(&rig));
	assert_false(runs(1)); /* it has no size */
	assert_ok(&rig, rig_ring(&rig, 1));
	assert_ok(&rig, rig_start(&rig));
	assert_true(runs(1));
}

/* All that was set is gone, and what is set then counts. */
static void ring_reset_clears_settings(void **state)
{
	struct fake_left left = fake_left(rig.fake), after;
	struct vhc_ring_addr addr = rig_addr(1);

	work(1, 100);
	assert_ok(&rig, vhc_ring_reset(rig.dev, 1));
	after = fake_left(rig.fake);
	left.fds -= 3;
	left.files -= 3;
	assert_true(left_equal(&left, &after));
	assert_int_equal(base_of(1), 0);
	assert_int_equal(vhc_ring_start(rig.dev, 1), -EAGAIN);
	assert_says(&rig, "ring 1", "size");
	assert_ok(&rig, vhc_ring_set_size(rig.dev, 1, 64));
	assert_int_equal(vhc_ring_start(rig.dev, 1), -EAGAIN);
	assert_says(&rig, "ring 1", "addresses");
	assert_ok(&rig, vhc_ring_set_addr(rig.dev, 1, &addr));
	assert_int_equal(vhc_ring_start(rig.dev, 1), -EAGAIN);
	assert_says(&rig, "ring 1", "kick");
	assert_ok(&rig, vhc_ring_get_kick(rig.dev, 1));
	/* the memory still says 100: a new driver clears it */
	assert_int_equal(vhc_ring_start(rig.dev, 1), -EINVAL);
	rig_set_index(&rig, 1, 'a', 0);
	rig_set_index(&rig, 1, 'u', 0);
	assert_ok(&rig, vhc_ring_start(rig.dev, 1));
	assert_int_equal(rig_kernel_ring(&rig, 1)->num, 64);
	assert_int_equal(rig_kernel_ring(&rig, 1)->base, 0);
	assert_int_equal(fake_ring_counter(rig_kernel_ring(&rig, 1), 'c'), -1);
}

/* A ring that cannot be stopped keeps its eventfds, whoever asked for the reset. */
static void failed_reset_keeps_eventfds(void **state)
{
	for (uint32_t whole = 0; whole < 2; whole++) {
		fake_fail(rig.fake, "VHOST_NET_SET_BACKEND", 1, EIO);
		assert_int_equal(whole ? vhc_dev_reset(rig.dev) : vhc_ring_reset(rig.dev, 0), -EIO);
		assert_true(runs(0));
		assert_int_equal(fake_ring_counter(rig_kernel_ring(&rig, 0), 'k'), 0);
		assert_int_equal(fake_ring_counter(rig_kernel_ring(&rig, 0), 'c'), 0);
		assert_int_equal(fake_ring_counter(rig_kernel_ring(&rig, 0), 'e'), 0);
		assert_ok(&rig, rig_start(&rig));
	}
	assert_ok(&rig, vhc_dev_reset(rig.dev));
	assert_false(runs(0));
}

#define TEST(name)	cmocka_unit_test_setup_teardown(name, setup_up, teardown)
#define TEST_DOWN(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(ring_change_leaves_other_rings),
		TEST(ring_start_of_running_ring_makes_no_call),
		TEST_DOWN(first_ring_start_sets_up_device),
		TEST_DOWN(ring_start_before_setup_is_eagain),
		TEST(ring_stop_outlives_device_start),
		TEST(ring_stop_of_stopped_ring_outlives_device_start),
		TEST(ring_reset_clears_settings),
		TEST(failed_reset_keeps_eventfds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
