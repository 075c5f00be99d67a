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
struct vhi_vm;

enum vhi_binding_kind { VHI_DOORBELL, VHI_INTERRUPT };

struct vhi_binding {
	struct vhi_binding *next; /* of the context */
	enum vhi_binding_kind kind;
	struct vhc_dev *dev;
	uint32_t ring;
	struct vhi_vm *vm;
	/* the eventfd that KVM has; VHI_FD_NONE: requested, but the ring has no eventfd yet */
	int bound;
	int own; /* that eventfd, if an undo failed and only the binding keeps it open; else VHI_FD_NONE */
	union {
		struct vhc_ioeventfd doorbell;
		struct vhc_irqfd interrupt; /* resample_fd is a duplicate, or VHI_FD_NONE */
	};
};

/** vhi_doorbell_check() - can a guest do such a write?  Returns 0 or -EINVAL with the reason. */
int vhi_doorbell_check(const struct vhc_ioeventfd *args, struct vhi_refusal *err);

bool vhi_doorbell_same(const struct vhc_ioeventfd *a, const struct vhc_ioeventfd *b);

/**
 * vhi_doorbell_clash() - would a VM refuse the second of these?  As ioeventfd_check_collision() in
 * virt/kvm/eventfd.c: the same address, and a write that both match.
 */
bool vhi_doorbell_clash(const struct vhc_ioeventfd *a, const struct vhc_ioeventfd *b);

/** vhi_binding_text() - "port 0xc050, 2 bytes, value 0x3", "address 0xfebf1000, any width", "gsi 5". */
void vhi_binding_text(const struct vhi_binding *binding, char *text, size_t size);

#endif
