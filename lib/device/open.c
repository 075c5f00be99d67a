/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * open - a device opens on fds of its own, on fds of the caller's or on a document, and closes.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "caps/backend.h"
#include "device/apply.h"
#include "device/device.h"
#include "args.h"
#include "doc.h"
#include "device/events.h"
#include "text.h"
#include "kernel/kernel.h"
#include "kind/kind.h"
#include "kvm/kvm.h"
#include "memory/mem.h"
#include "syscall/uapi.h"

/* ------------------------------------------------------------------------------------- the object */

static int check_args(struct vhc_ctx *ctx, const char *id, const struct vhc_dev_args *args)
{
	const uint32_t known = VHC_DEV_OWN | VHC_DEV_TASK | VHC_DEV_KTHREAD | VHC_DEV_WORKERS;
	const uint32_t modes = VHC_DEV_TASK | VHC_DEV_KTHREAD;
	size_t len = id ? strlen(id) : 0;

	if (len < 1 || len > 63)
		return vhi_fail(ctx, -EINVAL, "a device's id has 1 to 63 bytes, not %zu", len);
	if (!doc_is_printable(id))
		return vhi_fail(ctx, -EINVAL,
				"a device's id has no control characters and is UTF-8: \"%s\"", id);
	if (!vhi_kind_get(args->type))
		return vhi_fail(ctx, -EINVAL, "device type %u: known are %u (net) and %u (vsock)",
				args->type, VHC_TYPE_NET, VHC_TYPE_VSOCK);
	if (args->backend != VHC_BACKEND_KERNEL)
		return vhi_fail(ctx, -EINVAL, "back end %u: only %u (kernel) is known",
				args->backend, VHC_BACKEND_KERNEL);
	if (args->flags & ~known || (args->flags & modes) == modes)
		return vhi_fail(ctx, -EINVAL,
				"device flags 0x%x: known are 0x%x, and TASK and "
				"KTHREAD exclude each other",
				args->flags, known);
	return 0;
}

static int make_states(struct vhc_dev *dev, uint32_t fds)
{
	uint32_t rings = dev->kind->rings_per_fd;

	if (vhi_state_new(&dev->want, fds, rings) || vhi_state_new(&dev->have, fds, rings))
		return vhi_fail(dev->ctx, -ENOMEM, "no memory for %u %ss", fds, dev->kind->fd_name);
	for (uint32_t i = 0; i < fds; i++) {
		struct vhi_fd_state *fd = &dev->want.fd[i];

		fd->has_mode = dev->flags & (VHC_DEV_TASK | VHC_DEV_KTHREAD);
		fd->mode = dev->flags & VHC_DEV_TASK ? VHI_FORK_TASK : VHI_FORK_KTHREAD;
		fd->find_worker = dev->flags & VHC_DEV_WORKERS;
	}
	return 0;
}

/* A device with nothing set and nothing open. */
static int make(struct vhc_ctx *ctx, const char *id, const struct vhc_dev_args *args,
		const struct vhi_backend_ops *backend, struct vhc_dev **ret)
{
	struct vhc_dev_args copy;
	struct vhc_dev *dev;
	uint32_t fds;
	int r = VHI_COPY_ARGS(ctx, vhc_dev_args, &copy, args);

	r = r ?: check_args(ctx, id, &copy);
	if (r)
		return r;
	dev = calloc(1, sizeof(*dev));
	if (!dev)
		return vhi_fail(ctx, -ENOMEM, "no memory for a device");
	dev->ctx = vhi_ctx_ref(ctx);
	snprintf(dev->id, sizeof(dev->id), "%s", id);
	dev->kind = vhi_kind_get(copy.type);
	dev->backend = backend;
	dev->offers = &ctx->offers[dev->kind->index];
	dev->flags = copy.flags;
	dev->events.epoll = dev->events.wake = dev->events.link = VHI_FD_NONE;
	r = dev->kind->make(dev, &copy, &fds);
	r = r ?: make_states(dev, fds);
	if (r)
		vhc_dev_close(dev);
	else
		*ret = dev;
	return r;
}

/* ---------------------------------------------------------------------------------------- opening */

static int set_modes(struct vhc_dev *dev)
{
	struct vhi_plan plan = { 0 };

	for (uint32_t i = 0; i < dev->want.fds; i++)
		vhi_plan_add_value(&plan, vhi_op_fd(VHI_OP_FORK_FROM_OWNER, i),
				   dev->want.fd[i].mode);
	return vhi_apply(dev, &plan, VHI_APPLY_ALL_OR_NONE);
}

static int own_all(struct vhc_dev *dev)
{
	struct vhi_plan plan = { 0 };

	for (uint32_t i = 0; i < dev->want.fds; i++)
		vhi_plan_own(&plan, i, &dev->want.fd[i], &dev->have.fd[i], dev->kind->can_disown);
	return vhi_apply(dev, &plan, VHI_APPLY_ALL_OR_NONE);
}

static int claim(struct vhc_dev *dev)
{
	struct vhi_plan plan = { 0 };

	if (!dev->kind->plan_claim)
		return 0;
	dev->kind->plan_claim(dev, &plan);
	return vhi_apply(dev, &plan, VHI_APPLY_ALL_OR_NONE);
}

/* Worker mode and ownership are set on fresh fds, before anything else. */
static int prepare(struct vhc_dev *dev)
{
	int r = dev->want.fd[0].has_mode ? set_modes(dev) : 0;

	if (vhi_sys_is_unsupported(r))
		return vhi_dev_fail(
			dev, -ENOTTY, "VHOST_SET_FORK_FROM_OWNER",
			"leave the worker mode to the kernel",
			"this kernel does not support a choice of worker mode; Linux 6.18 "
			"and some 6.12 do (%s)",
			vhi_errname(-r));
	r = r ?: claim(dev);
	if (!r && dev->flags & VHC_DEV_OWN)
		r = own_all(dev);
	return r;
}

/* @r: of opening the fds. */
static int finish(struct vhc_dev *dev, int r, struct vhc_dev **ret)
{
	r = r ?: dev->backend->ask(dev, VHI_ASK_FEATURES);
	r = r ?: prepare(dev);
	if (r)
		vhc_dev_close(dev);
	else
		*ret = dev;
	return r;
}

VHC_EXPORT int vhc_dev_open(struct vhc_ctx *ctx, const char *id, const char *path,
			    const struct vhc_dev_args *args, struct vhc_dev **ret)
{
	struct vhc_dev *dev;
	int r = make(ctx, id, args, &vhi_backend_kernel, &dev);

	return r ?: finish(dev, dev->backend->open(dev, path), ret);
}

VHC_EXPORT int vhc_dev_open_fds(struct vhc_ctx *ctx, const char *id, const int *fds, uint32_t count,
				const struct vhc_dev_args *args, struct vhc_dev **ret)
{
	struct vhc_dev *dev;
	int r = make(ctx, id, args, &vhi_backend_kernel, &dev);

	if (r)
		return r;
	dev->shared = true;
	if (count != dev->want.fds)
		r = vhi_dev_fail(dev, -EINVAL, NULL, NULL,
				 "%u vhost fds for %u %s%s: each needs one", count, dev->want.fds,
				 dev->kind->fd_name, dev->want.fds == 1 ? "" : "s");
	return finish(dev, r ?: dev->backend->adopt(dev, fds), ret);
}

VHC_EXPORT int vhc_dev_open_caps(struct vhc_ctx *ctx, const char *id, const char *caps,
				 const struct vhc_dev_args *args, struct vhc_dev **ret)
{
	struct vhc_dev *dev;
	int r = make(ctx, id, args, &vhi_backend_caps, &dev);

	if (r)
		return r;
	r = dev->backend->open(dev, caps);
	if (r)
		vhc_dev_close(dev);
	else
		*ret = dev;
	return r;
}

VHC_EXPORT void vhc_dev_close(struct vhc_dev *dev)
{
	struct vhc_ctx *ctx;

	if (!dev)
		return;
	ctx = dev->ctx;
	/* the error of the call before is often still to be reported */
	vhi_ctx_hold_error(ctx);
	/* a forked child closes its fds, and touches nothing that is the owner's */
	if (!vhi_dev_in_child(dev)) {
		vhi_dev_log_used(dev);
		vhi_dev_release(dev);
	}
	vhi_events_close(dev);
	dev->backend->close(dev);
	vhi_dev_merge_dirty_log(dev);
	/* a VM releases the eventfds after vhost, while they are there */
	vhi_dev_unbind_kvm(dev);
	for (uint32_t i = 0; i < dev->want.rings; i++)
		vhi_ring_close_eventfds(dev, i);
	if (dev->mem)
		vhi_dev_detach_mem(dev, dev->mem);
	if (dev->kind->close)
		dev->kind->close(dev);
	vhi_iotlb_free(dev->iotlb);
	vhi_state_clear(&dev->want);
	vhi_state_clear(&dev->have);
	vhi_ctx_release_error(ctx);
	vhi_ctx_unref(ctx);
	free(dev);
}

/* ------------------------------------------------------------------------- what is behind a device */

VHC_EXPORT int vhc_dev_get_fd(struct vhc_dev *dev, uint32_t pair)
{
	const char *name = dev->kind->fd_name;
	int r = vhi_dev_check_fd(dev, pair), fd;

	if (r)
		return r;
	if (dev->have.fd[pair].owned)
		return vhi_dev_fail(dev, -EBUSY, NULL, "pass it on before the first start",
				    "the vhost fd of %s %u is owned by this process: no other "
				    "process could use it",
				    name, pair);
	fd = dev->backend->fd(dev, pair);
	return fd >= 0 ? fd
		       : vhi_dev_fail(dev, -EINVAL, NULL, NULL, "%s %u: it has no vhost fd", name,
				      pair);
}

VHC_EXPORT int vhc_dev_get_info(const struct vhc_dev *dev, struct vhc_dev_info *ret)
{
	struct vhc_dev_info info = { sizeof(info), dev->want.rings, dev->offers->max_regions,
				     vhi_dev_can(dev) };

	return VHI_COPY_RET(dev->ctx, vhc_dev_info, ret, &info);
}
