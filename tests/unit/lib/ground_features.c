/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ground_features - what is known of each bit, and the rules between them.
 * The rules are written down a second time here, as the specification has them.
 */
#include <ctype.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include <linux/virtio_config.h>
#include <linux/virtio_net.h>
#include <linux/virtio_ring.h>

#include "feature.h"
#include "ground_random.h"
#include "names.h"

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

/* Section 5.1.3.1, bit by bit. */
static bool spec_allows(const struct vhc_features *set, unsigned int bit)
{
#define HAS(n) vhc_features_has(set, n)
	switch (bit) {
	case 7:
	case 8:
	case 10:
	case 54:
	case 55:
		return HAS(1);
	case 9:
		return HAS(7) || HAS(8);
	case 65:
		return HAS(7) && HAS(8) && HAS(54) && HAS(55);
	case 66:
		return HAS(65);
	case 11:
	case 12:
	case 14:
	case 56:
		return HAS(0);
	case 13:
	case 61:
		return HAS(11) || HAS(12);
	case 67:
		return HAS(11) && HAS(12) && HAS(56);
	case 68:
		return HAS(67);
	case 18:
	case 19:
	case 21:
	case 22:
	case 23:
	case 52:
	case 53:
	case 60:
		return HAS(17);
	case 51:
		return HAS(17) && (HAS(60) || HAS(57));
	case 64:
		return HAS(17) && HAS(60);
	case 26:
	case 30:
		return false;
	default:
		return true;
	}
#undef HAS
}

static bool spec_valid(const struct vhc_features *set)
{
	for (unsigned int bit = 0; bit < 256; bit++)
		if (vhc_features_has(set, bit) && !spec_allows(set, bit))
			return false;
	return true;
}

static struct vhc_features random_set(struct random *random)
{
	struct vhc_features set;

	/* Dense and sparse ones; and words 2 and 3 have no rules, so they are mostly empty. */
	for (int i = 0; i < 4; i++) {
		uint64_t w = random_u64(random), sparse = random_u64(random);

		set.w[i] = random_once_in(random, 2) ? w | sparse : w & sparse;
	}
	if (!random_once_in(random, 8))
		set.w[2] = set.w[3] = 0;
	return set;
}

static void test_table(void **state)
{
	struct vhc_features seen = { { 0 } };

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
		assert_non_null(feature->requires);
		assert_true(strlen(feature->text) > 3 && strlen(feature->text) < 64);
		vhc_features_add(&seen, spec[i].bit);
	}
	for (uint32_t bit = 0; bit < 1000; bit++)
		if (!vhc_features_has(&seen, bit))
			assert_null(vhc_feature_get(NET, bit));
	assert_null(vhc_feature_get(NET, UINT32_MAX));

	/* Another type has the bits of every type, and not net's. */
	assert_null(vhc_feature_get((enum vhc_type)19, 15));
	assert_null(vhc_feature_get((enum vhc_type)19, 42));
	assert_string_equal(vhc_feature_get((enum vhc_type)19, 32)->name, "version_1");
}

static void test_kernel_headers_agree(void **state)
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

static void test_arithmetic(void **state)
{
	struct vhc_features a = { { 0xf0, 1, 0, 1ull << 63 } }, b = { { 0x3c, 1, 2, 0 } }, set;

	set = vhc_features_and(&a, &b);
	assert_true(vhc_features_equal(&set, &(struct vhc_features){ { 0x30, 1, 0, 0 } }));
	set = vhc_features_or(&a, &b);
	assert_true(vhc_features_equal(&set, &(struct vhc_features){ { 0xfc, 1, 2, 1ull << 63 } }));
	set = vhc_features_without(&a, &b);
	assert_true(vhc_features_equal(&set, &(struct vhc_features){ { 0xc0, 0, 0, 1ull << 63 } }));
	assert_false(vhc_features_equal(&a, &b));
	assert_int_equal(vhc_features_first(&set), 6);
	set = (struct vhc_features){ { 0, 0, 0, 1ull << 63 } };
	assert_int_equal(vhc_features_first(&set), 255);
	assert_false(vhc_features_empty(&set));
	vhc_features_remove(&set, 255);
	assert_true(vhc_features_empty(&set));
	assert_int_equal(vhc_features_first(&set), 256);
}

static void test_origins(void **state)
{
	static const uint32_t origins[] = { 0, VHOST, TAP, MODEL, VHOST | TAP, VHOST | MODEL };

	for (size_t i = 0; i < sizeof(origins) / sizeof(origins[0]); i++) {
		struct vhc_features set = vhc_features_of(NET, origins[i]);
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

static void test_header_size(void **state)
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
		assert_int_equal(vhc_net_header_size(&cases[i].set), cases[i].size);
}

/* The bits of a group whose rules have nothing to do with any other's. */
struct group {
	const char *name;
	unsigned int count;
	uint8_t bits[12];
};

static struct vhc_features subset(const struct group *group, unsigned int chosen)
{
	struct vhc_features set = { { 0 } };

	for (unsigned int i = 0; i < group->count; i++)
		if (chosen >> i & 1)
			vhc_features_add(&set, group->bits[i]);
	return set;
}

/* Every set of each group: what is left is the one largest of all its subsets that are valid. */
static void test_close_every_set(void **state)
{
	static const struct group groups[] = {
		{ "receive offloads", 9, { 1, 7, 8, 9, 10, 54, 55, 65, 66 } },
		{ "transmit offloads", 9, { 0, 11, 12, 13, 14, 56, 61, 67, 68 } },
		{ "control queue", 12, { 17, 18, 19, 21, 22, 23, 51, 52, 53, 57, 60, 64 } },
		{ "no rules", 6, { 2, 15, 20, 32, 69, 70 } },
		{ "vhost's own", 4, { 25, 26, 27, 30 } },
	};

	for (size_t g = 0; g < sizeof(groups) / sizeof(groups[0]); g++) {
		unsigned int total = 1u << groups[g].count;
		bool valid[1 << 12];

		for (unsigned int i = 0; i < total; i++) {
			struct vhc_features set = subset(&groups[g], i);

			valid[i] = spec_valid(&set);
		}
		for (unsigned int i = 0; i < total; i++) {
			struct vhc_features left = subset(&groups[g], i), drop, expected;
			unsigned int best = 0;

			for (unsigned int j = i; j; j = (j - 1) & i)
				best |= valid[j] ? j : 0;
			assert_true(valid[best]);
			drop = vhc_features_close(NET, &left);
			expected = subset(&groups[g], best);
			assert_true(vhc_features_equal(&left, &expected));
			expected = subset(&groups[g], i & ~best);
			assert_true(vhc_features_equal(&drop, &expected));
		}
	}
}

static void test_close_random(void **state)
{
	struct random random = random_new("closure");
	unsigned int dropped = 0, kept = 0;

	for (int n = 0; n < 100000; n++) {
		struct vhc_features set = random_set(&random), left = set, slow = set, again;
		struct vhc_features drop = vhc_features_close(NET, &left), check;

		/* In the other order. */
		for (bool changed = true; changed;) {
			changed = false;
			for (unsigned int bit = 128; bit-- > 0;)
				if (vhc_features_has(&slow, bit) && !spec_allows(&slow, bit)) {
					vhc_features_remove(&slow, bit);
					changed = true;
				}
		}
		assert_true(vhc_features_equal(&left, &slow));
		again = vhc_features_or(&left, &drop);
		assert_true(vhc_features_equal(&again, &set));
		again = vhc_features_and(&left, &drop);
		assert_true(vhc_features_empty(&again));
		assert_int_equal(vhc_features_check(NULL, NET, &left, &check), 0);
		assert_true(vhc_features_empty(&check));
		assert_int_equal(vhc_features_check(NULL, NET, &set, &check),
				 vhc_features_empty(&drop) ? 0 : -EOPNOTSUPP);
		assert_true(vhc_features_equal(&check, &drop));
		dropped += !vhc_features_empty(&drop);
		kept += vhc_features_empty(&drop);
	}
	/* Both happen often, or the test shows little. */
	assert_true(dropped > 10000 && kept > 100);
}

/* The reason for each bit is there exactly if the specification forbids it, and names what it lacks. */
static void test_why(void **state)
{
	struct random random = random_new("why");
	static const struct {
		struct vhc_features set;
		unsigned int bit;
		const char *text;
	} cases[] = {
		{ { { 0 } }, 7, "guest_tso4 (7) requires guest_csum (1)" },
		{ { { 0 } }, 9, "guest_ecn (9) requires guest_tso4 (7) or guest_tso6 (8)" },
		{ { { 1 << 8 } },
		  65,
		  "guest_udp_tunnel_gso (65) requires guest_tso4 (7) and guest_uso4 (54) and "
		  "guest_uso6 (55)" },
		{ { { 0 } },
		  66,
		  "guest_udp_tunnel_gso_csum (66) requires guest_udp_tunnel_gso (65)" },
		{ { { 0 } },
		  51,
		  "hash_tunnel (51) requires ctrl_vq (17), and hash_report (57) or rss (60)" },
		{ { { 1ull << 60 } }, 51, "hash_tunnel (51) requires ctrl_vq (17)" },
		{ { { 1ull << 17 } },
		  51,
		  "hash_tunnel (51) requires hash_report (57) or rss (60)" },
		{ { { 0 } },
		  26,
		  "bit 26 (VHOST_F_LOG_ALL) is between vhost and its user, never a guest's" },
	};
	char text[320];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_true(vhc_features_why(NET, &cases[i].set, cases[i].bit, text, sizeof(text)));
		assert_string_equal(text, cases[i].text);
		/* Cut, but never beyond the buffer. */
		memset(text, 'x', sizeof(text));
		assert_true(vhc_features_why(NET, &cases[i].set, cases[i].bit, text, 8));
		assert_int_equal(strlen(text), 7);
		assert_int_equal(text[8], 'x');
	}
	for (int n = 0; n < 2000; n++) {
		struct vhc_features set = random_set(&random);

		for (unsigned int bit = 0; bit < 256; bit++)
			assert_int_equal(vhc_features_why(NET, &set, bit, text, sizeof(text)),
					 !spec_allows(&set, bit));
	}
}

/* "ctrl_vq and (rss or hash_report)": is it so in this set? */
static bool holds(const char *requires, const struct vhc_features *set)
{
	const char *open = strchr(requires, '('), *separator;
	bool all = true, any = false, is_any = !open && strstr(requires, " or ");
	char text[128], *word, *rest;

	assert_true(strlen(requires) < sizeof(text));
	strcpy(text, requires);
	if (open) {
		char inner[64];

		snprintf(inner, sizeof(inner), "%.*s", (int)strlen(open + 1) - 1, open + 1);
		text[open - requires - (ptrdiff_t)strlen(" and ")] = 0;
		return holds(text, set) && holds(inner, set);
	}
	separator = is_any ? " or " : " and ";
	for (word = text; word; word = rest) {
		struct vhc_features one;

		rest = strstr(word, separator);
		if (rest) {
			*rest = 0;
			rest += strlen(separator);
		}
		assert_int_equal(vhc_features_parse(NULL, NET, word, &one), 0);
		one = vhc_features_without(&one, set);
		any |= vhc_features_empty(&one);
		all &= vhc_features_empty(&one);
	}
	return is_any ? any : all;
}

/* What vhc_feature.requires says is what is enforced. */
static void test_requires_text(void **state)
{
	struct random random = random_new("requires");

	for (int n = 0; n < 1000; n++) {
		struct vhc_features set = random_set(&random);

		for (size_t i = 0; i < SPEC_BITS; i++)
			assert_int_equal(holds(vhc_feature_get(NET, spec[i].bit)->requires, &set),
					 spec_allows(&set, spec[i].bit));
	}
}

static void test_check_text(void **state)
{
	struct vhc_features set = { { 1 << 7 | 1 << 9 | 1 << 11, 1 << 2 } };
	static const unsigned int supports[] = { 7, 8, 11, 12, 60, 65, 67, 0 };
	const struct vhc_error *error;
	struct vhc_ctx *ctx;

	assert_int_equal(vhc_ctx_new(&ctx), 0);
	assert_int_equal(vhc_features_check(ctx, NET, &set, NULL), -EOPNOTSUPP);
	error = vhc_ctx_get_error(ctx);
	assert_int_equal(error->code, -EOPNOTSUPP);
	assert_string_equal(error->text, "guest_tso4 (7) requires guest_csum (1); "
					 "host_tso4 (11) requires csum (0); "
					 "guest_udp_tunnel_gso_csum (66) requires "
					 "guest_udp_tunnel_gso (65)");
	assert_string_equal(error->hint, "drop guest_tso4 (7), guest_ecn (9), host_tso4 (11), "
					 "guest_udp_tunnel_gso_csum (66), or add what they "
					 "require");

	/* Every rule broken at once, one by one: nothing of it is cut. */
	set = (struct vhc_features){ { 0 } };
	for (unsigned int bit = 0; bit < 256; bit++)
		if (!spec_allows(&set, bit) || bit >= 128)
			vhc_features_add(&set, bit);
	for (const unsigned int *bit = supports; *bit; bit++)
		vhc_features_remove(&set, *bit);
	assert_int_equal(vhc_features_check(ctx, NET, &set, NULL), -EOPNOTSUPP);
	error = vhc_ctx_get_error(ctx);
	assert_non_null(strstr(error->text, "; host_udp_tunnel_gso_csum (68) requires "
					    "host_udp_tunnel_gso (67)"));
	assert_non_null(strstr(error->hint, ", or add what they require"));
	vhc_ctx_free(ctx);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),	      cmocka_unit_test(test_kernel_headers_agree),
		cmocka_unit_test(test_arithmetic),    cmocka_unit_test(test_origins),
		cmocka_unit_test(test_header_size),   cmocka_unit_test(test_close_every_set),
		cmocka_unit_test(test_close_random),  cmocka_unit_test(test_why),
		cmocka_unit_test(test_requires_text), cmocka_unit_test(test_check_text),
	};

	return cmocka_run_group_tests_name("ground_features", tests, NULL, NULL);
}
