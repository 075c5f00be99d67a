/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * apply - the one loop that executes plans, and undoes them when a step fails.  No second path leads
 * to the kernel.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "device/apply.h"
#include "device/device.h"
#include "kernel/kernel.h"
#include "memory/mem.h"
#include "text.h"
#include "kvm/kvm.h"

static void note_owner(struct vhc_dev *dev)
{
	dev->owner = 0;
	for (uint32_t i = 0; i < dev->have.fds; i++)
		if (dev->have.fd[i].owned)
			dev->owner = vhi_dev_process(dev);
}

/* A ring resumes where it stopped; where one is that could not be stopped is not known. */
static void note(struct vhc_dev *dev, const struct vhi_op *op)
{
	bool ran = op->ring != VHI_NO_RING && vhi_ring_runs(&dev->have.ring[op->ring]);

	if (op->kind == VHI_OP_RESET_OWNER)
		vhi_dev_log_used(dev);
	vhi_op_note(&dev->have, op);
	/* the last pass over its memory is still to come */
	if (ran && !vhi_ring_runs(&dev->have.ring[op->ring]))
		vhi_ring_log_used(dev, op->ring);
	if (op->kind == VHI_OP_SET_OWNER || op->kind == VHI_OP_RESET_OWNER)
		note_owner(dev);
	if (op->kind == VHI_OP_GET_VRING_BASE && !vhi_ring_runs(&dev->have.ring[op->ring])) {
		dev->want.ring[op->ring].base = (uint32_t)op->value;
		dev->want.ring[op->ring].has_base = true;
	}
}

static int dispatch(struct vhc_dev *dev, struct vhi_op *op)
{
	switch (vhi_op_info(op->kind)->on) {
	case VHI_ON_KIND:
		return dev->kind->execute(dev, op);
	case VHI_ON_KVM:
		return vhi_kvm_execute(dev, op);
	default:
		return dev->backend->execute(dev, op);
	}
}

static int execute_logged(struct vhc_dev *dev, struct vhi_op *op)
{
	int r = dispatch(dev, op);
	char where[160];

	vhi_op_where(op, where, sizeof(where));
	vhi_log(dev->ctx, VHC_LEVEL_DEBUG, "%s: %s: %s", dev->id, where,
		r ? vhi_errname(-r) : "ok");
	return r;
}

static int execute(struct vhc_dev *dev, struct vhi_op *op)
{
	int r;

	if (op->kind == VHI_OP_NONE)
		return 0;
	r = execute_logged(dev, op);
	if (!r)
		note(dev, op);
	return r;
}

static const char *explain(const struct vhc_dev *dev, const struct vhi_op *op, int error)
{
	bool on_worker = vhi_op_info(op->kind)->on == VHI_ON_WORKER;

	return on_worker && error == -ENODATA ? vhi_worker_why(dev, op->fd)
					      : vhi_op_explain(op->kind, -error);
}

static int fail_step(struct vhc_dev *dev, const struct vhi_op *op, int error)
{
	const char *meaning = explain(dev, op, error);
	char where[160];

	vhi_op_where(op, where, sizeof(where));
	return vhi_dev_fail(dev, error, where, vhi_op_hint(op->kind, -error), "%s (%s)%s%s",
			    strerror(-error), vhi_errname(-error), meaning ? ": " : "",
			    meaning ? meaning : "");
}

/* ------------------------------------------------------------------------------------ the undo */

/* RESET_OWNER stops the fd's rings and makes the kernel forget its memory and its dirty log. */
static void disown(struct vhc_dev *dev, uint32_t fd)
{
	struct vhi_dirty_log *log = dev->have.fd[fd].log;
	struct vhi_op op = vhi_op_fd(VHI_OP_RESET_OWNER, fd);

	if (log)
		vhi_dirty_log_ref(log);
	if (!execute(dev, &op) && log && dev->mem)
		vhi_mem_merge_dirty_log(dev->mem, log);
	vhi_dirty_log_unref(log);
}

/*
 * It is not known any more what the kernel has, and a ring must not run on that: it could write to
 * memory, or to a dirty log, that the caller is about to unmap.  What fails here is in the log.
 */
static void stop_rings(struct vhc_dev *dev)
{
	struct vhi_plan plan = { 0 };

	dev->kind->plan_stop(&plan, &dev->have, VHI_NO_RING);
	for (uint32_t i = 0; i < plan.count; i++)
		execute(dev, &plan.steps[i].op);
	vhi_plan_clear(&plan);
	/* the kernel does not take the backend off a ring whose memory or dirty log it cannot reach */
	for (uint32_t i = 0; i < dev->have.rings && dev->kind->can_disown; i++)
		if (vhi_ring_runs(&dev->have.ring[i]))
			disown(dev, vhi_state_fd_of(&dev->have, i));
	vhi_state_settle(&dev->want, &dev->have);
}

/* The undo itself failed.  Those that are left rely on what it was to restore, so they are not tried. */
static int fail_undo(struct vhc_dev *dev, const struct vhi_op *undo, int error)
{
	char first[512], where[160];

	snprintf(first, sizeof(first), "%s", vhc_ctx_get_error(dev->ctx)->text);
	vhi_op_where(undo, where, sizeof(where));
	dev->stale = true;
	stop_rings(dev);
	return vhi_dev_fail(dev, -ESTALE, where,
			    vhi_dev_runs(dev) ? "close the device" : "reset or close the device",
			    "could not be undone: %s (%s); the rings %s; after: %s",
			    strerror(-error), vhi_errname(-error),
			    vhi_dev_runs(dev) ? "could not be stopped either" : "are stopped",
			    first);
}

/*
 * What was not done needs no undo.  A ring whose backend was refused did not move, so its base is not
 * queried; and mappings that the kernel still has must not be added again.
 */
static bool is_moot(const struct vhc_dev *dev, const struct vhi_op *op)
{
	if (op->kind == VHI_OP_IOTLB_FILL && !op->map.size)
		return dev->have.fd[op->fd].filled;
	return op->kind == VHI_OP_GET_VRING_BASE && !dev->have.ring[op->ring].base_lost;
}

static int undo(struct vhc_dev *dev, struct vhi_plan *plan, uint32_t done, int result)
{
	while (done--) {
		struct vhi_op *op = &plan->steps[done].undo;
		int r = is_moot(dev, op) ? 0 : execute(dev, op);

		if (r)
			return fail_undo(dev, op, r);
	}
	return result;
}

/*
 * A step failed.  One that may have been done in part counts as done until it is undone: what it gave
 * to the kernel must not go away before.
 */
static int undo_from(struct vhc_dev *dev, struct vhi_plan *plan, uint32_t failed, int error)
{
	struct vhi_op *op = &plan->steps[failed].op;
	bool partly = vhi_op_info(op->kind)->partly;
	int result = fail_step(dev, op, error);

	if (partly)
		note(dev, op);
	return undo(dev, plan, failed + partly, result);
}

int vhi_undo(struct vhc_dev *dev, struct vhi_plan *plan, int result)
{
	return undo(dev, plan, plan->count, result);
}

int vhi_apply_ask(struct vhc_dev *dev, struct vhi_op *op)
{
	int r = vhi_dev_check_process(dev);

	if (r)
		return r;
	r = execute_logged(dev, op);
	return r ? fail_step(dev, op, r) : 0;
}

int vhi_apply_kept(struct vhc_dev *dev, struct vhi_plan *plan, enum vhi_apply_mode mode)
{
	int result = 0;

	if (plan->error)
		return vhi_dev_fail(dev, plan->error, NULL, NULL, "no memory for the plan");
	if (plan->count)
		result = vhi_dev_check_process(dev);
	if (result)
		return result;
	for (uint32_t i = 0; i < plan->count; i++) {
		int r = execute(dev, &plan->steps[i].op);

		if (!r)
			continue;
		if (mode == VHI_APPLY_ALL_OR_NONE)
			return undo_from(dev, plan, i, r);
		if (!result)
			result = fail_step(dev, &plan->steps[i].op, r);
	}
	return result;
}

int vhi_apply(struct vhc_dev *dev, struct vhi_plan *plan, enum vhi_apply_mode mode)
{
	int r = vhi_apply_kept(dev, plan, mode);

	vhi_plan_clear(plan);
	return r;
}

int vhi_apply_one(struct vhc_dev *dev, const struct vhi_op *op, const struct vhi_op *undo)
{
	struct vhi_step step;
	struct vhi_plan plan = { .steps = &step, .room = 1 };

	vhi_plan_add_step(&plan, op, undo);
	return vhi_apply_kept(dev, &plan, VHI_APPLY_ALL_OR_NONE);
}
