/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * control - what the driver says on the control queue: offloads that it turns off, queue pairs that it
 * enables.  Both are state of the device.
 */
#include "kind/net.h"
#include "rig.h"
#include "tap/tap.h"

static struct rig rig;

#define OFFLOADS 0x7u /* of what the rig accepts: checksums, TSO of both versions */

static const struct fake_tap *tap(void)
{
	return fake_tap(rig.fake, "tap0");
}

static void setup_pairs(uint32_t pairs, bool mq)
{
	rig_new(&rig, "6.12", pairs);
	if (mq)
		vhc_features_add(&rig.acked, VHI_F_MQ);
	assert_ok(&rig, rig_mem(&rig));
	assert_ok(&rig, rig_tap(&rig));
	assert_ok(&rig, rig_dev(&rig));
	assert_ok(&rig, rig_attach(&rig));
	assert_ok(&rig, rig_features(&rig));
}

static int setup(void **state)
{
	setup_pairs(4, false);
	return 0;
}

static int setup_mq(void **state)
{
	setup_pairs(4, true);
	return 0;
}

static int teardown(void **state)
{
	rig_free(&rig);
	return 0;
}

static void set_offloads(unsigned int bit)
{
	struct vhc_features less = rig.acked;

	for (unsigned int i = VHI_F_GUEST_CSUM; i <= VHI_F_GUEST_UFO; i++)
		if (i != bit && i != VHI_F_GUEST_CSUM)
			vhc_features_remove(&less, i);
	assert_ok(&rig, vhc_tap_set_features(rig.tap, &less, 0));
}

/* Which queues receive, one digit each. */
static void assert_queues(const char *expected)
{
	char now[16] = "";

	for (uint32_t i = 0; i < rig.pairs; i++)
		strcat(now, rig.tap->queue[i].detached ? "0" : "1");
	assert_string_equal(now, expected);
	assert_int_equal(tap()->queues + tap()->detached, rig.pairs);
	for (uint32_t i = 0, attached = 0; i < rig.pairs; i++) {
		attached += expected[i] == '1';
		if (i + 1 == rig.pairs)
			assert_int_equal(tap()->queues, attached);
	}
}

static void rings(uint32_t pairs)
{
	for (uint32_t i = 0; i < 2 * pairs; i++)
		assert_ok(&rig, rig_ring(&rig, i));
}

/* ---------------------------------------------------------------------------------------- offloads */

static void start_after_stop_keeps_offloads(void **state)
{
	rings(4);
	assert_ok(&rig, rig_start(&rig));
	assert_int_equal(tap()->offloads, OFFLOADS);
	set_offloads(VHI_F_GUEST_TSO6);
	assert_int_equal(tap()->offloads, 0x5);
	assert_ok(&rig, vhc_dev_stop(rig.dev));
	fake_forget_calls(rig.fake);
	assert_ok(&rig, rig_start(&rig));
	assert_int_equal(fake_count(rig.fake, "TUNSETOFFLOAD"), 0);
	assert_int_equal(tap()->offloads, 0x5);
	/* also on another tap */
	assert_ok(&rig, vhc_dev_stop(rig.dev));
	assert_ok(&rig, vhc_dev_set_tap(rig.dev, NULL));
	vhc_tap_close(rig.tap);
	rig.tap = NULL;
	assert_ok(&rig, rig_tap(&rig));
	assert_ok(&rig, rig_attach(&rig));
	assert_ok(&rig, rig_start(&rig));
	assert_int_equal(tap()->offloads, 0x5);
}

static void reset_and_other_features_forget_control(void **state)
{
	struct vhc_features other = rig.acked;

	rings(4);
	set_offloads(VHI_F_GUEST_TSO4);
	assert_ok(&rig, vhc_tap_set_active(rig.tap, 1));
	/* the same features are no new ones */
	assert_ok(&rig, rig_features(&rig));
	assert_ok(&rig, rig_start(&rig));
	assert_int_equal(tap()->offloads, 0x3);
	assert_queues("1000");
	assert_ok(&rig, vhc_dev_stop(rig.dev));
	vhc_features_remove(&other, VHI_F_CSUM);
	vhc_features_remove(&other, VHI_F_HOST_TSO4);
	assert_ok(&rig, vhc_dev_set_features(rig.dev, &other, 0));
	assert_ok(&rig, rig_start(&rig));
	assert_int_equal(tap()->offloads, OFFLOADS);
	assert_queues("1111");
	set_offloads(VHI_F_GUEST_TSO4);
	assert_ok(&rig, vhc_tap_set_active(rig.tap, 2));
	assert_ok(&rig, vhc_dev_reset(rig.dev));
	assert_ok(&rig, rig_features(&rig));
	rings(4);
	assert_ok(&rig, rig_start(&rig));
	assert_int_equal(tap()->offloads, OFFLOADS);
	assert_queues("1111");
}

/* ------------------------------------------------------------------------------------------- queues */

static void start_attaches_only_queues_with_receive_ring(void **state)
{
	rings(1);
	assert_ok(&rig, rig_start(&rig));
	assert_queues("1000");
	/* the others come later, ring by ring */
	rings(3);
	assert_ok(&rig, vhc_ring_start(rig.dev, 4));
	assert_queues("1010");
	assert_ok(&rig, rig_start(&rig));
	assert_queues("1110");
	/* what waits in a queue whose ring is only reset is not lost */
	assert_ok(&rig, vhc_ring_stop(rig.dev, 2));
	assert_ok(&rig, vhc_ring_stop(rig.dev, 4));
	assert_ok(&rig, vhc_ring_start(rig.dev, 4));
	assert_queues("1110");
	assert_ok(&rig, vhc_ring_start(rig.dev, 2));
	assert_queues("1110");
}

static void start_of_single_rings_keeps_frames_of_others(void **state)
{
	rings(4);
	for (uint32_t i = 0; i < 8; i++) {
		assert_ok(&rig, vhc_ring_start(rig.dev, i));
		assert_queues("1111");
	}
}

static void start_after_stop_keeps_active_pairs(void **state)
{
	rings(4);
	assert_ok(&rig, rig_start(&rig));
	assert_queues("1111");
	assert_ok(&rig, vhc_tap_set_active(rig.tap, 2));
	assert_queues("1100");
	assert_ok(&rig, vhc_dev_stop(rig.dev));
	assert_ok(&rig, rig_start(&rig));
	assert_queues("1100");
	assert_ok(&rig, vhc_tap_set_active(rig.tap, 3));
	assert_queues("1110");
}

/* As the specification says: after a reset the device has only its first pair. */
static void start_with_mq_receives_on_first_pair(void **state)
{
	rings(4);
	assert_ok(&rig, rig_start(&rig));
	assert_queues("1000");
	assert_ok(&rig, vhc_tap_set_active(rig.tap, 4));
	assert_queues("1111");
	assert_ok(&rig, vhc_dev_stop(rig.dev));
	assert_ok(&rig, rig_start(&rig));
	assert_queues("1111");
}

/* A pair that is enabled before its ring runs begins to receive with it. */
static void set_active_before_ring_waits_for_it(void **state)
{
	rings(2);
	assert_ok(&rig, rig_start(&rig));
	assert_ok(&rig, vhc_tap_set_active(rig.tap, 3));
	assert_queues("1100");
	rings(3);
	assert_ok(&rig, rig_start(&rig));
	assert_queues("1110");
}

/* More queues than the device has pairs: nobody reads the others. */
static void start_detaches_queues_beyond_device(void **state)
{
	struct vhc_tap *wide;

	assert_ok(&rig, vhc_tap_open(rig.ctx, "wide", VHC_ARG(vhc_tap_args, .queues = 6), &wide));
	assert_ok(&rig, vhc_dev_set_tap(rig.dev, wide));
	rings(4);
	assert_ok(&rig, rig_start(&rig));
	assert_int_equal(fake_tap(rig.fake, "wide")->queues, 4);
	assert_int_equal(fake_tap(rig.fake, "wide")->detached, 2);
	assert_ok(&rig, vhc_tap_set_active(wide, 6));
	assert_int_equal(rig.dev->net->control.active, 4);
	vhc_tap_close(wide);
}

static void failed_start_keeps_queues(void **state)
{
	rings(2);
	fake_fail(rig.fake, "TUNSETQUEUE", 2, EIO);
	assert_int_equal(rig_start(&rig), -EIO);
	assert_says(&rig, "tap queue 3", "TUNSETQUEUE", "EIO");
	assert_queues("1111");
	assert_false(rig_kernel_ring(&rig, 0)->runs);
	assert_ok(&rig, rig_start(&rig));
	assert_queues("1100");
}

static void plan_shows_queues(void **state)
{
	char *json = NULL;

	rings(3);
	assert_ok(&rig, vhc_dev_plan(rig.dev, &json));
	assert_non_null(strstr(json, "TUNSETQUEUE"));
	free(json);
	assert_queues("1111");
}

/* -------------------------------------------------------------------------------- another host */

static void load_restores_control(void **state)
{
	char *json = NULL, *again = NULL;

	rings(4);
	assert_ok(&rig, rig_start(&rig));
	set_offloads(VHI_F_GUEST_TSO6);
	assert_ok(&rig, vhc_tap_set_active(rig.tap, 1));
	assert_ok(&rig, vhc_dev_stop(rig.dev));
	assert_ok(&rig, vhc_dev_save(rig.dev, &json));
	assert_non_null(strstr(json, "\"active_pairs\":1"));
	rig_free(&rig);

	setup_pairs(4, false);
	assert_ok(&rig, vhc_dev_load(rig.dev, json));
	for (uint32_t i = 0; i < 8; i++)
		assert_true(vhc_ring_get_kick(rig.dev, i) >= 0);
	assert_ok(&rig, rig_start(&rig));
	assert_int_equal(tap()->offloads, 0x5);
	assert_queues("1000");
	assert_ok(&rig, vhc_dev_stop(rig.dev));
	assert_ok(&rig, vhc_dev_save(rig.dev, &again));
	assert_string_equal(json, again);
	free(json);
	free(again);
}

#define TEST(name)    cmocka_unit_test_setup_teardown(name, setup, teardown)
#define TEST_MQ(name) cmocka_unit_test_setup_teardown(name, setup_mq, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(start_after_stop_keeps_offloads),
		TEST(reset_and_other_features_forget_control),
		TEST(start_attaches_only_queues_with_receive_ring),
		TEST(start_of_single_rings_keeps_frames_of_others),
		TEST(start_after_stop_keeps_active_pairs),
		TEST_MQ(start_with_mq_receives_on_first_pair),
		TEST(set_active_before_ring_waits_for_it),
		TEST(start_detaches_queues_beyond_device),
		TEST(failed_start_keeps_queues),
		TEST(plan_shows_queues),
		TEST(load_restores_control),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
