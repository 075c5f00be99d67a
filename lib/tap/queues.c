/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * queues - which queues of a link receive.  A frame of a flow goes to one of those that are attached, so a
 * queue that nobody reads must be detached; a tap drops what waits in a queue that is detached.
 */
#include <errno.h>
#include <net/if.h>
#include <string.h>

#include "text.h"
#include "syscall/uapi.h"
#include "tap/tap.h"
#include "dev.h"

static struct vhi_op queue_op(uint32_t queue, bool attached)
{
	struct vhi_op op = vhi_op_fd(VHI_OP_TAP_QUEUE, queue);

	op.value = attached;
	return op;
}

void vhi_tap_plan_queues(const struct vhc_tap *tap, struct vhi_plan *plan, const int8_t *wanted)
{
	/* attached first: there is always one that receives */
	for (int attach = 1; attach >= 0; attach--)
		for (uint32_t i = 0; i < tap->queues; i++) {
			struct vhi_op op = queue_op(i, attach), undo = queue_op(i, !attach);

			if (wanted[i] == attach && tap->queue[i].detached == attach)
				vhi_plan_add_step(plan, &op, &undo);
		}
}

static int set_queue(struct vhc_tap *tap, uint32_t queue, bool attached)
{
	struct vhi_op op = queue_op(queue, attached);
	const char *meaning;
	int r = vhi_tap_execute(tap, &op);

	if (!r)
		return 0;
	meaning = vhi_op_explain(VHI_OP_TAP_QUEUE, -r);
	return vhi_fail_at(tap->ctx, &(struct vhi_place){ tap->name, "TUNSETQUEUE", NULL }, r,
			   "queue %u: %s (%s)%s%s", queue, strerror(-r), vhi_errname(-r),
			   meaning ? ": " : "", meaning ? meaning : "");
}

/* While the device runs, a queue without a ring that receives must stay detached. */
static bool may_receive(const struct vhc_tap *tap, uint32_t queue)
{
	const struct vhc_dev *dev = tap->user;

	return !dev || !vhi_dev_runs(dev) ||
	       (queue < dev->have.fds &&
		vhi_ring_runs(&dev->have.ring[queue * dev->have.rings_per_fd]));
}

/* Is this queue attached where it is to be detached, or the reverse? */
static bool to_change(const struct vhc_tap *tap, uint32_t queue, uint32_t active)
{
	bool attach = queue < active;

	return tap->queue[queue].detached == attach && (!attach || may_receive(tap, queue));
}

static bool any_to_change(const struct vhc_tap *tap, uint32_t active)
{
	for (uint32_t i = 0; i < tap->queues; i++)
		if (to_change(tap, i, active))
			return true;
	return false;
}

/* All of them, or none. */
static int set_active(struct vhc_tap *tap, uint32_t queues)
{
	bool done[VHI_TAP_MAX_QUEUES] = { false };
	uint32_t i;
	int r = 0;

	for (i = 0; i < tap->queues && !r; i++) {
		if (!to_change(tap, i, queues))
			continue;
		r = set_queue(tap, i, i < queues);
		done[i] = !r;
	}
	/* the text stays that of the error */
	while (r && i--) {
		struct vhi_op op = queue_op(i, tap->queue[i].detached);

		if (done[i])
			vhi_tap_execute(tap, &op);
	}
	return r;
}

VHC_EXPORT int vhc_tap_set_active(struct vhc_tap *tap, uint32_t queues)
{
	struct vhi_control *control = tap->control;
	int r;

	if (queues < 1 || queues > tap->queues)
		return vhi_fail_at(tap->ctx, &(struct vhi_place){ tap->name, NULL, NULL }, -EINVAL,
				   "%u active queues: it has %u, and at least one must be active",
				   queues, tap->queues);
	if (control && any_to_change(tap, queues) && vhi_dev_check_process(tap->user))
		return -EPERM;
	r = set_active(tap, queues);
	if (!r && control)
		control->active = queues < tap->user->want.fds ? queues : tap->user->want.fds;
	return r;
}
