/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * iommu - a device behind an IOMMU from start to end: what must be mapped before, what vhost is told and
 * when, and what stays over stop, other features and a reset.
 */
#include <linux/vhost.h>

#include "iommu-rig.h"

static uint32_t position(struct fake *fake, const char *name, int fd, bool last)
{
	uint32_t found = UINT32_MAX;

	for (uint32_t i = 0; i < fake_calls(fake); i++)
		if (fake_call(fake, i)->fd == fd && !strcmp(fake_call(fake, i)->name, name) &&
		    (last || found == UINT32_MAX))
			found = i;
	assert_int_not_equal(found, UINT32_MAX);
	return found;
}

static void start_behind_iommu_sends_mappings_before_rings(void **state)
{
	static const char *const order[] = {
		"VHOST_SET_OWNER",    "VHOST_SET_FEATURES",   "VHOST_SET_BACKEND_FEATURES",
		"VHOST_IOTLB_UPDATE", "VHOST_SET_VRING_ADDR", "VHOST_NET_SET_BACKEND"
	};

	for (uint32_t k = 0; fake_profile_name(k); k++) {
		struct vhc_ring_addr addr = rig_io_addr(3);
		uint32_t fds = 0;
		struct rig rig;

		rig_iommu(&rig, fake_profile_name(k), 2);
		rig_up(&rig);
		for (uint32_t i = 0; i < fake_calls(rig.fake); i++) {
			const struct fake_call *call = fake_call(rig.fake, i);

			if (strcmp(call->name, "VHOST_SET_OWNER"))
				continue;
			for (size_t j = 1; j < sizeof(order) / sizeof(order[0]); j++)
				assert_true(position(rig.fake, order[j - 1], call->fd, true) <
					    position(rig.fake, order[j], call->fd, false));
			fds++;
		}
		assert_int_equal(fds, 2);
		assert_int_equal(fake_count(rig.fake, "VHOST_IOTLB_UPDATE"), 2);
		assert_int_equal(fake_count(rig.fake, "VHOST_GET_BACKEND_FEATURES"), 1);
		for (uint32_t i = 0; i < 2; i++) {
			assert_int_equal(rig_vhost(&rig, i)->backend_features, 2);
			assert_int_equal(rig_vhost(&rig, i)->written[VHOST_IOTLB_MSG_V2], 1);
			assert_int_equal(rig_vhost(&rig, i)->written[VHOST_IOTLB_MSG], 0);
			assert_int_equal(fake_translate(rig_vhost(&rig, i), addr.used, 3),
					 (uintptr_t)rig.ram + 3 * RIG_RING_ROOM + 0x2000);
		}
		assert_int_equal(rig_kernel_ring(&rig, 3)->desc, addr.desc);
		assert_int_equal(rig_kernel_ring(&rig, 3)->used, addr.used);
		assert_true(rig_kernel_ring(&rig, 3)->features[0] >> VHI_F_ACCESS_PLATFORM & 1);
		rig_free(&rig);
	}
}

static void start_on_old_kernel_uses_message_version_1(void **state)
{
	for (int i = 0; i < 2; i++) {
		struct rig rig;

		rig_iommu(&rig, "6.1", 1);
		if (i)
			fake_profile(rig.fake)->backend_features = false;
		else
			fake_profile(rig.fake)->net_backend_features = 0;
		rig_up(&rig);
		assert_int_equal(fake_count(rig.fake, "VHOST_SET_BACKEND_FEATURES"), 0);
		assert_int_equal(rig_vhost(&rig, 0)->written[VHOST_IOTLB_MSG], 1);
		assert_int_equal(rig_vhost(&rig, 0)->written[VHOST_IOTLB_MSG_V2], 0);
		assert_true(runs(&rig));
		rig_free(&rig);
	}
}

static void info_can_iommu_matches_kernel(void **state)
{
	struct vhc_dev_info info = { .sz = sizeof(info) };
	struct rig rig;

	rig_new(&rig, "6.12", 1);
	assert_ok(&rig, rig_dev(&rig));
	assert_ok(&rig, vhc_dev_get_info(rig.dev, &info));
	assert_true(info.can & VHC_CAN_IOMMU);
	rig_free(&rig);
	rig_new(&rig, "6.12", 1);
	fake_profile(rig.fake)->features[0] &= ~(1ull << VHI_F_ACCESS_PLATFORM);
	rig.iommu = true;
	assert_ok(&rig, rig_mem(&rig));
	assert_ok(&rig, rig_tap(&rig));
	assert_ok(&rig, rig_dev(&rig));
	assert_ok(&rig, rig_attach(&rig));
	assert_ok(&rig, vhc_dev_get_info(rig.dev, &info));
	assert_false(info.can & VHC_CAN_IOMMU);
	assert_int_equal(rig_features(&rig), -EOPNOTSUPP);
	assert_says(&rig, "access_platform", "vhost");
	rig_free(&rig);
}

/* ------------------------------------------------------------------- what must be mapped to start */

static void map_but(struct rig *rig, uint64_t iova, uint64_t size, uint32_t perm)
{
	assert_ok(rig, vhc_dev_unmap(rig->dev, iova, size));
	if (perm)
		assert_ok(rig, rig_map_at(rig, iova, size, RIG_GUEST + (iova - RIG_IOVA), perm));
}

/* The last two bytes of ring 1's used ring. */
#define USED_END (RIG_IOVA + RIG_RING_ROOM + 0x2000 + 4 + 8 * RIG_SIZE)

static const struct {
	uint64_t iova, size;
	uint32_t perm;
	int error; /* 0: it starts */
	const char *says[4];
} partly[] = {
	{ RIG_IOVA + 0x2000,
	  PAGE,
	  0,
	  -EAGAIN,
	  { "ring 0", "used ring", "not mapped", "vhc_dev_map" } },
	{ RIG_IOVA + 0x2000,
	  PAGE,
	  VHC_PERM_READ,
	  -EINVAL,
	  { "ring 0", "used ring", "permission" } },
	{ RIG_IOVA + 0x2000,
	  PAGE,
	  VHC_PERM_WRITE,
	  -EINVAL,
	  { "ring 0", "used ring", "permission" } },
	{ USED_END + 1, 1, 0, -EAGAIN, { "ring 1", "used ring", "not mapped at 0x1000006805" } },
	{ USED_END + 2, 1, 0, 0, { NULL } },
	{ RIG_IOVA + RIG_RING_ROOM + 0x2004, 8, VHC_PERM_READ, -EINVAL, { "0x1000006004" } },
	/* by two mappings: as good as one */
	{ RIG_IOVA + 0x2004, 8, RIG_RW, 0, { NULL } },
	{ RIG_IOVA, PAGE, 0, 0, { NULL } },
	{ RIG_IOVA, PAGE, VHC_PERM_READ, 0, { NULL } },
	{ RIG_IOVA, PAGE, VHC_PERM_WRITE, -EINVAL, { "ring 0", "descriptor table", "permission" } },
	{ RIG_IOVA + 0x1000, PAGE, 0, 0, { NULL } },
	{ RIG_IOVA + 0x1000,
	  PAGE,
	  VHC_PERM_WRITE,
	  -EINVAL,
	  { "ring 0", "avail ring", "permission" } },
};

static void start_with_partly_mapped_ring_is_refused_for_used(void **state)
{
	for (size_t i = 0; i < sizeof(partly) / sizeof(partly[0]); i++) {
		struct rig rig;
		char *json;

		print_message("    %zu\n", i);
		rig_iommu(&rig, fake_profile_name((unsigned int)(i % 3)), 1);
		rig_prepare(&rig);
		map_but(&rig, partly[i].iova, partly[i].size, partly[i].perm);
		fake_forget_calls(rig.fake);
		if (partly[i].error) {
			assert_int_equal(rig_start(&rig), partly[i].error);
			for (size_t j = 0; j < 4 && partly[i].says[j]; j++)
				assert_says(&rig, partly[i].says[j]);
			assert_int_equal(vhc_dev_plan(rig.dev, &json), partly[i].error);
			assert_int_equal(fake_count(rig.fake, "VHOST_"), 0);
			assert_ok(&rig, rig_map(&rig));
		}
		assert_ok(&rig, rig_start(&rig));
		assert_true(runs(&rig));
		rig_free(&rig);
	}
}

static void start_checks_base_where_ring_is_mapped(void **state)
{
	struct rig rig;

	rig_iommu(&rig, "7.2", 1);
	rig_prepare(&rig);
	rig_set_index(&rig, 0, 'a', 700);
	rig_set_index(&rig, 0, 'u', 690);
	assert_int_equal(rig_start(&rig), -EINVAL);
	assert_says(&rig, "ring 0", "690", "700", "base 0");
	/* without the avail ring it cannot be checked */
	assert_ok(&rig, vhc_dev_unmap(rig.dev, rig_io_addr(0).avail + 2, 1));
	assert_ok(&rig, vhc_ring_check(rig.dev, 0));
	/* nor by half of its index */
	assert_ok(&rig, rig_map(&rig));
	assert_int_equal(vhc_ring_check(rig.dev, 0), -EINVAL);
	assert_ok(&rig, vhc_dev_unmap(rig.dev, rig_io_addr(0).avail + 3, 1));
	assert_ok(&rig, vhc_ring_check(rig.dev, 0));
	assert_ok(&rig, rig_start(&rig));
	rig_free(&rig);
}

static void start_with_overlapping_iovas_is_einval(void **state)
{
	struct rig rig;

	rig_iommu(&rig, "6.12", 1);
	rig_prepare(&rig);
	assert_ok(&rig,
		  vhc_ring_set_addr(rig.dev, 0,
				    VHC_ARG(vhc_ring_addr, .desc = RIG_IOVA,
					    .avail = RIG_IOVA + 0x800, .used = RIG_IOVA + 0x2000)));
	assert_int_equal(rig_start(&rig), -EINVAL);
	assert_says(&rig, "ring 0", "overlap", "I/O virtual address 0x1000000000");
	assert_ok(&rig, vhc_ring_set_addr(rig.dev, 0,
					  VHC_ARG(vhc_ring_addr, .desc = 0 - PAGE / 2,
						  .avail = RIG_IOVA + 0x1000,
						  .used = RIG_IOVA + 0x2000)));
	assert_int_equal(rig_start(&rig), -EINVAL);
	assert_says(&rig, "ring 0", "past the last address");
	rig_free(&rig);
}

/* --------------------------------------------------------------------- stop, start, other features */

static void mappings_outlive_stop_and_start(void **state)
{
	for (uint32_t k = 0; fake_profile_name(k); k++) {
		struct rig rig;

		rig_iommu(&rig, fake_profile_name(k), 2);
		rig_up(&rig);
		assert_ok(&rig, rig_map_at(&rig, 0x5000, PAGE, RIG_GUEST, VHC_PERM_READ));
		/* over stop and start vhost keeps them, too */
		assert_ok(&rig, vhc_dev_stop(rig.dev));
		assert_ok(&rig, rig_map_at(&rig, 0x7000, PAGE, RIG_GUEST, VHC_PERM_READ));
		fake_forget_calls(rig.fake);
		assert_ok(&rig, rig_start(&rig));
		assert_int_equal(fake_count(rig.fake, "VHOST_IOTLB"), 0);
		assert_int_equal(fake_count(rig.fake, "VHOST_"), rig.rings);
		/* with other features it drops them, and gets them again */
		assert_ok(&rig, vhc_dev_stop(rig.dev));
		vhc_features_remove(&rig.acked, VHI_F_EVENT_IDX);
		assert_ok(&rig, rig_features(&rig));
		fake_forget_calls(rig.fake);
		assert_ok(&rig, rig_start(&rig));
		assert_int_equal(fake_count(rig.fake, "VHOST_SET_FEATURES"), 2);
		assert_int_equal(fake_count(rig.fake, "VHOST_IOTLB_UPDATE"), 6);
		for (uint32_t i = 0; i < 2; i++) {
			assert_int_equal(rig_vhost(&rig, i)->mappings, 3);
			assert_int_equal(fake_translate(rig_vhost(&rig, i), 0x7010, 1),
					 (uintptr_t)rig.ram + 0x10);
		}
		rig_free(&rig);
	}
}

/* What a ring waits for goes with the other ring's backend, so it is made to ask again. */
static void stop_of_ring_kicks_waiting_ring(void **state)
{
	for (int iommu = 0; iommu < 2; iommu++) {
		struct rig rig;

		rig_new(&rig, "6.12", 2);
		rig.iommu = iommu;
		rig_up(&rig);
		assert_ok(&rig, vhc_dev_stop(rig.dev));
		for (uint32_t i = 0; i < rig.rings; i++)
			assert_int_equal(fake_ring_counter(rig_kernel_ring(&rig, i), 'k'),
					 iommu && i % 2);
		rig_free(&rig);
	}
}

static void failed_start_restores_features_and_mappings(void **state)
{
	struct rig rig;

	rig_iommu(&rig, "6.12", 1);
	rig_up(&rig);
	assert_ok(&rig, vhc_dev_stop(rig.dev));
	vhc_features_remove(&rig.acked, VHI_F_EVENT_IDX);
	assert_ok(&rig, rig_features(&rig));
	fake_fail(rig.fake, "VHOST_NET_SET_BACKEND", 2, EIO);
	assert_int_equal(rig_start(&rig), -EIO);
	/* the features before, and again all mappings */
	assert_true(rig_kernel_ring(&rig, 0)->features[0] >> VHI_F_EVENT_IDX & 1);
	assert_int_equal(rig_vhost(&rig, 0)->mappings, 1);
	assert_ok(&rig, rig_start(&rig));
	assert_int_equal(rig_vhost(&rig, 0)->mappings, 1);
	rig_free(&rig);
}

static void reset_drops_mappings(void **state)
{
	for (uint32_t k = 0; fake_profile_name(k); k++) {
		struct rig rig;

		rig_iommu(&rig, fake_profile_name(k), 1);
		rig_up(&rig);
		assert_ok(&rig, rig_map_at(&rig, 0x5000, PAGE, RIG_GUEST, RIG_RW));
		assert_ok(&rig, vhc_dev_reset(rig.dev));
		assert_int_equal(rig_map(&rig), -EOPNOTSUPP);
		assert_ok(&rig, rig_features(&rig));
		assert_ok(&rig, rig_rings(&rig));
		assert_int_equal(rig_start(&rig), -EAGAIN);
		assert_says(&rig, "used ring", "not mapped");
		/* vhost has those of before, and gets these with the features */
		fake_forget_calls(rig.fake);
		assert_ok(&rig, rig_map(&rig));
		assert_int_equal(fake_calls(rig.fake), 0);
		assert_ok(&rig, rig_start(&rig));
		/* what the driver before had is not there any more */
		assert_int_equal(rig_vhost(&rig, 0)->mappings, 1);
		assert_int_equal(fake_translate(rig_vhost(&rig, 0), 0x5000, 3), 0);
		rig_free(&rig);
	}
}

/* Off and on again without a start between: the mappings of before are gone all the same. */
static void iommu_off_and_on_drops_mappings(void **state)
{
	struct rig rig;

	rig_iommu(&rig, "7.2", 1);
	rig_up(&rig);
	assert_ok(&rig, vhc_dev_stop(rig.dev));
	rig.iommu = false;
	assert_ok(&rig, rig_features(&rig));
	rig.iommu = true;
	assert_ok(&rig, rig_features(&rig));
	assert_int_equal(rig_start(&rig), -EAGAIN);
	assert_ok(&rig, rig_map_at(&rig, RIG_IOVA + 0x2000, PAGE, RIG_GUEST + 0x2000, RIG_RW));
	assert_ok(&rig, rig_map_at(&rig, RIG_IOVA + 0x6000, PAGE, RIG_GUEST + 0x6000, RIG_RW));
	assert_ok(&rig, rig_start(&rig));
	assert_int_equal(rig_vhost(&rig, 0)->mappings, 2);
	rig_free(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(start_behind_iommu_sends_mappings_before_rings),
		cmocka_unit_test(start_on_old_kernel_uses_message_version_1),
		cmocka_unit_test(info_can_iommu_matches_kernel),
		cmocka_unit_test(start_with_partly_mapped_ring_is_refused_for_used),
		cmocka_unit_test(start_checks_base_where_ring_is_mapped),
		cmocka_unit_test(start_with_overlapping_iovas_is_einval),
		cmocka_unit_test(mappings_outlive_stop_and_start),
		cmocka_unit_test(stop_of_ring_kicks_waiting_ring),
		cmocka_unit_test(failed_start_restores_features_and_mappings),
		cmocka_unit_test(reset_drops_mappings),
		cmocka_unit_test(iommu_off_and_on_drops_mappings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
