/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * binding - a ring and a KVM VM: a guest's doorbell that kicks the ring (an ioeventfd), or an interrupt
 * that the ring's call raises (an irqfd).
 */
#ifndef LIB_RING_BINDING_H
#define LIB_RING_BINDING_H

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
	/* the eventfd that KVM has; VHC_FD_NONE: requested, but the ring has no eventfd yet */
	int bound;
	int own; /* that eventfd, if an undo failed and only the binding keeps it open; else VHC_FD_NONE */
	union {
		struct vhc_ioeventfd doorbell;
		struct vhc_irqfd interrupt; /* resample_fd is a duplicate, or VHC_FD_NONE */
	};
};

/** vhc_doorbell_check() - can a guest do such a write?  Returns 0 or -EINVAL with the reason. */
int vhc_doorbell_check(const struct vhc_ioeventfd *args, struct vhc_refusal *err);

bool vhc_doorbell_same(const struct vhc_ioeventfd *a, const struct vhc_ioeventfd *b);

/**
 * vhc_doorbell_clash() - would a VM refuse the second of these?  As ioeventfd_check_collision() in
 * virt/kvm/eventfd.c: the same address, and a write that both match.
 */
bool vhc_doorbell_clash(const struct vhc_ioeventfd *a, const struct vhc_ioeventfd *b);

/** vhc_binding_text() - "port 0xc050, 2 bytes, value 0x3", "address 0xfebf1000, any width", "gsi 5". */
void vhc_binding_text(const struct vhc_binding *binding, char *text, size_t size);

#endif
