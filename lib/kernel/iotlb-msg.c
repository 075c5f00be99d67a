/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * iotlb-msg - encodes and decodes messages about I/O virtual addresses.
 *
 * The kernel's struct vhost_msg and struct vhost_msg_v2 have the same layout and differ in their first
 * word.  The kernel accepts either at any time, and sends version 2 only if MSG_V2 was acked.
 */
#include <string.h>

#include "kernel/iotlb-msg.h"

_Static_assert((int)VHC_PERM_READ == VHOST_ACCESS_RO && (int)VHC_PERM_WRITE == VHOST_ACCESS_WO,
	       "the bits are the kernel's");

static uint32_t type_of(bool v2)
{
	return v2 ? VHOST_IOTLB_MSG_V2 : VHOST_IOTLB_MSG;
}

struct vhi_uapi_iotlb_msg vhi_iotlb_msg_encode(bool v2, enum vhi_iotlb_verb verb,
					       const struct vhi_mapping *map)
{
	struct vhi_uapi_iotlb_msg msg;

	memset(&msg, 0, sizeof(msg));
	msg.version = type_of(v2);
	msg.iova = map->iova;
	msg.size = map->size;
	if (verb == VHI_IOTLB_UPDATE) {
		msg.type = VHOST_IOTLB_UPDATE;
		msg.uaddr = map->user;
		msg.perm = (uint8_t)map->perm;
	} else {
		msg.type = VHOST_IOTLB_INVALIDATE;
	}
	return msg;
}

const char *vhi_iotlb_msg_decode(bool v2, const struct vhi_uapi_iotlb_msg *msg, size_t size,
				 struct vhi_iotlb_miss *ret)
{
	if (size != sizeof(*msg))
		return "it is too short";
	if (msg->version != type_of(v2))
		return "it is of another version";
	if (v2 && msg->asid)
		return "it is of another address space";
	if (msg->type != VHOST_IOTLB_MISS)
		return "it is no miss";
	if (!msg->perm || msg->perm & ~(VHC_PERM_READ | VHC_PERM_WRITE))
		return "its permissions are invalid";
	*ret = (struct vhi_iotlb_miss){ msg->iova, msg->perm };
	return NULL;
}
