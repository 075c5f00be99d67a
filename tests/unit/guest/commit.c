/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * commit - the guest's memory changes while rings run: the table that every vhost fd has afterwards,
 * what a running ring needs, and all devices or none.
 */
#include <linux/vhost.h>
#include <sys/mman.h>

#include "sound.h"

static struct crowd crowd;

static struct rig *const rig = &crowd.rig;

/* One region of a table: "rings", "more", or its guest address and size, "1000+2000". */
static const char *region_text(const struct fake_region *region, char *text, size_t size)
{
	if (region->guest == RIG_GUEST && region->size == rig->ram_size)
		return "rings";
	if (region->guest == RIG_MORE && region->size == RIG_MORE_SIZE)
		return "more";
	snprintf(text, size, "%llx+%llx", (unsigned long long)region->guest,
		 (unsigned long long)region->size);
	return text;
}

static bool table_is(const struct fake_vhost *vhost, const char *expected)
{
	char text[512] = "", region[64];
	size_t at = 0;

	for (uint32_t i = 0; i < vhost->regions; i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%s", i ? " " : "",
				       region_text(&vhost->region[i], region, sizeof(region)));
	if (strcmp(text, expected))
		fprintf(stderr, "the table is %s, and not %s\n", text, expected);
	return !strcmp(text, expected);
}

static bool all_tables_are(const char *expected)
{
	for (uint32_t i = 0; i < crowd.count; i++)
		for (uint32_t j = 0; j < crowd.pairs; j++)
			if (!table_is(crowd_vhost(&crowd, i, j), expected))
				return false;
	return true;
}

static const char one[] = "rings";
static const char two[] = "rings more";

static void commit_sets_table_of_all_devices(void **state)
{
	crowd_up(&crowd, "6.12", 2, 2);
	assert_true(all_tables_are(one));
	assert_ok(rig, rig_more(rig));
	assert_true(all_tables_are(two));
	assert_true(calls_are(rig->fake, "VHOST_SET_MEM_TABLE,VHOST_SET_MEM_TABLE,"
					 "VHOST_SET_MEM_TABLE,VHOST_SET_MEM_TABLE"));
	assert_int_equal(crowd_vhost(&crowd, 1, 1)->region[1].user, (uintptr_t)rig->more);
	/* to another guest address, and to another place here */
	assert_ok(rig, vhc_mem_del(rig->mem, RIG_MORE, RIG_MORE_SIZE));
	assert_ok(rig, crowd_add(&crowd, 0x1000, 0x2000, rig->more + 0x3000));
	assert_ok(rig, vhc_mem_commit(rig->mem));
	assert_true(all_tables_are("1000+2000 rings"));
	assert_int_equal(crowd_vhost(&crowd, 0, 1)->region[0].user, (uintptr_t)rig->more + 0x3000);
	assert_ok(rig, vhc_mem_del(rig->mem, 0x1000, 0x2000));
	assert_ok(rig, vhc_mem_commit(rig->mem));
	assert_true(all_tables_are(one));
	/* neighbours are one region, and rings may lie over where they meet */
	vhc_mem_clear(rig->mem);
	assert_ok(rig,
		  crowd_add(&crowd, RIG_GUEST + 0x1000, rig->ram_size - 0x1000, rig->ram + 0x1000));
	assert_ok(rig, crowd_add(&crowd, RIG_GUEST, 0x1000, rig->ram));
	fake_forget_calls(rig->fake);
	assert_ok(rig, vhc_mem_commit(rig->mem));
	assert_true(calls_are(rig->fake, ""));
	assert_ok(rig, vhc_mem_commit(rig->mem));
	crowd_free(&crowd);
}

/* ------------------------------------------------------------------------ what a ring needs stays */

struct loss {
	const char *name;
	uint64_t guest, size; /* of what there is instead of the rings' memory; size 0: nothing */
	uint64_t offset;      /* where that is here */
	const char *says[4];
};

static const struct loss losses[] = {
	{ "gone", 0, 0, 0, { "ring 0", "descriptor table", "4096 bytes", "there are none" } },
	{ "at another guest address",
	  RIG_GUEST + 0x1000000,
	  0x8000,
	  0,
	  { "ring 0", "0x40000000", "below the first region", "0x41000000" } },
	{ "at another place here",
	  RIG_GUEST,
	  0x6000,
	  0x2000,
	  { "ring 0", "0x40000000", "another address in this process" } },
	{ "ends in the last ring's used ring",
	  RIG_GUEST,
	  0x6000,
	  0,
	  { "ring 1", "used ring", "2054 bytes", "0x40006000" } },
	{ "begins behind the first descriptors",
	  RIG_GUEST + 0x1000,
	  0x7000,
	  0x1000,
	  { "ring 0", "descriptor table", "0x40000000", "0x40001000" } },
};

static void commit_without_memory_of_running_ring_is_ebusy(void **state)
{
	for (size_t i = 0; i < sizeof(losses) / sizeof(losses[0]); i++) {
		const struct loss *loss = &losses[i];
		struct fake_vhost *before;

		print_message("    %s\n", loss->name);
		crowd_up(&crowd, "6.1", 1, 1);
		before = crowd_kernel(&crowd);
		vhc_mem_clear(rig->mem);
		if (loss->size)
			assert_ok(rig, crowd_add(&crowd, loss->guest, loss->size,
						 rig->ram + loss->offset));
		assert_ok(rig, crowd_add(&crowd, RIG_MORE, RIG_MORE_SIZE, rig->more));
		if (!loss->size)
			assert_ok(rig, vhc_mem_del(rig->mem, RIG_MORE, RIG_MORE_SIZE));
		assert_int_equal(vhc_mem_commit(rig->mem), -EBUSY);
		assert_says(rig, "net0", "running", "stop the ring");
		for (size_t j = 0; j < 4 && loss->says[j]; j++)
			assert_says(rig, loss->says[j]);
		assert_true(calls_are(rig->fake, ""));
		assert_true(crowd_same(&crowd, before));
		/* the edits are gone: what was there can be taken out, what was not cannot */
		assert_ok(rig, vhc_mem_del(rig->mem, RIG_GUEST, rig->ram_size));
		assert_int_equal(vhc_mem_commit(rig->mem), -EBUSY);
		/* with the ring stopped it goes */
		assert_ok(rig, vhc_dev_stop(crowd.dev[0]));
		assert_ok(rig, vhc_mem_del(rig->mem, RIG_GUEST, rig->ram_size));
		assert_ok(rig, vhc_mem_commit(rig->mem));
		assert_int_equal(vhc_dev_start(crowd.dev[0]), -EAGAIN);
		assert_says(rig, "net0", "memory");
		/* an empty table is none, whoever asks */
		assert_int_equal(vhc_ring_check(crowd.dev[0], 0), -EAGAIN);
		assert_says(rig, "ring 0", "no memory", "vhc_mem_commit");
		assert_int_equal(vhc_ring_recover_base(crowd.dev[0], 0), -EAGAIN);
		crowd_free(&crowd);
	}
}

/* The first byte of it stays, and its last does not. */
static void commit_without_end_of_ring_is_ebusy(void **state)
{
	crowd_up(&crowd, "6.12", 1, 1);
	assert_ok(rig, vhc_dev_stop(crowd.dev[0]));
	assert_ok(rig, vhc_ring_set_size(crowd.dev[0], 0, 512));
	assert_ok(rig, vhc_ring_set_addr(crowd.dev[0], 0,
					 VHC_ARG(vhc_ring_addr, .desc = RIG_GUEST,
						 .avail = RIG_GUEST + 0x2000,
						 .used = RIG_GUEST + 0x2800)));
	assert_ok(rig, vhc_ring_start(crowd.dev[0], 0));
	vhc_mem_clear(rig->mem);
	assert_ok(rig, crowd_add(&crowd, RIG_GUEST, 0x3000, rig->ram));
	fake_forget_calls(rig->fake);
	assert_int_equal(vhc_mem_commit(rig->mem), -EBUSY);
	assert_says(rig, "ring 0", "used ring", "4102 bytes", "0x40002800", "2054 bytes past");
	assert_true(calls_are(rig->fake, ""));
	crowd_free(&crowd);
}

/* Only rings that run count: of two, the one that is stopped may lose its memory. */
static void commit_without_memory_of_stopped_ring_works(void **state)
{
	crowd_up(&crowd, "6.12", 2, 1);
	assert_ok(rig, vhc_ring_stop(crowd.dev[0], 1));
	assert_ok(rig, vhc_dev_stop(crowd.dev[1]));
	vhc_mem_clear(rig->mem);
	assert_ok(rig, crowd_add(&crowd, RIG_GUEST, RIG_RING_ROOM, rig->ram));
	assert_ok(rig, vhc_mem_commit(rig->mem));
	assert_true(table_is(crowd_vhost(&crowd, 0, 0), "40000000+4000"));
	/* a device that does not run gets the table when it starts */
	assert_true(table_is(crowd_vhost(&crowd, 1, 0), one));
	assert_int_equal(vhc_ring_start(crowd.dev[0], 1), -EINVAL);
	assert_says(rig, "ring 1", "0x40004000", "above the last region");
	vhc_mem_clear(rig->mem);
	assert_ok(rig, crowd_rings_memory(&crowd));
	assert_ok(rig, vhc_mem_commit(rig->mem));
	assert_ok(rig, vhc_ring_start(crowd.dev[0], 1));
	fake_forget_calls(rig->fake);
	/* it has that table still, so that nothing is to be said */
	assert_ok(rig, vhc_dev_start(crowd.dev[1]));
	assert_int_equal(fake_count(rig->fake, "VHOST_SET_MEM_TABLE"), 0);
	assert_ok(rig, vhc_dev_stop(crowd.dev[1]));
	assert_ok(rig, rig_more(rig));
	assert_true(table_is(crowd_vhost(&crowd, 1, 0), one));
	assert_ok(rig, vhc_dev_start(crowd.dev[1]));
	assert_true(all_tables_are(two));
	crowd_free(&crowd);
}

/* ------------------------------------------------------------------------------- all or none */

static void commit_that_kth_device_refuses_is_undone(void **state)
{
	for (uint32_t count = 2; count <= 3; count++)
		for (uint32_t k = 1; k <= count; k++) {
			struct fake_vhost *before;

			crowd_up(&crowd, "6.12", count, 1);
			before = crowd_kernel(&crowd);
			fake_fail(rig->fake, "VHOST_SET_MEM_TABLE", k, ENOMEM);
			assert_int_equal(rig_more(rig), -ENOMEM);
			assert_says(rig,
				    k == 1   ? "net0"
				    : k == 2 ? "net1"
					     : "net2",
				    "VHOST_SET_MEM_TABLE", "ENOMEM");
			/* those before it were given the old one, and were the only ones */
			assert_int_equal(fake_count(rig->fake, "VHOST_"), k + (k - 1));
			assert_true(crowd_same(&crowd, before));
			assert_int_equal(vhc_mem_del(rig->mem, RIG_MORE, RIG_MORE_SIZE), -EINVAL);
			assert_int_equal(vhc_mem_commit(rig->mem), -EINVAL);
			assert_ok(rig, rig_more(rig));
			assert_true(all_tables_are(two));
			/* the same the other way round */
			before = crowd_kernel(&crowd);
			fake_fail(rig->fake, "VHOST_SET_MEM_TABLE", k, ENOMEM);
			assert_int_equal(rig_less(rig), -ENOMEM);
			assert_true(crowd_same(&crowd, before));
			assert_ok(rig, rig_less(rig));
			assert_true(all_tables_are(one));
			crowd_free(&crowd);
		}
}

/* The third refuses, and one before it does not take the old table back: that one is lost, no other. */
static void commit_whose_undo_fails_leaves_one_device_stale(void **state)
{
	for (uint32_t lost = 0; lost < 2; lost++) {
		crowd_up(&crowd, "6.12", 3, 1);
		fake_fail(rig->fake, "VHOST_SET_MEM_TABLE", 3, EIO);
		/* the last one first: net1, then net0 */
		fake_fail(rig->fake, "VHOST_SET_MEM_TABLE", lost ? 4 : 5, EPERM);
		assert_int_equal(rig_more(rig), -ESTALE);
		assert_says(rig, lost ? "net1" : "net0", "EPERM", "net2", "EIO", "reset");
		for (uint32_t i = 0; i < 3; i++)
			assert_true(table_is(crowd_vhost(&crowd, i, 0), i == lost ? two : one));
		/* it does not run any more, and the others change without it */
		assert_true(sound_stopped(crowd_vhost(&crowd, lost, 0)));
		assert_ok(rig, rig_more(rig));
		for (uint32_t i = 0; i < 3; i++)
			assert_true(table_is(crowd_vhost(&crowd, i, 0), two));
		for (uint32_t i = 0; i < 3; i++) {
			int r = vhc_dev_stop(crowd.dev[i]);

			assert_int_equal(r, i == lost ? -ESTALE : 0);
			assert_int_equal(vhc_dev_start(crowd.dev[i]), r);
		}
		assert_ok(rig, vhc_dev_reset(crowd.dev[lost]));
		crowd_setup(&crowd, lost);
		assert_ok(rig, vhc_dev_start(crowd.dev[lost]));
		assert_true(all_tables_are(two));
		crowd_free(&crowd);
	}
}

static void commit_past_smallest_limit_is_e2big(void **state)
{
	uint64_t size = 0x1000;

	rig_new(rig, "6.12", 1);
	fake_profile(rig->fake)->max_regions = 3;
	rig_up(rig);
	assert_int_equal(vhc_mem_count_spare(rig->mem), 2);
	fake_forget_calls(rig->fake);
	for (uint64_t i = 0; i < 3; i++)
		assert_ok(rig,
			  vhc_mem_add(rig->mem,
				      VHC_ARG(vhc_region, .guest_addr = RIG_MORE + 2 * i * size,
					      .size = size,
					      .user_addr = (uintptr_t)rig->more + 2 * i * size)));
	assert_int_equal(vhc_mem_count_spare(rig->mem), 0);
	assert_int_equal(vhc_mem_commit(rig->mem), -E2BIG);
	assert_says(rig, "4 memory regions", "keeps 3", "max_mem_regions", "max_iotlb_entries");
	assert_true(calls_are(rig->fake, ""));
	/* what is between them makes one of three */
	for (uint64_t i = 0; i < 5; i++)
		assert_ok(rig, vhc_mem_add(rig->mem,
					   VHC_ARG(vhc_region, .guest_addr = RIG_MORE + i * size,
						   .size = size,
						   .user_addr = (uintptr_t)rig->more + i * size)));
	assert_ok(rig, vhc_mem_commit(rig->mem));
	assert_int_equal(vhc_mem_count_spare(rig->mem), 1);
	rig_free(rig);
}

/* ----------------------------------------------------------------------------- with the log on */

#define LOG   "VHOST_SET_LOG_BASE"
#define TABLE "VHOST_SET_MEM_TABLE"

static uint64_t *log_of(uint32_t ring)
{
	return (uint64_t *)(uintptr_t)rig_kernel_ring(rig, ring)->log_base;
}

static bool read_page(uint64_t page)
{
	uint64_t bitmap = 0;

	assert_ok(rig,
		  vhc_dirty_read(rig->mem, page * VHC_PAGE_SIZE, VHC_PAGE_SIZE, &bitmap, 0, NULL));
	return bitmap;
}

/* It grows before the table and shrinks after it, fd by fd; what was in it stays. */
static void commit_grows_and_shrinks_dirty_log(void **state)
{
	const uint64_t page = RIG_GUEST / VHC_PAGE_SIZE + 3, far = RIG_MORE / VHC_PAGE_SIZE;

	crowd_up(&crowd, "6.12", 2, 1);
	crowd_watch(&crowd);
	assert_ok(rig, vhc_dirty_start(rig->mem));
	log_of(0)[page / 64] |= 1ull << page % 64;
	fake_forget_calls(rig->fake);
	assert_ok(rig, rig_more(rig));
	assert_true(calls_are(rig->fake, LOG "," TABLE "," LOG "," TABLE));
	assert_int_equal(fake_map_size(rig->fake, (uintptr_t)log_of(3)),
			 crowd_need(crowd_vhost(&crowd, 1, 0)));
	log_of(3)[far / 64] |= 1ull << far % 64;
	/* below the highest there is no other log to be had */
	fake_forget_calls(rig->fake);
	assert_ok(rig, vhc_mem_del(rig->mem, RIG_MORE, RIG_MORE_SIZE));
	assert_ok(rig, crowd_add(&crowd, RIG_MORE + 0x10000, 0x10000, rig->more + 0x10000));
	assert_ok(rig, vhc_mem_commit(rig->mem));
	assert_true(calls_are(rig->fake, TABLE "," TABLE));
	assert_ok(rig, vhc_dirty_sync(rig->mem));
	assert_true(read_page(far));
	fake_forget_calls(rig->fake);
	assert_ok(rig, vhc_mem_del(rig->mem, RIG_MORE + 0x10000, 0x10000));
	assert_ok(rig, vhc_mem_commit(rig->mem));
	assert_true(calls_are(rig->fake, TABLE "," LOG "," TABLE "," LOG));
	assert_ok(rig, vhc_dirty_sync(rig->mem));
	assert_true(read_page(page) && !read_page(page) && !read_page(far));
	assert_int_equal(fake_left(rig->fake).maps, 1);
	crowd_free(&crowd);
}

/* Each call of the growing and of the shrinking fails: all have both, the table and the log, of before. */
static void failed_commit_keeps_table_and_dirty_log(void **state)
{
	const uint64_t page = RIG_GUEST / VHC_PAGE_SIZE + 3;

	crowd_up(&crowd, "6.12", 3, 1);
	crowd_watch(&crowd);
	assert_ok(rig, vhc_dirty_start(rig->mem));
	for (uint32_t round = 0; round < 2; round++) {
		int (*const change)(struct rig *) = round ? rig_less : rig_more;

		for (uint32_t n = 1; n <= 6; n++) {
			struct fake_vhost *before = crowd_kernel(&crowd);
			struct fake_left left = fake_left(rig->fake), after;

			log_of(2)[page / 64] |= 1ull << page % 64;
			fake_fail(rig->fake, "VHOST_", n, EIO);
			assert_int_equal(change(rig), -EIO);
			assert_true(crowd_same(&crowd, before));
			after = fake_left(rig->fake);
			assert_true(left_equal(&left, &after));
			assert_ok(rig, vhc_dirty_sync(rig->mem));
			assert_true(read_page(page) && !read_page(page));
		}
		assert_ok(rig, change(rig));
	}
	crowd_free(&crowd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commit_sets_table_of_all_devices),
		cmocka_unit_test(commit_without_memory_of_running_ring_is_ebusy),
		cmocka_unit_test(commit_without_end_of_ring_is_ebusy),
		cmocka_unit_test(commit_without_memory_of_stopped_ring_works),
		cmocka_unit_test(commit_that_kth_device_refuses_is_undone),
		cmocka_unit_test(commit_whose_undo_fails_leaves_one_device_stale),
		cmocka_unit_test(commit_past_smallest_limit_is_e2big),
		cmocka_unit_test(commit_grows_and_shrinks_dirty_log),
		cmocka_unit_test(failed_commit_keeps_table_and_dirty_log),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
