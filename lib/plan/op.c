/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * op - the table of operations.
 */
#include <stdio.h>
#include <string.h>

#include "plan/op.h"
#include "syscall/uapi.h"

/* ------------------------------------------- what an operation changes in what the kernel has */

static struct vhi_fd_state *fd_of(struct vhi_dev_state *have, const struct vhi_op *op)
{
	return &have->fd[op->fd];
}

static struct vhi_ring_state *ring_of(struct vhi_dev_state *have, const struct vhi_op *op)
{
	return &have->ring[op->ring];
}

static void note_mode(struct vhi_dev_state *have, const struct vhi_op *op)
{
	fd_of(have, op)->has_mode = true;
}

static void note_owner(struct vhi_dev_state *have, const struct vhi_op *op)
{
	fd_of(have, op)->owned = true;
}

static void note_no_owner(struct vhi_dev_state *have, const struct vhi_op *op)
{
	vhi_fd_state_forget(have, op->fd);
}

static void note_cpus(struct vhi_dev_state *have, const struct vhi_op *op)
{
	fd_of(have, op)->has_cpus = true;
}

static void note_sched(struct vhi_dev_state *have, const struct vhi_op *op)
{
	fd_of(have, op)->has_sched = true;
}

/* Since Linux 7.2 a ring's addresses are lost when they begin or cease to be I/O virtual ones. */
static void note_features(struct vhi_dev_state *have, const struct vhi_op *op)
{
	struct vhi_fd_state *fd = fd_of(have, op);
	bool before = vhi_fd_translates(fd);

	fd->features = op->features;
	fd->has_features = true;
	fd->iotlb |= vhi_fd_translates(fd);
	fd->filled = false; /* with an IOMMU the kernel has a new table */
	for (uint32_t i = 0; i < have->rings_per_fd && vhi_fd_translates(fd) != before; i++)
		have->ring[op->fd * have->rings_per_fd + i].has_addr = false;
}

static void note_fill(struct vhi_dev_state *have, const struct vhi_op *op)
{
	fd_of(have, op)->filled |= !op->map.size;
}

static void note_table(struct vhi_dev_state *have, const struct vhi_op *op)
{
	vhi_fd_state_set_table(fd_of(have, op), op->table);
}

static void note_log(struct vhi_dev_state *have, const struct vhi_op *op)
{
	vhi_fd_state_set_log(fd_of(have, op), op->log);
}

static void note_base(struct vhi_dev_state *have, const struct vhi_op *op)
{
	ring_of(have, op)->base_lost = vhi_ring_runs(ring_of(have, op));
}

static void note_addr(struct vhi_dev_state *have, const struct vhi_op *op)
{
	struct vhi_ring_state *ring = ring_of(have, op);

	memcpy(ring->addr, op->addr.guest, sizeof(ring->addr));
	memcpy(ring->user, op->addr.user, sizeof(ring->user));
	ring->has_addr = true;
	ring->logs = op->addr.log;
}

/* With a backend the ring advances, so its base is no longer known. */
static void note_backend(struct vhi_dev_state *have, const struct vhi_op *op)
{
	if (op->file >= 0)
		ring_of(have, op)->base_lost = true;
}

/*
 * All rings of the fd start or stop together.  When one cannot start, those before it may have
 * advanced already.
 */
static void note_running(struct vhi_dev_state *have, const struct vhi_op *op)
{
	for (uint32_t i = 0; i < have->rings_per_fd; i++) {
		struct vhi_ring_state *ring = &have->ring[op->fd * have->rings_per_fd + i];

		ring->backend = op->value ? VHI_BACKEND_SELF : VHI_FD_NONE;
		ring->base_lost |= op->value != 0;
	}
}

/* --------------------------------------------------------------------------------- the table */

/* A field of 32 or 64 bits: of another size, the array's is negative. */
#define SIZE(type, member)   sizeof(((type *)0)->member)
#define WORD(size)	     ((size) * sizeof(char[(size) == 4 || (size) == 8 ? 1 : -1]))
#define MEMBER(type, member) .offset = offsetof(type, member), .size = WORD(SIZE(type, member))
#define RING(member)	     MEMBER(struct vhi_ring_state, member)
#define FD(member)	     MEMBER(struct vhi_fd_state, member)
#define CALL(name)	     #name, name

/* clang-format off */
static const struct vhi_op_info infos[VHI_OP_COUNT] = {
	[VHI_OP_NONE] = { "nothing" },
	[VHI_OP_TAP_HEADER] = { "TUNSETVNETHDRSZ", 0, VHI_FORM_VALUE, VHI_ON_KIND, "tap queue" },
	[VHI_OP_TAP_LITTLE] = { "TUNSETVNETLE", 0, VHI_FORM_VALUE, VHI_ON_KIND, "tap queue" },
	[VHI_OP_TAP_OFFLOADS] = { "TUNSETOFFLOAD", 0, VHI_FORM_VALUE, VHI_ON_KIND, "tap queue", .hex = true },
	[VHI_OP_TAP_QUEUE] = { "TUNSETQUEUE", 0, VHI_FORM_VALUE, VHI_ON_KIND, "tap queue" },
	[VHI_OP_FORK_FROM_OWNER] = { "VHOST_SET_FORK_FROM_OWNER", VHI_SET_FORK_FROM_OWNER, VHI_FORM_VALUE,
		FD(mode), .note = note_mode },
	[VHI_OP_SET_OWNER] = { CALL(VHOST_SET_OWNER), .note = note_owner },
	[VHI_OP_RESET_OWNER] = { CALL(VHOST_RESET_OWNER), .note = note_no_owner },
	[VHI_OP_SET_FEATURES] = { CALL(VHOST_SET_FEATURES), VHI_FORM_FEATURES, .note = note_features },
	[VHI_OP_SET_FEATURES_ARRAY] = { "VHOST_SET_FEATURES_ARRAY", VHI_SET_FEATURES_ARRAY, VHI_FORM_FEATURES,
		.note = note_features },
	[VHI_OP_SET_BACKEND_FEATURES] = { CALL(VHOST_SET_BACKEND_FEATURES), VHI_FORM_VALUE, FD(backend), .hex = true },
	[VHI_OP_SET_MEM_TABLE] = { CALL(VHOST_SET_MEM_TABLE), VHI_FORM_TABLE, .note = note_table },
	[VHI_OP_SET_LOG_BASE] = { CALL(VHOST_SET_LOG_BASE), VHI_FORM_LOG, .note = note_log, .partly = true },
	[VHI_OP_SET_LOG_FD] = { CALL(VHOST_SET_LOG_FD), VHI_FORM_FILE, FD(log_event) },
	[VHI_OP_SET_VRING_NUM] = { CALL(VHOST_SET_VRING_NUM), VHI_FORM_VALUE, RING(size) },
	[VHI_OP_SET_VRING_BASE] = { CALL(VHOST_SET_VRING_BASE), VHI_FORM_VALUE, RING(base), .note = note_base },
	[VHI_OP_GET_VRING_BASE] = { CALL(VHOST_GET_VRING_BASE), RING(base), .note = note_base },
	[VHI_OP_SET_VRING_ADDR] = { CALL(VHOST_SET_VRING_ADDR), VHI_FORM_ADDR, .note = note_addr },
	[VHI_OP_SET_VRING_KICK] = { CALL(VHOST_SET_VRING_KICK), VHI_FORM_FILE, RING(kick) },
	[VHI_OP_SET_VRING_CALL] = { CALL(VHOST_SET_VRING_CALL), VHI_FORM_FILE, RING(call) },
	[VHI_OP_SET_VRING_ERR] = { CALL(VHOST_SET_VRING_ERR), VHI_FORM_FILE, RING(err) },
	[VHI_OP_SET_VRING_BUSYLOOP] = { CALL(VHOST_SET_VRING_BUSYLOOP_TIMEOUT), VHI_FORM_VALUE, RING(busyloop) },
	[VHI_OP_SET_BACKEND] = { CALL(VHOST_NET_SET_BACKEND), VHI_FORM_FILE, .file = "tap queue", RING(backend),
		.note = note_backend },
	[VHI_OP_SET_GUEST_CID] = { CALL(VHOST_VSOCK_SET_GUEST_CID), VHI_FORM_VALUE, .named = true },
	[VHI_OP_SET_RUNNING] = { CALL(VHOST_VSOCK_SET_RUNNING), VHI_FORM_VALUE, .note = note_running, .partly = true },
	[VHI_OP_IOTLB_UPDATE] = { "VHOST_IOTLB_UPDATE", .form = VHI_FORM_MAP },
	[VHI_OP_IOTLB_INVALIDATE] = { "VHOST_IOTLB_INVALIDATE", .form = VHI_FORM_RANGE },
	[VHI_OP_IOTLB_FILL] = { "VHOST_IOTLB_UPDATE", .form = VHI_FORM_RANGE, .note = note_fill },
	[VHI_OP_IOEVENTFD] = { "KVM_IOEVENTFD", .form = VHI_FORM_BINDING, .on = VHI_ON_KVM },
	[VHI_OP_IRQFD] = { "KVM_IRQFD", .form = VHI_FORM_BINDING, .on = VHI_ON_KVM },
	[VHI_OP_LIST_TASKS] = { "list of tasks in /proc", .on = VHI_ON_WORKER },
	[VHI_OP_FIND_WORKER] = { "its worker in /proc", .on = VHI_ON_WORKER, FD(worker) },
	[VHI_OP_WORKER_CPUS] = { "sched_setaffinity", .form = VHI_FORM_CPUS, .on = VHI_ON_WORKER,
		.note = note_cpus },
	[VHI_OP_WORKER_SCHED] = { "sched_setscheduler", .form = VHI_FORM_SCHED, .on = VHI_ON_WORKER,
		.note = note_sched },
};
/* clang-format on */

const struct vhi_op_info *vhi_op_info(enum vhi_op_kind kind)
{
	return &infos[kind < VHI_OP_COUNT ? kind : VHI_OP_NONE];
}

struct vhi_op vhi_op_fd(enum vhi_op_kind kind, uint32_t fd)
{
	return (struct vhi_op){ .kind = kind, .fd = fd, .ring = VHI_NO_RING };
}

struct vhi_op vhi_op_ring(const struct vhi_dev_state *state, enum vhi_op_kind kind, uint32_t ring)
{
	return (struct vhi_op){ .kind = kind, .fd = vhi_state_fd_of(state, ring), .ring = ring };
}

void vhi_op_note(struct vhi_dev_state *have, const struct vhi_op *op)
{
	const struct vhi_op_info *info = vhi_op_info(op->kind);
	char *at = op->ring == VHI_NO_RING ? (char *)fd_of(have, op) : (char *)ring_of(have, op);
	uint32_t word = info->form == VHI_FORM_FILE ? (uint32_t)op->file : (uint32_t)op->value;

	if (info->size == sizeof(uint64_t))
		memcpy(at + info->offset, &op->value, sizeof(op->value));
	else if (info->size)
		memcpy(at + info->offset, &word, sizeof(word));
	if (info->note)
		info->note(have, op);
}

void vhi_op_target(const struct vhi_op *op, char *text, size_t size)
{
	static const char *const names[] = {
		[VHI_ON_BACKEND] = "vhost fd",
		[VHI_ON_WORKER] = "vhost fd",
		[VHI_ON_KVM] = "VM",
	};
	const struct vhi_op_info *info = vhi_op_info(op->kind);

	if (op->ring != VHI_NO_RING)
		snprintf(text, size, "ring %u", op->ring);
	else
		snprintf(text, size, "%s %u", info->target ? info->target : names[info->on],
			 op->fd);
}

void vhi_op_where(const struct vhi_op *op, char *text, size_t size)
{
	const struct vhi_op_info *info = vhi_op_info(op->kind);
	char target[32], which[96] = "";

	vhi_op_target(op, target, sizeof(target));
	if (info->form == VHI_FORM_BINDING)
		vhi_binding_text(op->kvm.binding, which, sizeof(which));
	if (info->named)
		snprintf(which, sizeof(which), "%llu", (unsigned long long)op->value);
	snprintf(text, size, "%s, %s%s%s", target, info->name, *which ? " of " : "", which);
}
