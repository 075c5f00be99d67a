/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * byte-order - rings and frames' headers are little-endian with VERSION_1, and without in the host's
 * order.  A little-endian host has nothing to set.
 */
#include "rig.h"

#define BIG (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)

static struct rig rig;

static int setup(void **state)
{
	rig_new(&rig, "6.12", 2);
	return 0;
}

static int teardown(void **state)
{
	rig_free(&rig);
	return 0;
}

/* Attaches a device whose driver accepted this; its rings are set up. */
static void prepare(bool version_1)
{
	rig_prepare(&rig);
	if (!version_1)
		vhc_features_remove(&rig.acked, VHI_F_VERSION_1);
	assert_ok(&rig, rig_features(&rig));
}

/* The used and the avail index are bytes 5 and 1. */
static uint32_t recover(bool version_1)
{
	uint8_t *at = rig.ram + RIG_RING_ROOM;
	uint32_t base = 0;

	prepare(version_1);
	at[0x1002] = at[0x2002] = 5;
	at[0x1003] = at[0x2003] = 1;
	assert_ok(&rig, vhc_ring_recover_base(rig.dev, 1));
	assert_ok(&rig, vhc_ring_get_base(rig.dev, 1, &base));
	return base;
}

static void ring_index_with_version_1_is_little_endian(void **state)
{
	assert_int_equal(recover(true), 0x0105);
}

static void ring_index_of_legacy_device_is_in_host_order(void **state)
{
	assert_int_equal(recover(false), BIG ? 0x0501 : 0x0105);
}

static void start_with_version_1_sets_byte_order_of_headers(void **state)
{
	prepare(true);
	assert_ok(&rig, rig_start(&rig));
	assert_int_equal(fake_tap(rig.fake, vhc_tap_get_name(rig.tap))->little, BIG);
	assert_int_equal(fake_count(rig.fake, "TUNSETVNETLE"), BIG);
	assert_ok(&rig, vhc_dev_stop(rig.dev));
	assert_ok(&rig, rig_start(&rig));
	assert_int_equal(fake_count(rig.fake, "TUNSETVNETLE"), BIG);
}

/* Whoever had the link before left it little-endian. */
static void start_of_legacy_device_resets_byte_order_of_headers(void **state)
{
	prepare(true);
	assert_ok(&rig, rig_start(&rig));
	assert_ok(&rig, vhc_dev_stop(rig.dev));
	vhc_features_remove(&rig.acked, VHI_F_VERSION_1);
	assert_ok(&rig, rig_features(&rig));
	assert_ok(&rig, rig_start(&rig));
	assert_int_equal(fake_tap(rig.fake, vhc_tap_get_name(rig.tap))->little, 0);
	assert_int_equal(fake_count(rig.fake, "TUNSETVNETLE"), 2 * BIG);
}

static void failed_start_restores_byte_order_of_headers(void **state)
{
	prepare(true);
	fake_fail(rig.fake, "VHOST_NET_SET_BACKEND", 1, EPERM);
	assert_int_equal(rig_start(&rig), -EPERM);
	assert_int_equal(fake_tap(rig.fake, vhc_tap_get_name(rig.tap))->little, 0);
}

static void tap_set_features_sets_byte_order_of_headers(void **state)
{
	struct vhc_features acked = rig_acked(false);

	assert_ok(&rig, rig_open_tap(&rig, "vm1", 1, 0));
	assert_ok(&rig, vhc_tap_set_features(rig.tap, &acked, 0));
	assert_int_equal(fake_tap(rig.fake, "vm1")->little, BIG);
	vhc_features_remove(&acked, VHI_F_VERSION_1);
	assert_ok(&rig, vhc_tap_set_features(rig.tap, &acked, 0));
	assert_int_equal(fake_tap(rig.fake, "vm1")->little, 0);
	assert_int_equal(fake_count(rig.fake, "TUNSETVNETLE"), 2 * BIG);
}

/* With mergeable buffers the header has 12 bytes either way. */
static void tap_set_features_keeps_byte_order_of_running_device(void **state)
{
	struct vhc_features acked = rig_acked(false);

	prepare(true);
	assert_ok(&rig, rig_start(&rig));
	vhc_features_remove(&acked, VHI_F_VERSION_1);
	assert_int_equal(vhc_tap_set_features(rig.tap, &acked, 0), BIG ? -EBUSY : 0);
	if (BIG)
		assert_says(&rig, "12 bytes, little-endian", "become 12,", "running");
	assert_int_equal(fake_tap(rig.fake, vhc_tap_get_name(rig.tap))->little, BIG);
	assert_ok(&rig, vhc_dev_stop(rig.dev));
	assert_ok(&rig, vhc_tap_set_features(rig.tap, &acked, 0));
	assert_int_equal(fake_tap(rig.fake, vhc_tap_get_name(rig.tap))->little, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(ring_index_with_version_1_is_little_endian),
		TEST(ring_index_of_legacy_device_is_in_host_order),
		TEST(start_with_version_1_sets_byte_order_of_headers),
		TEST(start_of_legacy_device_resets_byte_order_of_headers),
		TEST(failed_start_restores_byte_order_of_headers),
		TEST(tap_set_features_sets_byte_order_of_headers),
		TEST(tap_set_features_keeps_byte_order_of_running_device),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
