/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tuning - the part of the list about what a host tunes: how long a ring's worker polls,
 * which thread that is, where and how it runs.  Comes first: a worker that ended may be seen for a
 * moment longer.
 */
#include <linux/if_tun.h>
#include <net/if.h>
#include <sched.h>

#include "conformance.h"
#include "syscall/uapi.h"

const struct step steps_tuning[] = {
	STEP_TASKS,
	STEP_OPEN(A, "/dev/vhost-net"),
	STEP_OPEN(B, "/dev/vhost-net"),

	/* polling: not without an owner, then any number, of a ring that does not run */
	BUSYLOOP(A, 0, 50),
	GETBUSYLOOP(A, 0),
	OWNER(A),
	STEP_TASKS,
	GETBUSYLOOP(A, 0),
	BUSYLOOP(A, 0, 50),
	GETBUSYLOOP(A, 0),
	GETBUSYLOOP(A, 1),
	BUSYLOOP(A, 1, 0xffffffff),
	GETBUSYLOOP(A, 1),
	BUSYLOOP(A, 2, 50),
	GETBUSYLOOP(A, 2),
	UNREADABLE(A, VHOST_SET_VRING_BUSYLOOP_TIMEOUT),
	UNREADABLE(A, VHOST_GET_VRING_BUSYLOOP_TIMEOUT),

	/* of one that runs */
	STEP_OPEN(T, "/dev/net/tun"),
	LINK(T, TUNSETIFF, "vhctest0", TAP),
	TABLE(A, 1, 0, 0, RAM_SIZE, RAM),
	NUM(A, 0, 256),
	GOOD_RING(A, 0),
	BACKEND(A, 0, T),
	BUSYLOOP(A, 0, 20),
	GETBUSYLOOP(A, 0),
	SET64(A, VHOST_SET_FEATURES, 1ull << 32),
	GETBUSYLOOP(A, 0),
	BACKEND(A, 0, NONE),
	GETBUSYLOOP(A, 0),

	/* the worker of the first device */
	STEP_CPUS(1),
	STEP_CPUS(1ull << 40 | 2),
	STEP_CPUS(1ull << 40),
	STEP_CPUS(0),
	STEP_SCHED(SCHED_FIFO, 5),
	STEP_SCHED(SCHED_FIFO, 0),
	STEP_SCHED(SCHED_FIFO, 100),
	STEP_SCHED(SCHED_RR, 99),
	STEP_SCHED(SCHED_BATCH, 1),
	STEP_SCHED(SCHED_BATCH, 0),
	STEP_SCHED(SCHED_IDLE, 0),
	STEP_SCHED(4, 0),
	STEP_SCHED(77, 0),
	STEP_SCHED(SCHED_OTHER, -1),
	STEP_SCHED(SCHED_OTHER, 0),

	/* of a second one, as a kernel thread where that can be chosen; in the end of none */
	SET8(B, VHI_SET_FORK_FROM_OWNER, VHI_FORK_KTHREAD),
	OWNER(B),
	STEP_TASKS,
	STEP_CPUS(2),
	STEP_SCHED(SCHED_FIFO, 1),
	STEP_NOBODY,
	STEP_CPUS(1),
	STEP_SCHED(SCHED_OTHER, 0),

	/* what a device forgets with its owner */
	BUSYLOOP(B, 1, 30),
	RESET(B),
	GETBUSYLOOP(B, 1),
	GET8(B, VHI_GET_FORK_FROM_OWNER),
	OWNER(B),
	GETBUSYLOOP(B, 1),
	STEP_CLOSE(B),
	STEP_CLOSE(A),
	STEP_CLOSE(T),
};

const uint32_t steps_tuning_count = sizeof(steps_tuning) / sizeof(steps_tuning[0]);
