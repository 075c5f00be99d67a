/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * files-move - memory from files that is mapped anew under running rings: they move with it, or the commit
 * is refused.
 */
#include "crowd.h"
#include "file-rig.h"

static struct file_rig f;

#define ADDR  "VHOST_SET_VRING_ADDR"
#define TABLE "VHOST_SET_MEM_TABLE"

/* A region grows: the same memory is mapped again, with more, and its rings are told. */
static void ring_moves_with_its_memory(void **state)
{
	uint64_t at;

	file_rig_up(&f, "6.12", 2);
	at = file_rig_region(&f, 0, 0)->user;
	vhc_mem_clear(f.rig.mem);
	assert_ok(&f.rig, file_rig_add(&f, f.fd, RIG_GUEST, FILE_SIZE, 0));
	assert_ok(&f.rig, vhc_mem_commit(f.rig.mem));
	/* the second table of each fd waits for the worker, before the old mapping goes */
	assert_true(calls_are(f.rig.fake, TABLE "," TABLE "," ADDR "," ADDR "," ADDR "," ADDR
						"," TABLE "," TABLE));
	assert_int_equal(file_rig_maps(&f), 1);
	assert_int_not_equal(file_rig_region(&f, 0, 0)->user, at);
	for (uint32_t i = 0; i < 4; i++)
		assert_int_equal(rig_kernel_ring(&f.rig, i)->used,
				 file_rig_region(&f, i / 2, 0)->user + i * RIG_RING_ROOM + 0x2000);
	assert_ok(&f.rig, vhc_ring_check(f.rig.dev, 0));
	/* it has them from now on */
	fake_forget_calls(f.rig.fake);
	assert_ok(&f.rig, file_rig_set(&f, f.fd));
	assert_ok(&f.rig, vhc_mem_commit(f.rig.mem));
	assert_true(calls_are(f.rig.fake, TABLE "," TABLE));
	/* the same guest addresses, one page further in the file */
	vhc_mem_clear(f.rig.mem);
	assert_ok(&f.rig, file_rig_add(&f, f.fd, RIG_GUEST, f.rig.ram_size, PAGE));
	assert_int_equal(vhc_mem_commit(f.rig.mem), -EBUSY);
	file_rig_down(&f);
}

/* The log's address is the guest's, and stays; the log grows with the memory. */
static void ring_that_logs_moves(void **state)
{
	file_rig_up(&f, "6.12", 1);
	assert_ok(&f.rig, vhc_dirty_start(f.rig.mem));
	vhc_mem_clear(f.rig.mem);
	assert_ok(&f.rig, file_rig_add(&f, f.fd, RIG_GUEST, FILE_SIZE, 0));
	assert_ok(&f.rig, vhc_mem_commit(f.rig.mem));
	for (uint32_t i = 0; i < 2; i++) {
		assert_true(rig_kernel_ring(&f.rig, i)->log_used);
		assert_int_equal(rig_kernel_ring(&f.rig, i)->log_addr, rig_addr(i).used);
		assert_int_equal(rig_kernel_ring(&f.rig, i)->used,
				 file_rig_region(&f, 0, 0)->user + i * RIG_RING_ROOM + 0x2000);
	}
	assert_true(crowd_check(f.rig.fake));
	file_rig_down(&f);
}

static void failed_move_is_undone(void **state)
{
	for (uint32_t n = 1; n <= 4; n++) {
		struct fake_ring before[4];

		file_rig_up(&f, "6.12", 2);
		for (uint32_t i = 0; i < 4; i++)
			before[i] = *rig_kernel_ring(&f.rig, i);
		fake_fail(f.rig.fake, ADDR, n, EFAULT);
		vhc_mem_clear(f.rig.mem);
		assert_ok(&f.rig, file_rig_add(&f, f.fd, RIG_GUEST, FILE_SIZE, 0));
		assert_int_equal(vhc_mem_commit(f.rig.mem), -EFAULT);
		assert_int_equal(file_rig_maps(&f), 1);
		for (uint32_t i = 0; i < 4; i++)
			assert_memory_equal(&before[i], rig_kernel_ring(&f.rig, i),
					    sizeof(before[i]));
		for (uint32_t i = 0; i < 2; i++)
			assert_int_equal(file_rig_region(&f, i, 0)->size, f.rig.ram_size);
		vhc_mem_clear(f.rig.mem);
		assert_ok(&f.rig, file_rig_add(&f, f.fd, RIG_GUEST, FILE_SIZE, 0));
		assert_ok(&f.rig, vhc_mem_commit(f.rig.mem));
		file_rig_down(&f);
	}
}

/* Other memory at the guest address of a running ring: its indices are not there. */
static void other_memory_under_running_ring_is_ebusy(void **state)
{
	int other;

	file_rig_up(&f, "6.12", 1);
	other = file_rig_new(&f);
	assert_ok(&f.rig, file_rig_set(&f, other));
	assert_int_equal(vhc_mem_commit(f.rig.mem), -EBUSY);
	assert_says(&f.rig, "ring 0", "running");
	assert_int_equal(file_rig_maps(&f), 1);
	assert_ok(&f.rig, vhc_dev_stop(f.rig.dev));
	assert_ok(&f.rig, file_rig_set(&f, other));
	assert_ok(&f.rig, vhc_mem_commit(f.rig.mem));
	assert_ok(&f.rig, vhc_dev_start(f.rig.dev));
	assert_int_equal(file_rig_maps(&f), 1);
	fake_close(f.rig.fake, other);
	file_rig_down(&f);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(ring_moves_with_its_memory),
		cmocka_unit_test(ring_that_logs_moves),
		cmocka_unit_test(failed_move_is_undone),
		cmocka_unit_test(other_memory_under_running_ring_is_ebusy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
