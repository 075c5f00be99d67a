/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * steps - the list that a plan is: it grows step by step, and holds on to what they name.
 */
#include <errno.h>
#include <stdlib.h>

#include "plan/steps.h"

/* A plan holds on to what its steps and their undos name: applying it may let go of the last other. */
static void let_go(struct vhc_op *op)
{
	if (op->kind == VHC_OP_SET_MEM_TABLE)
		vhc_table_unref(op->table);
	if (op->kind == VHC_OP_SET_LOG_BASE)
		vhc_dirty_log_unref(op->log);
}

void vhc_plan_clear(struct vhc_plan *plan)
{
	for (uint32_t i = 0; i < plan->count; i++) {
		let_go(&plan->steps[i].op);
		let_go(&plan->steps[i].undo);
	}
	free(plan->steps);
	*plan = (struct vhc_plan){ 0 };
}

struct vhc_step *vhc_plan_add(struct vhc_plan *plan, enum vhc_op_kind kind, uint32_t fd,
			      uint32_t ring)
{
	struct vhc_step *step = &plan->lost;

	if (plan->count == plan->room) {
		uint32_t room = plan->room ? 2 * plan->room : 32;
		struct vhc_step *steps = realloc(plan->steps, room * sizeof(*steps));

		if (!steps) {
			plan->error = -ENOMEM;
		} else {
			plan->steps = steps;
			plan->room = room;
		}
	}
	if (plan->count < plan->room)
		step = &plan->steps[plan->count++];
	*step = (struct vhc_step){ 0 };
	step->op = (struct vhc_op){ .kind = kind, .fd = fd, .ring = ring };
	step->undo = (struct vhc_op){ .kind = VHC_OP_NONE, .fd = fd, .ring = ring };
	return step;
}

void vhc_plan_add_value(struct vhc_plan *plan, enum vhc_op_kind kind, uint32_t fd, uint32_t ring,
			uint64_t value)
{
	vhc_plan_add(plan, kind, fd, ring)->op.value = value;
}

/* A file is undone by the one that was there before, or by none. */
void vhc_plan_add_file(struct vhc_plan *plan, enum vhc_op_kind kind, uint32_t ring, int file,
		       int before)
{
	struct vhc_step *step = vhc_plan_add(plan, kind, ring / VHC_NET_RINGS_PER_FD, ring);

	step->op.file = file;
	step->undo.kind = kind;
	step->undo.file = before >= 0 ? before : VHC_FD_NONE;
}

int vhc_plan_one(struct vhc_plan *plan, const struct vhc_op *op, const struct vhc_op *undo)
{
	struct vhc_step *step = vhc_plan_add(plan, op->kind, op->fd, op->ring);

	step->op = *op;
	if (undo)
		step->undo = *undo;
	return plan->error;
}
