/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A reading of a device as a vhost-state document: what is not known is left out, and never guessed.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "device/device.h"
#include "host.h"

#define IOTLB_V2 2u /* what a device behind an IOMMU needs */
#define WORDS	 4u

static struct json_object *hex(uint64_t number)
{
	char text[24];

	snprintf(text, sizeof(text), "0x%" PRIx64, number);
	return cli_text(text);
}

static void add_words(struct json_object *to, const char *key, const struct vhc_features *set)
{
	struct json_object *words = cli_add(to, key, cli_array());

	for (size_t i = 0; i < WORDS; i++)
		if (i < 2 || set->w[2] || set->w[3])
			cli_add(words, NULL, hex(set->w[i]));
}

/* A ring that the driver has not set up has the size 1, and no addresses. */
static bool is_set_up(const struct look_ring *ring)
{
	return ring->running || ring->desc || ring->translated;
}

static void add_ring(struct json_object *rings, const struct look_device *device,
		     const struct look_ring *ring)
{
	struct json_object *to = cli_add(rings, NULL, cli_object());

	cli_add(to, "index", cli_number(ring->index));
	cli_add(to, "size", cli_number(ring->size));
	cli_add(to, "format", cli_text("split")); /* the kernel's vhost has no other */
	if (ring->translated) {
		cli_add(to, "desc", hex(ring->guest_desc));
		cli_add(to, "avail", hex(ring->guest_avail));
		cli_add(to, "used", hex(ring->guest_used));
	}
	if (device->known & LOOK_BASES)
		cli_add(to, "base", hex(ring->last_avail));
	/* of a device that is stopped, or being started, each runs when the device does */
	cli_add(to, "enabled",
		cli_bool(ring->running || device->kind == LOOK_VSOCK || !look_is_running(device)));
}

static void add_rings(struct json_object *to, const struct look_device *device)
{
	struct json_object *rings = cli_add(to, "rings", cli_array());

	for (size_t i = 0; i < device->ring_count; i++)
		if (is_set_up(&device->rings[i]))
			add_ring(rings, device, &device->rings[i]);
}

/* Regions are sorted; those that touch are one, as in a save. */
static void add_memory(struct json_object *to, const struct look_device *device)
{
	struct json_object *memory = cli_add(to, "memory", cli_array());

	for (size_t i = 0; i < device->memory_count;) {
		uint64_t start = device->memory[i].guest_addr, size = device->memory[i].size;
		struct json_object *region;

		while (++i < device->memory_count && device->memory[i].guest_addr == start + size)
			size += device->memory[i].size;
		region = cli_add(memory, NULL, cli_object());
		cli_add(region, "guest_addr", hex(start));
		cli_add(region, "size", hex(size));
	}
}

/* The kernel knows no name but the link's, and QEMU has the id. */
static void add_name(struct json_object *to, const struct look_device *device,
		     const struct host_qemu_device *qemu)
{
	char name[HOST_QEMU_ID], escaped[64];

	if (qemu)
		snprintf(name, sizeof(name), "%s", qemu->id);
	else if (device->link.name[0])
		snprintf(name, sizeof(name), "%s", device->link.name);
	else
		snprintf(name, sizeof(name), "%s-%d-%d", look_kind_name(device->kind),
			 (int)device->pid, device->fds->fd);
	cli_add(to, "device", cli_text(doc_escape(escaped, sizeof(escaped), name)));
}

static struct json_object *describe(const struct look_device *device,
				    const struct host_qemu_device *qemu,
				    const struct vhc_features *set,
				    const struct vhc_features *unknown)
{
	struct json_object *to = cli_object(), *guest;

	cli_add(to, "kind", cli_text("vhost-state"));
	cli_add(to, "version", cli_number(1));
	cli_add(to, "minor", cli_number(1));
	add_name(to, device, qemu);
	cli_add(to, "type", cli_text(look_kind_name(device->kind)));
	cli_add(to, "running", cli_bool(look_is_running(device)));
	cli_add(to, "queue_pairs", cli_number(device->kind == LOOK_NET ? device->fd_count : 1));
	add_words(to, "words", set);
	cli_add(to, "features", cli_array());
	cli_add(to, "backend_features", hex(device->iommu ? IOTLB_V2 : 0));
	guest = cli_add(to, "guest", cli_object());
	cli_add(guest, "iommu", cli_bool(device->iommu));
	if (device->kind == LOOK_VSOCK)
		cli_add(to, "guest_cid", cli_number(device->guest_cid));
	if (qemu && qemu->mtu)
		cli_add(to, "mtu", cli_number(qemu->mtu));
	if (qemu && qemu->mac[0])
		cli_add(to, "mac", cli_text(qemu->mac));
	add_words(to, "partial", unknown);
	add_rings(to, device);
	add_memory(to, device);
	cli_add(to, "checksum", cli_text("0x0"));
	return to;
}

/* ---------------------------------------------------------------------------------------- the rest */

static bool has_lost_ring(const struct look_device *device)
{
	for (size_t i = 0; i < device->ring_count; i++)
		if (is_set_up(&device->rings[i]) && !device->rings[i].translated)
			return true;
	return false;
}

static const char *list_unknown(const struct look_device *device,
				const struct host_qemu_device *qemu, char *buf, size_t size)
{
	const bool net = device->kind == LOOK_NET;
	const struct {
		bool unknown;
		const char *what;
	} parts[] = {
		{ net && !(qemu && qemu->mac[0]), "mac" },
		{ net && !qemu, "mtu" },
		{ !(device->known & LOOK_BASES), "the rings' bases" },
		{ !(device->known & LOOK_MEMORY), "memory" },
		{ has_lost_ring(device), "guest addresses of rings outside its memory" },
		{ !(device->known & LOOK_PAIRS), "queue pairs beyond this fd" },
	};
	FILE *out = fmemopen(buf, size, "w");
	const char *between = "";

	buf[0] = '\0';
	for (size_t i = 0; out && i < DOC_COUNT(parts); i++)
		if (parts[i].unknown) {
			fprintf(out, "%s%s", between, parts[i].what);
			between = ", ";
		}
	if (out)
		fclose(out);
	return buf;
}

static void warn_unknown(struct cli_call *call, const struct look_device *device,
			 const struct host_qemu_device *qemu, const struct vhc_features *unknown)
{
	char parts[200], *names = NULL;

	if (list_unknown(device, qemu, parts, sizeof(parts))[0])
		cli_warn(call, "not known, and left out: %s", parts);
	if (!vhc_features_format(call->ctx, cli_device_type(device), unknown, &names) && *names)
		cli_warn(call, "not known whether the driver accepted: %s", names);
	free(names);
}

static int check(const struct look_device *device)
{
	if (!cli_device_type(device))
		return cli_fail(CLI_LACKS, "'vhostctl status' shows it",
				"a vhost-state document has a net or a vsock device, not a %s one",
				look_kind_name(device->kind));
	if (device->unsteady)
		return cli_fail(CLI_FAILED, "try again",
				"the device changed in every reading, so none can be trusted");
	if (device->known & LOOK_MEMORY && !device->memory_count)
		return cli_fail(CLI_LACKS, "wait until the guest's driver has started",
				"the device has no memory yet, so there is nothing to dump");
	return CLI_YES;
}

int cli_device_state(struct cli_call *call, const struct look_device *device,
		     const struct host_qemu_device *qemu, struct json_object **ret)
{
	struct vhc_features set, unknown;
	struct json_object *facts;
	char *sealed = NULL;
	int status = check(device);

	if (status)
		return status;
	cli_device_features(device, &set, &unknown);
	facts = describe(device, qemu, &set, &unknown);
	if (vhc_state_seal(call->ctx, json_object_to_json_string(facts), &sealed))
		status = cli_fail_library(call);
	else if (!(*ret = json_tokener_parse(sealed)))
		status = cli_fail(CLI_FAILED, NULL, "out of memory");
	else
		warn_unknown(call, device, qemu, &unknown);
	free(sealed);
	json_object_put(facts);
	return status;
}
