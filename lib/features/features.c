/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * features - sets of 256 feature bits: arithmetic and dependencies.
 */
#include "features/features.h"

#include <errno.h>
#include <string.h>

#include "ctx.h"
#include "features/names.h"
#include "text.h"

#define BITS  256u
#define WORDS 4u

/* Enough for every rule that a set can break at once. */
#define TEXT_SIZE 4096

/* ---------------------------------------------------------------------------------- arithmetic */

struct vhc_features vhi_features_and(const struct vhc_features *a, const struct vhc_features *b)
{
	struct vhc_features set;

	for (unsigned int i = 0; i < WORDS; i++)
		set.w[i] = a->w[i] & b->w[i];
	return set;
}

struct vhc_features vhi_features_or(const struct vhc_features *a, const struct vhc_features *b)
{
	struct vhc_features set;

	for (unsigned int i = 0; i < WORDS; i++)
		set.w[i] = a->w[i] | b->w[i];
	return set;
}

struct vhc_features vhi_features_without(const struct vhc_features *a, const struct vhc_features *b)
{
	struct vhc_features set;

	for (unsigned int i = 0; i < WORDS; i++)
		set.w[i] = a->w[i] & ~b->w[i];
	return set;
}

bool vhi_features_equal(const struct vhc_features *a, const struct vhc_features *b)
{
	return !memcmp(a->w, b->w, sizeof(a->w));
}

bool vhi_features_empty(const struct vhc_features *set)
{
	return vhi_features_first(set) == BITS;
}

unsigned int vhi_features_first(const struct vhc_features *set)
{
	for (unsigned int i = 0; i < WORDS; i++)
		if (set->w[i])
			return i * 64 + (unsigned int)__builtin_ctzll(set->w[i]);
	return BITS;
}

/* Remove the lowest bit of a set and return it; BITS when it is empty. */
static unsigned int pop_first(struct vhc_features *left)
{
	unsigned int bit = vhi_features_first(left);

	vhc_features_remove(left, bit);
	return bit;
}

struct vhc_features vhi_features_of(enum vhc_type type, uint32_t origin)
{
	struct vhc_features set = { { 0 } };

	for (unsigned int bit = 0; bit < BITS; bit++) {
		const struct vhc_feature *feature = vhc_feature_get(type, bit);
		uint32_t has = feature ? feature->origin : VHC_ORIGIN_MODEL;

		if (!vhi_bit_private(bit) && (has & origin) == origin)
			vhc_features_add(&set, bit);
	}
	return set;
}

bool vhi_net_header_ok(uint64_t size)
{
	return size == 10 || size == 12 || size == 24;
}

uint32_t vhi_net_header_size(const struct vhc_features *acked)
{
	/* The longest that applies; fields in between are then padding.  Legacy: 10. */
	static const struct {
		uint8_t bits[2];
		uint32_t size;
	} sizes[] = {
		{ { VHI_F_OUT_NET_HEADER, VHI_F_IPSEC }, 32 },
		{ { VHI_F_GUEST_UDP_TUNNEL_GSO, VHI_F_HOST_UDP_TUNNEL_GSO }, 24 },
		{ { VHI_F_HASH_REPORT, VHI_F_HASH_REPORT }, 20 },
		{ { VHI_F_MRG_RXBUF, VHI_F_VERSION_1 }, 12 },
	};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		if (vhc_features_has(acked, sizes[i].bits[0]) ||
		    vhc_features_has(acked, sizes[i].bits[1]))
			return sizes[i].size;
	return 10;
}

/* -------------------------------------------------------------------------------- dependencies */

/* Does the set have what this bit requires? */
static bool is_satisfied(enum vhc_type type, const struct vhc_features *set, unsigned int bit)
{
	const struct vhi_bit *known = vhi_bit_get(type, bit);
	struct vhc_features missing, present;

	if (!known)
		return !vhi_bit_private(bit);
	missing = vhi_features_without(&known->all, set);
	present = vhi_features_and(&known->any, set);
	return vhi_features_empty(&missing) &&
	       (vhi_features_empty(&known->any) || !vhi_features_empty(&present));
}

/*
 * Rules only require bits, and never exclude any, so a bit that is removed once could not be in any
 * smaller set either: this finds the one largest subset, in whatever order.
 */
struct vhc_features vhi_features_close(enum vhc_type type, struct vhc_features *set)
{
	struct vhc_features before = *set, last, left;
	unsigned int bit;

	do {
		last = left = *set;
		while ((bit = pop_first(&left)) < BITS)
			if (!is_satisfied(type, set, bit))
				vhc_features_remove(set, bit);
	} while (!vhi_features_equal(&last, set));
	return vhi_features_without(&before, set);
}

bool vhi_features_why(enum vhc_type type, const struct vhc_features *set, unsigned int bit,
		      char *text, size_t size)
{
	const struct vhi_bit *known = vhi_bit_get(type, bit);
	struct vhi_text out = { text, size };
	struct vhc_features all, any;

	vhi_text_put(&out, "%s", "");
	if (is_satisfied(type, set, bit))
		return false;
	vhi_features_put_bit(&out, type, bit);
	if (!known) {
		vhi_text_put(&out, " (%s) is internal to vhost, and never offered to a guest",
			     vhi_bit_private(bit));
		return true;
	}
	all = vhi_features_without(&known->all, set);
	any = vhi_features_and(&known->any, set);
	any = vhi_features_empty(&any) ? known->any : (struct vhc_features){ { 0 } };
	vhi_text_put(&out, " requires ");
	vhi_features_put(&out, type, &all, " and ");
	if (!vhi_features_empty(&all) && !vhi_features_empty(&any))
		vhi_text_put(&out, ", and ");
	vhi_features_put(&out, type, &any, " or ");
	return true;
}

VHC_EXPORT int vhc_features_check(struct vhc_ctx *ctx, enum vhc_type type,
				  const struct vhc_features *set, struct vhc_features *ret_drop)
{
	struct vhc_features rest = *set, left = *set;
	struct vhc_features drop = vhi_features_close(type, &rest);
	char broken[TEXT_SIZE], hint[TEXT_SIZE], why[320];
	struct vhi_text out = { broken, sizeof(broken) };
	struct vhi_text advice = { hint, sizeof(hint) };
	const char *before = "";
	unsigned int bit;

	if (ret_drop)
		*ret_drop = drop;
	if (vhi_features_empty(&drop))
		return 0;
	while ((bit = pop_first(&left)) < BITS) {
		if (!vhi_features_why(type, set, bit, why, sizeof(why)))
			continue;
		vhi_text_put(&out, "%s%s", before, why);
		before = "; ";
	}
	vhi_text_put(&advice, "drop ");
	vhi_features_put(&advice, type, &drop, ", ");
	vhi_text_put(&advice, ", or add what they require");
	return vhi_fail_at(ctx, &(struct vhi_place){ .hint = hint }, -EOPNOTSUPP, "%s", broken);
}
