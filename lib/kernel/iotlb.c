/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * iotlb - IOTLB messages: mappings written to a vhost fd, and misses read from it.
 */
#include <string.h>

#include "dev.h"
#include "errname.h"
#include "kernel/kernel.h"
#include "kernel/iotlb-msg.h"

#define MSG_V2 (1ull << VHOST_BACKEND_F_IOTLB_MSG_V2)

static bool speaks_v2(const struct vhc_dev *dev, uint32_t fd)
{
	return dev->have.fd[fd].backend & MSG_V2;
}

static int write_msg(struct vhc_dev *dev, uint32_t fd, enum vhi_iotlb_verb verb,
		     const struct vhi_mapping *map)
{
	struct vhi_uapi_iotlb_msg msg = vhi_iotlb_msg_encode(speaks_v2(dev, fd), verb, map);

	return vhi_sys_write(&dev->ctx->sys, dev->fds[fd], &msg, sizeof(msg));
}

/* The oldest first, so that the kernel has them in the same order. */
static int fill(struct vhc_dev *dev, uint32_t fd, const struct vhi_mapping *range)
{
	const struct vhi_mapping *map = dev->iotlb ? vhi_iotlb_oldest(dev->iotlb) : NULL;
	int r = 0;

	for (; map && !r; map = vhi_iotlb_younger(dev->iotlb, map))
		if (!range->size ||
		    vhi_iotlb_overlaps(map->iova, map->size, range->iova, range->size))
			r = write_msg(dev, fd, VHI_IOTLB_UPDATE, map);
	return r;
}

int vhi_kernel_iotlb(struct vhc_dev *dev, const struct vhi_op *op)
{
	if (op->kind == VHI_OP_IOTLB_FILL)
		return fill(dev, op->fd, &op->map);
	return write_msg(dev, op->fd,
			 op->kind == VHI_OP_IOTLB_UPDATE ? VHI_IOTLB_UPDATE : VHI_IOTLB_INVALIDATE,
			 &op->map);
}

int vhi_kernel_read_miss(struct vhc_dev *dev, uint32_t fd, struct vhi_iotlb_miss *ret)
{
	struct vhi_uapi_iotlb_msg msg = { 0 };
	char number[DOC_ERRNO_MAX];
	const char *why;
	int r = vhi_sys_read_fd(&dev->ctx->sys, dev->fds[fd], &msg, sizeof(msg));

	if (!r)
		return 0;
	why = r < 0 ? doc_errno(number, r)
		    : vhi_iotlb_msg_decode(speaks_v2(dev, fd), &msg, (size_t)r, ret);
	if (why)
		vhi_log(dev->ctx, VHC_LEVEL_WARNING, "%s: vhost fd %u: a message is skipped: %s",
			dev->id, fd, why);
	return !why;
}
