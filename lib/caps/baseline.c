/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * baseline - what every host of a set supports, as the vhost-caps document of a host that has just
 * that.  The first host's document becomes it: one after another takes away what it does not have.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "caps/baseline.h"
#include "features/features.h"
#include "features/rows.h"
#include "kind/kind.h"

static const struct vhc_features everything = { { UINT64_MAX, UINT64_MAX, UINT64_MAX,
						  UINT64_MAX } };

struct baseline {
	struct vhi_caps caps;	     /* what is left */
	struct vhi_host_part *nodes; /* by the index of caps.nodes */
	struct vhi_host_part tap;
	struct vhi_caps_set set;
};

enum vhi_standing vhi_caps_node_standing(const struct vhi_caps *caps,
					 const struct vhi_caps_node *node)
{
	if (node->opens)
		return VHI_THERE;
	return vhi_caps_why_unknown(caps, node->path) ? VHI_UNKNOWN : VHI_ABSENT;
}

enum vhi_standing vhi_caps_tap_standing(const struct vhi_caps *caps)
{
	if (caps->tap.probed)
		return VHI_THERE;
	return vhi_caps_why_unknown(caps, VHI_CAPS_TAP) ? VHI_UNKNOWN : VHI_ABSENT;
}

/* ------------------------------------------------------------------------------ one after another */

static int replace(char **text, const char *by)
{
	char *copy = strdup(by);

	if (!copy)
		return -ENOMEM;
	free(*text);
	*text = copy;
	return 0;
}

/* "name: reason" */
static int replace_reason(char **text, const char *name, const char *reason)
{
	char *copy;

	if (asprintf(&copy, "%s: %s", name, reason) < 0)
		return -ENOMEM;
	free(*text);
	*text = copy;
	return 0;
}

/* Keep the strings that the other list has, too. */
static void keep_common(struct doc_list *list, const struct doc_list *other)
{
	char **items = list->items, *const *others = other->items;
	size_t kept = 0;

	for (size_t i = 0; i < list->count; i++) {
		bool found = false;

		for (size_t j = 0; j < other->count && !found; j++)
			found = !strcmp(items[i], others[j]);
		if (found)
			items[kept++] = items[i];
		else
			free(items[i]);
	}
	list->count = kept;
}

static void narrow(struct vhi_host_part *part, enum vhi_standing standing,
		   const struct doc_list *words)
{
	struct vhc_features has = vhi_feature_words(words);

	if (standing != VHI_THERE)
		has = (struct vhc_features){ { 0 } };
	part->set = vhi_features_and(&part->set, &has);
	if (standing > part->standing)
		part->standing = standing;
}

/* @other: NULL when this host's document does not have the node. */
static int fold_node(struct vhi_caps_node *node, struct vhi_host_part *part, const char *name,
		     const struct vhi_caps *caps, const struct vhi_caps_node *other)
{
	static const struct vhi_caps_node none = { .reason =
							   (char *)"its document does not have it",
						   .error = (char *)"",
						   .remedy = (char *)"ask that host again" };
	enum vhi_standing standing = other ? vhi_caps_node_standing(caps, other) : VHI_UNKNOWN;
	bool worse = standing > part->standing;

	other = other ?: &none;
	narrow(part, standing, &other->words);
	keep_common(&node->ioctls, &other->ioctls);
	node->backend_features &= other->backend_features;
	node->opens = part->standing == VHI_THERE;
	if (!worse)
		return 0;
	return replace_reason(&node->reason, name, other->reason) ?:
	       replace(&node->error, other->error)		  ?:
	       replace(&node->remedy, other->remedy);
}

static int fold_tap(struct baseline *baseline, const char *name, const struct vhi_caps *caps)
{
	struct vhi_caps_tap *tap = &baseline->caps.tap;
	enum vhi_standing standing = vhi_caps_tap_standing(caps);
	bool worse = standing > baseline->tap.standing;

	narrow(&baseline->tap, standing, &caps->tap.words);
	tap->offloads &= caps->tap.offloads;
	tap->probed = baseline->tap.standing == VHI_THERE;
	return worse ? replace_reason(&tap->reason, name, caps->tap.reason) : 0;
}

/* Parameters that have the same value everywhere. */
static void fold_parameters(struct doc_list *list, const struct doc_list *other)
{
	struct vhi_caps_parameter *items = list->items;
	const struct vhi_caps_parameter *others = other->items;
	size_t kept = 0;

	for (size_t i = 0; i < list->count; i++) {
		bool found = false;

		for (size_t j = 0; j < other->count && !found; j++)
			found = !strcmp(items[i].name, others[j].name) &&
				!strcmp(items[i].value, others[j].value);
		if (found) {
			items[kept++] = items[i];
		} else {
			free(items[i].name);
			free(items[i].value);
		}
	}
	list->count = kept;
}

/* Whether a node or the taps are there is known only when all have been seen. */
static bool is_part(const struct vhi_caps *caps, const char *what)
{
	return !strcmp(what, VHI_CAPS_TAP) || vhi_caps_find(caps, what);
}

static int fold_unknown(struct vhi_caps *caps, const char *name, const struct vhi_caps *other)
{
	const struct vhi_caps_unknown *rows = other->unknown.items;
	char *reason = NULL;
	int r = 0;

	for (size_t i = 0; i < other->unknown.count && !r; i++) {
		if (is_part(caps, rows[i].what) || vhi_caps_why_unknown(caps, rows[i].what))
			continue;
		r = caps->unknown.count == VHI_CAPS_MAX_UNKNOWN / 2 ? -E2BIG : 0;
		r = r ?: replace_reason(&reason, name, rows[i].reason) ?:
		    vhi_caps_add_unknown(caps, rows[i].what, reason, rows[i].remedy);
	}
	free(reason);
	return r;
}

static int fold(struct baseline *baseline, const char *name, const struct vhi_caps *other)
{
	struct vhi_caps *caps = &baseline->caps;
	struct vhi_caps_node *nodes = caps->nodes.items;
	int r = 0;

	for (size_t i = 0; i < caps->nodes.count && !r; i++)
		r = fold_node(&nodes[i], &baseline->nodes[i], name, other,
			      vhi_caps_find(other, nodes[i].path));
	r = r ?: fold_tap(baseline, name, other) ?: fold_unknown(caps, name, other);
	fold_parameters(&caps->parameters, &other->parameters);
	if (other->max_mem_regions < caps->max_mem_regions)
		caps->max_mem_regions = other->max_mem_regions;
	if (other->max_tap_queues < caps->max_tap_queues)
		caps->max_tap_queues = other->max_tap_queues;
	if (strcmp(other->kernel, caps->kernel))
		caps->kernel[0] = '\0';
	return r;
}

/* ------------------------------------------------------------------------------------- the result */

/* What the device's parts have of it, and all that the launcher's device model may have. */
static struct vhc_features offered(enum vhc_type type, const struct vhi_host_part *node,
				   const struct vhi_host_part *tap)
{
	struct vhc_features set = everything, own, missing;

	own = vhi_features_of(type, VHC_ORIGIN_VHOST);
	missing = vhi_features_without(&own, &node->set);
	set = vhi_features_without(&set, &missing);
	own = vhi_features_of(type, VHC_ORIGIN_TAP);
	missing = vhi_features_without(&own, &tap->set);
	return vhi_features_without(&set, &missing);
}

/* Without what requires features that are not there.  What is not there at all takes nothing away. */
static void close_set(enum vhc_type type, struct vhi_host_part *node, struct vhi_host_part *tap)
{
	struct vhc_features set, dropped;

	if (node->standing != VHI_THERE || tap->standing != VHI_THERE)
		return;
	set = offered(type, node, tap);
	dropped = vhi_features_close(type, &set);
	node->set = vhi_features_without(&node->set, &dropped);
	tap->set = vhi_features_without(&tap->set, &dropped);
}

static int finish_node(struct baseline *baseline, struct vhi_caps_node *node,
		       struct vhi_host_part *part)
{
	const struct vhi_kind *kind = vhi_kind_of_node(node->path);
	const struct vhi_feature_names names = { kind ? kind->type : 0, VHC_ORIGIN_VHOST };
	struct vhi_host_part no_tap = { .set = everything };

	if (kind) {
		close_set(kind->type, part, kind->get_link_features ? &baseline->tap : &no_tap);
		baseline->set.common.nodes[kind->index] = *part;
	}
	if (part->standing == VHI_UNKNOWN &&
	    vhi_caps_add_unknown(&baseline->caps, node->path, node->reason, node->remedy))
		return -ENOMEM;
	/* what is no vhost node has no features */
	if (part->standing != VHI_THERE || strncmp(node->path, "/dev/vhost-", 11)) {
		node->backend_features = VHI_CAPS_NOT_ASKED;
		return 0;
	}
	return vhi_feature_rows(&names, &part->set, &node->words, &node->features);
}

static int finish(struct baseline *baseline)
{
	const struct vhi_feature_names names = { VHC_TYPE_NET, VHC_ORIGIN_VHOST };
	struct vhi_caps *caps = &baseline->caps;
	struct vhi_caps_node *nodes = caps->nodes.items;
	struct vhi_caps_tap *tap = &caps->tap;
	int r = 0;

	for (size_t i = 0; i < caps->nodes.count && !r; i++)
		r = finish_node(baseline, &nodes[i], &baseline->nodes[i]);
	baseline->set.common.tap = baseline->tap;
	if (!r && baseline->tap.standing == VHI_UNKNOWN)
		r = vhi_caps_add_unknown(caps, VHI_CAPS_TAP, tap->reason, "ask that host as root");
	r = r ?: vhi_feature_rows(&names, &baseline->tap.set, &tap->words, &tap->features);
	return r ?: vhi_caps_put_groups(&baseline->set, caps);
}

/* A node of which nothing is missing yet. */
static int add_node(struct baseline *baseline, const char *path)
{
	size_t count = baseline->caps.nodes.count;
	struct vhi_host_part *parts =
		reallocarray(baseline->nodes, count + 1, sizeof(*baseline->nodes));
	struct vhi_caps_node *node;

	if (!parts)
		return -ENOMEM;
	parts[count] = (struct vhi_host_part){ .set = everything };
	baseline->nodes = parts;
	node = doc_append(&baseline->caps.nodes, sizeof(*node));
	if (!node)
		return -ENOMEM;
	node->backend_features = UINT64_MAX;
	return replace(&node->path, path) ?:
	       replace(&node->error, "")  ?:
	       replace(&node->reason, "") ?:
	       replace(&node->remedy, "");
}

/* @first: a document from which what the result is made of is taken. */
static int begin(struct baseline *baseline, struct vhi_caps *first)
{
	struct vhi_caps *caps = &baseline->caps;
	struct vhi_caps_node *nodes = first->nodes.items, *node;
	int r;

	caps->kernel = first->kernel;
	caps->parameters = first->parameters;
	first->kernel = NULL;
	first->parameters = (struct doc_list){ NULL, 0 };
	caps->max_mem_regions = first->max_mem_regions;
	caps->max_tap_queues = first->max_tap_queues;
	caps->tap.offloads = UINT64_MAX;
	r = replace(&caps->tap.reason, "");
	for (size_t i = 0; i < first->nodes.count && !r; i++) {
		r = add_node(baseline, nodes[i].path);
		if (r)
			break;
		node = (struct vhi_caps_node *)caps->nodes.items + i;
		node->ioctls = nodes[i].ioctls;
		nodes[i].ioctls = (struct doc_list){ NULL, 0 };
	}
	baseline->tap.set = everything;
	return r;
}

/* Nodes that are in no document before this one: what the hosts before have there is not known. */
static int add_nodes(struct baseline *baseline, const char *before, const struct vhi_caps *host)
{
	const struct vhi_caps_node *nodes = host->nodes.items;
	struct vhi_caps *caps = &baseline->caps;
	int r = 0;

	for (size_t i = 0; i < host->nodes.count && !r; i++) {
		size_t at = caps->nodes.count;

		if (vhi_caps_find(caps, nodes[i].path))
			continue;
		if (at == VHI_CAPS_MAX_NODES)
			return -E2BIG;
		r = add_node(baseline, nodes[i].path);
		if (!r)
			r = fold_node((struct vhi_caps_node *)caps->nodes.items + at,
				      &baseline->nodes[at], before, NULL, NULL);
	}
	return r;
}

static int add_host(struct vhc_ctx *ctx, struct baseline *baseline, const char *name,
		    const char *json)
{
	struct vhi_caps_host *host = &baseline->set.hosts[baseline->set.count];
	struct vhi_caps caps;
	int r = vhi_caps_parse(ctx, name, json, &caps);

	if (r)
		return r;
	host->name = name;
	host->kernel = strdup(caps.kernel);
	baseline->set.count++;
	vhi_caps_set_profile(host, &caps);
	r = host->kernel ? add_nodes(baseline, baseline->set.hosts[0].name, &caps) : -ENOMEM;
	r = r ?: fold(baseline, name, &caps);
	doc_clear(&vhi_caps_doc, &caps);
	if (r == -E2BIG)
		return vhi_fail(ctx, r,
				"%s: with it the set has over %u nodes, or %u rows of unknown",
				name, VHI_CAPS_MAX_NODES, VHI_CAPS_MAX_UNKNOWN / 2);
	return r ? vhi_fail(ctx, r, "no memory for the documents of the hosts") : 0;
}

static int make(struct vhc_ctx *ctx, struct baseline *baseline, uint32_t count,
		const char *const *names, const char *const *documents)
{
	struct vhi_caps first;
	int r = vhi_caps_parse(ctx, names[0], documents[0], &first);

	if (r)
		return r;
	baseline->set.hosts = calloc(count, sizeof(*baseline->set.hosts));
	r = baseline->set.hosts ? begin(baseline, &first) : -ENOMEM;
	doc_clear(&vhi_caps_doc, &first);
	if (r)
		return vhi_fail(ctx, r, "no memory for the documents of the hosts");
	for (uint32_t i = 0; i < count && !r; i++)
		r = add_host(ctx, baseline, names[i], documents[i]);
	return r;
}

VHC_EXPORT int vhc_caps_baseline(struct vhc_ctx *ctx, uint32_t count, const char *const *names,
				 const char *const *caps, char **ret_json)
{
	struct baseline baseline = { .nodes = NULL };
	char *json = NULL;
	int r;

	if (!count)
		return vhi_fail(ctx, -EINVAL, "a baseline of no host: give at least one document");
	r = make(ctx, &baseline, count, names, caps);
	if (!r && !finish(&baseline))
		json = doc_text(&vhi_caps_doc, &baseline.caps, DOC_PRETTY);
	if (!r && !json)
		r = vhi_fail(ctx, -ENOMEM, "no memory for the baseline");
	for (size_t i = 0; i < baseline.set.count; i++)
		free(baseline.set.hosts[i].kernel);
	free(baseline.set.hosts);
	free(baseline.nodes);
	doc_clear(&vhi_caps_doc, &baseline.caps);
	if (!r)
		*ret_json = json;
	return r;
}
