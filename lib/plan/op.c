/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ops - the table of operations that a plan can hold: the kernel's name of each, what it is given,
 * and what its errors mean.  Ground floor: no system call.
 */
#include <errno.h>
#include <stdio.h>

#include "plan/plan.h"

static const struct vhc_op_info infos[VHC_OP_COUNT] = {
	[VHC_OP_NONE] = { "nothing", VHC_ARG_NONE },
	[VHC_OP_TAP_HEADER] = { "TUNSETVNETHDRSZ", VHC_ARG_VALUE, VHC_ON_TAP },
	[VHC_OP_TAP_OFFLOADS] = { "TUNSETOFFLOAD", VHC_ARG_VALUE, VHC_ON_TAP, .hex = true },
	[VHC_OP_FORK_FROM_OWNER] = { "VHOST_SET_FORK_FROM_OWNER", VHC_ARG_VALUE },
	[VHC_OP_SET_OWNER] = { "VHOST_SET_OWNER", VHC_ARG_NONE },
	[VHC_OP_RESET_OWNER] = { "VHOST_RESET_OWNER", VHC_ARG_NONE },
	[VHC_OP_SET_FEATURES] = { "VHOST_SET_FEATURES", VHC_ARG_FEATURES },
	[VHC_OP_SET_FEATURES_ARRAY] = { "VHOST_SET_FEATURES_ARRAY", VHC_ARG_FEATURES },
	[VHC_OP_SET_BACKEND_FEATURES] = { "VHOST_SET_BACKEND_FEATURES", VHC_ARG_VALUE,
					  .hex = true },
	[VHC_OP_SET_MEM_TABLE] = { "VHOST_SET_MEM_TABLE", VHC_ARG_TABLE },
	[VHC_OP_SET_LOG_BASE] = { "VHOST_SET_LOG_BASE", VHC_ARG_LOG, .partly = true },
	[VHC_OP_SET_LOG_FD] = { "VHOST_SET_LOG_FD", VHC_ARG_FILE },
	[VHC_OP_SET_VRING_NUM] = { "VHOST_SET_VRING_NUM", VHC_ARG_VALUE },
	[VHC_OP_SET_VRING_BASE] = { "VHOST_SET_VRING_BASE", VHC_ARG_VALUE },
	[VHC_OP_GET_VRING_BASE] = { "VHOST_GET_VRING_BASE", VHC_ARG_NONE },
	[VHC_OP_SET_VRING_ADDR] = { "VHOST_SET_VRING_ADDR", VHC_ARG_ADDR },
	[VHC_OP_SET_VRING_KICK] = { "VHOST_SET_VRING_KICK", VHC_ARG_FILE },
	[VHC_OP_SET_VRING_CALL] = { "VHOST_SET_VRING_CALL", VHC_ARG_FILE },
	[VHC_OP_SET_VRING_ERR] = { "VHOST_SET_VRING_ERR", VHC_ARG_FILE },
	[VHC_OP_SET_BACKEND] = { "VHOST_NET_SET_BACKEND", VHC_ARG_FILE },
	[VHC_OP_IOTLB_UPDATE] = { "VHOST_IOTLB_UPDATE", VHC_ARG_MAP },
	[VHC_OP_IOTLB_INVALIDATE] = { "VHOST_IOTLB_INVALIDATE", VHC_ARG_RANGE },
	[VHC_OP_IOTLB_FILL] = { "VHOST_IOTLB_UPDATE", VHC_ARG_RANGE },
	[VHC_OP_IOEVENTFD] = { "KVM_IOEVENTFD", VHC_ARG_BINDING, VHC_ON_KVM },
	[VHC_OP_IRQFD] = { "KVM_IRQFD", VHC_ARG_BINDING, VHC_ON_KVM },
	[VHC_OP_LIST_TASKS] = { "list of tasks in /proc", VHC_ARG_NONE, VHC_ON_WORKER },
	[VHC_OP_FIND_WORKER] = { "its worker in /proc", VHC_ARG_NONE, VHC_ON_WORKER },
	[VHC_OP_WORKER_CPUS] = { "sched_setaffinity", VHC_ARG_CPUS, VHC_ON_WORKER },
	[VHC_OP_WORKER_SCHED] = { "sched_setscheduler", VHC_ARG_SCHED, VHC_ON_WORKER },
	[VHC_OP_SET_VRING_BUSYLOOP] = { "VHOST_SET_VRING_BUSYLOOP_TIMEOUT", VHC_ARG_VALUE },
};

const struct vhc_op_info *vhc_op_info(enum vhc_op_kind kind)
{
	return &infos[kind < VHC_OP_COUNT ? kind : VHC_OP_NONE];
}

void vhc_op_target(const struct vhc_op *op, char *text, size_t size)
{
	static const char *const names[] = {
		[VHC_ON_VHOST] = "vhost fd",
		[VHC_ON_TAP] = "tap queue",
		[VHC_ON_KVM] = "VM",
		[VHC_ON_WORKER] = "vhost fd",
	};

	if (op->ring != VHC_NO_RING)
		snprintf(text, size, "ring %u", op->ring);
	else
		snprintf(text, size, "%s %u", names[vhc_op_info(op->kind)->on], op->fd);
}

void vhc_op_where(const struct vhc_op *op, char *text, size_t size)
{
	const struct vhc_op_info *info = vhc_op_info(op->kind);
	char target[32], binding[96] = "";

	vhc_op_target(op, target, sizeof(target));
	if (info->arg == VHC_ARG_BINDING)
		vhc_binding_text(op->kvm.binding, binding, sizeof(binding));
	snprintf(text, size, "%s, %s%s%s", target, info->name, *binding ? " of " : "", binding);
}

#define KVM_EIO "the VM belongs to another process: bind in the one that made it"

/* What an errno means, where the kernel's word alone says too little (drivers/vhost/{vhost,net}.c). */
static const struct {
	enum vhc_op_kind kind; /* VHC_OP_NONE: any */
	int error;
	const char *text, *hint;
} meanings[] = {
	{ VHC_OP_SET_OWNER, EBUSY,
	  "the vhost fd has an owner already: it was given twice, or to another process" },
	{ VHC_OP_SET_OWNER, ENOMEM,
	  "no memory, or RLIMIT_NPROC is reached: since Linux 6.4 the worker is a task of the owner; "
	  "raise it (ulimit -u)" },
	{ VHC_OP_FORK_FROM_OWNER, EBUSY, "the vhost fd has an owner already: choose before that" },
	{ VHC_OP_SET_FEATURES_ARRAY, EOPNOTSUPP,
	  "this kernel's vhost does not have one of these features" },
	{ VHC_OP_SET_FEATURES, EOPNOTSUPP,
	  "this kernel's vhost does not have one of these features" },
	{ VHC_OP_SET_BACKEND_FEATURES, EOPNOTSUPP,
	  "this kernel's vhost does not have the second version of IOTLB messages" },
	{ VHC_OP_SET_MEM_TABLE, E2BIG,
	  "too many regions: raise vhost's module parameter max_mem_regions" },
	{ VHC_OP_SET_MEM_TABLE, EFAULT, "a region is empty or wraps around" },
	{ VHC_OP_SET_LOG_BASE, EFAULT, "a ring that runs would be written down outside the log" },
	{ VHC_OP_SET_LOG_FD, EINVAL, "the fd is not an eventfd" },
	{ VHC_OP_SET_VRING_ADDR, EINVAL,
	  "a ring that runs would lie, or be written down, where it must not" },
	{ VHC_OP_SET_VRING_NUM, EBUSY, "the ring runs: stop it first" },
	{ VHC_OP_SET_VRING_BASE, EBUSY, "the ring runs: stop it first" },
	{ VHC_OP_SET_VRING_KICK, EINVAL, "the fd is not an eventfd" },
	{ VHC_OP_SET_VRING_CALL, EINVAL, "the fd is not an eventfd" },
	{ VHC_OP_SET_VRING_KICK, EBADF, "the fd is closed" },
	{ VHC_OP_SET_VRING_CALL, EBADF, "the fd is closed" },
	{ VHC_OP_SET_BACKEND, ENOTSOCK, "the fd is not a tap with IFF_VNET_HDR, nor a macvtap" },
	{ VHC_OP_SET_BACKEND, EFAULT, "the kernel cannot reach the ring's memory" },
	{ VHC_OP_IOTLB_UPDATE, EFAULT,
	  "the kernel has no memory for it, or vhost is not told of an IOMMU" },
	{ VHC_OP_IOTLB_FILL, EFAULT,
	  "the kernel has no memory for it, or vhost is not told of an IOMMU" },
	{ VHC_OP_IOTLB_INVALIDATE, EFAULT, "vhost is not told of an IOMMU" },
	{ VHC_OP_TAP_OFFLOADS, EINVAL, "this link does not take these offloads together" },
	{ VHC_OP_IOEVENTFD, EEXIST,
	  "another ioeventfd of this VM has it: the launcher's own, or another context's" },
	{ VHC_OP_IOEVENTFD, EIO, KVM_EIO },
	{ VHC_OP_IRQFD, EIO, KVM_EIO },
	{ VHC_OP_IRQFD, EAGAIN, "the VM's interrupt controller is not initialised yet" },
	{ VHC_OP_IRQFD, EBUSY,
	  "the call eventfd is an irqfd already: another ring's with the same eventfd, or the "
	  "launcher's own" },
	{ VHC_OP_IRQFD, EINVAL,
	  "the VM has no interrupt controller in the kernel (KVM_CREATE_IRQCHIP comes before), or with "
	  "a resample fd not all of it; or an fd is not an eventfd" },
	{ VHC_OP_IOEVENTFD, EINVAL, "the kick fd is not an eventfd" },
	{ VHC_OP_SET_VRING_BUSYLOOP, ENOTTY, "this kernel's vhost does not poll" },
	{ VHC_OP_LIST_TASKS, EPERM, "/proc may not be read" },
	{ VHC_OP_FIND_WORKER, EPERM, "/proc may not be read" },
	{ VHC_OP_WORKER_CPUS, EINVAL,
	  "none of these processors is online, or allowed to the worker by its cpuset" },
	{ VHC_OP_WORKER_CPUS, EPERM, "the worker is a kernel thread, or another user's",
	  "it needs CAP_SYS_NICE, or a worker that is this process's own (VHC_DEV_TASK)" },
	{ VHC_OP_WORKER_CPUS, ESRCH, "the worker has ended" },
	{ VHC_OP_WORKER_SCHED, EPERM,
	  "the worker is a kernel thread, or another user's, or the priority is above "
	  "RLIMIT_RTPRIO",
	  "it needs CAP_SYS_NICE" },
	{ VHC_OP_WORKER_SCHED, ESRCH, "the worker has ended" },
	{ VHC_OP_NONE, EPERM,
	  "this process is not the owner of the vhost fd: it was opened before a fork or an exec" },
};

#define COUNT (sizeof(meanings) / sizeof(meanings[0]))

static size_t find(enum vhc_op_kind kind, int error)
{
	size_t i = 0;

	while (i < COUNT && (meanings[i].error != error ||
			     (meanings[i].kind != kind && (meanings[i].kind != VHC_OP_NONE ||
							   vhc_op_info(kind)->on != VHC_ON_VHOST))))
		i++;
	return i;
}

const char *vhc_op_explain(enum vhc_op_kind kind, int error)
{
	size_t i = find(kind, error);

	return i < COUNT ? meanings[i].text : NULL;
}

const char *vhc_op_hint(enum vhc_op_kind kind, int error)
{
	size_t i = find(kind, error);

	return i < COUNT ? meanings[i].hint : NULL;
}
