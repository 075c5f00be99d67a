/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * probe - opens vhost fds, or adopts the caller's, and queries what they offer.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"
#include "kernel/kernel.h"
#include "syscall/node.h"
#include "syscall/parameter.h"
#include "syscall/uapi.h"

#define NOT_BLOCKING (O_RDWR | O_NONBLOCK) /* reads of IOTLB messages could block */

/* ------------------------------------------------------------------------------------- opening */

static int make_fds(struct vhc_dev *dev)
{
	uint32_t count = dev->want.fds;

	dev->fds = malloc(count * sizeof(*dev->fds));
	if (!dev->fds)
		return vhi_dev_fail(dev, -ENOMEM, NULL, NULL, "no memory for %u fds", count);
	memset(dev->fds, 0xff, count * sizeof(*dev->fds)); /* all VHI_FD_NONE */
	return 0;
}

/* Is this fd a vhost device of the kind?  @given: the number by which the caller knows it. */
static int check_fd(struct vhc_dev *dev, int fd, int given)
{
	const struct vhi_kind *kind = dev->kind;
	struct vhi_file file = { 0 };
	int r = vhi_sys_stat(&dev->ctx->sys, fd, &file);

	if (r)
		return vhi_dev_fail_errno(dev, r, "fstat", NULL, "fd %d", given);
	if (!file.is_char || file.major != VHI_MISC_MAJOR || file.minor != kind->minor)
		return vhi_dev_fail(dev, -EINVAL, "fstat", "pass an fd of the device's own node",
				    "fd %d is not a %s device: it is %s %u:%u, and %s is "
				    "character device %u:%u",
				    given, kind->node,
				    file.is_char ? "character device" : "no character device;",
				    file.major, file.minor, kind->path, VHI_MISC_MAJOR,
				    kind->minor);
	return 0;
}

static int open_one(struct vhc_dev *dev, const char *path, int *ret)
{
	int fd = vhi_sys_open(&dev->ctx->sys, path, NOT_BLOCKING);
	struct vhi_node_failure why;

	if (fd >= 0) {
		*ret = fd;
		return 0;
	}
	vhi_node_explain(&dev->ctx->sys, path, -fd, &why);
	return vhi_dev_fail(dev, fd, "open", why.remedy, "%s: %s (%s): %s", path, strerror(-fd),
			    vhi_errname(-fd), why.reason);
}

int vhi_kernel_open(struct vhc_dev *dev, const char *where)
{
	int r = make_fds(dev);

	for (uint32_t i = 0; i < dev->want.fds && !r; i++) {
		r = open_one(dev, where ? where : dev->kind->path, &dev->fds[i]);
		if (!r && !i)
			r = check_fd(dev, dev->fds[i], dev->fds[i]);
	}
	return r;
}

/* The same open file twice would be one vhost device with two owners of its rings. */
static int check_distinct(struct vhc_dev *dev, uint32_t i, int given)
{
	for (uint32_t j = 0; j < i; j++)
		if (vhi_sys_same(&dev->ctx->sys, dev->fds[j], dev->fds[i]) == 1)
			return vhi_dev_fail(dev, -EINVAL, NULL, "open the node again",
					    "vhost fd %d of %s %u is also that of %s %u: "
					    "each needs its own",
					    given, dev->kind->fd_name, i, dev->kind->fd_name, j);
	return 0;
}

int vhi_kernel_adopt(struct vhc_dev *dev, const int *fds)
{
	int r = make_fds(dev);

	for (uint32_t i = 0; i < dev->want.fds && !r; i++) {
		int fd = vhi_sys_dup(&dev->ctx->sys, fds[i]);

		if (fd < 0)
			return vhi_dev_fail_errno(dev, fd, "dup", NULL, "vhost fd %d", fds[i]);
		dev->fds[i] = fd;
		r = check_fd(dev, fd, fds[i]) ?: check_distinct(dev, i, fds[i]);
	}
	return r;
}

void vhi_kernel_close(struct vhc_dev *dev)
{
	vhi_worker_forget_tasks(dev);
	if (dev->fds)
		vhi_sys_close_all(&dev->ctx->sys, dev->fds, dev->want.fds);
	free(dev->fds);
	dev->fds = NULL;
}

/* -------------------------------------------------------------------------------------- asking */

static int fail_ask(struct vhc_dev *dev, int r, const char *name)
{
	return vhi_dev_fail_errno(dev, r, name, NULL, NULL);
}

/* @r: of reading it. */
static int check_parameter(struct vhc_dev *dev, int r)
{
	return r ? vhi_dev_fail_errno(dev, r, NULL, NULL, "/sys/module/vhost/parameters") : 0;
}

static int ask_features(struct vhc_dev *dev)
{
	struct vhi_offers *offers = dev->offers;
	int r = vhi_sys_ioctl(&dev->ctx->sys, dev->fds[0], VHOST_GET_FEATURES,
			      &offers->features.w[0]);

	if (r)
		return fail_ask(dev, r, "VHOST_GET_FEATURES");
	return check_parameter(dev,
			       vhi_parameter_max_regions(&dev->ctx->sys, &offers->max_regions));
}

/* The words are zeroed before, since the kernel writes only those that it has. */
static int ask_all_features(struct vhc_dev *dev)
{
	struct vhi_uapi_features_array array = { .count = VHI_FEATURES_WORDS };
	int r = vhi_sys_ioctl(&dev->ctx->sys, dev->fds[0], VHI_GET_FEATURES_ARRAY, &array);

	if (r && !vhi_sys_is_unsupported(r))
		return fail_ask(dev, r, "VHOST_GET_FEATURES_ARRAY");
	for (uint32_t i = 1; i < VHI_FEATURES_WORDS && !r; i++)
		dev->offers->features.w[i] = array.features[i];
	return 0;
}

/* A limit of 0 is none there; ours stays. */
static int ask_iotlb(struct vhc_dev *dev)
{
	uint32_t *max = &dev->offers->max_mappings;
	uint64_t word = 0;
	int r = check_parameter(dev, vhi_parameter_max_mappings(&dev->ctx->sys, max));

	if (r)
		return r;
	if (!*max || *max > VHI_IOTLB_MAX)
		*max = VHI_IOTLB_MAX;
	r = vhi_sys_ioctl(&dev->ctx->sys, dev->fds[0], VHOST_GET_BACKEND_FEATURES, &word);
	if (r && !vhi_sys_is_unsupported(r))
		return fail_ask(dev, r, "VHOST_GET_BACKEND_FEATURES");
	dev->offers->backend_features = r ? 0 : word;
	return 0;
}

int vhi_kernel_ask(struct vhc_dev *dev, enum vhi_ask what)
{
	static int (*const asks[])(struct vhc_dev * dev) = {
		[VHI_ASK_FEATURES] = ask_features,
		[VHI_ASK_ALL_FEATURES] = ask_all_features,
		[VHI_ASK_IOTLB] = ask_iotlb,
	};
	int r;

	if (dev->offers->asked & 1u << what)
		return 0;
	r = asks[what](dev);
	if (!r)
		dev->offers->asked |= 1u << what;
	return r;
}
