/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * state - what is wanted, or what a device has.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "features/features.h"
#include "plan/state.h"

void vhc_ring_state_forget(struct vhc_ring_state *ring)
{
	uint32_t busyloop = ring->busyloop;

	*ring = (struct vhc_ring_state){
		.busyloop = busyloop,
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
	for (uint32_t i = 0; i < state->rings_per_fd; i++) {
		struct vhc_ring_state *ring = &state->ring[fd * state->rings_per_fd + i];

		vhc_ring_state_forget(ring);
		ring->busyloop = 0;
	}
}

int vhc_state_new(struct vhc_dev_state *state, uint32_t fds, uint32_t rings_per_fd)
{
	*state = (struct vhc_dev_state){ .fds = fds,
					 .rings_per_fd = rings_per_fd,
					 .rings = fds * rings_per_fd };
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
