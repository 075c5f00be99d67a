/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ops - the table of operations that a plan can hold: the kernel's name of each, what it is given,
 * and what its errors mean.  Ground floor: no system call.
 */
#include <errno.h>
#include <stdio.h>

#include "plan.h"

static const struct vhc_op_info infos[VHC_OP_COUNT] = {
	[VHC_OP_NONE] = { "nothing", VHC_ARG_NONE, false },
	[VHC_OP_TAP_HEADER] = { "TUNSETVNETHDRSZ", VHC_ARG_VALUE, true },
	[VHC_OP_TAP_OFFLOADS] = { "TUNSETOFFLOAD", VHC_ARG_VALUE, true, true },
	[VHC_OP_FORK_FROM_OWNER] = { "VHOST_SET_FORK_FROM_OWNER", VHC_ARG_VALUE, false },
	[VHC_OP_SET_OWNER] = { "VHOST_SET_OWNER", VHC_ARG_NONE, false },
	[VHC_OP_RESET_OWNER] = { "VHOST_RESET_OWNER", VHC_ARG_NONE, false },
	[VHC_OP_SET_FEATURES] = { "VHOST_SET_FEATURES", VHC_ARG_FEATURES, false },
	[VHC_OP_SET_FEATURES_ARRAY] = { "VHOST_SET_FEATURES_ARRAY", VHC_ARG_FEATURES, false },
	[VHC_OP_SET_MEM_TABLE] = { "VHOST_SET_MEM_TABLE", VHC_ARG_TABLE, false },
	[VHC_OP_SET_LOG_BASE] = { "VHOST_SET_LOG_BASE", VHC_ARG_LOG, .partly = true },
	[VHC_OP_SET_LOG_FD] = { "VHOST_SET_LOG_FD", VHC_ARG_FILE, false },
	[VHC_OP_SET_VRING_NUM] = { "VHOST_SET_VRING_NUM", VHC_ARG_VALUE, false },
	[VHC_OP_SET_VRING_BASE] = { "VHOST_SET_VRING_BASE", VHC_ARG_VALUE, false },
	[VHC_OP_GET_VRING_BASE] = { "VHOST_GET_VRING_BASE", VHC_ARG_NONE, false },
	[VHC_OP_SET_VRING_ADDR] = { "VHOST_SET_VRING_ADDR", VHC_ARG_ADDR, false },
	[VHC_OP_SET_VRING_KICK] = { "VHOST_SET_VRING_KICK", VHC_ARG_FILE, false },
	[VHC_OP_SET_VRING_CALL] = { "VHOST_SET_VRING_CALL", VHC_ARG_FILE, false },
	[VHC_OP_SET_VRING_ERR] = { "VHOST_SET_VRING_ERR", VHC_ARG_FILE, false },
	[VHC_OP_SET_BACKEND] = { "VHOST_NET_SET_BACKEND", VHC_ARG_FILE, false },
};

const struct vhc_op_info *vhc_op_info(enum vhc_op_kind kind)
{
	return &infos[kind < VHC_OP_COUNT ? kind : VHC_OP_NONE];
}

void vhc_op_where(const struct vhc_op *op, char *text, size_t size)
{
	const struct vhc_op_info *info = vhc_op_info(op->kind);

	if (op->ring != VHC_NO_RING)
		snprintf(text, size, "ring %u, %s", op->ring, info->name);
	else
		snprintf(text, size, "%s %u, %s", info->on_tap ? "tap queue" : "vhost fd", op->fd,
			 info->name);
}

/* What an errno means, where the kernel's word alone says too little (drivers/vhost/{vhost,net}.c). */
static const struct {
	enum vhc_op_kind kind; /* VHC_OP_NONE: any */
	int error;
	const char *text;
} meanings[] = {
	{ VHC_OP_SET_OWNER, EBUSY,
	  "the vhost fd has an owner already: it was given twice, or to another process" },
	{ VHC_OP_SET_OWNER, ENOMEM,
	  "no memory, or RLIMIT_NPROC is reached: since Linux 6.4 the worker is a task of the owner; "
	  "raise it (ulimit -u)" },
	{ VHC_OP_FORK_FROM_OWNER, EBUSY, "the vhost fd has an owner already: choose before that" },
	{ VHC_OP_SET_FEATURES_ARRAY, EOPNOTSUPP,
	  "this kernel's vhost does not have one of these features" },
	{ VHC_OP_SET_FEATURES, EOPNOTSUPP,
	  "this kernel's vhost does not have one of these features" },
	{ VHC_OP_SET_MEM_TABLE, E2BIG,
	  "too many regions: raise vhost's module parameter max_mem_regions" },
	{ VHC_OP_SET_MEM_TABLE, EFAULT, "a region is empty or wraps around" },
	{ VHC_OP_SET_LOG_BASE, EFAULT, "a ring that runs would be written down outside the log" },
	{ VHC_OP_SET_LOG_FD, EINVAL, "the fd is not an eventfd" },
	{ VHC_OP_SET_VRING_ADDR, EINVAL,
	  "a ring that runs would lie, or be written down, where it must not" },
	{ VHC_OP_SET_VRING_NUM, EBUSY, "the ring runs: stop it first" },
	{ VHC_OP_SET_VRING_BASE, EBUSY, "the ring runs: stop it first" },
	{ VHC_OP_SET_VRING_KICK, EINVAL, "the fd is not an eventfd" },
	{ VHC_OP_SET_VRING_CALL, EINVAL, "the fd is not an eventfd" },
	{ VHC_OP_SET_VRING_KICK, EBADF, "the fd is closed" },
	{ VHC_OP_SET_VRING_CALL, EBADF, "the fd is closed" },
	{ VHC_OP_SET_BACKEND, ENOTSOCK, "the fd is not a tap with IFF_VNET_HDR, nor a macvtap" },
	{ VHC_OP_SET_BACKEND, EFAULT, "the kernel cannot reach the ring's memory" },
	{ VHC_OP_TAP_OFFLOADS, EINVAL, "this link does not take these offloads together" },
	{ VHC_OP_NONE, EPERM,
	  "this process is not the owner of the vhost fd: it was opened before a fork or an exec" },
};

const char *vhc_op_explain(enum vhc_op_kind kind, int error)
{
	for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++)
		if (meanings[i].error == error &&
		    (meanings[i].kind == kind ||
		     (meanings[i].kind == VHC_OP_NONE && !vhc_op_info(kind)->on_tap)))
			return meanings[i].text;
	return NULL;
}
