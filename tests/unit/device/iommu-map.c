/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * iommu-map - map and unmap: what is refused, what vhost is told, and that its table is at any time a part
 * of what was mapped, with nothing in it twice.
 */
#include "memory/iotlb.h"

#include "iommu-rig.h"

/* ---------------------------------------------------------------------------------- what is refused */

static void map_without_iommu_is_eopnotsupp(void **state)
{
	struct rig *rig = *state;

	vhc_features_add(&rig->acked, VHI_F_ACCESS_PLATFORM);
	rig_up(rig);
	/* the bit alone does not mean it, and vhost does not get it */
	assert_false(rig_kernel_ring(rig, 0)->features[0] >> VHI_F_ACCESS_PLATFORM & 1);
	assert_int_equal(rig_map(rig), -EOPNOTSUPP);
	assert_says(rig, "net0", "VHC_GUEST_IOMMU");
	assert_int_equal(vhc_dev_unmap(rig->dev, RIG_IOVA, PAGE), -EOPNOTSUPP);
	assert_says(rig, "net0", "VHC_GUEST_IOMMU");
	/* nor may it be turned on under way */
	assert_int_equal(vhc_dev_set_features(rig->dev, &rig->acked, VHC_GUEST_IOMMU), -EBUSY);
	assert_ok(rig, vhc_dev_set_features(rig->dev, &rig->acked, 0));
	assert_int_equal(fake_count(rig->fake, "VHOST_IOTLB"), 0);
	assert_int_equal(fake_count(rig->fake, "VHOST_GET_BACKEND_FEATURES"), 0);
}

static void map_with_bad_arguments_is_einval(void **state)
{
	static const struct {
		struct vhc_map map;
		const char *says[3];
	} bad[] = {
		{ { .size = 0, .addr = RIG_GUEST, .perm = 3 }, { "size of 0" } },
		{ { .iova = 0 - PAGE, .size = PAGE + 1, .addr = RIG_GUEST, .perm = 3 },
		  { "0xfffffffffffff000", "last address" } },
		{ { .iova = 5, .size = UINT64_MAX, .addr = RIG_GUEST, .perm = 3 },
		  { "last address" } },
		{ { .size = PAGE, .addr = RIG_GUEST, .perm = 0 }, { "perm 0x0", "VHC_PERM_" } },
		{ { .size = PAGE, .addr = RIG_GUEST, .perm = 4 }, { "perm 0x4" } },
		{ { .size = PAGE, .addr = RIG_GUEST, .perm = 3, .flags = 2 }, { "flags 0x2" } },
		{ { .iova = 0x777000, .size = PAGE, .addr = 0x5000, .perm = 3 },
		  { "0x777000", "0x5000", "below the first region" } },
		{ { .size = PAGE, .addr = RIG_GUEST + 2 * RIG_RING_ROOM, .perm = 3 },
		  { "0x40008000", "above the last region" } },
	};
	struct { /* one that a newer caller knows */
		struct vhc_map map;
		uint64_t more;
	} longer = { { sizeof(longer), RIG_IOVA, PAGE, RIG_GUEST, 3, 0 }, 0 };
	struct rig rig;

	up(&rig, "6.12", 1);
	fake_forget_calls(rig.fake);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct vhc_map map = bad[i].map;

		map.sz = sizeof(map);
		assert_int_equal(vhc_dev_map(rig.dev, &map), -EINVAL);
		assert_says(&rig, "net0");
		for (size_t j = 0; j < 3 && bad[i].says[j]; j++)
			assert_says(&rig, bad[i].says[j]);
	}
	assert_int_equal(vhc_dev_map(rig.dev, &(struct vhc_map){ .size = PAGE }), -EINVAL);
	assert_ok(&rig, vhc_dev_map(rig.dev, &longer.map));
	longer.more = 1;
	assert_int_equal(vhc_dev_map(rig.dev, &longer.map), -E2BIG);
	assert_int_equal(vhc_dev_unmap(rig.dev, RIG_IOVA, 0), -EINVAL);
	assert_says(&rig, "net0", "size of 0");
	assert_int_equal(vhc_dev_unmap(rig.dev, 0 - PAGE, 2 * PAGE), -EINVAL);
	assert_int_equal(fake_calls(rig.fake), 0);
	rig_free(&rig);
}

static void map_without_memory_is_eagain(void **state)
{
	struct vhc_mem *empty;
	struct rig *rig = *state;

	rig->iommu = true;
	assert_ok(rig, rig_tap(rig));
	assert_ok(rig, rig_dev(rig));
	assert_ok(rig, vhc_dev_set_tap(rig->dev, rig->tap));
	assert_ok(rig, rig_features(rig));
	assert_int_equal(rig_map_at(rig, RIG_IOVA, PAGE, RIG_GUEST, RIG_RW), -EAGAIN);
	assert_says(rig, "memory", "vhc_dev_set_mem", "vhc_mem_commit");
	assert_ok(rig, vhc_mem_new(rig->ctx, &empty));
	assert_ok(rig, vhc_dev_set_mem(rig->dev, empty));
	assert_int_equal(rig_map_at(rig, RIG_IOVA, PAGE, RIG_GUEST, RIG_RW), -EAGAIN);
	vhc_mem_clear(empty);
	assert_ok(rig, vhc_mem_commit(empty));
	assert_int_equal(rig_map_at(rig, RIG_IOVA, PAGE, RIG_GUEST, RIG_RW), -EINVAL);
	assert_says(rig, "in no region");
	vhc_mem_free(empty);
}

/* The device asks for each part again, and a stopped ring starts when it has its used ring. */
static void unmap_takes_running_rings_too(void **state)
{
	struct vhc_ring_addr addr = rig_io_addr(1);
	struct rig rig;

	up(&rig, "7.2", 1);
	assert_ok(&rig, vhc_dev_unmap(rig.dev, addr.used, 1));
	assert_int_equal(fake_translate(rig_vhost(&rig, 0), addr.used, RIG_RW), 0);
	assert_ok(&rig, vhc_dev_unmap(rig.dev, 0, UINT64_MAX));
	assert_int_equal(rig_vhost(&rig, 0)->mappings, 0);
	assert_true(rig_kernel_ring(&rig, 1)->runs);
	assert_ok(&rig, vhc_dev_stop(rig.dev));
	assert_int_equal(rig_start(&rig), -EAGAIN);
	assert_says(&rig, "ring 0", "used ring", "not mapped", "vhc_dev_map");
	rig_free(&rig);
}

/* vhost would wait silently: it asks for what is not mapped, and not for a permission. */
static void map_that_harms_running_ring_is_ebusy(void **state)
{
	struct vhc_ring_addr addr = rig_io_addr(1);
	uint64_t last = rig_addr(3).desc + RIG_RING_ROOM - PAGE;
	struct rig rig;

	up(&rig, "6.1", 2);
	fake_forget_calls(rig.fake);
	assert_int_equal(rig_map_at(&rig, addr.used, PAGE, RIG_GUEST, VHC_PERM_READ), -EBUSY);
	assert_says(&rig, "ring 1", "used ring", "0x1000006000", "read and write", "stop the ring");
	assert_int_equal(rig_map_at(&rig, addr.used + 4, 1, RIG_GUEST, VHC_PERM_WRITE), -EBUSY);
	assert_int_equal(rig_map_at(&rig, addr.desc, 1, RIG_GUEST, VHC_PERM_WRITE), -EBUSY);
	assert_says(&rig, "ring 1", "descriptor", "0x1000004000", "permission to read it");
	assert_int_equal(rig_map_at(&rig, addr.avail + 8, 1, RIG_GUEST, VHC_PERM_WRITE), -EBUSY);
	/* cut at the end of the region, it leaves the used ring behind without a mapping */
	assert_int_equal(rig_map_at(&rig, addr.used - PAGE, 2 * PAGE, last, RIG_RW), -EBUSY);
	assert_says(&rig, "ring 1", "used ring", "unmapped");
	assert_int_equal(fake_calls(rig.fake), 0);
	/* the same memory, or other, with what the ring needs */
	assert_ok(&rig, rig_map_at(&rig, addr.used, PAGE, rig_addr(1).used, RIG_RW));
	assert_ok(&rig, rig_map_at(&rig, addr.desc, PAGE, RIG_GUEST, VHC_PERM_READ));
	assert_ok(&rig, vhc_dev_stop(rig.dev));
	assert_ok(&rig, rig_map_at(&rig, addr.used, PAGE, RIG_GUEST, VHC_PERM_READ));
	assert_int_equal(rig_start(&rig), -EINVAL);
	assert_says(&rig, "ring 1", "used ring", "permission");
	rig_free(&rig);
}

/* ------------------------------------------------------------------------------- what vhost has */

/* What was mapped behind the cut is replaced by nothing. */
static void map_past_region_is_cut(void **state)
{
	struct rig rig;

	up(&rig, "6.12", 2);
	for (int again = 0; again < 2; again++) {
		assert_ok(&rig, rig_map_at(&rig, 0x8000, 4 * PAGE, RIG_GUEST, RIG_RW));
		/* the second time it is mapped like this, but for the rest */
		assert_ok(&rig, rig_map_at(&rig, 0x5000, 6 * PAGE,
					   RIG_GUEST + rig.ram_size - 3 * PAGE, VHC_PERM_READ));
		for (uint32_t i = 0; i < 2; i++) {
			const struct fake_vhost *vhost = rig_vhost(&rig, i);

			assert_int_equal(fake_translate(vhost, 0x5000, 1),
					 (uintptr_t)rig.ram + rig.ram_size - 3 * PAGE);
			assert_int_equal(fake_translate(vhost, 0x7fff, 1),
					 (uintptr_t)rig.ram + rig.ram_size - 1);
			assert_int_equal(fake_translate(vhost, 0x7fff, 2), 0);
			for (uint64_t iova = 0x8000; iova < 0xb000; iova += PAGE)
				assert_int_equal(fake_translate(vhost, iova, 1), 0);
			assert_int_equal(fake_translate(vhost, 0xb000, RIG_RW),
					 (uintptr_t)rig.ram + 3 * PAGE);
		}
	}
	rig_free(&rig);
}

static void map_of_mapped_range_makes_no_call(void **state)
{
	struct rig rig;

	up(&rig, "6.1", 2);
	fake_forget_calls(rig.fake);
	assert_ok(&rig, rig_map(&rig));
	assert_ok(&rig, rig_map_at(&rig, RIG_IOVA + PAGE, PAGE, RIG_GUEST + PAGE, RIG_RW));
	assert_ok(&rig, vhc_dev_unmap(rig.dev, 0, PAGE));
	assert_int_equal(fake_calls(rig.fake), 0);
	rig_free(&rig);
}

static void map_reaches_every_vhost_fd(void **state)
{
	struct rig rig;

	up(&rig, "7.2", 4);
	assert_ok(&rig, rig_map_at(&rig, 0x5000, PAGE, RIG_GUEST + PAGE, VHC_PERM_WRITE));
	for (uint32_t i = 0; i < 4; i++)
		assert_int_equal(fake_translate(rig_vhost(&rig, i), 0x5010, VHC_PERM_WRITE),
				 (uintptr_t)rig.ram + PAGE + 0x10);
	assert_ok(&rig, vhc_dev_unmap(rig.dev, 0x5800, 1));
	for (uint32_t i = 0; i < 4; i++) {
		assert_int_equal(fake_translate(rig_vhost(&rig, i), 0x5800, VHC_PERM_WRITE), 0);
		/* the rest of it is sent again: vhost knows mappings only whole */
		assert_int_equal(fake_translate(rig_vhost(&rig, i), 0x57ff, VHC_PERM_WRITE),
				 (uintptr_t)rig.ram + PAGE + 0x7ff);
		assert_int_equal(fake_translate(rig_vhost(&rig, i), 0x5801, VHC_PERM_WRITE),
				 (uintptr_t)rig.ram + PAGE + 0x801);
		assert_int_equal(rig_vhost(&rig, i)->mappings, 3);
	}
	rig_free(&rig);
}

/* Where a page of the model leads, and how; 0: it is not mapped. */
struct page {
	uint64_t guest;
	uint32_t perm;
};

#define PAGES 64u
static void compare(struct rig *rig, const struct page *pages)
{
	for (uint32_t n = 0; n < rig->pairs; n++) {
		const struct fake_vhost *vhost = rig_vhost(rig, n);
		uint64_t bytes = 0;

		for (uint32_t i = 0; i < PAGES; i++) {
			uint64_t user = pages[i].guest
						? pages[i].guest - RIG_GUEST + (uintptr_t)rig->ram
						: 0;

			for (uint8_t perm = 1; perm <= 3; perm++)
				assert_int_equal(fake_translate(vhost, AT + i * PAGE + 9, perm),
						 user && (pages[i].perm & perm) == perm ? user + 9
											: 0);
			bytes += pages[i].guest ? PAGE : 0;
		}
		/* and nothing besides: no page twice */
		for (uint32_t i = 0; i < vhost->mappings; i++)
			bytes -= vhost->mapping[i].size;
		assert_int_equal(bytes + rig->ram_size, 0);
	}
}

static void random_maps_translate_as_expected(void **state)
{
	uint64_t seed = 1;

	for (uint32_t round = 0; round < 12; round++) {
		struct page pages[PAGES] = { { 0 } };
		struct rig rig;

		up(&rig, kernel_of(round), 1 + round % 3);
		for (uint32_t step = 0; step < 200; step++) {
			uint32_t first, count, room = (uint32_t)(rig.ram_size / PAGE), offset;
			uint32_t perm;

			seed = seed * 6364136223846793005 + 1442695040888963407;
			first = seed >> 33 & (PAGES - 1);
			count = 1 + (seed >> 40 & 3);
			offset = (uint32_t)(seed >> 45) % (room - 3);
			perm = 1 + (uint32_t)((seed >> 20) % 3);
			count = count < PAGES - first ? count : PAGES - first;
			if (seed >> 60 < 5) {
				assert_ok(&rig,
					  vhc_dev_unmap(rig.dev, AT + first * PAGE, count * PAGE));
				memset(&pages[first], 0, count * sizeof(pages[0]));
			} else {
				assert_ok(&rig, rig_map_at(&rig, AT + first * PAGE, count * PAGE,
							   RIG_GUEST + offset * PAGE, perm));
				for (uint32_t i = 0; i < count; i++)
					pages[first + i] =
						(struct page){ RIG_GUEST + (offset + i) * PAGE,
							       perm };
			}
			compare(&rig, pages);
		}
		rig_free(&rig);
	}
}

/* ---------------------------------------------------------------------------------- too many */

static void map_past_limit_drops_oldest_without_ring(void **state)
{
	static const int limits[] = { 2048, 16, 0, -1, 5000 };

	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		uint32_t limit = limits[i] == 16 ? 16 : 2048;
		struct fake_vhost *vhost;
		struct rig rig;

		rig_new(&rig, kernel_of((uint32_t)i), 1);
		rig.iommu = true;
		fake_profile(rig.fake)->max_mappings = limits[i];
		rig_up(&rig);
		vhost = rig_vhost(&rig, 0);
		map_pages(&rig, AT, limit - 1);
		assert_int_equal(vhost->mappings, limit);
		/* the oldest of all has the rings; the kernel would drop it */
		map_pages(&rig, 2 * AT, 3);
		assert_int_equal(vhost->mappings, limit);
		assert_int_not_equal(fake_translate(vhost, rig_io_addr(0).used, RIG_RW), 0);
		assert_int_equal(fake_translate(vhost, AT + 4 * PAGE, RIG_RW), 0);
		assert_int_not_equal(fake_translate(vhost, AT + 6 * PAGE, RIG_RW), 0);
		assert_int_not_equal(fake_translate(vhost, 2 * AT + 4 * PAGE, RIG_RW), 0);
		/* and so the rings start again */
		assert_ok(&rig, vhc_dev_stop(rig.dev));
		assert_ok(&rig, rig_start(&rig));
		rig_free(&rig);
	}
}

static void map_past_limit_drops_ring_page_without_parts(void **state)
{
	struct rig *rig = *state;

	rig->iommu = true;
	fake_profile(rig->fake)->max_mappings = 8;
	rig_prepare(rig);
	assert_ok(rig, vhc_dev_unmap(rig->dev, 0, UINT64_MAX));
	/* four pages of each ring: one of them has none of its parts */
	for (uint32_t i = 0; i < 8; i++)
		assert_ok(rig,
			  rig_map_at(rig, RIG_IOVA + i * PAGE, PAGE, RIG_GUEST + i * PAGE, RIG_RW));
	assert_ok(rig, rig_start(rig));
	assert_ok(rig, rig_map_at(rig, 0x5000, PAGE, RIG_GUEST, RIG_RW));
	assert_int_equal(fake_translate(rig_vhost(rig, 0), RIG_IOVA + 3 * PAGE, RIG_RW), 0);
	assert_ok(rig, rig_map_at(rig, 0x6000, PAGE, RIG_GUEST + PAGE, RIG_RW));
	assert_int_equal(fake_translate(rig_vhost(rig, 0), RIG_IOVA + 7 * PAGE, RIG_RW), 0);
	/* six rings' and the youngest of two that are not */
	assert_ok(rig, rig_map_at(rig, 0x7000, PAGE, RIG_GUEST, RIG_RW));
	assert_ok(rig, vhc_dev_unmap(rig->dev, 0x6000, 2 * PAGE));
	fake_profile(rig->fake)->max_mappings = 6;
	assert_int_equal(rig_vhost(rig, 0)->mappings, 6);
}

/* With a limit of six, six pages that have all parts of two rings. */
static void map_past_limit_with_rings_only_is_e2big(void **state)
{
	struct rig *rig = *state;

	rig->iommu = true;
	fake_profile(rig->fake)->max_mappings = 6;
	rig_prepare(rig);
	assert_ok(rig, vhc_dev_unmap(rig->dev, 0, UINT64_MAX));
	for (uint32_t i = 0; i < 8; i++)
		if (i % 4 != 3)
			assert_ok(rig, rig_map_at(rig, RIG_IOVA + i * PAGE, PAGE,
						  RIG_GUEST + i * PAGE, RIG_RW));
	assert_ok(rig, rig_start(rig));
	fake_forget_calls(rig->fake);
	assert_int_equal(rig_map_at(rig, 0x5000, PAGE, RIG_GUEST, RIG_RW), -E2BIG);
	assert_says(rig, "net0", "6 mappings", "ring", "max_iotlb_entries");
	assert_int_equal(fake_calls(rig->fake), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(map_without_iommu_is_eopnotsupp, "7.2", 1),
		cmocka_unit_test(map_with_bad_arguments_is_einval),
		RIG_TEST(map_without_memory_is_eagain, "6.1", 1),
		cmocka_unit_test(unmap_takes_running_rings_too),
		cmocka_unit_test(map_that_harms_running_ring_is_ebusy),
		cmocka_unit_test(map_past_region_is_cut),
		cmocka_unit_test(map_of_mapped_range_makes_no_call),
		cmocka_unit_test(map_reaches_every_vhost_fd),
		cmocka_unit_test(random_maps_translate_as_expected),
		cmocka_unit_test(map_past_limit_drops_oldest_without_ring),
		RIG_TEST(map_past_limit_drops_ring_page_without_parts, "6.12", 1),
		RIG_TEST(map_past_limit_with_rings_only_is_e2big, "7.2", 1),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
