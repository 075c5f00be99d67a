/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * kernel - the back end that is the kernel's vhost: opening, asking, executing; its workers.
 */
#ifndef LIB_KERNEL_H
#define LIB_KERNEL_H

#include "dev.h"

/* The kernel back end: kernel.c. */
int vhc_kernel_open(struct vhc_ctx *ctx, const char *id, const char *path, int *ret_fd);
int vhc_kernel_check_fd(struct vhc_dev *dev, int fd);
/** vhc_kernel_ask() - features (once for each context) and the limit of regions. */
int vhc_kernel_ask(struct vhc_dev *dev, bool upper);
/** vhc_kernel_ask_iotlb() - the limit of mappings and the backend features, once for each context. */
int vhc_kernel_ask_iotlb(struct vhc_dev *dev);
/** vhc_kernel_execute() - one operation.  GET_VRING_BASE writes its answer into op->value. */
int vhc_kernel_execute(struct vhc_dev *dev, struct vhc_op *op);
/** vhc_kernel_get_busyloop() - what the kernel has; of an owned fd. */
int vhc_kernel_get_busyloop(struct vhc_dev *dev, uint32_t ring, uint32_t *ret_us);

/* Workers: worker.c. */
int vhc_worker_execute(struct vhc_dev *dev, struct vhc_op *op);
/** vhc_worker_check() - is there such a pair (-EINVAL), and is its worker looked for (@code)? */
int vhc_worker_check(struct vhc_dev *dev, uint32_t pair, int code);
/** vhc_worker_why() - why the worker of an owned fd is not known. */
const char *vhc_worker_why(const struct vhc_dev *dev, uint32_t fd);
void vhc_worker_forget_tasks(struct vhc_dev *dev);

/** vhc_kernel_iotlb() - one of the operations VHC_OP_IOTLB_. */
int vhc_kernel_iotlb(struct vhc_dev *dev, const struct vhc_op *op);

/**
 * vhc_kernel_read_miss() - what a vhost fd waits for.  Never blocks.
 * Returns 1 with a miss; 0 without: there was no message, or none that is understood, which the log
 * says.
 */
int vhc_kernel_read_miss(struct vhc_dev *dev, uint32_t fd, struct vhc_iotlb_miss *ret);

#endif
