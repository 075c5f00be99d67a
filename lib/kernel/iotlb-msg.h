/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * iotlb-msg - the messages about I/O virtual addresses that are written to and read from a vhost
 * fd, in both versions.  No system call.
 */
#ifndef LIB_KERNEL_IOTLB_MSG_H
#define LIB_KERNEL_IOTLB_MSG_H

#include "memory/iotlb.h"
#include "syscall/uapi.h"

enum vhc_iotlb_verb { VHC_IOTLB_UPDATE, VHC_IOTLB_INVALIDATE };

/** vhc_iotlb_msg_encode() - a message with all of its padding zero.  @v2: MSG_V2 was acked. */
struct vhc_uapi_iotlb_msg vhc_iotlb_msg_encode(bool v2, enum vhc_iotlb_verb verb,
					       const struct vhc_mapping *map);

/**
 * vhc_iotlb_msg_decode() - decode what was read, which must be a miss of this version.  Fields that
 * a miss does not need are ignored: a newer kernel may use them.
 * Returns NULL, or why it is not a miss.
 */
const char *vhc_iotlb_msg_decode(bool v2, const struct vhc_uapi_iotlb_msg *msg, size_t size,
				 struct vhc_iotlb_miss *ret);

#endif
