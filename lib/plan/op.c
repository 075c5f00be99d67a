/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * op - the table of operations, and what their errors mean.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "plan/op.h"
#include "syscall/uapi.h"

/* ------------------------------------------- what an operation changes in what the kernel has */

static struct vhc_fd_state *fd_of(struct vhc_dev_state *have, const struct vhc_op *op)
{
	return &have->fd[op->fd];
}

static struct vhc_ring_state *ring_of(struct vhc_dev_state *have, const struct vhc_op *op)
{
	return &have->ring[op->ring];
}

static void note_mode(struct vhc_dev_state *have, const struct vhc_op *op)
{
	fd_of(have, op)->has_mode = true;
}

static void note_owner(struct vhc_dev_state *have, const struct vhc_op *op)
{
	fd_of(have, op)->owned = true;
}

static void note_no_owner(struct vhc_dev_state *have, const struct vhc_op *op)
{
	vhc_fd_state_forget(have, op->fd);
}

static void note_cpus(struct vhc_dev_state *have, const struct vhc_op *op)
{
	fd_of(have, op)->has_cpus = true;
}

static void note_sched(struct vhc_dev_state *have, const struct vhc_op *op)
{
	fd_of(have, op)->has_sched = true;
}

/* Since Linux 7.2 a ring's addresses are lost when they begin or cease to be I/O virtual ones. */
static void note_features(struct vhc_dev_state *have, const struct vhc_op *op)
{
	struct vhc_fd_state *fd = fd_of(have, op);
	bool before = vhc_fd_translates(fd);

	fd->features = op->features;
	fd->has_features = true;
	fd->iotlb |= vhc_fd_translates(fd);
	for (uint32_t i = 0; i < have->rings_per_fd && vhc_fd_translates(fd) != before; i++)
		have->ring[op->fd * have->rings_per_fd + i].has_addr = false;
}

static void note_table(struct vhc_dev_state *have, const struct vhc_op *op)
{
	vhc_fd_state_set_table(fd_of(have, op), op->table);
}

static void note_log(struct vhc_dev_state *have, const struct vhc_op *op)
{
	vhc_fd_state_set_log(fd_of(have, op), op->log);
}

static void note_base(struct vhc_dev_state *have, const struct vhc_op *op)
{
	ring_of(have, op)->base_lost = vhc_ring_runs(ring_of(have, op));
}

static void note_addr(struct vhc_dev_state *have, const struct vhc_op *op)
{
	struct vhc_ring_state *ring = ring_of(have, op);

	memcpy(ring->addr, op->addr.guest, sizeof(ring->addr));
	memcpy(ring->user, op->addr.user, sizeof(ring->user));
	ring->has_addr = true;
	ring->logs = op->addr.log;
}

/* With a backend the ring advances, so its base is no longer known. */
static void note_backend(struct vhc_dev_state *have, const struct vhc_op *op)
{
	if (op->file >= 0)
		ring_of(have, op)->base_lost = true;
}

/*
 * All rings of the fd start or stop together.  When one cannot start, those before it may have
 * advanced already.
 */
static void note_running(struct vhc_dev_state *have, const struct vhc_op *op)
{
	for (uint32_t i = 0; i < have->rings_per_fd; i++) {
		struct vhc_ring_state *ring = &have->ring[op->fd * have->rings_per_fd + i];

		ring->backend = op->value ? VHC_BACKEND_SELF : VHC_FD_NONE;
		ring->base_lost |= op->value != 0;
	}
}

/* --------------------------------------------------------------------------------- the table */

/* A field of 32 or 64 bits: of another size, the array's is negative. */
#define SIZE(type, member)   sizeof(((type *)0)->member)
#define WORD(size)	     ((size) * sizeof(char[(size) == 4 || (size) == 8 ? 1 : -1]))
#define MEMBER(type, member) .offset = offsetof(type, member), .size = WORD(SIZE(type, member))
#define RING(member)	     MEMBER(struct vhc_ring_state, member)
#define FD(member)	     MEMBER(struct vhc_fd_state, member)
#define CALL(name)	     #name, name

/* clang-format off */
static const struct vhc_op_info infos[VHC_OP_COUNT] = {
	[VHC_OP_NONE] = { "nothing" },
	[VHC_OP_TAP_HEADER] = { "TUNSETVNETHDRSZ", 0, VHC_FORM_VALUE, VHC_ON_KIND, "tap queue" },
	[VHC_OP_TAP_OFFLOADS] = { "TUNSETOFFLOAD", 0, VHC_FORM_VALUE, VHC_ON_KIND, "tap queue", .hex = true },
	[VHC_OP_FORK_FROM_OWNER] = { "VHOST_SET_FORK_FROM_OWNER", VHC_SET_FORK_FROM_OWNER, VHC_FORM_VALUE,
		FD(mode), .note = note_mode },
	[VHC_OP_SET_OWNER] = { CALL(VHOST_SET_OWNER), .note = note_owner },
	[VHC_OP_RESET_OWNER] = { CALL(VHOST_RESET_OWNER), .note = note_no_owner },
	[VHC_OP_SET_FEATURES] = { CALL(VHOST_SET_FEATURES), VHC_FORM_FEATURES, .note = note_features },
	[VHC_OP_SET_FEATURES_ARRAY] = { "VHOST_SET_FEATURES_ARRAY", VHC_SET_FEATURES_ARRAY, VHC_FORM_FEATURES,
		.note = note_features },
	[VHC_OP_SET_BACKEND_FEATURES] = { CALL(VHOST_SET_BACKEND_FEATURES), VHC_FORM_VALUE, FD(backend), .hex = true },
	[VHC_OP_SET_MEM_TABLE] = { CALL(VHOST_SET_MEM_TABLE), VHC_FORM_TABLE, .note = note_table },
	[VHC_OP_SET_LOG_BASE] = { CALL(VHOST_SET_LOG_BASE), VHC_FORM_LOG, .note = note_log, .partly = true },
	[VHC_OP_SET_LOG_FD] = { CALL(VHOST_SET_LOG_FD), VHC_FORM_FILE, FD(log_event) },
	[VHC_OP_SET_VRING_NUM] = { CALL(VHOST_SET_VRING_NUM), VHC_FORM_VALUE, RING(size) },
	[VHC_OP_SET_VRING_BASE] = { CALL(VHOST_SET_VRING_BASE), VHC_FORM_VALUE, RING(base), .note = note_base },
	[VHC_OP_GET_VRING_BASE] = { CALL(VHOST_GET_VRING_BASE), RING(base), .note = note_base },
	[VHC_OP_SET_VRING_ADDR] = { CALL(VHOST_SET_VRING_ADDR), VHC_FORM_ADDR, .note = note_addr },
	[VHC_OP_SET_VRING_KICK] = { CALL(VHOST_SET_VRING_KICK), VHC_FORM_FILE, RING(kick) },
	[VHC_OP_SET_VRING_CALL] = { CALL(VHOST_SET_VRING_CALL), VHC_FORM_FILE, RING(call) },
	[VHC_OP_SET_VRING_ERR] = { CALL(VHOST_SET_VRING_ERR), VHC_FORM_FILE, RING(err) },
	[VHC_OP_SET_VRING_BUSYLOOP] = { CALL(VHOST_SET_VRING_BUSYLOOP_TIMEOUT), VHC_FORM_VALUE, RING(busyloop) },
	[VHC_OP_SET_BACKEND] = { CALL(VHOST_NET_SET_BACKEND), VHC_FORM_FILE, .file = "tap queue", RING(backend),
		.note = note_backend },
	[VHC_OP_SET_GUEST_CID] = { CALL(VHOST_VSOCK_SET_GUEST_CID), VHC_FORM_VALUE, .named = true },
	[VHC_OP_SET_RUNNING] = { CALL(VHOST_VSOCK_SET_RUNNING), VHC_FORM_VALUE, .note = note_running, .partly = true },
	[VHC_OP_IOTLB_UPDATE] = { "VHOST_IOTLB_UPDATE", .form = VHC_FORM_MAP },
	[VHC_OP_IOTLB_INVALIDATE] = { "VHOST_IOTLB_INVALIDATE", .form = VHC_FORM_RANGE },
	[VHC_OP_IOTLB_FILL] = { "VHOST_IOTLB_UPDATE", .form = VHC_FORM_RANGE },
	[VHC_OP_IOEVENTFD] = { "KVM_IOEVENTFD", .form = VHC_FORM_BINDING, .on = VHC_ON_KVM },
	[VHC_OP_IRQFD] = { "KVM_IRQFD", .form = VHC_FORM_BINDING, .on = VHC_ON_KVM },
	[VHC_OP_LIST_TASKS] = { "list of tasks in /proc", .on = VHC_ON_WORKER },
	[VHC_OP_FIND_WORKER] = { "its worker in /proc", .on = VHC_ON_WORKER, FD(worker) },
	[VHC_OP_WORKER_CPUS] = { "sched_setaffinity", .form = VHC_FORM_CPUS, .on = VHC_ON_WORKER,
		.note = note_cpus },
	[VHC_OP_WORKER_SCHED] = { "sched_setscheduler", .form = VHC_FORM_SCHED, .on = VHC_ON_WORKER,
		.note = note_sched },
};
/* clang-format on */

const struct vhc_op_info *vhc_op_info(enum vhc_op_kind kind)
{
	return &infos[kind < VHC_OP_COUNT ? kind : VHC_OP_NONE];
}

struct vhc_op vhc_op_fd(enum vhc_op_kind kind, uint32_t fd)
{
	return (struct vhc_op){ .kind = kind, .fd = fd, .ring = VHC_NO_RING };
}

struct vhc_op vhc_op_ring(const struct vhc_dev_state *state, enum vhc_op_kind kind, uint32_t ring)
{
	return (struct vhc_op){ .kind = kind, .fd = vhc_state_fd_of(state, ring), .ring = ring };
}

void vhc_op_note(struct vhc_dev_state *have, const struct vhc_op *op)
{
	const struct vhc_op_info *info = vhc_op_info(op->kind);
	char *at = op->ring == VHC_NO_RING ? (char *)fd_of(have, op) : (char *)ring_of(have, op);
	uint32_t word = info->form == VHC_FORM_FILE ? (uint32_t)op->file : (uint32_t)op->value;

	if (info->size == sizeof(uint64_t))
		memcpy(at + info->offset, &op->value, sizeof(op->value));
	else if (info->size)
		memcpy(at + info->offset, &word, sizeof(word));
	if (info->note)
		info->note(have, op);
}

void vhc_op_target(const struct vhc_op *op, char *text, size_t size)
{
	static const char *const names[] = {
		[VHC_ON_BACKEND] = "vhost fd",
		[VHC_ON_WORKER] = "vhost fd",
		[VHC_ON_KVM] = "VM",
	};
	const struct vhc_op_info *info = vhc_op_info(op->kind);

	if (op->ring != VHC_NO_RING)
		snprintf(text, size, "ring %u", op->ring);
	else
		snprintf(text, size, "%s %u", info->target ? info->target : names[info->on],
			 op->fd);
}

void vhc_op_where(const struct vhc_op *op, char *text, size_t size)
{
	const struct vhc_op_info *info = vhc_op_info(op->kind);
	char target[32], which[96] = "";

	vhc_op_target(op, target, sizeof(target));
	if (info->form == VHC_FORM_BINDING)
		vhc_binding_text(op->kvm.binding, which, sizeof(which));
	if (info->named)
		snprintf(which, sizeof(which), "%llu", (unsigned long long)op->value);
	snprintf(text, size, "%s, %s%s%s", target, info->name, *which ? " of " : "", which);
}

#define KVM_EIO "the VM belongs to another process: bind in the one that made it"

/* What an errno means, where its name alone says too little (drivers/vhost/{vhost,net}.c). */
static const struct {
	enum vhc_op_kind kind; /* VHC_OP_NONE: any */
	int error;
	const char *text, *hint;
} meanings[] = {
	{ VHC_OP_SET_OWNER, EBUSY,
	  "the vhost fd already has an owner: it was given twice, or to another process" },
	{ VHC_OP_SET_OWNER, ENOMEM,
	  "no memory, or RLIMIT_NPROC is reached: since Linux 6.4 the worker is a task of the owner; "
	  "raise it (ulimit -u)" },
	{ VHC_OP_FORK_FROM_OWNER, EBUSY,
	  "the vhost fd already has an owner: select the "
	  "worker mode before that" },
	{ VHC_OP_SET_FEATURES_ARRAY, EOPNOTSUPP,
	  "this kernel's vhost does not have one of these features" },
	{ VHC_OP_SET_FEATURES, EOPNOTSUPP,
	  "this kernel's vhost does not have one of these features" },
	{ VHC_OP_SET_BACKEND_FEATURES, EOPNOTSUPP,
	  "this kernel's vhost does not have the second version of IOTLB messages" },
	{ VHC_OP_SET_MEM_TABLE, E2BIG,
	  "too many regions: raise vhost's module parameter max_mem_regions" },
	{ VHC_OP_SET_MEM_TABLE, EFAULT, "a region is empty or wraps around" },
	{ VHC_OP_SET_LOG_BASE, EFAULT,
	  "a running ring would be logged past the end of the dirty log" },
	{ VHC_OP_SET_LOG_FD, EINVAL, "the fd is not an eventfd" },
	{ VHC_OP_SET_VRING_ADDR, EINVAL,
	  "a running ring, or its part of the dirty log, would be at an invalid address" },
	{ VHC_OP_SET_VRING_NUM, EBUSY, "the ring runs: stop it first" },
	{ VHC_OP_SET_VRING_BASE, EBUSY, "the ring runs: stop it first" },
	{ VHC_OP_SET_VRING_KICK, EINVAL, "the fd is not an eventfd" },
	{ VHC_OP_SET_VRING_CALL, EINVAL, "the fd is not an eventfd" },
	{ VHC_OP_SET_VRING_KICK, EBADF, "the fd is closed" },
	{ VHC_OP_SET_VRING_CALL, EBADF, "the fd is closed" },
	{ VHC_OP_SET_BACKEND, ENOTSOCK, "the fd is not a tap with IFF_VNET_HDR, nor a macvtap" },
	{ VHC_OP_SET_BACKEND, EFAULT, "the kernel cannot reach the ring's memory" },
	{ VHC_OP_SET_GUEST_CID, EADDRINUSE, "another device has this CID",
	  "choose another CID, from 3 on, or close the device that has it" },
	{ VHC_OP_SET_GUEST_CID, EINVAL, "vhost does not accept this CID" },
	{ VHC_OP_SET_RUNNING, EFAULT, "the kernel cannot reach the memory of a ring" },
	{ VHC_OP_IOTLB_UPDATE, EFAULT,
	  "the kernel has no memory for it, or vhost has no IOMMU set" },
	{ VHC_OP_IOTLB_FILL, EFAULT, "the kernel has no memory for it, or vhost has no IOMMU set" },
	{ VHC_OP_IOTLB_INVALIDATE, EFAULT, "vhost has no IOMMU set" },
	{ VHC_OP_TAP_OFFLOADS, EINVAL, "this link does not support this combination of offloads" },
	{ VHC_OP_IOEVENTFD, EEXIST,
	  "another ioeventfd of this VM has it: the launcher's own, or another context's" },
	{ VHC_OP_IOEVENTFD, EIO, KVM_EIO },
	{ VHC_OP_IRQFD, EIO, KVM_EIO },
	{ VHC_OP_IRQFD, EAGAIN, "the VM's interrupt controller is not initialised yet" },
	{ VHC_OP_IRQFD, EBUSY,
	  "the call eventfd is an irqfd already: another ring's with the same eventfd, or the "
	  "launcher's own" },
	{ VHC_OP_IRQFD, EINVAL,
	  "the VM has no interrupt controller in the kernel (call "
	  "KVM_CREATE_IRQCHIP first), or only part of it, which is not enough "
	  "for a resample fd; or an fd is not an eventfd" },
	{ VHC_OP_IOEVENTFD, EINVAL, "the kick fd is not an eventfd" },
	{ VHC_OP_SET_VRING_BUSYLOOP, ENOTTY, "this kernel's vhost does not poll" },
	{ VHC_OP_LIST_TASKS, EPERM, "/proc cannot be read" },
	{ VHC_OP_FIND_WORKER, EPERM, "/proc cannot be read" },
	{ VHC_OP_WORKER_CPUS, EINVAL, "none of these CPUs is online and in the worker's cpuset" },
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

	while (i < COUNT &&
	       (meanings[i].error != error ||
		(meanings[i].kind != kind &&
		 (meanings[i].kind != VHC_OP_NONE || vhc_op_info(kind)->on != VHC_ON_BACKEND))))
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
