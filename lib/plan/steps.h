/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * steps - how a plan is written down, step by step.  Ground floor: no system call.
 */
#ifndef LIB_STEPS_H
#define LIB_STEPS_H

#include "plan/plan.h"

/**
 * vhc_plan_add() - a step without argument and undo, which the caller fills in.
 * Never NULL: where there is no memory the plan remembers that, and gives its `lost` step, which
 * nobody executes and which may hold no reference.
 */
struct vhc_step *vhc_plan_add(struct vhc_plan *plan, enum vhc_op_kind kind, uint32_t fd,
			      uint32_t ring);

/** vhc_plan_add_value() - a step that nothing has to undo. */
void vhc_plan_add_value(struct vhc_plan *plan, enum vhc_op_kind kind, uint32_t fd, uint32_t ring,
			uint64_t value);

/** vhc_plan_add_file() - a file for a ring.  @before: the one that undoes it; none of them is owned. */
void vhc_plan_add_file(struct vhc_plan *plan, enum vhc_op_kind kind, uint32_t ring, int file,
		       int before);

#endif
