/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * apply - the one loop that executes plans, and undoes them when a step fails.
 */
#ifndef LIB_DEVICE_APPLY_H
#define LIB_DEVICE_APPLY_H

#include "plan/plan.h"

struct vhc_dev;

enum vhc_apply_mode {
	VHC_APPLY_ALL_OR_NONE, /* a failure undoes what was done, in reverse */
	VHC_APPLY_ALL_I_CAN    /* continue after a failure; the first error is returned */
};

/**
 * vhc_apply() - execute a plan on a device, record what was done in its `have`, and clear the plan.
 * Errors: -EPERM in a forked child of the owner, and nothing was done;
 * what the kernel said, with the step in the text;
 * -ESTALE a step failed and so did its undo.
 */
int vhc_apply(struct vhc_dev *dev, struct vhc_plan *plan, enum vhc_apply_mode mode);

/** vhc_apply_kept() - the same, and the plan stays, for vhc_undo(). */
int vhc_apply_kept(struct vhc_dev *dev, struct vhc_plan *plan, enum vhc_apply_mode mode);

/**
 * vhc_undo() - undo a plan that was applied, when a later one of the same transition failed.
 * @result: of that failure; returned, unless this fails too: then -ESTALE.
 */
int vhc_undo(struct vhc_dev *dev, struct vhc_plan *plan, int result);

/**
 * vhc_apply_ask() - execute one operation that only asks, and record nothing.  GET_VRING_BASE writes
 * its answer into op->value.
 */
int vhc_apply_ask(struct vhc_dev *dev, struct vhc_op *op);

/** vhc_apply_one() - vhc_apply() with a plan of one step.  @undo may be NULL. */
int vhc_apply_one(struct vhc_dev *dev, const struct vhc_op *op, const struct vhc_op *undo);

#endif
