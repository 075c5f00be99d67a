/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * files-unmap - a region that is mapped from a file is unmapped once no ring can be in it, and not before.
 */
#include "file-rig.h"

static struct file_rig f;

static void staged_region_is_unmapped_with_its_edit(void **state)
{
	file_rig_prepare(&f, "6.12", 1);
	assert_ok(&f.rig, file_rig_add(&f, f.fd, RIG_MORE, PAGE, 0));
	assert_int_equal(file_rig_maps(&f), 2);
	assert_ok(&f.rig, vhc_mem_del(f.rig.mem, RIG_MORE, PAGE));
	assert_int_equal(file_rig_maps(&f), 1);
	assert_ok(&f.rig, file_rig_add(&f, f.fd, RIG_MORE, PAGE, 0));
	vhc_mem_clear(f.rig.mem);
	assert_int_equal(file_rig_maps(&f), 1);
	assert_ok(&f.rig, file_rig_add(&f, f.fd, RIG_MORE, PAGE, 0));
	assert_int_equal(file_rig_add(&f, f.fd, RIG_MORE, PAGE, 0), -EINVAL);
	assert_int_equal(vhc_mem_commit(f.rig.mem), -EINVAL);
	assert_int_equal(file_rig_maps(&f), 1);
	assert_ok(&f.rig, rig_start(&f.rig));
	assert_int_equal(file_rig_region(&f, 0, 0)->guest, RIG_GUEST);
	/* one that is never committed goes with the memory object */
	assert_ok(&f.rig, file_rig_add(&f, f.fd, RIG_MORE, PAGE, 0));
	file_rig_down(&f);
}

/* The guest has gone: its memory does, while the device stays as it is. */
static void memory_of_stopped_device_is_unmapped_at_once(void **state)
{
	int next;

	file_rig_up(&f, "6.12", 1);
	assert_ok(&f.rig, vhc_dev_stop(f.rig.dev));
	vhc_mem_clear(f.rig.mem);
	assert_ok(&f.rig, vhc_mem_commit(f.rig.mem));
	assert_int_equal(file_rig_maps(&f), 0);
	assert_int_equal(vhc_dev_start(f.rig.dev), -EAGAIN);
	assert_says(&f.rig, "memory");
	/* the next guest */
	next = file_rig_new(&f);
	assert_ok(&f.rig, file_rig_set(&f, next));
	assert_ok(&f.rig, vhc_mem_commit(f.rig.mem));
	assert_ok(&f.rig, vhc_dev_start(f.rig.dev));
	assert_int_equal(file_rig_maps(&f), 1);
	fake_close(f.rig.fake, next);
	file_rig_down(&f);
}

/* Memory that a device left goes with its object, though the device has not been told other memory yet. */
static void memory_that_device_left_is_unmapped(void **state)
{
	struct vhc_mem *other;

	file_rig_up(&f, "6.12", 1);
	assert_ok(&f.rig, vhc_dev_stop(f.rig.dev));
	assert_ok(&f.rig, vhc_mem_new(f.rig.ctx, &other));
	assert_ok(&f.rig, vhc_dev_set_mem(f.rig.dev, other));
	vhc_mem_free(f.rig.mem);
	f.rig.mem = other;
	assert_int_equal(file_rig_maps(&f), 0);
	/* and memory that a running device has stays */
	assert_ok(&f.rig, file_rig_set(&f, f.fd));
	assert_ok(&f.rig, vhc_mem_commit(f.rig.mem));
	assert_ok(&f.rig, vhc_dev_start(f.rig.dev));
	vhc_mem_free(f.rig.mem);
	f.rig.mem = NULL;
	assert_int_equal(file_rig_maps(&f), 1);
	assert_ok(&f.rig, vhc_ring_check(f.rig.dev, 0));
	file_rig_down(&f);
}

static void failed_commit_keeps_mappings_of_before(void **state)
{
	for (uint32_t k = 1; k <= 2; k++) {
		uint64_t at;
		int more;

		file_rig_up(&f, "6.12", 2);
		more = file_rig_new(&f);
		at = file_rig_region(&f, 0, 0)->user;
		fake_fail(f.rig.fake, "VHOST_SET_MEM_TABLE", k, ENOMEM);
		assert_ok(&f.rig, file_rig_add(&f, more, RIG_MORE, PAGE, 0));
		assert_int_equal(file_rig_maps(&f), 2);
		assert_int_equal(vhc_mem_commit(f.rig.mem), -ENOMEM);
		assert_int_equal(file_rig_maps(&f), 1);
		for (uint32_t pair = 0; pair < 2; pair++) {
			assert_int_equal(rig_vhost(&f.rig, pair)->regions, 1);
			assert_int_equal(file_rig_region(&f, pair, 0)->user, at);
		}
		fake_close(f.rig.fake, more);
		file_rig_down(&f);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(staged_region_is_unmapped_with_its_edit),
		cmocka_unit_test(memory_of_stopped_device_is_unmapped_at_once),
		cmocka_unit_test(memory_that_device_left_is_unmapped),
		cmocka_unit_test(failed_commit_keeps_mappings_of_before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
