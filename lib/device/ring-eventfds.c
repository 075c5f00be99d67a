/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ring-eventfds - the eventfds of a virtqueue: kick, call, and the one that masks it.
 *
 * Unlike a ring's other settings they take effect at once, in a running ring and in the VMs that the
 * ring is bound to.  While a ring is masked, vhost signals an eventfd of the library's own, which is
 * read when the ring is unmasked.
 */
#include <errno.h>
#include <string.h>

#include "device/apply.h"
#include "device/events.h"
#include "device/device.h"
#include "kvm/kvm.h"

/* One of a ring's eventfds: its operation, its name in messages, its field, and its kind of binding. */
struct slot {
	enum vhi_op_kind kind;
	const char *name;
	size_t offset, other;
	enum vhi_binding_kind binds;
};

static const struct slot kick_slot = { VHI_OP_SET_VRING_KICK, "kick",
				       offsetof(struct vhi_ring_state, kick),
				       offsetof(struct vhi_ring_state, call), VHI_DOORBELL };
static const struct slot call_slot = { VHI_OP_SET_VRING_CALL, "call",
				       offsetof(struct vhi_ring_state, call),
				       offsetof(struct vhi_ring_state, kick), VHI_INTERRUPT };

static int *fd_at(struct vhi_ring_state *ring, size_t offset)
{
	return (int *)((char *)ring + offset);
}

/* A running ring gets the new eventfd at once, unless it is masked and keeps the mask's. */
static void plan_vring_fd(struct vhi_plan *plan, struct vhc_dev *dev, uint32_t ring,
			  const struct slot *slot, int fd)
{
	const int *have = fd_at(&dev->have.ring[ring], slot->offset);

	if (!vhi_ring_runs(&dev->have.ring[ring]) ||
	    (slot == &call_slot && dev->want.ring[ring].masked))
		return;
	vhi_plan_add_file(plan, vhi_op_ring(&dev->have, slot->kind, ring), fd, *have);
}

/*
 * Switch vhost and the VMs to another eventfd, in the order that loses no kick: ioeventfds are registered
 * before SET_VRING_KICK.  In all other cases vhost releases the eventfd before a VM does.
 * *@bound: the ring is bound to VMs.
 */
static int apply_switch(struct vhc_dev *dev, uint32_t ring, const struct slot *slot, int fd,
			bool *bound)
{
	bool doorbells_first = slot == &kick_slot && fd >= 0;
	struct vhi_plan plan = { 0 };

	if (doorbells_first)
		*bound = vhi_kvm_plan_move(&plan, dev, ring, slot->binds, fd);
	plan_vring_fd(&plan, dev, ring, slot, fd);
	if (!doorbells_first)
		*bound = vhi_kvm_plan_move(&plan, dev, ring, slot->binds, fd);
	return vhi_apply(dev, &plan, VHI_APPLY_ALL_OR_NONE);
}

/*
 * Switch, and signal the eventfd in use: a kick or an interrupt in between may have gone to the one that
 * is not, or to the caller as an exit of its vCPU.  A spurious one is harmless.
 */
static int switch_eventfd(struct vhc_dev *dev, uint32_t ring, const struct slot *slot, int fd)
{
	struct vhi_ring_state *want = &dev->want.ring[ring];
	bool call = slot == &call_slot, bound = false;
	int r = apply_switch(dev, ring, slot, fd, &bound),
	    now = r ? *fd_at(want, slot->offset) : fd;
	bool due = call ? vhi_ring_runs(&dev->have.ring[ring]) && (bound || !r) : bound;

	if (due && now >= 0)
		vhi_sys_signal(&dev->ctx->sys, call && want->masked ? want->mask : now);
	return r;
}

/* Replace the eventfd.  Takes over @fd. */
static int replace_eventfd(struct vhc_dev *dev, uint32_t ring, const struct slot *slot, int fd)
{
	int *want = fd_at(&dev->want.ring[ring], slot->offset);
	int *have = fd_at(&dev->have.ring[ring], slot->offset);
	int r = switch_eventfd(dev, ring, slot, fd);

	if (r) {
		if (fd < 0 || !vhi_kvm_adopt_eventfd(dev, fd))
			vhi_sys_close(&dev->ctx->sys, &fd);
		return r;
	}
	if (*have >= 0 && *have == *want)
		*have = VHI_FD_STALE; /* fd numbers are reused */
	vhi_sys_close(&dev->ctx->sys, want);
	*want = fd;
	return 0;
}

static bool same_file(struct vhc_dev *dev, int a, int b)
{
	return b >= 0 && vhi_sys_same(&dev->ctx->sys, a, b) == 1;
}

static int set_eventfd(struct vhc_dev *dev, uint32_t ring, const struct slot *slot, int fd)
{
	struct vhi_ring_state *want;
	int copy = VHI_FD_NONE, r = vhi_dev_ring(dev, ring, &want);

	if (r)
		return r;
	if (fd < 0) {
		if (*fd_at(want, slot->offset) == VHI_FD_NONE)
			return 0;
		return replace_eventfd(dev, ring, slot, VHI_FD_NONE);
	}
	copy = vhi_sys_dup(&dev->ctx->sys, fd);
	if (copy < 0)
		return vhi_dev_fail_errno(dev, copy, NULL, NULL,
					  "ring %u: %s eventfd %d cannot be duplicated", ring,
					  slot->name, fd);
	if (same_file(dev, copy, *fd_at(want, slot->offset))) {
		vhi_sys_close(&dev->ctx->sys, &copy);
		return 0;
	}
	if (same_file(dev, copy, *fd_at(want, slot->other))) {
		vhi_sys_close(&dev->ctx->sys, &copy);
		return vhi_dev_fail(
			dev, -EINVAL, NULL, "create two eventfds",
			"ring %u: fd %d is both its kick and its call eventfd: vhost would "
			"kick itself",
			ring, fd);
	}
	return replace_eventfd(dev, ring, slot, copy);
}

static int get_eventfd(struct vhc_dev *dev, uint32_t ring, const struct slot *slot)
{
	struct vhi_ring_state *want;
	int fd, r = vhi_dev_ring(dev, ring, &want);

	if (r)
		return r;
	if (*fd_at(want, slot->offset) < 0) {
		fd = vhi_sys_eventfd(&dev->ctx->sys);
		if (fd < 0)
			return vhi_dev_fail_errno(dev, fd, NULL, NULL, "ring %u: no %s eventfd",
						  ring, slot->name);
		r = replace_eventfd(dev, ring, slot, fd);
		if (r)
			return r;
	}
	return *fd_at(want, slot->offset);
}

void vhi_ring_close_eventfds(struct vhc_dev *dev, uint32_t ring)
{
	struct vhi_ring_state *want = &dev->want.ring[ring];

	vhi_sys_close(&dev->ctx->sys, &want->kick);
	vhi_sys_close(&dev->ctx->sys, &want->call);
	vhi_events_close_err(dev, ring);
	vhi_sys_close(&dev->ctx->sys, &want->mask);
}

VHC_EXPORT int vhc_ring_set_kick(struct vhc_dev *dev, uint32_t ring, int fd)
{
	return set_eventfd(dev, ring, &kick_slot, fd);
}

VHC_EXPORT int vhc_ring_get_kick(struct vhc_dev *dev, uint32_t ring)
{
	return get_eventfd(dev, ring, &kick_slot);
}

VHC_EXPORT int vhc_ring_set_call(struct vhc_dev *dev, uint32_t ring, int fd)
{
	return set_eventfd(dev, ring, &call_slot, fd);
}

VHC_EXPORT int vhc_ring_get_call(struct vhc_dev *dev, uint32_t ring)
{
	return get_eventfd(dev, ring, &call_slot);
}

/* ----------------------------------------------------------------------------------------- mask */

/* Direct interrupts to the eventfd that is wanted; a stopped ring gets it when it starts. */
static int redirect_call(struct vhc_dev *dev, uint32_t ring)
{
	int call = vhi_ring_call(&dev->want.ring[ring]);
	struct vhi_op op = vhi_op_ring(&dev->have, VHI_OP_SET_VRING_CALL, ring);

	if (!vhi_ring_runs(&dev->have.ring[ring]))
		return 0;
	op.file = call >= 0 ? call : VHI_FD_NONE;
	return vhi_apply_one(dev, &op, NULL);
}

/* Kept until the ring is reset, so that only the first masking can fail for lack of fds. */
static int make_mask_eventfd(struct vhc_dev *dev, uint32_t ring)
{
	int fd = vhi_sys_eventfd(&dev->ctx->sys);

	if (fd < 0)
		return vhi_dev_fail_errno(dev, fd, NULL, NULL, "ring %u: no eventfd to mask with",
					  ring);
	dev->want.ring[ring].mask = fd;
	return 0;
}

/*
 * Deliver a pending interrupt.  vhost no longer signals the mask's eventfd, so its count is final.  If it
 * cannot be read, signal anyway: a spurious interrupt is harmless.
 */
static void deliver_pending(struct vhc_dev *dev, const struct vhi_ring_state *want)
{
	uint64_t count = 0;
	int r = vhi_sys_drain(&dev->ctx->sys, want->mask, &count);

	if ((r || count) && want->call >= 0)
		vhi_sys_signal(&dev->ctx->sys, want->call);
}

VHC_EXPORT int vhc_ring_set_masked(struct vhc_dev *dev, uint32_t ring, bool masked)
{
	struct vhi_ring_state *want;
	bool first;
	int r = vhi_dev_ring(dev, ring, &want);

	if (r || want->masked == masked)
		return r;
	first = want->mask < 0;
	if (first)
		r = make_mask_eventfd(dev, ring);
	if (r)
		return r;
	want->masked = masked;
	r = redirect_call(dev, ring);
	if (r) {
		want->masked = !masked;
		if (first)
			vhi_sys_close(&dev->ctx->sys, &want->mask);
		return r;
	}
	if (!masked)
		deliver_pending(dev, want);
	return 0;
}

VHC_EXPORT bool vhc_ring_is_pending(struct vhc_dev *dev, uint32_t ring)
{
	const struct vhi_ring_state *want;

	if (ring >= dev->want.rings)
		return false;
	want = &dev->want.ring[ring];
	return want->masked && vhi_sys_readable(&dev->ctx->sys, want->mask);
}
