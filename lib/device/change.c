/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * complete - what follows from what was set: for each vhost fd and ring of a device, what the kernel
 * is to know.  The plan is then the difference to what it does know.
 */
#include <errno.h>

#include "dev.h"
#include "kernel/kernel.h"
#include "memory/mem.h"
#include "tap/tap.h"
#include "features/features.h"
#include "device/iommu.h"
#include "memory/mem.h"

/* What vhost is told: its own part; of an IOMMU only where the caller has one. */
static struct vhc_features to_vhost(const struct vhc_dev *dev, const struct vhc_dirty_log *log)
{
	struct vhc_features own = vhc_features_of(dev->type, VHC_ORIGIN_VHOST);

	own = vhc_features_and(&own, &dev->want.acked);
	if (!dev->want.iommu)
		vhc_features_remove(&own, VHC_F_ACCESS_PLATFORM);
	if (log)
		vhc_features_add(&own, VHC_F_LOG_ALL);
	return own;
}

static void complete_fds(struct vhc_dev *dev)
{
	struct vhc_dirty_log *log = vhc_mem_dirty_log(dev->mem);
	struct vhc_features own = to_vhost(dev, log);

	for (uint32_t i = 0; i < dev->want.fds; i++) {
		struct vhc_fd_state *fd = &dev->want.fd[i];

		fd->owned = fd->has_features = true;
		fd->features = own;
		fd->backend = vhc_iommu_backend_features(dev);
		vhc_fd_state_set_table(fd, vhc_mem_table(dev->mem));
		vhc_fd_state_set_log(fd, log);
		fd->log_event = log ? dev->mem->dirty.event : VHC_FD_NONE;
	}
	for (uint32_t i = 0; i < dev->want.rings; i++)
		dev->want.ring[i].logs = log != NULL;
}

int vhc_dev_plan_change(struct vhc_dev *dev, struct vhc_plan *plan)
{
	uint32_t queues = !dev->tap || !dev->tap->macvtap ? 1 : dev->pairs;

	complete_fds(dev);
	dev->want.header = vhc_net_header_size(&dev->want.acked);
	dev->want.offloads = vhc_offload_from_features(&dev->want.acked);
	dev->have.header = dev->tap ? dev->tap->header : 10;
	dev->have.offloads = dev->tap ? dev->tap->offloads : 0;
	/* of a tap that a device runs on, others may have set the offloads since: the last counts */
	if (vhc_dev_runs(dev))
		dev->have.offloads = dev->want.offloads;
	return vhc_plan_change(plan, &(struct vhc_plan_args){ &dev->want, &dev->have, queues });
}
