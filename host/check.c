/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The rules of a vhost-setup document that involve more than one value, and the parsing of feature
 * names.  No system call.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "launch.h"

enum { BIT_CTRL_VQ = 17, BIT_MQ = 22 };

struct check {
	struct vhc_ctx *ctx;
	struct host_setup *setup;
	const char *text;
	size_t len;
	struct doc_error *err;
};

/* @pointer: within the device; the text may refer to another place as well. */
#define FAIL(c, index, pointer, ...)                                                    \
	({                                                                              \
		char where_[80];                                                        \
		snprintf(where_, sizeof(where_), "/devices/%zu%s", (index), (pointer)); \
		doc_fail((c)->err, (c)->text, (c)->len, where_, __VA_ARGS__);           \
	})

static bool same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

/* Two devices may not share an id, or a tap, which the kernel would accept. */
static int check_unique(struct check *c, size_t index)
{
	const struct host_device *device = host_device(c->setup, index);

	for (size_t i = 0; i < index; i++) {
		const struct host_device *other = host_device(c->setup, i);

		if (strcmp(device->id, other->id) == 0)
			return FAIL(c, index, "/id", "device %zu already has the id \"%s\"", i,
				    device->id);
		if (device->tap.name && same(device->tap.name, other->tap.name) &&
		    same(device->tap.netns, other->tap.netns))
			return FAIL(c, index, "/tap/name",
				    "device \"%s\" already uses the tap \"%s\"", other->id,
				    device->tap.name);
	}
	return 0;
}

static int check_tap(struct check *c, size_t index)
{
	const struct host_tap *tap = &host_device(c->setup, index)->tap;
	uint8_t mac[6];

	if (tap->existing && !tap->name)
		return FAIL(c, index, "/tap/existing",
			    "an existing tap needs a name: add \"name\"");
	if (tap->existing && tap->persist)
		return FAIL(c, index, "/tap/persist",
			    "\"persist\" applies to new taps only: an existing one is not changed");
	if (tap->mac) {
		doc_mac_parse(tap->mac, mac);
		if (!doc_mac_is_unicast(mac))
			return FAIL(c, index, "/tap/mac", "%s is not a MAC address", tap->mac);
		if (mac[0] == 0xfe)
			return FAIL(
				c, index, "/tap/mac",
				"%s starts with fe, which is reserved for the link's own address",
				tap->mac);
	}
	for (size_t i = 0; i < tap->address.count; i++)
		for (size_t j = 0; j < i; j++)
			if (same(((char **)tap->address.items)[i],
				 ((char **)tap->address.items)[j]))
				return FAIL(c, index, "/tap/address", "%s is given twice",
					    ((char **)tap->address.items)[i]);
	return 0;
}

/* Parse the words of one list to bits. */
static int parse_features(struct check *c, size_t index, const char *key,
			  const struct doc_list *list, struct vhc_features *bits)
{
	for (size_t i = 0; i < list->count; i++) {
		const char *word = ((char **)list->items)[i];
		struct vhc_features some;
		char pointer[40];
		int r;

		snprintf(pointer, sizeof(pointer), "/features/%s/%zu", key, i);
		r = vhc_features_parse(c->ctx, VHC_TYPE_NET, word, &some);
		if (r == -ENOMEM)
			return r;
		if (r < 0)
			return FAIL(c, index, pointer, "%s", vhc_ctx_get_error(c->ctx)->text);
		for (int w = 0; w < 4; w++)
			bits->w[w] |= some.w[w];
	}
	return 0;
}

static const char *name_of(unsigned int bit)
{
	const struct vhc_feature *feature = vhc_feature_get(VHC_TYPE_NET, bit);

	return feature ? feature->name : "the feature";
}

/* The launcher sets these up, so they must be passed to it, unless they have their defaults. */
static int check_told(struct check *c, size_t index)
{
	const struct host_device *device = host_device(c->setup, index);

	if (c->setup->launcher.style == HOST_STYLE_QEMU)
		return 0;
	if (device->busyloop_us)
		return FAIL(c, index, "/busyloop_us",
			    "only the launcher style \"qemu\" has an option for it");
	if (device->ring_size != HOST_RING_SIZE)
		return FAIL(c, index, "/ring_size",
			    "only the launcher style \"qemu\" has an option for it");
	return 0;
}

/* A launcher of this style must be able to mask or offer the bit as requested. */
static int check_style(struct check *c, size_t index, unsigned int bit)
{
	const struct host_device *device = host_device(c->setup, index);
	const char *mask = host_qemu_cannot_mask(bit);
	const char *require = host_qemu_cannot_require(bit, device);

	if (c->setup->launcher.style != HOST_STYLE_QEMU)
		return 0;
	if (vhc_features_has(&device->mask, bit) && mask)
		return FAIL(c, index, "/features/mask", "%s (bit %u) cannot be masked: %s",
			    name_of(bit), bit, mask);
	if (vhc_features_has(&device->require, bit) && require)
		return FAIL(c, index, "/features/require", "%s (bit %u) cannot be required: %s",
			    name_of(bit), bit, require);
	return 0;
}

static int check_features(struct check *c, size_t index)
{
	struct host_device *device = host_device(c->setup, index);
	int r;

	r = parse_features(c, index, "mask", &device->features.mask, &device->mask);
	if (r == 0)
		r = parse_features(c, index, "require", &device->features.require,
				   &device->require);
	for (unsigned int bit = 0; bit < 256 && r == 0; bit++) {
		if (vhc_features_has(&device->mask, bit) && vhc_features_has(&device->require, bit))
			return FAIL(c, index, "/features/require",
				    "%s (bit %u) is both required and masked", name_of(bit), bit);
		r = check_style(c, index, bit);
	}
	if (r < 0)
		return r;
	if (device->queue_pairs > 1 && (vhc_features_has(&device->mask, BIT_MQ) ||
					vhc_features_has(&device->mask, BIT_CTRL_VQ)))
		return FAIL(c, index, "/features/mask",
			    "%llu queue pairs need mq and ctrl_vq, one of which is masked",
			    (unsigned long long)device->queue_pairs);
	return 0;
}

int host_setup_check(struct vhc_ctx *ctx, struct host_setup *setup, const char *text, size_t len,
		     struct doc_error *err)
{
	static int (*const checks[])(struct check * c, size_t index) = { check_unique, check_tap,
									 check_told,
									 check_features };
	struct check c = { ctx, setup, text, len, err };

	for (size_t i = 0; i < setup->devices.count; i++) {
		for (size_t n = 0; n < sizeof(checks) / sizeof(checks[0]); n++) {
			int r = checks[n](&c, i);

			if (r < 0)
				return r;
		}
	}
	return 0;
}
