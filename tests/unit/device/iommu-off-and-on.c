/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * iommu-off-and-on - drivers with an IOMMU and without, one after the other on the same device.
 */
#include "iommu-rig.h"

/* A driver that does not know of it, whose rings resume at 3. */
static void run_without(struct rig *rig)
{
	rig->iommu = false;
	vhc_features_remove(&rig->acked, VHI_F_ACCESS_PLATFORM);
	assert_ok(rig, rig_features(rig));
	assert_ok(rig, rig_rings(rig));
	for (uint32_t i = 0; i < rig->rings; i++) {
		rig_set_index(rig, i, 'a', 3);
		assert_ok(rig, vhc_ring_set_base(rig->dev, i, 3));
	}
}

static void check_plain(struct rig *rig)
{
	assert_true(runs(rig));
	for (uint32_t i = 0; i < rig->rings; i++) {
		const struct fake_ring *ring = rig_kernel_ring(rig, i);

		assert_int_equal(ring->used, (uintptr_t)rig->ram + i * RIG_RING_ROOM + 0x2000);
		assert_false(ring->features[0] >> VHI_F_ACCESS_PLATFORM & 1);
		assert_int_equal(ring->base, 3);
		assert_false(rig_vhost(rig, i / 2)->has_iotlb);
	}
}

/* Kernels before 7.2 translate for as long as the fd has this owner. */
static void start_without_iommu_after_one_with_is_plain(void **state)
{
	for (uint32_t k = 0; fake_profile_name(k); k++)
		for (int reset = 0; reset < 2; reset++) {
			struct rig rig;

			rig_iommu(&rig, fake_profile_name(k), 2);
			rig_up(&rig);
			assert_ok(&rig, reset ? vhc_dev_reset(rig.dev) : vhc_dev_stop(rig.dev));
			run_without(&rig);
			assert_ok(&rig, rig_start(&rig));
			check_plain(&rig);
			/* and back, without another owner */
			assert_ok(&rig, vhc_dev_stop(rig.dev));
			fake_forget_calls(rig.fake);
			rig.iommu = true;
			assert_ok(&rig, rig_features(&rig));
			assert_ok(&rig, rig_map(&rig));
			assert_ok(&rig, rig_rings(&rig));
			assert_ok(&rig, rig_start(&rig));
			assert_true(runs(&rig));
			assert_int_equal(fake_count(rig.fake, "VHOST_SET_OWNER"), 0);
			rig_free(&rig);
		}
}

/* Since 7.2 the kernel forgets where a ring is, even where the numbers would be the same. */
static void start_behind_iommu_sets_same_addresses_again(void **state)
{
	for (uint32_t k = 0; fake_profile_name(k); k++) {
		struct rig rig;

		rig_new(&rig, fake_profile_name(k), 1);
		rig_up(&rig);
		assert_ok(&rig, vhc_dev_stop(rig.dev));
		rig.iommu = true;
		assert_ok(&rig, rig_features(&rig));
		assert_ok(&rig,
			  rig_map_at(&rig, (uintptr_t)rig.ram, rig.ram_size, RIG_GUEST, RIG_RW));
		for (uint32_t i = 0; i < rig.rings; i++) {
			struct vhc_ring_addr addr = rig_addr(i);

			addr.desc += (uintptr_t)rig.ram - RIG_GUEST;
			addr.avail += (uintptr_t)rig.ram - RIG_GUEST;
			addr.used += (uintptr_t)rig.ram - RIG_GUEST;
			assert_ok(&rig, vhc_ring_set_addr(rig.dev, i, &addr));
		}
		assert_ok(&rig, rig_start(&rig));
		assert_int_equal(rig_kernel_ring(&rig, 1)->desc,
				 (uintptr_t)rig.ram + RIG_RING_ROOM);
		rig_free(&rig);
	}
}

/* Another owner may have come in between, and with it another worker. */
static void check_worker(struct rig *rig, uint64_t cpus)
{
	const struct fake_worker *worker = &rig_vhost(rig, 0)->worker;
	int32_t tid;

	assert_true(rig_vhost(rig, 0)->owned);
	assert_ok(rig, vhc_dev_get_worker(rig->dev, 0, &tid));
	assert_int_equal(tid, worker->tid);
	assert_int_equal(worker->cpus, cpus);
}

static void failed_start_without_iommu_works_again(void **state)
{
	const uint64_t second = 2;

	for (uint32_t n = 1;; n++) {
		bool done;
		struct rig rig;
		int r;

		rig_iommu(&rig, fake_profile_name(n % 3), 1);
		rig.dev_flags = VHC_DEV_WORKERS;
		rig_up(&rig);
		assert_ok(&rig, vhc_dev_set_worker_cpus(rig.dev, 0, &second, 1));
		assert_ok(&rig, vhc_dev_stop(rig.dev));
		run_without(&rig);
		fake_fail(rig.fake, "VHOST_", n, EIO);
		r = rig_start(&rig);
		done = !fake_failed(rig.fake);
		assert_int_equal(r, done ? 0 : -EIO);
		check_worker(&rig, second);
		if (!done)
			assert_ok(&rig, rig_start(&rig));
		check_worker(&rig, second);
		check_plain(&rig);
		rig_free(&rig);
		if (done) {
			assert_true(n > 10);
			break;
		}
	}
}

/* A first start with it that is undone leaves nothing of it, whatever the kernel remembers. */
static void failed_first_start_behind_iommu_leaves_nothing(void **state)
{
	for (uint32_t k = 0; fake_profile_name(k); k++) {
		struct rig rig;

		rig_iommu(&rig, fake_profile_name(k), 1);
		rig.dev_flags = VHC_DEV_OWN;
		rig_prepare(&rig);
		fake_fail(rig.fake, "VHOST_NET_SET_BACKEND", 1, EIO);
		assert_int_equal(rig_start(&rig), -EIO);
		run_without(&rig);
		assert_ok(&rig, rig_start(&rig));
		check_plain(&rig);
		rig_free(&rig);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(start_without_iommu_after_one_with_is_plain),
		cmocka_unit_test(start_behind_iommu_sets_same_addresses_again),
		cmocka_unit_test(failed_start_without_iommu_works_again),
		cmocka_unit_test(failed_first_start_behind_iommu_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
