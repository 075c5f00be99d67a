/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * change - the difference between what a device has and what is wanted of it, as operations in the
 * order that the kernel needs.
 */
#include <string.h>

#include "features/features.h"
#include "plan/change.h"

/* What the kernel has of an fd that was just opened. */
static const struct vhc_fd_state fresh = { .log_event = VHC_FD_NONE };

/* ------------------------------------------------------------------------------------- one fd */

/* The older call takes 64 bits, and clears those above. */
static struct vhc_op set_features(uint32_t fd, const struct vhc_features *set)
{
	struct vhc_op op =
		vhc_op_fd(set->w[1] ? VHC_OP_SET_FEATURES_ARRAY : VHC_OP_SET_FEATURES, fd);

	op.features = *set;
	return op;
}

static void plan_table(struct vhc_plan *plan, uint32_t fd, const struct vhc_fd_state *want,
		       const struct vhc_fd_state *have)
{
	struct vhc_step *step;

	if (have->table && vhc_table_equal(want->table, have->table))
		return;
	step = vhc_plan_add(plan, vhc_op_fd(VHC_OP_SET_MEM_TABLE, fd));
	if (step == &plan->lost)
		return;
	step->op.table = want->table ? vhc_table_ref(want->table) : NULL;
	step->undo.kind = VHC_OP_SET_MEM_TABLE;
	step->undo.table = have->table ? vhc_table_ref(have->table) : NULL;
}

/* Is a ring of this fd running, or going to run? */
static bool fd_runs(const struct vhc_dev_state *state, uint32_t fd)
{
	for (uint32_t i = 0; i < state->rings_per_fd; i++)
		if (state->ring[fd * state->rings_per_fd + i].backend != VHC_FD_NONE)
			return true;
	return false;
}

static void plan_log(struct vhc_plan *plan, uint32_t fd, const struct vhc_fd_state *want,
		     const struct vhc_fd_state *have)
{
	if (want->log != have->log) {
		struct vhc_step *step = vhc_plan_add(plan, vhc_op_fd(VHC_OP_SET_LOG_BASE, fd));

		if (step == &plan->lost)
			return;
		step->op.log = want->log ? vhc_dirty_log_ref(want->log) : NULL;
		step->undo.kind = VHC_OP_SET_LOG_BASE;
		step->undo.log = have->log ? vhc_dirty_log_ref(have->log) : NULL;
	}
	if (want->log_event != have->log_event)
		vhc_plan_add_file(plan, vhc_op_fd(VHC_OP_SET_LOG_FD, fd), want->log_event,
				  have->log_event);
}

/*
 * A dirty log that covers less than the one before must wait until nothing is logged past its end.
 * But rings that are only started must not begin with the one before: nothing reads that any more.
 */
static bool log_waits(const struct vhc_plan_args *args, uint32_t fd)
{
	const struct vhc_dirty_log *want = args->want->fd[fd].log, *have = args->have->fd[fd].log;

	return have && (!want || want->size < have->size) && fd_runs(args->have, fd);
}

static void plan_backend_features(struct vhc_plan *plan, uint32_t fd, uint64_t want, uint64_t have)
{
	struct vhc_op op = vhc_op_fd(VHC_OP_SET_BACKEND_FEATURES, fd), undo = op;

	op.value = want;
	undo.value = have;
	vhc_plan_add_step(plan, &op, &undo);
}

/* Setting features that include the IOMMU empties the kernel's IOTLB. */
static void plan_features(struct vhc_plan *plan, uint32_t fd, const struct vhc_fd_state *want,
			  const struct vhc_fd_state *have)
{
	struct vhc_op op = set_features(fd, &want->features);
	struct vhc_op undo = set_features(fd, &have->features);

	if (vhc_fd_translates(have))
		vhc_plan_add_undo(plan, vhc_op_fd(VHC_OP_IOTLB_FILL, fd));
	vhc_plan_add_step(plan, &op, &undo);
	if (!vhc_fd_translates(want))
		return;
	if (want->backend != have->backend)
		plan_backend_features(plan, fd, want->backend, have->backend);
	vhc_plan_add(plan, vhc_op_fd(VHC_OP_IOTLB_FILL, fd));
}

/* The worker ends with the ownership, so nothing has to undo what was set for it. */
static void plan_worker(struct vhc_plan *plan, uint32_t fd, const struct vhc_fd_state *want,
			const struct vhc_fd_state *have)
{
	struct vhc_step *step;

	if (!have->worker)
		vhc_plan_add(plan, vhc_op_fd(VHC_OP_FIND_WORKER, fd));
	if (want->cpus && !have->has_cpus)
		vhc_plan_add(plan, vhc_op_fd(VHC_OP_WORKER_CPUS, fd))->op.cpus = want->cpus;
	if (!want->has_sched || have->has_sched)
		return;
	step = vhc_plan_add(plan, vhc_op_fd(VHC_OP_WORKER_SCHED, fd));
	step->op.sched.policy = want->policy;
	step->op.sched.priority = want->priority;
}

int vhc_plan_own(struct vhc_plan *plan, uint32_t fd, const struct vhc_fd_state *want,
		 const struct vhc_fd_state *have, bool can_disown)
{
	struct vhc_op undo = vhc_op_fd(can_disown ? VHC_OP_RESET_OWNER : VHC_OP_NONE, fd);
	struct vhc_op own = vhc_op_fd(VHC_OP_SET_OWNER, fd);

	if (have->owned) {
		/* what failed before, where that could not undo the ownership */
		if (want->find_worker)
			plan_worker(plan, fd, want, have);
		return plan->error;
	}
	/* RESET_OWNER brings the kernel's choice back */
	if (want->has_mode && !have->has_mode)
		vhc_plan_add_value(plan, vhc_op_fd(VHC_OP_FORK_FROM_OWNER, fd), want->mode);
	if (want->find_worker)
		vhc_plan_add(plan, vhc_op_fd(VHC_OP_LIST_TASKS, fd));
	vhc_plan_add_step(plan, &own, &undo);
	if (want->find_worker)
		plan_worker(plan, fd, want, have);
	return plan->error;
}

static void plan_busyloop(struct vhc_plan *plan, const struct vhc_plan_args *args, uint32_t ring,
			  bool renewed)
{
	struct vhc_op op = vhc_op_ring(args->want, VHC_OP_SET_VRING_BUSYLOOP, ring), undo = op;

	op.value = args->want->ring[ring].busyloop;
	undo.value = renewed ? 0 : args->have->ring[ring].busyloop;
	if (op.value != undo.value)
		vhc_plan_add_step(plan, &op, &undo);
}

/* Before Linux 7.2 an fd that once had an IOMMU translates for as long as it has this owner. */
static bool to_renew(const struct vhc_plan_args *args, uint32_t fd)
{
	return args->have->fd[fd].iotlb && !vhc_fd_translates(&args->want->fd[fd]);
}

/* The undo owns it again, as it was owned: the steps of that, reversed. */
static void plan_renew(struct vhc_plan *plan, uint32_t fd, const struct vhc_plan_args *args)
{
	struct vhc_plan own = { 0 };

	vhc_plan_own(&own, fd, &args->want->fd[fd], &fresh, args->can_disown);
	vhc_plan_add(plan, vhc_op_fd(VHC_OP_RESET_OWNER, fd));
	for (uint32_t i = own.count; i--;)
		vhc_plan_add_undo(plan, own.steps[i].op);
	plan->error = plan->error ?: own.error;
	vhc_plan_clear(&own);
}

/* An fd on which a ring is running, or going to run. */
static void plan_fd(struct vhc_plan *plan, uint32_t fd, const struct vhc_plan_args *args)
{
	const struct vhc_fd_state *want = &args->want->fd[fd], *have = &args->have->fd[fd];
	bool renew = to_renew(args, fd);

	if (renew) {
		plan_renew(plan, fd, args);
		have = &fresh;
	}
	vhc_plan_own(plan, fd, want, have, args->can_disown);
	for (uint32_t i = 0; i < args->want->rings_per_fd; i++)
		plan_busyloop(plan, args, fd * args->want->rings_per_fd + i, renew);
	if (!log_waits(args, fd))
		plan_log(plan, fd, want, have);
	if (!have->has_features || !vhc_features_equal(&want->features, &have->features))
		plan_features(plan, fd, want, have);
	plan_table(plan, fd, want, have);
}

/* ----------------------------------------------------------------------------------- one ring */

static struct vhc_op set_addr(struct vhc_op op, const struct vhc_ring_state *place, bool log)
{
	memcpy(op.addr.guest, place->addr, sizeof(place->addr));
	memcpy(op.addr.user, place->user, sizeof(place->user));
	op.addr.log = log;
	return op;
}

/* Size, base and addresses of a ring that does not run have no effect, so nothing undoes them. */
static void plan_ring(struct vhc_plan *plan, uint32_t ring, const struct vhc_dev_state *state,
		      const struct vhc_ring_state *have)
{
	const struct vhc_ring_state *want = &state->ring[ring];
	const struct {
		enum vhc_op_kind kind;
		int want, have;
	} files[] = {
		{ VHC_OP_SET_VRING_KICK, want->kick, have->kick },
		{ VHC_OP_SET_VRING_CALL, vhc_ring_call(want), have->call },
		{ VHC_OP_SET_VRING_ERR, want->err, have->err },
	};

	if (want->size != have->size)
		vhc_plan_add_value(plan, vhc_op_ring(state, VHC_OP_SET_VRING_NUM, ring),
				   want->size);
	if (want->has_base && (want->base != have->base || have->base_lost))
		vhc_plan_add_value(plan, vhc_op_ring(state, VHC_OP_SET_VRING_BASE, ring),
				   want->base);
	/* the guest addresses too: the dirty log may start while the ring runs */
	if (!have->has_addr || want->logs != have->logs ||
	    memcmp(want->user, have->user, sizeof(want->user)) ||
	    memcmp(want->addr, have->addr, sizeof(want->addr)))
		vhc_plan_add(plan, set_addr(vhc_op_ring(state, VHC_OP_SET_VRING_ADDR, ring), want,
					    want->logs));
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (files[i].want != files[i].have)
			vhc_plan_add_file(plan, vhc_op_ring(state, files[i].kind, ring),
					  files[i].want, files[i].have);
}

/* A running ring keeps its addresses; only the logging of its used ring changes. */
static void plan_running_ring(struct vhc_plan *plan, uint32_t ring,
			      const struct vhc_dev_state *state, const struct vhc_ring_state *have)
{
	bool logs = state->ring[ring].logs;
	struct vhc_op op = vhc_op_ring(state, VHC_OP_SET_VRING_ADDR, ring), undo;

	if (logs == have->logs)
		return;
	undo = set_addr(op, have, have->logs);
	op = set_addr(op, have, logs);
	vhc_plan_add_step(plan, &op, &undo);
}

bool vhc_plan_starts(const struct vhc_plan_args *args, uint32_t ring)
{
	return args->want->ring[ring].backend != VHC_FD_NONE &&
	       !vhc_ring_runs(&args->have->ring[ring]);
}

/* What the kernel will have of a ring once its fd is done. */
static struct vhc_ring_state ring_then(const struct vhc_plan_args *args, uint32_t ring)
{
	struct vhc_ring_state then = args->have->ring[ring];
	uint32_t fd = vhc_state_fd_of(args->want, ring);

	if (to_renew(args, fd))
		vhc_ring_state_forget(&then);
	/* since 7.2 it forgets the addresses */
	if (vhc_fd_translates(&args->want->fd[fd]) != vhc_fd_translates(&args->have->fd[fd]))
		then.has_addr = false;
	return then;
}

/* ------------------------------------------------------------------------------ the transitions */

int vhc_plan_change(struct vhc_plan *plan, const struct vhc_plan_args *args)
{
	const struct vhc_dev_state *want = args->want;

	for (uint32_t fd = 0; fd < want->fds; fd++)
		if (fd_runs(want, fd))
			plan_fd(plan, fd, args);
	for (uint32_t i = 0; i < want->rings; i++) {
		struct vhc_ring_state then = ring_then(args, i);

		if (vhc_plan_starts(args, i))
			plan_ring(plan, i, want, &then);
		else if (vhc_ring_runs(&then))
			plan_running_ring(plan, i, want, &then);
	}
	args->run(plan, args);
	for (uint32_t fd = 0; fd < want->fds; fd++)
		if (fd_runs(want, fd) && log_waits(args, fd))
			plan_log(plan, fd, &want->fd[fd], &args->have->fd[fd]);
	return plan->error;
}

bool vhc_plan_stops(const struct vhc_dev_state *have, uint32_t ring, uint32_t one)
{
	return (one == VHC_NO_RING || ring == one) && vhc_ring_runs(&have->ring[ring]);
}

void vhc_plan_bases(struct vhc_plan *plan, const struct vhc_dev_state *have, uint32_t one)
{
	for (uint32_t i = 0; i < have->rings; i++)
		if (vhc_plan_stops(have, i, one))
			vhc_plan_add(plan, vhc_op_ring(have, VHC_OP_GET_VRING_BASE, i));
}

int vhc_plan_reset(struct vhc_plan *plan, const struct vhc_dev_state *have, uint32_t one)
{
	for (uint32_t i = 0; i < have->rings; i++) {
		const struct vhc_ring_state *ring = &have->ring[i];
		const struct {
			enum vhc_op_kind kind;
			int file;
		} files[] = {
			{ VHC_OP_SET_VRING_KICK, ring->kick },
			{ VHC_OP_SET_VRING_CALL, ring->call },
			{ VHC_OP_SET_VRING_ERR, ring->err },
		};

		for (size_t n = 0; n < sizeof(files) / sizeof(files[0]); n++)
			if ((one == VHC_NO_RING || i == one) && files[n].file != VHC_FD_NONE)
				vhc_plan_add_file(plan, vhc_op_ring(have, files[n].kind, i),
						  VHC_FD_NONE, files[n].file);
	}
	return plan->error;
}

int vhc_plan_disown(struct vhc_plan *plan, const struct vhc_dev_state *have)
{
	for (uint32_t fd = 0; fd < have->fds; fd++)
		if (have->fd[fd].owned)
			vhc_plan_add(plan, vhc_op_fd(VHC_OP_RESET_OWNER, fd));
	return plan->error;
}
