/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * info - what is behind a device, and what may be relied on.
 */
#include <errno.h>
#include <string.h>

#include "args.h"
#include "dev.h"
#include "memory/mem.h"
#include "features/features.h"

/* What every kernel's vhost-net has is not asked for, as far as nobody was told otherwise. */
uint64_t vhc_dev_can(const struct vhc_dev *dev)
{
	const struct vhc_kernel_facts *facts = &dev->ctx->facts;
	const struct vhc_features *offers = dev->fds ? &facts->features : &dev->vhost_offers;
	uint64_t can = VHC_CAN_SAVE | VHC_CAN_RING;

	/* a vhost-caps document does not have it: it is no guest's */
	if (!dev->fds || vhc_features_has(offers, VHC_F_LOG_ALL))
		can |= VHC_CAN_DIRTY;
	if (vhc_features_has(offers, VHC_F_ACCESS_PLATFORM))
		can |= VHC_CAN_IOMMU;
	if (dev->fds ? !facts->no_busyloop : !dev->no_busyloop)
		can |= VHC_CAN_BUSYLOOP;
	return can;
}

VHC_EXPORT int vhc_dev_get_info(const struct vhc_dev *dev, struct vhc_dev_info *ret)
{
	struct vhc_dev_info info = { sizeof(info), dev->want.rings, dev->max_regions,
				     vhc_dev_can(dev) };

	return VHC_COPY_RET(dev->ctx, vhc_dev_info, ret, &info);
}
