/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * kvm - doorbells and interrupts: a ring's eventfds bound to a VM, which then rings and is rung
 * without leaving the kernel.  Bindings follow the eventfds, whatever phase the ring is in.
 */
#include <errno.h>
#include <linux/kvm.h>
#include <stdlib.h>

#include "dev.h"
#include "kvm/kvm.h"

static int doorbell(struct vhc_ctx *ctx, const struct vhc_binding *b, int file, bool assign)
{
	const struct vhc_ioeventfd *bell = &b->doorbell;
	struct kvm_ioeventfd arg = {
		.datamatch = bell->datamatch, .addr = bell->addr, .len = bell->len, .fd = file
	};

	if (bell->flags & VHC_IOEVENTFD_PIO)
		arg.flags |= KVM_IOEVENTFD_FLAG_PIO;
	if (bell->flags & VHC_IOEVENTFD_DATAMATCH)
		arg.flags |= KVM_IOEVENTFD_FLAG_DATAMATCH;
	if (!assign)
		arg.flags |= KVM_IOEVENTFD_FLAG_DEASSIGN;
	return vhc_sys_ioctl(&ctx->sys, b->vm->fd, KVM_IOEVENTFD, &arg);
}

/* Here the kernel's EAGAIN has our meaning: not yet.  arm64 says it of its interrupt controller. */
static int interrupt(struct vhc_ctx *ctx, const struct vhc_binding *b, int file, bool assign)
{
	const struct vhc_irqfd *irq = &b->interrupt;
	struct kvm_irqfd arg = { .fd = (__u32)file, .gsi = irq->gsi };

	if (!assign) {
		arg.flags = KVM_IRQFD_FLAG_DEASSIGN;
		return vhc_sys_ioctl(&ctx->sys, b->vm->fd, KVM_IRQFD, &arg);
	}
	if (irq->flags & VHC_IRQFD_RESAMPLE) {
		arg.flags = KVM_IRQFD_FLAG_RESAMPLE;
		arg.resamplefd = (__u32)irq->resample_fd;
	}
	return vhc_sys_ioctl_raw(&ctx->sys, b->vm->fd, KVM_IRQFD, &arg);
}

/* What is off already, by whoever it was, need not be taken off. */
int vhc_kvm_execute(struct vhc_dev *dev, struct vhc_op *op)
{
	struct vhc_binding *b = op->kvm.binding;
	int r = b->kind == VHC_DOORBELL ? doorbell(dev->ctx, b, op->kvm.file, op->kvm.assign)
					: interrupt(dev->ctx, b, op->kvm.file, op->kvm.assign);

	if (r == -ENOENT && !op->kvm.assign)
		r = 0;
	if (!r)
		b->bound = op->kvm.assign ? op->kvm.file : VHC_FD_NONE;
	return r;
}

void vhc_kvm_plan(struct vhc_plan *plan, struct vhc_binding *b, int file, bool assign)
{
	struct vhc_op op = {
		.kind = b->kind == VHC_DOORBELL ? VHC_OP_IOEVENTFD : VHC_OP_IRQFD,
		.fd = b->ring / VHC_NET_RINGS_PER_FD,
		.ring = b->ring,
		.kvm = { b, file, assign },
	};
	struct vhc_op undo = op;

	undo.kvm.assign = !assign;
	vhc_plan_one(plan, &op, &undo);
}

bool vhc_kvm_plan_move(struct vhc_plan *plan, const struct vhc_dev *dev, uint32_t ring,
		       enum vhc_binding_kind kind, int file)
{
	bool any = false;

	for (struct vhc_binding *b = dev->ctx->bindings; b; b = b->next) {
		if (b->dev != dev || b->ring != ring || b->kind != kind)
			continue;
		any = true;
		if (b->bound >= 0)
			vhc_kvm_plan(plan, b, b->bound, false);
		if (file >= 0)
			vhc_kvm_plan(plan, b, file, true);
	}
	return any;
}

/* ------------------------------------------------------------------------------------- the list */

void vhc_kvm_list_add(struct vhc_binding *b)
{
	b->next = b->dev->ctx->bindings;
	b->dev->ctx->bindings = b;
}

void vhc_kvm_list_del(struct vhc_binding *b)
{
	struct vhc_binding **at = &b->dev->ctx->bindings;

	while (*at != b)
		at = &(*at)->next;
	*at = b->next;
}

void vhc_kvm_binding_free(struct vhc_binding *b)
{
	if (b->kind == VHC_INTERRUPT)
		vhc_sys_close(&b->dev->ctx->sys, &b->interrupt.resample_fd);
	vhc_sys_close(&b->dev->ctx->sys, &b->own);
	vhc_vm_unref(b->dev->ctx, b->vm);
	free(b);
}

bool vhc_kvm_adopt_eventfd(struct vhc_dev *dev, int file)
{
	struct vhc_binding *b = dev->ctx->bindings;

	while (b && (b->dev != dev || b->bound != file))
		b = b->next;
	if (!b)
		return false;
	vhc_sys_close(&dev->ctx->sys, &b->own); /* of a failure before: KVM has another one now */
	b->own = file;
	return true;
}
