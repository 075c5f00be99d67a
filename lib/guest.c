/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * guest - a change to all devices of a guest: a plan for each, applied one after the other.  The
 * kernel has no call that changes several vhost fds at a time.
 */
#include <errno.h>
#include <stdlib.h>

#include "apply.h"
#include "dev.h"
#include "guest.h"
#include "mem.h"

bool vhc_guest_runs(const struct vhc_mem *mem)
{
	for (uint32_t i = 0; i < mem->devs_count; i++)
		if (vhc_dev_runs(mem->devs[i]))
			return true;
	return false;
}

/* Back to what these devices had, the last first.  The text is that of the failure, or of an undo's. */
static int give_back(struct vhc_mem *mem, struct vhc_plan *plans, uint32_t count, int result)
{
	while (count--) {
		int r = vhc_undo(mem->devs[count], &plans[count], result);

		result = r == -ESTALE ? r : result;
	}
	return result;
}

int vhc_guest_follow(struct vhc_mem *mem)
{
	struct vhc_plan *plans = calloc(mem->devs_count ?: 1, sizeof(*plans));
	uint32_t i;
	int r = 0;

	if (!plans)
		return vhc_fail(mem->ctx, -ENOMEM, "no memory to change %u devices",
				mem->devs_count);
	for (i = 0; i < mem->devs_count && !r; i++) {
		struct vhc_dev *dev = mem->devs[i];

		if (!vhc_dev_runs(dev))
			continue;
		r = vhc_dev_check_stale(dev);
		if (!r) {
			vhc_dev_plan_change(dev, &plans[i]);
			r = vhc_apply(dev, &plans[i], VHC_APPLY_ALL_OR_NONE);
		}
		if (r) {
			r = give_back(mem, plans, i, r);
			break;
		}
	}
	for (i = 0; i < mem->devs_count; i++) {
		vhc_plan_clear(&plans[i]);
		vhc_state_settle(&mem->devs[i]->want, &mem->devs[i]->have);
	}
	free(plans);
	return r;
}
