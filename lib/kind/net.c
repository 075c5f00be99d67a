/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * net - a virtio-net device: two rings for each vhost fd, a queue pair, which run on a queue of a tap.
 */
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "features/features.h"
#include "kind/kind.h"
#include "kind/net.h"
#include "syscall/uapi.h"
#include "tap/tap.h"

#define MAX_PAIRS 256u /* drivers/net/tun.c, MAX_TAP_QUEUES */

static int make(struct vhc_dev *dev, const struct vhc_dev_args *args, uint32_t *ret_fds)
{
	if (args->queue_pairs > MAX_PAIRS)
		return vhc_fail(dev->ctx, -EINVAL, "%u queue pairs: a tap has at most %u queues",
				args->queue_pairs, MAX_PAIRS);
	if (args->guest_cid)
		return vhc_fail(dev->ctx, -EINVAL, "guest CID %llu: a net device has none",
				(unsigned long long)args->guest_cid);
	dev->net = calloc(1, sizeof(*dev->net));
	if (!dev->net)
		return vhc_fail(dev->ctx, -ENOMEM, "no memory for a device");
	*ret_fds = args->queue_pairs ? args->queue_pairs : 1;
	return 0;
}

static void release_tap(struct vhc_dev *dev)
{
	struct vhc_tap *tap = dev->net->tap;

	if (tap && tap->user == dev)
		tap->user = NULL;
	vhc_tap_unref(tap);
	dev->net->tap = NULL;
}

static void close_net(struct vhc_dev *dev)
{
	if (dev->net)
		release_tap(dev);
	free(dev->net);
}

VHC_EXPORT int vhc_dev_set_tap(struct vhc_dev *dev, struct vhc_tap *tap)
{
	const struct vhc_dev *rival;
	int r;

	if (dev->kind != &vhc_kind_net)
		return vhc_dev_fail(dev, -EINVAL, NULL, NULL, "a %s device has no tap",
				    dev->kind->name);
	if (dev->net->tap == tap)
		return 0;
	if (tap->ctx != dev->ctx)
		return vhc_dev_fail(dev, -EINVAL, NULL, NULL, "the tap belongs to another context");
	r = vhc_dev_check_stopped(dev, "its tap");
	if (r)
		return r;
	if (tap->queues < dev->want.fds)
		return vhc_dev_fail(dev, -EINVAL, NULL, NULL,
				    "tap %s has %u queues for %u queue pairs: each pair needs one",
				    tap->name, tap->queues, dev->want.fds);
	rival = vhc_tap_rival(tap);
	if (rival && rival != dev)
		return vhc_dev_fail(
			dev, -EBUSY, NULL, "give each device a tap of its own",
			"tap %s belongs to device %s; the kernel would let both read it", tap->name,
			rival->id);
	release_tap(dev);
	dev->net->tap = vhc_tap_ref(tap);
	tap->user = dev;
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
		return vhc_dev_fail(dev, -EAGAIN, NULL, "call vhc_dev_set_tap() first",
				    "it has no tap yet, and some features depend on the tap");
	*ret = dev->offers->link;
	return dev->offers->has_link ? 0 : vhc_tap_offers(dev->net->tap, ret);
}

int vhc_net_probe_link(struct vhc_ctx *ctx, uint32_t *ret_offloads, struct vhc_features *ret)
{
	struct ifreq ifr = { .ifr_name = "tap%d", .ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR };
	int fd = vhc_sys_open_in_new_netns(&ctx->sys, "/dev/net/tun", O_RDWR | O_NONBLOCK);
	int r = fd < 0 ? fd : vhc_sys_ioctl(&ctx->sys, fd, TUNSETIFF, &ifr);

	*ret_offloads = 0;
	r = r ?: vhc_offload_probe(ctx, fd, ret_offloads);
	vhc_sys_close(&ctx->sys, &fd);
	*ret = vhc_offload_to_features(*ret_offloads);
	return r;
}

static int check_features(struct vhc_dev *dev, const struct vhc_features *acked)
{
	uint32_t header = vhc_net_header_size(acked);

	if (vhc_net_header_ok(header))
		return 0;
	return vhc_dev_fail(dev, -EOPNOTSUPP, "features", NULL,
			    "they need a header of %u bytes; vhost-net has 10, 12 and 24", header);
}

/* --------------------------------------------------------------------------------------- plans */

static const char *missing(const struct vhc_dev *dev)
{
	return lacks_tap(dev) ? "tap: call vhc_dev_set_tap()" : NULL;
}

static int get_backend(const struct vhc_dev *dev, uint32_t ring)
{
	const struct vhc_tap *tap = dev->net->tap;

	return tap ? tap->fds[vhc_state_fd_of(&dev->want, ring)] : VHC_FD_NEW;
}

/* A macvtap has header size and offloads for each queue, a tap once. */
static void plan_tap(struct vhc_dev *dev, struct vhc_plan *plan, enum vhc_op_kind kind,
		     uint32_t want, uint32_t have)
{
	const struct vhc_tap *tap = dev->net->tap;
	uint32_t queues = tap && tap->macvtap ? dev->want.fds : 1;

	for (uint32_t i = 0; i < queues && want != have; i++) {
		struct vhc_op op = vhc_op_fd(kind, i), undo = op;

		op.value = want;
		undo.value = have == VHC_OFFLOADS_UNKNOWN ? 0 : have;
		vhc_plan_add_step(plan, &op, &undo);
	}
}

/* While the device runs, VIRTIO_NET_CTRL_GUEST_OFFLOADS may have set other offloads: the last wins. */
static void plan_before(struct vhc_dev *dev, struct vhc_plan *plan)
{
	const struct vhc_features *acked = &dev->want.acked;
	const struct vhc_tap *tap = dev->net->tap;

	plan_tap(dev, plan, VHC_OP_TAP_HEADER, vhc_net_header_size(acked), tap ? tap->header : 10);
	if (!vhc_dev_runs(dev))
		plan_tap(dev, plan, VHC_OP_TAP_OFFLOADS, vhc_offload_from_features(acked),
			 tap ? tap->offloads : 0);
}

/* With a backend the ring advances, so an undo removes the backend, then queries the ring's base. */
static void plan_run(struct vhc_plan *plan, const struct vhc_plan_args *args)
{
	const struct vhc_dev_state *want = args->want;

	for (uint32_t i = 0; i < want->rings; i++) {
		if (!vhc_plan_starts(args, i))
			continue;
		vhc_plan_add_undo(plan, vhc_op_ring(want, VHC_OP_GET_VRING_BASE, i));
		vhc_plan_add_file(plan, vhc_op_ring(want, VHC_OP_SET_BACKEND, i),
				  want->ring[i].backend, VHC_FD_NONE);
	}
}

static void plan_stop(struct vhc_plan *plan, const struct vhc_dev_state *have, uint32_t ring)
{
	for (uint32_t i = 0; i < have->rings; i++)
		if (vhc_plan_stops(have, i, ring))
			vhc_plan_add_file(plan, vhc_op_ring(have, VHC_OP_SET_BACKEND, i),
					  VHC_FD_NONE, have->ring[i].backend);
	vhc_plan_bases(plan, have, ring);
}

static int execute(struct vhc_dev *dev, struct vhc_op *op)
{
	return vhc_tap_execute(dev->net->tap, op);
}

const struct vhc_kind vhc_kind_net = {
	.type = VHC_TYPE_NET,
	.index = 0,
	.name = "net",
	.node = "vhost-net",
	.path = "/dev/vhost-net",
	.minor = VHC_VHOST_NET_MINOR,
	.rings_per_fd = 2,
	.fd_name = "queue pair",
	.can = VHC_CAN_DIRTY | VHC_CAN_SAVE | VHC_CAN_RING | VHC_CAN_IOMMU | VHC_CAN_BUSYLOOP,
	.can_disown = true,
	.no_features =
		"features: call vhc_dev_set_features(); without them vhost takes another header "
		"size than the tap",
	.make = make,
	.get_link_features = get_link_features,
	.check_features = check_features,
	.missing = missing,
	.get_backend = get_backend,
	.plan_before = plan_before,
	.plan_run = plan_run,
	.plan_stop = plan_stop,
	.execute = execute,
	.close = close_net,
};
