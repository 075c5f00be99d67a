/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * plan-json - a plan as a vhost-plan document, for people and golden tests.  It holds no fd number
 * and no address of this process: both mean nothing outside it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "syscall/cpus.h"
#include "doc.h"
#include "features/features.h"
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

static char *format_table(const struct vhc_table *table)
{
	uint32_t count = table ? table->count : 0;
	size_t room = 32 + (size_t)count * 48, at;
	char *text = malloc(room);

	if (!text)
		return NULL;
	at = (size_t)snprintf(text, room, "%u region%s", count, count == 1 ? "" : "s");
	for (uint32_t i = 0; i < count; i++)
		at += (size_t)snprintf(text + at, room - at, "%s0x%llx+0x%llx", i ? ", " : ": ",
				       (unsigned long long)table->guest[i],
				       (unsigned long long)table->size[i]);
	return text;
}

static char *format_features(const struct vhc_features *set)
{
	char *text = NULL;

	if (vhc_features_empty(set))
		return strdup("none");
	return vhc_features_format(NULL, VHC_TYPE_NET, set, &text) ? NULL : text;
}

static char *format_argument(const struct vhc_op *op)
{
	char text[112] = "", about[96];

	switch (vhc_op_info(op->kind)->arg) {
	case VHC_ARG_FEATURES:
		return format_features(&op->features);
	case VHC_ARG_TABLE:
		return format_table(op->table);
	case VHC_ARG_VALUE:
		snprintf(text, sizeof(text), vhc_op_info(op->kind)->hex ? "0x%llx" : "%llu",
			 (unsigned long long)op->value);
		break;
	case VHC_ARG_ADDR:
		snprintf(text, sizeof(text), "desc 0x%llx, avail 0x%llx, used 0x%llx%s",
			 (unsigned long long)op->addr.guest[VHC_DESC],
			 (unsigned long long)op->addr.guest[VHC_AVAIL],
			 (unsigned long long)op->addr.guest[VHC_USED],
			 op->addr.log ? ", logged" : "");
		break;
	case VHC_ARG_MAP:
		snprintf(text, sizeof(text), "0x%llx+0x%llx to guest 0x%llx, %s%s",
			 (unsigned long long)op->map.iova, (unsigned long long)op->map.size,
			 (unsigned long long)op->map.guest, op->map.perm & VHC_PERM_READ ? "r" : "",
			 op->map.perm & VHC_PERM_WRITE ? "w" : "");
		break;
	case VHC_ARG_RANGE:
		if (op->map.size)
			snprintf(text, sizeof(text), "0x%llx+0x%llx",
				 (unsigned long long)op->map.iova,
				 (unsigned long long)op->map.size);
		else
			snprintf(text, sizeof(text), "all mappings");
		break;
	case VHC_ARG_CPUS:
		vhc_cpus_format(op->cpus, text, sizeof(text));
		break;
	case VHC_ARG_SCHED:
		snprintf(text, sizeof(text), "policy %d, priority %d", op->sched.policy,
			 op->sched.priority);
		break;
	case VHC_ARG_FILE:
		if (op->file == VHC_FD_NONE)
			snprintf(text, sizeof(text), "off");
		else if (op->kind == VHC_OP_SET_BACKEND)
			snprintf(text, sizeof(text), "tap queue %u", op->fd);
		else
			snprintf(text, sizeof(text), "eventfd");
		break;
	case VHC_ARG_LOG:
		if (op->log)
			snprintf(text, sizeof(text), "%llu bytes",
				 (unsigned long long)op->log->size);
		else
			snprintf(text, sizeof(text), "none");
		break;
	case VHC_ARG_BINDING:
		vhc_binding_text(op->kvm.binding, about, sizeof(about));
		snprintf(text, sizeof(text), "%s%s", op->kvm.assign ? "" : "off: ", about);
		break;
	default:
		break;
	}
	return strdup(text);
}

static char *format_undo(const struct vhc_op *undo)
{
	char *argument = format_argument(undo), *text = NULL;
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

static bool fill(struct row *row, const struct vhc_step *step)
{
	char on[32];

	vhc_op_target(&step->op, on, sizeof(on));
	row->on = strdup(on);
	row->operation = strdup(vhc_op_info(step->op.kind)->name);
	row->argument = format_argument(&step->op);
	row->undo = format_undo(&step->undo);
	return row->on && row->operation && row->argument && row->undo;
}

struct json_object *vhc_plan_json(const struct vhc_plan *plan, const char *device)
{
	struct plan_doc doc = { .device = strdup(device) };
	struct row *rows = calloc(plan->count ? plan->count : 1, sizeof(*rows));
	struct json_object *tree = NULL;
	bool ok = doc.device && rows;

	doc.operations.items = rows;
	for (uint32_t i = 0; i < plan->count && ok; i++)
		if (plan->steps[i].op.kind != VHC_OP_NONE)
			ok = fill(&rows[doc.operations.count++], &plan->steps[i]);
	if (ok)
		tree = doc_write(&vhc_plan_doc, &doc);
	doc_clear(&vhc_plan_doc, &doc);
	return tree;
}
