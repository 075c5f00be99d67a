/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * rings - the setters of a virtqueue.  They write down what is wanted; only an eventfd takes effect at
 * once, in a ring that runs and in the VMs that the ring is bound to.
 */
#include <errno.h>
#include <string.h>

#include "args.h"
#include "device/apply.h"
#include "dev.h"
#include "kernel/kernel.h"
#include "memory/mem.h"
#include "tap/tap.h"
#include "text.h"
#include "features/features.h"
#include "ring/base.h"
#include "kvm/kvm.h"
#include "device/events.h"

static int fail_ring(struct vhc_dev *dev, int code, uint32_t ring, const char *text)
{
	return vhc_dev_fail(dev, code, NULL, NULL, "ring %u: %s", ring, text);
}

static int check_stopped(struct vhc_dev *dev, uint32_t ring, const char *what)
{
	if (!vhc_ring_runs(&dev->have.ring[ring]))
		return 0;
	return vhc_dev_fail(dev, -EBUSY, NULL, "stop the device first",
			    "ring %u is running, and its %s changes only while it is stopped", ring,
			    what);
}

VHC_EXPORT int vhc_ring_set_size(struct vhc_dev *dev, uint32_t ring, uint32_t size)
{
	struct vhc_ring_state *want;
	struct vhc_refusal err;
	int r = vhc_dev_ring(dev, ring, &want);

	if (r)
		return r;
	if (want->size == size && size)
		return 0;
	r = check_stopped(dev, ring, "size");
	if (r)
		return r;
	if (vhc_layout_check_size(vhc_dev_format(dev), size, &err))
		return fail_ring(dev, -EINVAL, ring, err.text);
	want->size = size;
	return 0;
}

VHC_EXPORT int vhc_ring_set_addr(struct vhc_dev *dev, uint32_t ring,
				 const struct vhc_ring_addr *addr)
{
	uint64_t parts[VHC_PARTS];
	struct vhc_ring_state *want;
	struct vhc_refusal err;
	struct vhc_ring_addr copy;
	int r = vhc_dev_ring(dev, ring, &want);

	r = r ?: VHC_COPY_ARGS(dev->ctx, vhc_ring_addr, &copy, addr);
	if (r)
		return r;
	if (copy.flags || copy.reserved)
		return fail_ring(dev, -EINVAL, ring, "vhc_ring_addr has flags; none are known");
	parts[VHC_DESC] = copy.desc;
	parts[VHC_AVAIL] = copy.avail;
	parts[VHC_USED] = copy.used;
	if (want->has_addr && !memcmp(want->addr, parts, sizeof(parts)))
		return 0;
	r = check_stopped(dev, ring, "place");
	if (r)
		return r;
	if (vhc_layout_check_align(vhc_dev_format(dev), parts, &err))
		return fail_ring(dev, -EINVAL, ring, err.text);
	memcpy(want->addr, parts, sizeof(parts));
	want->has_addr = true;
	return 0;
}

VHC_EXPORT int vhc_ring_set_base(struct vhc_dev *dev, uint32_t ring, uint32_t base)
{
	struct vhc_ring_state *want;
	struct vhc_refusal err;
	int r = vhc_dev_ring(dev, ring, &want);

	if (r)
		return r;
	if (want->has_base && want->base == base && !vhc_ring_runs(&dev->have.ring[ring]))
		return 0;
	r = check_stopped(dev, ring, "base");
	if (r)
		return r;
	if (vhc_base_check(vhc_dev_format(dev), want->size ? want->size : VHC_RING_MAX, base, &err))
		return fail_ring(dev, -EINVAL, ring, err.text);
	want->base = base;
	want->has_base = true;
	return 0;
}

VHC_EXPORT int vhc_ring_get_base(struct vhc_dev *dev, uint32_t ring, uint32_t *ret_base)
{
	struct vhc_ring_state *want, *have;
	int r = vhc_dev_ring(dev, ring, &want);

	if (r)
		return r;
	have = &dev->have.ring[ring];
	if (vhc_ring_runs(have))
		return vhc_dev_fail(dev, -EBUSY, NULL, "stop the device first",
				    "ring %u is running, and its base is known only when it is "
				    "stopped",
				    ring);
	if (!want->has_base && (dev->stale || have->base_lost))
		return fail_ring(dev, -ENODATA, ring, "the kernel did not tell where it stopped");
	*ret_base = want->has_base ? want->base : vhc_base_fresh(vhc_dev_format(dev));
	return 0;
}

/* The eventfds of a ring: which field, which operation, how messages call it, what follows it. */
struct slot {
	enum vhc_op_kind kind;
	const char *name;
	size_t offset, other;
	enum vhc_binding_kind binds;
};

static const struct slot kick_slot = { VHC_OP_SET_VRING_KICK, "kick",
				       offsetof(struct vhc_ring_state, kick),
				       offsetof(struct vhc_ring_state, call), VHC_DOORBELL };
static const struct slot call_slot = { VHC_OP_SET_VRING_CALL, "call",
				       offsetof(struct vhc_ring_state, call),
				       offsetof(struct vhc_ring_state, kick), VHC_INTERRUPT };

static int *fd_at(struct vhc_ring_state *ring, size_t offset)
{
	return (int *)((char *)ring + offset);
}

/* A ring that runs has the new eventfd at once; one that is masked goes on with the mask's. */
static void plan_ring(struct vhc_plan *plan, struct vhc_dev *dev, uint32_t ring,
		      const struct slot *slot, int fd)
{
	const int *have = fd_at(&dev->have.ring[ring], slot->offset);
	struct vhc_op op = {
		.kind = slot->kind, .fd = ring / VHC_NET_RINGS_PER_FD, .ring = ring, .file = fd
	};
	struct vhc_op undo = op;

	if (!vhc_ring_runs(&dev->have.ring[ring]) ||
	    (slot == &call_slot && dev->want.ring[ring].masked))
		return;
	undo.file = *have >= 0 ? *have : VHC_FD_NONE;
	vhc_plan_one(plan, &op, &undo);
}

/*
 * vhost and the VMs go over to another eventfd, in the order in which nothing rings unheard: doorbells
 * are at the new one before vhost looks at it for the first time.  Else vhost lets go before a VM does.
 * Returns how it went; *@bound: there are VMs that had to.
 */
static int move(struct vhc_dev *dev, uint32_t ring, const struct slot *slot, int fd, bool *bound)
{
	bool doorbells_first = slot == &kick_slot && fd >= 0;
	struct vhc_plan plan = { 0 };
	int r;

	if (doorbells_first)
		*bound = vhc_kvm_plan_move(&plan, dev, ring, slot->binds, fd);
	plan_ring(&plan, dev, ring, slot, fd);
	if (!doorbells_first)
		*bound = vhc_kvm_plan_move(&plan, dev, ring, slot->binds, fd);
	r = vhc_apply(dev, &plan, VHC_APPLY_ALL_OR_NONE);
	vhc_plan_clear(&plan);
	return r;
}

/*
 * What came in between may have gone to the eventfd that is not used now, or to the caller as an exit
 * of its vCPU: one interrupt, or one kick, too many is harmless.
 */
static int tell(struct vhc_dev *dev, uint32_t ring, const struct slot *slot, int fd)
{
	struct vhc_ring_state *want = &dev->want.ring[ring];
	bool call = slot == &call_slot, bound = false;
	int r = move(dev, ring, slot, fd, &bound), now = r ? *fd_at(want, slot->offset) : fd;
	bool due = call ? vhc_ring_runs(&dev->have.ring[ring]) && (bound || !r) : bound;

	if (due && now >= 0)
		vhc_sys_signal(&dev->ctx->sys, call && want->masked ? want->mask : now);
	return r;
}

/* Take over an fd that is ours from here on. */
static int put_fd(struct vhc_dev *dev, uint32_t ring, const struct slot *slot, int fd)
{
	int *want = fd_at(&dev->want.ring[ring], slot->offset);
	int *have = fd_at(&dev->have.ring[ring], slot->offset);
	int r = tell(dev, ring, slot, fd);

	if (r) {
		if (fd < 0 || !vhc_kvm_adopt_eventfd(dev, fd))
			vhc_sys_close(&dev->ctx->sys, &fd);
		return r;
	}
	if (*have >= 0 && *have == *want)
		*have = VHC_FD_STALE; /* its number may come again as another file */
	vhc_sys_close(&dev->ctx->sys, want);
	*want = fd;
	return 0;
}

static bool same_file(struct vhc_dev *dev, int a, int b)
{
	return b >= 0 && vhc_sys_same(&dev->ctx->sys, a, b) == 1;
}

static int set_fd(struct vhc_dev *dev, uint32_t ring, const struct slot *slot, int fd)
{
	struct vhc_ring_state *want;
	int copy = VHC_FD_NONE, r = vhc_dev_ring(dev, ring, &want);

	if (r)
		return r;
	if (fd < 0) {
		if (*fd_at(want, slot->offset) == VHC_FD_NONE)
			return 0;
		return put_fd(dev, ring, slot, VHC_FD_NONE);
	}
	copy = vhc_sys_dup(&dev->ctx->sys, fd);
	if (copy < 0)
		return vhc_dev_fail(dev, copy, NULL, NULL,
				    "ring %u: %s eventfd %d cannot be "
				    "duplicated: %s (%s)",
				    ring, slot->name, fd, strerror(-copy), vhc_errname(-copy));
	if (same_file(dev, copy, *fd_at(want, slot->offset))) {
		vhc_sys_close(&dev->ctx->sys, &copy);
		return 0;
	}
	if (same_file(dev, copy, *fd_at(want, slot->other))) {
		vhc_sys_close(&dev->ctx->sys, &copy);
		return vhc_dev_fail(dev, -EINVAL, NULL, "make two eventfds",
				    "ring %u: fd %d is its kick and its call eventfd: vhost would "
				    "kick itself",
				    ring, fd);
	}
	return put_fd(dev, ring, slot, copy);
}

static int get_fd(struct vhc_dev *dev, uint32_t ring, const struct slot *slot)
{
	struct vhc_ring_state *want;
	int fd, r = vhc_dev_ring(dev, ring, &want);

	if (r)
		return r;
	if (*fd_at(want, slot->offset) < 0) {
		fd = vhc_sys_eventfd(&dev->ctx->sys);
		if (fd < 0)
			return vhc_dev_fail(dev, fd, NULL, NULL, "ring %u: no %s eventfd: %s (%s)",
					    ring, slot->name, strerror(-fd), vhc_errname(-fd));
		r = put_fd(dev, ring, slot, fd);
		if (r)
			return r;
	}
	return *fd_at(want, slot->offset);
}

void vhc_ring_close_eventfds(struct vhc_dev *dev, uint32_t ring)
{
	struct vhc_ring_state *want = &dev->want.ring[ring];

	vhc_sys_close(&dev->ctx->sys, &want->kick);
	vhc_sys_close(&dev->ctx->sys, &want->call);
	vhc_events_close_err(dev, ring);
	vhc_sys_close(&dev->ctx->sys, &want->mask);
}

VHC_EXPORT int vhc_ring_set_kick(struct vhc_dev *dev, uint32_t ring, int fd)
{
	return set_fd(dev, ring, &kick_slot, fd);
}

VHC_EXPORT int vhc_ring_get_kick(struct vhc_dev *dev, uint32_t ring)
{
	return get_fd(dev, ring, &kick_slot);
}

VHC_EXPORT int vhc_ring_set_call(struct vhc_dev *dev, uint32_t ring, int fd)
{
	return set_fd(dev, ring, &call_slot, fd);
}

VHC_EXPORT int vhc_ring_get_call(struct vhc_dev *dev, uint32_t ring)
{
	return get_fd(dev, ring, &call_slot);
}
