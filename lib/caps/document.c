/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * document - the vhost-caps document: its fields.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "caps/document.h"
#include "dev.h"
#include "features/rows.h"

static const struct doc_field node_fields[] = {
	DOC_NEED(vhi_caps_node, path, DOC_STRING, .min = 1, .help = "the device node"),
	DOC_NEED(vhi_caps_node, opens, DOC_BOOL, .help = "whether this user can open it"),
	DOC_NEED(vhi_caps_node, error, DOC_STRING,
		 .help = "name of the errno if it cannot be opened"),
	DOC_NEED(vhi_caps_node, reason, DOC_STRING, .help = "what the errno means"),
	DOC_NEED(vhi_caps_node, remedy, DOC_STRING, .help = "the command that fixes it"),
	DOC_NEED(vhi_caps_node, words, DOC_UINTS, .max = 4,
		 .help = "the features as 64-bit words, lowest first"),
	DOC_NEED(vhi_caps_node, features, DOC_OBJECTS, .table = &vhi_feature_row_doc, .max = 256,
		 .help = "the features by name"),
	DOC_FIELD(vhi_caps_node, backend_features, DOC_HEX, .preset = VHI_CAPS_NOT_ASKED,
		  .max = VHI_CAPS_NOT_ASKED - 1,
		  .help = "VHOST_GET_BACKEND_FEATURES; absent if the node was not asked"),
	DOC_NEED(vhi_caps_node, ioctls, DOC_STRINGS, .max = VHI_CAPS_MAX_CALLS,
		 .help = "the newer calls that this kernel supports"),
};

static const struct doc_table node_table = DOC_PART(vhi_caps_node, node_fields, "one device node");

static const struct doc_field tap_fields[] = {
	DOC_NEED(vhi_caps_tap, probed, DOC_BOOL, .help = "whether a scratch tap could be queried"),
	DOC_NEED(vhi_caps_tap, reason, DOC_STRING, .help = "why not"),
	DOC_NEED(vhi_caps_tap, offloads, DOC_HEX,
		 .help = "the largest set that TUNSETOFFLOAD accepts"),
	DOC_NEED(vhi_caps_tap, words, DOC_UINTS, .max = 4,
		 .help = "the resulting features as 64-bit words, lowest first"),
	DOC_NEED(vhi_caps_tap, features, DOC_OBJECTS, .table = &vhi_feature_row_doc, .max = 256,
		 .help = "the features by name"),
};

static const struct doc_table tap_table = DOC_PART(vhi_caps_tap, tap_fields, "what a tap supports");

static const struct doc_field parameter_fields[] = {
	DOC_NEED(vhi_caps_parameter, name, DOC_STRING, .help = "MODULE.PARAMETER"),
	DOC_NEED(vhi_caps_parameter, value, DOC_STRING, .help = "its value in /sys"),
};

static const struct doc_table parameter_table =
	DOC_PART(vhi_caps_parameter, parameter_fields, "one module parameter");

static const struct doc_field unknown_fields[] = {
	DOC_NEED(vhi_caps_unknown, what, DOC_STRING, .min = 1,
		 .help = "a node's path, tap, max_mem_regions, or a node's path and a call"),
	DOC_NEED(vhi_caps_unknown, reason, DOC_STRING, .help = "why it could not be asked"),
	DOC_NEED(vhi_caps_unknown, remedy, DOC_STRING, .help = "how it can be; or empty"),
};

static const struct doc_table unknown_table =
	DOC_PART(vhi_caps_unknown, unknown_fields, "what is not known of the host");

static const struct doc_field group_fields[] = {
	DOC_NEED(vhi_caps_group, kernel, DOC_STRING, .help = "their kernel's release"),
	DOC_NEED(vhi_caps_group, count, DOC_UINT, .min = 1, .help = "how many"),
	DOC_NEED(vhi_caps_group, hosts, DOC_STRINGS, .help = "their names"),
	DOC_NEED(vhi_caps_group, lacks, DOC_STRINGS,
		 .help = "what they lack of what others of the set have: features, nodes, tap"),
	DOC_NEED(vhi_caps_group, unknown, DOC_STRINGS,
		 .help = "what is not known of them: nodes, tap"),
};

static const struct doc_table group_table =
	DOC_PART(vhi_caps_group, group_fields, "hosts that do not differ");

static const struct doc_field lacking_fields[] = {
	DOC_NEED(vhi_caps_lacking, type, DOC_STRING, .help = "the type of device: net, vsock"),
	DOC_NEED(vhi_caps_lacking, bit, DOC_UINT, .max = 255,
		 .help = "its number in the specification"),
	DOC_NEED(vhi_caps_lacking, name, DOC_STRING, .help = "its name"),
	DOC_NEED(
		vhi_caps_lacking, lacking, DOC_STRING,
		.help = "what lacks it: vhost, tap, vhost+tap; or requirement: all have it, but not "
			"what it requires"),
	DOC_NEED(vhi_caps_lacking, since, DOC_STRING,
		 .help = "the first Linux that has it; empty: every kernel in use, or not known"),
	DOC_NEED(vhi_caps_lacking, hosts, DOC_STRING,
		 .help = "the first that lack it, and how many more do; the groups have all"),
};

static const struct doc_table lacking_table =
	DOC_PART(vhi_caps_lacking, lacking_fields, "a feature that some of the hosts have");

static const struct doc_field caps_fields[] = {
	DOC_NEED(vhi_caps, kernel, DOC_STRING, .help = "the kernel's release"),
	DOC_NEED(vhi_caps, nodes, DOC_OBJECTS, .table = &node_table, .max = VHI_CAPS_MAX_NODES,
		 .help = "the device nodes"),
	DOC_NEED(vhi_caps, tap, DOC_OBJECT, .table = &tap_table, .help = "what a tap supports"),
	DOC_NEED(
		vhi_caps, max_mem_regions, DOC_UINT, .min = 1, .max = UINT32_MAX,
		.help = "the maximum number of memory regions: the smaller of vhost's max_mem_regions "
			"and max_iotlb_entries"),
	DOC_NEED(vhi_caps, max_tap_queues, DOC_UINT, .min = 1, .max = 65536,
		 .help = "the maximum number of queues of a tap"),
	DOC_NEED(vhi_caps, parameters, DOC_OBJECTS, .table = &parameter_table,
		 .max = VHI_CAPS_MAX_PARAMETERS, .help = "parameters of the loaded modules"),
	DOC_FIELD(vhi_caps, unknown, DOC_OBJECTS, .table = &unknown_table,
		  .max = VHI_CAPS_MAX_UNKNOWN,
		  .help = "what could not be asked, so that it is not known; absent if all is"),
	DOC_FIELD(vhi_caps, groups, DOC_OBJECTS, .table = &group_table,
		  .help = "of a set of hosts: those that do not differ, together"),
	DOC_FIELD(vhi_caps, lacking, DOC_OBJECTS, .table = &lacking_table,
		  .help = "of a set of hosts: the features that some have, and not all"),
};

const struct doc_table vhi_caps_doc =
	DOC_TABLE("vhost-caps", vhi_caps, caps_fields, "what a host supports for vhost devices");

const struct vhi_caps_node *vhi_caps_find(const struct vhi_caps *caps, const char *path)
{
	const struct vhi_caps_node *nodes = caps->nodes.items;

	for (size_t i = 0; i < caps->nodes.count; i++)
		if (!strcmp(nodes[i].path, path))
			return &nodes[i];
	return NULL;
}

const struct vhi_caps_unknown *vhi_caps_why_unknown(const struct vhi_caps *caps, const char *what)
{
	const struct vhi_caps_unknown *rows = caps->unknown.items;

	for (size_t i = 0; i < caps->unknown.count; i++)
		if (!strcmp(rows[i].what, what))
			return &rows[i];
	return NULL;
}

int vhi_caps_add_unknown(struct vhi_caps *caps, const char *what, const char *reason,
			 const char *remedy)
{
	struct vhi_caps_unknown *row = doc_append(&caps->unknown, sizeof(*row));

	if (!row)
		return -ENOMEM;
	row->what = strdup(what);
	row->reason = strdup(reason);
	row->remedy = strdup(remedy);
	return row->what && row->reason && row->remedy ? 0 : -ENOMEM;
}

/* What was not asked for is not there. */
static void set_absent(struct vhi_caps *caps)
{
	struct vhi_caps_node *nodes = caps->nodes.items;

	for (size_t i = 0; i < caps->nodes.count; i++)
		if (nodes[i].backend_features == VHI_CAPS_NOT_ASKED)
			nodes[i].backend_features = 0;
}

/* Two rows of one node may disagree. */
static int check_nodes(const struct vhi_caps *caps, const char *json, struct doc_error *err)
{
	const struct vhi_caps_node *nodes = caps->nodes.items;
	char pointer[40];

	for (size_t i = 0; i < caps->nodes.count; i++) {
		if (vhi_caps_find(caps, nodes[i].path) == &nodes[i])
			continue;
		snprintf(pointer, sizeof(pointer), "/nodes/%zu/path", i);
		return doc_fail(err, json, strlen(json), pointer, "the node \"%s\" is there twice",
				nodes[i].path);
	}
	return 0;
}

static int read_caps(const char *json, struct vhi_caps *ret, struct doc_error *err)
{
	int r = doc_read(&vhi_caps_doc, json, strlen(json), ret, err);

	if (r)
		return r;
	r = check_nodes(ret, json, err);
	if (r)
		doc_clear(&vhi_caps_doc, ret);
	return r;
}

/* No version before the first was ever written. */
static const char *hint_of(const struct doc_error *err)
{
	return strcmp(err->pointer, "/version") == 0
		       ? "use a version that is as new as the one that wrote it"
		       : NULL;
}

int vhi_caps_parse(struct vhc_ctx *ctx, const char *device, const char *json, struct vhi_caps *ret)
{
	struct doc_error err;
	int r = read_caps(json, ret, &err);

	if (r == -ENOMEM)
		return vhi_fail_at(ctx, &(struct vhi_place){ device, NULL, NULL }, r,
				   "no memory for the vhost-caps document");
	if (r == -E2BIG)
		return vhi_fail_at(ctx, &(struct vhi_place){ device, NULL, NULL }, r,
				   "the vhost-caps document: %s", err.text);
	if (r)
		return vhi_fail_at(ctx, &(struct vhi_place){ device, err.pointer, hint_of(&err) },
				   r, "the vhost-caps document is wrong in line %u: %s", err.line,
				   err.text);
	set_absent(ret);
	return 0;
}
