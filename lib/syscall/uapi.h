/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * uapi - constants of current kernels.  Distributions' headers lag by years, so the newest ones are
 * defined here; where the installed header has them too, they are compared at compile time.
 * Sources: include/uapi/linux/{vhost.h,vhost_types.h,if_tun.h} of Linux 7.2.
 */
#ifndef LIB_SYSCALL_UAPI_H
#define LIB_SYSCALL_UAPI_H

#if __SIZEOF_POINTER__ < 8
#error "libvhostconfig needs a 64-bit host: it keeps 64-bit addresses and log words in pointers"
#endif

#include <linux/if_tun.h>
#include <linux/vhost.h>
#include <stddef.h>
#include <sys/ioctl.h>

/* 128 and more feature bits, since 6.17: `count` words of 64 bits follow. */
#define VHI_FEATURES_WORDS 2u
struct vhi_uapi_features_array {
	__u64 count;
	__u64 features[VHI_FEATURES_WORDS];
};
/* The request number encodes the size of the kernel's struct, whose array is flexible: count alone. */
#define VHI_GET_FEATURES_ARRAY _IOR(VHOST_VIRTIO, 0x83, __u64)
#define VHI_SET_FEATURES_ARRAY _IOW(VHOST_VIRTIO, 0x83, __u64)
#ifdef VHOST_GET_FEATURES_ARRAY
_Static_assert(VHI_GET_FEATURES_ARRAY == VHOST_GET_FEATURES_ARRAY, "uapi");
_Static_assert(VHI_SET_FEATURES_ARRAY == VHOST_SET_FEATURES_ARRAY, "uapi");
#endif

/* Which process the worker threads belong to, since 6.17 (and some 6.12): only before SET_OWNER. */
#define VHI_FORK_KTHREAD	0u
#define VHI_FORK_TASK		1u
#define VHI_SET_FORK_FROM_OWNER _IOW(VHOST_VIRTIO, 0x84, __u8)
#define VHI_GET_FORK_FROM_OWNER _IOR(VHOST_VIRTIO, 0x85, __u8)
#ifdef VHOST_SET_FORK_FROM_OWNER
_Static_assert(VHI_SET_FORK_FROM_OWNER == VHOST_SET_FORK_FROM_OWNER, "uapi");
_Static_assert(VHI_GET_FORK_FROM_OWNER == VHOST_GET_FORK_FROM_OWNER, "uapi");
#endif

/* Which worker runs a ring, since 6.5; only vhost-scsi allows a choice. */
struct vhi_uapi_vring_worker {
	unsigned int index;
	unsigned int worker_id;
};
#define VHI_GET_VRING_WORKER _IOWR(VHOST_VIRTIO, 0x16, struct vhi_uapi_vring_worker)
#ifdef VHOST_GET_VRING_WORKER
_Static_assert(VHI_GET_VRING_WORKER == VHOST_GET_VRING_WORKER, "uapi");
#endif

/*
 * struct vhost_msg and struct vhost_msg_v2, which differ only in the name of the second word: an
 * address space since 5.19, reserved before, and padding in the first version.
 */
struct vhi_uapi_iotlb_msg {
	__u32 version; /* VHOST_IOTLB_MSG, VHOST_IOTLB_MSG_V2 */
	__u32 asid;
	__u64 iova;
	__u64 size;
	__u64 uaddr;
	__u8 perm;
	__u8 type; /* VHOST_IOTLB_MISS, _UPDATE, _INVALIDATE ... */
	__u8 padding[38];
};
#define VHI_IOTLB_AT(field, other)                                           \
	_Static_assert(offsetof(struct vhi_uapi_iotlb_msg, field) ==         \
				       offsetof(struct vhost_msg, other) &&  \
			       offsetof(struct vhi_uapi_iotlb_msg, field) == \
				       offsetof(struct vhost_msg_v2, other), \
		       "uapi")
VHI_IOTLB_AT(version, type);
VHI_IOTLB_AT(iova, iotlb.iova);
VHI_IOTLB_AT(size, iotlb.size);
VHI_IOTLB_AT(uaddr, iotlb.uaddr);
VHI_IOTLB_AT(perm, iotlb.perm);
VHI_IOTLB_AT(type, iotlb.type);
_Static_assert(sizeof(struct vhi_uapi_iotlb_msg) == sizeof(struct vhost_msg) &&
		       sizeof(struct vhi_uapi_iotlb_msg) == sizeof(struct vhost_msg_v2),
	       "uapi");

/* What TUNSETOFFLOAD takes: USO since 6.2, the UDP tunnel bits since 6.17. */
#define VHI_TUN_F_USO4		      0x20u
#define VHI_TUN_F_USO6		      0x40u
#define VHI_TUN_F_UDP_TUNNEL_GSO      0x80u
#define VHI_TUN_F_UDP_TUNNEL_GSO_CSUM 0x100u
#ifdef TUN_F_USO4
_Static_assert(VHI_TUN_F_USO4 == TUN_F_USO4 && VHI_TUN_F_USO6 == TUN_F_USO6, "uapi");
#endif
#ifdef TUN_F_UDP_TUNNEL_GSO
_Static_assert(VHI_TUN_F_UDP_TUNNEL_GSO == TUN_F_UDP_TUNNEL_GSO, "uapi");
_Static_assert(VHI_TUN_F_UDP_TUNNEL_GSO_CSUM == TUN_F_UDP_TUNNEL_GSO_CSUM, "uapi");
#endif

/* Misc devices (include/linux/miscdevice.h), among them /dev/net/tun. */
#define VHI_MISC_MAJOR	      10u
#define VHI_TUN_MINOR	      200u
#define VHI_VHOST_NET_MINOR   238u
#define VHI_VHOST_VSOCK_MINOR 241u

#endif
