/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * text - sets of feature bits from words, and to words.
 */
#include <ctype.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "features/features.h"
#include "random.h"

#define NET VHC_TYPE_NET

static struct vhc_ctx *ctx;
static bool no_memory;

char *__real_strdup(const char *text);
char *__wrap_strdup(const char *text);
char *__wrap_strdup(const char *text)
{
	return no_memory ? NULL : __real_strdup(text);
}

static int set_up(void **state)
{
	return vhc_ctx_new(&ctx);
}

static int tear_down(void **state)
{
	vhc_ctx_free(ctx);
	return 0;
}

static void features_parse_of_names_and_numbers_works(void **state)
{
	static const struct {
		const char *text;
		struct vhc_features set;
	} cases[] = {
		{ "", { { 0 } } },
		{ " ,\t\r\n, ", { { 0 } } },
		{ "csum", { { 1 } } },
		{ "CSUM", { { 1 } } },
		{ "mrg_rxbuf,guest_tso4", { { 1 << 15 | 1 << 7 } } },
		{ "mrg_rxbuf guest_tso4", { { 1 << 15 | 1 << 7 } } },
		{ ",mrg_rxbuf,,\n\tguest_tso4 ", { { 1 << 15 | 1 << 7 } } },
		{ "csum,csum,0", { { 1 } } },
		{ "VIRTIO_NET_F_MRG_RXBUF", { { 1 << 15 } } },
		{ "virtio_net_f_mrg_rxbuf", { { 1 << 15 } } },
		{ "VIRTIO_F_VERSION_1 version_1", { { 1ull << 32 } } },
		{ "VIRTIO_F_INDIRECT_DESC", { { 1 << 28 } } },
		{ "VIRTIO_RING_F_INDIRECT_DESC", { { 1 << 28 } } },
		{ "virtio_ring_f_event_idx", { { 1 << 29 } } },
		{ "iommu_platform", { { 1ull << 33 } } },
		{ "VIRTIO_F_IOMMU_PLATFORM", { { 1ull << 33 } } },
		{ "packed", { { 1ull << 34 } } },
		{ "0", { { 1 } } },
		{ "63", { { 1ull << 63 } } },
		{ "063", { { 1ull << 63 } } },
		{ "64", { { 0, 1 } } },
		{ "255", { { 0, 0, 0, 1ull << 63 } } },
		{ "bit 63", { { 1ull << 63 } } },
		{ "BIT 0,bit\t4", { { 0x11 } } },
		{ "host_udp_tunnel_gso_csum", { { 0, 1 << 4 } } },
		{ "0x0", { { 0 } } },
		{ "0x8000", { { 0x8000 } } },
		{ "0XaBcD00000000, 1", { { 0xabcd00000002 } } },
		{ "0x10000000000000000", { { 0, 1 } } },
		{ "0x8000000000000000000000000000000000000000000000000000000000000001",
		  { { 1, 0, 0, 1ull << 63 } } },
		{ "0x000000008000000000000000000000000000000000000000000000000000000000000001",
		  { { 1, 0, 0, 1ull << 63 } } },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct vhc_features set;

		if (vhc_features_parse(ctx, NET, cases[i].text, &set) != 0)
			fail_msg("%s: %s", cases[i].text, vhc_ctx_get_error(ctx)->text);
		if (!vhi_features_equal(&set, &cases[i].set))
			fail_msg("%s: 0x%" PRIx64 " 0x%" PRIx64 " 0x%" PRIx64 " 0x%" PRIx64,
				 cases[i].text, set.w[0], set.w[1], set.w[2], set.w[3]);
	}
}

static void features_parse_of_bad_text_is_einval(void **state)
{
	static const struct {
		const char *text, *part; /* of the message */
	} cases[] = {
		{ "csumm", "\"csumm\" is not a feature" },
		{ "csu", "\"csu\" is not a feature" },
		{ "csum,nope,nada", "\"nope\" is not a feature" },
		{ "csum;guest_csum", "\"csum;guest_csum\" is not a feature" },
		{ "VIRTIO_F_CSUM", "\"VIRTIO_F_CSUM\" is not a feature" },
		{ "VIRTIO_NET_F_", "is not a feature" },
		{ "-1", "\"-1\" is not a feature" },
		{ "+1", "\"+1\" is not a feature" },
		{ "1.0", "\"1.0\" is not a feature" },
		{ "256", "\"256\" is not a feature bit: bits are 0 to 255" },
		{ "4294967296", "\"4294967296\" is not a feature bit" },
		{ "18446744073709551616", "is not a feature bit" },
		{ "bit", "\"bit\" needs a number" },
		{ "bit csum", "\"bit\" needs a number" },
		{ "bit bit 1", "\"bit\" needs a number" },
		{ "bit 0x1", "\"bit\" needs a number" },
		{ "bit 256", "\"256\" is not a feature bit" },
		{ "bit63", "\"bit63\" is not a feature" },
		{ "0x", "\"0x\" is not a mask: it has no digits" },
		{ "0x1g", "\"0x1g\" is not a mask: only hexadecimal" },
		{ "0x1_0", "\"0x1_0\" is not a mask: only hexadecimal" },
		{ "0x10000000000000000000000000000000000000000000000000000000000000000",
		  "is not a mask: it has more than 256 bits" },
		{ "26", "\"26\": bit 26 (VHOST_F_LOG_ALL) is internal to vhost" },
		{ "bit 30", "\"bit 30\": bit 30 (VHOST_USER_F_PROTOCOL_FEATURES)" },
		{ "log_all", "\"log_all\": bit 26" },
		{ "VHOST_USER_F_PROTOCOL_FEATURES", "bit 30" },
		{ "0x33d008000", "\"0x33d008000\": bit 26" },
		{ "\xc3\xa4", "\"??\" is not a feature" },
		{ "a\033[31mb\x7f", "\"a?[31mb?\" is not a feature" },
		{ "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz",
		  "\"abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqr...\" is not a feature" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct vhc_features set = { { 1, 2, 3, 4 } };

		assert_int_equal(vhc_features_parse(ctx, NET, cases[i].text, &set), -EINVAL);
		if (!strstr(vhc_ctx_get_error(ctx)->text, cases[i].part))
			fail_msg("%s: %s", cases[i].text, vhc_ctx_get_error(ctx)->text);
		assert_true(vhi_features_equal(&set, &(struct vhc_features){ { 1, 2, 3, 4 } }));
		/* Without a context there is only the code. */
		assert_int_equal(vhc_features_parse(NULL, NET, cases[i].text, &set), -EINVAL);
	}
}

/* The example is a name that the type has. */
static void features_parse_of_unknown_name_says_of_which_type(void **state)
{
	static const struct {
		enum vhc_type type;
		const char *text;
	} cases[] = {
		{ NET, "\"stream\" is not a feature of a net device: give a name such as csum, " },
		{ VHC_TYPE_VSOCK,
		  "\"mtu\" is not a feature of a vsock device: give a name such as stream, " },
		{ (enum vhc_type)99, "\"mtu\" is not a feature of a device of this type: give a "
				     "name such as notify_on_empty, " },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *word = cases[i].type == NET ? "stream" : "mtu";
		const char *text;
		struct vhc_features set;

		assert_int_equal(vhc_features_parse(ctx, cases[i].type, word, &set), -EINVAL);
		text = vhc_ctx_get_error(ctx)->text;
		if (strncmp(text, cases[i].text, strlen(cases[i].text)) != 0)
			fail_msg("%s", text);
	}
}

/* Another type of device knows the bits of every type by name, and the others by number. */
static void features_parse_of_other_type_knows_common_names(void **state)
{
	struct vhc_features set;

	assert_int_equal(vhc_features_parse(ctx, (enum vhc_type)19, "version_1 15", &set), 0);
	assert_int_equal(set.w[0], 1ull << 32 | 1 << 15);
	assert_int_equal(vhc_features_parse(ctx, (enum vhc_type)19, "mrg_rxbuf", &set), -EINVAL);
}

static void expect_format(struct vhc_features set, const char *expected)
{
	char *text;

	assert_int_equal(vhc_features_format(ctx, NET, &set, &text), 0);
	assert_string_equal(text, expected);
	free(text);
}

static void features_format_names_bits(void **state)
{
	struct vhc_features all = { { ~0ull, ~0ull, ~0ull, ~0ull } };
	char *text;

	expect_format((struct vhc_features){ { 0 } }, "");
	expect_format((struct vhc_features){ { 1 } }, "csum");
	expect_format((struct vhc_features){ { 0x13, 1 << 6, 0, 1ull << 63 } },
		      "csum,guest_csum,bit 4,ipsec,bit 255");
	/* All of them have room. */
	assert_int_equal(vhc_features_format(ctx, NET, &all, &text), 0);
	assert_string_equal(text + strlen(text) - strlen(",bit 254,bit 255"), ",bit 254,bit 255");
	free(text);
}

static void features_format_without_memory_is_enomem(void **state)
{
	struct vhc_features set = { { 1 } };
	char untouched, *text = &untouched;

	no_memory = true;
	assert_int_equal(vhc_features_format(ctx, NET, &set, &text), -ENOMEM);
	no_memory = false;
	assert_ptr_equal(text, &untouched);
	expect_format(set, "csum");
}

/* What was formatted is read back as it was: whole, each bit alone, by constant, and by mask. */
static void features_parse_of_formatted_text_is_the_same(void **state)
{
	struct random random = random_new("round trip");

	for (int n = 0; n < 20000; n++) {
		struct vhc_features set, again;
		char *text, mask[80];

		for (int i = 0; i < 4; i++)
			set.w[i] = random_u64(&random) & random_u64(&random);
		vhc_features_remove(&set, 26);
		vhc_features_remove(&set, 30);
		assert_int_equal(vhc_features_format(ctx, NET, &set, &text), 0);
		assert_int_equal(vhc_features_parse(ctx, NET, text, &again), 0);
		assert_true(vhi_features_equal(&set, &again));
		free(text);
		snprintf(mask, sizeof(mask),
			 "0x%016" PRIx64 "%016" PRIx64 "%016" PRIX64 "%016" PRIx64, set.w[3],
			 set.w[2], set.w[1], set.w[0]);
		assert_int_equal(vhc_features_parse(ctx, NET, mask, &again), 0);
		assert_true(vhi_features_equal(&set, &again));
	}
	for (uint32_t bit = 0; bit < 256; bit++) {
		const struct vhc_feature *feature = vhc_feature_get(NET, bit);
		struct vhc_features set;

		if (!feature)
			continue;
		assert_int_equal(vhc_features_parse(ctx, NET, feature->constant, &set), 0);
		assert_int_equal(vhi_features_first(&set), bit);
		vhc_features_remove(&set, bit);
		assert_true(vhi_features_empty(&set));
	}
}

/* Any bytes: an answer, and never a read beyond the end (the sanitizer sees that). */
static void features_parse_of_any_bytes_answers(void **state)
{
	static const char *const pieces[] = { "csum", "bit",	 "0x", "63", ",",    " ",
					      "26",   "VIRTIO_", "f",  "\n", "\x80", "_" };
	struct random random = random_new("any bytes");
	unsigned int good = 0;

	for (int n = 0; n < 100000; n++) {
		char text[64] = "", *copy;
		struct vhc_features set;
		int r;

		for (uint64_t i = random_below(&random, 6); i > 0; i--)
			strcat(text,
			       pieces[random_below(&random, sizeof(pieces) / sizeof(pieces[0]))]);
		if (random_once_in(&random, 4) && *text)
			text[random_below(&random, strlen(text))] =
				(char)(1 + random_below(&random, 255));
		copy = strdup(text);
		assert_non_null(copy);
		r = vhc_features_parse(NULL, NET, copy, &set);
		assert_true(r == 0 || r == -EINVAL);
		good += r == 0;
		free(copy);
	}
	assert_true(good > 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(features_parse_of_names_and_numbers_works),
		cmocka_unit_test(features_parse_of_bad_text_is_einval),
		cmocka_unit_test(features_parse_of_unknown_name_says_of_which_type),
		cmocka_unit_test(features_parse_of_other_type_knows_common_names),
		cmocka_unit_test(features_format_names_bits),
		cmocka_unit_test(features_format_without_memory_is_enomem),
		cmocka_unit_test(features_parse_of_formatted_text_is_the_same),
		cmocka_unit_test(features_parse_of_any_bytes_answers),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
