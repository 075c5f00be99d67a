/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * features-oracle - whose bits and which rules, a second time from the specification and Linux,
 * and the formula of what is offered.
 */
#include "features/features.h"
#include "features-oracle.h"

/* Whose bits: virtio 1.4, and who of a vhost-net device does the work. */
const struct vhc_features vhost_owned = { { B(15) | B(24) | B(28) | B(29) | B(32) | B(33) | B(34) |
						    B(35) | B(36) | B(40) | B(42) | B(51) | B(52) |
						    B(53) | B(57) | B(61),
					    B(65 - 64) | B(67 - 64) | B(69 - 64) | B(70 - 64) } };
static const struct vhc_features tap_owned = {
	{ B(0) | B(1) | B(7) | B(8) | B(9) | B(10) | B(11) | B(12) | B(13) | B(14) | B(54) | B(55) |
		  B(56),
	  B(65 - 64) | B(66 - 64) | B(67 - 64) | B(68 - 64) }
};
static const struct vhc_features private_bits = { { B(26) | B(30) } };

/* Section 5.1.3.1, and at the end Linux's driver: all of the first, and one of the second. */
static const struct {
	unsigned int bit;
	struct vhc_features all, any;
} rules[] = {
	{ 7, { { B(1) } }, { { 0 } } },
	{ 8, { { B(1) } }, { { 0 } } },
	{ 10, { { B(1) } }, { { 0 } } },
	{ 54, { { B(1) } }, { { 0 } } },
	{ 55, { { B(1) } }, { { 0 } } },
	{ 9, { { 0 } }, { { B(7) | B(8) } } },
	{ 65, { { B(7) | B(8) | B(54) | B(55) } }, { { 0 } } },
	{ 66, { { 0, B(1) } }, { { 0 } } },
	{ 11, { { B(0) } }, { { 0 } } },
	{ 12, { { B(0) } }, { { 0 } } },
	{ 14, { { B(0) } }, { { 0 } } },
	{ 56, { { B(0) } }, { { 0 } } },
	{ 13, { { 0 } }, { { B(11) | B(12) } } },
	{ 67, { { B(11) | B(12) | B(56) } }, { { 0 } } },
	{ 68, { { 0, B(3) } }, { { 0 } } },
	{ 18, { { B(17) } }, { { 0 } } },
	{ 19, { { B(17) } }, { { 0 } } },
	{ 21, { { B(17) } }, { { 0 } } },
	{ 22, { { B(17) } }, { { 0 } } },
	{ 23, { { B(17) } }, { { 0 } } },
	{ 52, { { B(17) } }, { { 0 } } },
	{ 53, { { B(17) } }, { { 0 } } },
	{ 60, { { B(17) } }, { { 0 } } },
	{ 61, { { 0 } }, { { B(11) | B(12) } } },
	{ 51, { { B(17) } }, { { B(60) | B(57) } } },
	{ 64, { { B(17) | B(60) } }, { { 0 } } },
	{ 2, { { B(17) } }, { { 0 } } },
	{ 20, { { B(17) } }, { { 0 } } },
	{ 50, { { B(17) } }, { { 0 } } },
	{ 57, { { B(17) } }, { { 0 } } },
	{ 62, { { B(5) } }, { { 0 } } },
};

#define RULES (sizeof(rules) / sizeof(rules[0]))

static bool subset(const struct vhc_features *part, const struct vhc_features *whole)
{
	struct vhc_features rest = vhi_features_without(part, whole);

	return vhi_features_empty(&rest);
}

static bool rule_holds(size_t i, const struct vhc_features *set)
{
	struct vhc_features common = vhi_features_and(&rules[i].any, set);

	return subset(&rules[i].all, set) &&
	       (vhi_features_empty(&rules[i].any) || !vhi_features_empty(&common));
}

static void drop_until_all_stand(struct vhc_features *set)
{
	bool changed = true;

	while (changed) {
		changed = false;
		for (size_t i = 0; i < RULES; i++)
			if (vhc_features_has(set, rules[i].bit) && !rule_holds(i, set)) {
				vhc_features_remove(set, rules[i].bit);
				changed = true;
			}
	}
}

struct vhc_features oracle(const struct vhc_features *want, const struct vhc_features *vhost,
			   const struct vhc_features *tap)
{
	struct vhc_features set = { { 0 } };

	for (unsigned int bit = 0; bit < 256; bit++)
		if (vhc_features_has(want, bit) && !vhc_features_has(&private_bits, bit) &&
		    (!vhc_features_has(&vhost_owned, bit) || vhc_features_has(vhost, bit)) &&
		    (!vhc_features_has(&tap_owned, bit) || vhc_features_has(tap, bit)))
			vhc_features_add(&set, bit);
	drop_until_all_stand(&set);
	return set;
}

struct vhc_features with_requirements(unsigned int bit)
{
	struct vhc_features set = { { 0 } }, before;

	vhc_features_add(&set, bit);
	do {
		before = set;
		for (size_t i = 0; i < RULES; i++)
			if (vhc_features_has(&set, rules[i].bit)) {
				set = vhi_features_or(&set, &rules[i].all);
				set = vhi_features_or(&set, &rules[i].any);
			}
	} while (!vhi_features_equal(&set, &before));
	return set;
}
