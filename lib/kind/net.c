/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * net - a virtio-net device: two rings for each vhost fd, a queue pair, which run on a queue of a tap.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "features/features.h"
#include "kind/kind.h"
#include "kind/net.h"
#include "ring/endian.h"
#include "syscall/uapi.h"
#include "tap/tap.h"

#define MAX_PAIRS 256u /* drivers/net/tun.c, MAX_TAP_QUEUES */

static int make(struct vhc_dev *dev, const struct vhc_dev_args *args, uint32_t *ret_fds)
{
	if (args->queue_pairs > MAX_PAIRS)
		return vhi_fail(dev->ctx, -EINVAL, "%u queue pairs: a tap has at most %u queues",
				args->queue_pairs, MAX_PAIRS);
	if (args->guest_cid)
		return vhi_fail(dev->ctx, -EINVAL, "guest CID %llu: a net device has none",
				(unsigned long long)args->guest_cid);
	dev->net = calloc(1, sizeof(*dev->net));
	if (!dev->net)
		return vhi_fail(dev->ctx, -ENOMEM, "no memory for a device");
	*ret_fds = args->queue_pairs ? args->queue_pairs : 1;
	return 0;
}

/* Removed first: what is in the event fd must be open, and a closed fd's number is reused. */
static void release_tap(struct vhc_dev *dev)
{
	struct vhc_tap *tap = dev->net->tap;

	vhi_dev_unwatch_link(dev);
	if (tap && tap->user == dev) {
		tap->user = NULL;
		tap->control = NULL;
	}
	vhi_tap_unref(tap);
	dev->net->tap = NULL;
}

static void close_net(struct vhc_dev *dev)
{
	if (dev->net)
		release_tap(dev);
	free(dev->net);
}

static int check_tap(struct vhc_dev *dev, const struct vhc_tap *tap)
{
	const struct vhc_dev *rival;

	if (tap->queues < dev->want.fds)
		return vhi_dev_fail(dev, -EINVAL, NULL, NULL,
				    "tap %s has %u queues for %u queue pairs: each pair needs one",
				    tap->name, tap->queues, dev->want.fds);
	rival = vhi_tap_rival(tap);
	if (rival && rival != dev)
		return vhi_dev_fail(
			dev, -EBUSY, NULL, "give each device a tap of its own",
			"tap %s belongs to device %s; the kernel would let both read it", tap->name,
			rival->id);
	return 0;
}

VHC_EXPORT int vhc_dev_set_tap(struct vhc_dev *dev, struct vhc_tap *tap)
{
	int r;

	if (dev->kind != &vhi_kind_net)
		return vhi_dev_fail(dev, -EINVAL, NULL, NULL, "a %s device has no tap",
				    dev->kind->name);
	if (dev->net->tap == tap)
		return 0;
	if (tap && tap->ctx != dev->ctx)
		return vhi_dev_fail(dev, -EINVAL, NULL, NULL, "the tap belongs to another context");
	/* also a stopped one's: a forked child shares the event fd, which would lose the owner's link */
	r = vhi_dev_check_process(dev) ?: vhi_dev_check_stopped(dev, "its tap");
	if (!r && tap)
		r = check_tap(dev, tap);
	if (r)
		return r;
	release_tap(dev);
	if (!tap)
		return 0;
	dev->net->tap = vhi_tap_ref(tap);
	tap->user = dev;
	tap->control = &dev->net->control;
	vhi_dev_watch_link(dev);
	return 0;
}

/* ------------------------------------------------------------------------------------ features */

static bool lacks_tap(const struct vhc_dev *dev)
{
	return !dev->net->tap && !dev->offers->has_link;
}

static int get_link_features(struct vhc_dev *dev, struct vhc_features *ret)
{
	if (lacks_tap(dev))
		return vhi_dev_fail(dev, -EAGAIN, NULL, "call vhc_dev_set_tap() first",
				    "it has no tap yet, and some features depend on the tap");
	*ret = dev->offers->link;
	return dev->offers->has_link ? 0 : vhi_tap_offers(dev->net->tap, ret);
}

int vhi_net_probe_link(struct vhc_ctx *ctx, uint32_t *ret_offloads, struct vhc_features *ret)
{
	int r;

	*ret_offloads = 0;
	r = vhi_offload_probe_scratch(ctx, ret_offloads);
	*ret = vhi_offload_to_features(*ret_offloads);
	return r;
}

struct vhc_features vhi_net_offloads(void)
{
	return vhi_offload_bits();
}

bool vhi_net_offloads_stand(const struct vhc_features *set)
{
	return vhi_offload_stands(vhi_offload_from_features(set));
}

static int check_features(struct vhc_dev *dev, const struct vhc_features *acked)
{
	uint32_t header = vhi_net_header_size(acked);

	if (vhi_net_header_ok(header))
		return 0;
	return vhi_dev_fail(dev, -EOPNOTSUPP, "features", NULL,
			    "they need a header of %u bytes; vhost-net has 10, 12 and 24", header);
}

/* --------------------------------------------------------------------------------------- plans */

static const struct vhi_lack *missing(const struct vhc_dev *dev)
{
	static const struct vhi_lack tap = { "tap", "call vhc_dev_set_tap()" };

	return lacks_tap(dev) ? &tap : NULL;
}

static int get_backend(const struct vhc_dev *dev, uint32_t ring)
{
	const struct vhc_tap *tap = dev->net->tap;

	return tap ? tap->fds[vhi_state_fd_of(&dev->want, ring)] : VHI_FD_NEW;
}

/* A macvtap has header and offloads for each queue, a tap once.  @fresh: what a new one has. */
static void plan_tap(struct vhc_dev *dev, struct vhi_plan *plan, enum vhi_op_kind kind,
		     uint32_t want, uint32_t fresh)
{
	const struct vhc_tap *tap = dev->net->tap;
	uint32_t queues = tap && tap->macvtap ? dev->want.fds : 1;

	for (uint32_t i = 0; i < queues; i++) {
		uint32_t have = tap ? vhi_tap_value(tap, kind, i) : fresh;
		struct vhi_op op = vhi_op_fd(kind, i), undo = op;

		op.value = want;
		undo.value = have == VHI_OFFLOADS_UNKNOWN ? 0 : have;
		if (want != have)
			vhi_plan_add_step(plan, &op, &undo);
	}
}

static void plan_before(struct vhc_dev *dev, struct vhi_plan *plan)
{
	const struct vhc_features *acked = &dev->want.acked;
	const struct vhi_control *control = &dev->net->control;
	const struct vhc_features *offloads = control->has_offloads ? &control->offloads : acked;

	plan_tap(dev, plan, VHI_OP_TAP_HEADER, vhi_net_header_size(acked), 10);
	plan_tap(dev, plan, VHI_OP_TAP_LITTLE, vhi_ring_swapped(acked), 0);
	plan_tap(dev, plan, VHI_OP_TAP_OFFLOADS, vhi_offload_from_features(offloads), 0);
}

/*
 * A driver that can enable queue pairs has pair 0 until it does (virtio 1.3, 5.1.6.5).  Without such a
 * driver all pairs are in use that are set up.
 */
static uint32_t count_active(const struct vhc_dev *dev)
{
	const struct vhc_features *acked = &dev->want.acked;

	if (dev->net->control.active)
		return dev->net->control.active;
	return vhc_features_has(acked, VHI_F_MQ) || vhc_features_has(acked, VHI_F_RSS)
		       ? 1
		       : dev->want.fds;
}

static bool to_receive(const struct vhc_dev *dev, uint32_t pair)
{
	return pair < dev->want.fds &&
	       dev->want.ring[pair * dev->want.rings_per_fd].backend != VHI_FD_NONE;
}

/*
 * A queue receives if its ring does.  Single rings are started one after another: that of a queue which
 * is active, but has no ring yet, may come next, so its frames are kept.
 */
static void plan_queues(struct vhc_dev *dev, struct vhi_plan *plan, uint32_t one)
{
	const struct vhc_tap *tap = dev->net->tap;
	uint32_t active = count_active(dev);
	int8_t wanted[VHI_TAP_MAX_QUEUES];
	bool any = false;

	for (uint32_t i = 0; tap && i < tap->queues; i++) {
		wanted[i] = i >= active ? 0 : to_receive(dev, i) ? 1 : one == VHI_NO_RING ? 0 : -1;
		any |= wanted[i] == 1;
	}
	if (any)
		vhi_tap_plan_queues(tap, plan, wanted);
}

/* With a backend the ring advances, so an undo removes the backend, then queries the ring's base. */
static void plan_run(struct vhi_plan *plan, const struct vhi_plan_args *args)
{
	const struct vhi_dev_state *want = args->want;

	for (uint32_t i = 0; i < want->rings; i++) {
		if (!vhi_plan_starts(args, i))
			continue;
		vhi_plan_add_undo(plan, vhi_op_ring(want, VHI_OP_GET_VRING_BASE, i));
		vhi_plan_add_file(plan, vhi_op_ring(want, VHI_OP_SET_BACKEND, i),
				  want->ring[i].backend, VHI_FD_NONE);
	}
}

static void plan_stop(struct vhi_plan *plan, const struct vhi_dev_state *have, uint32_t ring)
{
	for (uint32_t i = 0; i < have->rings; i++)
		if (vhi_plan_stops(have, i, ring))
			vhi_plan_add_file(plan, vhi_op_ring(have, VHI_OP_SET_BACKEND, i),
					  VHI_FD_NONE, have->ring[i].backend);
	vhi_plan_bases(plan, have, ring);
}

static void forget(struct vhc_dev *dev)
{
	dev->net->control = (struct vhi_control){ 0 };
}

/* ---------------------------------------------------------------------------------------- the link */

static int check_link(const struct vhc_dev *dev)
{
	return dev->net->tap ? vhi_tap_check_link(dev->net->tap) : 0;
}

/* vhost takes a macvtap without its link; of a tap it, or the tap's own ioctls, refuse that. */
static int check_start(const struct vhc_dev *dev)
{
	return dev->net->tap && dev->net->tap->macvtap ? check_link(dev) : 0;
}

static int get_link(const struct vhc_dev *dev)
{
	return dev->net->tap ? dev->net->tap->fds[0] : VHI_FD_NONE;
}

static int watch_link(const struct vhc_dev *dev)
{
	return dev->net->tap ? vhi_tap_watch_link(dev->net->tap) : VHI_FD_NONE;
}

static int execute(struct vhc_dev *dev, struct vhi_op *op)
{
	return vhi_tap_execute(dev->net->tap, op);
}

const struct vhi_kind vhi_kind_net = {
	.type = VHC_TYPE_NET,
	.index = 0,
	.name = "net",
	.node = "vhost-net",
	.path = "/dev/vhost-net",
	.minor = VHI_VHOST_NET_MINOR,
	.rings_per_fd = 2,
	.fd_name = "queue pair",
	.can = VHC_CAN_DIRTY | VHC_CAN_SAVE | VHC_CAN_RING | VHC_CAN_IOMMU | VHC_CAN_BUSYLOOP,
	.can_disown = true,
	.no_features = { "features, without which vhost takes another header size than the tap",
			 "call vhc_dev_set_features()" },
	.make = make,
	.get_link_features = get_link_features,
	.check_features = check_features,
	.missing = missing,
	.get_backend = get_backend,
	.check_link = check_link,
	.check_start = check_start,
	.get_link = get_link,
	.watch_link = watch_link,
	.plan_before = plan_before,
	.plan_run = plan_run,
	.plan_queues = plan_queues,
	.plan_stop = plan_stop,
	.execute = execute,
	.forget = forget,
	.close = close_net,
};
