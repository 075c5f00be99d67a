/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cpu - the CPU time of a launcher, its broker and the kernel's vhost workers.  A worker is called after its
 * owner's pid: a kernel thread of its own in Linux 6.1, a thread of its owner since.
 */
#ifndef CPU_H
#define CPU_H

/* One has no broker: then it is 0. */
struct cpu_user {
	int launcher, broker;
};

/** cpu_ns() - what all their threads have used so far. */
double cpu_ns(const struct cpu_user *user);

/** cpu_pin() - launchers run on one CPU; brokers, workers and the caller on another. */
void cpu_pin(const struct cpu_user *user);

#endif
