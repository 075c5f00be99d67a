/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * names - what is known of each bit: name, origin; and the arithmetic of sets.
 */
#include <ctype.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include <linux/virtio_config.h>
#include <linux/virtio_net.h>
#include <linux/virtio_ring.h>

#include "features/features.h"

#define NET   VHC_TYPE_NET
#define VHOST VHC_ORIGIN_VHOST
#define TAP   VHC_ORIGIN_TAP
#define MODEL VHC_ORIGIN_MODEL

/* The bits of virtio 1.4, and whose they are. */
static const struct {
	uint32_t bit, origin;
	const char *name;
} spec[] = {
	{ 0, TAP, "csum" },
	{ 1, TAP, "guest_csum" },
	{ 2, MODEL, "ctrl_guest_offloads" },
	{ 3, MODEL, "mtu" },
	{ 5, MODEL, "mac" },
	{ 6, MODEL, "gso" },
	{ 7, TAP, "guest_tso4" },
	{ 8, TAP, "guest_tso6" },
	{ 9, TAP, "guest_ecn" },
	{ 10, TAP, "guest_ufo" },
	{ 11, TAP, "host_tso4" },
	{ 12, TAP, "host_tso6" },
	{ 13, TAP, "host_ecn" },
	{ 14, TAP, "host_ufo" },
	{ 15, VHOST, "mrg_rxbuf" },
	{ 16, MODEL, "status" },
	{ 17, MODEL, "ctrl_vq" },
	{ 18, MODEL, "ctrl_rx" },
	{ 19, MODEL, "ctrl_vlan" },
	{ 20, MODEL, "ctrl_rx_extra" },
	{ 21, MODEL, "guest_announce" },
	{ 22, MODEL, "mq" },
	{ 23, MODEL, "ctrl_mac_addr" },
	{ 24, VHOST, "notify_on_empty" },
	{ 27, MODEL, "any_layout" },
	{ 28, VHOST, "indirect_desc" },
	{ 29, VHOST, "event_idx" },
	{ 32, VHOST, "version_1" },
	{ 33, VHOST, "access_platform" },
	{ 34, VHOST, "ring_packed" },
	{ 35, VHOST, "in_order" },
	{ 36, VHOST, "order_platform" },
	{ 37, MODEL, "sr_iov" },
	{ 38, MODEL, "notification_data" },
	{ 39, MODEL, "notif_config_data" },
	{ 40, VHOST, "ring_reset" },
	{ 41, MODEL, "admin_vq" },
	{ 42, VHOST, "guest_rsc6" },
	{ 43, MODEL, "suspend" },
	{ 50, MODEL, "device_stats" },
	{ 51, VHOST, "hash_tunnel" },
	{ 52, VHOST, "vq_notf_coal" },
	{ 53, VHOST, "notf_coal" },
	{ 54, TAP, "guest_uso4" },
	{ 55, TAP, "guest_uso6" },
	{ 56, TAP, "host_uso" },
	{ 57, VHOST, "hash_report" },
	{ 59, MODEL, "guest_hdrlen" },
	{ 60, MODEL, "rss" },
	{ 61, VHOST, "rsc_ext" },
	{ 62, MODEL, "standby" },
	{ 63, MODEL, "speed_duplex" },
	{ 64, MODEL, "rss_context" },
	{ 65, VHOST | TAP, "guest_udp_tunnel_gso" },
	{ 66, TAP, "guest_udp_tunnel_gso_csum" },
	{ 67, VHOST | TAP, "host_udp_tunnel_gso" },
	{ 68, TAP, "host_udp_tunnel_gso_csum" },
	{ 69, VHOST, "out_net_header" },
	{ 70, VHOST, "ipsec" },
};
#define SPEC_BITS (sizeof(spec) / sizeof(spec[0]))

static void feature_get_matches_specification(void **state)
{
	struct vhc_features known, seen = { { 0 } };

	for (size_t i = 0; i < SPEC_BITS; i++) {
		const struct vhc_feature *feature = vhc_feature_get(NET, spec[i].bit);
		bool net = spec[i].bit < 24 || spec[i].bit >= 50 || spec[i].bit == 42;
		char constant[64];
		size_t len = (size_t)snprintf(constant, sizeof(constant), "VIRTIO%s_F_%s",
					      net ? "_NET" : "", spec[i].name);

		for (size_t j = 0; j < len; j++)
			constant[j] = (char)toupper(constant[j]);
		assert_non_null(feature);
		assert_int_equal(feature->bit, spec[i].bit);
		assert_int_equal(feature->origin, spec[i].origin);
		assert_string_equal(feature->name, spec[i].name);
		assert_string_equal(feature->constant, constant);
		assert_non_null(feature->requirement);
		assert_true(strlen(feature->text) > 3 && strlen(feature->text) < 64);
		vhc_features_add(&seen, spec[i].bit);
	}
	for (uint32_t bit = 0; bit < 1000; bit++)
		if (!vhc_features_has(&seen, bit))
			assert_null(vhc_feature_get(NET, bit));
	assert_null(vhc_feature_get(NET, UINT32_MAX));
	vhc_features_known(NET, &known);
	for (unsigned int bit = 0; bit < 256; bit++)
		assert_int_equal(vhc_features_has(&known, bit), vhc_feature_get(NET, bit) != NULL);

	/* Another type has the bits of every type, and not net's. */
	assert_null(vhc_feature_get((enum vhc_type)19, 15));
	assert_null(vhc_feature_get((enum vhc_type)19, 42));
	assert_string_equal(vhc_feature_get((enum vhc_type)19, 32)->name, "version_1");
}

static void feature_get_matches_kernel_headers(void **state)
{
	static const struct {
		uint32_t bit;
		const char *name;
	} known[] = {
		{ VIRTIO_NET_F_CSUM, "csum" },
		{ VIRTIO_NET_F_GUEST_TSO4, "guest_tso4" },
		{ VIRTIO_NET_F_HOST_UFO, "host_ufo" },
		{ VIRTIO_NET_F_MRG_RXBUF, "mrg_rxbuf" },
		{ VIRTIO_NET_F_CTRL_MAC_ADDR, "ctrl_mac_addr" },
		{ VIRTIO_NET_F_NOTF_COAL, "notf_coal" },
		{ VIRTIO_NET_F_HASH_REPORT, "hash_report" },
		{ VIRTIO_NET_F_RSS, "rss" },
		{ VIRTIO_NET_F_SPEED_DUPLEX, "speed_duplex" },
		{ VIRTIO_F_NOTIFY_ON_EMPTY, "notify_on_empty" },
		{ VIRTIO_F_ANY_LAYOUT, "any_layout" },
		{ VIRTIO_RING_F_INDIRECT_DESC, "indirect_desc" },
		{ VIRTIO_RING_F_EVENT_IDX, "event_idx" },
		{ VIRTIO_F_VERSION_1, "version_1" },
		{ VIRTIO_F_ACCESS_PLATFORM, "access_platform" },
		{ VIRTIO_F_RING_PACKED, "ring_packed" },
		{ VIRTIO_F_SR_IOV, "sr_iov" },
		{ VIRTIO_F_RING_RESET, "ring_reset" },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		assert_string_equal(vhc_feature_get(NET, known[i].bit)->name, known[i].name);
}

static void features_arithmetic_works_on_256_bits(void **state)
{
	struct vhc_features a = { { 0xf0, 1, 0, 1ull << 63 } }, b = { { 0x3c, 1, 2, 0 } }, set;

	set = vhi_features_and(&a, &b);
	assert_true(vhi_features_equal(&set, &(struct vhc_features){ { 0x30, 1, 0, 0 } }));
	set = vhi_features_or(&a, &b);
	assert_true(vhi_features_equal(&set, &(struct vhc_features){ { 0xfc, 1, 2, 1ull << 63 } }));
	set = vhi_features_without(&a, &b);
	assert_true(vhi_features_equal(&set, &(struct vhc_features){ { 0xc0, 0, 0, 1ull << 63 } }));
	assert_false(vhi_features_equal(&a, &b));
	assert_int_equal(vhi_features_first(&set), 6);
	set = (struct vhc_features){ { 0, 0, 0, 1ull << 63 } };
	assert_int_equal(vhi_features_first(&set), 255);
	assert_false(vhi_features_empty(&set));
	vhc_features_remove(&set, 255);
	assert_true(vhi_features_empty(&set));
	assert_int_equal(vhi_features_first(&set), 256);
}

static void features_of_each_origin_matches_specification(void **state)
{
	static const uint32_t origins[] = { 0, VHOST, TAP, MODEL, VHOST | TAP, VHOST | MODEL };

	for (size_t i = 0; i < sizeof(origins) / sizeof(origins[0]); i++) {
		struct vhc_features set = vhi_features_of(NET, origins[i]);
		uint32_t owner[256];

		for (unsigned int bit = 0; bit < 256; bit++)
			owner[bit] = MODEL;
		for (size_t j = 0; j < SPEC_BITS; j++)
			owner[spec[j].bit] = spec[j].origin;
		for (unsigned int bit = 0; bit < 256; bit++)
			assert_int_equal(vhc_features_has(&set, bit),
					 bit != 26 && bit != 30 &&
						 (owner[bit] & origins[i]) == origins[i]);
	}
}

static void net_header_size_matches_features(void **state)
{
	static const struct {
		struct vhc_features set;
		uint32_t size;
	} cases[] = {
		{ { { 0 } }, 10 },
		{ { { ~(1ull << 15 | 1ull << 32 | 1ull << 57), ~0x6aull } }, 10 },
		{ { { 1ull << 15 } }, 12 },
		{ { { 1ull << 32 } }, 12 },
		{ { { 1ull << 32 | 1ull << 57 } }, 20 },
		{ { { 1ull << 32, 1 << 1 } }, 24 },
		{ { { 1ull << 32, 1 << 3 } }, 24 },
		{ { { 1ull << 57, 1 << 3 } }, 24 },
		{ { { 1ull << 32, 1 << 2 | 1 << 4 } }, 12 },
		{ { { 1ull << 32, 1 << 5 } }, 32 },
		{ { { 1ull << 32, 1 << 6 | 1 << 1 } }, 32 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(vhi_net_header_size(&cases[i].set), cases[i].size);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(feature_get_matches_specification),
		cmocka_unit_test(feature_get_matches_kernel_headers),
		cmocka_unit_test(features_arithmetic_works_on_256_bits),
		cmocka_unit_test(features_of_each_origin_matches_specification),
		cmocka_unit_test(net_header_size_matches_features),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
