/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * guest - a VM with one vCPU that halts, and counts how often IRQ 5 wakes it.  Failures end the program.
 */
#ifndef GUEST_H
#define GUEST_H

#include <err.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#define GUEST_IRQ    5
#define GUEST_CODE   0x400
#define GUEST_COUNT  0x600 /* 32 bits */
#define GUEST_STACK  0x1000
#define GUEST_VECTOR (0x20 + GUEST_IRQ)

/* clang-format off */
__asm__(
	".pushsection .rodata\n"
	".intel_syntax noprefix\n"
	".code16\n"
	"guest_begin:\n"
	"	mov al, 0x11;  out 0x20, al\n"	/* IRQ 0 is vector 0x20, and all but 5 are off */
	"	mov al, 0x20;  out 0x21, al\n"
	"	mov al, 0x04;  out 0x21, al\n"
	"	mov al, 0x01;  out 0x21, al\n"
	"	mov al, 0xdf;  out 0x21, al\n"
	"	sti\n"
	"1:	hlt\n"
	"	jmp 1b\n"
	"guest_irq:\n"
	"	inc dword ptr [0x600]\n"
	"	mov al, 0x20;  out 0x20, al\n"
	"	iret\n"
	"guest_end:\n"
	".code64\n"
	".att_syntax prefix\n"
	".popsection\n");
/* clang-format on */

extern const unsigned char guest_begin[], guest_irq[], guest_end[];

struct guest {
	int kvm, vm, vcpu;
	unsigned char *ram;
	pthread_t thread;
};

static inline int guest_call(int fd, unsigned long request, uintptr_t arg)
{
	int r = ioctl(fd, request, arg);

	if (r < 0)
		err(1, "KVM ioctl 0x%lx", request);
	return r;
}

/* Halts forever.  If the emulated CPU crashes, the results of the tests are worthless. */
static void *guest_run(void *vcpu)
{
	int r = ioctl((int)(intptr_t)vcpu, KVM_RUN, NULL);

	printf("# the vCPU ended: KVM_RUN returned %d\n", r);
	fflush(stdout);
	return NULL;
}

static inline void guest_start(struct guest *guest)
{
	struct kvm_userspace_memory_region region = { .memory_size = 0x1000 };
	struct kvm_regs regs = { .rflags = 2, .rsp = GUEST_STACK };
	struct kvm_sregs sregs;
	uint16_t vector[2] = { (uint16_t)(guest_irq - guest_begin), GUEST_CODE >> 4 };

	guest->kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	guest->ram = mmap(NULL, 0x1000, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	memcpy(guest->ram + GUEST_CODE, guest_begin, (size_t)(guest_end - guest_begin));
	memcpy(guest->ram + 4 * GUEST_VECTOR, vector, sizeof(vector));
	region.userspace_addr = (uintptr_t)guest->ram;
	guest->vm = guest_call(guest->kvm, KVM_CREATE_VM, 0);
	guest_call(guest->vm, KVM_SET_TSS_ADDR, 0xfffbd000);
	guest_call(guest->vm, KVM_CREATE_IRQCHIP, 0);
	guest_call(guest->vm, KVM_SET_USER_MEMORY_REGION, (uintptr_t)&region);
	guest->vcpu = guest_call(guest->vm, KVM_CREATE_VCPU, 0);
	guest_call(guest->vcpu, KVM_GET_SREGS, (uintptr_t)&sregs);
	sregs.cs.base = GUEST_CODE;
	sregs.cs.selector = GUEST_CODE >> 4;
	guest_call(guest->vcpu, KVM_SET_SREGS, (uintptr_t)&sregs);
	guest_call(guest->vcpu, KVM_SET_REGS, (uintptr_t)&regs);
	if (pthread_create(&guest->thread, NULL, guest_run, (void *)(intptr_t)guest->vcpu))
		errx(1, "no thread for the vCPU");
}

/* How many interrupts it received. */
static inline uint32_t guest_count(const struct guest *guest)
{
	return __atomic_load_n((const uint32_t *)(guest->ram + GUEST_COUNT), __ATOMIC_ACQUIRE);
}

#endif
