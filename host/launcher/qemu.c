/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * QEMU's options.  A table maps feature bits to the properties of its virtio devices, with the release
 * that introduced each and its default.  A launcher negotiates features itself, so a mask is only as
 * good as these options.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kind.h"
#include "launcher/style.h"

/* The properties of every virtio device. */
static const struct host_property common[] = {
	{ 24, "notify_on_empty", HOST_ON, QEMU_7_2 }, { 27, "any_layout", HOST_ON, QEMU_7_2 },
	{ 28, "indirect_desc", HOST_ON, QEMU_7_2 },   { 29, "event_idx", HOST_ON, QEMU_7_2 },
	{ 32, "version_1", HOST_ALWAYS, QEMU_7_2 },   { 33, "iommu_platform", HOST_OFF, QEMU_7_2 },
	{ 34, "packed", HOST_OFF, QEMU_7_2 },	      { 35, "in_order", HOST_OFF, QEMU_10_0 },
	{ 40, "queue_reset", HOST_ON, QEMU_7_2 },
};

#define BITS 256u

const struct host_property *host_qemu_property(const struct host_kind *kind, unsigned int bit)
{
	for (size_t i = 0; i < kind->property_count; i++)
		if (kind->properties[i].bit == bit)
			return &kind->properties[i];
	for (size_t i = 0; i < DOC_COUNT(common); i++)
		if (common[i].bit == bit)
			return &common[i];
	return NULL;
}

static const struct host_property *find_property(const struct host_device *device, unsigned int bit)
{
	return host_qemu_property(host_kind_of(device), bit);
}

/* The newest QEMU whose properties the config uses: it has all older ones, too. */
static int newest(const struct host_device *device)
{
	int since = QEMU_7_2;

	for (unsigned int bit = 0; bit < BITS; bit++) {
		const struct host_property *property = find_property(device, bit);

		if (property && property->since > since &&
		    (vhc_features_has(&device->mask, bit) ||
		     vhc_features_has(&device->require, bit)))
			since = property->since;
	}
	return since;
}

/* An older QEMU refuses to start with an unknown property. */
static bool is_masked(const struct host_view *view, const struct host_property *property, int since)
{
	return vhc_features_has(&view->device->mask, property->bit) ||
	       (vhc_features_has(&view->implied, property->bit) && property->since <= since);
}

static void put_properties(FILE *out, const struct host_view *view, const char *comma)
{
	int since = newest(view->device);

	for (unsigned int bit = 0; bit < BITS; bit++) {
		const struct host_property *property = find_property(view->device, bit);
		const char *value = NULL;

		if (!property)
			continue;
		if (property->kind == HOST_ON && is_masked(view, property, since))
			value = "off";
		if (property->kind == HOST_OFF && vhc_features_has(&view->device->require, bit))
			value = "on";
		if (value) {
			fprintf(out, "%s%s=%s", comma, property->name, value);
			comma = ",";
		}
	}
}

static const char *preset_type(const struct host_view *view)
{
	const struct host_kind *kind = host_kind_of(view->device);

	return host_is_served(view->device) && kind->served_type ? kind->served_type
								 : kind->device_type;
}

/* "virtio-net-pci", or another type with the same beginning. */
static int check_type(const struct host_view *view, const char *type, struct host_error *err)
{
	const char *preset = preset_type(view);
	size_t len = strlen(preset) - strlen("pci");

	if (strncmp(type, preset, len) == 0 && type[len])
		return 0;
	return host_fail_status(err, HOST_USAGE, -EINVAL, NULL,
				"@%s.device:%s@: QEMU's device types for this begin with %.*s",
				view->device->id, type, (int)len, preset);
}

static int put_device(FILE *out, const struct host_view *view, const char *type,
		      struct host_error *err)
{
	const struct host_kind *kind = host_kind_of(view->device);
	int r = type ? check_type(view, type, err) : 0;

	if (r == 0)
		r = kind->put_device(out, view, type ? type : preset_type(view), err);
	if (r == 0 && view->device->bus)
		fprintf(out, ",bus=%s", view->device->bus);
	if (r == 0)
		put_properties(out, view, ",");
	return r;
}

static int put_mask(FILE *out, const struct host_view *view, const char *type,
		    struct host_error *err)
{
	put_properties(out, view, "");
	return 0;
}

static int put_mq(FILE *out, const struct host_view *view, const char *type, struct host_error *err)
{
	fputs(view->device->queue_pairs > 1 ? "on" : "off", out);
	return 0;
}

static int put_bus(FILE *out, const struct host_view *view, const char *type,
		   struct host_error *err)
{
	if (!view->device->bus)
		return host_fail_status(err, HOST_USAGE, -EINVAL, "add \"bus\" to it",
					"device \"%s\" has no bus", view->device->id);
	fputs(view->device->bus, out);
	return 0;
}

/* A comma in a value is written twice. */
static int put_chardev(FILE *out, const struct host_view *view, const char *type,
		       struct host_error *err)
{
	if (!host_is_served(view->device))
		return host_fail_status(err, HOST_USAGE, -EINVAL, "use @ID.netdev@ alone",
					"device \"%s\" has no socket", view->device->id);
	fprintf(out, "socket,id=%s,path=", view->device->id);
	for (const char *c = view->device->socket.path; *c; c++)
		fprintf(out, *c == ',' ? ",," : "%c", *c);
	return 0;
}

/* QEMU does not use more than one queue pair because there are fds for them. */
const struct host_token host_qemu_tokens[] = {
	{ "netdev", HOST_ON_NET,
	  HOST_TOLD_TAP | HOST_TOLD_NAME | HOST_TOLD_VHOST | HOST_TOLD_BUSYLOOP,
	  host_net_put_netdev, .served = true },
	{ "chardev", HOST_ON_ANY, HOST_TOLD_SOCKET, put_chardev },
	{ "device", HOST_ON_NET,
	  HOST_TOLD_QUEUES | HOST_TOLD_RING_SIZE | HOST_TOLD_MAC | HOST_TOLD_MTU |
		  HOST_TOLD_FEATURES | HOST_TOLD_BUS,
	  put_device, .typed = true },
	{ "device", HOST_ON_VSOCK,
	  HOST_TOLD_VHOST | HOST_TOLD_CID | HOST_TOLD_FEATURES | HOST_TOLD_BUS, put_device,
	  .typed = true, .served = true },
	{ "bus", HOST_ON_ANY, HOST_TOLD_BUS, put_bus },
	{ "mask", HOST_ON_ANY, HOST_TOLD_FEATURES, put_mask },
	{ "tapfds", HOST_ON_NET, HOST_TOLD_TAP, host_put_tapfds },
	{ "mq", HOST_ON_NET, HOST_TOLD_QUEUES, put_mq },
	{ 0 },
};

const char *host_qemu_cannot_mask(const struct host_device *device, unsigned int bit)
{
	const struct host_property *property = find_property(device, bit);

	if (!property)
		return "QEMU has no property for it";
	return property->kind == HOST_ALWAYS ? "QEMU always offers it" : NULL;
}

const char *host_qemu_cannot_require(const struct host_device *device, unsigned int bit)
{
	const struct host_property *property = find_property(device, bit);

	if (!property)
		return "QEMU does not offer it";
	if (property->kind == HOST_VALUE)
		return host_kind_of(device)->why_no_value(device, bit);
	return NULL;
}

/*
 * Report, by the names that the config takes, the features that depend on masked ones, and those of them
 * that QEMU is not passed.
 */
void host_qemu_say_implied(const struct host_view *view, const struct host_options *options)
{
	char *also = NULL, *newer = NULL, line[900];
	size_t sizes[2];
	FILE *outs[2] = { open_memstream(&also, &sizes[0]), open_memstream(&newer, &sizes[1]) };
	int since = newest(view->device);

	for (unsigned int bit = 0; outs[0] && outs[1] && bit < BITS; bit++) {
		const struct host_property *property = find_property(view->device, bit);

		if (property && property->kind == HOST_ON && vhc_features_has(&view->implied, bit))
			fprintf(outs[property->since > since], " %s",
				vhc_feature_get(host_kind_of(view->device)->type, bit)->name);
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
