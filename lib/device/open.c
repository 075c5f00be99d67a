/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * open - a device opens on fds of its own, on fds of the caller's or on a document, and closes.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "args.h"
#include "device/apply.h"
#include "caps/document.h"
#include "dev.h"
#include "kernel/kernel.h"
#include "memory/mem.h"
#include "tap/tap.h"
#include "text.h"
#include "kvm/kvm.h"
#include "syscall/uapi.h"
#include "device/events.h"

#define NET_PATH  "/dev/vhost-net"
#define MAX_PAIRS 256u /* drivers/net/tun.c, MAX_TAP_QUEUES */

static int check_args(struct vhc_ctx *ctx, const char *id, const struct vhc_dev_args *args)
{
	const uint32_t known = VHC_DEV_OWN | VHC_DEV_TASK | VHC_DEV_KTHREAD | VHC_DEV_WORKERS;
	const uint32_t modes = VHC_DEV_TASK | VHC_DEV_KTHREAD;
	size_t len = id ? strlen(id) : 0;

	if (len < 1 || len > 63)
		return vhc_fail(ctx, -EINVAL, "a device's id has 1 to 63 bytes, not %zu", len);
	if (args->type != VHC_TYPE_NET)
		return vhc_fail(ctx, -EINVAL, "device type %u: only %u (net) is known", args->type,
				VHC_TYPE_NET);
	if (args->backend != VHC_BACKEND_KERNEL)
		return vhc_fail(ctx, -EINVAL, "back end %u: only %u (kernel) is known",
				args->backend, VHC_BACKEND_KERNEL);
	if (args->queue_pairs > MAX_PAIRS)
		return vhc_fail(ctx, -EINVAL, "%u queue pairs: a tap has at most %u queues",
				args->queue_pairs, MAX_PAIRS);
	if (args->flags & ~known || (args->flags & modes) == modes)
		return vhc_fail(ctx, -EINVAL,
				"device flags 0x%x: known are 0x%x, and TASK and "
				"KTHREAD exclude each other",
				args->flags, known);
	return 0;
}

int vhc_dev_make(struct vhc_ctx *ctx, const char *id, const struct vhc_dev_args *args,
		 struct vhc_dev **ret)
{
	struct vhc_dev_args copy;
	struct vhc_dev *dev;
	int r = VHC_COPY_ARGS(ctx, vhc_dev_args, &copy, args);

	r = r ?: check_args(ctx, id, &copy);
	if (r)
		return r;
	dev = calloc(1, sizeof(*dev));
	if (!dev)
		return vhc_fail(ctx, -ENOMEM, "no memory for a device");
	dev->ctx = vhc_ctx_ref(ctx);
	snprintf(dev->id, sizeof(dev->id), "%s", id);
	dev->type = VHC_TYPE_NET;
	dev->flags = copy.flags;
	dev->pairs = copy.queue_pairs ? copy.queue_pairs : 1;
	dev->events.epoll = VHC_FD_NONE;
	if (vhc_state_new(&dev->want, dev->pairs) || vhc_state_new(&dev->have, dev->pairs)) {
		r = vhc_fail(ctx, -ENOMEM, "no memory for %u queue pairs", dev->pairs);
		vhc_dev_close(dev);
		return r;
	}
	for (uint32_t i = 0; i < dev->pairs; i++) {
		struct vhc_fd_state *fd = &dev->want.fd[i];

		fd->has_mode = copy.flags & (VHC_DEV_TASK | VHC_DEV_KTHREAD);
		fd->mode = copy.flags & VHC_DEV_TASK ? VHC_FORK_TASK : VHC_FORK_KTHREAD;
		fd->find_worker = copy.flags & VHC_DEV_WORKERS;
	}
	*ret = dev;
	return 0;
}

static int set_modes(struct vhc_dev *dev)
{
	struct vhc_plan plan = { 0 };
	int r = 0;

	for (uint32_t i = 0; i < dev->pairs && !r; i++) {
		struct vhc_op op = { .kind = VHC_OP_FORK_FROM_OWNER,
				     .fd = i,
				     .ring = VHC_NO_RING,
				     .value = dev->want.fd[i].mode };

		r = vhc_plan_one(&plan, &op, NULL);
	}
	r = vhc_apply(dev, &plan, VHC_APPLY_ALL_OR_NONE);
	vhc_plan_clear(&plan);
	return r;
}

static int own_all(struct vhc_dev *dev)
{
	struct vhc_plan plan = { 0 };
	int r = 0;

	for (uint32_t i = 0; i < dev->pairs && !r; i++)
		r = vhc_plan_own(&plan, i, &dev->want.fd[i], &dev->have.fd[i]);
	r = vhc_apply(dev, &plan, VHC_APPLY_ALL_OR_NONE);
	vhc_plan_clear(&plan);
	return r;
}

/* Worker mode and ownership are done to fresh fds, before anything else. */
static int prepare(struct vhc_dev *dev)
{
	int r = dev->want.fd[0].has_mode ? set_modes(dev) : 0;

	/* an older kernel takes the number for a ring's call */
	if (r == -EPERM || r == -ENOTTY || r == -ENOBUFS || r == -EINVAL)
		return vhc_dev_fail(
			dev, -ENOTTY, "VHOST_SET_FORK_FROM_OWNER",
			"leave the worker mode to the kernel",
			"this kernel cannot choose whose threads the workers are; Linux "
			"6.18 and some 6.12 can (%s)",
			vhc_errname(-r));
	if (!r && dev->flags & VHC_DEV_OWN)
		r = own_all(dev);
	return r;
}

static int make_fds(struct vhc_dev *dev)
{
	dev->fds = malloc(dev->pairs * sizeof(*dev->fds));
	if (!dev->fds)
		return vhc_dev_fail(dev, -ENOMEM, NULL, NULL, "no memory for %u fds", dev->pairs);
	memset(dev->fds, 0xff, dev->pairs * sizeof(*dev->fds)); /* all VHC_FD_NONE */
	return 0;
}

static int open_all(struct vhc_dev *dev, const char *path)
{
	int r = make_fds(dev);

	for (uint32_t i = 0; i < dev->pairs && !r; i++) {
		r = vhc_kernel_open(dev->ctx, dev->id, path, &dev->fds[i]);
		if (!r && !i)
			r = vhc_kernel_check_fd(dev, dev->fds[i]);
	}
	return r;
}

static int dup_all(struct vhc_dev *dev, const int *fds)
{
	int r = make_fds(dev);

	dev->shared = true;
	for (uint32_t i = 0; i < dev->pairs && !r; i++) {
		int fd = vhc_sys_dup(&dev->ctx->sys, fds[i]);

		if (fd < 0)
			return vhc_dev_fail(dev, fd, "dup", NULL, "vhost fd %d: %s", fds[i],
					    strerror(-fd));
		dev->fds[i] = fd;
		r = vhc_kernel_check_fd(dev, fd);
		for (uint32_t j = 0; j < i && !r; j++)
			if (vhc_sys_same(&dev->ctx->sys, dev->fds[j], fd) == 1)
				r = vhc_dev_fail(dev, -EINVAL, NULL,
						 "open /dev/vhost-net once more",
						 "vhost fd %d of pair %u is that of pair %u too: "
						 "each pair needs its own",
						 fds[i], i, j);
	}
	return r;
}

/* What open and open_fds have in common, once the fds are there. */
static int finish(struct vhc_dev *dev, int r, struct vhc_dev **ret)
{
	r = r ?: vhc_kernel_ask(dev, false);
	r = r ?: prepare(dev);
	if (r) {
		vhc_dev_close(dev);
		return r;
	}
	dev->max_regions = dev->ctx->facts.max_regions;
	*ret = dev;
	return 0;
}

VHC_EXPORT int vhc_dev_open(struct vhc_ctx *ctx, const char *id, const char *path,
			    const struct vhc_dev_args *args, struct vhc_dev **ret)
{
	struct vhc_dev *dev;
	int r = vhc_dev_make(ctx, id, args, &dev);

	return r ?: finish(dev, open_all(dev, path ? path : NET_PATH), ret);
}

VHC_EXPORT int vhc_dev_open_fds(struct vhc_ctx *ctx, const char *id, const int *fds, uint32_t count,
				const struct vhc_dev_args *args, struct vhc_dev **ret)
{
	struct vhc_dev *dev;
	int r = vhc_dev_make(ctx, id, args, &dev);

	if (r)
		return r;
	if (count != dev->pairs)
		r = vhc_dev_fail(dev, -EINVAL, NULL, NULL,
				 "%u vhost fds for %u queue pairs: each "
				 "pair needs one",
				 count, dev->pairs);
	return finish(dev, r ?: dup_all(dev, fds), ret);
}

VHC_EXPORT int vhc_dev_open_caps(struct vhc_ctx *ctx, const char *id, const char *caps,
				 const struct vhc_dev_args *args, struct vhc_dev **ret)
{
	struct vhc_dev *dev;
	int r = vhc_dev_make(ctx, id, args, &dev);

	if (r)
		return r;
	r = vhc_caps_read(dev, caps);
	if (r) {
		vhc_dev_close(dev);
		return r;
	}
	*ret = dev;
	return 0;
}

VHC_EXPORT void vhc_dev_close(struct vhc_dev *dev)
{
	if (!dev)
		return;
	/* a forked child closes its fds, and touches nothing that is the owner's */
	if (dev->shared && !vhc_dev_in_child(dev))
		vhc_dev_let_go(dev);
	vhc_events_close(dev);
	vhc_worker_forget_tasks(dev);
	/* the last close of a vhost fd stops its rings and its worker */
	if (dev->fds)
		vhc_sys_close_all(&dev->ctx->sys, dev->fds, dev->pairs);
	vhc_dev_rescue_log(dev);
	free(dev->fds);
	/* a VM lets go after vhost, while the eventfds are there */
	vhc_dev_unbind_kvm(dev);
	for (uint32_t i = 0; i < dev->want.rings; i++)
		vhc_ring_close_eventfds(dev, i);
	if (dev->mem)
		vhc_dev_leave(dev, dev->mem);
	if (dev->tap && dev->tap->user == dev)
		dev->tap->user = NULL;
	vhc_tap_unref(dev->tap);
	vhc_iotlb_free(dev->iotlb);
	vhc_state_clear(&dev->want);
	vhc_state_clear(&dev->have);
	vhc_ctx_unref(dev->ctx);
	free(dev);
}

VHC_EXPORT int vhc_dev_get_fd(struct vhc_dev *dev, uint32_t pair)
{
	if (pair >= dev->pairs || !dev->fds)
		return vhc_dev_fail(dev, -EINVAL, NULL, NULL, "queue pair %u: it has %u, from 0",
				    pair, dev->fds ? dev->pairs : 0);
	if (dev->have.fd[pair].owned)
		return vhc_dev_fail(dev, -EBUSY, NULL, "hand it over before the first start",
				    "the vhost fd of pair %u is owned by this process: no other "
				    "process could use it",
				    pair);
	return dev->fds[pair];
}
