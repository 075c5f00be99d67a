/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * kvm - ioeventfds and irqfds: with a ring's eventfds in KVM, kicks and interrupts stay in the kernel.
 * Bindings follow the eventfds, in every phase of the ring.
 */
#include <errno.h>
#include <linux/kvm.h>
#include <stdlib.h>

#include "dev.h"
#include "kvm/kvm.h"

static int set_ioeventfd(struct vhc_ctx *ctx, const struct vhc_binding *b, int file, bool assign)
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

/* EAGAIN has the API's meaning here: not yet.  arm64 returns it before its interrupt controller exists. */
static int set_irqfd(struct vhc_ctx *ctx, const struct vhc_binding *b, int file, bool assign)
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

/* ENOENT: already deassigned, by the caller or with the VM. */
int vhc_kvm_execute(struct vhc_dev *dev, struct vhc_op *op)
{
	struct vhc_binding *b = op->kvm.binding;
	int r = b->kind == VHC_DOORBELL ? set_ioeventfd(dev->ctx, b, op->kvm.file, op->kvm.assign)
					: set_irqfd(dev->ctx, b, op->kvm.file, op->kvm.assign);

	if (r == -ENOENT && !op->kvm.assign)
		r = 0;
	if (!r)
		b->bound = op->kvm.assign ? op->kvm.file : VHC_FD_NONE;
	return r;
}

void vhc_kvm_plan(struct vhc_plan *plan, struct vhc_binding *b, int file, bool assign)
{
	struct vhc_op op = vhc_op_ring(
		&b->dev->have, b->kind == VHC_DOORBELL ? VHC_OP_IOEVENTFD : VHC_OP_IRQFD, b->ring);
	struct vhc_op undo;

	op.kvm.binding = b;
	op.kvm.file = file;
	op.kvm.assign = assign;
	undo = op;
	undo.kvm.assign = !assign;
	vhc_plan_add_step(plan, &op, &undo);
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
	vhc_sys_close(&dev->ctx->sys, &b->own); /* of an earlier failure: KVM has another one now */
	b->own = file;
	return true;
}
