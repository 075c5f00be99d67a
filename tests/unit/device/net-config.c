/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * net-config - what of a net device's configuration space the library keeps.
 */
#include "rig.h"

static void get_net_config_returns_what_was_set(void **state)
{
	struct vhc_net_config config = {
		.sz = sizeof(config), .flags = VHC_NET_MTU, .mtu = 68, .mac = { 1, 2, 3, 4, 5, 6 }
	};
	struct vhc_net_config got = { .sz = sizeof(got) };
	struct rig *rig = *state;

	assert_ok(rig, rig_dev(rig));
	assert_ok(rig, vhc_dev_get_net_config(rig->dev, &got));
	assert_int_equal(got.flags, 0);
	assert_ok(rig, vhc_dev_set_net_config(rig->dev, &config));
	assert_ok(rig, vhc_dev_get_net_config(rig->dev, &got));
	assert_int_equal(got.sz, sizeof(got));
	assert_int_equal(got.flags, VHC_NET_MTU);
	assert_int_equal(got.mtu, 68);
	assert_memory_equal(got.mac, "\0\0\0\0\0\0", 6);
	/* what is not given is nothing, whatever stands there */
	config.flags = VHC_NET_MAC;
	config.mac[0] = 2;
	assert_ok(rig, vhc_dev_set_net_config(rig->dev, &config));
	assert_ok(rig, vhc_dev_get_net_config(rig->dev, &got));
	assert_int_equal(got.flags, VHC_NET_MAC);
	assert_int_equal(got.mtu, 0);
	assert_memory_equal(got.mac, "\2\2\3\4\5\6", 6);
	/* a caller of an older and of a newer header */
	got.sz = 16;
	got.mac[0] = 77;
	assert_ok(rig, vhc_dev_get_net_config(rig->dev, &got));
	assert_int_equal(got.mac[0], 77);
	got.sz = 8;
	assert_ok(rig, vhc_dev_get_net_config(rig->dev, &got));
	got.sz = 7;
	assert_int_equal(vhc_dev_get_net_config(rig->dev, &got), -EINVAL);
	assert_says(rig, "vhc_net_config", "sz 7");
}

static void set_net_config_of_bad_value_is_einval(void **state)
{
	static const struct {
		struct vhc_net_config config;
		const char *says;
	} bad[] = {
		{ { .sz = 0 }, "sz 0" },
		{ { .sz = 24, .flags = 4 }, "flags 0x4" },
		{ { .sz = 24, .reserved = { 0, 1 } }, "reserved" },
		{ { .sz = 24, .flags = VHC_NET_MTU, .mtu = 67 }, "67 bytes" },
		{ { .sz = 24, .flags = VHC_NET_MTU, .mtu = 65536 }, "65536 bytes" },
		{ { .sz = 24, .flags = VHC_NET_MAC }, "00:00:00:00:00:00" },
		{ { .sz = 24, .flags = VHC_NET_MAC, .mac = { 3, 0, 0, 0, 0, 9 } },
		  "03:00:00:00:00:09" },
	};
	struct vhc_net_config kept = { .sz = 24, .flags = VHC_NET_MTU, .mtu = 1500 };
	struct rig *rig = *state;

	assert_ok(rig, rig_dev(rig));
	assert_ok(rig, vhc_dev_set_net_config(rig->dev, &kept));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct vhc_net_config got = { .sz = sizeof(got) };

		assert_int_equal(vhc_dev_set_net_config(rig->dev, &bad[i].config), -EINVAL);
		assert_says(rig, bad[i].says);
		assert_ok(rig, vhc_dev_get_net_config(rig->dev, &got));
		assert_memory_equal(&got, &kept, sizeof(got));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(get_net_config_returns_what_was_set, "6.12", 1),
		RIG_TEST(set_net_config_of_bad_value_is_einval, "6.12", 1),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
