/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * plan - the difference between what a device has and what is wanted of it, as operations in the
 * order that the kernel needs.  Ground floor: no system call, pure functions of their arguments.
 */
#include <string.h>

#include "features/features.h"
#include "plan/plan.h"
#include "plan/steps.h"

/* What the kernel knows of an fd that is just opened. */
static const struct vhc_fd_state fresh = { .log_event = VHC_FD_NONE };

static void plan_tap(struct vhc_plan *plan, const struct vhc_plan_args *args)
{
	static const enum vhc_op_kind kinds[] = { VHC_OP_TAP_HEADER, VHC_OP_TAP_OFFLOADS };
	const uint64_t want[] = { args->want->header, args->want->offloads };
	const uint64_t have[] = { args->have->header, args->have->offloads };

	for (uint32_t queue = 0; queue < args->tap_queues_to_set; queue++)
		for (size_t i = 0; i < 2; i++)
			if (want[i] != have[i]) {
				struct vhc_step *step =
					vhc_plan_add(plan, kinds[i], queue, VHC_NO_RING);

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

static void plan_table(struct vhc_plan *plan, uint32_t fd, const struct vhc_fd_state *want,
		       const struct vhc_fd_state *have)
{
	struct vhc_step *step;

	if (have->table && vhc_table_equal(want->table, have->table))
		return;
	step = vhc_plan_add(plan, VHC_OP_SET_MEM_TABLE, fd, VHC_NO_RING);
	if (step == &plan->lost)
		return;
	step->op.table = want->table ? vhc_table_ref(want->table) : NULL;
	step->undo.kind = VHC_OP_SET_MEM_TABLE;
	step->undo.table = have->table ? vhc_table_ref(have->table) : NULL;
}

/* Does a ring on this fd run, or is one to run? */
static bool fd_runs(const struct vhc_dev_state *state, uint32_t fd)
{
	for (uint32_t i = 0; i < VHC_NET_RINGS_PER_FD; i++)
		if (state->ring[fd * VHC_NET_RINGS_PER_FD + i].backend != VHC_FD_NONE)
			return true;
	return false;
}

static void plan_log(struct vhc_plan *plan, uint32_t fd, const struct vhc_fd_state *want,
		     const struct vhc_fd_state *have)
{
	struct vhc_step *step;

	if (want->log != have->log) {
		step = vhc_plan_add(plan, VHC_OP_SET_LOG_BASE, fd, VHC_NO_RING);
		if (step == &plan->lost)
			return;
		step->op.log = want->log ? vhc_dirty_log_ref(want->log) : NULL;
		step->undo.kind = VHC_OP_SET_LOG_BASE;
		step->undo.log = have->log ? vhc_dirty_log_ref(have->log) : NULL;
	}
	if (want->log_event != have->log_event) {
		step = vhc_plan_add(plan, VHC_OP_SET_LOG_FD, fd, VHC_NO_RING);
		step->op.file = want->log_event;
		step->undo.kind = VHC_OP_SET_LOG_FD;
		step->undo.file = have->log_event >= 0 ? have->log_event : VHC_FD_NONE;
	}
}

/*
 * A log that covers less than the one before must wait until nothing is written behind its end.  But
 * rings that are only started must not begin with the one before: nobody reads that any more.
 */
static bool log_waits(const struct vhc_plan_args *args, uint32_t fd)
{
	const struct vhc_dirty_log *want = args->want->fd[fd].log, *have = args->have->fd[fd].log;

	return have && (!want || want->size < have->size) && fd_runs(args->have, fd);
}

static void plan_backend_features(struct vhc_plan *plan, uint32_t fd, uint64_t want, uint64_t have)
{
	struct vhc_step *step = vhc_plan_add(plan, VHC_OP_SET_BACKEND_FEATURES, fd, VHC_NO_RING);

	step->op.value = want;
	step->undo.kind = VHC_OP_SET_BACKEND_FEATURES;
	step->undo.value = have;
}

/* Features that have the IOMMU among them begin with an empty IOTLB, each time that they are set. */
static void plan_features(struct vhc_plan *plan, uint32_t fd, const struct vhc_fd_state *want,
			  const struct vhc_fd_state *have)
{
	struct vhc_step *step;

	if (vhc_fd_translates(have))
		vhc_plan_add(plan, VHC_OP_NONE, fd, VHC_NO_RING)->undo.kind = VHC_OP_IOTLB_FILL;
	step = vhc_plan_add(plan, features_kind(&want->features), fd, VHC_NO_RING);
	step->op.features = want->features;
	step->undo.kind = features_kind(&have->features);
	step->undo.features = have->features;
	if (!vhc_fd_translates(want))
		return;
	if (want->backend != have->backend)
		plan_backend_features(plan, fd, want->backend, have->backend);
	vhc_plan_add(plan, VHC_OP_IOTLB_FILL, fd, VHC_NO_RING);
}

/* Before Linux 7.2 an fd that was told of an IOMMU translates for as long as it has this owner. */
static bool to_renew(const struct vhc_plan_args *args, uint32_t fd)
{
	return args->have->fd[fd].iotlb && !vhc_fd_translates(&args->want->fd[fd]);
}

/* The worker ends with the ownership, so nothing has to undo what it was told. */
static void plan_worker(struct vhc_plan *plan, uint32_t fd, const struct vhc_fd_state *want)
{
	struct vhc_step *step;

	vhc_plan_add(plan, VHC_OP_FIND_WORKER, fd, VHC_NO_RING);
	if (want->cpus)
		vhc_plan_add(plan, VHC_OP_WORKER_CPUS, fd, VHC_NO_RING)->op.cpus = want->cpus;
	if (!want->has_sched)
		return;
	step = vhc_plan_add(plan, VHC_OP_WORKER_SCHED, fd, VHC_NO_RING);
	step->op.sched.policy = want->policy;
	step->op.sched.priority = want->priority;
}

int vhc_plan_own(struct vhc_plan *plan, uint32_t fd, const struct vhc_fd_state *want,
		 const struct vhc_fd_state *have)
{
	if (have->owned)
		return plan->error;
	/* RESET_OWNER brings the kernel's choice back */
	if (want->has_mode && !have->has_mode)
		vhc_plan_add_value(plan, VHC_OP_FORK_FROM_OWNER, fd, VHC_NO_RING, want->mode);
	if (want->find_worker)
		vhc_plan_add(plan, VHC_OP_LIST_TASKS, fd, VHC_NO_RING);
	vhc_plan_add(plan, VHC_OP_SET_OWNER, fd, VHC_NO_RING)->undo.kind = VHC_OP_RESET_OWNER;
	if (want->find_worker)
		plan_worker(plan, fd, want);
	return plan->error;
}

static void plan_busyloop(struct vhc_plan *plan, uint32_t fd, const struct vhc_fd_state *want,
			  const struct vhc_fd_state *have)
{
	for (uint32_t i = 0; i < VHC_NET_RINGS_PER_FD; i++)
		if (want->busyloop[i] != have->busyloop[i]) {
			struct vhc_step *step = vhc_plan_add(plan, VHC_OP_SET_VRING_BUSYLOOP, fd,
							     fd * VHC_NET_RINGS_PER_FD + i);

			step->op.value = want->busyloop[i];
			step->undo.kind = VHC_OP_SET_VRING_BUSYLOOP;
			step->undo.value = have->busyloop[i];
		}
}

/* Undone, it is owned again, with all that belongs to that; undos run backwards. */
static void plan_renew(struct vhc_plan *plan, uint32_t fd, const struct vhc_fd_state *want)
{
	struct vhc_plan own = { 0 };

	vhc_plan_own(&own, fd, want, &fresh);
	vhc_plan_add(plan, VHC_OP_RESET_OWNER, fd, VHC_NO_RING);
	for (uint32_t i = own.count; i--;)
		vhc_plan_add(plan, VHC_OP_NONE, fd, VHC_NO_RING)->undo = own.steps[i].op;
	plan->error = plan->error ?: own.error;
	vhc_plan_clear(&own);
}

/* An fd that some ring runs on, or is to. */
static void plan_fd(struct vhc_plan *plan, uint32_t fd, const struct vhc_plan_args *args)
{
	const struct vhc_fd_state *want = &args->want->fd[fd], *have = &args->have->fd[fd];

	if (to_renew(args, fd)) {
		plan_renew(plan, fd, want);
		have = &fresh;
	}
	vhc_plan_own(plan, fd, want, have);
	plan_busyloop(plan, fd, want, have);
	if (!log_waits(args, fd))
		plan_log(plan, fd, want, have);
	if (!have->has_features || !vhc_features_equal(&want->features, &have->features))
		plan_features(plan, fd, want, have);
	plan_table(plan, fd, want, have);
}

static struct vhc_step *add_addr(struct vhc_plan *plan, uint32_t ring,
				 const struct vhc_ring_state *place, bool log)
{
	struct vhc_step *step =
		vhc_plan_add(plan, VHC_OP_SET_VRING_ADDR, ring / VHC_NET_RINGS_PER_FD, ring);

	memcpy(step->op.addr.guest, place->addr, sizeof(place->addr));
	memcpy(step->op.addr.user, place->user, sizeof(place->user));
	step->op.addr.log = log;
	return step;
}

/* Size, base and addresses of a ring that does not run have no effect, so nothing undoes them. */
static void plan_ring(struct vhc_plan *plan, uint32_t ring, const struct vhc_ring_state *want,
		      const struct vhc_ring_state *have)
{
	uint32_t fd = ring / VHC_NET_RINGS_PER_FD;

	if (want->size != have->size)
		vhc_plan_add_value(plan, VHC_OP_SET_VRING_NUM, fd, ring, want->size);
	if (want->has_base && (want->base != have->base || have->base_lost))
		vhc_plan_add_value(plan, VHC_OP_SET_VRING_BASE, fd, ring, want->base);
	/* without a log the kernel gets no guest address; but the log may come when the ring runs */
	if (!have->has_addr || want->logs != have->logs ||
	    memcmp(want->user, have->user, sizeof(want->user)) ||
	    memcmp(want->addr, have->addr, sizeof(want->addr)))
		add_addr(plan, ring, want, want->logs);
	if (want->kick != have->kick)
		vhc_plan_add_file(plan, VHC_OP_SET_VRING_KICK, ring, want->kick, have->kick);
	if (vhc_ring_call(want) != have->call)
		vhc_plan_add_file(plan, VHC_OP_SET_VRING_CALL, ring, vhc_ring_call(want),
				  have->call);
	if (want->err != have->err)
		vhc_plan_add_file(plan, VHC_OP_SET_VRING_ERR, ring, want->err, have->err);
}

/* A ring that runs stays where it is; only whether its used ring is logged changes. */
static void plan_running_ring(struct vhc_plan *plan, uint32_t ring,
			      const struct vhc_ring_state *want, const struct vhc_ring_state *have)
{
	struct vhc_step *step;

	if (want->logs == have->logs)
		return;
	step = add_addr(plan, ring, have, want->logs);
	step->undo.kind = step->op.kind;
	step->undo.addr = step->op.addr;
	step->undo.addr.log = have->logs;
}

/* From here on the ring moves, so an undo must ask how far it got, once the backend is off again. */
static void plan_backend(struct vhc_plan *plan, uint32_t ring, int file)
{
	vhc_plan_add(plan, VHC_OP_NONE, ring / VHC_NET_RINGS_PER_FD, ring)->undo.kind =
		VHC_OP_GET_VRING_BASE;
	vhc_plan_add_file(plan, VHC_OP_SET_BACKEND, ring, file, VHC_FD_NONE);
}

static bool to_start(const struct vhc_plan_args *args, uint32_t ring)
{
	return args->want->ring[ring].backend != VHC_FD_NONE &&
	       !vhc_ring_runs(&args->have->ring[ring]);
}

/* What the kernel will know of a ring once its fd is done. */
static struct vhc_ring_state ring_then(const struct vhc_plan_args *args, uint32_t ring)
{
	struct vhc_ring_state then = args->have->ring[ring];
	uint32_t fd = ring / VHC_NET_RINGS_PER_FD;

	if (to_renew(args, fd))
		vhc_ring_state_forget(&then);
	/* since 7.2 it forgets the addresses */
	if (vhc_fd_translates(&args->want->fd[fd]) != vhc_fd_translates(&args->have->fd[fd]))
		then.has_addr = false;
	return then;
}

int vhc_plan_change(struct vhc_plan *plan, const struct vhc_plan_args *args)
{
	const struct vhc_dev_state *want = args->want;

	plan_tap(plan, args);
	for (uint32_t fd = 0; fd < want->fds; fd++)
		if (fd_runs(want, fd))
			plan_fd(plan, fd, args);
	for (uint32_t i = 0; i < want->rings; i++) {
		struct vhc_ring_state then = ring_then(args, i);

		if (to_start(args, i))
			plan_ring(plan, i, &want->ring[i], &then);
		else if (vhc_ring_runs(&then))
			plan_running_ring(plan, i, &want->ring[i], &then);
	}
	for (uint32_t i = 0; i < want->rings; i++)
		if (to_start(args, i))
			plan_backend(plan, i, want->ring[i].backend);
	for (uint32_t fd = 0; fd < want->fds; fd++)
		if (fd_runs(want, fd) && log_waits(args, fd))
			plan_log(plan, fd, &want->fd[fd], &args->have->fd[fd]);
	return plan->error;
}

static bool meant(uint32_t ring, uint32_t one)
{
	return one == VHC_NO_RING || ring == one;
}

int vhc_plan_stop(struct vhc_plan *plan, const struct vhc_dev_state *have, uint32_t ring)
{
	for (uint32_t i = 0; i < have->rings; i++)
		if (meant(i, ring) && vhc_ring_runs(&have->ring[i]))
			vhc_plan_add_file(plan, VHC_OP_SET_BACKEND, i, VHC_FD_NONE,
					  have->ring[i].backend);
	for (uint32_t i = 0; i < have->rings; i++)
		if (meant(i, ring) && vhc_ring_runs(&have->ring[i]))
			vhc_plan_add(plan, VHC_OP_GET_VRING_BASE, i / VHC_NET_RINGS_PER_FD, i);
	return plan->error;
}

int vhc_plan_reset(struct vhc_plan *plan, const struct vhc_dev_state *have, uint32_t ring)
{
	for (uint32_t i = 0; i < have->rings; i++) {
		const struct vhc_ring_state *at = &have->ring[i];

		if (!meant(i, ring))
			continue;
		if (at->kick != VHC_FD_NONE)
			vhc_plan_add_file(plan, VHC_OP_SET_VRING_KICK, i, VHC_FD_NONE, at->kick);
		if (at->call != VHC_FD_NONE)
			vhc_plan_add_file(plan, VHC_OP_SET_VRING_CALL, i, VHC_FD_NONE, at->call);
		if (at->err != VHC_FD_NONE)
			vhc_plan_add_file(plan, VHC_OP_SET_VRING_ERR, i, VHC_FD_NONE, at->err);
	}
	return plan->error;
}

int vhc_plan_disown(struct vhc_plan *plan, const struct vhc_dev_state *have)
{
	for (uint32_t fd = 0; fd < have->fds; fd++)
		if (have->fd[fd].owned)
			vhc_plan_add(plan, VHC_OP_RESET_OWNER, fd, VHC_NO_RING);
	return plan->error;
}
