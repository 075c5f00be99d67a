/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * kernel-iotlb - the part of the kernel back end that reads and writes a vhost fd: what it is told of
 * I/O virtual addresses, and what it asks.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dev.h"
#include "text.h"
#include "kernel/kernel.h"
#include "kernel/iotlb-msg.h"

#define MAX_MAPPINGS_PATH "/sys/module/vhost/parameters/max_iotlb_entries"
#define MSG_V2		  (1ull << VHOST_BACKEND_F_IOTLB_MSG_V2)

/* 0 is no limit there, and so is what cannot be read; ours stays. */
static int read_max_mappings(struct vhc_dev *dev, uint32_t *ret)
{
	struct vhc_ctx *ctx = dev->ctx;
	char text[32];
	long n;
	int r = vhc_sys_read(&ctx->sys, MAX_MAPPINGS_PATH, text, sizeof(text));

	*ret = VHC_IOTLB_MAX;
	if (r == -EMFILE || r == -ENFILE || r == -ENOMEM)
		return vhc_dev_fail(dev, r, NULL, NULL, MAX_MAPPINGS_PATH ": %s (%s)", strerror(-r),
				    vhc_errname(-r));
	n = r > 0 ? strtol(text, NULL, 10) : 0;
	if (n > 0 && n < (long)VHC_IOTLB_MAX)
		*ret = (uint32_t)n;
	return 0;
}

int vhc_kernel_ask_iotlb(struct vhc_dev *dev)
{
	struct vhc_kernel_facts *facts = &dev->ctx->facts;
	uint64_t word = 0;
	int r = facts->has_iotlb ? 0 : read_max_mappings(dev, &facts->max_mappings);

	if (r || facts->has_iotlb)
		return r;
	r = vhc_sys_ioctl(&dev->ctx->sys, dev->fds[0], VHOST_GET_BACKEND_FEATURES, &word);
	/* before Linux 4.20 this was taken for a ring's call */
	if (r && r != -EPERM && r != -ENOBUFS && r != -ENOTTY && r != -EINVAL)
		return vhc_dev_fail(dev, r, "VHOST_GET_BACKEND_FEATURES", NULL, "%s (%s)",
				    strerror(-r), vhc_errname(-r));
	facts->backend_features = r ? 0 : word;
	facts->has_iotlb = true;
	return 0;
}

static bool speaks_v2(const struct vhc_dev *dev, uint32_t fd)
{
	return dev->have.fd[fd].backend & MSG_V2;
}

static int tell(struct vhc_dev *dev, uint32_t fd, enum vhc_iotlb_verb verb,
		const struct vhc_mapping *map)
{
	struct vhc_uapi_iotlb_msg msg = vhc_iotlb_msg_encode(speaks_v2(dev, fd), verb, map);

	return vhc_sys_write(&dev->ctx->sys, dev->fds[fd], &msg, sizeof(msg));
}

/* The oldest first: so they have the same order there. */
static int fill(struct vhc_dev *dev, uint32_t fd, const struct vhc_mapping *range)
{
	uint32_t count = dev->iotlb ? vhc_iotlb_count(dev->iotlb) : 0;
	const uint16_t *by_age = count ? vhc_iotlb_sort_by_age(dev->iotlb) : NULL;
	int r = 0;

	for (uint32_t i = 0; i < count && !r; i++) {
		const struct vhc_mapping *map = vhc_iotlb_at(dev->iotlb, by_age[i]);

		if (!range->size ||
		    vhc_iotlb_overlaps(map->iova, map->size, range->iova, range->size))
			r = tell(dev, fd, VHC_IOTLB_UPDATE, map);
	}
	return r;
}

int vhc_kernel_iotlb(struct vhc_dev *dev, const struct vhc_op *op)
{
	if (op->kind == VHC_OP_IOTLB_FILL)
		return fill(dev, op->fd, &op->map);
	return tell(dev, op->fd,
		    op->kind == VHC_OP_IOTLB_UPDATE ? VHC_IOTLB_UPDATE : VHC_IOTLB_INVALIDATE,
		    &op->map);
}

int vhc_kernel_read_miss(struct vhc_dev *dev, uint32_t fd, struct vhc_iotlb_miss *ret)
{
	struct vhc_uapi_iotlb_msg msg = { 0 };
	const char *why;
	int r = vhc_sys_read_fd(&dev->ctx->sys, dev->fds[fd], &msg, sizeof(msg));

	if (!r)
		return 0;
	why = r < 0 ? strerror(-r) : vhc_iotlb_msg_decode(speaks_v2(dev, fd), &msg, (size_t)r, ret);
	if (why)
		vhc_log(dev->ctx, VHC_LEVEL_WARNING, "%s: vhost fd %u: a message is skipped: %s",
			dev->id, fd, why);
	return !why;
}
