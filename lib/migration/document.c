/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * document - the vhost-state document: its fields and its checksum, read and written.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "migration/crc32.h"
#include "ctx.h"
#include "features/features.h"
#include "migration/document.h"

/* Aligned, so never the last address, which stands for none. */
#define ADDR(member, text)                                                       \
	DOC_FIELD(vhi_saved_ring, member, DOC_HEX, .max = VHI_SAVED_NO_ADDR - 1, \
		  .preset = VHI_SAVED_NO_ADDR, .help = text)

/* By index of the kinds. */
static const char *const types[] = { "net", "vsock", NULL };
_Static_assert(sizeof(types) / sizeof(types[0]) == VHI_KINDS + 1, "kinds");

static const char *const formats[] = { [VHI_SPLIT] = "split", [VHI_PACKED] = "packed", NULL };

static bool check_mac(const char *text)
{
	char same[DOC_MAC_TEXT];
	uint8_t mac[6];

	if (!doc_mac_parse(text, mac) || !doc_mac_is_unicast(mac))
		return false;
	/* one form only: the checksum is of the text */
	doc_mac_format(mac, same);
	return !strcmp(text, same);
}

static const struct doc_field guest_fields[] = {
	DOC_NEED(vhi_saved_guest, iommu, DOC_BOOL,
		 .help = "ring addresses go through an IOMMU that the launcher models"),
};

static const struct doc_table guest_table =
	DOC_PART(vhi_saved_guest, guest_fields, "what the launcher does for the guest");

static const struct doc_field ring_fields[] = {
	DOC_NEED(vhi_saved_ring, index, DOC_UINT, .max = VHI_SAVED_MAX_RINGS - 1,
		 .help = "of the virtqueue: 2i receives, 2i+1 transmits"),
	DOC_NEED(vhi_saved_ring, size, DOC_UINT, .min = 1, .max = VHI_RING_MAX,
		 .help = "number of descriptors; a power of two for a split ring"),
	DOC_NEED(vhi_saved_ring, format, DOC_CHOICE, .choices = formats,
		 .help = "packed if ring_packed is among the features"),
	ADDR(desc, "guest address of the descriptors; without it the ring has no addresses yet"),
	ADDR(avail, "guest address of the available ring, or the driver area"),
	ADDR(used, "guest address of the used ring, or the device area"),
	DOC_FIELD(vhi_saved_ring, base, DOC_HEX, .max = UINT32_MAX, .preset = VHI_SAVED_NO_BASE,
		  .help = "where the device resumes, in the kernel's 32-bit form; absent only in a "
			  "partial document"),
	DOC_NEED(vhi_saved_ring, enabled, DOC_BOOL, .help = "it runs when the device runs"),
};

static const struct doc_table ring_table =
	DOC_PART(vhi_saved_ring, ring_fields, "a virtqueue that is set up");

static const struct doc_field region_fields[] = {
	DOC_NEED(vhi_saved_region, guest_addr, DOC_HEX, .help = "the first guest-physical address"),
	DOC_NEED(vhi_saved_region, size, DOC_HEX, .min = VHC_PAGE_SIZE, .help = "bytes"),
};

static const struct doc_table region_table =
	DOC_PART(vhi_saved_region, region_fields, "a region of the guest's memory");

/* The checksum comes last, and covers all other fields. */
static const struct doc_field state_fields[] = {
	DOC_NEED(vhi_saved, device, DOC_STRING, .min = 1, .max = 63, .check = doc_is_printable,
		 .pattern = "^[^\\u0000-\\u001f\\u007f-\\u009f\\u2028-\\u202e\\u2066-\\u2069]+$",
		 .rule = "it may have no control characters", .help = "the device's id"),
	DOC_NEED(vhi_saved, type, DOC_CHOICE, .choices = types, .help = "what kind of device"),
	DOC_NEED(vhi_saved, running, DOC_BOOL,
		 .help = "a snapshot of a running device, for inspection: it cannot be loaded"),
	DOC_NEED(vhi_saved, queue_pairs, DOC_UINT, .min = 1, .max = VHI_SAVED_MAX_PAIRS,
		 .help = "pairs of a receive and a transmit ring"),
	DOC_NEED(vhi_saved, words, DOC_UINTS, .min = 1, .max = 4,
		 .help = "the features that the driver accepted, as 64-bit words, lowest first"),
	DOC_NEED(vhi_saved, features, DOC_OBJECTS, .table = &vhi_feature_row_doc, .max = 256,
		 .help = "the features by name"),
	DOC_NEED(vhi_saved, backend_features, DOC_HEX,
		 .help = "those of VHOST_GET_BACKEND_FEATURES that the device needs"),
	DOC_NEED(vhi_saved, guest, DOC_OBJECT, .table = &guest_table,
		 .help = "what the launcher does for the guest"),
	DOC_FIELD(vhi_saved, guest_cid, DOC_UINT, .min = 3, .max = 0xfffffffe,
		  .help = "vsock: the guest's address"),
	DOC_FIELD(vhi_saved, header_bytes, DOC_UINT, .min = 10, .max = 32,
		  .help = "net: size of the virtio-net header, which follows from the features"),
	DOC_FIELD(vhi_saved, mtu, DOC_UINT, .min = 68, .max = 65535,
		  .help = "the MTU that the guest sees, in bytes"),
	DOC_FIELD(vhi_saved, mac, DOC_STRING, .min = 17, .max = 17, .check = check_mac,
		  .pattern = "^(?!00:00:00:00:00:00$)[0-9a-f][02468ace](:[0-9a-f]{2}){5}$",
		  .rule = "write six pairs of lower-case hex digits with colons, not a multicast "
			  "address and not zero",
		  .help = "the guest's MAC address"),
	DOC_FIELD(vhi_saved, offloads, DOC_UINTS, .min = 1, .max = 4, .since = 1,
		  .help = "net: the receive offloads that the driver left enabled, as words of the "
			  "features; absent if it used no command, so that all are"),
	DOC_FIELD(vhi_saved, active_pairs, DOC_UINT, .min = 1, .max = VHI_SAVED_MAX_PAIRS,
		  .since = 1,
		  .help = "net: queue pairs that the driver enabled; absent if it used no command"),
	DOC_FIELD(
		vhi_saved, partial, DOC_UINTS, .min = 1, .max = 4, .since = 1,
		.help = "the document was read from outside: features of which it is not known "
			"whether the driver accepted them, as words; bases, memory, mtu and mac may "
			"be absent because they are not known"),
	DOC_NEED(vhi_saved, rings, DOC_OBJECTS, .table = &ring_table, .max = VHI_SAVED_MAX_RINGS,
		 .help = "the rings that have a size"),
	DOC_NEED(vhi_saved, memory, DOC_OBJECTS, .table = &region_table, .max = 65535,
		 .help = "the guest's memory; empty only in a partial document"),
	DOC_NEED(vhi_saved, checksum, DOC_HEX, .max = UINT32_MAX,
		 .help = "CRC-32 of everything else, as vhost-state(5) describes"),
};

#define STATE_TABLE(fields_count)                                                                \
	{                                                                                        \
		.kind = "vhost-state", .version = 1, .minors = true, .minor = 1,                 \
		.minor_at = offsetof(struct vhi_saved, minor), .size = sizeof(struct vhi_saved), \
		.help = "a vhost device, for another host to continue", .fields = state_fields,  \
		.count = fields_count                                                            \
	}

const struct doc_table vhi_state_doc = STATE_TABLE(DOC_COUNT(state_fields));

/* The fields that the checksum covers. */
static const struct doc_table summed_table = STATE_TABLE(DOC_COUNT(state_fields) - 1);

int vhi_saved_sum(const struct vhi_saved *saved, uint32_t *ret)
{
	char *text = doc_text(&summed_table, saved, DOC_COMPACT);

	if (!text)
		return -ENOMEM;
	*ret = vhi_crc32(text, strlen(text));
	free(text);
	return 0;
}

char *vhi_saved_write(struct vhi_saved *saved)
{
	uint32_t sum;

	saved->minor = vhi_state_doc.minor;
	if (vhi_saved_sum(saved, &sum))
		return NULL;
	saved->checksum = sum;
	return doc_text(&vhi_state_doc, saved, DOC_PRETTY);
}

const struct vhi_kind *vhi_saved_kind(const struct vhi_saved *saved)
{
	return vhi_kinds[saved->type];
}

struct vhi_feature_names vhi_saved_names(const struct vhi_kind *kind)
{
	return (struct vhi_feature_names){ kind->type, VHC_ORIGIN_MODEL };
}

void vhi_saved_clear(struct vhi_saved *saved)
{
	doc_clear(&vhi_state_doc, saved);
}

static int fail_document(struct vhc_ctx *ctx, const char *device, const struct doc_error *err)
{
	return vhi_fail_at(ctx, &(struct vhi_place){ device, err->pointer, NULL }, -EINVAL,
			   "the vhost-state document is wrong in line %u: %s", err->line,
			   err->text);
}

int vhi_saved_fail(struct vhc_ctx *ctx, const char *device, const char *json, const char *pointer,
		   const char *format, ...)
{
	struct doc_error err;
	char text[sizeof(err.text)];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	doc_fail(&err, json, strlen(json), pointer, "%s", text);
	return fail_document(ctx, device, &err);
}

static int check_sum(const struct vhi_saved *saved, const char *json, struct doc_error *err)
{
	uint32_t sum;
	int r = vhi_saved_sum(saved, &sum);

	if (r || sum == saved->checksum)
		return r;
	return doc_fail(err, json, strlen(json), "/checksum",
			"0x%x is not the checksum of this document, which is 0x%x: it was damaged "
			"or edited",
			(uint32_t)saved->checksum, sum);
}

int vhi_saved_parse(const char *json, struct vhi_saved *ret, struct doc_error *err)
{
	struct vhi_saved saved;
	int r = doc_read(&vhi_state_doc, json, strlen(json), &saved, err);

	if (r)
		return r;
	r = check_sum(&saved, json, err);
	if (!r)
		r = vhi_saved_check(&saved, json, strlen(json), err);
	if (r)
		vhi_saved_clear(&saved);
	else
		*ret = saved;
	return r;
}

static int fail_read(struct vhc_ctx *ctx, const char *device, int r, const struct doc_error *err)
{
	if (r == -EINVAL)
		return fail_document(ctx, device, err);
	return vhi_fail_at(ctx, &(struct vhi_place){ device, NULL, NULL }, r, "%s",
			   r == -E2BIG ? err->text : "no memory for the vhost-state document");
}

int vhi_saved_read(struct vhc_ctx *ctx, const char *device, const char *json, struct vhi_saved *ret)
{
	struct doc_error err;
	int r = vhi_saved_parse(json, ret, &err);

	return r ? fail_read(ctx, device, r, &err) : 0;
}

VHC_EXPORT int vhc_state_check(struct vhc_ctx *ctx, const char *state)
{
	struct vhi_saved saved;
	int r = vhi_saved_read(ctx, NULL, state, &saved);

	if (!r)
		vhi_saved_clear(&saved);
	return r;
}

/* The rows follow from the words, whatever the document has; so does the header's size, if it has none. */
static int make_rows(struct vhi_saved *saved)
{
	const struct vhi_feature_names names = vhi_saved_names(vhi_saved_kind(saved));
	struct vhc_features set = vhi_feature_words(&saved->words);
	struct vhi_saved made = { 0 };
	struct doc_list old_words = saved->words, old_features = saved->features;
	int r = vhi_feature_rows(&names, &set, &made.words, &made.features);

	if (!r) {
		if (!saved->header_bytes && vhi_saved_kind(saved) == &vhi_kind_net)
			saved->header_bytes = vhi_net_header_size(&set);
		saved->words = made.words;
		saved->features = made.features;
		made.words = old_words;
		made.features = old_features;
	}
	vhi_saved_clear(&made);
	return r;
}

VHC_EXPORT int vhc_state_seal(struct vhc_ctx *ctx, const char *state, char **ret_state)
{
	struct vhi_saved saved;
	struct doc_error err;
	char *json = NULL;
	int r = doc_read(&vhi_state_doc, state, strlen(state), &saved, &err);

	if (!r) {
		r = make_rows(&saved);
		if (!r)
			json = vhi_saved_write(&saved);
		if (!r && json)
			r = vhi_saved_check(&saved, json, strlen(json), &err);
		else
			r = -ENOMEM;
		vhi_saved_clear(&saved);
	}
	if (r) {
		free(json);
		return fail_read(ctx, NULL, r, &err);
	}
	*ret_state = json;
	return 0;
}
