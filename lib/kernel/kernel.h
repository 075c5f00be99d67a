/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * kernel/ - the back end that is the kernel's vhost: opening and querying (probe.c), operations as
 * ioctls (vhost.c), IOTLB messages (iotlb.c, iotlb-msg.c), worker threads (worker.c).  Other rooms
 * use only vhc_backend_kernel and vhc_worker_why().
 */
#ifndef LIB_KERNEL_KERNEL_H
#define LIB_KERNEL_KERNEL_H

#include "dev.h"

extern const struct vhc_backend_ops vhc_backend_kernel;

/** vhc_worker_why() - why the worker of an owned fd is not known. */
const char *vhc_worker_why(const struct vhc_dev *dev, uint32_t fd);

/* Within the room. */
int vhc_kernel_open(struct vhc_dev *dev, const char *where);
int vhc_kernel_adopt(struct vhc_dev *dev, const int *fds);
int vhc_kernel_ask(struct vhc_dev *dev, enum vhc_ask what);
void vhc_kernel_close(struct vhc_dev *dev);
/** vhc_kernel_iotlb() - one of the operations VHC_OP_IOTLB_. */
int vhc_kernel_iotlb(struct vhc_dev *dev, const struct vhc_op *op);
int vhc_kernel_read_miss(struct vhc_dev *dev, uint32_t fd, struct vhc_iotlb_miss *ret);
int vhc_worker_execute(struct vhc_dev *dev, struct vhc_op *op);
void vhc_worker_forget_tasks(struct vhc_dev *dev);

#endif
