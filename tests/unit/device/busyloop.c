/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * busyloop - how long a ring's worker polls: recorded before the start, set at once later, asked of
 * the kernel; and what can be relied on of a device at all.
 */
#include "rig.h"

static uint32_t ask(struct rig *rig, uint32_t ring)
{
	uint32_t us = 777;

	assert_ok(rig, vhc_ring_get_busyloop(rig->dev, ring, &us));
	return us;
}

static void set_busyloop_before_start_is_set_by_start(void **state)
{
	struct rig rig;
	char *json;

	for (unsigned int i = 0; fake_profile_name(i); i++) {
		rig_new(&rig, fake_profile_name(i), 2);
		rig_prepare(&rig);
		fake_forget_calls(rig.fake);
		assert_int_equal(ask(&rig, 3), 0);
		assert_ok(&rig, vhc_ring_set_busyloop(rig.dev, 3, 50));
		assert_int_equal(ask(&rig, 3), 50);
		assert_int_equal(fake_count(rig.fake, "VHOST_"), 0);
		assert_ok(&rig, vhc_dev_plan(rig.dev, &json));
		assert_non_null(strstr(json,
				       "\"VHOST_SET_VRING_BUSYLOOP_TIMEOUT\",\n"
				       "      \"argument\":\"50\",\n"
				       "      \"undo\":\"VHOST_SET_VRING_BUSYLOOP_TIMEOUT 0\""));
		free(json);
		assert_ok(&rig, rig_start(&rig));
		assert_int_equal(rig_kernel_ring(&rig, 3)->busyloop, 50);
		assert_int_equal(rig_kernel_ring(&rig, 2)->busyloop, 0);
		assert_int_equal(fake_count(rig.fake, "VHOST_SET_VRING_BUSYLOOP_TIMEOUT"), 1);
		rig_free(&rig);
	}
}

static void set_busyloop_of_running_ring_is_set_at_once(void **state)
{
	struct rig *rig = *state;

	fake_forget_calls(rig->fake);
	assert_ok(rig, vhc_ring_set_busyloop(rig->dev, 0, 1000000));
	assert_int_equal(rig_kernel_ring(rig, 0)->busyloop, 1000000);
	assert_ok(rig, vhc_ring_set_busyloop(rig->dev, 0, 1000000));
	assert_int_equal(fake_count(rig->fake, "VHOST_"), 1);
	/* the kernel has the word */
	rig_kernel_ring(rig, 0)->busyloop = 44;
	assert_int_equal(ask(rig, 0), 44);
	/* one that fails changes nothing */
	fake_fail(rig->fake, "VHOST_SET_VRING_BUSYLOOP", 1, EFAULT);
	assert_int_equal(vhc_ring_set_busyloop(rig->dev, 0, 7), -EFAULT);
	assert_says(rig, "net0", "ring 0", "VHOST_SET_VRING_BUSYLOOP_TIMEOUT", "EFAULT");
	assert_ok(rig, vhc_dev_stop(rig->dev));
	assert_ok(rig, rig_start(rig));
	assert_int_equal(ask(rig, 0), 44);
	fake_fail(rig->fake, "VHOST_GET_VRING_BUSYLOOP", 1, EIO);
	assert_int_equal(vhc_ring_get_busyloop(rig->dev, 0, &(uint32_t){ 0 }), -EIO);
	assert_says(rig, "ring 0", "VHOST_GET_VRING_BUSYLOOP_TIMEOUT", "EIO");
	assert_ok(rig, vhc_ring_set_busyloop(rig->dev, 0, 0));
	assert_int_equal(rig_kernel_ring(rig, 0)->busyloop, 0);
}

/* A start that fails later puts the value before back, of a device that was owned before. */
static void failed_start_restores_busyloop(void **state)
{
	struct rig rig;

	rig_new(&rig, "6.12", 1);
	rig_up(&rig);
	assert_ok(&rig, vhc_ring_set_busyloop(rig.dev, 1, 50));
	assert_ok(&rig, vhc_dev_stop(rig.dev));
	/* a reset of the guest's device leaves it */
	assert_ok(&rig, vhc_dev_reset(rig.dev));
	assert_int_equal(ask(&rig, 1), 50); /* the host's, not the guest's */
	assert_ok(&rig, rig_features(&rig));
	assert_ok(&rig, rig_rings(&rig));
	fake_forget_calls(rig.fake);
	assert_ok(&rig, rig_start(&rig));
	assert_int_equal(fake_count(rig.fake, "VHOST_SET_VRING_BUSYLOOP"), 0);
	assert_int_equal(rig_kernel_ring(&rig, 1)->busyloop, 50);
	rig_free(&rig);

	rig_new(&rig, "6.12", 1);
	rig_prepare(&rig);
	assert_ok(&rig, vhc_ring_set_busyloop(rig.dev, 1, 50));
	fake_fail(rig.fake, "VHOST_NET_SET_BACKEND", 2, EFAULT);
	assert_int_equal(rig_start(&rig), -EFAULT);
	assert_int_equal(rig_kernel_ring(&rig, 1)->busyloop, 0);
	assert_int_equal(fake_count(rig.fake, "VHOST_SET_VRING_BUSYLOOP"), 2);
	assert_int_equal(ask(&rig, 1), 50); /* still wanted */
	assert_ok(&rig, rig_start(&rig));
	assert_int_equal(rig_kernel_ring(&rig, 1)->busyloop, 50);
	rig_free(&rig);
}

static void busyloop_with_bad_arguments_is_einval(void **state)
{
	uint32_t us = 777;
	struct rig *rig = *state;

	fake_forget_calls(rig->fake);
	assert_int_equal(vhc_ring_set_busyloop(rig->dev, 2, 50), -EINVAL);
	assert_says(rig, "ring 2", "it has 2");
	assert_int_equal(vhc_ring_get_busyloop(rig->dev, UINT32_MAX, &us), -EINVAL);
	assert_int_equal(us, 777);
	assert_int_equal(vhc_ring_set_busyloop(rig->dev, 1, 1000001), -EINVAL);
	assert_says(rig, "ring 1", "1000001", "at most 1000000");
	assert_int_equal(vhc_ring_set_busyloop(rig->dev, 1, UINT32_MAX), -EINVAL);
	assert_int_equal(fake_count(rig->fake, "VHOST_"), 0);
}

static uint64_t can(const struct rig *rig)
{
	struct vhc_dev_info info = { .sz = sizeof(info) };

	assert_ok(rig, vhc_dev_get_info(rig->dev, &info));
	return info.can;
}

/* Only the kernel knows, and only when it is owned: the first no is believed. */
static void busyloop_on_kernel_without_polling_is_enotty(void **state)
{
	uint32_t us = 777;
	struct rig *rig = *state;

	fake_profile(rig->fake)->no_busyloop = true;
	rig_prepare(rig);
	assert_true(can(rig) & VHC_CAN_BUSYLOOP);
	assert_ok(rig, vhc_ring_set_busyloop(rig->dev, 1, 50));
	assert_int_equal(rig_start(rig), -ENOTTY);
	assert_says(rig, "ring 1", "VHOST_SET_VRING_BUSYLOOP_TIMEOUT", "does not poll");
	assert_false(can(rig) & VHC_CAN_BUSYLOOP);
	assert_int_equal(vhc_ring_set_busyloop(rig->dev, 0, 50), -ENOTTY);
	assert_says(rig, "ring 0", "50", "does not poll");
	assert_ok(rig, vhc_ring_set_busyloop(rig->dev, 1, 0));
	assert_ok(rig, rig_start(rig));
	assert_int_equal(vhc_ring_get_busyloop(rig->dev, 1, &us), -ENOTTY);
	assert_int_equal(us, 777);
}

static void info_can_matches_host(void **state)
{
	const uint64_t all =
		VHC_CAN_DIRTY | VHC_CAN_SAVE | VHC_CAN_RING | VHC_CAN_IOMMU | VHC_CAN_BUSYLOOP;
	struct rig rig;
	char *caps;

	for (unsigned int i = 0; fake_profile_name(i); i++) {
		for (int lacking = 0; lacking < 2; lacking++) {
			rig_new(&rig, fake_profile_name(i), 1);
			if (lacking)
				fake_profile(rig.fake)->features[0] &=
					~(1ull << VHI_F_LOG_ALL | 1ull << VHI_F_ACCESS_PLATFORM);
			assert_ok(&rig, rig_dev(&rig));
			assert_int_equal(can(&rig),
					 all & ~(lacking ? VHC_CAN_DIRTY | VHC_CAN_IOMMU : 0ull));
			rig_free(&rig);
		}
		/* as a document has it, which does not tell of LOG_ALL */
		for (int lacking = 0; lacking < 2; lacking++) {
			rig_new(&rig, fake_profile_name(i), 1);
			fake_profile(rig.fake)->no_busyloop = lacking;
			if (lacking)
				fake_profile(rig.fake)->features[0] &=
					~(1ull << VHI_F_ACCESS_PLATFORM);
			assert_ok(&rig, vhc_caps_probe(rig.ctx, &caps));
			assert_ok(&rig,
				  vhc_dev_open_caps(rig.ctx, "there", caps,
						    VHC_ARG(vhc_dev_args, .type = VHC_TYPE_NET),
						    &rig.dev));
			free(caps);
			assert_int_equal(
				can(&rig),
				all & ~(lacking ? VHC_CAN_BUSYLOOP | VHC_CAN_IOMMU : 0ull));
			assert_int_equal(vhc_ring_set_busyloop(rig.dev, 1, 50),
					 lacking ? -ENOTTY : 0);
			assert_int_equal(ask(&rig, 1), lacking ? 0 : 50);
			rig_free(&rig);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(set_busyloop_before_start_is_set_by_start),
		RIG_TEST_UP(set_busyloop_of_running_ring_is_set_at_once, "6.12", 1),
		cmocka_unit_test(failed_start_restores_busyloop),
		RIG_TEST_UP(busyloop_with_bad_arguments_is_einval, "7.2", 1),
		RIG_TEST(busyloop_on_kernel_without_polling_is_enotty, "6.1", 1),
		cmocka_unit_test(info_can_matches_host),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
