/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * stop - the transitions that stop rings, and read their bases, and that reset rings or a whole device.
 * Each continues after a failure, and returns the first error.
 */
#include <errno.h>

#include "device/apply.h"
#include "device/device.h"
#include "ring/base.h"
#include "device/iommu.h"
#include "kvm/kvm.h"
#include "memory/mem.h"

/* Rings that a stop before took the backend off, and could not ask where they stopped. */
static void plan_lost(struct vhc_dev *dev, struct vhi_plan *plan, uint32_t one)
{
	for (uint32_t i = 0; i < dev->have.rings; i++) {
		const struct vhi_ring_state *have = &dev->have.ring[i];

		if ((one == VHI_NO_RING || i == one) && !vhi_ring_runs(have) && have->base_lost &&
		    !dev->want.ring[i].has_base)
			vhi_plan_add(plan, vhi_op_ring(&dev->have, VHI_OP_GET_VRING_BASE, i));
	}
}

static int apply_all(struct vhc_dev *dev, struct vhi_plan *plan)
{
	int r = vhi_apply(dev, plan, VHI_APPLY_ALL_I_CAN);

	vhi_state_settle(&dev->want, &dev->have);
	return r;
}

static int stop(struct vhc_dev *dev, uint32_t one)
{
	struct vhi_plan plan = { 0 };
	int r = vhi_dev_check_stale(dev);

	if (r)
		return r;
	dev->kind->plan_stop(&plan, &dev->have, one);
	plan_lost(dev, &plan, one);
	return apply_all(dev, &plan);
}

int vhi_ring_check_single(struct vhc_dev *dev, uint32_t ring)
{
	if (vhi_dev_can(dev) & VHC_CAN_RING)
		return 0;
	return vhi_dev_fail(dev, -ENOTTY, NULL, "start and stop the device",
			    "ring %u: the rings of %s start and stop only together", ring,
			    dev->kind->node);
}

VHC_EXPORT int vhc_dev_stop(struct vhc_dev *dev)
{
	return stop(dev, VHI_NO_RING);
}

VHC_EXPORT int vhc_ring_stop(struct vhc_dev *dev, uint32_t ring)
{
	struct vhi_ring_state *want;
	int r = vhi_dev_ring(dev, ring, &want) ?: vhi_ring_check_single(dev, ring);

	if (r)
		return r;
	r = stop(dev, ring);
	if (r != -ESTALE && !vhi_ring_runs(&dev->have.ring[ring]))
		want->disabled = true; /* also when it could not be asked where it stopped */
	return r;
}

/*
 * What was set for a ring.  One that starts again starts at its beginning, wherever the one before it
 * stopped.
 */
static void forget_ring(struct vhc_dev *dev, uint32_t ring)
{
	struct vhi_ring_state *want = &dev->want.ring[ring], *have = &dev->have.ring[ring];

	vhi_ring_close_eventfds(dev, ring);
	vhi_ring_state_forget(want);
	want->base = vhi_base_fresh(VHI_SPLIT);
	want->has_base = have->base_lost || have->base;
}

VHC_EXPORT int vhc_ring_reset(struct vhc_dev *dev, uint32_t ring)
{
	struct vhi_plan plan = { 0 };
	struct vhi_ring_state *want;
	int r = vhi_dev_ring(dev, ring, &want) ?: vhi_dev_check_stale(dev);

	if (!r && vhi_ring_runs(&dev->have.ring[ring]))
		r = vhi_ring_check_single(dev, ring);
	if (r)
		return r;
	dev->kind->plan_stop(&plan, &dev->have, ring);
	r = apply_all(dev, &plan);
	if (!r) {
		vhi_plan_reset(&plan, &dev->have, ring);
		r = apply_all(dev, &plan);
	}
	r = r ?: vhi_ring_unbind_kvm(dev, ring);
	if (!r)
		forget_ring(dev, ring);
	return r;
}

/*
 * After everything has stopped, the kernel may still have things that are not known here.  Where
 * RESET_OWNER is missing, all is set again by the next start: also the bases, which the kernel keeps,
 * even if they are 0.
 */
static void forget_fds(struct vhc_dev *dev)
{
	for (uint32_t i = 0; i < dev->have.fds; i++) {
		struct vhi_fd_state before = dev->have.fd[i], *fd = &dev->have.fd[i];

		vhi_fd_state_forget(&dev->have, i);
		fd->owned = before.owned;
		fd->has_mode = before.has_mode;
		fd->mode = before.mode;
		fd->worker = before.worker;
		fd->has_cpus = before.has_cpus;
		fd->has_sched = before.has_sched;
	}
	for (uint32_t i = 0; i < dev->have.rings; i++)
		dev->have.ring[i].base_lost = true;
}

void vhi_dev_merge_dirty_log(struct vhc_dev *dev)
{
	for (uint32_t i = 0; i < dev->have.fds && dev->stale && dev->mem; i++)
		vhi_mem_merge_dirty_log(dev->mem, dev->have.fd[i].log);
}

/*
 * RESET_OWNER stops the rings, and the kernel forgets everything.  Its one step needs no memory here; what a
 * stale device wrote to a dirty log of its own is merged before that goes.
 */
static int disown(struct vhc_dev *dev, uint32_t fd)
{
	struct vhi_dirty_log *log = dev->have.fd[fd].log;
	struct vhi_op op = vhi_op_fd(VHI_OP_RESET_OWNER, fd);
	int r;

	if (log)
		vhi_dirty_log_ref(log);
	r = vhi_apply_one(dev, &op, NULL);
	if (!r && dev->stale && dev->mem)
		vhi_mem_merge_dirty_log(dev->mem, log);
	vhi_dirty_log_unref(log);
	return r;
}

static int disown_all(struct vhc_dev *dev)
{
	int result = 0;

	for (uint32_t i = 0; i < dev->have.fds; i++)
		if (dev->have.fd[i].owned)
			result = disown(dev, i) ?: result;
	return result;
}

static int stop_rings(struct vhc_dev *dev)
{
	struct vhi_plan plan = { 0 };

	dev->kind->plan_stop(&plan, &dev->have, VHI_NO_RING);
	return apply_all(dev, &plan);
}

static int forget(struct vhc_dev *dev)
{
	struct vhi_plan plan = { 0 };

	vhi_plan_forget(&plan, &dev->have);
	return apply_all(dev, &plan);
}

/*
 * RESET_OWNER waits for the worker to end, as the last close does, but not for those of all fds at the same
 * time: fds that nobody else was given are only stopped, and the close does the rest.  Each way is the
 * last resort of the other.
 */
void vhi_dev_release(struct vhc_dev *dev)
{
	bool can_disown = dev->kind->can_disown, first = dev->shared || dev->stale;

	if (!dev->owner)
		return;
	if (can_disown && first && !disown_all(dev))
		return;
	/* a ring that cannot be stopped does not lose its memory while it runs, if there is another way */
	if (stop_rings(dev) && can_disown && !first && !disown_all(dev))
		return;
	if (forget(dev) && can_disown && !first)
		disown_all(dev);
}

VHC_EXPORT int vhc_dev_reset(struct vhc_dev *dev)
{
	/* without it the worker stays, and the next start is quick */
	bool disown = dev->stale && dev->kind->can_disown;
	struct vhi_plan plan = { 0 };
	int r = 0;

	if (vhi_dev_runs(dev)) {
		dev->kind->plan_stop(&plan, &dev->have, VHI_NO_RING);
		r = apply_all(dev, &plan);
	}
	if (r && !disown)
		return r; /* a ring that runs needs its eventfds */
	vhi_dev_merge_dirty_log(dev);
	vhi_plan_reset(&plan, &dev->have, VHI_NO_RING);
	if (disown)
		vhi_plan_disown(&plan, &dev->have);
	/* after RESET_OWNER nothing of before is left, whatever failed on the way */
	r = apply_all(dev, &plan);
	if (!r && dev->stale && !disown)
		forget_fds(dev);
	r = r ?: vhi_ring_unbind_kvm(dev, VHI_NO_RING);
	if (r)
		return r;
	dev->stale = false;
	for (uint32_t i = 0; i < dev->want.rings; i++)
		forget_ring(dev, i);
	vhi_iommu_reset(dev);
	dev->want.has_acked = false;
	dev->want.acked = (struct vhc_features){ { 0 } };
	if (dev->kind->forget)
		dev->kind->forget(dev);
	return 0;
}
