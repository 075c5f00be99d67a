/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * change - the plans of the transitions.  Pure functions of what is wanted and what the device has;
 * steps that only one kind of device has come from that kind.
 */
#ifndef LIB_PLAN_CHANGE_H
#define LIB_PLAN_CHANGE_H

#include "plan/plan.h"

/* What a plan must know. */
struct vhi_plan_args {
	const struct vhi_dev_state *want, *have;
	/* the kind's steps that make rings run, after all else; see struct vhi_kind */
	void (*run)(struct vhi_plan *plan, const struct vhi_plan_args *args);
	bool can_disown; /* VHOST_RESET_OWNER is there */
};

/**
 * vhi_plan_change() - from what the device has to what is wanted of it: rings that want a backend
 * are started, and those that run continue with the memory and the dirty log that are wanted.  The
 * rings were checked before, and `want` has their user addresses.
 * Order (drivers/vhost/vhost.c): owner, a dirty log that is new or longer, features, memory, then
 * each ring's size, base, addresses and eventfds, the backends, and last a dirty log that is
 * shorter or none.
 */
int vhi_plan_change(struct vhi_plan *plan, const struct vhi_plan_args *args);

/** vhi_plan_starts() - will the plan start this ring? */
bool vhi_plan_starts(const struct vhi_plan_args *args, uint32_t ring);

/** vhi_plan_stops() - is this ring running and selected?  @one: its number, or VHI_NO_RING for all. */
bool vhi_plan_stops(const struct vhi_dev_state *have, uint32_t ring, uint32_t one);

/** vhi_plan_bases() - after the rings have stopped: query the base of each that vhi_plan_stops(). */
void vhi_plan_bases(struct vhi_plan *plan, const struct vhi_dev_state *have, uint32_t one);

/** vhi_plan_reset() - after a stop: remove a ring's eventfds, or with VHI_NO_RING every ring's. */
int vhi_plan_reset(struct vhi_plan *plan, const struct vhi_dev_state *have, uint32_t ring);

/** vhi_plan_forget() - after a stop: remove every ring's eventfds, the dirty log and the memory. */
int vhi_plan_forget(struct vhi_plan *plan, const struct vhi_dev_state *have);

/** vhi_plan_disown() - give up the ownership, and with it all that the kernel knows. */
int vhi_plan_disown(struct vhi_plan *plan, const struct vhi_dev_state *have);

/**
 * vhi_plan_own() - take the ownership of a vhost fd: the requested worker mode before it, and after
 * it find the worker and set where and how it runs.  Nothing when it is owned.
 * @can_disown: the kind has VHOST_RESET_OWNER, which undoes it; without, an fd stays owned.
 */
int vhi_plan_own(struct vhi_plan *plan, uint32_t fd, const struct vhi_fd_state *want,
		 const struct vhi_fd_state *have, bool can_disown);

#endif
