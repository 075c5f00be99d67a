/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mask - hold a ring's interrupts back: vhost notifies an eventfd of the library's meanwhile, which is
 * looked at when they are let go.
 */
#include <errno.h>
#include <string.h>

#include "device/apply.h"
#include "dev.h"
#include "memory/mem.h"

/* Where the interrupts go from now on; a ring that does not run learns it when it starts. */
static int tell(struct vhc_dev *dev, uint32_t ring)
{
	int call = vhc_ring_call(&dev->want.ring[ring]);
	struct vhc_plan plan = { 0 };
	struct vhc_op op = { .kind = VHC_OP_SET_VRING_CALL,
			     .fd = ring / VHC_NET_RINGS_PER_FD,
			     .ring = ring,
			     .file = call >= 0 ? call : VHC_FD_NONE };
	int r;

	if (!vhc_ring_runs(&dev->have.ring[ring]))
		return 0;
	vhc_plan_one(&plan, &op, NULL);
	r = vhc_apply(dev, &plan, VHC_APPLY_ALL_OR_NONE);
	vhc_plan_clear(&plan);
	return r;
}

/* Kept until the ring is reset: only the first time can fail for want of fds. */
static int make_eventfd(struct vhc_dev *dev, uint32_t ring)
{
	int fd = vhc_sys_eventfd(&dev->ctx->sys);

	if (fd < 0)
		return vhc_dev_fail_errno(dev, fd, NULL, NULL, "ring %u: no eventfd to mask with",
					  ring);
	dev->want.ring[ring].mask = fd;
	return 0;
}

/*
 * vhost does not signal the eventfd any more when this is called, so what is in it is all there will
 * be.  When that cannot be read, one interrupt too many is harmless.
 */
static void deliver(struct vhc_dev *dev, const struct vhc_ring_state *want)
{
	uint64_t count = 0;
	int r = vhc_sys_drain(&dev->ctx->sys, want->mask, &count);

	if ((r || count) && want->call >= 0)
		vhc_sys_signal(&dev->ctx->sys, want->call);
}

VHC_EXPORT int vhc_ring_set_masked(struct vhc_dev *dev, uint32_t ring, bool masked)
{
	struct vhc_ring_state *want;
	bool first;
	int r = vhc_dev_ring(dev, ring, &want);

	if (r || want->masked == masked)
		return r;
	first = want->mask < 0;
	if (first)
		r = make_eventfd(dev, ring);
	if (r)
		return r;
	want->masked = masked;
	r = tell(dev, ring);
	if (r) {
		want->masked = !masked;
		if (first)
			vhc_sys_close(&dev->ctx->sys, &want->mask);
		return r;
	}
	if (!masked)
		deliver(dev, want);
	return 0;
}

VHC_EXPORT bool vhc_ring_is_pending(struct vhc_dev *dev, uint32_t ring)
{
	const struct vhc_ring_state *want;

	if (ring >= dev->want.rings)
		return false;
	want = &dev->want.ring[ring];
	return want->masked && vhc_sys_readable(&dev->ctx->sys, want->mask);
}
