/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * kvm - the third part of the list: eventfds by themselves, and bound to VMs.
 */
#include <linux/kvm.h>

#include "conformance.h"
#include "syscall/uapi.h"

#define PIO	 KVM_IOEVENTFD_FLAG_PIO
#define MATCH	 KVM_IOEVENTFD_FLAG_DATAMATCH
#define OFF	 KVM_IOEVENTFD_FLAG_DEASSIGN
#define IRQ_OFF	 KVM_IRQFD_FLAG_DEASSIGN
#define RESAMPLE KVM_IRQFD_FLAG_RESAMPLE
#define HAS(...) VALUE(__VA_ARGS__)

const struct step steps_kvm[] = {
	/* an eventfd's counter */
	STEP_CLOSE(E),
	STEP_CLOSE(F),
	STEP_EVENTFD(E),
	STEP_EVENTFD(F),
	STEP_NAME(E),
	STEP_NAME(N),
	STEP_NAME(CLOSED),
	STEP_POLL(E),
	STEP_DRAIN(E),
	STEP_SIGNAL(E),
	STEP_SIGNAL(E),
	STEP_POLL(E),
	STEP_POLL(F),
	STEP_DRAIN(E),
	STEP_DRAIN(E),
	STEP_POLL(E),
	STEP_SIGNAL(CLOSED),
	STEP_POLL(CLOSED),
	STEP_DRAIN(CLOSED),

	/* who is a VM */
	STEP_OPEN(K, "/dev/kvm"),
	STEP_STAT(K),
	STEP_NAME(K),
	STEP_MAKE(K, KVM_CREATE_VM, M),
	STEP_MAKE(K, KVM_CREATE_VM, W),
	STEP_STAT(M),
	STEP_NAME(M),
	STEP_SAME(M, W),
	STEP_DUP(M, D),
	STEP_SAME(M, D),
	STEP_CLOSE(D),
	HAS(K, KVM_CHECK_EXTENSION, KVM_CAP_IOEVENTFD),
	HAS(M, KVM_CHECK_EXTENSION, KVM_CAP_IOEVENTFD),
	HAS(M, KVM_CHECK_EXTENSION, KVM_CAP_IRQFD),
	HAS(M, KVM_CHECK_EXTENSION, KVM_CAP_IRQFD_RESAMPLE),
	HAS(M, KVM_CHECK_EXTENSION, KVM_CAP_IRQ_ROUTING),
	HAS(M, KVM_CHECK_EXTENSION, 9999),
	HAS(E, KVM_CHECK_EXTENSION, KVM_CAP_IOEVENTFD),
	HAS(N, KVM_CHECK_EXTENSION, KVM_CAP_IOEVENTFD),
	HAS(S, KVM_CHECK_EXTENSION, KVM_CAP_IOEVENTFD),
	HAS(CLOSED, KVM_CHECK_EXTENSION, KVM_CAP_IOEVENTFD),
	BELL(K, E, 0xc050, 2, PIO),
	GET64(M, _IOR(VHOST_VIRTIO, 0x7f, __u64)),

	/* doorbells: widths, ranges, flags */
	UNREADABLE(M, KVM_IOEVENTFD),
	BELL(M, CLOSED, 0xc050, 2, PIO),
	BELL(M, N, 0xc050, 2, PIO),
	BELL(M, E, 0xc050, 3, PIO),
	BELL(M, E, 0xc050, 16, PIO),
	BELL(M, E, 0xc050, 2, PIO | 0x10),
	BELL(M, E, 0xffffffffffffffff, 2, 0),
	BELL(M, E, 0xfffffffffffffffe, 2, 0),
	BELL(M, E, 0xc050, 0, PIO | MATCH),
	BELL(M, E, 0x10050, 8, PIO),
	BELL(M, E, 0x10050, 8, PIO | OFF),
	BELL(M, E, 0xc050, 1, PIO | MATCH, 0x100),
	BELL(M, E, 0xc050, 1, PIO | MATCH | OFF, 0x100),
	BELL(M, E, 0xc050, 0, PIO),
	BELL(M, E, 0xc050, 0, PIO | OFF),

	/* which two are in each other's way */
	BELL(M, E, 0xc050, 2, PIO | MATCH, 3),
	BELL(M, E, 0xc050, 2, PIO | MATCH, 3),
	BELL(M, F, 0xc050, 2, PIO | MATCH, 3),
	BELL(M, F, 0xc050, 2, PIO | MATCH, 4),
	BELL(M, F, 0xc050, 2, PIO),
	BELL(M, F, 0xc050, 0, PIO),
	BELL(M, F, 0xc050, 1, PIO | MATCH, 3),
	BELL(M, F, 0xc050, 4, PIO),
	BELL(M, F, 0xc051, 2, PIO | MATCH, 3),
	BELL(M, F, 0xc050, 2, MATCH, 3),
	BELL(W, F, 0xc050, 2, PIO | MATCH, 3),
	BELL(M, E, 0xfe000000, 0, 0),
	BELL(M, F, 0xfe000000, 4, 0),
	BELL(M, F, 0xfe000000, 0, 0),
	BELL(M, F, 0xfe000004, 8, 0),

	/* taking off: what is not the same in each field is not there */
	BELL(M, F, 0xc050, 2, PIO | MATCH | OFF, 3),
	BELL(M, E, 0xc050, 2, PIO | OFF, 3),
	BELL(M, E, 0xc050, 4, PIO | MATCH | OFF, 3),
	BELL(M, E, 0xc050, 2, PIO | MATCH | OFF, 5),
	BELL(M, CLOSED, 0xc050, 2, PIO | MATCH | OFF, 3),
	BELL(M, E, 0xc050, 2, PIO | MATCH | OFF, 3),
	BELL(M, E, 0xc050, 2, PIO | MATCH | OFF, 3),
	BELL(M, F, 0xc050, 2, PIO),
	BELL(M, F, 0xc050, 2, PIO | MATCH | OFF, 4),
	BELL(M, F, 0xc050, 2, PIO),
	BELL(M, F, 0xc050, 2, PIO | OFF),
	BELL(M, E, 0xfe000000, 0, OFF),
	BELL(M, F, 0xfe000000, 4, 0),
	BELL(M, F, 0xfe000000, 4, OFF),

	/* an eventfd that is closed is still in its VM's way */
	STEP_EVENTFD(D),
	BELL(M, D, 0xd000, 2, PIO),
	STEP_CLOSE(D),
	BELL(M, E, 0xd000, 2, PIO),

	/* interrupts */
	IRQ(M, E, 5),
	VALUE(M, KVM_CREATE_IRQCHIP, 0),
	VALUE(M, KVM_CREATE_IRQCHIP, 0),
	UNREADABLE(M, KVM_IRQFD),
	IRQ(M, CLOSED, 5),
	IRQ(M, N, 5),
	IRQ(M, E, 5, 0x10),
	IRQ(M, E, 5),
	IRQ(M, E, 5),
	IRQ(M, E, 6),
	IRQ(M, F, 5),
	STEP_SIGNAL(E),
	STEP_DRAIN(E),
	IRQ(M, E, 6, IRQ_OFF),
	STEP_SIGNAL(E),
	STEP_DRAIN(E),
	IRQ(M, E, 5, IRQ_OFF),
	IRQ(M, E, 5, IRQ_OFF),
	IRQ(M, CLOSED, 5, IRQ_OFF),
	STEP_SIGNAL(E),
	IRQ(M, E, 5),
	STEP_DRAIN(E),
	STEP_SIGNAL(E),
	STEP_DRAIN(E),
	IRQ(M, E, 5, IRQ_OFF),
	IRQ(M, E, 9999),
	IRQ(M, E, 9999, IRQ_OFF),

	/* of one eventfd in two VMs */
	VALUE(W, KVM_CREATE_IRQCHIP, 0),
	IRQ(M, E, 5),
	IRQ(W, E, 5),
	IRQ(W, E, 5, IRQ_OFF),
	IRQ(M, E, 5, IRQ_OFF),

	/* with a resample eventfd */
	STEP_EVENTFD(A),
	IRQ(M, E, 7, RESAMPLE, CLOSED),
	IRQ(M, E, 7, RESAMPLE, N),
	IRQ(M, E, 7, RESAMPLE, A),
	IRQ(M, E, 7, RESAMPLE, A),
	IRQ(M, E, 7, IRQ_OFF),
	IRQ(M, E, 7),
	IRQ(M, E, 7, IRQ_OFF),
	STEP_CLOSE(A),

	/* an irqfd goes with its eventfd */
	STEP_EVENTFD(D),
	IRQ(M, D, 9),
	STEP_CLOSE(D),
	IRQ(M, F, 5, IRQ_OFF),

	/* a vCPU is no VM */
	STEP_MAKE(M, KVM_CREATE_VCPU, P),
	STEP_NAME(P),
	STEP_STAT(P),
	HAS(P, KVM_CHECK_EXTENSION, KVM_CAP_IOEVENTFD),
	BELL(P, E, 0xe000, 2, PIO),
	GET64(P, _IOR(VHOST_VIRTIO, 0x7f, __u64)),
	STEP_CLOSE(P),
	STEP_CLOSE(W),
	STEP_CLOSE(M),
	STEP_CLOSE(K),
};

const uint32_t steps_kvm_count = sizeof(steps_kvm) / sizeof(steps_kvm[0]);
