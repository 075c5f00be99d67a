/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * kernel - the back end that is the kernel's vhost-net: opening its node, asking what it can do, and
 * executing operations as ioctls.  What all kernel devices share is here too.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dev.h"
#include "text.h"
#include "features/features.h"
#include "kernel/kernel.h"
#include "syscall/node.h"
#include "syscall/uapi.h"

#define DEFAULT_MAX_REGIONS 64u /* drivers/vhost/vhost.c, max_mem_regions */
#define MAX_REGIONS_PATH    "/sys/module/vhost/parameters/max_mem_regions"

int vhc_kernel_open(struct vhc_ctx *ctx, const char *id, const char *path, int *ret_fd)
{
	/* not blocking: only reads of IOTLB messages could block, and they must not */
	int fd = vhc_sys_open(&ctx->sys, path, O_RDWR | O_NONBLOCK);
	struct vhc_node_failure why;

	if (fd >= 0) {
		*ret_fd = fd;
		return 0;
	}
	vhc_node_explain(path, -fd, &why);
	return vhc_fail_at(ctx, &(struct vhc_place){ id, "open", why.remedy }, fd,
			   "%s: %s (%s): %s", path, strerror(-fd), vhc_errname(-fd), why.reason);
}

int vhc_kernel_check_fd(struct vhc_dev *dev, int fd)
{
	struct vhc_file file = { 0 };
	int r = vhc_sys_stat(&dev->ctx->sys, fd, &file);

	if (r)
		return vhc_dev_fail(dev, r, "fstat", NULL, "fd %d: %s (%s)", fd, strerror(-r),
				    vhc_errname(-r));
	if (!file.is_char || file.major != VHC_MISC_MAJOR || file.minor != VHC_VHOST_NET_MINOR)
		return vhc_dev_fail(dev, -EINVAL, "fstat", "pass an open /dev/vhost-net",
				    "fd %d is not a vhost-net device: it is %s %u:%u, vhost-net is "
				    "character device %u:%u",
				    fd, file.is_char ? "character device" : "no character device;",
				    file.major, file.minor, VHC_MISC_MAJOR, VHC_VHOST_NET_MINOR);
	return 0;
}

/* Without the module, or where /sys is not to be seen, the kernel's default; not when we ran out. */
static int read_max_regions(struct vhc_dev *dev, uint32_t *ret)
{
	struct vhc_ctx *ctx = dev->ctx;
	char text[32], *end;
	unsigned long n;
	int r = vhc_sys_read(&ctx->sys, MAX_REGIONS_PATH, text, sizeof(text));

	*ret = DEFAULT_MAX_REGIONS;
	if (r == -EMFILE || r == -ENFILE || r == -ENOMEM)
		return vhc_dev_fail(dev, r, NULL, NULL, MAX_REGIONS_PATH ": %s (%s)", strerror(-r),
				    vhc_errname(-r));
	if (r <= 0)
		return 0;
	n = strtoul(text, &end, 10);
	if (end != text && n > 0 && n <= UINT32_MAX)
		*ret = (uint32_t)n;
	return 0;
}

/*
 * The upper words, where the kernel has them.  An older kernel takes the number for another ioctl's
 * and answers EPERM, ENOBUFS or ENOTTY: that is a no.  The words are zeroed before, since the kernel
 * writes only those that it has.
 */
static int ask_array(struct vhc_dev *dev, int fd)
{
	struct vhc_uapi_features_array array = { .count = VHC_FEATURES_WORDS };
	struct vhc_kernel_facts *facts = &dev->ctx->facts;
	int r = vhc_sys_ioctl(&dev->ctx->sys, fd, VHC_GET_FEATURES_ARRAY, &array);

	if (r && r != -EPERM && r != -ENOBUFS && r != -ENOTTY && r != -EINVAL)
		return vhc_dev_fail(dev, r, "VHOST_GET_FEATURES_ARRAY", NULL, "%s (%s)",
				    strerror(-r), vhc_errname(-r));
	facts->has_features_array = true;
	for (uint32_t i = 1; i < VHC_FEATURES_WORDS && !r; i++)
		facts->features.w[i] = array.features[i];
	return 0;
}

int vhc_kernel_ask(struct vhc_dev *dev, bool upper)
{
	struct vhc_kernel_facts *facts = &dev->ctx->facts;
	uint64_t word = 0;
	int r = 0;

	if (!facts->has_features) {
		r = vhc_sys_ioctl(&dev->ctx->sys, dev->fds[0], VHOST_GET_FEATURES, &word);
		if (r)
			return vhc_dev_fail(dev, r, "VHOST_GET_FEATURES", NULL, "%s (%s)",
					    strerror(-r), vhc_errname(-r));
		facts->features.w[0] = word;
		facts->has_features = true;
	}
	if (upper && !facts->has_features_array)
		r = ask_array(dev, dev->fds[0]);
	if (!r && !facts->has_max_regions) {
		r = read_max_regions(dev, &facts->max_regions);
		facts->has_max_regions = !r;
	}
	return r;
}

static int set_features(struct vhc_dev *dev, int fd, const struct vhc_features *features)
{
	uint64_t word = features->w[0];

	return vhc_sys_ioctl(&dev->ctx->sys, fd, VHOST_SET_FEATURES, &word);
}

static int set_features_array(struct vhc_dev *dev, int fd, const struct vhc_features *features)
{
	struct vhc_uapi_features_array array = { .count = VHC_FEATURES_WORDS };

	memcpy(array.features, features->w, sizeof(array.features));
	return vhc_sys_ioctl(&dev->ctx->sys, fd, VHC_SET_FEATURES_ARRAY, &array);
}

static int set_mem_table(struct vhc_dev *dev, int fd, const struct vhc_table *table)
{
	uint32_t count = table ? table->count : 0;
	struct vhost_memory *memory =
		calloc(1, sizeof(*memory) + count * sizeof(struct vhost_memory_region));
	int r;

	if (!memory)
		return -ENOMEM;
	memory->nregions = count;
	for (uint32_t i = 0; i < count; i++) {
		memory->regions[i].guest_phys_addr = table->guest[i];
		memory->regions[i].memory_size = table->size[i];
		memory->regions[i].userspace_addr = table->user[i];
	}
	r = vhc_sys_ioctl(&dev->ctx->sys, fd, VHOST_SET_MEM_TABLE, memory);
	free(memory);
	return r;
}

static int set_log_base(struct vhc_dev *dev, int fd, const struct vhc_dirty_log *log)
{
	uint64_t base = log ? (uintptr_t)log->words : 0;

	return vhc_sys_ioctl(&dev->ctx->sys, fd, VHOST_SET_LOG_BASE, &base);
}

static int set_log_fd(struct vhc_dev *dev, int fd, int file)
{
	int arg = file >= 0 ? file : VHOST_FILE_UNBIND;

	return vhc_sys_ioctl(&dev->ctx->sys, fd, VHOST_SET_LOG_FD, &arg);
}

/* Its alignment is looked at even where it is not used, so then it is 0. */
static int set_addr(struct vhc_dev *dev, int fd, uint32_t index, const struct vhc_op *op)
{
	struct vhost_vring_addr addr = {
		.index = index,
		.flags = op->addr.log ? 1u << VHOST_VRING_F_LOG : 0,
		.log_guest_addr = op->addr.log ? op->addr.guest[VHC_USED] : 0,
		.desc_user_addr = op->addr.user[VHC_DESC],
		.avail_user_addr = op->addr.user[VHC_AVAIL],
		.used_user_addr = op->addr.user[VHC_USED],
	};

	return vhc_sys_ioctl(&dev->ctx->sys, fd, VHOST_SET_VRING_ADDR, &addr);
}

static int set_state(struct vhc_dev *dev, int fd, unsigned long request, uint32_t index,
		     struct vhc_op *op)
{
	struct vhost_vring_state state = { .index = index, .num = (uint32_t)op->value };
	int r = vhc_sys_ioctl(&dev->ctx->sys, fd, request, &state);

	if (!r && request == VHOST_GET_VRING_BASE)
		op->value = state.num;
	if (r == -ENOTTY && request == VHOST_SET_VRING_BUSYLOOP_TIMEOUT)
		dev->ctx->facts.no_busyloop = true;
	return r;
}

int vhc_kernel_get_busyloop(struct vhc_dev *dev, uint32_t ring, uint32_t *ret_us)
{
	struct vhost_vring_state state = { .index = ring % VHC_NET_RINGS_PER_FD };
	int r = vhc_sys_ioctl(&dev->ctx->sys, dev->fds[ring / VHC_NET_RINGS_PER_FD],
			      VHOST_GET_VRING_BUSYLOOP_TIMEOUT, &state);

	if (r)
		return vhc_dev_fail(dev, r, "VHOST_GET_VRING_BUSYLOOP_TIMEOUT", NULL,
				    "ring %u: %s (%s)", ring, strerror(-r), vhc_errname(-r));
	*ret_us = state.num;
	return 0;
}

static int set_file(struct vhc_dev *dev, int fd, unsigned long request, uint32_t index, int file)
{
	struct vhost_vring_file arg = { .index = index,
					.fd = file >= 0 ? file : VHOST_FILE_UNBIND };

	return vhc_sys_ioctl(&dev->ctx->sys, fd, request, &arg);
}

/*
 * With the backend of one ring the kernel forgets what the other ring of the fd waits for, too; a kick
 * makes that ask again.
 */
static int set_backend(struct vhc_dev *dev, int fd, const struct vhc_op *op)
{
	uint32_t index = op->ring % VHC_NET_RINGS_PER_FD, first = op->ring - index;
	int r = set_file(dev, fd, VHOST_NET_SET_BACKEND, index, op->file);

	if (r || op->file >= 0 || !vhc_fd_translates(&dev->have.fd[op->fd]))
		return r;
	for (uint32_t i = first; i < first + VHC_NET_RINGS_PER_FD; i++)
		if (i != op->ring && vhc_ring_runs(&dev->have.ring[i]) &&
		    dev->want.ring[i].kick >= 0)
			vhc_sys_signal(&dev->ctx->sys, dev->want.ring[i].kick);
	return 0;
}

int vhc_kernel_execute(struct vhc_dev *dev, struct vhc_op *op)
{
	static const unsigned long requests[VHC_OP_COUNT] = {
		[VHC_OP_SET_VRING_NUM] = VHOST_SET_VRING_NUM,
		[VHC_OP_SET_VRING_BASE] = VHOST_SET_VRING_BASE,
		[VHC_OP_GET_VRING_BASE] = VHOST_GET_VRING_BASE,
		[VHC_OP_SET_VRING_KICK] = VHOST_SET_VRING_KICK,
		[VHC_OP_SET_VRING_CALL] = VHOST_SET_VRING_CALL,
		[VHC_OP_SET_VRING_ERR] = VHOST_SET_VRING_ERR,
		[VHC_OP_SET_VRING_BUSYLOOP] = VHOST_SET_VRING_BUSYLOOP_TIMEOUT,
	};
	uint32_t index = op->ring % VHC_NET_RINGS_PER_FD;
	uint8_t mode = (uint8_t)op->value;
	uint64_t word = op->value;
	int fd;

	if (!dev->fds)
		return -ENODEV;
	fd = dev->fds[op->fd];
	switch (op->kind) {
	case VHC_OP_FORK_FROM_OWNER:
		return vhc_sys_ioctl(&dev->ctx->sys, fd, VHC_SET_FORK_FROM_OWNER, &mode);
	case VHC_OP_SET_OWNER:
		return vhc_sys_ioctl(&dev->ctx->sys, fd, VHOST_SET_OWNER, NULL);
	case VHC_OP_RESET_OWNER:
		return vhc_sys_ioctl(&dev->ctx->sys, fd, VHOST_RESET_OWNER, NULL);
	case VHC_OP_SET_FEATURES:
		return set_features(dev, fd, &op->features);
	case VHC_OP_SET_FEATURES_ARRAY:
		return set_features_array(dev, fd, &op->features);
	case VHC_OP_SET_BACKEND_FEATURES:
		return vhc_sys_ioctl(&dev->ctx->sys, fd, VHOST_SET_BACKEND_FEATURES, &word);
	case VHC_OP_IOTLB_UPDATE:
	case VHC_OP_IOTLB_INVALIDATE:
	case VHC_OP_IOTLB_FILL:
		return vhc_kernel_iotlb(dev, op);
	case VHC_OP_SET_MEM_TABLE:
		return set_mem_table(dev, fd, op->table);
	case VHC_OP_SET_LOG_BASE:
		return set_log_base(dev, fd, op->log);
	case VHC_OP_SET_LOG_FD:
		return set_log_fd(dev, fd, op->file);
	case VHC_OP_SET_VRING_ADDR:
		return set_addr(dev, fd, index, op);
	case VHC_OP_SET_VRING_NUM:
	case VHC_OP_SET_VRING_BASE:
	case VHC_OP_GET_VRING_BASE:
	case VHC_OP_SET_VRING_BUSYLOOP:
		return set_state(dev, fd, requests[op->kind], index, op);
	case VHC_OP_SET_BACKEND:
		return set_backend(dev, fd, op);
	default:
		return set_file(dev, fd, requests[op->kind], index, op->file);
	}
}
