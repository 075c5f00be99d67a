/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * kvm - the bindings between rings and KVM VMs.
 *
 * This room gives eventfds to KVM as ioeventfds and irqfds, and takes them back, one operation of a plan
 * at a time, and keeps the list of bindings and the VMs' fds.  It applies no plan: device/ring-kvm.c
 * decides when a binding changes.
 */
#ifndef LIB_KVM_KVM_H
#define LIB_KVM_KVM_H

#include "ring/binding.h"
#include "plan/plan.h"

struct vhc_ctx;
struct vhc_dev;

/* A duplicate of the VM's fd, shared by all bindings of a context. */
struct vhi_vm {
	uint32_t refs;
	int fd;
};

/**
 * vhi_vm_get() - a reference to the VM of an fd, known or new.  @ring is for the text.
 * Errors: -EINVAL not a VM's fd, found out without changing anything; -EIO a VM of another process.
 */
int vhi_vm_get(struct vhc_dev *dev, uint32_t ring, int fd, struct vhi_vm **ret);
void vhi_vm_unref(struct vhc_ctx *ctx, struct vhi_vm *vm);
/** vhi_vm_count_gsis() - how many the VM can have; 0 where KVM does not tell. */
int vhi_vm_count_gsis(struct vhc_dev *dev, uint32_t ring, const struct vhi_vm *vm, uint32_t *ret);

/** vhi_kvm_execute() - one operation of a plan; records in the binding what KVM has. */
int vhi_kvm_execute(struct vhc_dev *dev, struct vhi_op *op);

/** vhi_kvm_plan() - one step: assign a binding with this eventfd, or deassign it. */
void vhi_kvm_plan(struct vhi_plan *plan, struct vhi_binding *binding, int file, bool assign);

/**
 * vhi_kvm_plan_move() - move all of a ring's bindings of a kind from the eventfd that they have to this
 * one, or to none.  Returns whether there are any.
 */
bool vhi_kvm_plan_move(struct vhi_plan *plan, const struct vhc_dev *dev, uint32_t ring,
		       enum vhi_binding_kind kind, int file);

/* The list of a context's bindings. */
void vhi_kvm_list_add(struct vhi_binding *binding);
void vhi_kvm_list_del(struct vhi_binding *binding);
void vhi_kvm_binding_free(struct vhi_binding *binding);

/**
 * vhi_kvm_adopt_eventfd() - keep an eventfd open that the ring will not use after all, if KVM still has
 * it because an undo failed: only with it can the binding be deassigned.
 */
bool vhi_kvm_adopt_eventfd(struct vhc_dev *dev, int file);

/**
 * vhi_ring_unbind_kvm() - deassign a ring's bindings, after vhost has released its eventfds and before
 * they are closed.  @ring: VHI_NO_RING for all.  Does as much as it can, and returns the first error;
 * the next call tries the rest again.
 */
int vhi_ring_unbind_kvm(struct vhc_dev *dev, uint32_t ring);
/** vhi_dev_unbind_kvm() - all rings, for the close of the device: frees even what cannot be deassigned. */
void vhi_dev_unbind_kvm(struct vhc_dev *dev);

#endif
