/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * state - what is wanted of a device, or what it has.  Ground floor: no system call.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "features/features.h"
#include "plan/plan.h"
#include "plan/state.h"

void vhc_ring_state_forget(struct vhc_ring_state *ring)
{
	*ring = (struct vhc_ring_state){
		.kick = VHC_FD_NONE,
		.call = VHC_FD_NONE,
		.err = VHC_FD_NONE,
		.mask = VHC_FD_NONE,
		.backend = VHC_FD_NONE,
	};
}

void vhc_fd_state_set_table(struct vhc_fd_state *fd, struct vhc_table *table)
{
	struct vhc_table *old = fd->table;

	fd->table = table ? vhc_table_ref(table) : NULL;
	vhc_table_unref(old);
}

void vhc_fd_state_set_log(struct vhc_fd_state *fd, struct vhc_dirty_log *log)
{
	struct vhc_dirty_log *old = fd->log;

	fd->log = log ? vhc_dirty_log_ref(log) : NULL;
	vhc_dirty_log_unref(old);
}

void vhc_fd_state_forget(struct vhc_dev_state *state, uint32_t fd)
{
	vhc_fd_state_set_table(&state->fd[fd], NULL);
	vhc_fd_state_set_log(&state->fd[fd], NULL);
	free(state->fd[fd].cpus);
	state->fd[fd] = (struct vhc_fd_state){ .log_event = VHC_FD_NONE };
	for (uint32_t i = 0; i < VHC_NET_RINGS_PER_FD; i++)
		vhc_ring_state_forget(&state->ring[fd * VHC_NET_RINGS_PER_FD + i]);
}

int vhc_state_new(struct vhc_dev_state *state, uint32_t fds)
{
	*state = (struct vhc_dev_state){ .fds = fds, .rings = fds * VHC_NET_RINGS_PER_FD };
	state->fd = calloc(fds, sizeof(*state->fd));
	state->ring = calloc(state->rings, sizeof(*state->ring));
	if (!state->fd || !state->ring) {
		free(state->fd);
		free(state->ring);
		*state = (struct vhc_dev_state){ 0 };
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < fds; i++)
		vhc_fd_state_forget(state, i);
	return 0;
}

void vhc_state_clear(struct vhc_dev_state *state)
{
	for (uint32_t i = 0; i < state->fds; i++) {
		vhc_fd_state_set_table(&state->fd[i], NULL);
		vhc_fd_state_set_log(&state->fd[i], NULL);
		free(state->fd[i].cpus);
	}
	free(state->fd);
	free(state->ring);
	*state = (struct vhc_dev_state){ 0 };
}

bool vhc_state_runs(const struct vhc_dev_state *state)
{
	for (uint32_t i = 0; i < state->rings; i++)
		if (vhc_ring_runs(&state->ring[i]))
			return true;
	return false;
}

void vhc_state_settle(struct vhc_dev_state *want, const struct vhc_dev_state *have)
{
	for (uint32_t i = 0; i < have->rings; i++)
		want->ring[i].backend = have->ring[i].backend;
	for (uint32_t i = 0; i < have->fds; i++) {
		vhc_fd_state_set_table(&want->fd[i], have->fd[i].table);
		vhc_fd_state_set_log(&want->fd[i], have->fd[i].log);
	}
}

bool vhc_fd_translates(const struct vhc_fd_state *fd)
{
	return vhc_features_has(&fd->features, VHC_F_ACCESS_PLATFORM);
}

/* Since 7.2 a ring's addresses are gone when they begin or cease to be I/O virtual ones. */
static void note_features(struct vhc_dev_state *have, uint32_t fd, const struct vhc_features *set)
{
	bool before = vhc_fd_translates(&have->fd[fd]);

	have->fd[fd].features = *set;
	have->fd[fd].has_features = true;
	have->fd[fd].iotlb |= vhc_fd_translates(&have->fd[fd]);
	for (uint32_t i = 0; i < VHC_NET_RINGS_PER_FD; i++)
		if (vhc_fd_translates(&have->fd[fd]) != before)
			have->ring[fd * VHC_NET_RINGS_PER_FD + i].has_addr = false;
}

static void note_ring(struct vhc_ring_state *ring, const struct vhc_op *op)
{
	switch (op->kind) {
	case VHC_OP_SET_VRING_NUM:
		ring->size = (uint32_t)op->value;
		break;
	case VHC_OP_SET_VRING_BASE:
	case VHC_OP_GET_VRING_BASE:
		ring->base = (uint32_t)op->value;
		ring->base_lost = vhc_ring_runs(ring);
		break;
	case VHC_OP_SET_VRING_ADDR:
		memcpy(ring->addr, op->addr.guest, sizeof(ring->addr));
		memcpy(ring->user, op->addr.user, sizeof(ring->user));
		ring->has_addr = true;
		ring->logs = op->addr.log;
		break;
	case VHC_OP_SET_VRING_KICK:
		ring->kick = op->file;
		break;
	case VHC_OP_SET_VRING_CALL:
		ring->call = op->file;
		break;
	case VHC_OP_SET_VRING_ERR:
		ring->err = op->file;
		break;
	case VHC_OP_SET_BACKEND:
		ring->backend = op->file;
		if (op->file >= 0)
			ring->base_lost = true; /* it moves on from here */
		break;
	default:
		break;
	}
}

static void note_fd(struct vhc_dev_state *have, const struct vhc_op *op)
{
	struct vhc_fd_state *fd = &have->fd[op->fd];

	switch (op->kind) {
	case VHC_OP_FORK_FROM_OWNER:
		fd->mode = (uint8_t)op->value;
		fd->has_mode = true;
		break;
	case VHC_OP_SET_OWNER:
		fd->owned = true;
		break;
	case VHC_OP_FIND_WORKER:
		fd->worker = (int32_t)op->value;
		break;
	case VHC_OP_RESET_OWNER:
		vhc_fd_state_forget(have, op->fd);
		break;
	case VHC_OP_SET_FEATURES:
	case VHC_OP_SET_FEATURES_ARRAY:
		note_features(have, op->fd, &op->features);
		break;
	case VHC_OP_SET_BACKEND_FEATURES:
		fd->backend = op->value;
		break;
	case VHC_OP_SET_MEM_TABLE:
		vhc_fd_state_set_table(fd, op->table);
		break;
	case VHC_OP_SET_LOG_BASE:
		vhc_fd_state_set_log(fd, op->log);
		break;
	case VHC_OP_SET_LOG_FD:
		fd->log_event = op->file;
		break;
	default:
		break;
	}
}

void vhc_state_note(struct vhc_dev_state *have, const struct vhc_op *op)
{
	if (op->kind == VHC_OP_TAP_HEADER)
		have->header = (uint32_t)op->value;
	else if (op->kind == VHC_OP_TAP_OFFLOADS)
		have->offloads = (uint32_t)op->value;
	else if (op->kind == VHC_OP_SET_VRING_BUSYLOOP)
		have->fd[op->fd].busyloop[op->ring % VHC_NET_RINGS_PER_FD] = (uint32_t)op->value;
	else if (op->ring != VHC_NO_RING)
		note_ring(&have->ring[op->ring], op);
	else
		note_fd(have, op);
}
