/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * worker - the thread that runs the rings of a vhost fd: finds it, and sets where and how it runs.
 *
 * The kernel has no call that returns the thread.  It names the thread "vhost-" and the number of the
 * thread that takes ownership (drivers/vhost/vhost.c), and the thread exists, with its name, when
 * VHOST_SET_OWNER returns: a thread of the owner since Linux 6.4, a kernel thread before that and
 * where that was selected.  So the threads of that name are listed before and after, and the new one
 * is the worker.  Seen from another PID namespace the number is not ours, and kernel threads are
 * hidden.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "syscall/cpus.h"
#include "dev.h"
#include "kernel/kernel.h"
#include "syscall/uapi.h"

#define PREFIX "vhost-"

enum { OWN = 1 << 0, KERNEL = 1 << 1 };

/* Where to look for the worker. */
static uint32_t kinds_of(struct vhc_dev *dev, int fd)
{
	uint32_t *workers = &dev->ctx->workers;
	uint8_t mode = 0;

	if (dev->flags & (VHC_DEV_TASK | VHC_DEV_KTHREAD))
		return dev->flags & VHC_DEV_TASK ? OWN : KERNEL;
	if (!*workers && !vhi_sys_ioctl(&dev->ctx->sys, fd, VHI_GET_FORK_FROM_OWNER, &mode))
		*workers = mode == VHI_FORK_TASK ? OWN : KERNEL;
	return *workers ? *workers : OWN | KERNEL; /* an older kernel does not say */
}

/* -ENOENT: there is no /proc to look at. */
static int list(struct vhc_dev *dev, uint32_t kinds, struct vhi_task **ret, uint32_t *ret_count)
{
	struct vhc_ctx *ctx = dev->ctx;
	uint32_t room = 0;
	int n = 16;

	do {
		free(*ret);
		room = (uint32_t)n;
		*ret = calloc(room, sizeof(**ret));
		if (!*ret)
			return -ENOMEM;
		n = vhi_sys_tasks(&ctx->sys, PREFIX, kinds & KERNEL, *ret, room);
	} while (n > (int)room);
	if (n < 0) {
		free(*ret);
		*ret = NULL;
		return n;
	}
	*ret_count = (uint32_t)n;
	return 0;
}

static bool has_task(const struct vhi_task *tasks, uint32_t count, const struct vhi_task *task)
{
	for (uint32_t i = 0; i < count; i++)
		if (tasks[i].tid == task->tid && tasks[i].kernel == task->kernel)
			return true;
	return false;
}

/* A thread of this process may have another number in its name, that of an outer PID namespace. */
static bool fits(const struct vhi_task *task, uint32_t kinds, const char *name, bool exact)
{
	const char *number = task->name + strlen(PREFIX);

	if (!(kinds & (task->kernel ? KERNEL : OWN)))
		return false;
	if (exact || task->kernel)
		return exact && !strcmp(task->name, name);
	return *number && !number[strspn(number, "0123456789")];
}

/* The new thread: its tid, or VHI_WORKER_.  Never a guess. */
static int32_t pick(const struct vhc_dev *dev, uint32_t kinds, const struct vhi_task *now,
		    uint32_t count)
{
	int32_t found = VHI_WORKER_UNSEEN;
	char name[24];

	snprintf(name, sizeof(name), PREFIX "%d", vhi_sys_tid(&dev->ctx->sys));
	for (int pass = 0; pass < 2 && found == VHI_WORKER_UNSEEN; pass++)
		for (uint32_t i = 0; i < count; i++)
			if (!has_task(dev->tasks, dev->tasks_count, &now[i]) &&
			    fits(&now[i], kinds, name, pass == 0))
				found = found == VHI_WORKER_UNSEEN ? now[i].tid : VHI_WORKER_MANY;
	return found;
}

/* Remember where the workers of this kernel are, to look only there the next time. */
static void learn(struct vhc_dev *dev, const struct vhi_task *now, uint32_t count, int32_t tid)
{
	for (uint32_t i = 0; i < count && !(dev->flags & (VHC_DEV_TASK | VHC_DEV_KTHREAD)); i++)
		if (now[i].tid == tid)
			dev->ctx->workers = now[i].kernel ? KERNEL : OWN;
}

static int find(struct vhc_dev *dev, struct vhi_op *op)
{
	uint32_t kinds = dev->tasks_kinds, count = 0;
	int32_t worker = VHI_WORKER_NO_PROC;
	struct vhi_task *now = NULL;
	int r = dev->tasks ? list(dev, kinds, &now, &count) : -ENOENT;

	if (!r) {
		worker = pick(dev, kinds, now, count);
		learn(dev, now, count, worker);
	}
	free(now);
	if (!r || r == -ENOENT) /* otherwise it may be looked for again */
		vhi_worker_forget_tasks(dev);
	op->value = (uint32_t)worker;
	return r == -ENOENT ? 0 : r;
}

void vhi_worker_forget_tasks(struct vhc_dev *dev)
{
	free(dev->tasks);
	dev->tasks = NULL;
	dev->tasks_count = 0;
}

int vhi_worker_execute(struct vhc_dev *dev, struct vhi_op *op)
{
	int32_t worker = dev->have.fd[op->fd].worker;
	int r;

	switch (op->kind) {
	case VHI_OP_LIST_TASKS:
		dev->tasks_kinds = kinds_of(dev, dev->fds[op->fd]);
		r = list(dev, dev->tasks_kinds, &dev->tasks, &dev->tasks_count);
		return r == -ENOENT ? 0 : r;
	case VHI_OP_FIND_WORKER:
		return find(dev, op);
	case VHI_OP_WORKER_CPUS:
		return worker <= 0 ? -ENODATA
				   : vhi_sys_set_cpus(&dev->ctx->sys, worker, op->cpus->word,
						      op->cpus->words);
	default:
		return worker <= 0 ? -ENODATA
				   : vhi_sys_set_sched(&dev->ctx->sys, worker, op->sched.policy,
						       op->sched.priority);
	}
}

const char *vhi_worker_why(const struct vhc_dev *dev, uint32_t fd)
{
	switch (dev->have.fd[fd].worker) {
	case VHI_WORKER_MANY:
		return "its worker is not known: several threads that could be it started at "
		       "the same moment";
	case VHI_WORKER_NO_PROC:
		return "its worker is not known: there is no /proc of this process's PID namespace";
	default:
		return "its worker is not known: no new thread was visible; a PID namespace "
		       "hides kernel threads, and so does the hidepid option of /proc";
	}
}
