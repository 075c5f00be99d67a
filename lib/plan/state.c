/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * state - what is wanted, or what a device has.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "features/features.h"
#include "plan/state.h"

void vhi_ring_state_forget(struct vhi_ring_state *ring)
{
	uint32_t busyloop = ring->busyloop;

	*ring = (struct vhi_ring_state){
		.busyloop = busyloop,
		.kick = VHI_FD_NONE,
		.call = VHI_FD_NONE,
		.err = VHI_FD_NONE,
		.mask = VHI_FD_NONE,
		.backend = VHI_FD_NONE,
	};
}

void vhi_fd_state_set_table(struct vhi_fd_state *fd, struct vhi_table *table)
{
	struct vhi_table *old = fd->table;

	fd->table = table ? vhi_table_ref(table) : NULL;
	vhi_table_unref(old);
}

void vhi_fd_state_set_log(struct vhi_fd_state *fd, struct vhi_dirty_log *log)
{
	struct vhi_dirty_log *old = fd->log;

	fd->log = log ? vhi_dirty_log_ref(log) : NULL;
	vhi_dirty_log_unref(old);
}

void vhi_fd_state_forget(struct vhi_dev_state *state, uint32_t fd)
{
	vhi_fd_state_set_table(&state->fd[fd], NULL);
	vhi_fd_state_set_log(&state->fd[fd], NULL);
	free(state->fd[fd].cpus);
	state->fd[fd] = (struct vhi_fd_state){ .log_event = VHI_FD_NONE };
	for (uint32_t i = 0; i < state->rings_per_fd; i++) {
		struct vhi_ring_state *ring = &state->ring[fd * state->rings_per_fd + i];

		vhi_ring_state_forget(ring);
		ring->busyloop = 0;
	}
}

int vhi_state_new(struct vhi_dev_state *state, uint32_t fds, uint32_t rings_per_fd)
{
	*state = (struct vhi_dev_state){ .fds = fds,
					 .rings_per_fd = rings_per_fd,
					 .rings = fds * rings_per_fd };
	state->fd = calloc(fds, sizeof(*state->fd));
	state->ring = calloc(state->rings, sizeof(*state->ring));
	if (!state->fd || !state->ring) {
		free(state->fd);
		free(state->ring);
		*state = (struct vhi_dev_state){ 0 };
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < fds; i++)
		vhi_fd_state_forget(state, i);
	return 0;
}

void vhi_state_clear(struct vhi_dev_state *state)
{
	for (uint32_t i = 0; i < state->fds; i++) {
		vhi_fd_state_set_table(&state->fd[i], NULL);
		vhi_fd_state_set_log(&state->fd[i], NULL);
		free(state->fd[i].cpus);
	}
	free(state->fd);
	free(state->ring);
	*state = (struct vhi_dev_state){ 0 };
}

bool vhi_state_runs(const struct vhi_dev_state *state)
{
	for (uint32_t i = 0; i < state->rings; i++)
		if (vhi_ring_runs(&state->ring[i]))
			return true;
	return false;
}

void vhi_state_settle(struct vhi_dev_state *want, const struct vhi_dev_state *have)
{
	for (uint32_t i = 0; i < have->rings; i++)
		want->ring[i].backend = have->ring[i].backend;
	for (uint32_t i = 0; i < have->fds; i++) {
		vhi_fd_state_set_table(&want->fd[i], have->fd[i].table);
		vhi_fd_state_set_log(&want->fd[i], have->fd[i].log);
	}
}

bool vhi_fd_translates(const struct vhi_fd_state *fd)
{
	return vhc_features_has(&fd->features, VHI_F_ACCESS_PLATFORM);
}
