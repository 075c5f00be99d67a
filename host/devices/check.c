/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The rules of a vhost-setup document that involve more than one value, and the parsing of feature
 * names.  No system call.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "kind.h"
#include "launcher/style.h"

#define IPV6_MTU 1280u

static int check_id(struct host_check *c, size_t index)
{
	const struct host_device *device = host_device(c->setup, index);

	for (size_t i = 0; i < index; i++)
		if (strcmp(device->id, host_device(c->setup, i)->id) == 0)
			return HOST_WRONG(c, index, "/id", "device %zu already has the id \"%s\"",
					  i, device->id);
	return 0;
}

/* Parse the words of one list to bits. */
static int parse_features(struct host_check *c, size_t index, const char *key,
			  const struct doc_list *list, struct vhc_features *bits)
{
	for (size_t i = 0; i < list->count; i++) {
		const char *word = ((char **)list->items)[i];
		enum vhc_type type = host_kind_of(host_device(c->setup, index))->type;
		struct vhc_features some;
		char pointer[40];
		int r;

		snprintf(pointer, sizeof(pointer), "/features/%s/%zu", key, i);
		r = vhc_features_parse(c->ctx, type, word, &some);
		if (r == -ENOMEM)
			return r;
		if (r < 0)
			return HOST_WRONG(c, index, pointer, "%s", vhc_ctx_get_error(c->ctx)->text);
		for (int w = 0; w < 4; w++)
			bits->w[w] |= some.w[w];
	}
	return 0;
}

static const char *name_of(const struct host_device *device, unsigned int bit)
{
	const struct vhc_feature *feature = vhc_feature_get(host_kind_of(device)->type, bit);

	return feature ? feature->name : "the feature";
}

/* A launcher of this style must be able to mask or offer the bit as requested. */
static int check_style(struct host_check *c, size_t index, unsigned int bit)
{
	const struct host_device *device = host_device(c->setup, index);
	const char *mask = host_qemu_cannot_mask(device, bit);
	const char *require = host_qemu_cannot_require(device, bit);

	if (c->setup->launcher.style != HOST_STYLE_QEMU || device->attach == HOST_ATTACH_VHOST_USER)
		return 0;
	if (vhc_features_has(&device->mask, bit) && mask)
		return HOST_WRONG(c, index, "/features/mask", "%s (bit %u) cannot be masked: %s",
				  name_of(device, bit), bit, mask);
	if (vhc_features_has(&device->require, bit) && require)
		return HOST_WRONG(c, index, "/features/require",
				  "%s (bit %u) cannot be required: %s", name_of(device, bit), bit,
				  require);
	return 0;
}

static int check_features(struct host_check *c, size_t index)
{
	struct host_device *device = host_device(c->setup, index);
	int r;

	r = parse_features(c, index, "mask", &device->features.mask, &device->mask);
	if (r == 0)
		r = parse_features(c, index, "require", &device->features.require,
				   &device->require);
	for (unsigned int bit = 0; bit < 256 && r == 0; bit++) {
		if (vhc_features_has(&device->mask, bit) && vhc_features_has(&device->require, bit))
			return HOST_WRONG(c, index, "/features/require",
					  "%s (bit %u) is both required and masked",
					  name_of(device, bit), bit);
		if (vhc_features_has(&device->require, bit) &&
		    !vhc_feature_get(host_kind_of(device)->type, bit))
			return HOST_WRONG(
				c, index, "/features/require",
				"bit %u has no name here, so nothing can tell whether it is "
				"offered: `vhostctl features list` has those that can be required",
				bit);
		r = check_style(c, index, bit);
	}
	return r;
}

/* The kernel refuses such an address without saying why. */
static int check_mtu(struct host_check *c, size_t index)
{
	const struct host_tap *tap = &host_device(c->setup, index)->tap;

	for (size_t i = 0; i < tap->address.count && tap->mtu && tap->mtu < IPV6_MTU; i++) {
		const char *address = ((char **)tap->address.items)[i];

		if (strchr(address, ':'))
			return HOST_WRONG(c, index, "/tap/mtu",
					  "%llu is too small for the address %s: IPv6 needs %u",
					  (unsigned long long)tap->mtu, address, IPV6_MTU);
	}
	return 0;
}

/* A socket for each device that is served. */
static int check_socket(struct host_check *c, size_t index)
{
	const struct host_device *device = host_device(c->setup, index);
	const struct host_socket *socket = &device->socket;

	if (device->attach != HOST_ATTACH_VHOST_USER)
		return !socket->path && !socket->owner && !socket->group && !socket->mode
			       ? 0
			       : HOST_WRONG(c, index, "/socket",
					    "\"socket\" is only for \"attach\": \"vhost-user\": "
					    "add that, or leave \"socket\" out");
	if (!socket->path)
		return HOST_WRONG(c, index, "/attach",
				  "a device that is attached by vhost-user needs a \"path\" in "
				  "\"socket\"");
	for (size_t i = 0; i < index; i++)
		if (host_device(c->setup, i)->socket.path &&
		    strcmp(socket->path, host_device(c->setup, i)->socket.path) == 0)
			return HOST_WRONG(c, index, "/socket/path",
					  "device \"%s\" already has this socket",
					  host_device(c->setup, i)->id);
	if (device->bus)
		return HOST_WRONG(c, index, "/bus",
				  "leave it out: a launcher that speaks vhost-user chooses it");
	return 0;
}

/* What its launchers have no option for cannot be requested. */
static int check_told(struct host_check *c, size_t index)
{
	const char *pointer, *instead;

	if (host_told_rule(c->setup, host_device(c->setup, index), &pointer, &instead) == 0)
		return 0;
	return HOST_WRONG(
		c, index, pointer, "launchers of the style \"%s\" have no option for it%s%s",
		host_style_of(c->setup)->name, instead ? ": " : "", instead ? instead : "");
}

int host_setup_check(struct vhc_ctx *ctx, struct host_setup *setup, const char *text, size_t len,
		     struct doc_error *err)
{
	struct host_check c = { ctx, setup, text, len, err };
	int r = 0;

	for (size_t i = 0; i < setup->devices.count && r == 0; i++) {
		const struct host_kind *kind = host_kind_of(host_device(setup, i));

		r = check_id(&c, i);
		if (r == 0)
			r = check_features(&c, i);
		if (r == 0)
			r = check_mtu(&c, i);
		if (r == 0 && kind->check)
			r = kind->check(&c, i);
		if (r == 0)
			r = check_socket(&c, i);
		if (r == 0)
			r = check_told(&c, i);
	}
	return r;
}
