/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * form - the forms of an operation's argument: how each is printed, and the reference that a plan
 * holds.  Fd numbers and addresses of this process are not printed: they mean nothing outside it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "features/features.h"
#include "plan/op.h"
#include "syscall/cpus.h"

#define ROOM 112u /* of a text; only features and memory tables can be longer */

static void print_none(const struct vhi_op *op, char *text)
{
	text[0] = 0;
}

static void print_value(const struct vhi_op *op, char *text)
{
	snprintf(text, ROOM, vhi_op_info(op->kind)->hex ? "0x%llx" : "%llu",
		 (unsigned long long)op->value);
}

static void print_file(const struct vhi_op *op, char *text)
{
	const char *file = vhi_op_info(op->kind)->file;

	if (op->file == VHI_FD_NONE)
		snprintf(text, ROOM, "off");
	else if (file)
		snprintf(text, ROOM, "%s %u", file, op->fd);
	else
		snprintf(text, ROOM, "eventfd");
}

static void print_log(const struct vhi_op *op, char *text)
{
	if (op->log)
		snprintf(text, ROOM, "%llu bytes", (unsigned long long)op->log->size);
	else
		snprintf(text, ROOM, "none");
}

static void print_addr(const struct vhi_op *op, char *text)
{
	snprintf(text, ROOM, "desc 0x%llx, avail 0x%llx, used 0x%llx%s",
		 (unsigned long long)op->addr.guest[VHI_DESC],
		 (unsigned long long)op->addr.guest[VHI_AVAIL],
		 (unsigned long long)op->addr.guest[VHI_USED], op->addr.log ? ", logged" : "");
}

static void print_map(const struct vhi_op *op, char *text)
{
	snprintf(text, ROOM, "0x%llx+0x%llx to guest 0x%llx, %s%s",
		 (unsigned long long)op->map.iova, (unsigned long long)op->map.size,
		 (unsigned long long)op->map.guest, op->map.perm & VHC_PERM_READ ? "r" : "",
		 op->map.perm & VHC_PERM_WRITE ? "w" : "");
}

static void print_range(const struct vhi_op *op, char *text)
{
	if (op->map.size)
		snprintf(text, ROOM, "0x%llx+0x%llx", (unsigned long long)op->map.iova,
			 (unsigned long long)op->map.size);
	else
		snprintf(text, ROOM, "all mappings");
}

static void print_binding(const struct vhi_op *op, char *text)
{
	char about[96];

	vhi_binding_text(op->kvm.binding, about, sizeof(about));
	snprintf(text, ROOM, "%s%s", op->kvm.assign ? "" : "off: ", about);
}

static void print_cpus(const struct vhi_op *op, char *text)
{
	vhi_cpus_format(op->cpus, text, ROOM);
}

static void print_sched(const struct vhi_op *op, char *text)
{
	snprintf(text, ROOM, "policy %d, priority %d", op->sched.policy, op->sched.priority);
}

static char *print_table(const struct vhi_table *table)
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

static char *print_features(const struct vhc_features *set, enum vhc_type type)
{
	char *text = NULL;

	if (vhi_features_empty(set))
		return strdup("none");
	return vhc_features_format(NULL, type, set, &text) ? NULL : text;
}

char *vhi_op_print(const struct vhi_op *op, enum vhc_type type)
{
	static void (*const printers[VHI_FORM_COUNT])(const struct vhi_op *op, char *text) = {
		[VHI_FORM_NONE] = print_none,	[VHI_FORM_VALUE] = print_value,
		[VHI_FORM_FILE] = print_file,	[VHI_FORM_LOG] = print_log,
		[VHI_FORM_ADDR] = print_addr,	[VHI_FORM_MAP] = print_map,
		[VHI_FORM_RANGE] = print_range, [VHI_FORM_BINDING] = print_binding,
		[VHI_FORM_CPUS] = print_cpus,	[VHI_FORM_SCHED] = print_sched,
	};
	enum vhi_op_form form = vhi_op_info(op->kind)->form;
	char text[ROOM];

	if (form == VHI_FORM_FEATURES)
		return print_features(&op->features, type);
	if (form == VHI_FORM_TABLE)
		return print_table(op->table);
	printers[form](op, text);
	return strdup(text);
}

void vhi_op_release(struct vhi_op *op)
{
	if (vhi_op_info(op->kind)->form == VHI_FORM_TABLE)
		vhi_table_unref(op->table);
	if (vhi_op_info(op->kind)->form == VHI_FORM_LOG)
		vhi_dirty_log_unref(op->log);
}
