/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * change - what follows from what was set: for each vhost fd and ring of a device, what the kernel is
 * to have.  The plan is then the difference to what it has.
 */
#include <string.h>

#include "device/device.h"
#include "features/features.h"
#include "device/iommu.h"
#include "memory/mem.h"

/* What is set in vhost: its own part; an IOMMU only where the caller models one. */
static struct vhc_features to_vhost(const struct vhc_dev *dev, const struct vhi_dirty_log *log)
{
	struct vhc_features own = vhi_features_of(dev->kind->type, VHC_ORIGIN_VHOST);

	own = vhi_features_and(&own, &dev->want.acked);
	if (!dev->want.iommu)
		vhc_features_remove(&own, VHI_F_ACCESS_PLATFORM);
	if (log)
		vhc_features_add(&own, VHI_F_LOG_ALL);
	return own;
}

static void complete_fds(struct vhc_dev *dev)
{
	bool logs = vhi_dev_can(dev) & VHC_CAN_DIRTY;
	struct vhi_dirty_log *log = logs ? vhi_mem_dirty_log(dev->mem) : NULL;
	struct vhc_features own = to_vhost(dev, log);

	for (uint32_t i = 0; i < dev->want.fds; i++) {
		struct vhi_fd_state *fd = &dev->want.fd[i];

		fd->owned = fd->has_features = true;
		fd->features = own;
		fd->backend = vhi_iommu_backend_features(dev);
		vhi_fd_state_set_table(fd, vhi_mem_table(dev->mem));
		vhi_fd_state_set_log(fd, log);
		fd->log_event = log ? dev->mem->dirty.event : VHI_FD_NONE;
	}
	for (uint32_t i = 0; i < dev->want.rings; i++)
		dev->want.ring[i].logs = log != NULL;
}

/* A running ring may be mapped elsewhere in the memory that it is to have. */
static void complete_running_rings(struct vhc_dev *dev)
{
	struct vhi_table *table = vhi_mem_table(dev->mem);

	for (uint32_t i = 0; i < dev->have.rings; i++) {
		const struct vhi_ring_state *have = &dev->have.ring[i];

		if (!vhi_ring_runs(have))
			continue;
		memcpy(dev->want.ring[i].user, have->user, sizeof(have->user));
		for (int part = 0; part < VHI_PARTS && !dev->want.iommu; part++)
			vhi_table_find(table, have->addr[part], 1, &dev->want.ring[i].user[part]);
	}
}

int vhi_dev_plan_change(struct vhc_dev *dev, struct vhi_plan *plan)
{
	const struct vhi_plan_args args = { &dev->want, &dev->have, dev->kind->plan_run,
					    dev->kind->can_disown };

	complete_fds(dev);
	complete_running_rings(dev);
	if (dev->kind->plan_before)
		dev->kind->plan_before(dev, plan);
	return vhi_plan_change(plan, &args);
}
