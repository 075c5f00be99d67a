/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * apply - the one loop that executes plans, and undoes them when a step fails.
 */
#ifndef LIB_DEVICE_APPLY_H
#define LIB_DEVICE_APPLY_H

#include "plan/plan.h"

struct vhc_dev;

enum vhi_apply_mode {
	VHI_APPLY_ALL_OR_NONE, /* a failure undoes what was done, in reverse */
	VHI_APPLY_ALL_I_CAN    /* continue after a failure; the first error is returned */
};

/**
 * vhi_apply() - execute a plan on a device, record what was done in its `have`, and clear the plan.
 * Errors: -EPERM in a forked child of the owner, and nothing was done;
 * what the kernel said, with the step in the text;
 * -ESTALE a step failed and so did its undo: what was still to be undone is not, and the rings are stopped.
 */
int vhi_apply(struct vhc_dev *dev, struct vhi_plan *plan, enum vhi_apply_mode mode);

/** vhi_apply_kept() - the same, and the plan stays, for vhi_undo(). */
int vhi_apply_kept(struct vhc_dev *dev, struct vhi_plan *plan, enum vhi_apply_mode mode);

/**
 * vhi_undo() - undo a plan that was applied, when a later one of the same transition failed.
 * @result: of that failure; returned, unless this fails too: then -ESTALE.
 */
int vhi_undo(struct vhc_dev *dev, struct vhi_plan *plan, int result);

/**
 * vhi_apply_ask() - execute one operation that only asks, and record nothing.  GET_VRING_BASE writes
 * its answer into op->value.
 */
int vhi_apply_ask(struct vhc_dev *dev, struct vhi_op *op);

/**
 * vhi_apply_one() - vhi_apply() with a plan of one step, which needs no memory and releases no reference.
 * @undo may be NULL.
 */
int vhi_apply_one(struct vhc_dev *dev, const struct vhi_op *op, const struct vhi_op *undo);

#endif
