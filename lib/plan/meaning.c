/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * meaning - what the errnos of operations mean, for the library's own errors and for others' messages.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "plan/op.h"
#include "syscall/node.h"
#include "syscall/parameter.h"
#include "vhostconfig.h"

#define REOPEN_TAP "open the tap again, and give it to the device"
#define KVM_EIO	   "the VM belongs to another process: bind in the one that made it"

/* What an errno means, where its name alone says too little (drivers/vhost/{vhost,net}.c). */
static const struct {
	enum vhi_op_kind kind; /* VHI_OP_NONE: any */
	int error;
	const char *text, *hint;
} meanings[] = {
	{ VHI_OP_SET_OWNER, EBUSY,
	  "the vhost fd already has an owner: it was given twice, or to another process" },
	{ VHI_OP_SET_OWNER, ENOMEM,
	  "no memory, or RLIMIT_NPROC is reached: since Linux 6.4 the worker is a task of the owner; "
	  "raise it (ulimit -u)" },
	{ VHI_OP_FORK_FROM_OWNER, EBUSY,
	  "the vhost fd already has an owner: select the "
	  "worker mode before that" },
	{ VHI_OP_SET_FEATURES_ARRAY, EOPNOTSUPP,
	  "this kernel's vhost does not have one of these features" },
	{ VHI_OP_SET_FEATURES, EOPNOTSUPP,
	  "this kernel's vhost does not have one of these features" },
	{ VHI_OP_SET_BACKEND_FEATURES, EOPNOTSUPP,
	  "this kernel's vhost does not have the second version of IOTLB messages" },
	{ VHI_OP_SET_MEM_TABLE, E2BIG, "too many regions: " VHI_REGION_HINT },
	{ VHI_OP_SET_MEM_TABLE, EFAULT, "a region is empty or wraps around" },
	{ VHI_OP_SET_LOG_BASE, EFAULT,
	  "a running ring would be logged past the end of the dirty log" },
	{ VHI_OP_SET_LOG_FD, EINVAL, "the fd is not an eventfd" },
	{ VHI_OP_SET_VRING_ADDR, EINVAL,
	  "a running ring, or its part of the dirty log, would be at an invalid address" },
	{ VHI_OP_SET_VRING_NUM, EBUSY, "the ring runs: stop it first" },
	{ VHI_OP_SET_VRING_BASE, EBUSY, "the ring runs: stop it first" },
	{ VHI_OP_SET_VRING_KICK, EINVAL, "the fd is not an eventfd" },
	{ VHI_OP_SET_VRING_CALL, EINVAL, "the fd is not an eventfd" },
	{ VHI_OP_SET_VRING_ERR, EINVAL, "the fd is not an eventfd" },
	{ VHI_OP_SET_VRING_KICK, EBADF, "the fd is closed" },
	{ VHI_OP_SET_VRING_CALL, EBADF, "the fd is closed" },
	{ VHI_OP_SET_VRING_ERR, EBADF, "the fd is closed" },
	{ VHI_OP_SET_BACKEND, EINVAL, "of its tap, " VHI_LINK_GONE, REOPEN_TAP },
	{ VHI_OP_SET_BACKEND, EBADFD, "of its tap, " VHI_LINK_GONE, REOPEN_TAP },
	{ VHI_OP_SET_BACKEND, ENOTSOCK, "the fd is not a tap with IFF_VNET_HDR, nor a macvtap" },
	{ VHI_OP_SET_BACKEND, EFAULT, "the kernel cannot reach the ring's memory" },
	{ VHI_OP_SET_GUEST_CID, EADDRINUSE, "another device has this CID",
	  "choose another CID, from 3 on, or close the device that has it" },
	{ VHI_OP_SET_GUEST_CID, EINVAL, "vhost does not accept this CID" },
	{ VHI_OP_SET_RUNNING, EFAULT, "the kernel cannot reach the memory of a ring" },
	{ VHI_OP_IOTLB_UPDATE, EFAULT,
	  "the kernel has no memory for it, or vhost has no IOMMU set" },
	{ VHI_OP_IOTLB_FILL, EFAULT, "the kernel has no memory for it, or vhost has no IOMMU set" },
	{ VHI_OP_IOTLB_INVALIDATE, EFAULT, "vhost has no IOMMU set" },
	{ VHI_OP_TAP_HEADER, EBADFD, VHI_LINK_GONE, REOPEN_TAP },
	{ VHI_OP_TAP_LITTLE, EBADFD, VHI_LINK_GONE, REOPEN_TAP },
	{ VHI_OP_TAP_OFFLOADS, EBADFD, VHI_LINK_GONE, REOPEN_TAP },
	{ VHI_OP_TAP_OFFLOADS, ENOLINK, VHI_LINK_GONE, REOPEN_TAP },
	{ VHI_OP_TAP_QUEUE, EBADFD, VHI_LINK_GONE, REOPEN_TAP },
	{ VHI_OP_TAP_QUEUE, EINVAL,
	  "the link has one queue only, or is gone: deleted, or its network namespace has ended" },
	{ VHI_OP_TAP_OFFLOADS, EINVAL, "this link does not support this combination of offloads" },
	{ VHI_OP_IOEVENTFD, EEXIST,
	  "another ioeventfd of this VM has it: the launcher's own, or another context's" },
	{ VHI_OP_IOEVENTFD, EIO, KVM_EIO },
	{ VHI_OP_IRQFD, EIO, KVM_EIO },
	{ VHI_OP_IRQFD, EAGAIN, "the VM's interrupt controller is not initialised yet" },
	{ VHI_OP_IRQFD, EBUSY,
	  "the call eventfd is an irqfd already: another ring's with the same eventfd, or the "
	  "launcher's own" },
	{ VHI_OP_IRQFD, EINVAL,
	  "the VM has no interrupt controller in the kernel (call "
	  "KVM_CREATE_IRQCHIP first), or only part of it, which is not enough "
	  "for a resample fd; or an fd is not an eventfd" },
	{ VHI_OP_IOEVENTFD, EINVAL, "the kick fd is not an eventfd" },
	{ VHI_OP_SET_VRING_BUSYLOOP, ENOTTY, "this kernel's vhost does not poll" },
	{ VHI_OP_LIST_TASKS, EPERM, "/proc cannot be read" },
	{ VHI_OP_FIND_WORKER, EPERM, "/proc cannot be read" },
	{ VHI_OP_WORKER_CPUS, EINVAL, "none of these CPUs is online and in the worker's cpuset" },
	{ VHI_OP_WORKER_CPUS, EPERM, "the worker is a kernel thread, or another user's",
	  "it needs CAP_SYS_NICE, or a worker that is this process's own (VHC_DEV_TASK)" },
	{ VHI_OP_WORKER_CPUS, ESRCH, "the worker has ended" },
	{ VHI_OP_WORKER_SCHED, EPERM,
	  "the worker is a kernel thread, or another user's, or the priority is above "
	  "RLIMIT_RTPRIO",
	  "it needs CAP_SYS_NICE" },
	{ VHI_OP_WORKER_SCHED, ESRCH, "the worker has ended" },
	{ VHI_OP_NONE, EPERM,
	  "this process is not the owner of the vhost fd: it was opened before a fork or an exec" },
};

#define COUNT (sizeof(meanings) / sizeof(meanings[0]))

static size_t find(enum vhi_op_kind kind, int error)
{
	size_t i = 0;

	while (i < COUNT &&
	       (meanings[i].error != error ||
		(meanings[i].kind != kind &&
		 (meanings[i].kind != VHI_OP_NONE || vhi_op_info(kind)->on != VHI_ON_BACKEND))))
		i++;
	return i;
}

const char *vhi_op_explain(enum vhi_op_kind kind, int error)
{
	size_t i = find(kind, error);

	return i < COUNT ? meanings[i].text : NULL;
}

const char *vhi_op_hint(enum vhi_op_kind kind, int error)
{
	size_t i = find(kind, error);

	return i < COUNT ? meanings[i].hint : NULL;
}

static enum vhi_op_kind find_kind(const char *call)
{
	for (int kind = VHI_OP_NONE + 1; kind < VHI_OP_COUNT; kind++)
		if (strcmp(vhi_op_info((enum vhi_op_kind)kind)->name, call) == 0)
			return (enum vhi_op_kind)kind;
	return VHI_OP_NONE;
}

int vhc_call_meaning(const char *call, int error, char *text, size_t size)
{
	static const char open_call[] = "open ";
	enum vhi_op_kind kind;
	const char *meaning;

	if (strncmp(call, open_call, strlen(open_call)) == 0)
		return vhi_node_reason(call + strlen(open_call), error, text, size) ? 0 : -ENOENT;
	kind = find_kind(call);
	if (kind == VHI_OP_NONE && strncmp(call, "VHOST_", strlen("VHOST_")) != 0)
		return -ENOENT;
	meaning = vhi_op_explain(kind, error);
	if (!meaning)
		return -ENOENT;
	snprintf(text, size, "%s", meaning);
	return 0;
}
