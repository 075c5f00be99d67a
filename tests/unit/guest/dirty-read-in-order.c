/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * dirty-read-in-order - a pass has the used rings of a device with IN_ORDER, whose writes the kernel does not
 * all log.
 */
#include <linux/vhost.h>

#include "rig.h"

/* A device whose driver accepted IN_ORDER or not. */
static void up_in_order(struct rig *one, bool in_order, bool iommu)
{
	rig_new(one, "7.2", 1);
	one->iommu = iommu;
	if (in_order)
		vhc_features_add(&one->acked, VHI_F_IN_ORDER);
	rig_up(one);
	assert_ok(one, vhc_dirty_start(one->mem));
}

/* Which pages of the memory are dirty, as bits. */
static uint64_t dirty_of(struct rig *one)
{
	uint64_t bitmap = 0;

	assert_ok(one, vhc_dirty_sync(one->mem));
	assert_ok(one, vhc_dirty_read(one->mem, RIG_GUEST, one->ram_size, &bitmap, 0, NULL));
	return bitmap;
}

/* Linux 7.2 does not log all that it writes there: pages 2 and 6, each used ring in one of its own. */
static void sync_of_in_order_device_has_its_used_rings(void **state)
{
	for (uint32_t i = 0; i < 8; i++) {
		bool in_order = i & 1, iommu = i & 2;
		uint64_t want = in_order ? 1 << 2 | 1 << 6 : 0;
		struct rig one;

		up_in_order(&one, in_order, iommu);
		assert_int_equal(
			vhc_dirty_set_mode(one.mem, i & 4 ? VHC_DIRTY_SWAP : VHC_DIRTY_EXCHANGE),
			0);
		/* while they run, in each pass; once more for what came before the stop */
		assert_int_equal(dirty_of(&one), want);
		assert_int_equal(dirty_of(&one), want);
		assert_ok(&one, vhc_ring_stop(one.dev, 1));
		assert_int_equal(dirty_of(&one), want);
		assert_int_equal(dirty_of(&one), want & ~(1ull << 6));
		assert_ok(&one, vhc_dev_stop(one.dev));
		assert_int_equal(dirty_of(&one), want & ~(1ull << 6));
		assert_int_equal(dirty_of(&one), 0);
		/* or without a stop */
		assert_ok(&one, rig_start(&one));
		vhc_dev_close(one.dev);
		one.dev = NULL;
		assert_int_equal(dirty_of(&one), want & ~(1ull << 6));
		rig_free(&one);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sync_of_in_order_device_has_its_used_rings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
