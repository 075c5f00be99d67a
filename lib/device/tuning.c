/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tune - what is the host's to choose and not the guest's: where and how a worker runs, how long it
 * polls, and which one runs a ring.  A reset by the guest does not forget it.
 */
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "device/apply.h"
#include "syscall/cpus.h"
#include "dev.h"
#include "kernel/kernel.h"
#include "memory/mem.h"
#include "tap/tap.h"
#include "text.h"

#define ONLINE_PATH "/sys/devices/system/cpu/online"

/* An owned device's worker is told at once; another one when ownership is taken. */
static int tell(struct vhc_dev *dev, struct vhc_op *op, uint32_t pair)
{
	op->fd = pair;
	op->ring = VHC_NO_RING;
	return dev->have.fd[pair].owned ? vhc_apply_one(dev, op, NULL) : 0;
}

/* A host without /sys is not asked: then the kernel says it, when it is told. */
static int check_online(struct vhc_dev *dev, const struct vhc_cpus *cpus)
{
	struct vhc_ctx *ctx = dev->ctx;
	char online[512], text[128];
	int r = cpus->words ? vhc_sys_read(&ctx->sys, ONLINE_PATH, online, sizeof(online)) : 0;

	vhc_cpus_format(cpus, text, sizeof(text));
	if (!cpus->words)
		return vhc_dev_fail(dev, -EINVAL, NULL, NULL,
				    "no processor is given for the worker to run on");
	if (r == -EMFILE || r == -ENFILE || r == -ENOMEM)
		return vhc_dev_fail(dev, r, NULL, NULL, ONLINE_PATH ": %s (%s)", strerror(-r),
				    vhc_errname(-r));
	if (r <= 0 || vhc_cpus_meet(cpus, online))
		return 0;
	online[strcspn(online, "\n")] = 0;
	return vhc_dev_fail(dev, -EINVAL, NULL, NULL,
			    "processors %s: none of them is online; these are: %s (" ONLINE_PATH
			    ")",
			    text, online);
}

VHC_EXPORT int vhc_dev_set_worker_cpus(struct vhc_dev *dev, uint32_t pair, const uint64_t *cpus,
				       uint32_t words)
{
	struct vhc_op op = { .kind = VHC_OP_WORKER_CPUS };
	int r = vhc_worker_check(dev, pair, -EINVAL);
	struct vhc_fd_state *want;
	struct vhc_cpus *set;

	if (!r && words > VHC_CPUS_WORDS)
		r = vhc_dev_fail(dev, -E2BIG, NULL, NULL,
				 "%u words of processors: at most %u are taken", words,
				 VHC_CPUS_WORDS);
	if (r)
		return r;
	want = &dev->want.fd[pair];
	set = vhc_cpus_new(cpus, words);
	if (!set)
		return vhc_dev_fail(dev, -ENOMEM, NULL, NULL, "no memory for processors");
	op.cpus = set;
	if (!want->cpus || !vhc_cpus_equal(want->cpus, set))
		r = check_online(dev, set) ?: tell(dev, &op, pair);
	if (r) {
		free(set);
		return r;
	}
	free(want->cpus);
	want->cpus = set;
	return 0;
}

/* Policies, and what priorities they have. */
static int check_sched(struct vhc_dev *dev, int32_t policy, int32_t priority)
{
	bool real_time = policy == SCHED_FIFO || policy == SCHED_RR;

	if (!real_time && policy != SCHED_OTHER && policy != SCHED_BATCH && policy != SCHED_IDLE)
		return vhc_dev_fail(dev, -EINVAL, NULL, NULL,
				    "scheduling policy %d: known are SCHED_OTHER (%d), SCHED_FIFO "
				    "(%d), SCHED_RR (%d), SCHED_BATCH (%d) and SCHED_IDLE (%d)",
				    policy, SCHED_OTHER, SCHED_FIFO, SCHED_RR, SCHED_BATCH,
				    SCHED_IDLE);
	if (real_time ? priority < 1 || priority > 99 : priority != 0)
		return vhc_dev_fail(dev, -EINVAL, NULL, NULL,
				    "priority %d: SCHED_FIFO and SCHED_RR have 1 to 99, the other "
				    "policies 0 only",
				    priority);
	return 0;
}

VHC_EXPORT int vhc_dev_set_worker_sched(struct vhc_dev *dev, uint32_t pair, int32_t policy,
					int32_t priority)
{
	struct vhc_op op = { .kind = VHC_OP_WORKER_SCHED,
			     .sched = { .policy = policy, .priority = priority } };
	int r = vhc_worker_check(dev, pair, -EINVAL);
	struct vhc_fd_state *want;

	r = r ?: check_sched(dev, policy, priority);
	if (r)
		return r;
	want = &dev->want.fd[pair];
	if (want->has_sched && want->policy == policy && want->priority == priority)
		return 0;
	r = tell(dev, &op, pair);
	if (r)
		return r;
	want->has_sched = true;
	want->policy = policy;
	want->priority = priority;
	return 0;
}

/*
 * While it polls, the worker holds on to the ring, and a stop waits for it (drivers/vhost/net.c,
 * vhost_net_busy_poll()).  The kernel takes 71 minutes, too.
 */
#define BUSYLOOP_MAX 1000000u

VHC_EXPORT int vhc_ring_set_busyloop(struct vhc_dev *dev, uint32_t ring, uint32_t us)
{
	uint32_t fd = ring / VHC_NET_RINGS_PER_FD, index = ring % VHC_NET_RINGS_PER_FD;
	struct vhc_op op = {
		.kind = VHC_OP_SET_VRING_BUSYLOOP, .fd = fd, .ring = ring, .value = us
	};
	struct vhc_ring_state *unused;
	int r = vhc_dev_ring(dev, ring, &unused);

	if (r)
		return r;
	if (us > BUSYLOOP_MAX)
		return vhc_dev_fail(dev, -EINVAL, NULL, NULL,
				    "ring %u: a busyloop of %u microseconds: at most %u, since a "
				    "stop waits for its end",
				    ring, us, BUSYLOOP_MAX);
	if (us && !(vhc_dev_can(dev) & VHC_CAN_BUSYLOOP))
		return vhc_dev_fail(dev, -ENOTTY, NULL, NULL,
				    "ring %u: a busyloop of %u microseconds: this kernel's vhost "
				    "does not poll",
				    ring, us);
	if (dev->have.fd[fd].owned && dev->have.fd[fd].busyloop[index] != us) {
		struct vhc_op undo = op;

		undo.value = dev->have.fd[fd].busyloop[index];
		r = vhc_apply_one(dev, &op, &undo);
	}
	if (!r)
		dev->want.fd[fd].busyloop[index] = us;
	return r;
}

VHC_EXPORT int vhc_ring_get_busyloop(struct vhc_dev *dev, uint32_t ring, uint32_t *ret_us)
{
	uint32_t fd = ring / VHC_NET_RINGS_PER_FD;
	struct vhc_ring_state *unused;
	int r = vhc_dev_ring(dev, ring, &unused);

	if (r)
		return r;
	if (!dev->have.fd[fd].owned) {
		*ret_us = dev->want.fd[fd].busyloop[ring % VHC_NET_RINGS_PER_FD];
		return 0;
	}
	r = vhc_dev_check_process(dev);
	return r ?: vhc_kernel_get_busyloop(dev, ring, ret_us);
}

VHC_EXPORT int vhc_ring_set_worker(struct vhc_dev *dev, uint32_t ring, uint32_t worker)
{
	struct vhc_ring_state *unused;
	int r = vhc_dev_ring(dev, ring, &unused);

	if (r || !worker)
		return r;
	return vhc_dev_fail(dev, -ENOTTY, NULL, "open more queue pairs for more workers",
			    "ring %u: worker %u: vhost-net has one worker for each queue pair, 0; "
			    "vhost-scsi alone lets one choose",
			    ring, worker);
}
