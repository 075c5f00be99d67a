/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * change - the difference between what a device has and what is wanted of it, as operations in the
 * order that the kernel needs.
 */
#include <string.h>

#include "features/features.h"
#include "plan/change.h"

/* What the kernel has of an fd that was just opened. */
static const struct vhi_fd_state fresh = { .log_event = VHI_FD_NONE };

/* ------------------------------------------------------------------------------------- one fd */

/* The older call takes 64 bits, and clears those above. */
static struct vhi_op set_features(uint32_t fd, const struct vhc_features *set)
{
	struct vhi_op op =
		vhi_op_fd(set->w[1] ? VHI_OP_SET_FEATURES_ARRAY : VHI_OP_SET_FEATURES, fd);

	op.features = *set;
	return op;
}

static void plan_table(struct vhi_plan *plan, uint32_t fd, const struct vhi_fd_state *want,
		       const struct vhi_fd_state *have)
{
	if (!have->table || !vhi_table_equal(want->table, have->table))
		vhi_plan_add_table(plan, fd, want->table, have->table);
}

/* Is a ring of this fd running, or going to run? */
static bool fd_runs(const struct vhi_dev_state *state, uint32_t fd)
{
	for (uint32_t i = 0; i < state->rings_per_fd; i++)
		if (state->ring[fd * state->rings_per_fd + i].backend != VHI_FD_NONE)
			return true;
	return false;
}

static void plan_log(struct vhi_plan *plan, uint32_t fd, const struct vhi_fd_state *want,
		     const struct vhi_fd_state *have)
{
	if (want->log != have->log)
		vhi_plan_add_log(plan, fd, want->log, have->log);
	if (want->log_event != have->log_event)
		vhi_plan_add_file(plan, vhi_op_fd(VHI_OP_SET_LOG_FD, fd), want->log_event,
				  have->log_event);
}

/*
 * A dirty log that covers less than the one before must wait until nothing is logged past its end.
 * But rings that are only started must not begin with the one before: nothing reads that any more.
 */
static bool log_waits(const struct vhi_plan_args *args, uint32_t fd)
{
	const struct vhi_dirty_log *want = args->want->fd[fd].log, *have = args->have->fd[fd].log;

	return have && (!want || want->size < have->size) && fd_runs(args->have, fd);
}

static void plan_backend_features(struct vhi_plan *plan, uint32_t fd, uint64_t want, uint64_t have)
{
	struct vhi_op op = vhi_op_fd(VHI_OP_SET_BACKEND_FEATURES, fd), undo = op;

	op.value = want;
	undo.value = have;
	vhi_plan_add_step(plan, &op, &undo);
}

/* Setting features that include the IOMMU empties the kernel's IOTLB. */
static void plan_features(struct vhi_plan *plan, uint32_t fd, const struct vhi_fd_state *want,
			  const struct vhi_fd_state *have)
{
	struct vhi_op op = set_features(fd, &want->features);
	struct vhi_op undo = set_features(fd, &have->features);

	if (vhi_fd_translates(have))
		vhi_plan_add_undo(plan, vhi_op_fd(VHI_OP_IOTLB_FILL, fd));
	vhi_plan_add_step(plan, &op, &undo);
	if (!vhi_fd_translates(want))
		return;
	if (want->backend != have->backend)
		plan_backend_features(plan, fd, want->backend, have->backend);
	vhi_plan_add(plan, vhi_op_fd(VHI_OP_IOTLB_FILL, fd));
}

/* The worker ends with the ownership, so nothing has to undo what was set for it. */
static void plan_worker(struct vhi_plan *plan, uint32_t fd, const struct vhi_fd_state *want,
			const struct vhi_fd_state *have)
{
	struct vhi_op cpus = vhi_op_fd(VHI_OP_WORKER_CPUS, fd);
	struct vhi_op sched = vhi_op_fd(VHI_OP_WORKER_SCHED, fd);

	cpus.cpus = want->cpus;
	sched.sched.policy = want->policy;
	sched.sched.priority = want->priority;
	if (!have->worker)
		vhi_plan_add(plan, vhi_op_fd(VHI_OP_FIND_WORKER, fd));
	if (want->cpus && !have->has_cpus)
		vhi_plan_add(plan, cpus);
	if (want->has_sched && !have->has_sched)
		vhi_plan_add(plan, sched);
}

int vhi_plan_own(struct vhi_plan *plan, uint32_t fd, const struct vhi_fd_state *want,
		 const struct vhi_fd_state *have, bool can_disown)
{
	struct vhi_op undo = vhi_op_fd(can_disown ? VHI_OP_RESET_OWNER : VHI_OP_NONE, fd);
	struct vhi_op own = vhi_op_fd(VHI_OP_SET_OWNER, fd);

	if (have->owned) {
		/* what failed before, where that could not undo the ownership */
		if (want->find_worker)
			plan_worker(plan, fd, want, have);
		return plan->error;
	}
	/* RESET_OWNER brings the kernel's choice back */
	if (want->has_mode && !have->has_mode)
		vhi_plan_add_value(plan, vhi_op_fd(VHI_OP_FORK_FROM_OWNER, fd), want->mode);
	if (want->find_worker)
		vhi_plan_add(plan, vhi_op_fd(VHI_OP_LIST_TASKS, fd));
	vhi_plan_add_step(plan, &own, &undo);
	if (want->find_worker)
		plan_worker(plan, fd, want, have);
	return plan->error;
}

static void plan_busyloop(struct vhi_plan *plan, const struct vhi_plan_args *args, uint32_t ring,
			  bool renewed)
{
	struct vhi_op op = vhi_op_ring(args->want, VHI_OP_SET_VRING_BUSYLOOP, ring), undo = op;

	op.value = args->want->ring[ring].busyloop;
	undo.value = renewed ? 0 : args->have->ring[ring].busyloop;
	if (op.value != undo.value)
		vhi_plan_add_step(plan, &op, &undo);
}

/* Before Linux 7.2 an fd that once had an IOMMU translates for as long as it has this owner. */
static bool to_renew(const struct vhi_plan_args *args, uint32_t fd)
{
	return args->have->fd[fd].iotlb && !vhi_fd_translates(&args->want->fd[fd]);
}

/* The undo owns it again, as it was owned: the steps of that, reversed. */
static void plan_renew(struct vhi_plan *plan, uint32_t fd, const struct vhi_plan_args *args)
{
	struct vhi_plan own = { 0 };

	vhi_plan_own(&own, fd, &args->want->fd[fd], &fresh, args->can_disown);
	vhi_plan_add(plan, vhi_op_fd(VHI_OP_RESET_OWNER, fd));
	for (uint32_t i = own.count; i--;)
		vhi_plan_add_undo(plan, own.steps[i].op);
	plan->error = plan->error ?: own.error;
	vhi_plan_clear(&own);
}

/* An fd on which a ring is running, or going to run. */
static void plan_fd(struct vhi_plan *plan, uint32_t fd, const struct vhi_plan_args *args)
{
	const struct vhi_fd_state *want = &args->want->fd[fd], *have = &args->have->fd[fd];
	bool renew = to_renew(args, fd);

	if (renew) {
		plan_renew(plan, fd, args);
		have = &fresh;
	}
	vhi_plan_own(plan, fd, want, have, args->can_disown);
	for (uint32_t i = 0; i < args->want->rings_per_fd; i++)
		plan_busyloop(plan, args, fd * args->want->rings_per_fd + i, renew);
	if (!log_waits(args, fd))
		plan_log(plan, fd, want, have);
	if (!have->has_features || !vhi_features_equal(&want->features, &have->features))
		plan_features(plan, fd, want, have);
	plan_table(plan, fd, want, have);
}

/* ----------------------------------------------------------------------------------- one ring */

static struct vhi_op set_addr(struct vhi_op op, const struct vhi_ring_state *place, bool log)
{
	memcpy(op.addr.guest, place->addr, sizeof(place->addr));
	memcpy(op.addr.user, place->user, sizeof(place->user));
	op.addr.log = log;
	return op;
}

/* Size, base and addresses of a ring that does not run have no effect, so nothing undoes them. */
static void plan_ring(struct vhi_plan *plan, uint32_t ring, const struct vhi_dev_state *state,
		      const struct vhi_ring_state *have)
{
	const struct vhi_ring_state *want = &state->ring[ring];
	const struct {
		enum vhi_op_kind kind;
		int want, have;
	} files[] = {
		{ VHI_OP_SET_VRING_KICK, want->kick, have->kick },
		{ VHI_OP_SET_VRING_CALL, vhi_ring_call(want), have->call },
		{ VHI_OP_SET_VRING_ERR, want->err, have->err },
	};

	if (want->size != have->size)
		vhi_plan_add_value(plan, vhi_op_ring(state, VHI_OP_SET_VRING_NUM, ring),
				   want->size);
	if (want->has_base && (want->base != have->base || have->base_lost))
		vhi_plan_add_value(plan, vhi_op_ring(state, VHI_OP_SET_VRING_BASE, ring),
				   want->base);
	/* the guest addresses too: the dirty log may start while the ring runs */
	if (!have->has_addr || want->logs != have->logs ||
	    memcmp(want->user, have->user, sizeof(want->user)) ||
	    memcmp(want->addr, have->addr, sizeof(want->addr)))
		vhi_plan_add(plan, set_addr(vhi_op_ring(state, VHI_OP_SET_VRING_ADDR, ring), want,
					    want->logs));
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (files[i].want != files[i].have)
			vhi_plan_add_file(plan, vhi_op_ring(state, files[i].kind, ring),
					  files[i].want, files[i].have);
}

static bool moves(const struct vhi_ring_state *want, const struct vhi_ring_state *have)
{
	return vhi_ring_runs(have) && memcmp(want->user, have->user, sizeof(want->user));
}

/* A running ring keeps its guest addresses; its memory may be elsewhere, and the logging may change. */
static void plan_running_ring(struct vhi_plan *plan, uint32_t ring,
			      const struct vhi_dev_state *state, const struct vhi_ring_state *have)
{
	const struct vhi_ring_state *want = &state->ring[ring];
	struct vhi_op op = vhi_op_ring(state, VHI_OP_SET_VRING_ADDR, ring), undo;
	struct vhi_ring_state place = *have;

	if (want->logs == have->logs && !moves(want, have))
		return;
	memcpy(place.user, want->user, sizeof(place.user));
	undo = set_addr(op, have, have->logs);
	op = set_addr(op, &place, want->logs);
	vhi_plan_add_step(plan, &op, &undo);
}

/*
 * VHOST_SET_VRING_ADDR does not wait for what the worker does at the old addresses, and setting the memory
 * does (drivers/vhost/net.c, vhost_net_flush).  Undone, the table of before is set after the addresses.
 */
static void plan_flush(struct vhi_plan *plan, const struct vhi_plan_args *args, uint32_t fd)
{
	bool any = false;

	for (uint32_t i = 0; i < args->want->rings_per_fd; i++) {
		uint32_t ring = fd * args->want->rings_per_fd + i;

		any = any || moves(&args->want->ring[ring], &args->have->ring[ring]);
	}
	if (any)
		vhi_plan_add_table_again(plan, fd, args->want->fd[fd].table);
}

bool vhi_plan_starts(const struct vhi_plan_args *args, uint32_t ring)
{
	return args->want->ring[ring].backend != VHI_FD_NONE &&
	       !vhi_ring_runs(&args->have->ring[ring]);
}

/* What the kernel will have of a ring once its fd is done. */
static struct vhi_ring_state ring_then(const struct vhi_plan_args *args, uint32_t ring)
{
	struct vhi_ring_state then = args->have->ring[ring];
	uint32_t fd = vhi_state_fd_of(args->want, ring);

	if (to_renew(args, fd))
		vhi_ring_state_forget(&then);
	/* since 7.2 it forgets the addresses */
	if (vhi_fd_translates(&args->want->fd[fd]) != vhi_fd_translates(&args->have->fd[fd]))
		then.has_addr = false;
	return then;
}

/* ------------------------------------------------------------------------------ the transitions */

int vhi_plan_change(struct vhi_plan *plan, const struct vhi_plan_args *args)
{
	const struct vhi_dev_state *want = args->want;

	for (uint32_t fd = 0; fd < want->fds; fd++)
		if (fd_runs(want, fd))
			plan_fd(plan, fd, args);
	for (uint32_t i = 0; i < want->rings; i++) {
		struct vhi_ring_state then = ring_then(args, i);

		if (vhi_plan_starts(args, i))
			plan_ring(plan, i, want, &then);
		else if (vhi_ring_runs(&then))
			plan_running_ring(plan, i, want, &then);
	}
	for (uint32_t fd = 0; fd < want->fds; fd++)
		plan_flush(plan, args, fd);
	args->run(plan, args);
	for (uint32_t fd = 0; fd < want->fds; fd++)
		if (fd_runs(want, fd) && log_waits(args, fd))
			plan_log(plan, fd, &want->fd[fd], &args->have->fd[fd]);
	return plan->error;
}

bool vhi_plan_stops(const struct vhi_dev_state *have, uint32_t ring, uint32_t one)
{
	return (one == VHI_NO_RING || ring == one) && vhi_ring_runs(&have->ring[ring]);
}

void vhi_plan_bases(struct vhi_plan *plan, const struct vhi_dev_state *have, uint32_t one)
{
	for (uint32_t i = 0; i < have->rings; i++)
		if (vhi_plan_stops(have, i, one))
			vhi_plan_add(plan, vhi_op_ring(have, VHI_OP_GET_VRING_BASE, i));
}

int vhi_plan_reset(struct vhi_plan *plan, const struct vhi_dev_state *have, uint32_t one)
{
	for (uint32_t i = 0; i < have->rings; i++) {
		const struct vhi_ring_state *ring = &have->ring[i];
		const struct {
			enum vhi_op_kind kind;
			int file;
		} files[] = {
			{ VHI_OP_SET_VRING_KICK, ring->kick },
			{ VHI_OP_SET_VRING_CALL, ring->call },
			{ VHI_OP_SET_VRING_ERR, ring->err },
		};

		for (size_t n = 0; n < sizeof(files) / sizeof(files[0]); n++)
			if ((one == VHI_NO_RING || i == one) && files[n].file != VHI_FD_NONE)
				vhi_plan_add_file(plan, vhi_op_ring(have, files[n].kind, i),
						  VHI_FD_NONE, files[n].file);
	}
	return plan->error;
}

int vhi_plan_forget(struct vhi_plan *plan, const struct vhi_dev_state *have)
{
	vhi_plan_reset(plan, have, VHI_NO_RING);
	for (uint32_t fd = 0; fd < have->fds; fd++) {
		if (!have->fd[fd].owned)
			continue;
		plan_log(plan, fd, &fresh, &have->fd[fd]);
		if (have->fd[fd].table)
			vhi_plan_add(plan, vhi_op_fd(VHI_OP_SET_MEM_TABLE, fd));
	}
	return plan->error;
}

int vhi_plan_disown(struct vhi_plan *plan, const struct vhi_dev_state *have)
{
	for (uint32_t fd = 0; fd < have->fds; fd++)
		if (have->fd[fd].owned)
			vhi_plan_add(plan, vhi_op_fd(VHI_OP_RESET_OWNER, fd));
	return plan->error;
}
