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

static int set_ioeventfd(struct vhc_ctx *ctx, const struct vhi_binding *b, int file, bool assign)
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
	return vhi_sys_ioctl(&ctx->sys, b->vm->fd, KVM_IOEVENTFD, &arg);
}

/* EAGAIN has the API's meaning here: not yet.  arm64 returns it before its interrupt controller exists. */
static int set_irqfd(struct vhc_ctx *ctx, const struct vhi_binding *b, int file, bool assign)
{
	const struct vhc_irqfd *irq = &b->interrupt;
	struct kvm_irqfd arg = { .fd = (__u32)file, .gsi = irq->gsi };

	if (!assign) {
		arg.flags = KVM_IRQFD_FLAG_DEASSIGN;
		return vhi_sys_ioctl(&ctx->sys, b->vm->fd, KVM_IRQFD, &arg);
	}
	if (irq->flags & VHC_IRQFD_RESAMPLE) {
		arg.flags = KVM_IRQFD_FLAG_RESAMPLE;
		arg.resamplefd = (__u32)irq->resample_fd;
	}
	return vhi_sys_ioctl_raw(&ctx->sys, b->vm->fd, KVM_IRQFD, &arg);
}

/* ENOENT: already deassigned, by the caller or with the VM. */
int vhi_kvm_execute(struct vhc_dev *dev, struct vhi_op *op)
{
	struct vhi_binding *b = op->kvm.binding;
	int r = b->kind == VHI_DOORBELL ? set_ioeventfd(dev->ctx, b, op->kvm.file, op->kvm.assign)
					: set_irqfd(dev->ctx, b, op->kvm.file, op->kvm.assign);

	if (r == -ENOENT && !op->kvm.assign)
		r = 0;
	if (!r)
		b->bound = op->kvm.assign ? op->kvm.file : VHI_FD_NONE;
	return r;
}

void vhi_kvm_plan(struct vhi_plan *plan, struct vhi_binding *b, int file, bool assign)
{
	struct vhi_op op = vhi_op_ring(
		&b->dev->have, b->kind == VHI_DOORBELL ? VHI_OP_IOEVENTFD : VHI_OP_IRQFD, b->ring);
	struct vhi_op undo;

	op.kvm.binding = b;
	op.kvm.file = file;
	op.kvm.assign = assign;
	undo = op;
	undo.kvm.assign = !assign;
	vhi_plan_add_step(plan, &op, &undo);
}

bool vhi_kvm_plan_move(struct vhi_plan *plan, const struct vhc_dev *dev, uint32_t ring,
		       enum vhi_binding_kind kind, int file)
{
	bool any = false;

	for (struct vhi_binding *b = dev->ctx->bindings; b; b = b->next) {
		if (b->dev != dev || b->ring != ring || b->kind != kind)
			continue;
		any = true;
		if (b->bound >= 0)
			vhi_kvm_plan(plan, b, b->bound, false);
		if (file >= 0)
			vhi_kvm_plan(plan, b, file, true);
	}
	return any;
}

/* ------------------------------------------------------------------------------------- the list */

void vhi_kvm_list_add(struct vhi_binding *b)
{
	b->next = b->dev->ctx->bindings;
	b->dev->ctx->bindings = b;
}

void vhi_kvm_list_del(struct vhi_binding *b)
{
	struct vhi_binding **at = &b->dev->ctx->bindings;

	while (*at != b)
		at = &(*at)->next;
	*at = b->next;
}

void vhi_kvm_binding_free(struct vhi_binding *b)
{
	if (b->kind == VHI_INTERRUPT)
		vhi_sys_close(&b->dev->ctx->sys, &b->interrupt.resample_fd);
	/* KVM may have it in another binding, too, which can be removed only with it */
	if (b->own < 0 || !vhi_kvm_adopt_eventfd(b->dev, b->own))
		vhi_sys_close(&b->dev->ctx->sys, &b->own);
	vhi_vm_unref(b->dev->ctx, b->vm);
	free(b);
}

bool vhi_kvm_adopt_eventfd(struct vhc_dev *dev, int file)
{
	struct vhi_binding *b = dev->ctx->bindings;

	while (b && (b->dev != dev || b->bound != file))
		b = b->next;
	if (!b)
		return false;
	vhi_sys_close(&dev->ctx->sys, &b->own); /* of an earlier failure: KVM has another one now */
	b->own = file;
	return true;
}
