/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * document - a plan as a vhost-plan document, for people and golden tests.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "doc.h"
#include "plan/plan.h"

struct row {
	char *on, *operation, *argument, *undo;
};

struct plan_doc {
	char *device;
	struct doc_list operations;
};

#define ROW(name, text)                                                  \
	{                                                                \
		.key = #name, .type = DOC_STRING, .flags = DOC_REQUIRED, \
		.offset = offsetof(struct row, name), .help = text       \
	}

static const struct doc_field row_fields[] = {
	ROW(on, "what it is done to: a vhost fd, a ring, a queue of the tap"),
	ROW(operation, "the kernel's call"),
	ROW(argument, "what the call is given"),
	ROW(undo, "what undoes it when a later step fails; empty where nothing has to"),
};

static const struct doc_table row_table = {
	.size = sizeof(struct row),
	.help = "one operation",
	.fields = row_fields,
	.count = sizeof(row_fields) / sizeof(row_fields[0]),
};

static const struct doc_field plan_fields[] = {
	{ .key = "device",
	  .type = DOC_STRING,
	  .flags = DOC_REQUIRED,
	  .offset = offsetof(struct plan_doc, device),
	  .help = "the device's id" },
	{ .key = "operations",
	  .type = DOC_OBJECTS,
	  .flags = DOC_REQUIRED,
	  .offset = offsetof(struct plan_doc, operations),
	  .table = &row_table,
	  .help = "in the order in which they are done" },
};

const struct doc_table vhc_plan_doc = {
	.kind = "vhost-plan",
	.version = 1,
	.size = sizeof(struct plan_doc),
	.help = "what a start of a vhost device does, step by step",
	.fields = plan_fields,
	.count = sizeof(plan_fields) / sizeof(plan_fields[0]),
};

static char *format_undo(const struct vhc_op *undo, enum vhc_type type)
{
	char *argument = vhc_op_print(undo, type), *text = NULL;
	const char *name = vhc_op_info(undo->kind)->name;
	size_t room;

	if (undo->kind == VHC_OP_NONE || !argument) {
		free(argument);
		return undo->kind == VHC_OP_NONE ? strdup("") : NULL;
	}
	room = strlen(name) + strlen(argument) + 2;
	text = malloc(room);
	if (text)
		snprintf(text, room, "%s%s%s", name, *argument ? " " : "", argument);
	free(argument);
	return text;
}

static bool fill(struct row *row, const struct vhc_step *step, enum vhc_type type)
{
	char on[32];

	vhc_op_target(&step->op, on, sizeof(on));
	row->on = strdup(on);
	row->operation = strdup(vhc_op_info(step->op.kind)->name);
	row->argument = vhc_op_print(&step->op, type);
	row->undo = format_undo(&step->undo, type);
	return row->on && row->operation && row->argument && row->undo;
}

struct json_object *vhc_plan_json(const struct vhc_plan *plan, const char *device,
				  enum vhc_type type)
{
	struct plan_doc doc = { .device = strdup(device) };
	struct row *rows = calloc(plan->count ? plan->count : 1, sizeof(*rows));
	struct json_object *tree = NULL;
	bool ok = doc.device && rows;

	doc.operations.items = rows;
	for (uint32_t i = 0; i < plan->count && ok; i++)
		if (plan->steps[i].op.kind != VHC_OP_NONE)
			ok = fill(&rows[doc.operations.count++], &plan->steps[i], type);
	if (ok)
		tree = doc_write(&vhc_plan_doc, &doc);
	doc_clear(&vhc_plan_doc, &doc);
	return tree;
}
