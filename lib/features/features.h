/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * features - sets of 256 feature bits: arithmetic, dependencies, origins.
 *
 * This room knows the feature bits: their names and rules (a table in names.c, for this room alone), sets
 * of them as text (text.c) and in documents (rows.h), and what a host lacks of a set (missing.h).  It
 * makes no system call: what a kernel or a tap offers is a set that callers pass.
 */
#ifndef LIB_FEATURES_FEATURES_H
#define LIB_FEATURES_FEATURES_H

#include "vhostconfig.h"

struct vhi_text;

/* The bits that have a name, and two that are between vhost or vhost-user and its user. */
enum {
	VHI_F_CSUM = 0,
	VHI_F_GUEST_CSUM = 1,
	VHI_F_CTRL_GUEST_OFFLOADS = 2,
	VHI_F_MTU = 3,
	VHI_F_MAC = 5,
	VHI_F_GSO = 6,
	VHI_F_GUEST_TSO4 = 7,
	VHI_F_GUEST_TSO6 = 8,
	VHI_F_GUEST_ECN = 9,
	VHI_F_GUEST_UFO = 10,
	VHI_F_HOST_TSO4 = 11,
	VHI_F_HOST_TSO6 = 12,
	VHI_F_HOST_ECN = 13,
	VHI_F_HOST_UFO = 14,
	VHI_F_MRG_RXBUF = 15,
	VHI_F_STATUS = 16,
	VHI_F_CTRL_VQ = 17,
	VHI_F_CTRL_RX = 18,
	VHI_F_CTRL_VLAN = 19,
	VHI_F_CTRL_RX_EXTRA = 20,
	VHI_F_GUEST_ANNOUNCE = 21,
	VHI_F_MQ = 22,
	VHI_F_CTRL_MAC_ADDR = 23,
	VHI_F_NOTIFY_ON_EMPTY = 24,
	VHI_F_LOG_ALL = 26,
	VHI_F_ANY_LAYOUT = 27,
	VHI_F_INDIRECT_DESC = 28,
	VHI_F_EVENT_IDX = 29,
	VHI_F_PROTOCOL_FEATURES = 30,
	VHI_F_VERSION_1 = 32,
	VHI_F_ACCESS_PLATFORM = 33,
	VHI_F_RING_PACKED = 34,
	VHI_F_IN_ORDER = 35,
	VHI_F_ORDER_PLATFORM = 36,
	VHI_F_SR_IOV = 37,
	VHI_F_NOTIFICATION_DATA = 38,
	VHI_F_NOTIF_CONFIG_DATA = 39,
	VHI_F_RING_RESET = 40,
	VHI_F_ADMIN_VQ = 41,
	VHI_F_GUEST_RSC6 = 42,
	VHI_F_SUSPEND = 43,
	VHI_F_DEVICE_STATS = 50,
	VHI_F_HASH_TUNNEL = 51,
	VHI_F_VQ_NOTF_COAL = 52,
	VHI_F_NOTF_COAL = 53,
	VHI_F_GUEST_USO4 = 54,
	VHI_F_GUEST_USO6 = 55,
	VHI_F_HOST_USO = 56,
	VHI_F_HASH_REPORT = 57,
	VHI_F_GUEST_HDRLEN = 59,
	VHI_F_RSS = 60,
	VHI_F_RSC_EXT = 61,
	VHI_F_STANDBY = 62,
	VHI_F_SPEED_DUPLEX = 63,
	VHI_F_RSS_CONTEXT = 64,
	VHI_F_GUEST_UDP_TUNNEL_GSO = 65,
	VHI_F_GUEST_UDP_TUNNEL_GSO_CSUM = 66,
	VHI_F_HOST_UDP_TUNNEL_GSO = 67,
	VHI_F_HOST_UDP_TUNNEL_GSO_CSUM = 68,
	VHI_F_OUT_NET_HEADER = 69,
	VHI_F_IPSEC = 70
};

struct vhc_features vhi_features_and(const struct vhc_features *a, const struct vhc_features *b);
struct vhc_features vhi_features_or(const struct vhc_features *a, const struct vhc_features *b);
/** vhi_features_without() - the bits of a that are not in b. */
struct vhc_features vhi_features_without(const struct vhc_features *a,
					 const struct vhc_features *b);
bool vhi_features_equal(const struct vhc_features *a, const struct vhc_features *b);
bool vhi_features_empty(const struct vhc_features *set);
/** vhi_features_first() - the lowest bit of a set; 256 when empty. */
unsigned int vhi_features_first(const struct vhc_features *set);

/**
 * vhi_features_of() - every bit that has all of these origins (VHC_ORIGIN_ flags).
 * A bit without a name is the device model's: the library knows nothing that would forbid it.
 */
struct vhc_features vhi_features_of(enum vhc_type type, uint32_t origin);

/**
 * vhi_features_close() - remove every bit whose requirement is not in the set, until nothing changes, and
 * vhost's own.  What remains is the largest subset that can be offered.  Returns the bits removed.
 */
struct vhc_features vhi_features_close(enum vhc_type type, struct vhc_features *set);

/**
 * vhi_features_why() - one sentence on why a bit cannot be in a set, such as
 * "guest_tso4 (7) requires guest_csum (1)".  Returns false when it can.
 */
bool vhi_features_why(enum vhc_type type, const struct vhc_features *set, unsigned int bit,
		      char *text, size_t size);

/** vhi_features_put_bit() - "guest_tso4 (7)"; one without a name, or vhost's own, is "bit 4". */
void vhi_features_put_bit(struct vhi_text *text, enum vhc_type type, unsigned int bit);
/** vhi_features_put() - all bits of a set, with @between between them. */
void vhi_features_put(struct vhi_text *text, enum vhc_type type, const struct vhc_features *set,
		      const char *between);

/** vhi_net_header_ok() - can vhost-net have a header of this size? */
bool vhi_net_header_ok(uint64_t size);

/** vhi_net_header_size() - bytes of the virtio-net header with these features; spec 5.1.6.1. */
uint32_t vhi_net_header_size(const struct vhc_features *acked);

#endif
