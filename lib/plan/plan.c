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

struct vhi_step *vhi_plan_add(struct vhi_plan *plan, struct vhi_op op)
{
	struct vhi_step *step = &plan->lost;

	if (plan->count == plan->room) {
		uint32_t room = plan->room ? 2 * plan->room : 32;
		struct vhi_step *steps = realloc(plan->steps, room * sizeof(*steps));

		if (!steps) {
			plan->error = -ENOMEM;
		} else {
			plan->steps = steps;
			plan->room = room;
		}
	}
	if (plan->count < plan->room)
		step = &plan->steps[plan->count++];
	*step = (struct vhi_step){ 0 };
	step->op = op;
	step->undo = (struct vhi_op){ .kind = VHI_OP_NONE, .fd = op.fd, .ring = op.ring };
	return step;
}

void vhi_plan_add_undo(struct vhi_plan *plan, struct vhi_op undo)
{
	struct vhi_op nothing = { .kind = VHI_OP_NONE, .fd = undo.fd, .ring = undo.ring };

	vhi_plan_add(plan, nothing)->undo = undo;
}

void vhi_plan_add_value(struct vhi_plan *plan, struct vhi_op op, uint64_t value)
{
	op.value = value;
	vhi_plan_add(plan, op);
}

void vhi_plan_add_file(struct vhi_plan *plan, struct vhi_op op, int file, int before)
{
	struct vhi_op undo = op;

	op.file = file;
	undo.file = before >= 0 ? before : VHI_FD_NONE;
	vhi_plan_add_step(plan, &op, &undo);
}

void vhi_plan_add_step(struct vhi_plan *plan, const struct vhi_op *op, const struct vhi_op *undo)
{
	struct vhi_step *step = vhi_plan_add(plan, *op);

	if (undo)
		step->undo = *undo;
}
