/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tuning - what is the host's to choose and not the guest's: where and how a worker runs, and how long
 * it polls.  A reset by the guest keeps it.
 */
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "device/apply.h"
#include "syscall/cpus.h"
#include "dev.h"
#include "kernel/kernel.h"

#define ONLINE_PATH "/sys/devices/system/cpu/online"

/* Is there such a vhost fd (-EINVAL), and is its worker looked for (@code)? */
static int check_worker(struct vhc_dev *dev, uint32_t pair, int code)
{
	int r = vhi_dev_check_fd(dev, pair);

	if (r || dev->flags & VHC_DEV_WORKERS)
		return r;
	return vhi_dev_fail(dev, code, NULL, "open it with VHC_DEV_WORKERS",
			    "%s %u: its worker was not searched for", dev->kind->fd_name, pair);
}

VHC_EXPORT int vhc_dev_get_worker(struct vhc_dev *dev, uint32_t pair, int32_t *ret_tid)
{
	int r = check_worker(dev, pair, -ENODATA);
	const struct vhi_fd_state *have;

	if (r)
		return r;
	have = &dev->have.fd[pair];
	if (!have->owned)
		return vhi_dev_fail(dev, -EAGAIN, NULL, "start it, or open it with VHC_DEV_OWN",
				    "%s %u has no worker before its vhost fd is owned",
				    dev->kind->fd_name, pair);
	if (have->worker <= 0)
		return vhi_dev_fail(dev, -ENODATA, NULL, NULL, "%s %u: %s", dev->kind->fd_name,
				    pair, vhi_worker_why(dev, pair));
	*ret_tid = have->worker;
	return 0;
}

/* Of an owned device, at once; of another, when ownership is taken. */
static int set_now(struct vhc_dev *dev, struct vhi_op *op, uint32_t pair)
{
	op->fd = pair;
	op->ring = VHI_NO_RING;
	return dev->have.fd[pair].owned ? vhi_apply_one(dev, op, NULL) : 0;
}

/* Without /sys the kernel reports it, when the CPUs are set. */
static int check_online(struct vhc_dev *dev, const struct vhi_cpus *cpus)
{
	struct vhc_ctx *ctx = dev->ctx;
	char online[512], text[128];
	int r = cpus->words ? vhi_sys_read(&ctx->sys, ONLINE_PATH, online, sizeof(online)) : 0;

	vhi_cpus_format(cpus, text, sizeof(text));
	if (!cpus->words)
		return vhi_dev_fail(dev, -EINVAL, NULL, NULL,
				    "no CPU is given for the worker to run on");
	if (r == -EMFILE || r == -ENFILE || r == -ENOMEM)
		return vhi_dev_fail_errno(dev, r, NULL, NULL, ONLINE_PATH);
	if (r <= 0 || vhi_cpus_meet(cpus, online))
		return 0;
	online[strcspn(online, "\n")] = 0;
	return vhi_dev_fail(dev, -EINVAL, NULL, NULL,
			    "CPUs %s: none of them is online; these are: %s (" ONLINE_PATH ")",
			    text, online);
}

VHC_EXPORT int vhc_dev_set_worker_cpus(struct vhc_dev *dev, uint32_t pair, const uint64_t *cpus,
				       uint32_t words)
{
	struct vhi_op op = { .kind = VHI_OP_WORKER_CPUS };
	int r = check_worker(dev, pair, -EINVAL);
	struct vhi_fd_state *want;
	struct vhi_cpus *set;

	if (!r && words > VHI_CPUS_WORDS)
		r = vhi_dev_fail(dev, -E2BIG, NULL, NULL,
				 "%u words of CPUs: at most %u are accepted", words,
				 VHI_CPUS_WORDS);
	if (r)
		return r;
	want = &dev->want.fd[pair];
	set = vhi_cpus_new(cpus, words);
	if (!set)
		return vhi_dev_fail(dev, -ENOMEM, NULL, NULL, "no memory for a set of CPUs");
	op.cpus = set;
	if (!want->cpus || !vhi_cpus_equal(want->cpus, set))
		r = check_online(dev, set) ?: set_now(dev, &op, pair);
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
		return vhi_dev_fail(dev, -EINVAL, NULL, NULL,
				    "scheduling policy %d: known are SCHED_OTHER (%d), SCHED_FIFO "
				    "(%d), SCHED_RR (%d), SCHED_BATCH (%d) and SCHED_IDLE (%d)",
				    policy, SCHED_OTHER, SCHED_FIFO, SCHED_RR, SCHED_BATCH,
				    SCHED_IDLE);
	if (real_time ? priority < 1 || priority > 99 : priority != 0)
		return vhi_dev_fail(dev, -EINVAL, NULL, NULL,
				    "priority %d: SCHED_FIFO and SCHED_RR have 1 to 99, the other "
				    "policies 0 only",
				    priority);
	return 0;
}

VHC_EXPORT int vhc_dev_set_worker_sched(struct vhc_dev *dev, uint32_t pair, int32_t policy,
					int32_t priority)
{
	struct vhi_op op = { .kind = VHI_OP_WORKER_SCHED,
			     .sched = { .policy = policy, .priority = priority } };
	int r = check_worker(dev, pair, -EINVAL);
	struct vhi_fd_state *want;

	r = r ?: check_sched(dev, policy, priority);
	if (r)
		return r;
	want = &dev->want.fd[pair];
	if (want->has_sched && want->policy == policy && want->priority == priority)
		return 0;
	r = set_now(dev, &op, pair);
	if (r)
		return r;
	want->has_sched = true;
	want->policy = policy;
	want->priority = priority;
	return 0;
}

static bool is_owned(const struct vhc_dev *dev, uint32_t ring)
{
	return dev->have.fd[vhi_state_fd_of(&dev->have, ring)].owned;
}

/*
 * While it polls, the worker holds on to the ring, and a stop waits for it (drivers/vhost/net.c,
 * vhost_net_busy_poll()).  The kernel takes 71 minutes, too.
 */
#define BUSYLOOP_MAX 1000000u

VHC_EXPORT int vhc_ring_set_busyloop(struct vhc_dev *dev, uint32_t ring, uint32_t us)
{
	struct vhi_ring_state *want, *have;
	int r = vhi_dev_ring(dev, ring, &want);
	struct vhi_op op, undo;

	if (r)
		return r;
	if (us > BUSYLOOP_MAX)
		return vhi_dev_fail(dev, -EINVAL, NULL, NULL,
				    "ring %u: a busyloop of %u microseconds: at most %u, since a "
				    "stop waits for its end",
				    ring, us, BUSYLOOP_MAX);
	if (us && !(vhi_dev_can(dev) & VHC_CAN_BUSYLOOP))
		return vhi_dev_fail(dev, -ENOTTY, NULL, NULL,
				    "ring %u: a busyloop of %u microseconds: this kernel's %s "
				    "does not poll",
				    ring, us, dev->kind->node);
	have = &dev->have.ring[ring];
	if (is_owned(dev, ring) && have->busyloop != us) {
		op = undo = vhi_op_ring(&dev->have, VHI_OP_SET_VRING_BUSYLOOP, ring);
		op.value = us;
		undo.value = have->busyloop;
		r = vhi_apply_one(dev, &op, &undo);
	}
	if (!r)
		want->busyloop = us;
	return r;
}

VHC_EXPORT int vhc_ring_get_busyloop(struct vhc_dev *dev, uint32_t ring, uint32_t *ret_us)
{
	struct vhi_ring_state *want;
	int r = vhi_dev_ring(dev, ring, &want);

	if (r)
		return r;
	if (!is_owned(dev, ring)) {
		*ret_us = want->busyloop;
		return 0;
	}
	r = vhi_dev_check_process(dev);
	return r ?: dev->backend->get_busyloop(dev, ring, ret_us);
}
