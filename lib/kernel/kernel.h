/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * kernel/ - the back end that is the kernel's vhost: opening and querying (probe.c), operations as
 * ioctls (vhost.c), IOTLB messages (iotlb.c, iotlb-msg.c), worker threads (worker.c).  Other rooms
 * use only vhi_backend_kernel and vhi_worker_why().
 */
#ifndef LIB_KERNEL_KERNEL_H
#define LIB_KERNEL_KERNEL_H

#include "dev.h"

extern const struct vhi_backend_ops vhi_backend_kernel;

/** vhi_worker_why() - why the worker of an owned fd is not known. */
const char *vhi_worker_why(const struct vhc_dev *dev, uint32_t fd);

/* Within the room. */
int vhi_kernel_open(struct vhc_dev *dev, const char *where);
int vhi_kernel_adopt(struct vhc_dev *dev, const int *fds);
int vhi_kernel_ask(struct vhc_dev *dev, enum vhi_ask what);
void vhi_kernel_close(struct vhc_dev *dev);
/** vhi_kernel_iotlb() - one of the operations VHI_OP_IOTLB_. */
int vhi_kernel_iotlb(struct vhc_dev *dev, const struct vhi_op *op);
int vhi_kernel_read_miss(struct vhc_dev *dev, uint32_t fd, struct vhi_iotlb_miss *ret);
int vhi_worker_execute(struct vhc_dev *dev, struct vhi_op *op);
void vhi_worker_forget_tasks(struct vhc_dev *dev);

#endif
