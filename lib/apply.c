/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * apply - the one loop that executes plans, and undoes them when a step fails.  No second path leads
 * to the kernel.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "apply.h"
#include "dev.h"
#include "errname.h"

/* Where a ring stopped is where it is to go on. */
static void note(struct vhc_dev *dev, const struct vhc_op *op)
{
	vhc_state_note(&dev->have, op);
	if (op->kind == VHC_OP_GET_VRING_BASE) {
		dev->want.ring[op->ring].base = (uint32_t)op->value;
		dev->want.ring[op->ring].has_base = true;
	}
}

static int tell(struct vhc_dev *dev, struct vhc_op *op)
{
	char where[96];
	int r;

	r = vhc_op_info(op->kind)->on_tap ? vhc_tap_execute(dev->tap, op)
					  : vhc_kernel_execute(dev, op);
	vhc_op_where(op, where, sizeof(where));
	vhc_log(dev->ctx, VHC_LEVEL_DEBUG, "%s: %s: %s", dev->id, where,
		r ? vhc_errname(-r) : "ok");
	return r;
}

static int execute(struct vhc_dev *dev, struct vhc_op *op)
{
	int r;

	if (op->kind == VHC_OP_NONE)
		return 0;
	r = tell(dev, op);
	if (!r)
		note(dev, op);
	return r;
}

static int fail_step(struct vhc_dev *dev, const struct vhc_op *op, int error)
{
	const char *meaning = vhc_op_explain(op->kind, -error);
	char where[96];

	vhc_op_where(op, where, sizeof(where));
	return vhc_dev_fail(dev, error, where, NULL, "%s (%s)%s%s", strerror(-error),
			    vhc_errname(-error), meaning ? ": " : "", meaning ? meaning : "");
}

/* The undo itself failed: the device's state is not known any more. */
static int fail_undo(struct vhc_dev *dev, const struct vhc_op *undo, int error)
{
	char first[512], where[96];

	snprintf(first, sizeof(first), "%s", vhc_ctx_get_error(dev->ctx)->text);
	vhc_op_where(undo, where, sizeof(where));
	dev->stale = true;
	return vhc_dev_fail(dev, -ESTALE, where, "reset or close the device",
			    "could not be undone: %s (%s), after: %s", strerror(-error),
			    vhc_errname(-error), first);
}

/* A ring whose backend was refused did not move: nothing is to be asked. */
static bool is_moot(const struct vhc_dev *dev, const struct vhc_op *op)
{
	return op->kind == VHC_OP_GET_VRING_BASE && !dev->have.ring[op->ring].base_lost;
}

static int undo(struct vhc_dev *dev, struct vhc_plan *plan, uint32_t done, int result)
{
	while (done--) {
		struct vhc_op *op = &plan->steps[done].undo;
		int r = is_moot(dev, op) ? 0 : execute(dev, op);

		if (r && !dev->stale)
			result = fail_undo(dev, op, r);
	}
	return result;
}

static uint32_t is_partly(const struct vhc_op *op)
{
	return vhc_op_info(op->kind)->partly;
}

int vhc_undo(struct vhc_dev *dev, struct vhc_plan *plan, int result)
{
	return undo(dev, plan, plan->count, result);
}

int vhc_apply_ask(struct vhc_dev *dev, struct vhc_op *op)
{
	int r = tell(dev, op);

	return r ? fail_step(dev, op, r) : 0;
}

int vhc_apply(struct vhc_dev *dev, struct vhc_plan *plan, enum vhc_apply_mode mode)
{
	int result = 0;

	if (plan->error)
		return vhc_dev_fail(dev, plan->error, NULL, NULL, "no memory for the plan");
	for (uint32_t i = 0; i < plan->count; i++) {
		int r = execute(dev, &plan->steps[i].op);

		if (!r)
			continue;
		if (mode == VHC_APPLY_ALL_OR_NONE)
			return undo(dev, plan, i + is_partly(&plan->steps[i].op),
				    fail_step(dev, &plan->steps[i].op, r));
		if (!result)
			result = fail_step(dev, &plan->steps[i].op, r);
	}
	return result;
}
