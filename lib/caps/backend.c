/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * backend - a device that does not exist, as it would be on the host that a vhost-caps document
 * describes: it answers from the document, and executes nothing.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "caps/backend.h"
#include "caps/document.h"
#include "features/features.h"
#include "features/rows.h"

static bool has_ioctl(const struct vhi_caps_node *node, const char *name)
{
	char *const *names = node->ioctls.items;

	for (size_t i = 0; i < node->ioctls.count; i++)
		if (!strcmp(names[i], name))
			return true;
	return false;
}

static int set_offers(struct vhc_dev *dev, const struct vhi_caps *caps)
{
	const struct vhi_caps_node *node = vhi_caps_find(caps, dev->kind->path);
	struct vhi_offers *offers = dev->offers;

	if (!node)
		return vhi_dev_fail(dev, -EINVAL, "/nodes", NULL,
				    "the vhost-caps document does not have %s", dev->kind->path);
	if (!node->opens)
		return vhi_dev_fail(dev, -ENODEV, node->path, node->remedy, "%s (%s)", node->reason,
				    node->error);
	offers->features = vhi_feature_words(&node->words);
	/* the document omits it, since it is never a guest's; every kernel has it */
	vhc_features_add(&offers->features, VHI_F_LOG_ALL);
	offers->backend_features = node->backend_features;
	offers->no_busyloop = !has_ioctl(node, "busyloop_timeout");
	offers->max_regions = (uint32_t)caps->max_mem_regions;
	offers->max_mappings = VHI_IOTLB_MAX;
	offers->has_link = true;
	offers->link = vhi_feature_words(&caps->tap.words);
	if (dev->kind->get_link_features && dev->want.fds > caps->max_tap_queues)
		return vhi_dev_fail(dev, -EINVAL, NULL, NULL,
				    "%u queue pairs: a tap there has at most %llu queues",
				    dev->want.fds, (unsigned long long)caps->max_tap_queues);
	return 0;
}

static int open_caps(struct vhc_dev *dev, const char *json)
{
	struct vhi_caps caps;
	int r = vhi_caps_parse(dev->ctx, dev->id, json, &caps);

	if (r)
		return r;
	/* of its own: what another host offers is nothing to this context */
	dev->offers = calloc(1, sizeof(*dev->offers));
	r = dev->offers ? set_offers(dev, &caps)
			: vhi_dev_fail(dev, -ENOMEM, NULL, NULL, "no memory for the document");
	doc_clear(&vhi_caps_doc, &caps);
	return r;
}

static int ask(struct vhc_dev *dev, enum vhi_ask what)
{
	return 0; /* the document has said it all */
}

static int check_ready(struct vhc_dev *dev)
{
	return vhi_dev_fail(
		dev, -ENODEV, NULL, "open the device with vhc_dev_open()",
		"it was opened from a vhost-caps document, for planning: there is no real device");
}

static int execute(struct vhc_dev *dev, struct vhi_op *op)
{
	return -ENODEV;
}

/* Not called: nothing can own the device. */
static int get_busyloop(struct vhc_dev *dev, uint32_t ring, uint32_t *ret_us)
{
	return check_ready(dev);
}

static int get_fd(const struct vhc_dev *dev, uint32_t fd)
{
	return VHI_FD_NONE;
}

static int read_miss(struct vhc_dev *dev, uint32_t fd, struct vhi_iotlb_miss *ret)
{
	return 0;
}

static void close_caps(struct vhc_dev *dev)
{
	if (dev->offers != &dev->ctx->offers[dev->kind->index])
		free(dev->offers);
	dev->offers = NULL;
}

const struct vhi_backend_ops vhi_backend_caps = {
	.name = "caps",
	.open = open_caps,
	.ask = ask,
	.check_ready = check_ready,
	.execute = execute,
	.get_busyloop = get_busyloop,
	.fd = get_fd,
	.read_miss = read_miss,
	.close = close_caps,
};
