/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * document - the vhost-caps document: its fields.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "caps/document.h"
#include "dev.h"
#include "kernel/kernel.h"
#include "memory/mem.h"
#include "tap/tap.h"
#include "features/rows.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define FIELD(struct_type, member, doc_type, ...)                           \
	{                                                                   \
		.key = #member, .type = doc_type, .flags = DOC_REQUIRED,    \
		.offset = offsetof(struct struct_type, member), __VA_ARGS__ \
	}

static const struct doc_field node_fields[] = {
	FIELD(vhc_caps_node, path, DOC_STRING, .min = 1, .help = "the device node"),
	FIELD(vhc_caps_node, opens, DOC_BOOL, .help = "does it open for this user"),
	FIELD(vhc_caps_node, error, DOC_STRING, .help = "the errno's name when it does not"),
	FIELD(vhc_caps_node, reason, DOC_STRING, .help = "what that means here"),
	FIELD(vhc_caps_node, remedy, DOC_STRING, .help = "the command that mends it"),
	FIELD(vhc_caps_node, words, DOC_UINTS, .max = 4,
	      .help = "the features, 64 bits a word, the lowest first"),
	FIELD(vhc_caps_node, features, DOC_OBJECTS, .table = &vhc_feature_row_doc,
	      .help = "the same by name"),
	FIELD(vhc_caps_node, backend_features, DOC_HEX, .help = "VHOST_GET_BACKEND_FEATURES"),
	FIELD(vhc_caps_node, ioctls, DOC_STRINGS, .help = "the newer calls that this kernel has"),
};

static const struct doc_table node_table = {
	.size = sizeof(struct vhc_caps_node),
	.help = "one device node",
	.fields = node_fields,
	.count = COUNT(node_fields),
};

static const struct doc_field tap_fields[] = {
	FIELD(vhc_caps_tap, probed, DOC_BOOL, .help = "could a scratch tap be asked"),
	FIELD(vhc_caps_tap, reason, DOC_STRING, .help = "why not"),
	FIELD(vhc_caps_tap, offloads, DOC_HEX, .help = "the largest set that TUNSETOFFLOAD takes"),
	FIELD(vhc_caps_tap, words, DOC_UINTS, .max = 4,
	      .help = "the features that follow, 64 bits a word, the lowest first"),
	FIELD(vhc_caps_tap, features, DOC_OBJECTS, .table = &vhc_feature_row_doc,
	      .help = "the same by name"),
};

static const struct doc_table tap_table = {
	.size = sizeof(struct vhc_caps_tap),
	.help = "what a tap offers",
	.fields = tap_fields,
	.count = COUNT(tap_fields),
};

static const struct doc_field parameter_fields[] = {
	FIELD(vhc_caps_parameter, name, DOC_STRING, .help = "MODULE.PARAMETER"),
	FIELD(vhc_caps_parameter, value, DOC_STRING, .help = "as /sys shows it"),
};

static const struct doc_table parameter_table = {
	.size = sizeof(struct vhc_caps_parameter),
	.help = "one module parameter",
	.fields = parameter_fields,
	.count = COUNT(parameter_fields),
};

static const struct doc_field caps_fields[] = {
	FIELD(vhc_caps, kernel, DOC_STRING, .help = "the kernel's release"),
	FIELD(vhc_caps, nodes, DOC_OBJECTS, .table = &node_table,
	      .help = "the device nodes, each opened"),
	FIELD(vhc_caps, tap, DOC_OBJECT, .table = &tap_table, .help = "what a tap offers"),
	FIELD(vhc_caps, max_mem_regions, DOC_UINT, .min = 1, .max = UINT32_MAX,
	      .help = "regions of a memory table"),
	FIELD(vhc_caps, max_tap_queues, DOC_UINT, .min = 1, .max = 65536,
	      .help = "queues of a tap"),
	FIELD(vhc_caps, parameters, DOC_OBJECTS, .table = &parameter_table,
	      .help = "parameters of the modules that are loaded"),
};

const struct doc_table vhc_caps_doc = {
	.kind = "vhost-caps",
	.version = 1,
	.size = sizeof(struct vhc_caps),
	.help = "what a host can do for vhost devices",
	.fields = caps_fields,
	.count = COUNT(caps_fields),
};

const struct vhc_caps_node *vhc_caps_find(const struct vhc_caps *caps, const char *path)
{
	const struct vhc_caps_node *nodes = caps->nodes.items;

	for (size_t i = 0; i < caps->nodes.count; i++)
		if (!strcmp(nodes[i].path, path))
			return &nodes[i];
	return NULL;
}

int vhc_caps_parse(struct vhc_ctx *ctx, const char *device, const char *json, struct vhc_caps *ret)
{
	struct doc_error err;
	int r = doc_read(&vhc_caps_doc, json, strlen(json), ret, &err);

	if (r == -ENOMEM)
		return vhc_fail_at(ctx, &(struct vhc_place){ device, NULL, NULL }, r,
				   "no memory for the vhost-caps document");
	if (r)
		return vhc_fail_at(ctx, &(struct vhc_place){ device, err.pointer, NULL }, -EINVAL,
				   "the vhost-caps document is wrong in line %u: %s", err.line,
				   err.text);
	return 0;
}
