/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * iommu-memory - what becomes of mappings when the guest's memory changes.
 */
#include <sys/mman.h>

#include "iommu-rig.h"

/* A second piece of memory, and what is mapped of both. */
static void two_pieces(struct rig *rig, void *more)
{
	rig_iommu(rig, "6.12", 2);
	rig_up(rig);
	assert_ok(rig, vhc_dev_stop(rig->dev));
	assert_ok(rig,
		  vhc_mem_add(rig->mem, VHC_ARG(vhc_region, .guest_addr = 0x100000000,
						.size = 8 * PAGE, .user_addr = (uintptr_t)more)));
	assert_ok(rig, vhc_mem_commit(rig->mem));
	assert_ok(rig, rig_map_at(rig, 0x20000, 8 * PAGE, 0x100000000, RIG_RW));
	assert_ok(rig, rig_start(rig));
}

static void commit_drops_mappings_of_moved_memory(void **state)
{
	char *more =
		mmap(NULL, 16 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_ptr_not_equal(more, MAP_FAILED);
	for (int moves = 0; moves < 2; moves++) {
		struct rig rig;

		two_pieces(&rig, more);
		assert_ok(&rig, vhc_dev_stop(rig.dev));
		assert_ok(&rig, vhc_mem_del(rig.mem, 0x100000000, 8 * PAGE));
		/* its first half stays, the second moves or goes */
		assert_ok(&rig, vhc_mem_add(rig.mem, VHC_ARG(vhc_region, .guest_addr = 0x100000000,
							     .size = 4 * PAGE,
							     .user_addr = (uintptr_t)more)));
		if (moves)
			assert_ok(&rig,
				  vhc_mem_add(rig.mem,
					      VHC_ARG(vhc_region, .guest_addr = 0x100004000,
						      .size = 4 * PAGE,
						      .user_addr = (uintptr_t)more + 8 * PAGE)));
		assert_ok(&rig, vhc_mem_commit(rig.mem));
		for (uint32_t i = 0; i < 2; i++) {
			struct fake_vhost *vhost = rig_vhost(&rig, i);

			assert_int_equal(fake_translate(vhost, 0x20010, 3), (uintptr_t)more + 0x10);
			assert_int_equal(fake_translate(vhost, 0x23fff, 3),
					 (uintptr_t)more + 0x3fff);
			assert_int_equal(fake_translate(vhost, 0x24000, 1), 0);
			assert_int_equal(vhost->mappings, 2);
		}
		/* the rings' mapping holds */
		assert_ok(&rig, rig_start(&rig));
		assert_true(runs(&rig));
		rig_free(&rig);
	}
	munmap(more, 16 * PAGE);
}

static void failed_commit_keeps_mappings(void **state)
{
	char *more =
		mmap(NULL, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_ptr_not_equal(more, MAP_FAILED);
	for (uint32_t n = 1; n <= 2; n++) {
		struct rig rig;

		two_pieces(&rig, more);
		assert_ok(&rig, vhc_dev_stop(rig.dev));
		assert_ok(&rig, vhc_mem_del(rig.mem, 0x100000000, 8 * PAGE));
		fake_fail(rig.fake, "VHOST_IOTLB_", n, EFAULT);
		assert_int_equal(vhc_mem_commit(rig.mem), -EFAULT);
		assert_says(&rig, "net0", "VHOST_IOTLB_INVALIDATE");
		for (uint32_t i = 0; i < 2; i++)
			assert_int_equal(fake_translate(rig_vhost(&rig, i), 0x20010, 3),
					 (uintptr_t)more + 0x10);
		assert_ok(&rig, vhc_mem_del(rig.mem, 0x100000000, 8 * PAGE));
		assert_ok(&rig, vhc_mem_commit(rig.mem));
		for (uint32_t i = 0; i < 2; i++)
			assert_int_equal(fake_translate(rig_vhost(&rig, i), 0x20010, 3), 0);
		rig_free(&rig);
	}
	munmap(more, 8 * PAGE);
}

static void set_mem_drops_mappings(void **state)
{
	struct vhc_mem *other;
	struct rig rig;

	rig_iommu(&rig, "7.2", 1);
	rig_up(&rig);
	assert_ok(&rig, vhc_dev_stop(rig.dev));
	assert_ok(&rig, vhc_mem_new(rig.ctx, &other));
	fake_fail(rig.fake, "VHOST_IOTLB_", 1, EFAULT);
	assert_int_equal(vhc_dev_set_mem(rig.dev, other), -EFAULT);
	assert_int_equal(rig_vhost(&rig, 0)->mappings, 1);
	assert_ok(&rig, vhc_dev_set_mem(rig.dev, other));
	assert_int_equal(rig_vhost(&rig, 0)->mappings, 0);
	vhc_mem_free(other);
	rig_free(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commit_drops_mappings_of_moved_memory),
		cmocka_unit_test(failed_commit_keeps_mappings),
		cmocka_unit_test(set_mem_drops_mappings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
