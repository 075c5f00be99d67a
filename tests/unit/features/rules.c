/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * rules - what each feature bit requires, and what is left of a set without what it requires.
 * The rules are implemented a second time here, as the specification and Linux's driver have them.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "features/features.h"
#include "random.h"

#define NET VHC_TYPE_NET

/* Section 5.1.3.1, bit by bit; and what Linux's driver does only by commands, or disables. */
static bool spec_allows(const struct vhc_features *set, unsigned int bit)
{
#define HAS(n) vhc_features_has(set, n)
	switch (bit) {
	case 2:
	case 20:
	case 50:
	case 57:
		return HAS(17);
	case 62:
		return HAS(5);
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
static void features_close_of_every_set_is_largest_valid_subset(void **state)
{
	static const struct group groups[] = {
		{ "receive offloads", 9, { 1, 7, 8, 9, 10, 54, 55, 65, 66 } },
		{ "transmit offloads", 9, { 0, 11, 12, 13, 14, 56, 61, 67, 68 } },
		{ "control queue", 12, { 17, 18, 19, 21, 22, 23, 51, 52, 53, 57, 60, 64 } },
		{ "by commands only", 4, { 2, 17, 20, 50 } },
		{ "standby", 2, { 5, 62 } },
		{ "no rules", 6, { 3, 15, 16, 32, 69, 70 } },
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
			drop = vhi_features_close(NET, &left);
			expected = subset(&groups[g], best);
			assert_true(vhi_features_equal(&left, &expected));
			expected = subset(&groups[g], i & ~best);
			assert_true(vhi_features_equal(&drop, &expected));
		}
	}
}

static void features_close_of_random_set_matches_oracle(void **state)
{
	struct random random = random_new("closure");
	unsigned int dropped = 0, kept = 0;

	for (int n = 0; n < 100000; n++) {
		struct vhc_features set = random_set(&random), left = set, slow = set, again;
		struct vhc_features drop = vhi_features_close(NET, &left), check;

		/* In the other order. */
		for (bool changed = true; changed;) {
			changed = false;
			for (unsigned int bit = 128; bit-- > 0;)
				if (vhc_features_has(&slow, bit) && !spec_allows(&slow, bit)) {
					vhc_features_remove(&slow, bit);
					changed = true;
				}
		}
		assert_true(vhi_features_equal(&left, &slow));
		again = vhi_features_or(&left, &drop);
		assert_true(vhi_features_equal(&again, &set));
		again = vhi_features_and(&left, &drop);
		assert_true(vhi_features_empty(&again));
		assert_int_equal(vhc_features_check(NULL, NET, &left, &check), 0);
		assert_true(vhi_features_empty(&check));
		assert_int_equal(vhc_features_check(NULL, NET, &set, &check),
				 vhi_features_empty(&drop) ? 0 : -EOPNOTSUPP);
		assert_true(vhi_features_equal(&check, &drop));
		dropped += !vhi_features_empty(&drop);
		kept += vhi_features_empty(&drop);
	}
	/* Both happen often, or the test shows little. */
	assert_true(dropped > 10000 && kept > 100);
}

/* The reason for each bit is there exactly if a rule forbids it, and names what it lacks. */
static void features_why_names_missing_requirement(void **state)
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
		{ { { 0 } }, 2, "ctrl_guest_offloads (2) requires ctrl_vq (17)" },
		{ { { 0 } }, 62, "standby (62) requires mac (5)" },
		{ { { 0 } },
		  26,
		  "bit 26 (VHOST_F_LOG_ALL) is internal to vhost, and never offered to a guest" },
	};
	char text[320];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_true(vhi_features_why(NET, &cases[i].set, cases[i].bit, text, sizeof(text)));
		assert_string_equal(text, cases[i].text);
		/* Cut, but never beyond the buffer. */
		memset(text, 'x', sizeof(text));
		assert_true(vhi_features_why(NET, &cases[i].set, cases[i].bit, text, 8));
		assert_int_equal(strlen(text), 7);
		assert_int_equal(text[8], 'x');
	}
	for (int n = 0; n < 2000; n++) {
		struct vhc_features set = random_set(&random);

		for (unsigned int bit = 0; bit < 256; bit++)
			assert_int_equal(vhi_features_why(NET, &set, bit, text, sizeof(text)),
					 !spec_allows(&set, bit));
	}
}

/* "ctrl_vq and (rss or hash_report)": is it so in this set? */
static bool holds(const char *requirement, const struct vhc_features *set)
{
	const char *open = strchr(requirement, '('), *separator;
	bool all = true, any = false, is_any = !open && strstr(requirement, " or ");
	char text[128], *word, *rest;

	assert_true(strlen(requirement) < sizeof(text));
	strcpy(text, requirement);
	if (open) {
		char inner[64];

		snprintf(inner, sizeof(inner), "%.*s", (int)strlen(open + 1) - 1, open + 1);
		text[open - requirement - (ptrdiff_t)strlen(" and ")] = 0;
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
		one = vhi_features_without(&one, set);
		any |= vhi_features_empty(&one);
		all &= vhi_features_empty(&one);
	}
	return is_any ? any : all;
}

/* What vhc_feature.requirement says is what is enforced. */
static void feature_requirement_text_matches_rules(void **state)
{
	struct random random = random_new("requirement");

	for (int n = 0; n < 1000; n++) {
		struct vhc_features set = random_set(&random);

		for (uint32_t bit = 0; bit < 256; bit++) {
			const struct vhc_feature *feature = vhc_feature_get(NET, bit);

			if (feature)
				assert_int_equal(holds(feature->requirement, &set),
						 spec_allows(&set, bit));
		}
	}
}

/* A mask of ctrl_vq leaves no feature for which a driver would send a command. */
static void features_close_without_ctrl_vq_drops_what_needs_commands(void **state)
{
	static const uint8_t commands[] = {
		2, 18, 19, 20, 21, 22, 23, 50, 51, 52, 53, 57, 60, 64, 0
	};
	struct vhc_features set, expected;

	vhc_features_known(NET, &set);
	vhc_features_remove(&set, 17);
	expected = set;
	for (const uint8_t *bit = commands; *bit; bit++)
		vhc_features_remove(&expected, *bit);
	vhi_features_close(NET, &set);
	assert_true(vhi_features_equal(&set, &expected));
}

static void features_check_of_bad_set_says_why(void **state)
{
	struct vhc_features set = { { 1 << 7 | 1 << 9 | 1 << 11, 1 << 2 } };
	static const unsigned int supports[] = { 7, 8, 11, 12, 57, 60, 65, 67, 0 };
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
		cmocka_unit_test(features_close_of_every_set_is_largest_valid_subset),
		cmocka_unit_test(features_close_of_random_set_matches_oracle),
		cmocka_unit_test(features_close_without_ctrl_vq_drops_what_needs_commands),
		cmocka_unit_test(features_why_names_missing_requirement),
		cmocka_unit_test(feature_requirement_text_matches_rules),
		cmocka_unit_test(features_check_of_bad_set_says_why),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
