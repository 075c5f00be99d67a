/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * iotlb-msg - the messages about I/O virtual addresses that are written to and read from a vhost
 * fd, in both versions.  No system call.
 */
#ifndef LIB_KERNEL_IOTLB_MSG_H
#define LIB_KERNEL_IOTLB_MSG_H

#include "memory/iotlb.h"
#include "syscall/uapi.h"

enum vhi_iotlb_verb { VHI_IOTLB_UPDATE, VHI_IOTLB_INVALIDATE };

/** vhi_iotlb_msg_encode() - a message with all of its padding zero.  @v2: MSG_V2 was acked. */
struct vhi_uapi_iotlb_msg vhi_iotlb_msg_encode(bool v2, enum vhi_iotlb_verb verb,
					       const struct vhi_mapping *map);

/**
 * vhi_iotlb_msg_decode() - decode what was read, which must be a miss of this version.  Fields that
 * a miss does not need are ignored: a newer kernel may use them.
 * Returns NULL, or why it is not a miss.
 */
const char *vhi_iotlb_msg_decode(bool v2, const struct vhi_uapi_iotlb_msg *msg, size_t size,
				 struct vhi_iotlb_miss *ret);

#endif
