/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * names - what is known of each feature bit: name, origin, requirement.
 *
 * Names, numbers and requirements are those of virtio 1.4: chapter 6 for the bits of every type,
 * sections 5.1.3, 5.1.3.1 and 5.1.3.2 for the network device, 5.10.3 for the socket device.
 * Section 5.1.3.1 leaves out requirements without which a guest fails.  They are marked in the table:
 * "commands" is a feature that a driver uses by control commands only, which Linux's driver sends
 * without looking for a control queue (BUG in virtnet_send_command); "Linux" is one without whose
 * requirement Linux's driver refuses the device or clears the bit (virtnet_validate).
 *
 * The origin is what does the work for a guest whose rings run in the kernel.  What touches a ring
 * or a frame's header is vhost's; segmentation and checksums are the tap's, since vhost-net passes
 * them through unchanged; what goes through the control queue, the configuration space or the transport
 * is the device model's.  The tunnel headers need vhost and the tap: both must know the longer
 * header.  Bit 27 is the model's alone: to vhost-net it means something else
 * (VHOST_NET_F_VIRTIO_NET_HDR).
 *
 * A version is that of the first Linux whose vhost and taps have the bit, of net devices if all types have
 * it; it is left out where every kernel in use has it.
 */
#include "features/names.h"

#include <errno.h>

#include "features/features.h"

#define VHOST VHC_ORIGIN_VHOST
#define TAP   VHC_ORIGIN_TAP
#define MODEL VHC_ORIGIN_MODEL
#define NONE  "" /* no Linux has it */

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* Bits for the rules, by name: below 64, and from 64 on. */
#define F(name)	 (UINT64_C(1) << VHI_F_##name)
#define F1(name) (UINT64_C(1) << (VHI_F_##name - 64))

/* One row, one bit. */
/* clang-format off */
static const struct vhi_bit net_bits[] = {
	[0] = { { 0, TAP, "csum", "VIRTIO_NET_F_CSUM",
		  "device accepts frames with partial checksums", "" } },
	[1] = { { 1, TAP, "guest_csum", "VIRTIO_NET_F_GUEST_CSUM",
		  "driver accepts frames with partial checksums", "" } },
	[2] = { { 2, MODEL, "ctrl_guest_offloads", "VIRTIO_NET_F_CTRL_GUEST_OFFLOADS",
		  "driver can change receive offloads at run time", "ctrl_vq" },
		.all = { { F(CTRL_VQ) } } }, /* commands */
	[3] = { { 3, MODEL, "mtu", "VIRTIO_NET_F_MTU", "device reports the maximum MTU", "" } },
	[5] = { { 5, MODEL, "mac", "VIRTIO_NET_F_MAC", "device has a MAC address", "" } },
	[6] = { { 6, MODEL, "gso", "VIRTIO_NET_F_GSO",
		  "legacy: device accepts GSO frames of any type", "" } },
	[7] = { { 7, TAP, "guest_tso4", "VIRTIO_NET_F_GUEST_TSO4",
		  "driver accepts TSO over IPv4", "guest_csum" },
		.all = { { F(GUEST_CSUM) } } },
	[8] = { { 8, TAP, "guest_tso6", "VIRTIO_NET_F_GUEST_TSO6",
		  "driver accepts TSO over IPv6", "guest_csum" },
		.all = { { F(GUEST_CSUM) } } },
	[9] = { { 9, TAP, "guest_ecn", "VIRTIO_NET_F_GUEST_ECN",
		  "driver accepts TSO with ECN", "guest_tso4 or guest_tso6" },
		.any = { { F(GUEST_TSO4) | F(GUEST_TSO6) } } },
	[10] = { { 10, TAP, "guest_ufo", "VIRTIO_NET_F_GUEST_UFO",
		   "driver accepts UFO", "guest_csum" },
		 .all = { { F(GUEST_CSUM) } } },
	[11] = { { 11, TAP, "host_tso4", "VIRTIO_NET_F_HOST_TSO4",
		   "device accepts TSO over IPv4", "csum" },
		 .all = { { F(CSUM) } } },
	[12] = { { 12, TAP, "host_tso6", "VIRTIO_NET_F_HOST_TSO6",
		   "device accepts TSO over IPv6", "csum" },
		 .all = { { F(CSUM) } } },
	[13] = { { 13, TAP, "host_ecn", "VIRTIO_NET_F_HOST_ECN",
		   "device accepts TSO with ECN", "host_tso4 or host_tso6" },
		 .any = { { F(HOST_TSO4) | F(HOST_TSO6) } } },
	[14] = { { 14, TAP, "host_ufo", "VIRTIO_NET_F_HOST_UFO",
		   "device accepts UFO", "csum" },
		 .all = { { F(CSUM) } } },
	[15] = { { 15, VHOST, "mrg_rxbuf", "VIRTIO_NET_F_MRG_RXBUF",
		   "a received frame can span several buffers", "" } },
	[16] = { { 16, MODEL, "status", "VIRTIO_NET_F_STATUS", "device reports whether the link is up",
		   "" } },
	[17] = { { 17, MODEL, "ctrl_vq", "VIRTIO_NET_F_CTRL_VQ", "there is a control queue", "" } },
	[18] = { { 18, MODEL, "ctrl_rx", "VIRTIO_NET_F_CTRL_RX",
		   "control queue: promiscuous mode, MAC filters", "ctrl_vq" },
		 .all = { { F(CTRL_VQ) } } },
	[19] = { { 19, MODEL, "ctrl_vlan", "VIRTIO_NET_F_CTRL_VLAN", "control queue: VLAN filters",
		   "ctrl_vq" },
		 .all = { { F(CTRL_VQ) } } },
	[20] = { { 20, MODEL, "ctrl_rx_extra", "VIRTIO_NET_F_CTRL_RX_EXTRA",
		   "control queue: more receive modes", "ctrl_vq" },
		 .all = { { F(CTRL_VQ) } } }, /* commands */
	[21] = { { 21, MODEL, "guest_announce", "VIRTIO_NET_F_GUEST_ANNOUNCE",
		   "driver announces itself on the network when asked", "ctrl_vq" },
		 .all = { { F(CTRL_VQ) } } },
	[22] = { { 22, MODEL, "mq", "VIRTIO_NET_F_MQ", "multiple queue pairs", "ctrl_vq" },
		 .all = { { F(CTRL_VQ) } } },
	[23] = { { 23, MODEL, "ctrl_mac_addr", "VIRTIO_NET_F_CTRL_MAC_ADDR",
		   "control queue: set the MAC address", "ctrl_vq" },
		 .all = { { F(CTRL_VQ) } } },
	[42] = { { 42, VHOST, "guest_rsc6", "VIRTIO_NET_F_GUEST_RSC6",
		   "legacy: device coalesces TCP over IPv6", "", NONE } },
	[50] = { { 50, MODEL, "device_stats", "VIRTIO_NET_F_DEVICE_STATS",
		   "control queue: device counters", "ctrl_vq" },
		 .all = { { F(CTRL_VQ) } } }, /* commands: the first one when the driver starts */
	[51] = { { 51, VHOST, "hash_tunnel", "VIRTIO_NET_F_HASH_TUNNEL",
		   "hash of the inner header of tunnelled frames",
		   "ctrl_vq and (rss or hash_report)", NONE },
		 .all = { { F(CTRL_VQ) } }, .any = { { F(RSS) | F(HASH_REPORT) } } },
	[52] = { { 52, VHOST, "vq_notf_coal", "VIRTIO_NET_F_VQ_NOTF_COAL",
		   "interrupt coalescing per queue", "ctrl_vq", NONE },
		 .all = { { F(CTRL_VQ) } } },
	[53] = { { 53, VHOST, "notf_coal", "VIRTIO_NET_F_NOTF_COAL", "interrupt coalescing",
		   "ctrl_vq", NONE },
		 .all = { { F(CTRL_VQ) } } },
	[54] = { { 54, TAP, "guest_uso4", "VIRTIO_NET_F_GUEST_USO4",
		   "driver accepts USO over IPv4", "guest_csum", "6.2" },
		 .all = { { F(GUEST_CSUM) } } },
	[55] = { { 55, TAP, "guest_uso6", "VIRTIO_NET_F_GUEST_USO6",
		   "driver accepts USO over IPv6", "guest_csum", "6.2" },
		 .all = { { F(GUEST_CSUM) } } },
	[56] = { { 56, TAP, "host_uso", "VIRTIO_NET_F_HOST_USO", "device accepts USO",
		   "csum", "6.2" },
		 .all = { { F(CSUM) } } },
	[57] = { { 57, VHOST, "hash_report", "VIRTIO_NET_F_HASH_REPORT",
		   "each received frame has its hash", "ctrl_vq", NONE },
		 .all = { { F(CTRL_VQ) } } }, /* commands; Linux */
	[59] = { { 59, MODEL, "guest_hdrlen", "VIRTIO_NET_F_GUEST_HDRLEN",
		   "driver gives the exact length of the headers", "" } },
	[60] = { { 60, MODEL, "rss", "VIRTIO_NET_F_RSS", "receive queue selected by hash", "ctrl_vq" },
		 .all = { { F(CTRL_VQ) } } },
	[61] = { { 61, VHOST, "rsc_ext", "VIRTIO_NET_F_RSC_EXT",
		   "device coalesces TCP, and counts segments and duplicate ACKs",
		   "host_tso4 or host_tso6", NONE },
		 .any = { { F(HOST_TSO4) | F(HOST_TSO6) } } },
	[62] = { { 62, MODEL, "standby", "VIRTIO_NET_F_STANDBY",
		   "standby for another device with the same MAC address", "mac" },
		 .all = { { F(MAC) } } }, /* Linux */
	[63] = { { 63, MODEL, "speed_duplex", "VIRTIO_NET_F_SPEED_DUPLEX",
		   "device reports speed and duplex", "" } },
	[64] = { { 64, MODEL, "rss_context", "VIRTIO_NET_F_RSS_CONTEXT", "multiple RSS contexts",
		   "ctrl_vq and rss" },
		 .all = { { F(CTRL_VQ) | F(RSS) } } },
	[65] = { { 65, VHOST | TAP, "guest_udp_tunnel_gso", "VIRTIO_NET_F_GUEST_UDP_TUNNEL_GSO",
		   "driver accepts GSO in UDP tunnels",
		   "guest_tso4 and guest_tso6 and guest_uso4 and guest_uso6", "6.17" },
		 .all = { { F(GUEST_TSO4) | F(GUEST_TSO6) | F(GUEST_USO4) | F(GUEST_USO6) } } },
	[66] = { { 66, TAP, "guest_udp_tunnel_gso_csum", "VIRTIO_NET_F_GUEST_UDP_TUNNEL_GSO_CSUM",
		   "also with a partial outer checksum", "guest_udp_tunnel_gso", "6.17" },
		 .all = { { 0, F1(GUEST_UDP_TUNNEL_GSO) } } },
	[67] = { { 67, VHOST | TAP, "host_udp_tunnel_gso", "VIRTIO_NET_F_HOST_UDP_TUNNEL_GSO",
		   "device accepts GSO in UDP tunnels",
		   "host_tso4 and host_tso6 and host_uso", "6.17" },
		 .all = { { F(HOST_TSO4) | F(HOST_TSO6) | F(HOST_USO) } } },
	[68] = { { 68, TAP, "host_udp_tunnel_gso_csum", "VIRTIO_NET_F_HOST_UDP_TUNNEL_GSO_CSUM",
		   "also with a partial outer checksum", "host_udp_tunnel_gso", "6.17" },
		 .all = { { 0, F1(HOST_UDP_TUNNEL_GSO) } } },
	[69] = { { 69, VHOST, "out_net_header", "VIRTIO_NET_F_OUT_NET_HEADER",
		   "driver gives the offset of the outer network header", "", NONE } },
	[70] = { { 70, VHOST, "ipsec", "VIRTIO_NET_F_IPSEC", "device does IPsec", "", NONE } },
};

static const struct vhi_bit vsock_bits[] = {
	[0] = { { 0, VHOST, "stream", "VIRTIO_VSOCK_F_STREAM", "stream sockets", "", NONE } },
	[1] = { { 1, VHOST, "seqpacket", "VIRTIO_VSOCK_F_SEQPACKET", "seqpacket sockets", "", "5.14" } },
	[2] = { { 2, VHOST, "no_implied_stream", "VIRTIO_VSOCK_F_NO_IMPLIED_STREAM",
		  "stream sockets only with the feature stream", "", NONE } },
};

/* The bits of every type start here; the table counts from it. */
#define TRANSPORT_FIRST 24

static const struct vhi_bit transport_bits[] = {
	[24 - TRANSPORT_FIRST] = { { 24, VHOST, "notify_on_empty", "VIRTIO_F_NOTIFY_ON_EMPTY",
				     "legacy: interrupt when a ring becomes empty, even if suppressed", "" } },
	[27 - TRANSPORT_FIRST] = { { 27, MODEL, "any_layout", "VIRTIO_F_ANY_LAYOUT",
				     "legacy: headers and data may share descriptors", "" } },
	[28 - TRANSPORT_FIRST] = { { 28, VHOST, "indirect_desc", "VIRTIO_F_INDIRECT_DESC",
				     "a descriptor may point to a table of descriptors", "" } },
	[29 - TRANSPORT_FIRST] = { { 29, VHOST, "event_idx", "VIRTIO_F_EVENT_IDX",
				     "each side sets the index at which it is notified", "" } },
	[32 - TRANSPORT_FIRST] = { { 32, VHOST, "version_1", "VIRTIO_F_VERSION_1",
				     "not a legacy device", "" } },
	[33 - TRANSPORT_FIRST] = { { 33, VHOST, "access_platform", "VIRTIO_F_ACCESS_PLATFORM",
				     "device addresses are the platform's, possibly behind an IOMMU", "" } },
	[34 - TRANSPORT_FIRST] = { { 34, VHOST, "ring_packed", "VIRTIO_F_RING_PACKED",
				     "packed rings", "", NONE } },
	[35 - TRANSPORT_FIRST] = { { 35, VHOST, "in_order", "VIRTIO_F_IN_ORDER",
				     "buffers are used in the order they were made available", "", "6.17" } },
	[36 - TRANSPORT_FIRST] = { { 36, VHOST, "order_platform", "VIRTIO_F_ORDER_PLATFORM",
				     "memory is ordered as for a hardware device", "", NONE } },
	[37 - TRANSPORT_FIRST] = { { 37, MODEL, "sr_iov", "VIRTIO_F_SR_IOV",
				     "PCI: virtual functions", "" } },
	[38 - TRANSPORT_FIRST] = { { 38, MODEL, "notification_data", "VIRTIO_F_NOTIFICATION_DATA",
				     "a kick carries the ring's index and offset", "" } },
	[39 - TRANSPORT_FIRST] = { { 39, MODEL, "notif_config_data", "VIRTIO_F_NOTIF_CONFIG_DATA",
				     "a kick carries data that the device supplied", "" } },
	[40 - TRANSPORT_FIRST] = { { 40, VHOST, "ring_reset", "VIRTIO_F_RING_RESET",
				     "a ring can be reset individually", "", "6.2" } },
	[41 - TRANSPORT_FIRST] = { { 41, MODEL, "admin_vq", "VIRTIO_F_ADMIN_VQ",
				     "PCI: administration queues", "" } },
	[43 - TRANSPORT_FIRST] = { { 43, MODEL, "suspend", "VIRTIO_F_SUSPEND",
				     "driver can suspend the device", "" } },
};
/* clang-format on */

static const struct {
	enum vhc_type type;
	const char *device;
	const struct vhi_bit *bits;
	size_t count;
} types[] = {
	{ VHC_TYPE_NET, "a net device", net_bits, LENGTH(net_bits) },
	{ VHC_TYPE_VSOCK, "a vsock device", vsock_bits, LENGTH(vsock_bits) },
};

/* Between vhost and its user. */
static const struct {
	uint32_t bit;
	const char *name, *constant;
} private_bits[] = {
	{ VHI_F_LOG_ALL, "log_all", "VHOST_F_LOG_ALL" },
	{ VHI_F_PROTOCOL_FEATURES, "protocol_features", "VHOST_USER_F_PROTOCOL_FEATURES" },
};

/* Other names in kernel headers and launchers. */
static const struct {
	const char *word;
	uint32_t bit;
} other_names[] = {
	{ "VIRTIO_RING_F_INDIRECT_DESC", VHI_F_INDIRECT_DESC },
	{ "VIRTIO_RING_F_EVENT_IDX", VHI_F_EVENT_IDX },
	{ "VIRTIO_F_IOMMU_PLATFORM", VHI_F_ACCESS_PLATFORM },
	{ "iommu_platform", VHI_F_ACCESS_PLATFORM },
	{ "packed", VHI_F_RING_PACKED },
};

static const struct vhi_bit *row(const struct vhi_bit *bits, size_t count, size_t index)
{
	return index < count && bits[index].feature.name ? &bits[index] : NULL;
}

const struct vhi_bit *vhi_bit_get(enum vhc_type type, uint32_t bit)
{
	const struct vhi_bit *found = NULL;

	for (size_t i = 0; i < LENGTH(types) && !found; i++)
		if (types[i].type == type)
			found = row(types[i].bits, types[i].count, bit);
	if (!found && bit >= TRANSPORT_FIRST)
		found = row(transport_bits, LENGTH(transport_bits), bit - TRANSPORT_FIRST);
	return found;
}

VHC_EXPORT const struct vhc_feature *vhc_feature_get(enum vhc_type type, uint32_t bit)
{
	const struct vhi_bit *found = vhi_bit_get(type, bit);

	return found ? &found->feature : NULL;
}

VHC_EXPORT void vhc_features_known(enum vhc_type type, struct vhc_features *ret)
{
	*ret = (struct vhc_features){ { 0 } };
	for (unsigned int bit = 0; bit < 256; bit++)
		if (vhc_feature_get(type, bit))
			vhc_features_add(ret, bit);
}

/* ASCII only: the result must not depend on the locale. */
static unsigned char lower(char c)
{
	return (unsigned char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

bool vhi_name_is(const char *name, const char *word, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!name[i] || lower(name[i]) != lower(word[i]))
			return false;
	return !name[len];
}

int vhi_bit_find(enum vhc_type type, const char *word, size_t len)
{
	for (uint32_t bit = 0; bit < 256; bit++) {
		const struct vhc_feature *feature = vhc_feature_get(type, bit);

		if (feature && (vhi_name_is(feature->name, word, len) ||
				vhi_name_is(feature->constant, word, len)))
			return (int)bit;
	}
	for (size_t i = 0; i < LENGTH(private_bits); i++)
		if (vhi_name_is(private_bits[i].name, word, len) ||
		    vhi_name_is(private_bits[i].constant, word, len))
			return (int)private_bits[i].bit;
	for (size_t i = 0; i < LENGTH(other_names); i++)
		if (vhi_name_is(other_names[i].word, word, len))
			return (int)other_names[i].bit;
	return -ENOENT;
}

const char *vhi_bit_device(enum vhc_type type)
{
	for (size_t i = 0; i < LENGTH(types); i++)
		if (types[i].type == type)
			return types[i].device;
	return "a device of this type";
}

const char *vhi_bit_private(uint32_t bit)
{
	for (size_t i = 0; i < LENGTH(private_bits); i++)
		if (private_bits[i].bit == bit)
			return private_bits[i].constant;
	return NULL;
}
