/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * iommu-map-fails - a map or unmap that fails at any of its messages, and other changes that make the
 * kernel empty its table: every vhost fd has the mappings that it had.
 */
#include "iommu-rig.h"

/* The kernel's mappings, in an order that does not tell when they came. */
static uint64_t digest(const struct fake_vhost *vhost)
{
	uint64_t sum = vhost->mappings;

	for (uint32_t i = 0; i < vhost->mappings; i++) {
		const struct fake_mapping *map = &vhost->mapping[i];

		sum += (map->iova * 31 + map->size * 7 + map->user + map->perm) *
		       0x9e3779b97f4a7c15;
	}
	return sum;
}

static int map_over_two(struct rig *rig)
{
	return rig_map_at(rig, AT + PAGE / 2, 2 * PAGE, RIG_GUEST + 2 * PAGE, VHC_PERM_READ);
}

static int map_one_more(struct rig *rig)
{
	return rig_map_at(rig, 0x5000, PAGE, RIG_GUEST + 2 * PAGE, VHC_PERM_READ);
}

static int unmap_the_middle(struct rig *rig)
{
	return vhc_dev_unmap(rig->dev, AT + PAGE / 4, PAGE / 4);
}

static int unmap_both(struct rig *rig)
{
	return vhc_dev_unmap(rig->dev, AT, 16 * PAGE);
}

/* In a table that is full with three, or is not. */
static void fail_at_each_message(int limit)
{
	static int (*const acts[])(struct rig * rig) = { map_over_two, map_one_more,
							 unmap_the_middle, unmap_both };

	for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++)
		for (uint32_t n = 1;; n++) {
			uint64_t before[3];
			struct rig rig;
			int r;

			rig_new(&rig, kernel_of(n), 3);
			rig.iommu = true;
			fake_profile(rig.fake)->max_mappings = limit;
			rig_up(&rig);
			map_pages(&rig, AT, 2);
			for (uint32_t j = 0; j < 3; j++)
				before[j] = digest(rig_vhost(&rig, j));
			fake_fail(rig.fake, "VHOST_IOTLB_", n, EFAULT);
			r = acts[i](&rig);
			if (!fake_failed(rig.fake)) {
				assert_int_equal(r, 0);
				rig_free(&rig);
				assert_true(n > 3); /* one for each fd at least */
				break;
			}
			assert_int_equal(r, -EFAULT);
			assert_says(&rig, "net0", "vhost fd", "VHOST_IOTLB_", "IOMMU", "EFAULT");
			for (uint32_t j = 0; j < 3; j++)
				assert_int_equal(digest(rig_vhost(&rig, j)), before[j]);
			/* the same again is not so already */
			assert_ok(&rig, acts[i](&rig));
			for (uint32_t j = 0; j < 3; j++) {
				assert_int_not_equal(digest(rig_vhost(&rig, j)), before[j]);
				assert_int_equal(digest(rig_vhost(&rig, j)),
						 digest(rig_vhost(&rig, 0)));
			}
			rig_free(&rig);
		}
}

static void failed_map_is_undone_on_all_fds(void **state)
{
	fail_at_each_message(3);
	fail_at_each_message(2048);
}

static void failed_map_undo_is_estale(void **state)
{
	struct rig rig;

	up(&rig, "6.1", 2);
	map_pages(&rig, AT, 2);
	fake_fail(rig.fake, "VHOST_IOTLB_", 5, EFAULT);
	fake_fail(rig.fake, "VHOST_IOTLB_", 6, ENOMEM);
	assert_int_equal(map_over_two(&rig), -ESTALE);
	assert_int_equal(rig_map(&rig), -ESTALE);
	assert_int_equal(vhc_dev_unmap(rig.dev, 0, 1), -ESTALE);
	assert_ok(&rig, vhc_dev_reset(rig.dev));
	assert_ok(&rig, rig_features(&rig));
	assert_ok(&rig, rig_map(&rig));
	assert_ok(&rig, rig_rings(&rig));
	assert_ok(&rig, rig_start(&rig));
	assert_int_equal(rig_vhost(&rig, 0)->mappings, 1);
	assert_int_equal(rig_vhost(&rig, 1)->mappings, 1);
	rig_free(&rig);
}

/* VHOST_SET_FEATURES empties the table of a vhost fd, but one that fails leaves it. */
static void failed_dirty_start_leaves_each_mapping_once(void **state)
{
	for (uint32_t n = 1;; n++) {
		uint64_t before[3];
		struct rig rig;
		int r;

		up(&rig, kernel_of(n), 3);
		map_pages(&rig, AT, 3);
		for (uint32_t i = 0; i < 3; i++)
			before[i] = digest(rig_vhost(&rig, i));
		fake_fail(rig.fake, "VHOST_", n, EFAULT);
		r = vhc_dirty_start(rig.mem);
		if (!fake_failed(rig.fake)) {
			assert_ok(&rig, r);
			rig_free(&rig);
			assert_true(n > 3 * 4); /* features, and each mapping, of each fd */
			break;
		}
		assert_int_equal(r, -EFAULT);
		for (uint32_t i = 0; i < 3; i++)
			assert_int_equal(digest(rig_vhost(&rig, i)), before[i]);
		assert_ok(&rig, vhc_dirty_start(rig.mem));
		for (uint32_t i = 0; i < 3; i++)
			assert_int_equal(digest(rig_vhost(&rig, i)), before[i]);
		rig_free(&rig);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(failed_map_is_undone_on_all_fds),
		cmocka_unit_test(failed_map_undo_is_estale),
		cmocka_unit_test(failed_dirty_start_leaves_each_mapping_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
