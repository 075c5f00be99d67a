/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * task - threads: vhost's workers, others that begin at the same moment, what /proc shows of them,
 * and where and how they run.
 */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "model.h"
#include "syscall/uapi.h"

#define OUTER 5000 /* what a number is more in the outer PID namespace */

void fake_add_stranger(struct fake *fake, bool kernel, const char *name)
{
	for (uint32_t i = 0; i < FAKE_STRANGERS; i++)
		if (!fake->stranger[i].name[0]) {
			fake->stranger[i].kernel = kernel;
			snprintf(fake->stranger[i].name, sizeof(fake->stranger[i].name), "%s",
				 name);
			return;
		}
}

void fake_worker_start(struct fake *fake, struct fake_vhost *vhost)
{
	struct fake_worker *worker = &vhost->worker;

	*worker = (struct fake_worker){ .tid = fake->next_tid++, .uid = fake->uid };
	worker->kernel =
		!strcmp(fake->profile.name, "6.1") || vhost->fork_owner == VHI_FORK_KTHREAD;
	if (worker->kernel)
		worker->uid = 0;
	snprintf(worker->name, sizeof(worker->name), "vhost-%d",
		 fake->tid + (fake->proc == FAKE_PROC_NAMESPACE ? OUTER : 0));
	for (uint32_t i = 0; i < FAKE_STRANGERS; i++)
		if (fake->stranger[i].name[0] && !fake->stranger[i].tid)
			fake->stranger[i].tid = fake->next_tid++;
}

/* The n-th thread that there is.  Behind the last: NULL. */
static struct fake_worker *nth(struct fake *fake, uint32_t n)
{
	for (uint32_t i = 0; i < FAKE_VHOSTS; i++)
		if (fake->vhost_used[i] && fake->vhosts[i].worker.tid && !n--)
			return &fake->vhosts[i].worker;
	for (uint32_t i = 0; i < FAKE_STRANGERS; i++)
		if (fake->stranger[i].tid && !n--)
			return &fake->stranger[i];
	return NULL;
}

static int list_tasks(struct fake *fake, const char *prefix, bool kernel, struct vhi_task *ret,
		      uint32_t room)
{
	const struct fake_worker *worker;
	uint32_t count = 0;

	if (fake->proc == FAKE_PROC_NONE)
		return -ENOENT;
	for (uint32_t n = 0; (worker = nth(fake, n)) != NULL; n++) {
		if (strncmp(worker->name, prefix, strlen(prefix)) ||
		    (worker->kernel && (!kernel || fake->proc == FAKE_PROC_NAMESPACE)))
			continue;
		if (count++ >= room)
			continue;
		ret[count - 1] = (struct vhi_task){ .tid = worker->tid, .kernel = worker->kernel };
		memcpy(ret[count - 1].name, worker->name, sizeof(worker->name));
	}
	return (int)count;
}

static struct fake_worker *of_tid(struct fake *fake, int32_t tid)
{
	struct fake_worker *worker;

	for (uint32_t n = 0; (worker = nth(fake, n)) != NULL; n++)
		if (worker->tid == tid)
			return worker;
	return NULL;
}

static int set_cpus(struct fake *fake, int32_t tid, const uint64_t *cpus, uint32_t words)
{
	struct fake_worker *worker = of_tid(fake, tid);
	uint64_t online = words ? cpus[0] & ((1u << FAKE_CPUS) - 1) : 0;

	if (!worker)
		return -ESRCH;
	if (fake->uid && fake->uid != worker->uid)
		return -EPERM;
	if (!online)
		return -EINVAL;
	worker->cpus = online;
	return 0;
}

/* No RLIMIT_RTPRIO: only who has CAP_SYS_NICE gets a real-time policy. */
static int set_sched(struct fake *fake, int32_t tid, int32_t policy, int32_t priority)
{
	struct fake_worker *worker = of_tid(fake, tid);
	bool real_time = policy == SCHED_FIFO || policy == SCHED_RR;

	if (!worker)
		return -ESRCH;
	if ((!real_time && policy != SCHED_OTHER && policy != SCHED_BATCH &&
	     policy != SCHED_IDLE) ||
	    priority < 0 || priority > 99 || real_time != (priority != 0))
		return -EINVAL;
	if (fake->uid && (real_time || fake->uid != worker->uid))
		return -EPERM;
	worker->policy = policy;
	worker->priority = priority;
	return 0;
}

int fake_tasks(void *data, const char *prefix, bool kernel, struct vhi_task *ret, uint32_t room)
{
	struct fake *fake = data;
	int r = fake_enter(fake, "tasks", -1, 0);

	return fake_leave(fake, r ? r : list_tasks(fake, prefix, kernel, ret, room));
}

int fake_set_cpus(void *data, int32_t tid, const uint64_t *cpus, uint32_t words)
{
	struct fake *fake = data;
	int r = fake_enter(fake, "sched_setaffinity", -1, 0);

	return fake_leave(fake, r ? r : set_cpus(fake, tid, cpus, words));
}

int fake_set_sched(void *data, int32_t tid, int32_t policy, int32_t priority)
{
	struct fake *fake = data;
	int r = fake_enter(fake, "sched_setscheduler", -1, 0);

	return fake_leave(fake, r ? r : set_sched(fake, tid, policy, priority));
}
