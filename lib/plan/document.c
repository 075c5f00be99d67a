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

#define ROW(name, text) DOC_NEED(row, name, DOC_STRING, .help = text)

static const struct doc_field row_fields[] = {
	ROW(on, "its target: a vhost fd, a ring, a queue of the tap"),
	ROW(operation, "the kernel's call"),
	ROW(argument, "the argument of the call"),
	ROW(undo, "what undoes it if a later step fails; empty if nothing does"),
};

static const struct doc_table row_table = DOC_PART(row, row_fields, "one operation");

static const struct doc_field plan_fields[] = {
	DOC_NEED(plan_doc, device, DOC_STRING, .help = "the device's id"),
	DOC_NEED(plan_doc, operations, DOC_OBJECTS, .table = &row_table,
		 .help = "in order of execution"),
};

const struct doc_table vhi_plan_doc = DOC_TABLE(
	"vhost-plan", plan_doc, plan_fields, "what a start of a vhost device does, step by step");

static char *format_undo(const struct vhi_op *undo, enum vhc_type type)
{
	char *argument = vhi_op_print(undo, type), *text = NULL;
	const char *name = vhi_op_info(undo->kind)->name;
	size_t room;

	if (undo->kind == VHI_OP_NONE || !argument) {
		free(argument);
		return undo->kind == VHI_OP_NONE ? strdup("") : NULL;
	}
	room = strlen(name) + strlen(argument) + 2;
	text = malloc(room);
	if (text)
		snprintf(text, room, "%s%s%s", name, *argument ? " " : "", argument);
	free(argument);
	return text;
}

static bool fill(struct row *row, const struct vhi_step *step, enum vhc_type type)
{
	char on[32];

	vhi_op_target(&step->op, on, sizeof(on));
	row->on = strdup(on);
	row->operation = strdup(vhi_op_info(step->op.kind)->name);
	row->argument = vhi_op_print(&step->op, type);
	row->undo = format_undo(&step->undo, type);
	return row->on && row->operation && row->argument && row->undo;
}

char *vhi_plan_json(const struct vhi_plan *plan, const char *device, enum vhc_type type)
{
	struct plan_doc doc = { .device = strdup(device) };
	struct row *rows = calloc(plan->count ? plan->count : 1, sizeof(*rows));
	char *json = NULL;
	bool ok = doc.device && rows;

	doc.operations.items = rows;
	for (uint32_t i = 0; i < plan->count && ok; i++)
		if (plan->steps[i].op.kind != VHI_OP_NONE)
			ok = fill(&rows[doc.operations.count++], &plan->steps[i], type);
	if (ok)
		json = doc_text(&vhi_plan_doc, &doc, DOC_PRETTY);
	doc_clear(&vhi_plan_doc, &doc);
	return json;
}
