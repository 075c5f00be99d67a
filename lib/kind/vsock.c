/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * vsock - a virtio-vsock device: one vhost fd with a receive and a transmit ring, which run together,
 * and a guest CID that is the device's from its opening to its close.  The third virtqueue, for events,
 * is the launcher's.  Source: drivers/vhost/vsock.c.
 */
#include <errno.h>

#include "kind/kind.h"
#include "syscall/uapi.h"

#define TRANSMIT 1u	     /* virtqueue */
#define MIN_CID	 3u	     /* those below are the hypervisor's and the host's */
#define MAX_CID	 0xfffffffeu /* VMADDR_CID_ANY is above it */

static int make(struct vhc_dev *dev, const struct vhc_dev_args *args, uint32_t *ret_fds)
{
	if (args->queue_pairs > 1)
		return vhi_fail(dev->ctx, -EINVAL, "%u queue pairs: a vsock device has one",
				args->queue_pairs);
	if (args->guest_cid < MIN_CID || args->guest_cid > MAX_CID)
		return vhi_fail(dev->ctx, -EINVAL, "guest CID %llu: must be 3 to 4294967294",
				(unsigned long long)args->guest_cid);
	dev->guest_cid = args->guest_cid;
	*ret_fds = 1;
	return 0;
}

static const struct vhi_lack *missing(const struct vhc_dev *dev)
{
	static const struct vhi_lack size = { "size for one of its two rings, which run together",
					      "call vhc_ring_set_size()" };

	for (uint32_t i = 0; i < dev->want.rings; i++)
		if (!dev->want.ring[i].size || dev->want.ring[i].disabled)
			return &size;
	return NULL;
}

static int get_backend(const struct vhc_dev *dev, uint32_t ring)
{
	return VHI_BACKEND_SELF;
}

static void plan_claim(struct vhc_dev *dev, struct vhi_plan *plan)
{
	vhi_plan_add_value(plan, vhi_op_fd(VHI_OP_SET_GUEST_CID, 0), dev->guest_cid);
}

static void plan_running(struct vhi_plan *plan, bool running)
{
	struct vhi_op op = vhi_op_fd(VHI_OP_SET_RUNNING, 0), undo = op;

	op.value = running;
	undo.value = !running;
	vhi_plan_add_step(plan, &op, &undo);
}

/* From then on the rings advance, so an undo stops them, then queries their bases. */
static void plan_run(struct vhi_plan *plan, const struct vhi_plan_args *args)
{
	bool any = false;

	for (uint32_t i = 0; i < args->want->rings; i++) {
		if (!vhi_plan_starts(args, i))
			continue;
		vhi_plan_add_undo(plan, vhi_op_ring(args->want, VHI_OP_GET_VRING_BASE, i));
		any = true;
	}
	if (any)
		plan_running(plan, true);
}

static void plan_stop(struct vhi_plan *plan, const struct vhi_dev_state *have, uint32_t ring)
{
	if (vhi_plan_stops(have, 0, VHI_NO_RING) || vhi_plan_stops(have, TRANSMIT, VHI_NO_RING))
		plan_running(plan, false);
	vhi_plan_bases(plan, have, VHI_NO_RING);
}

/*
 * A start makes the kernel look for packets to the guest, but not for those that the guest queued
 * before: it looks at the transmit ring only after a kick.
 */
static void started(struct vhc_dev *dev)
{
	vhi_sys_signal(&dev->ctx->sys, dev->have.ring[TRANSMIT].kick);
}

const struct vhi_kind vhi_kind_vsock = {
	.type = VHC_TYPE_VSOCK,
	.index = 1,
	.name = "vsock",
	.node = "vhost-vsock",
	.path = "/dev/vhost-vsock",
	.minor = VHI_VHOST_VSOCK_MINOR,
	.rings_per_fd = 2,
	.fd_name = "vhost fd",
	/*
	 * It offers LOG_ALL, and logs only the used rings: not the packets.  It has an IOTLB, but no
	 * RESET_OWNER, without which no fd leaves an IOMMU before Linux 7.2.
	 */
	.can = VHC_CAN_SAVE,
	.no_features = { "features", "call vhc_dev_set_features()" },
	.make = make,
	.plan_claim = plan_claim,
	.missing = missing,
	.get_backend = get_backend,
	.plan_run = plan_run,
	.plan_stop = plan_stop,
	.started = started,
};
