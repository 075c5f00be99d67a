/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * kvm-rig - a device that is brought up beside a VM, for the tests of what binds the two.
 */
#ifndef TESTS_KVM_RIG_H
#define TESTS_KVM_RIG_H

#include "rig.h"

#define VM_PORT 0xc050u

struct guest {
	struct rig rig;
	struct fake_vm *vm; /* its fd is rig.vm */
};

/** guest_up() - a device of two pairs that runs, and a VM with an interrupt controller. */
void guest_up(struct guest *guest, const char *kernel);
/** guest_down() - nothing may be left. */
void guest_down(struct guest *guest);

/** guest_rings() - the guest writes 2 bytes to VM_PORT.  Does it stay inside? */
bool guest_rings(struct guest *guest, uint16_t value);
/** guest_bell() - a doorbell of 2 bytes at VM_PORT, for one value. */
struct vhc_ioeventfd guest_bell(uint16_t value);
/** guest_add() - that doorbell for a ring, its number being the value. */
int guest_add(struct guest *guest, uint32_t ring);
int guest_irq(struct guest *guest, uint32_t ring, uint32_t gsi);
/** guest_launcher() - the launcher does by itself what guest_add() does, with an eventfd of its own. */
int guest_launcher(struct guest *guest, int file, const struct vhc_ioeventfd *bell, bool on);
/** guest_kicks() - how often the ring was kicked and not read. */
int64_t guest_kicks(struct guest *guest, uint32_t ring);
/** guest_position() - of the n-th call of this name in the list of calls, from 0; it must be there. */
uint32_t guest_position(struct guest *guest, const char *name, uint32_t n);

#endif
