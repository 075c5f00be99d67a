/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host - can another host continue a device?  Compares two documents, and asks no host.
 */
#include <errno.h>
#include <string.h>

#include "caps/document.h"
#include "ctx.h"
#include "features/features.h"
#include "features/missing.h"
#include "migration/document.h"

/* All reasons why not, separated by "; ". */
struct reasons {
	char buffer[1500];
	struct vhc_text text;
	const char *hint; /* of the first reason */
};

#define ADD(reasons, advice, ...)                            \
	do {                                                 \
		begin_reason(reasons, advice);               \
		vhc_text_put(&(reasons)->text, __VA_ARGS__); \
	} while (0)

static void begin_reason(struct reasons *reasons, const char *hint)
{
	vhc_text_put(&reasons->text, "%s", reasons->buffer[0] ? "; " : "");
	if (!reasons->hint)
		reasons->hint = hint;
}

static void check_node(struct reasons *reasons, const struct vhc_caps_node *node)
{
	if (!node->opens)
		ADD(reasons, node->remedy, "%s cannot be opened there: %s (%s)", node->path,
		    node->reason, node->error);
}

/* Features of a tap that could not be probed are not known. */
static void check_tap(struct reasons *reasons, const struct vhc_caps_tap *tap,
		      const struct vhc_features *needed)
{
	if (!tap->probed && !vhc_features_empty(needed))
		ADD(reasons, "ask that host for its capabilities again, as root",
		    "the features of a tap there are not known: %s", tap->reason);
}

static void check_features(struct reasons *reasons, const struct vhc_caps *caps,
			   const struct vhc_caps_node *node, const struct vhc_saved *saved)
{
	struct vhc_features acked = vhc_feature_words(&saved->words);
	struct vhc_features vhost = vhc_feature_words(&node->words);
	struct vhc_features tap = vhc_feature_words(&caps->tap.words);
	enum vhc_type type = vhc_saved_kind(saved)->type;
	struct vhc_missing lacking = vhc_missing_find(type, &acked, &vhost, &tap);

	check_tap(reasons, &caps->tap, &lacking.tap);
	/* nothing is known of what was not asked */
	if (!node->opens)
		lacking.vhost = (struct vhc_features){ { 0 } };
	if (!caps->tap.probed)
		lacking.tap = (struct vhc_features){ { 0 } };
	if (!vhc_missing_any(&lacking))
		return;
	begin_reason(reasons, vhc_missing_hint);
	vhc_missing_put(&reasons->text, type, &lacking);
}

static void check_limits(struct reasons *reasons, const struct vhc_caps *caps,
			 const struct vhc_caps_node *node, const struct vhc_saved *saved,
			 uint32_t regions)
{
	uint64_t header = saved->header_bytes;

	if (header && !vhc_net_header_ok(header))
		ADD(reasons, vhc_missing_hint,
		    "its features need a header of %llu bytes, and vhost-net has 10, 12 and 24",
		    (unsigned long long)header);
	if (node->opens && saved->backend_features & ~node->backend_features)
		ADD(reasons, vhc_missing_hint,
		    "its IOMMU needs the backend features 0x%llx, and the kernel's vhost has 0x%llx",
		    (unsigned long long)saved->backend_features,
		    (unsigned long long)node->backend_features);
	if (regions > caps->max_mem_regions)
		ADD(reasons, "raise vhost's module parameter max_mem_regions there",
		    "the guest's memory has %u regions, and that kernel takes %llu", regions,
		    (unsigned long long)caps->max_mem_regions);
	if (vhc_saved_kind(saved)->get_link_features && saved->queue_pairs > caps->max_tap_queues)
		ADD(reasons, NULL, "%llu queue pairs, and a tap there has at most %llu queues",
		    (unsigned long long)saved->queue_pairs,
		    (unsigned long long)caps->max_tap_queues);
}

static int check_host(struct vhc_ctx *ctx, const struct vhc_caps *caps,
		      const struct vhc_saved *saved)
{
	const char *path = vhc_saved_kind(saved)->path;
	const struct vhc_caps_node *node = vhc_caps_find(caps, path);
	struct vhc_table *memory = vhc_saved_memory(saved);
	struct vhc_place place = { .device = saved->device };
	struct reasons reasons = { "", { NULL, 0 }, NULL };

	if (!node || !memory) {
		vhc_table_unref(memory);
		place.where = node ? NULL : "/nodes";
		return vhc_fail_at(ctx, &place, node ? -ENOMEM : -EINVAL, "%s%s",
				   node ? "no memory for the guest's memory table"
					: "the vhost-caps document does not have ",
				   node ? "" : path);
	}
	reasons.text = (struct vhc_text){ reasons.buffer, sizeof(reasons.buffer) };
	check_node(&reasons, node);
	check_features(&reasons, caps, node, saved);
	check_limits(&reasons, caps, node, saved, memory->count);
	vhc_table_unref(memory);
	if (!reasons.buffer[0])
		return 0;
	place.hint = reasons.hint;
	return vhc_fail_at(ctx, &place, -EOPNOTSUPP, "%s", reasons.buffer);
}

VHC_EXPORT int vhc_caps_check(struct vhc_ctx *ctx, const char *caps, const char *state)
{
	struct vhc_saved saved;
	struct vhc_caps host;
	int r = vhc_saved_read(ctx, NULL, state, &saved);

	if (r)
		return r;
	r = vhc_caps_parse(ctx, NULL, caps, &host);
	if (!r) {
		r = check_host(ctx, &host, &saved);
		doc_clear(&vhc_caps_doc, &host);
	}
	vhc_saved_clear(&saved);
	return r;
}
