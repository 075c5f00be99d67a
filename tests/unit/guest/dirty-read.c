/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * dirty-read - how a pass over the dirty pages is made: which calls it costs, when it swaps the logs, what
 * is refused, and that no page is lost when it fails, not even when the undo fails too.
 */
#include <linux/vhost.h>

#include "sound.h"

static struct crowd crowd;

static struct rig *const rig = &crowd.rig;

#define PAGES (RIG_GUEST / VHC_PAGE_SIZE + 0x1000) /* more than the log has */

static const uint64_t page = RIG_GUEST / VHC_PAGE_SIZE + 5;

/* Three devices that run and log. */
static int setup(void **state)
{
	crowd_up(&crowd, "6.12", 3, 1);
	crowd_watch(&crowd);
	assert_ok(rig, vhc_dirty_start(rig->mem));
	fake_forget_calls(rig->fake);
	return 0;
}

static int teardown(void **state)
{
	crowd_free(&crowd);
	return 0;
}

/* What device @n writes, by the log that its kernel has. */
static void write_page(uint32_t n, uint64_t which)
{
	uint64_t *words = (uint64_t *)(uintptr_t)crowd_vhost(&crowd, n, 0)->ring[1].log_base;

	words[which / 64] |= 1ull << (which % 64);
}

static bool read_page(uint64_t which)
{
	uint64_t bitmap = 0, count = 77;

	assert_ok(rig, vhc_dirty_read(rig->mem, which * VHC_PAGE_SIZE, VHC_PAGE_SIZE, &bitmap, 0,
				      &count));
	assert_true(bitmap == count && count < 2);
	return count;
}

static void pass(enum vhc_dirty_mode mode)
{
	assert_int_equal(vhc_dirty_set_mode(rig->mem, mode), 0);
	fake_forget_calls(rig->fake);
	assert_ok(rig, vhc_dirty_sync(rig->mem));
}

#define SWAPPED "VHOST_SET_LOG_BASE,VHOST_SET_LOG_BASE,VHOST_SET_LOG_BASE"

static void sync_of_each_mode_makes_its_calls_only(void **state)
{
	for (uint32_t i = 0; i < 3; i++)
		write_page(i, page + i);
	pass(VHC_DIRTY_EXCHANGE);
	assert_int_equal(fake_calls(rig->fake), 0);
	assert_true(read_page(page) && !read_page(page));
	pass(VHC_DIRTY_SWAP);
	assert_true(calls_are(rig->fake, SWAPPED));
	assert_int_equal(fake_left(rig->fake).maps, 2);
	fake_forget_calls(rig->fake);
	assert_true(read_page(page + 1) && !read_page(page + 1));
	/* the same two logs, again and again */
	for (uint32_t i = 0; i < 10; i++) {
		pass(VHC_DIRTY_SWAP);
		assert_true(calls_are(rig->fake, SWAPPED));
		assert_int_equal(fake_calls(rig->fake), 3);
	}
	assert_int_equal(fake_left(rig->fake).maps, 2);
	/* those that are stopped have nothing to change */
	assert_ok(rig, vhc_dev_stop(crowd.dev[1]));
	pass(VHC_DIRTY_SWAP);
	assert_true(calls_are(rig->fake, "VHOST_SET_LOG_BASE,VHOST_SET_LOG_BASE"));
	assert_true(read_page(page + 2));
	assert_ok(rig, vhc_dev_stop(crowd.dev[0]));
	assert_ok(rig, vhc_dev_stop(crowd.dev[2]));
	for (enum vhc_dirty_mode mode = VHC_DIRTY_AUTO; mode <= VHC_DIRTY_SWAP; mode++) {
		pass(mode);
		assert_int_equal(fake_calls(rig->fake), 0);
	}
	assert_ok(rig, vhc_dirty_stop(rig->mem));
	assert_int_equal(fake_left(rig->fake).maps, 0);
}

/* From a log of 2 MiB on. */
static void sync_auto_swaps_long_log(void **state)
{
	const uint64_t end = 64ull << 30, size = 0x1000;

	assert_ok(rig, crowd_add(&crowd, end - 65 * size, size, rig->more));
	assert_ok(rig, vhc_mem_commit(rig->mem));
	pass(VHC_DIRTY_AUTO);
	assert_int_equal(fake_calls(rig->fake), 0);
	assert_ok(rig, crowd_add(&crowd, end - size, size, rig->more + size));
	assert_ok(rig, vhc_mem_commit(rig->mem));
	pass(VHC_DIRTY_AUTO);
	assert_true(calls_are(rig->fake, SWAPPED));
	assert_int_equal(fake_map_size(rig->fake, rig_kernel_ring(rig, 0)->log_base), 2u << 20);
	/* the other two modes are what they say all the same */
	pass(VHC_DIRTY_EXCHANGE);
	assert_int_equal(fake_calls(rig->fake), 0);
}

/* One page in @every, all over the log. */
static void write_pages(uint32_t every)
{
	uint64_t pages = crowd_need(crowd_vhost(&crowd, 0, 0)) * 8;

	for (uint64_t i = 0; i < pages; i += every)
		write_page(0, i);
}

static void sync_auto_swaps_full_log(void **state)
{
	static const struct {
		uint32_t every;
		bool swaps;
	} densities[] = { { 2000, false }, { 130, false }, { 80, true }, { 2, true }, { 1, true } };
	static uint64_t bitmap[PAGES / 64 + 1];

	for (size_t i = 0; i < sizeof(densities) / sizeof(densities[0]); i++) {
		write_pages(densities[i].every);
		pass(VHC_DIRTY_AUTO);
		assert_true(calls_are(rig->fake, densities[i].swaps ? SWAPPED : ""));
		assert_ok(rig, vhc_dirty_read(rig->mem, 0, PAGES * VHC_PAGE_SIZE, bitmap,
					      VHC_DIRTY_PRIVATE, NULL));
		/* and when it is empty again there is no need */
		pass(VHC_DIRTY_AUTO);
		assert_true(calls_are(rig->fake, ""));
	}
}

/* ------------------------------------------------------------------------------ what is refused */

static void dirty_read_with_bad_arguments_is_refused(void **state)
{
	uint64_t bitmap[2] = { 0 }, count = 77;

	assert_int_equal(vhc_dirty_set_mode(rig->mem, (enum vhc_dirty_mode)3), -EINVAL);
	assert_says(rig, "dirty mode 3", "0 to 2");
	write_page(0, 0);
	assert_int_equal(vhc_dirty_read(rig->mem, 1, VHC_PAGE_SIZE, bitmap, 0, &count), -EINVAL);
	assert_says(rig, "0x1,", "0x1000 bytes", "multiples of 4096");
	assert_int_equal(vhc_dirty_read(rig->mem, 0, VHC_PAGE_SIZE + 8, bitmap, 0, &count),
			 -EINVAL);
	assert_says(rig, "0x1008 bytes");
	assert_int_equal(vhc_dirty_read(rig->mem, 0, VHC_PAGE_SIZE, bitmap, 2, &count), -EINVAL);
	assert_says(rig, "flags 0x2", "flag 0x1");
	assert_true(count == 77 && !bitmap[0]);
	/* nothing is asked for, or what no log has */
	assert_ok(rig, vhc_dirty_read(rig->mem, 0, 0, bitmap, 0, &count));
	assert_true(count == 0 && !bitmap[0]);
	count = 77;
	assert_ok(rig, vhc_dirty_read(rig->mem, UINT64_MAX - 4095, 4096, bitmap, 0, &count));
	assert_true(count == 0 && !bitmap[0]);
	assert_ok(rig, vhc_dirty_read(rig->mem, 1ull << 40, 128 * VHC_PAGE_SIZE, bitmap, 0, NULL));
	/* to the end of all addresses: what there is of it */
	assert_ok(rig, vhc_dirty_read(rig->mem, RIG_GUEST + rig->ram_size - VHC_PAGE_SIZE,
				      UINT64_MAX - 0xfff - RIG_GUEST, bitmap, 0, &count));
	assert_true(count == 0 && !bitmap[0] && read_page(0));
	assert_ok(rig, vhc_dirty_stop(rig->mem));
	assert_int_equal(vhc_dirty_sync(rig->mem), -ENODATA);
	assert_says(rig, "no dirty log", "vhc_dirty_start");
	assert_int_equal(vhc_dirty_read(rig->mem, 0, VHC_PAGE_SIZE, bitmap, 0, &count), -ENODATA);
	assert_true(count == 0);
	/* the mode is kept for the next log, and pages that were not read are not */
	assert_ok(rig, vhc_dirty_start(rig->mem));
	write_page(0, page);
	assert_ok(rig, vhc_dirty_stop(rig->mem));
	assert_ok(rig, vhc_dirty_start(rig->mem));
	assert_ok(rig, vhc_dirty_sync(rig->mem));
	assert_false(read_page(page));
}

/* ------------------------------------------------------------------------------- it fails */

/* The k-th device does not take the other log, or only half of it does: everything is as it was. */
static void fail_swap(uint32_t k, bool torn)
{
	struct fake_vhost *before = crowd_kernel(&crowd);
	struct fake_left left = fake_left(rig->fake), after;

	write_page(k - 1, page);
	if (torn)
		fake_tear_log_base(rig->fake, k);
	else
		fake_fail(rig->fake, "VHOST_SET_LOG_BASE", k, EFAULT);
	assert_int_equal(vhc_dirty_set_mode(rig->mem, VHC_DIRTY_SWAP), 0);
	assert_int_equal(vhc_dirty_sync(rig->mem), -EFAULT);
	assert_says(rig, "VHOST_SET_LOG_BASE", "EFAULT");
	after = fake_left(rig->fake);
	assert_true(crowd_same(&crowd, before) && left_equal(&left, &after));
	/* without a pass of its own it can be read all the same */
	assert_true(read_page(page) && !read_page(page));
}

/* The second log is new in the first swap, and goes again with it; later ones keep it. */
static void failed_swap_keeps_pages_and_leaves_nothing(void **state)
{
	for (uint32_t k = 1; k <= 3; k++)
		for (uint32_t torn = 0; torn < 2; torn++) {
			fail_swap(k, torn);
			write_page(k - 1, page);
			pass(VHC_DIRTY_SWAP);
			assert_true(read_page(page));
			fail_swap(k, torn);
			pass(VHC_DIRTY_SWAP);
			assert_false(read_page(page));
			assert_ok(rig, vhc_dirty_stop(rig->mem));
			assert_ok(rig, vhc_dirty_start(rig->mem));
		}
}

static void sync_without_second_log_is_enomem(void **state)
{
	struct fake_left before = fake_left(rig->fake), after;

	write_page(2, page);
	fake_fail(rig->fake, "map", 1, ENOMEM);
	assert_int_equal(vhc_dirty_set_mode(rig->mem, VHC_DIRTY_SWAP), 0);
	assert_int_equal(vhc_dirty_sync(rig->mem), -ENOMEM);
	after = fake_left(rig->fake);
	assert_true(left_equal(&before, &after));
	assert_true(read_page(page));
	pass(VHC_DIRTY_SWAP);
	assert_int_equal(fake_left(rig->fake).maps, 2);
}

static uint64_t first_log;

/* After each call, every device that runs on another log than at first writes a page of its own to it. */
static void write_elsewhere(void *data, const struct fake_call *call)
{
	if (!crowd_check(rig->fake))
		crowd.broken = true;
	for (uint32_t i = 0; i < 3; i++)
		if (crowd_vhost(&crowd, i, 0)->ring[1].backend &&
		    crowd_vhost(&crowd, i, 0)->ring[1].log_base != first_log)
			write_page(i, page + 10 + i);
}

/* A change of the log in which device 2 refuses and device 1 does not take the old log back. */
static int lose_device_1(bool swap)
{
	int r;

	fake_fail(rig->fake, "VHOST_SET_LOG_BASE", 3, EIO);
	/* the fourth call is the undo of what device 2 may have done in part */
	fake_fail(rig->fake, "VHOST_SET_LOG_BASE", 5, EIO);
	first_log = rig_kernel_ring(rig, 0)->log_base;
	fake_watch(rig->fake, write_elsewhere, NULL);
	assert_int_equal(vhc_dirty_set_mode(rig->mem, VHC_DIRTY_SWAP), 0);
	r = swap ? vhc_dirty_sync(rig->mem) : rig_more(rig);
	crowd_watch(&crowd);
	/* the third was refused it, and never had it */
	assert_true(read_page(page + 10) && read_page(page + 11) && !read_page(page + 12));
	return r;
}

/*
 * It stops, and wrote to a log that the others left.  No page of it is lost: neither of before, nor of
 * then; and passes go on before it is reset or closed.
 */
static void stale_device_loses_no_page(void **state)
{
	for (uint32_t i = 0; i < 4; i++) {
		bool swap = i & 1, close = i & 2;

		write_page(1, page);
		assert_int_equal(lose_device_1(swap), -ESTALE);
		assert_says(rig, "net1", "reset");
		assert_true(read_page(page));
		assert_true(sound_stopped(crowd_vhost(&crowd, 1, 0)));
		write_page(0, page + 2);
		pass(VHC_DIRTY_EXCHANGE);
		assert_true(read_page(page + 2) && !read_page(page));
		write_page(0, page + 1);
		pass(VHC_DIRTY_SWAP);
		assert_true(read_page(page + 1));
		if (close)
			crowd_close(&crowd, 1);
		else
			assert_ok(rig, vhc_dev_reset(crowd.dev[1]));
		/* what was read before comes no second time */
		pass(VHC_DIRTY_SWAP);
		assert_false(read_page(page) || read_page(page + 1) || read_page(page + 11));
		assert_int_equal(fake_left(rig->fake).maps, 2);
		if (close)
			crowd_open(&crowd, 1);
		else
			crowd_setup(&crowd, 1);
		assert_ok(rig, vhc_dev_start(crowd.dev[1]));
		if (close) {
			/* devices are counted as they were opened */
			crowd_close(&crowd, 2);
			crowd_open(&crowd, 2);
			assert_ok(rig, vhc_dev_start(crowd.dev[2]));
		}
		pass(VHC_DIRTY_EXCHANGE);
		for (uint32_t j = 0; j < 3; j++)
			assert_false(read_page(page + j));
	}
}

/* The ring stops between the pass and the reads: what was taken is read, and the rest in the next. */
static void stop_between_sync_and_read_loses_no_page(void **state)
{
	write_page(0, page);
	pass(VHC_DIRTY_SWAP);
	write_page(0, page + 1);
	for (uint32_t i = 0; i < 3; i++)
		assert_ok(rig, vhc_dev_stop(crowd.dev[i]));
	assert_true(read_page(page) && !read_page(page + 1));
	pass(VHC_DIRTY_SWAP);
	assert_true(read_page(page + 1) && !read_page(page));
	/* and one that was closed */
	assert_ok(rig, vhc_dev_start(crowd.dev[0]));
	write_page(0, page + 2);
	crowd_close(&crowd, 0);
	pass(VHC_DIRTY_AUTO);
	assert_true(read_page(page + 2));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(sync_of_each_mode_makes_its_calls_only),
		TEST(sync_auto_swaps_long_log),
		TEST(sync_auto_swaps_full_log),
		TEST(dirty_read_with_bad_arguments_is_refused),
		TEST(failed_swap_keeps_pages_and_leaves_nothing),
		TEST(sync_without_second_log_is_enomem),
		TEST(stale_device_loses_no_page),
		TEST(stop_between_sync_and_read_loses_no_page),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
