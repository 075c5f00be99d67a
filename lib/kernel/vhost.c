/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * vhost - the kernel back end: operations as ioctls, one function for each form of argument.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/kernel.h"
#include "syscall/uapi.h"

/* An operation on the way to the kernel. */
struct call {
	struct vhc_dev *dev;
	struct vhi_op *op;
	int fd;
	uint32_t index; /* of the ring within the fd */
	unsigned long request;
};

static int call(const struct call *c, void *arg)
{
	return vhi_sys_ioctl(&c->dev->ctx->sys, c->fd, c->request, arg);
}

static int call_ring_value(const struct call *c)
{
	struct vhost_vring_state state = { .index = c->index, .num = (uint32_t)c->op->value };
	int r = call(c, &state);

	c->op->value = state.num; /* an answer, where there is one */
	if (r == -ENOTTY && c->op->kind == VHI_OP_SET_VRING_BUSYLOOP)
		c->dev->offers->no_busyloop = true;
	return r;
}

static int call_none(const struct call *c)
{
	return c->op->ring == VHI_NO_RING ? call(c, NULL) : call_ring_value(c);
}

static int call_value(const struct call *c)
{
	uint8_t byte = (uint8_t)c->op->value;
	uint64_t word = c->op->value;
	uint32_t number = (uint32_t)word;

	if (c->op->ring != VHI_NO_RING)
		return call_ring_value(c);
	switch (_IOC_SIZE(c->request)) {
	case sizeof(byte):
		return call(c, &byte);
	case sizeof(number):
		return call(c, &number);
	default:
		return call(c, &word);
	}
}

static int call_file(const struct call *c)
{
	int file = c->op->file >= 0 ? c->op->file : VHOST_FILE_UNBIND;
	struct vhost_vring_file arg = { .index = c->index, .fd = file };

	return c->op->ring != VHI_NO_RING ? call(c, &arg) : call(c, &file);
}

static int call_features(const struct call *c)
{
	struct vhi_uapi_features_array array = { .count = VHI_FEATURES_WORDS };
	uint64_t word = c->op->features.w[0];

	memcpy(array.features, c->op->features.w, sizeof(array.features));
	return c->op->kind == VHI_OP_SET_FEATURES ? call(c, &word) : call(c, &array);
}

static int call_table(const struct call *c)
{
	const struct vhi_table *table = c->op->table;
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
	r = call(c, memory);
	free(memory);
	return r;
}

static int call_log(const struct call *c)
{
	uint64_t base = c->op->log ? (uintptr_t)c->op->log->words : 0;

	return call(c, &base);
}

/* The alignment of the log's address is checked even where it is not used: then it is 0. */
static int call_addr(const struct call *c)
{
	const struct vhi_op *op = c->op;
	struct vhost_vring_addr addr = {
		.index = c->index,
		.flags = op->addr.log ? 1u << VHOST_VRING_F_LOG : 0,
		.log_guest_addr = op->addr.log ? op->addr.guest[VHI_USED] : 0,
		.desc_user_addr = op->addr.user[VHI_DESC],
		.avail_user_addr = op->addr.user[VHI_AVAIL],
		.used_user_addr = op->addr.user[VHI_USED],
	};

	return call(c, &addr);
}

static int call_iotlb(const struct call *c)
{
	return vhi_kernel_iotlb(c->dev, c->op);
}

/*
 * When the backend of one ring changes, the kernel also drops the misses that the fd's other rings
 * wait for.  A kick makes those ask again.
 */
static void kick_siblings(const struct call *c)
{
	const struct vhc_dev *dev = c->dev;
	uint32_t first = c->op->ring - c->index;

	for (uint32_t i = first; i < first + dev->have.rings_per_fd; i++)
		if (i != c->op->ring && vhi_ring_runs(&dev->have.ring[i]) &&
		    dev->want.ring[i].kick >= 0)
			vhi_sys_signal(&dev->ctx->sys, dev->want.ring[i].kick);
}

static int execute(struct vhc_dev *dev, struct vhi_op *op)
{
	static int (*const callers[VHI_FORM_COUNT])(const struct call *c) = {
		[VHI_FORM_NONE] = call_none,   [VHI_FORM_VALUE] = call_value,
		[VHI_FORM_FILE] = call_file,   [VHI_FORM_FEATURES] = call_features,
		[VHI_FORM_TABLE] = call_table, [VHI_FORM_LOG] = call_log,
		[VHI_FORM_ADDR] = call_addr,   [VHI_FORM_MAP] = call_iotlb,
		[VHI_FORM_RANGE] = call_iotlb,
	};
	const struct vhi_op_info *info = vhi_op_info(op->kind);
	const struct call c = { dev, op, dev->fds[op->fd], op->ring % dev->have.rings_per_fd,
				info->request };
	int r;

	if (info->on == VHI_ON_WORKER)
		return vhi_worker_execute(dev, op);
	r = callers[info->form](&c);
	if (!r && op->kind == VHI_OP_SET_BACKEND && op->file < 0 &&
	    vhi_fd_translates(&dev->have.fd[op->fd]))
		kick_siblings(&c);
	return r;
}

static int get_busyloop(struct vhc_dev *dev, uint32_t ring, uint32_t *ret_us)
{
	struct vhost_vring_state state = { .index = ring % dev->have.rings_per_fd };
	int r = vhi_sys_ioctl(&dev->ctx->sys, dev->fds[vhi_state_fd_of(&dev->have, ring)],
			      VHOST_GET_VRING_BUSYLOOP_TIMEOUT, &state);

	if (r)
		return vhi_dev_fail_errno(dev, r, "VHOST_GET_VRING_BUSYLOOP_TIMEOUT", NULL,
					  "ring %u", ring);
	*ret_us = state.num;
	return 0;
}

static int check_ready(struct vhc_dev *dev)
{
	return 0;
}

static int get_fd(const struct vhc_dev *dev, uint32_t fd)
{
	return dev->fds[fd];
}

const struct vhi_backend_ops vhi_backend_kernel = {
	.name = "kernel",
	.open = vhi_kernel_open,
	.adopt = vhi_kernel_adopt,
	.ask = vhi_kernel_ask,
	.check_ready = check_ready,
	.execute = execute,
	.get_busyloop = get_busyloop,
	.fd = get_fd,
	.read_miss = vhi_kernel_read_miss,
	.close = vhi_kernel_close,
};
