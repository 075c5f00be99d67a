/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host - can another host continue a device?  Compares two documents, and asks no host.  The answer is
 * an error for programs, and a report with a row for each feature that is missing.
 */
#include <errno.h>
#include <string.h>

#include "caps/document.h"
#include "ctx.h"
#include "features/features.h"
#include "features/missing.h"
#include "migration/document.h"
#include "syscall/parameter.h"

struct missing {
	uint64_t bit;
	char *name, *lacking;
};

static const struct doc_field missing_fields[] = {
	DOC_NEED(missing, bit, DOC_UINT, .max = 255, .help = "its number in the specification"),
	DOC_NEED(missing, name, DOC_STRING, .help = "its name"),
	DOC_NEED(missing, lacking, DOC_STRING,
		 .help = "which part lacks it: vhost, tap, vhost+tap"),
};

static const struct doc_table missing_table =
	DOC_PART(missing, missing_fields, "a feature that the host does not have");

struct report {
	char *command, *device, *host;
	bool possible;
	char *reason, *remedy;
	struct doc_list missing;
};

static const struct doc_field report_fields[] = {
	DOC_NEED(report, command, DOC_STRING, .help = "\"check\""),
	DOC_NEED(report, device, DOC_STRING, .help = "the device's id"),
	DOC_FIELD(report, host, DOC_STRING,
		  .help = "the document of the host, or \"this host\"; vhostctl knows it"),
	DOC_NEED(report, possible, DOC_BOOL, .help = "can the host run the device"),
	DOC_NEED(report, reason, DOC_STRING, .help = "the reasons why not"),
	DOC_NEED(report, remedy, DOC_STRING, .help = "what can be done about it"),
	DOC_NEED(report, missing, DOC_OBJECTS, .table = &missing_table,
		 .help = "the features that the host does not have"),
};

const struct doc_table vhi_check_doc =
	DOC_TABLE("vhost-report", report, report_fields, "whether a guest can move to a host");

/* All reasons why not, separated by "; ". */
struct reasons {
	char buffer[1500];
	struct vhi_text text;
	const char *hint; /* of the first reason */
	struct vhi_missing lacking;
};

#define ADD(reasons, advice, ...)                            \
	do {                                                 \
		begin_reason(reasons, advice);               \
		vhi_text_put(&(reasons)->text, __VA_ARGS__); \
	} while (0)

static void begin_reason(struct reasons *reasons, const char *hint)
{
	vhi_text_put(&reasons->text, "%s", reasons->buffer[0] ? "; " : "");
	if (!reasons->hint)
		reasons->hint = hint;
}

static void check_node(struct reasons *reasons, const struct vhi_caps_node *node)
{
	if (!node->opens)
		ADD(reasons, node->remedy, "%s cannot be opened there: %s (%s)", node->path,
		    node->reason, node->error);
}

/* Features of a tap that could not be probed are not known. */
static void check_tap(struct reasons *reasons, const struct vhi_caps_tap *tap,
		      const struct vhc_features *needed)
{
	if (!tap->probed && !vhi_features_empty(needed))
		ADD(reasons, "ask that host for its capabilities again, as root",
		    "the features of a tap there are not known: %s", tap->reason);
}

static void check_features(struct reasons *reasons, const struct vhi_caps *caps,
			   const struct vhi_caps_node *node, const struct vhi_saved *saved)
{
	struct vhc_features acked = vhi_feature_words(&saved->words);
	struct vhc_features vhost = vhi_feature_words(&node->words);
	struct vhc_features tap = vhi_feature_words(&caps->tap.words);
	enum vhc_type type = vhi_saved_kind(saved)->type;
	struct vhi_missing *lacking = &reasons->lacking;

	*lacking = vhi_missing_find(type, &acked, &vhost, &tap);
	check_tap(reasons, &caps->tap, &lacking->tap);
	/* nothing is known of what was not asked */
	if (!node->opens)
		lacking->vhost = (struct vhc_features){ { 0 } };
	if (!caps->tap.probed)
		lacking->tap = (struct vhc_features){ { 0 } };
	if (!vhi_missing_any(lacking))
		return;
	begin_reason(reasons, vhi_missing_hint);
	vhi_missing_put(&reasons->text, type, lacking);
}

static void check_limits(struct reasons *reasons, const struct vhi_caps *caps,
			 const struct vhi_caps_node *node, const struct vhi_saved *saved,
			 uint32_t regions)
{
	uint64_t header = saved->header_bytes;

	if (header && !vhi_net_header_ok(header))
		ADD(reasons, vhi_missing_hint,
		    "its features need a header of %llu bytes, and vhost-net has 10, 12 and 24",
		    (unsigned long long)header);
	if (node->opens && saved->backend_features & ~node->backend_features)
		ADD(reasons, vhi_missing_hint,
		    "its IOMMU needs the backend features 0x%llx, and the kernel's vhost has 0x%llx",
		    (unsigned long long)saved->backend_features,
		    (unsigned long long)node->backend_features);
	if (regions > caps->max_mem_regions)
		ADD(reasons, VHI_REGION_HINT " there",
		    "the guest's memory has %u regions, and that kernel keeps %llu", regions,
		    (unsigned long long)caps->max_mem_regions);
	if (vhi_saved_kind(saved)->get_link_features && saved->queue_pairs > caps->max_tap_queues)
		ADD(reasons, NULL, "%llu queue pairs, and a tap there has at most %llu queues",
		    (unsigned long long)saved->queue_pairs,
		    (unsigned long long)caps->max_tap_queues);
}

static int add_missing(const struct vhi_feature_names *names, const struct vhi_missing *lacking,
		       unsigned int bit, struct doc_list *list)
{
	bool vhost = vhc_features_has(&lacking->vhost, bit);
	bool tap = vhc_features_has(&lacking->tap, bit);
	char name[VHI_FEATURE_NAME_MAX];
	struct missing *row;

	if (!vhost && !tap)
		return 0;
	row = doc_append(list, sizeof(*row));
	if (!row)
		return -ENOMEM;
	row->bit = bit;
	row->name = strdup(vhi_feature_row_name(names, bit, name));
	row->lacking = strdup(vhost && tap ? "vhost+tap" : vhost ? "vhost" : "tap");
	return row->name && row->lacking ? 0 : -ENOMEM;
}

/* @error: NULL when the host can take the device. */
static char *write_report(const struct vhi_saved *saved, const struct vhc_error *error,
			  const struct vhi_missing *lacking)
{
	struct report report = {
		.command = strdup("check"),
		.device = strdup(saved->device),
		.possible = !error,
		.reason = strdup(error ? error->text : ""),
		.remedy = strdup(error ? error->hint : ""),
	};
	const struct vhi_feature_names names = vhi_saved_names(vhi_saved_kind(saved));
	bool ok = report.command && report.device && report.reason && report.remedy;
	char *json = NULL;

	for (unsigned int bit = 0; bit < 256 && ok; bit++)
		ok = !add_missing(&names, lacking, bit, &report.missing);
	if (ok)
		json = doc_text(&vhi_check_doc, &report, DOC_PRETTY);
	doc_clear(&vhi_check_doc, &report);
	return json;
}

static int check_host(struct vhc_ctx *ctx, const struct vhi_caps *caps,
		      const struct vhi_saved *saved, struct vhi_missing *ret)
{
	const char *path = vhi_saved_kind(saved)->path;
	const struct vhi_caps_node *node = vhi_caps_find(caps, path);
	struct vhi_table *memory = vhi_saved_memory(saved);
	struct vhi_place place = { .device = saved->device };
	struct reasons reasons = { .hint = NULL };

	if (!node || !memory) {
		vhi_table_unref(memory);
		place.where = node ? NULL : "/nodes";
		return vhi_fail_at(ctx, &place, node ? -ENOMEM : -EINVAL, "%s%s",
				   node ? "no memory for the guest's memory table"
					: "the vhost-caps document does not have ",
				   node ? "" : path);
	}
	reasons.text = (struct vhi_text){ reasons.buffer, sizeof(reasons.buffer) };
	check_node(&reasons, node);
	check_features(&reasons, caps, node, saved);
	check_limits(&reasons, caps, node, saved, memory->count);
	vhi_table_unref(memory);
	*ret = reasons.lacking;
	if (!reasons.buffer[0])
		return 0;
	place.hint = reasons.hint;
	return vhi_fail_at(ctx, &place, -EOPNOTSUPP, "%s", reasons.buffer);
}

VHC_EXPORT int vhc_caps_check(struct vhc_ctx *ctx, const char *caps, const char *state,
			      char **ret_json)
{
	struct vhi_missing lacking;
	struct vhi_saved saved;
	struct vhi_caps host;
	char *json = NULL;
	int r = vhi_saved_read(ctx, NULL, state, &saved);

	if (r)
		return r;
	r = vhi_caps_parse(ctx, NULL, caps, &host);
	if (!r) {
		r = check_host(ctx, &host, &saved, &lacking);
		doc_clear(&vhi_caps_doc, &host);
	}
	if (ret_json && (!r || r == -EOPNOTSUPP)) {
		json = write_report(&saved, r ? vhc_ctx_get_error(ctx) : NULL, &lacking);
		if (json)
			*ret_json = json;
		else
			r = vhi_fail(ctx, -ENOMEM, "no memory for the report");
	}
	vhi_saved_clear(&saved);
	return r;
}
