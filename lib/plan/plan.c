/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * plan - the list of steps.  The steps and their undos hold references of their own, because applying
 * the plan may drop the last other one.
 */
#include <errno.h>
#include <stdlib.h>

#include "plan/plan.h"

void vhc_plan_clear(struct vhc_plan *plan)
{
	for (uint32_t i = 0; i < plan->count; i++) {
		vhc_op_release(&plan->steps[i].op);
		vhc_op_release(&plan->steps[i].undo);
	}
	free(plan->steps);
	*plan = (struct vhc_plan){ 0 };
}

struct vhc_step *vhc_plan_add(struct vhc_plan *plan, struct vhc_op op)
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
	step->op = op;
	step->undo = (struct vhc_op){ .kind = VHC_OP_NONE, .fd = op.fd, .ring = op.ring };
	return step;
}

void vhc_plan_add_undo(struct vhc_plan *plan, struct vhc_op undo)
{
	struct vhc_op nothing = { .kind = VHC_OP_NONE, .fd = undo.fd, .ring = undo.ring };

	vhc_plan_add(plan, nothing)->undo = undo;
}

void vhc_plan_add_value(struct vhc_plan *plan, struct vhc_op op, uint64_t value)
{
	op.value = value;
	vhc_plan_add(plan, op);
}

void vhc_plan_add_file(struct vhc_plan *plan, struct vhc_op op, int file, int before)
{
	struct vhc_op undo = op;

	op.file = file;
	undo.file = before >= 0 ? before : VHC_FD_NONE;
	vhc_plan_add_step(plan, &op, &undo);
}

void vhc_plan_add_step(struct vhc_plan *plan, const struct vhc_op *op, const struct vhc_op *undo)
{
	struct vhc_step *step = vhc_plan_add(plan, *op);

	if (undo)
		step->undo = *undo;
}
