/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * dirty-log - the dirty log on and off: which calls in which order, in all devices or in none, and never a
 * device that logs without a log that is long enough.
 */
#include <linux/vhost.h>

#include "sound.h"
#include "dirty/log.h"
#include "memory/table.h"

static struct crowd crowd;

static struct rig *const rig = &crowd.rig;

static bool logs(const struct fake_ring *ring)
{
	return ring->features[0] >> VHOST_F_LOG_ALL & 1;
}

/* All of a ring's part in it, on or off. */
static void check_ring(uint32_t ring, bool on)
{
	const struct fake_ring *kernel = rig_kernel_ring(rig, ring);

	assert_int_equal(logs(kernel), on);
	assert_int_equal(kernel->log_used, on);
	/* where it is not used, its alignment is looked at all the same: so it is 0 */
	assert_int_equal(kernel->log_addr, on ? rig_addr(ring).used : 0);
	assert_int_equal(kernel->log_base != 0, on);
	if (on)
		assert_int_equal(fake_map_size(rig->fake, kernel->log_base),
				 crowd_need(fake_vhost(rig->fake, ring / 2)));
}

#define ON  "VHOST_SET_LOG_BASE,VHOST_SET_FEATURES,VHOST_SET_VRING_ADDR,VHOST_SET_VRING_ADDR"
#define OFF "VHOST_SET_FEATURES,VHOST_SET_VRING_ADDR,VHOST_SET_VRING_ADDR,VHOST_SET_LOG_BASE"

static void dirty_start_and_stop_reach_running_devices(void **state)
{
	crowd_up(&crowd, "6.12", 2, 1);
	crowd_watch(&crowd);
	for (uint32_t round = 0; round < 3; round++) {
		assert_ok(rig, vhc_dirty_start(rig->mem));
		assert_true(calls_are(rig->fake, ON "," ON));
		for (uint32_t i = 0; i < 4; i++)
			check_ring(i, true);
		/* one log for both */
		assert_int_equal(rig_kernel_ring(rig, 0)->log_base,
				 rig_kernel_ring(rig, 3)->log_base);
		assert_int_equal(fake_left(rig->fake).maps, 1);
		fake_forget_calls(rig->fake);
		assert_ok(rig, vhc_dirty_start(rig->mem));
		assert_true(calls_are(rig->fake, ""));
		assert_ok(rig, vhc_dirty_stop(rig->mem));
		assert_true(calls_are(rig->fake, OFF "," OFF));
		for (uint32_t i = 0; i < 4; i++)
			check_ring(i, false);
		assert_int_equal(fake_left(rig->fake).maps, 0);
		fake_forget_calls(rig->fake);
		assert_ok(rig, vhc_dirty_stop(rig->mem));
		assert_true(calls_are(rig->fake, ""));
	}
	crowd_free(&crowd);
}

/* Pairs of one device: each fd in turn, then the rings. */
static void dirty_start_sets_each_fd_then_rings(void **state)
{
	crowd_up(&crowd, "7.2", 1, 2);
	crowd_watch(&crowd);
	assert_ok(rig, vhc_dirty_start(rig->mem));
	assert_true(calls_are(rig->fake, "VHOST_SET_LOG_BASE,VHOST_SET_FEATURES,"
					 "VHOST_SET_LOG_BASE,VHOST_SET_FEATURES,"
					 "VHOST_SET_VRING_ADDR,VHOST_SET_VRING_ADDR,"
					 "VHOST_SET_VRING_ADDR,VHOST_SET_VRING_ADDR"));
	for (uint32_t i = 0; i < 4; i++)
		check_ring(i, true);
	crowd_free(&crowd);
}

/* The upper features stay, by the call that can say them. */
static void dirty_start_keeps_upper_features(void **state)
{
	struct vhc_features upper = rig_acked(true);
	uint64_t before;

	crowd_new(&crowd, "7.2", 1, 1);
	assert_ok(rig, vhc_dev_offer_features(crowd.dev[0], &upper, NULL, &upper));
	assert_ok(rig, vhc_dev_set_features(crowd.dev[0], &upper, 0));
	assert_ok(rig, vhc_dev_start(crowd.dev[0]));
	before = rig_kernel_ring(rig, 0)->features[1];
	assert_int_not_equal(before, 0);
	fake_forget_calls(rig->fake);
	assert_ok(rig, vhc_dirty_start(rig->mem));
	assert_int_equal(fake_count(rig->fake, "VHOST_SET_FEATURES_ARRAY"), 1);
	assert_int_equal(rig_kernel_ring(rig, 0)->features[1], before);
	check_ring(1, true);
	assert_ok(rig, vhc_dirty_stop(rig->mem));
	assert_int_equal(rig_kernel_ring(rig, 1)->features[1], before);
	check_ring(1, false);
	crowd_free(&crowd);
}

/* Which of the calls was first; it must be there. */
static uint32_t first(const char *name)
{
	uint32_t i = 0;

	while (i < fake_calls(rig->fake) && strcmp(fake_call(rig->fake, i)->name, name))
		i++;
	assert_true(i < fake_calls(rig->fake));
	return i;
}

static void device_start_while_logging_sets_log(void **state)
{
	crowd_new(&crowd, "6.1", 2, 1);
	crowd_watch(&crowd);
	fake_forget_calls(rig->fake);
	assert_ok(rig, vhc_dirty_start(rig->mem));
	assert_true(calls_are(rig->fake, ""));
	assert_ok(rig, vhc_dev_start(crowd.dev[0]));
	assert_true(first("VHOST_SET_OWNER") < first("VHOST_SET_LOG_BASE"));
	assert_true(first("VHOST_SET_LOG_BASE") < first("VHOST_SET_FEATURES"));
	assert_true(first("VHOST_SET_FEATURES") < first("VHOST_SET_MEM_TABLE"));
	check_ring(0, true);
	check_ring(1, true);
	assert_int_equal(rig_kernel_ring(rig, 2)->log_base, 0);
	/* one ring of the other, and then the other ring */
	assert_ok(rig, vhc_ring_start(crowd.dev[1], 0));
	check_ring(2, true);
	assert_null(rig_kernel_ring(rig, 3)->backend);
	fake_forget_calls(rig->fake);
	assert_ok(rig, vhc_ring_start(crowd.dev[1], 1));
	assert_int_equal(fake_count(rig->fake, "VHOST_SET_LOG_BASE"), 0);
	check_ring(3, true);
	/* what it knows is not said again */
	assert_ok(rig, vhc_dev_stop(crowd.dev[0]));
	fake_forget_calls(rig->fake);
	assert_ok(rig, vhc_dev_start(crowd.dev[0]));
	assert_true(calls_are(rig->fake, "VHOST_NET_SET_BACKEND,VHOST_NET_SET_BACKEND"));
	/* it went off while the device was stopped */
	assert_ok(rig, vhc_dev_stop(crowd.dev[0]));
	assert_ok(rig, vhc_dirty_stop(rig->mem));
	assert_ok(rig, vhc_dev_start(crowd.dev[0]));
	for (uint32_t i = 0; i < 4; i++)
		check_ring(i, false);
	crowd_free(&crowd);
}

/* ------------------------------------------------------------------------------- all or none */

/* Each call of @change fails once: the kernel and we have what there was, and the next one works. */
static void each_step_fails(int (*change)(struct vhc_mem *mem), int (*other)(struct vhc_mem *mem))
{
	uint32_t n, error;

	for (n = 1, error = 1; error; n++) {
		struct fake_left left = fake_left(rig->fake), after;
		struct fake_vhost *before = crowd_kernel(&crowd);
		int r;

		fake_fail(rig->fake, "VHOST_", n, EIO);
		r = change(rig->mem);
		error = fake_failed(rig->fake);
		fake_forget_failures(rig->fake);
		if (!error) {
			free(before);
			assert_ok(rig, r);
			break;
		}
		assert_int_equal(r, -EIO);
		assert_says(rig, "VHOST_SET_", "EIO", n <= 4 ? "net0" : "net");
		assert_true(crowd_same(&crowd, before));
		after = fake_left(rig->fake);
		assert_true(left_equal(&left, &after));
		assert_ok(rig, change(rig->mem));
		assert_ok(rig, other(rig->mem));
	}
	assert_int_equal(n, 3 * 4 + 1);
}

static void failed_dirty_start_is_undone_on_all_devices(void **state)
{
	crowd_up(&crowd, "6.12", 3, 1);
	crowd_watch(&crowd);
	each_step_fails(vhc_dirty_start, vhc_dirty_stop);
	each_step_fails(vhc_dirty_stop, vhc_dirty_start);
	crowd_free(&crowd);
}

/* The kernel gave the new base to one ring of two, and said no. */
static void torn_log_base_is_undone(void **state)
{
	for (uint32_t n = 1; n <= 3; n++) {
		struct fake_vhost *before;

		crowd_up(&crowd, "6.12", 3, 1);
		crowd_watch(&crowd);
		before = crowd_kernel(&crowd);
		fake_tear_log_base(rig->fake, n);
		assert_int_equal(vhc_dirty_start(rig->mem), -EFAULT);
		assert_says(rig, "VHOST_SET_LOG_BASE", "EFAULT", "log");
		assert_true(crowd_same(&crowd, before));
		assert_ok(rig, vhc_dirty_start(rig->mem));
		/* a longer one, and none */
		before = crowd_kernel(&crowd);
		fake_tear_log_base(rig->fake, n);
		assert_int_equal(rig_more(rig), -EFAULT);
		assert_true(crowd_same(&crowd, before));
		before = crowd_kernel(&crowd);
		fake_tear_log_base(rig->fake, n);
		assert_int_equal(vhc_dirty_stop(rig->mem), -EFAULT);
		assert_true(crowd_same(&crowd, before));
		assert_int_equal(fake_left(rig->fake).maps, 1);
		assert_ok(rig, vhc_dirty_stop(rig->mem));
		crowd_free(&crowd);
	}
}

/*
 * The same, and the old base cannot be given back: the device's rings stop, and the dirty log goes on in
 * the other.
 */
static void torn_log_base_without_undo_stops_device(void **state)
{
	for (uint32_t lost = 1; lost <= 2; lost++) {
		crowd_up(&crowd, "6.12", 2, 1);
		crowd_watch(&crowd);
		assert_ok(rig, vhc_dirty_start(rig->mem));
		fake_tear_log_base(rig->fake, lost);
		/* the undo of the same device is the next call of that name */
		fake_fail(rig->fake, "VHOST_SET_LOG_BASE", lost + 1, EIO);
		assert_int_equal(rig_more(rig), -ESTALE);
		assert_says(rig, lost == 1 ? "net0" : "net1", "EFAULT", "EIO", "reset");
		assert_true(crowd_check(rig->fake));
		assert_true(sound_stopped(crowd_vhost(&crowd, lost - 1, 0)));
		assert_ok(rig, rig_more(rig));
		assert_ok(rig, vhc_dirty_stop(rig->mem));
		assert_ok(rig, vhc_dirty_start(rig->mem));
		assert_ok(rig, vhc_dev_reset(crowd.dev[lost - 1]));
		crowd_setup(&crowd, lost - 1);
		assert_ok(rig, vhc_dev_start(crowd.dev[lost - 1]));
		for (uint32_t i = 0; i < 4; i++)
			check_ring(i, true);
		assert_int_equal(fake_left(rig->fake).maps, 1);
		crowd_free(&crowd);
	}
}

/* ------------------------------------------------------------------------- its size, its address */

static void dirty_start_without_memory_is_eagain(void **state)
{
	rig_new(rig, "6.12", 1);
	assert_ok(rig, vhc_mem_new(rig->ctx, &rig->mem));
	assert_int_equal(vhc_dirty_start(rig->mem), -EAGAIN);
	assert_says(rig, "no memory is committed", "vhc_mem_commit");
	vhc_mem_clear(rig->mem);
	assert_ok(rig, vhc_mem_commit(rig->mem));
	assert_int_equal(vhc_dirty_start(rig->mem), -EAGAIN);
	assert_ok(rig, rig_mem(rig));
	fake_fail(rig->fake, "map", 2, ENOMEM); /* "mapped" is another one's name */
	assert_ok(rig, rig_mem(rig));
	assert_int_equal(vhc_dirty_start(rig->mem), -ENOMEM);
	assert_says(rig, "dirty log", "ENOMEM");
	assert_ok(rig, vhc_dirty_start(rig->mem));
	rig_free(rig);
}

static uint64_t seed = 1;

static uint64_t number(void)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return (seed >> 33) ^ seed << 20;
}

/* The bit of the last page of each region must be in the log, and the log be no longer than that. */
static void check_size(const struct vhi_mem_region *spans, uint32_t count)
{
	unsigned __int128 end = 0, bits;
	struct vhi_refusal err;
	struct vhi_table *table;

	for (uint32_t i = 0; i < count; i++)
		if ((unsigned __int128)spans[i].guest + spans[i].size > end)
			end = (unsigned __int128)spans[i].guest + spans[i].size;
	bits = end / 4096;
	assert_int_equal(vhi_table_new(spans, count, &table, &err), 0);
	assert_true((unsigned __int128)vhi_table_log_size(table) * 8 >= bits);
	assert_true((unsigned __int128)vhi_table_log_size(table) * 8 < bits + 64);
	assert_int_equal(vhi_table_log_size(table) % 8, 0);
	vhi_table_unref(table);
}

static void log_size_covers_last_page(void **state)
{
	static const uint64_t ends[] = { 0x1000,
					 0x2000,
					 0x3f000,
					 0x40000,
					 0x41000,
					 1ull << 32,
					 (1ull << 32) + 4096,
					 1ull << 63,
					 0ull - 0x40000,
					 0ull - 0x1000,
					 0 };
	struct vhi_table *empty;
	struct vhi_refusal err;

	assert_int_equal(vhi_table_new(NULL, 0, &empty, &err), 0);
	assert_int_equal(vhi_table_log_size(empty), 0);
	assert_int_equal(vhi_table_log_size(NULL), 0);
	vhi_table_unref(empty);
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		check_size(&(struct vhi_mem_region){ ends[i] - 0x1000, 0x1000, 0x10000 }, 1);
	for (uint32_t i = 0; i < 20000; i++) {
		struct vhi_mem_region spans[8];
		uint32_t count = 1 + (uint32_t)(number() % 8);
		uint64_t guest = 0;

		/* holes between them, most of them small ones */
		for (uint32_t j = 0; j < count; j++) {
			uint64_t size = (1 + number() % 300) * 4096;

			guest += number() >> (4 + number() % 48) & ~0xfffull;
			spans[count - 1 - j] =
				(struct vhi_mem_region){ guest, size, 0x1000000ull * (j + 1) };
			guest += size;
		}
		check_size(spans, count);
	}
}

/*
 * The ring is at the same place here, and at another for the guest: memory was laid out again while it
 * was stopped.  Without a log the kernel gets no guest address; later it must be the right one.
 */
static void dirty_start_after_move_sets_new_log_address(void **state)
{
	const uint64_t far = 0x100000000;

	crowd_up(&crowd, "6.12", 1, 1);
	crowd_watch(&crowd);
	assert_ok(rig, vhc_dev_stop(crowd.dev[0]));
	vhc_mem_clear(rig->mem);
	assert_ok(rig, crowd_add(&crowd, far, rig->ram_size, rig->ram));
	assert_ok(rig, vhc_mem_commit(rig->mem));
	for (uint32_t i = 0; i < 2; i++) {
		struct vhc_ring_addr addr = rig_addr(i);

		addr.desc += far - RIG_GUEST;
		addr.avail += far - RIG_GUEST;
		addr.used += far - RIG_GUEST;
		assert_ok(rig, vhc_ring_set_addr(crowd.dev[0], i, &addr));
	}
	assert_ok(rig, vhc_dev_start(crowd.dev[0]));
	assert_ok(rig, vhc_dirty_start(rig->mem));
	assert_int_equal(rig_kernel_ring(rig, 1)->log_addr, rig_addr(1).used + far - RIG_GUEST);
	/* and there is nothing of it at the old one, so that memory may come and go there */
	assert_ok(rig, crowd_add(&crowd, RIG_GUEST, RIG_MORE_SIZE, rig->more));
	assert_ok(rig, vhc_mem_commit(rig->mem));
	assert_ok(rig, vhc_mem_del(rig->mem, RIG_GUEST, RIG_MORE_SIZE));
	assert_ok(rig, vhc_mem_commit(rig->mem));
	crowd_free(&crowd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dirty_start_and_stop_reach_running_devices),
		cmocka_unit_test(dirty_start_sets_each_fd_then_rings),
		cmocka_unit_test(dirty_start_keeps_upper_features),
		cmocka_unit_test(device_start_while_logging_sets_log),
		cmocka_unit_test(failed_dirty_start_is_undone_on_all_devices),
		cmocka_unit_test(torn_log_base_is_undone),
		cmocka_unit_test(torn_log_base_without_undo_stops_device),
		cmocka_unit_test(dirty_start_without_memory_is_eagain),
		cmocka_unit_test(log_size_covers_last_page),
		cmocka_unit_test(dirty_start_after_move_sets_new_log_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
