/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The feature bits in a message.  The library knows them all, but for vhost's own bits.
 */
#include "bits.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORDS 4u

/* A mask of vhost may have these, and a guest never sees them. */
static const struct vhc_feature own_bits[] = {
	{ 26, VHC_ORIGIN_VHOST, "log_all", "VHOST_F_LOG_ALL", "vhost keeps a dirty log", "" },
	{ 30, VHC_ORIGIN_VHOST, "protocol_features", "VHOST_USER_F_PROTOCOL_FEATURES",
	  "vhost-user's own features follow", "" },
};

/* Between vhost-net and its user, bit 27 has another meaning than between a device and its driver. */
static const struct vhc_feature vnet_hdr = { 27,
					     VHC_ORIGIN_VHOST,
					     "virtio_net_hdr",
					     "VHOST_NET_F_VIRTIO_NET_HDR",
					     "vhost makes the header itself, for a tap without one",
					     "" };

const struct vhc_feature *explain_own_bit(uint32_t bit)
{
	for (size_t i = 0; i < DOC_COUNT(own_bits); i++)
		if (own_bits[i].bit == bit)
			return &own_bits[i];
	return NULL;
}

static const struct vhc_feature *find(enum vhc_type type, enum explain_bits which, uint32_t bit)
{
	const struct vhc_feature *own = explain_own_bit(bit);

	if (which == EXPLAIN_LACKS && type == VHC_TYPE_NET && bit == vnet_hdr.bit)
		return &vnet_hdr;
	return own ? own : vhc_feature_get(type, bit);
}

/* ------------------------------------------------------------------------------------- numbers */

static unsigned int digit(char c)
{
	return c <= '9' ? (unsigned int)(c - '0') : (unsigned int)((c | 0x20) - 'a') + 10;
}

/* set = set * base + more; what is beyond the set is lost. */
static void push(struct vhc_features *set, unsigned int base, unsigned int more)
{
	for (unsigned int w = 0; w < WORDS; w++) {
		unsigned __int128 sum = (unsigned __int128)set->w[w] * base + more;

		set->w[w] = (uint64_t)sum;
		more = (unsigned int)(sum >> 64);
	}
}

static struct vhc_features number(const struct match_hole *hole)
{
	const unsigned int base = hole->kind == 'x' ? 16 : 10;
	const char *at = hole->at, *end = at + hole->len;
	struct vhc_features set = { { 0 } };

	if (hole->kind == 'x' && hole->len > 2 && (at[1] | 0x20) == 'x')
		at += 2;
	for (; at < end; at++)
		if (*at != '-')
			push(&set, base, digit(*at));
	return set;
}

struct vhc_features bits_of(enum explain_bits which, const struct match *match)
{
	struct vhc_features set = { { 0 } }, allowed = { { 0 } };

	if (which != EXPLAIN_NO_BITS)
		set = number(&match->holes[0]);
	if (which == EXPLAIN_MISSING)
		allowed = number(&match->holes[1]);
	for (unsigned int w = 0; w < WORDS; w++)
		set.w[w] &= ~allowed.w[w];
	return set;
}

/* ----------------------------------------------------------------------------------------- rows */

const char *explain_origin(uint32_t origin)
{
	static const char *const names[] = {
		"",
		[VHC_ORIGIN_VHOST] = "vhost",
		[VHC_ORIGIN_TAP] = "tap",
		[VHC_ORIGIN_VHOST | VHC_ORIGIN_TAP] = "vhost+tap",
		[VHC_ORIGIN_MODEL] = "model",
	};

	return origin < DOC_COUNT(names) ? names[origin] : "";
}

/* What all types have came to net devices in these releases, and to others in other ones. */
static const char *since(enum vhc_type type, const struct vhc_feature *feature)
{
	return feature && feature->since && type == VHC_TYPE_NET ? feature->since : "";
}

static int add(enum vhc_type type, enum explain_bits which, uint32_t bit, struct doc_list *list)
{
	struct explained_bit *row = doc_append(list, sizeof(*row));
	const struct vhc_feature *feature = find(type, which, bit);
	char unnamed[16];

	if (!row)
		return -ENOMEM;
	snprintf(unnamed, sizeof(unnamed), "bit %u", bit);
	*row = (struct explained_bit){ bit, strdup(feature ? feature->name : unnamed),
				       strdup(explain_origin(feature ? feature->origin : 0)),
				       strdup(since(type, feature)) };
	return row->name && row->origin && row->since ? 0 : -ENOMEM;
}

int bits_list(enum vhc_type type, enum explain_bits which, const struct vhc_features *set,
	      struct doc_list *ret)
{
	int r = 0;

	for (uint32_t bit = 0; bit < 256 && r == 0; bit++)
		if (vhc_features_has(set, bit))
			r = add(type, which, bit, ret);
	return r;
}
