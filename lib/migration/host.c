/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host - can another host continue a device?  Compares two documents, and asks no host.  The answer is
 * an error for programs, and a report with a row for each reason and for each feature that is missing.
 * What the host's document does not tell is neither there nor missing: without a reason against the
 * move it makes the answer "not known".
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "caps/document.h"
#include "ctx.h"
#include "features/features.h"
#include "features/missing.h"
#include "migration/document.h"
#include "syscall/parameter.h"

struct missing {
	uint64_t bit;
	char *name, *lacking, *since;
};

static const struct doc_field missing_fields[] = {
	DOC_NEED(missing, bit, DOC_UINT, .max = 255, .help = "its number in the specification"),
	DOC_NEED(missing, name, DOC_STRING, .help = "its name"),
	DOC_NEED(missing, lacking, DOC_STRING,
		 .help = "which part lacks it: vhost, tap, vhost+tap, model"),
	DOC_NEED(missing, since, DOC_STRING,
		 .help = "the first Linux that has it; empty: every kernel in use, or none"),
};

static const struct doc_table missing_table =
	DOC_PART(missing, missing_fields, "a feature that the host does not have");

/* One reason against the move. */
struct finding {
	char *what, *origin;
	bool known;
	char *text, *remedy;
};

static const struct doc_field finding_fields[] = {
	DOC_NEED(
		finding, what, DOC_STRING,
		.help = "what it is about: node, features, tap, header, backend_features, regions, "
			"queue_pairs; and of a config or a QEMU: mtu, ring_size, vhost, type, transport, memory"),
	DOC_NEED(finding, origin, DOC_STRING,
		 .help = "which part of the host: vhost, tap, vhost+tap, model (the launcher's)"),
	DOC_NEED(
		finding, known, DOC_BOOL,
		.help = "no: the document of the host does not tell, so that it may be no hindrance"),
	DOC_NEED(finding, text, DOC_STRING, .help = "what the host lacks, or why it is not known"),
	DOC_NEED(finding, remedy, DOC_STRING, .help = "what can be done about it"),
};

static const struct doc_table finding_table =
	DOC_PART(finding, finding_fields, "a reason against the move");

struct report {
	char *command, *device, *host, *advice;
	bool possible, known;
	struct doc_list findings, missing;
};

static const struct doc_field report_fields[] = {
	DOC_NEED(report, command, DOC_STRING, .help = "\"check\""),
	DOC_NEED(report, device, DOC_STRING, .help = "the device's id"),
	DOC_FIELD(report, host, DOC_STRING,
		  .help = "the document of the host, or \"this host\"; added by vhostctl"),
	DOC_NEED(report, possible, DOC_BOOL, .help = "can the host run the device"),
	DOC_NEED(report, known, DOC_BOOL,
		 .help = "no: it cannot be told, since something of the host is not known"),
	DOC_NEED(report, findings, DOC_OBJECTS, .table = &finding_table,
		 .help = "each reason why not, or why it cannot be told"),
	DOC_FIELD(report, advice, DOC_STRING,
		  .help = "what the launchers have to be told; added by vhostctl"),
	DOC_NEED(report, missing, DOC_OBJECTS, .table = &missing_table,
		 .help = "the features that the host does not have"),
};

const struct doc_table vhi_check_doc =
	DOC_TABLE("vhost-report", report, report_fields, "whether a guest can move to a host");

/* One check: two documents, and what was found. */
struct check {
	const struct vhi_saved *saved;
	const struct vhi_caps *caps;
	const struct vhi_caps_node *node;
	struct report report;
	struct vhi_missing lacking;
	bool no_memory;
};

/* A reason without its text. */
struct reason {
	const char *what, *origin, *remedy;
	bool unknown;
};

static void add(struct check *check, const struct reason *reason, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void add(struct check *check, const struct reason *reason, const char *format, ...)
{
	struct finding *row = doc_append(&check->report.findings, sizeof(*row));
	va_list args;

	check->no_memory |= !row;
	if (!row)
		return;
	va_start(args, format);
	if (vasprintf(&row->text, format, args) < 0)
		row->text = NULL;
	va_end(args);
	row->known = !reason->unknown;
	row->what = strdup(reason->what);
	row->origin = strdup(reason->origin);
	row->remedy = strdup(reason->remedy);
	check->no_memory |= !row->text || !row->what || !row->origin || !row->remedy;
}

static void check_node(struct check *check)
{
	const struct vhi_caps_node *node = check->node;
	bool unknown = vhi_caps_why_unknown(check->caps, node->path);

	if (!node->opens)
		add(check, &(struct reason){ "node", "vhost", node->remedy, unknown },
		    unknown ? "what %s has there is not known: %s (%s)"
			    : "%s cannot be opened there: %s (%s)",
		    node->path, node->reason, node->error);
}

/* @needed: what is not known of a tap matters only to a guest that needs it. */
static void check_tap(struct check *check, const struct vhc_features *needed)
{
	const struct vhi_caps_tap *tap = &check->caps->tap;
	const struct vhi_caps_unknown *why = vhi_caps_why_unknown(check->caps, VHI_CAPS_TAP);

	if (tap->probed || !vhi_saved_kind(check->saved)->get_link_features)
		return;
	if (!why)
		add(check, &(struct reason){ "tap", "tap", "modprobe tun", false },
		    "no tap can be made there: %s", tap->reason);
	else if (!vhi_features_empty(needed))
		add(check, &(struct reason){ "tap", "tap", why->remedy, true },
		    "the features of a tap there are not known: %s", why->reason);
}

static void check_features(struct check *check)
{
	struct vhc_features acked = vhi_feature_words(&check->saved->words);
	struct vhc_features vhost = vhi_feature_words(&check->node->words);
	struct vhc_features tap = vhi_feature_words(&check->caps->tap.words);
	enum vhc_type type = vhi_saved_kind(check->saved)->type;
	struct vhi_missing *lacking = &check->lacking;
	char buffer[1500] = "";
	struct vhi_text text = { buffer, sizeof(buffer) };
	struct reason reason = { "features", "vhost+tap", vhi_missing_hint, false };

	*lacking = vhi_missing_find(type, &acked, &vhost, &tap);
	check_tap(check, &lacking->tap);
	/* nothing is known of what was not asked */
	if (!check->node->opens)
		lacking->vhost = (struct vhc_features){ { 0 } };
	if (!check->caps->tap.probed)
		lacking->tap = (struct vhc_features){ { 0 } };
	if (!vhi_missing_any(lacking))
		return;
	if (vhi_features_empty(&lacking->tap))
		reason.origin = "vhost";
	else if (vhi_features_empty(&lacking->vhost))
		reason.origin = "tap";
	vhi_missing_put(&text, type, lacking);
	add(check, &reason, "%s", buffer);
}

/* The kernel and the launcher know of a guest what the other does not.  How to ask is the caller's to say. */
#define ASK_LAUNCHER "ask its launcher, too"
#define ASK_KERNEL   "ask the kernel, too"

/*
 * Of a document that was read from outside: does the guest have what the host lacks, and what of the
 * launcher's own features?
 */
static void check_partial(struct check *check)
{
	struct vhc_features unknown = vhi_feature_words(&check->saved->partial);
	struct vhc_features vhost = vhi_feature_words(&check->node->words);
	struct vhc_features tap = vhi_feature_words(&check->caps->tap.words);
	enum vhc_type type = vhi_saved_kind(check->saved)->type;
	struct vhi_missing lacking = vhi_missing_find(type, &unknown, &vhost, &tap);
	struct vhc_features host = vhi_features_of(type, VHC_ORIGIN_VHOST);
	struct vhc_features link = vhi_features_of(type, VHC_ORIGIN_TAP);
	struct vhc_features both = vhi_features_or(&lacking.vhost, &lacking.tap), model;
	bool asked = check->node->opens && check->caps->tap.probed;
	char buffer[1500] = "";
	struct vhi_text text = { buffer, sizeof(buffer) };

	model = vhi_features_without(&unknown, &host);
	model = vhi_features_without(&model, &link);
	if (!vhi_features_empty(&both)) {
		vhi_features_put(&text, type, &both, ", ");
		add(check, &(struct reason){ "features", "vhost+tap", ASK_LAUNCHER, true },
		    asked ? "it is not known whether the guest has %s, which the host does not have"
			  : "it is not known whether the guest has %s, nor whether the host does",
		    buffer);
	}
	if (vhi_features_empty(&model))
		return;
	text = (struct vhi_text){ buffer, sizeof(buffer) };
	vhi_features_put(&text, type, &model, ", ");
	add(check, &(struct reason){ "features", "model", ASK_LAUNCHER, true },
	    "it is not known which features of its launcher the guest has: %s", buffer);
}

static void check_header(struct check *check)
{
	uint64_t header = check->saved->header_bytes;

	if (header && !vhi_net_header_ok(header))
		add(check, &(struct reason){ "header", "vhost", vhi_missing_hint, false },
		    "its features need a header of %llu bytes, and vhost-net has 10, 12 and 24",
		    (unsigned long long)header);
}

static void check_backend_features(struct check *check)
{
	uint64_t needs = check->saved->backend_features, has = check->node->backend_features;

	if (check->node->opens && needs & ~has)
		add(check, &(struct reason){ "backend_features", "vhost", vhi_missing_hint, false },
		    "its IOMMU needs the backend features 0x%llx, and the kernel's vhost has 0x%llx",
		    (unsigned long long)needs, (unsigned long long)has);
}

static void check_regions(struct check *check, uint32_t regions)
{
	unsigned long long most = check->caps->max_mem_regions;
	const struct vhi_caps_unknown *why = vhi_caps_why_unknown(check->caps, VHI_CAPS_REGIONS);

	if (!regions)
		add(check, &(struct reason){ "regions", "model", ASK_KERNEL, true },
		    "it is not known how many regions the guest's memory has");
	/* without vhost there is nothing to ask, and the answer is no */
	if (why && check->node->opens)
		add(check, &(struct reason){ "regions", "vhost", why->remedy, true },
		    "how many regions of memory that kernel keeps is not known: %s", why->reason);
	else if (!why && regions > most)
		add(check, &(struct reason){ "regions", "vhost", VHI_REGION_HINT " there", false },
		    "the guest's memory has %u regions, and that kernel keeps %llu", regions, most);
}

static void check_queue_pairs(struct check *check)
{
	unsigned long long pairs = check->saved->queue_pairs, most = check->caps->max_tap_queues;

	if (vhi_saved_kind(check->saved)->get_link_features && pairs > most)
		add(check, &(struct reason){ "queue_pairs", "tap", "", false },
		    "%llu queue pairs, and a tap there has at most %llu queues", pairs, most);
}

static int add_missing(const struct vhi_feature_names *names, const struct vhi_missing *lacking,
		       unsigned int bit, struct doc_list *list)
{
	bool vhost = vhc_features_has(&lacking->vhost, bit);
	bool tap = vhc_features_has(&lacking->tap, bit);
	char name[VHI_FEATURE_NAME_MAX];
	const struct vhc_feature *feature = vhc_feature_get((enum vhc_type)names->type, bit);
	struct missing *row;

	if (!vhost && !tap)
		return 0;
	row = doc_append(list, sizeof(*row));
	if (!row)
		return -ENOMEM;
	row->bit = bit;
	row->name = strdup(vhi_feature_row_name(names, bit, name));
	row->lacking = strdup(vhost && tap ? "vhost+tap" : vhost ? "vhost" : "tap");
	row->since = strdup(feature && feature->since ? feature->since : "");
	return row->name && row->lacking && row->since ? 0 : -ENOMEM;
}

/* The rows and texts of the report; the findings are there. */
static char *write_report(struct check *check)
{
	const struct vhi_saved *saved = check->saved;
	const struct vhi_feature_names names = vhi_saved_names(vhi_saved_kind(saved));
	struct report *report = &check->report;
	char *json = NULL;
	bool ok;

	report->command = strdup("check");
	report->device = strdup(saved->device);
	ok = report->command && report->device;
	for (unsigned int bit = 0; bit < 256 && ok; bit++)
		ok = !add_missing(&names, &check->lacking, bit, &report->missing);
	if (ok)
		json = doc_text(&vhi_check_doc, report, DOC_PRETTY);
	return json;
}

/* The answer: 0, or an error with all the reasons, separated by "; ". */
static int give_answer(struct vhc_ctx *ctx, struct check *check)
{
	const struct finding *rows = check->report.findings.items;
	size_t count = check->report.findings.count;
	struct vhi_place place = { .device = check->saved->device };
	char buffer[1500] = "";
	struct vhi_text text = { buffer, sizeof(buffer) };

	check->report.possible = !count;
	check->report.known = !count;
	for (size_t i = 0; i < count; i++) {
		vhi_text_put(&text, "%s%s", i ? "; " : "", rows[i].text);
		check->report.known |= rows[i].known;
		if (!place.hint && rows[i].remedy[0])
			place.hint = rows[i].remedy;
	}
	if (!count)
		return 0;
	return vhi_fail_at(ctx, &place, check->report.known ? -EOPNOTSUPP : -ENODATA, "%s", buffer);
}

static int check_host(struct vhc_ctx *ctx, struct check *check)
{
	const char *path = vhi_saved_kind(check->saved)->path;
	struct vhi_table *memory;

	check->node = vhi_caps_find(check->caps, path);
	if (!check->node)
		return vhi_fail_at(
			ctx,
			&(struct vhi_place){ .device = check->saved->device, .where = "/nodes" },
			-EINVAL, "the vhost-caps document does not have %s", path);
	memory = vhi_saved_memory(check->saved);
	check->no_memory = !memory;
	if (memory) {
		check_node(check);
		check_features(check);
		check_partial(check);
		check_header(check);
		check_backend_features(check);
		check_regions(check, memory->count);
		check_queue_pairs(check);
	}
	vhi_table_unref(memory);
	return check->no_memory ? vhi_fail(ctx, -ENOMEM, "no memory to compare the documents")
				: give_answer(ctx, check);
}

static int check_documents(struct vhc_ctx *ctx, struct check *check, char **ret_json)
{
	int r = check_host(ctx, check);
	char *json;

	if (ret_json && (!r || r == -EOPNOTSUPP || r == -ENODATA)) {
		json = write_report(check);
		if (json)
			*ret_json = json;
		else
			r = vhi_fail(ctx, -ENOMEM, "no memory for the report");
	}
	doc_clear(&vhi_check_doc, &check->report);
	return r;
}

VHC_EXPORT int vhc_caps_check(struct vhc_ctx *ctx, const char *caps, const char *state,
			      char **ret_json)
{
	struct vhi_saved saved;
	struct vhi_caps host;
	int r = vhi_saved_read(ctx, NULL, state, &saved);

	if (r)
		return r;
	r = vhi_caps_parse(ctx, NULL, caps, &host);
	if (!r) {
		r = check_documents(ctx, &(struct check){ .saved = &saved, .caps = &host },
				    ret_json);
		doc_clear(&vhi_caps_doc, &host);
	}
	vhi_saved_clear(&saved);
	return r;
}
