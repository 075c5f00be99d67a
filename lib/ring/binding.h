/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * binding - one tie between a ring and a KVM VM: a doorbell of the guest's that becomes a kick, or a
 * call that becomes an interrupt.  Ground floor: no system call; kvm.c makes and breaks them.
 */
#ifndef LIB_BINDING_H
#define LIB_BINDING_H

#include "text.h"
#include "vhostconfig.h"

struct vhc_dev;
struct vhc_vm;

enum vhc_binding_kind { VHC_DOORBELL, VHC_INTERRUPT };

struct vhc_binding {
	struct vhc_binding *next; /* of the context */
	enum vhc_binding_kind kind;
	struct vhc_dev *dev;
	uint32_t ring;
	struct vhc_vm *vm;
	/* the eventfd that KVM has; VHC_FD_NONE: it is wished, and waits for one */
	int bound;
	int own; /* that one, where nobody else keeps it open: an undo failed; else VHC_FD_NONE */
	union {
		struct vhc_ioeventfd doorbell;
		struct vhc_irqfd interrupt; /* resample_fd is ours, or VHC_FD_NONE */
	};
};

/** vhc_doorbell_check() - can a guest write this at all?  Returns 0 or -EINVAL with the reason. */
int vhc_doorbell_check(const struct vhc_ioeventfd *args, struct vhc_refusal *err);

/** vhc_doorbell_same() - the same in every field. */
bool vhc_doorbell_same(const struct vhc_ioeventfd *a, const struct vhc_ioeventfd *b);

/**
 * vhc_doorbell_clash() - would one VM refuse the second of these?  As ioeventfd_check_collision() in
 * virt/kvm/eventfd.c: one address, and a write that both would take.
 */
bool vhc_doorbell_clash(const struct vhc_ioeventfd *a, const struct vhc_ioeventfd *b);

/** vhc_binding_text() - "port 0xc050, 2 bytes, value 0x3", "address 0xfebf1000, any width", "gsi 5". */
void vhc_binding_text(const struct vhc_binding *binding, char *text, size_t size);

#endif
