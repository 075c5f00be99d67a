/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * update - a change to all devices of a guest: a plan for each, applied one after the other.  The kernel
 * has no call that changes several vhost fds at once.
 */
#include <errno.h>
#include <stdlib.h>

#include "device/apply.h"
#include "device/device.h"
#include "memory/mem.h"
#include "guest/guest.h"
#include "device/iommu.h"

bool vhi_guest_runs(const struct vhc_mem *mem)
{
	for (uint32_t i = 0; i < mem->devs_count; i++)
		if (vhi_dev_runs(mem->devs[i]))
			return true;
	return false;
}

int vhi_guest_check_process(const struct vhc_mem *mem)
{
	int r = 0;

	for (uint32_t i = 0; i < mem->devs_count && !r; i++)
		r = vhi_dev_check_process(mem->devs[i]);
	return r;
}

/* One device's part of a change. */
struct part {
	struct vhi_plan plan;
	struct vhi_iotlb *mappings; /* that remain valid; NULL when all do */
};

/* Give these devices back what they had, the last first.  Keeps the text of the failure, or of an undo's. */
static int undo_devices(struct vhc_mem *mem, struct part *parts, uint32_t count, int result)
{
	while (count--) {
		int r = vhi_undo(mem->devs[count], &parts[count].plan, result);

		result = r == -ESTALE ? r : result;
	}
	return result;
}

/* Before any of them is changed. */
static int check_stale(const struct vhc_mem *mem)
{
	int r = 0;

	for (uint32_t i = 0; i < mem->devs_count && !r; i++)
		if (vhi_dev_runs(mem->devs[i]))
			r = vhi_dev_check_stale(mem->devs[i]);
	return r;
}

/* A stopped device gets the change when it starts; but no stale mapping may remain. */
static int change_device(struct vhc_mem *mem, struct vhc_dev *dev, struct part *part)
{
	int r = vhi_iommu_plan_mem(dev, mem->table, &part->plan, &part->mappings);

	if (!r && vhi_dev_runs(dev))
		vhi_dev_plan_change(dev, &part->plan);
	return r ?: vhi_apply_kept(dev, &part->plan, VHI_APPLY_ALL_OR_NONE);
}

/* @kept: the change was made. */
static void finish_device(struct vhc_dev *dev, struct part *part, bool kept)
{
	if (kept)
		vhi_iommu_replace_mappings(dev, part->mappings);
	else
		vhi_iotlb_free(part->mappings);
	vhi_plan_clear(&part->plan);
	vhi_state_settle(&dev->want, &dev->have);
}

int vhi_guest_update(struct vhc_mem *mem)
{
	struct part *parts;
	/* also while all are stopped: the dirty log is shared, and what is moved out of it here is lost there */
	int r = vhi_guest_check_process(mem) ?: check_stale(mem);

	if (r)
		return r;
	parts = calloc(mem->devs_count ?: 1, sizeof(*parts));
	if (!parts)
		return vhi_fail(mem->ctx, -ENOMEM, "no memory to change %u devices",
				mem->devs_count);
	for (uint32_t i = 0; i < mem->devs_count && !r; i++) {
		r = change_device(mem, mem->devs[i], &parts[i]);
		if (r)
			r = undo_devices(mem, parts, i, r);
	}
	for (uint32_t i = 0; i < mem->devs_count; i++)
		finish_device(mem->devs[i], &parts[i], !r);
	free(parts);
	return r;
}
