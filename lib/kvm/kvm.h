/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * kvm - a ring's bindings to a VM, as the files that change its eventfds see them.
 */
#ifndef LIB_KVM_H
#define LIB_KVM_H

#include "ring/binding.h"
#include "plan/plan.h"

struct vhc_ctx;
struct vhc_dev;

/* A VM of the caller's, by a duplicate of its fd: one for all bindings of a context. */
struct vhc_vm {
	uint32_t refs;
	int fd;
};

/**
 * vhc_vm_get() - the VM of an fd, known or new.  @ring is for the text.
 * Errors: -EINVAL no VM's fd, found out without changing anything; -EIO of another process.
 */
int vhc_vm_get(struct vhc_dev *dev, uint32_t ring, int fd, struct vhc_vm **ret);
void vhc_vm_unref(struct vhc_ctx *ctx, struct vhc_vm *vm);
/** vhc_vm_count_gsis() - how many the VM can have; 0 where that cannot be asked. */
int vhc_vm_count_gsis(struct vhc_dev *dev, uint32_t ring, const struct vhc_vm *vm, uint32_t *ret);

/** vhc_kvm_execute() - one operation of a plan; the binding knows afterwards what KVM has. */
int vhc_kvm_execute(struct vhc_dev *dev, struct vhc_op *op);

/** vhc_kvm_plan() - one step: give a binding to KVM with this eventfd, or take it off. */
void vhc_kvm_plan(struct vhc_plan *plan, struct vhc_binding *binding, int file, bool assign);

/**
 * vhc_kvm_plan_move() - all of a ring's bindings of a kind from the eventfd that they have to this
 * one, or to none.  Returns whether there are any.
 */
bool vhc_kvm_plan_move(struct vhc_plan *plan, const struct vhc_dev *dev, uint32_t ring,
		       enum vhc_binding_kind kind, int file);

/* A binding is in its context's list from vhc_kvm_list_add() to vhc_kvm_list_del(). */
void vhc_kvm_list_add(struct vhc_binding *binding);
void vhc_kvm_list_del(struct vhc_binding *binding);
void vhc_kvm_binding_free(struct vhc_binding *binding);

/**
 * vhc_kvm_adopt_eventfd() - take over an eventfd that a ring will not have after all, if KVM still has it, as
 * it does when an undo failed: without it nothing could be taken off.
 */
bool vhc_kvm_adopt_eventfd(struct vhc_dev *dev, int file);

/**
 * vhc_ring_unbind_kvm() - take a ring's bindings off, after vhost let go of its eventfds and before they
 * close.  @ring: VHC_NO_RING for all.  Takes off all it can, and returns the first error; what is left
 * is tried again by the next call.
 */
int vhc_ring_unbind_kvm(struct vhc_dev *dev, uint32_t ring);
/** vhc_dev_unbind_kvm() - of all rings; what cannot be taken off is forgotten too: the device ends. */
void vhc_dev_unbind_kvm(struct vhc_dev *dev);

#endif
