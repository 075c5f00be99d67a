/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * QEMU's options for a net device.  The table maps feature bits to properties of virtio-net-pci,
 * with the release that introduced each and its default.  A launcher negotiates features itself,
 * so a mask is only as good as these options.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "launch.h"

enum property_kind {
	ON,    /* on unless switched off */
	OFF,   /* off unless switched on */
	VALUE, /* offered when the property has a value, which only host sets */
	ALWAYS /* no property: always offered */
};

/* The releases that introduced properties. */
enum { QEMU_7_2 = 702, QEMU_10_0 = 1000, QEMU_11_1 = 1101 };

static const struct property {
	unsigned int bit;
	const char *name;
	enum property_kind kind;
	int since;
} properties[] = {
	{ 0, "csum", ON, QEMU_7_2 },
	{ 1, "guest_csum", ON, QEMU_7_2 },
	{ 2, "ctrl_guest_offloads", ON, QEMU_7_2 },
	{ 3, "host_mtu", VALUE, QEMU_7_2 },
	{ 5, "mac", ALWAYS, QEMU_7_2 },
	{ 6, "gso", ON, QEMU_7_2 },
	{ 7, "guest_tso4", ON, QEMU_7_2 },
	{ 8, "guest_tso6", ON, QEMU_7_2 },
	{ 9, "guest_ecn", ON, QEMU_7_2 },
	{ 10, "guest_ufo", ON, QEMU_7_2 },
	{ 11, "host_tso4", ON, QEMU_7_2 },
	{ 12, "host_tso6", ON, QEMU_7_2 },
	{ 13, "host_ecn", ON, QEMU_7_2 },
	{ 14, "host_ufo", ON, QEMU_7_2 },
	{ 15, "mrg_rxbuf", ON, QEMU_7_2 },
	{ 16, "status", ON, QEMU_7_2 },
	{ 17, "ctrl_vq", ON, QEMU_7_2 },
	{ 18, "ctrl_rx", ON, QEMU_7_2 },
	{ 19, "ctrl_vlan", ON, QEMU_7_2 },
	{ 20, "ctrl_rx_extra", ON, QEMU_7_2 },
	{ 21, "guest_announce", ON, QEMU_7_2 },
	{ 22, "mq", OFF, QEMU_7_2 },
	{ 23, "ctrl_mac_addr", ON, QEMU_7_2 },
	{ 24, "notify_on_empty", ON, QEMU_7_2 },
	{ 27, "any_layout", ON, QEMU_7_2 },
	{ 28, "indirect_desc", ON, QEMU_7_2 },
	{ 29, "event_idx", ON, QEMU_7_2 },
	{ 32, "version_1", ALWAYS, QEMU_7_2 },
	{ 33, "iommu_platform", OFF, QEMU_7_2 },
	{ 34, "packed", OFF, QEMU_7_2 },
	{ 35, "in_order", OFF, QEMU_10_0 },
	{ 40, "queue_reset", ON, QEMU_7_2 },
	{ 54, "guest_uso4", ON, QEMU_10_0 },
	{ 55, "guest_uso6", ON, QEMU_10_0 },
	{ 56, "host_uso", ON, QEMU_10_0 },
	{ 57, "hash", OFF, QEMU_7_2 },
	{ 60, "rss", OFF, QEMU_7_2 },
	{ 61, "guest_rsc_ext", OFF, QEMU_7_2 },
	{ 62, "failover", OFF, QEMU_7_2 },
	{ 63, "speed", VALUE, QEMU_7_2 },
	{ 65, "guest_tunnel", ON, QEMU_11_1 },
	{ 66, "guest_tunnel_csum", ON, QEMU_11_1 },
	{ 67, "host_tunnel", ON, QEMU_11_1 },
	{ 68, "host_tunnel_csum", ON, QEMU_11_1 },
};

enum { BIT_MTU = 3, BIT_MQ = 22 };

static const struct property *find_property(unsigned int bit)
{
	for (size_t i = 0; i < sizeof(properties) / sizeof(properties[0]); i++)
		if (properties[i].bit == bit)
			return &properties[i];
	return NULL;
}

/* The newest QEMU whose properties the config uses: it has all older ones, too. */
static int newest(const struct host_view *view)
{
	int since = QEMU_7_2;

	for (size_t i = 0; i < sizeof(properties) / sizeof(properties[0]); i++)
		if ((vhc_features_has(&view->device->mask, properties[i].bit) ||
		     vhc_features_has(&view->device->require, properties[i].bit)) &&
		    properties[i].since > since)
			since = properties[i].since;
	return since;
}

/* An older QEMU refuses to start with an unknown property. */
static bool is_masked(const struct host_view *view, const struct property *property, int since)
{
	return vhc_features_has(&view->device->mask, property->bit) ||
	       (vhc_features_has(&view->implied, property->bit) && property->since <= since);
}

static void put_properties(FILE *out, const struct host_view *view, const char *comma)
{
	int since = newest(view);

	for (size_t i = 0; i < sizeof(properties) / sizeof(properties[0]); i++) {
		const struct property *property = &properties[i];
		const char *value = NULL;

		if (property->bit == BIT_MQ)
			continue; /* set by the number of queue pairs */
		if (property->kind == ON && is_masked(view, property, since))
			value = "off";
		if (property->kind == OFF &&
		    vhc_features_has(&view->device->require, property->bit))
			value = "on";
		if (value) {
			fprintf(out, "%s%s=%s", comma, property->name, value);
			comma = ",";
		}
	}
}

static void put_fds(FILE *out, const char *one, const char *many, int first, int pairs)
{
	fprintf(out, ",%s=", pairs == 1 ? one : many);
	for (int i = 0; i < pairs; i++)
		fprintf(out, "%s%d", i ? ":" : "", first + i);
}

int host_qemu_netdev(FILE *out, struct host_view *view, struct host_error *err)
{
	const struct host_device *device = view->device;
	int pairs = (int)device->queue_pairs;

	view->used[HOST_USED] = true;
	fprintf(out, "tap,id=%s", device->id);
	put_fds(out, "fd", "fds", view->first_tap_fd, pairs);
	if (view->vhost) {
		fputs(",vhost=on", out);
		put_fds(out, "vhostfd", "vhostfds", view->first_vhost_fd, pairs);
	} else {
		fputs(",vhost=off", out);
	}
	if (view->vhost && device->busyloop_us)
		fprintf(out, ",poll-us=%llu", (unsigned long long)device->busyloop_us);
	return 0;
}

int host_qemu_device(FILE *out, struct host_view *view, struct host_error *err)
{
	const struct host_device *device = view->device;
	unsigned long long pairs = device->queue_pairs;

	view->used[HOST_USED_FEATURES] = true;
	fprintf(out, "virtio-net-pci,netdev=%s", device->id);
	if (device->tap.mac)
		fprintf(out, ",mac=%s", device->tap.mac);
	if (pairs > 1 || vhc_features_has(&device->require, BIT_MQ))
		fputs(",mq=on", out);
	if (pairs >
	    1) /* one interrupt per ring, one for the control ring, one for configuration changes */
		fprintf(out, ",vectors=%llu", 2 * pairs + 2);
	if (device->ring_size != HOST_RING_SIZE)
		fprintf(out, ",rx_queue_size=%llu", (unsigned long long)device->ring_size);
	if (device->tap.mtu && !vhc_features_has(&device->mask, BIT_MTU))
		fprintf(out, ",host_mtu=%llu", (unsigned long long)device->tap.mtu);
	put_properties(out, view, ",");
	return 0;
}

int host_qemu_mask(FILE *out, struct host_view *view, struct host_error *err)
{
	view->used[HOST_USED_FEATURES] = true;
	put_properties(out, view, "");
	return 0;
}

const char *host_qemu_cannot_mask(unsigned int bit)
{
	const struct property *property = find_property(bit);

	if (!property)
		return "QEMU has no property for it";
	return property->kind == ALWAYS ? "QEMU always offers it" : NULL;
}

const char *host_qemu_cannot_require(unsigned int bit, const struct host_device *device)
{
	const struct property *property = find_property(bit);

	if (!property || (property->kind == VALUE && bit != BIT_MTU))
		return "QEMU does not offer it";
	if (bit == BIT_MTU && !device->tap.mtu)
		return "QEMU offers it only with an \"mtu\" in \"tap\"";
	return NULL;
}

/* Report the features that depend on masked ones, and those of them that QEMU is not passed. */
static void say_implied(const struct host_view *view, const struct host_options *options)
{
	char *also = NULL, *newer = NULL, line[900];
	size_t sizes[2];
	FILE *outs[2] = { open_memstream(&also, &sizes[0]), open_memstream(&newer, &sizes[1]) };
	int since = newest(view);

	for (size_t i = 0; outs[0] && outs[1] && i < sizeof(properties) / sizeof(properties[0]);
	     i++) {
		const struct property *property = &properties[i];

		if (property->kind == ON && vhc_features_has(&view->implied, property->bit))
			fprintf(outs[property->since > since], " %s", property->name);
	}
	host_close_text(outs[0], &also);
	host_close_text(outs[1], &newer);
	if (options->say && also && *also) {
		snprintf(line, sizeof(line),
			 "%s: also masked, since they depend on masked features:%s",
			 view->device->id, also);
		options->say(options->data, line);
	}
	if (options->say && newer && *newer) {
		snprintf(line, sizeof(line),
			 "%s: these depend on masked features; if your QEMU has such "
			 "properties, add them to features.mask:%s",
			 view->device->id, newer);
		options->say(options->data, line);
	}
	free(also);
	free(newer);
}

int host_qemu_check(const struct host_view *view, const struct host_options *options,
		    struct host_error *err)
{
	const struct host_device *device = view->device;

	if (!view->used[HOST_USED_FEATURES])
		return host_fail_status(err, HOST_USAGE, -EINVAL, NULL,
					"device \"%s\" masks or requires features: QEMU needs "
					"@%s.device@ or @%s.mask@ in its arguments for that",
					device->id, device->id, device->id);
	say_implied(view, options);
	return 0;
}
