/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * files-fault - regions that are mapped from files: whatever fails, memory of a running ring stays mapped,
 * and a file that a peer makes shorter is no signal.
 */
#include "file-rig.h"

static struct file_rig f;

static int change_memory(void)
{
	int r = file_rig_set(&f, f.fd);

	r = r ? r : file_rig_add(&f, f.fd, RIG_MORE, 0x8000, 0x10000);
	r = r ? r : vhc_mem_commit(f.rig.mem);
	vhc_mem_clear(f.rig.mem);
	r = r ? r : file_rig_add(&f, f.fd, RIG_GUEST, FILE_SIZE, 0);
	r = r ? r : file_rig_add(&f, f.fd, RIG_MORE, 0x8000, 0x10000);
	r = r ? r : vhc_mem_commit(f.rig.mem);
	r = r ? r : vhc_mem_del(f.rig.mem, RIG_MORE, 0x8000);
	r = r ? r : file_rig_add(&f, f.fd, RIG_MORE + 0x8000, 0x8000, 0x10000);
	r = r ? r : vhc_mem_commit(f.rig.mem);
	return r;
}

/* Whatever fails, and once more right after it: the rig watches on. */
static void no_fault_unmaps_memory_of_running_ring(void **state)
{
	uint32_t calls = 1000;

	for (uint32_t n = 1; n <= calls; n++)
		for (uint32_t again = 0; again < 4; again++) {
			int r;

			file_rig_up(&f, "6.12", 2);
			fake_fail(f.rig.fake, "", n, EIO);
			if (again)
				fake_fail(f.rig.fake, "", n + again, EPERM);
			r = change_memory();
			calls = fake_failed(f.rig.fake) ? calls : 0;
			assert_true(calls ? r < 0 : r == 0);
			fake_forget_failures(f.rig.fake);
			if (r == -ESTALE)
				assert_ok(&f.rig, vhc_dev_reset(f.rig.dev));
			else
				assert_ok(&f.rig, change_memory());
			file_rig_down(&f);
		}
}

/* Not even if the undo fails, and rings cannot be stopped: one then runs in memory of a table that nobody has. */
static void stuck_device_keeps_memory_of_failed_commit(void **state)
{
	file_rig_up(&f, "6.12", 2);
	fake_fail(f.rig.fake, "VHOST_SET_MEM_TABLE", 2, EIO);
	fake_fail(f.rig.fake, "VHOST_SET_MEM_TABLE", 3, EIO);
	for (uint32_t i = 1; i <= 4; i++) {
		fake_fail(f.rig.fake, "VHOST_NET_SET_BACKEND", i, EIO);
		fake_fail(f.rig.fake, "VHOST_RESET_OWNER", i, EIO);
	}
	assert_ok(&f.rig, file_rig_add(&f, f.fd, RIG_MORE, 0x8000, 0x10000));
	assert_int_equal(vhc_mem_commit(f.rig.mem), -ESTALE);
	assert_true(rig_kernel_ring(&f.rig, 0)->runs);
	assert_int_equal(rig_vhost(&f.rig, 0)->regions, 2);
	assert_int_equal(file_rig_maps(&f), 2);
	assert_true(file_rig_mapped(rig_vhost(&f.rig, 0)));
	fake_forget_failures(f.rig.fake);
	assert_ok(&f.rig, vhc_dev_reset(f.rig.dev));
	assert_int_equal(file_rig_maps(&f), 1);
	file_rig_down(&f);
}

/* The peer makes its file shorter: what is read of it is an error, and no signal. */
static void truncated_file_is_no_signal(void **state)
{
	file_rig_prepare(&f, "6.12", 1);
	fake_truncate(f.rig.fake, f.fd, 0);
	assert_int_equal(vhc_ring_check(f.rig.dev, 0), -EINVAL);
	assert_says(&f.rig, "ring 0", "cannot be read", "EFAULT");
	assert_int_equal(vhc_ring_recover_base(f.rig.dev, 0), -EINVAL);
	assert_int_equal(vhc_dev_start(f.rig.dev), -EINVAL);
	/* the same table again is not accepted any more */
	assert_int_equal(file_rig_set(&f, f.fd), -EINVAL);
	assert_int_equal(vhc_mem_commit(f.rig.mem), -EINVAL);
	fake_truncate(f.rig.fake, f.fd, FILE_SIZE);
	assert_ok(&f.rig, vhc_dirty_start(f.rig.mem));
	assert_ok(&f.rig, vhc_dev_start(f.rig.dev));
	fake_truncate(f.rig.fake, f.fd, 0);
	fake_raise_error(f.rig.fake, rig_vhost(&f.rig, 0), 1, 1);
	assert_int_equal(vhc_ring_check(f.rig.dev, 1), -EINVAL);
	assert_ok(&f.rig, vhc_dirty_sync(f.rig.mem));
	assert_ok(&f.rig, vhc_dev_stop(f.rig.dev));
	file_rig_down(&f);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_fault_unmaps_memory_of_running_ring),
		cmocka_unit_test(stuck_device_keeps_memory_of_failed_commit),
		cmocka_unit_test(truncated_file_is_no_signal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
