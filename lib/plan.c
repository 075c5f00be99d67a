/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * plan - the difference between what a device has and what is wanted of it, as operations in the
 * order that the kernel needs.  Ground floor: no system call, pure functions of their arguments.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "feature.h"
#include "plan.h"

void vhc_plan_clear(struct vhc_plan *plan)
{
	free(plan->steps);
	*plan = (struct vhc_plan){ 0 };
}

/* A step without undo; the caller fills the rest.  Never NULL: an overflow is remembered. */
static struct vhc_step *add(struct vhc_plan *plan, enum vhc_op_kind kind, uint32_t fd,
			    uint32_t ring)
{
	struct vhc_step *step = &plan->lost;

	if (plan->count == plan->room) {
		uint32_t room = plan->room ? 2 * plan->room : 32;
		struct vhc_step *steps = realloc(plan->steps, room * sizeof(*steps));

		if (!steps) {
			plan->error = -ENOMEM;
		} else {
			plan->steps = steps;
			plan->room = room;
		}
	}
	if (plan->count < plan->room)
		step = &plan->steps[plan->count++];
	*step = (struct vhc_step){ 0 };
	step->op = (struct vhc_op){ .kind = kind, .fd = fd, .ring = ring };
	step->undo = (struct vhc_op){ .kind = VHC_OP_NONE, .fd = fd, .ring = ring };
	return step;
}

static void add_value(struct vhc_plan *plan, enum vhc_op_kind kind, uint32_t fd, uint32_t ring,
		      uint64_t value)
{
	add(plan, kind, fd, ring)->op.value = value;
}

/* A file is undone by the one that was there before, or by none. */
static void add_file(struct vhc_plan *plan, enum vhc_op_kind kind, uint32_t ring, int file,
		     int before)
{
	struct vhc_step *step = add(plan, kind, ring / VHC_NET_RINGS_PER_FD, ring);

	step->op.file = file;
	step->undo.kind = kind;
	step->undo.file = before >= 0 ? before : VHC_FD_NONE;
}

static void plan_tap(struct vhc_plan *plan, const struct vhc_plan_args *args)
{
	static const enum vhc_op_kind kinds[] = { VHC_OP_TAP_HEADER, VHC_OP_TAP_OFFLOADS };
	const uint64_t want[] = { args->want->header, args->want->offloads };
	const uint64_t have[] = { args->have->header, args->have->offloads };

	for (uint32_t queue = 0; queue < args->tap_queues_to_set; queue++)
		for (size_t i = 0; i < 2; i++)
			if (want[i] != have[i]) {
				struct vhc_step *step = add(plan, kinds[i], queue, VHC_NO_RING);

				step->op.value = want[i];
				step->undo.kind = kinds[i];
				step->undo.value = have[i] == VHC_OFFLOADS_UNKNOWN ? 0 : have[i];
			}
}

/* The old call takes 64 bits, and clears those above. */
static enum vhc_op_kind features_kind(const struct vhc_features *set)
{
	return set->w[1] ? VHC_OP_SET_FEATURES_ARRAY : VHC_OP_SET_FEATURES;
}

static void plan_fd(struct vhc_plan *plan, uint32_t fd, const struct vhc_fd_state *want,
		    const struct vhc_fd_state *have)
{
	if (!have->owned)
		add(plan, VHC_OP_SET_OWNER, fd, VHC_NO_RING)->undo.kind = VHC_OP_RESET_OWNER;
	if (!have->has_features || !vhc_features_equal(&want->features, &have->features)) {
		struct vhc_step *step = add(plan, features_kind(&want->features), fd, VHC_NO_RING);

		step->op.features = want->features;
		step->undo.kind = features_kind(&have->features);
		step->undo.features = have->features;
	}
	if (!have->table || !vhc_table_equal(want->table, have->table)) {
		struct vhc_step *step = add(plan, VHC_OP_SET_MEM_TABLE, fd, VHC_NO_RING);

		step->op.table = want->table;
		step->undo.kind = VHC_OP_SET_MEM_TABLE;
		step->undo.table = have->table;
	}
}

/* Size, base and addresses of a ring that does not run have no effect, so nothing undoes them. */
static void plan_ring(struct vhc_plan *plan, uint32_t ring, const struct vhc_ring_state *want,
		      const struct vhc_ring_state *have)
{
	uint32_t fd = ring / VHC_NET_RINGS_PER_FD;

	if (want->size != have->size)
		add_value(plan, VHC_OP_SET_VRING_NUM, fd, ring, want->size);
	if (want->has_base && (want->base != have->base || have->base_lost))
		add_value(plan, VHC_OP_SET_VRING_BASE, fd, ring, want->base);
	if (!have->has_addr || memcmp(want->user, have->user, sizeof(want->user))) {
		struct vhc_step *step = add(plan, VHC_OP_SET_VRING_ADDR, fd, ring);

		memcpy(step->op.addr.guest, want->addr, sizeof(want->addr));
		memcpy(step->op.addr.user, want->user, sizeof(want->user));
	}
	if (want->kick != have->kick)
		add_file(plan, VHC_OP_SET_VRING_KICK, ring, want->kick, have->kick);
	if (vhc_ring_call(want) != have->call)
		add_file(plan, VHC_OP_SET_VRING_CALL, ring, vhc_ring_call(want), have->call);
	if (want->err != have->err)
		add_file(plan, VHC_OP_SET_VRING_ERR, ring, want->err, have->err);
}

/* From here on the ring moves, so an undo must ask how far it got, once the backend is off again. */
static void plan_backend(struct vhc_plan *plan, uint32_t ring, int file)
{
	add(plan, VHC_OP_NONE, ring / VHC_NET_RINGS_PER_FD, ring)->undo.kind =
		VHC_OP_GET_VRING_BASE;
	add_file(plan, VHC_OP_SET_BACKEND, ring, file, VHC_FD_NONE);
}

static bool to_start(const struct vhc_plan_args *args, uint32_t ring)
{
	return args->want->ring[ring].size && !vhc_ring_runs(&args->have->ring[ring]);
}

int vhc_plan_start(struct vhc_plan *plan, const struct vhc_plan_args *args)
{
	const struct vhc_dev_state *want = args->want, *have = args->have;

	plan_tap(plan, args);
	for (uint32_t fd = 0; fd < want->fds; fd++)
		for (uint32_t i = 0; i < VHC_NET_RINGS_PER_FD; i++)
			if (to_start(args, fd * VHC_NET_RINGS_PER_FD + i)) {
				plan_fd(plan, fd, &want->fd[fd], &have->fd[fd]);
				break;
			}
	for (uint32_t i = 0; i < want->rings; i++)
		if (to_start(args, i))
			plan_ring(plan, i, &want->ring[i], &have->ring[i]);
	for (uint32_t i = 0; i < want->rings; i++)
		if (to_start(args, i))
			plan_backend(plan, i, want->ring[i].backend);
	return plan->error;
}

int vhc_plan_stop(struct vhc_plan *plan, const struct vhc_dev_state *have)
{
	for (uint32_t i = 0; i < have->rings; i++)
		if (vhc_ring_runs(&have->ring[i]))
			add_file(plan, VHC_OP_SET_BACKEND, i, VHC_FD_NONE, have->ring[i].backend);
	for (uint32_t i = 0; i < have->rings; i++)
		if (vhc_ring_runs(&have->ring[i]))
			add(plan, VHC_OP_GET_VRING_BASE, i / VHC_NET_RINGS_PER_FD, i);
	return plan->error;
}

int vhc_plan_reset(struct vhc_plan *plan, const struct vhc_dev_state *have, bool owner)
{
	for (uint32_t i = 0; i < have->rings; i++) {
		const struct vhc_ring_state *ring = &have->ring[i];

		if (ring->kick != VHC_FD_NONE)
			add_file(plan, VHC_OP_SET_VRING_KICK, i, VHC_FD_NONE, ring->kick);
		if (ring->call != VHC_FD_NONE)
			add_file(plan, VHC_OP_SET_VRING_CALL, i, VHC_FD_NONE, ring->call);
		if (ring->err != VHC_FD_NONE)
			add_file(plan, VHC_OP_SET_VRING_ERR, i, VHC_FD_NONE, ring->err);
	}
	for (uint32_t fd = 0; owner && fd < have->fds; fd++)
		if (have->fd[fd].owned)
			add(plan, VHC_OP_RESET_OWNER, fd, VHC_NO_RING);
	return plan->error;
}

int vhc_plan_one(struct vhc_plan *plan, const struct vhc_op *op, const struct vhc_op *undo)
{
	struct vhc_step *step = add(plan, op->kind, op->fd, op->ring);

	step->op = *op;
	if (undo)
		step->undo = *undo;
	return plan->error;
}
