/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * world - what the list of calls works on: a kernel, fds by name, memory, and the argument of the call.
 */
#ifndef TESTS_CONFORMANCE_WORLD_H
#define TESTS_CONFORMANCE_WORLD_H

#include <linux/kvm.h>
#include <net/if.h>

#include "conformance.h"
#include "syscall/sys.h"
#include "syscall/uapi.h"

#define MANY_REGIONS 1000u
#define CLOSED_FD    900

struct world {
	const struct vhi_sys_ops *sys;
	void *data;
	uint64_t ram; /* where it is */
	uint32_t number;
	int fds[SLOTS];
	int32_t task; /* the last worker that was seen */
	/* the argument of one ioctl, whatever it is */
	union {
		uint8_t u8;
		int32_t word;
		uint64_t u64[16];
		struct vhost_vring_state state;
		struct vhost_vring_file file;
		struct vhost_vring_addr addr;
		struct ifreq ifr;
		struct kvm_ioeventfd doorbell;
		struct kvm_irqfd interrupt;
	} arg;
	uint64_t memory[1 + 4 * MANY_REGIONS]; /* struct vhost_memory with its regions */
};

/* step.c: a step's fd by its name, its argument, and both as text on stdout. */
int step_fd(const struct world *world, uint64_t slot);
uint64_t step_address(const struct world *world, uint64_t value);
void *step_arg(struct world *world, const struct step *step);
void step_print(const struct step *step);
void step_print_out(const struct world *world, const struct step *step);

/* call.c: makes a step's call. */
int step_call(struct world *world, const struct step *step);

#endif
