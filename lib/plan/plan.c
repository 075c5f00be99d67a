/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * plan - the list of steps.  The steps and their undos hold references of their own, because applying
 * the plan may drop the last other one.
 */
#include <errno.h>
#include <stdlib.h>

#include "plan/plan.h"

void vhi_plan_clear(struct vhi_plan *plan)
{
	for (uint32_t i = 0; i < plan->count; i++) {
		vhi_op_release(&plan->steps[i].op);
		vhi_op_release(&plan->steps[i].undo);
	}
	free(plan->steps);
	*plan = (struct vhi_plan){ 0 };
}

/* Append a step; NULL: no memory, which the plan remembers. */
static struct vhi_step *append(struct vhi_plan *plan, const struct vhi_op *op,
			       const struct vhi_op *undo)
{
	struct vhi_step *step;

	if (plan->count == plan->room) {
		uint32_t room = plan->room ? 2 * plan->room : 32;
		struct vhi_step *steps = realloc(plan->steps, room * sizeof(*steps));

		if (!steps) {
			plan->error = -ENOMEM;
			return NULL;
		}
		plan->steps = steps;
		plan->room = room;
	}
	step = &plan->steps[plan->count++];
	*step = (struct vhi_step){ 0 };
	step->op = *op;
	step->undo = undo ? *undo
			  : (struct vhi_op){ .kind = VHI_OP_NONE, .fd = op->fd, .ring = op->ring };
	return step;
}

void vhi_plan_add(struct vhi_plan *plan, struct vhi_op op)
{
	append(plan, &op, NULL);
}

void vhi_plan_add_step(struct vhi_plan *plan, const struct vhi_op *op, const struct vhi_op *undo)
{
	append(plan, op, undo);
}

void vhi_plan_add_undo(struct vhi_plan *plan, struct vhi_op undo)
{
	struct vhi_op nothing = { .kind = VHI_OP_NONE, .fd = undo.fd, .ring = undo.ring };

	append(plan, &nothing, &undo);
}

void vhi_plan_add_value(struct vhi_plan *plan, struct vhi_op op, uint64_t value)
{
	op.value = value;
	append(plan, &op, NULL);
}

void vhi_plan_add_file(struct vhi_plan *plan, struct vhi_op op, int file, int before)
{
	struct vhi_op undo = op;

	op.file = file;
	undo.file = before >= 0 ? before : VHI_FD_NONE;
	append(plan, &op, &undo);
}

/* References are taken for a step that is in the plan, whose clear drops them. */
void vhi_plan_add_table(struct vhi_plan *plan, uint32_t fd, struct vhi_table *table,
			struct vhi_table *before)
{
	struct vhi_op op = vhi_op_fd(VHI_OP_SET_MEM_TABLE, fd), undo = op;

	op.table = table;
	undo.table = before;
	if (!append(plan, &op, &undo))
		return;
	if (table)
		vhi_table_ref(table);
	if (before)
		vhi_table_ref(before);
}

void vhi_plan_add_table_again(struct vhi_plan *plan, uint32_t fd, struct vhi_table *table)
{
	struct vhi_op op = vhi_op_fd(VHI_OP_SET_MEM_TABLE, fd);

	op.table = table;
	if (append(plan, &op, NULL))
		vhi_table_ref(table);
}

void vhi_plan_add_log(struct vhi_plan *plan, uint32_t fd, struct vhi_dirty_log *log,
		      struct vhi_dirty_log *before)
{
	struct vhi_op op = vhi_op_fd(VHI_OP_SET_LOG_BASE, fd), undo = op;

	op.log = log;
	undo.log = before;
	if (!append(plan, &op, &undo))
		return;
	if (log)
		vhi_dirty_log_ref(log);
	if (before)
		vhi_dirty_log_ref(before);
}
