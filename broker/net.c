/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * net - what only a net device has: its configuration space, the frame that tells the network where a
 * guest has moved to, and its tap, with a carrier, queues, and frames that were for another guest.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_tun.h>
#include <net/ethernet.h>
#include <net/if_arp.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "clients.h"
#include "kind.h"

#define MIN_MTU	   68u
#define MAX_HEADER 64

#define STALE_FRAMES 65536u /* of all queues: others wait meanwhile */

enum {
	BIT_MTU = 3,
	BIT_MAC = 5,
	BIT_STATUS = 16,
	BIT_CTRL_VQ = 17,
	BIT_MQ = 22,
	BIT_ANY_LAYOUT = 27
};

#define BIT(n) (UINT64_C(1) << (n))

/* As in the specification, little-endian; what is past it reads as 0. */
struct config {
	uint8_t mac[6];
	uint16_t status, pairs, mtu;
} __attribute__((packed));

enum { LINK_UP = 1 };

/*
 * Of the bits that are a device model's, only those that are told in the configuration space.  A
 * control queue is not served here: QEMU has its own, and asks for MQ alone.  So it is offered only
 * where there are several queue pairs, which are of no use without it; a launcher that passes features
 * through to its guest as they are needs a device with one pair.
 */
static uint64_t find_features(const struct broker_device *device)
{
	uint64_t bits = BIT(BIT_STATUS) | BIT(BIT_ANY_LAYOUT);

	bits |= broker_device_has_mac(device) ? BIT(BIT_MAC) : 0;
	bits |= device->mtu ? BIT(BIT_MTU) : 0;
	bits |= device->pairs > 1 ? BIT(BIT_MQ) | BIT(BIT_CTRL_VQ) : 0;
	return bits;
}

static void put_config(const struct broker_device *device, uint8_t space[WIRE_CONFIG_SIZE])
{
	struct config config = { .status = htole16(device->link_down ? 0 : LINK_UP),
				 .pairs = htole16((uint16_t)device->pairs),
				 .mtu = htole16(device->mtu) };

	memcpy(config.mac, device->mac, sizeof(config.mac));
	memcpy(space, &config, sizeof(config));
}

int session_get_queues(struct session *session, struct wire_message *message)
{
	wire_reply_u64(message, session->device->pairs);
	return 0;
}

/* What the guest is told.  The link may be larger, and not smaller. */
int session_set_mtu(struct session *session, struct wire_message *message)
{
	uint64_t mtu = message->payload.u64;
	uint16_t link = session->device->mtu;

	if (mtu < MIN_MTU || mtu > UINT16_MAX || (link && mtu > link))
		return session_fail(session, -EINVAL, "an MTU of %llu: it must be %u to %u",
				    (unsigned long long)mtu, MIN_MTU, link ? link : UINT16_MAX);
	return 0;
}

struct rarp {
	struct ether_header ether;
	struct arphdr arp;
	uint8_t sender[6], sender_ip[4], target[6], target_ip[4];
	uint8_t padding[18]; /* to the length of the shortest frame */
} __attribute__((packed));

static struct rarp make_rarp(const uint8_t mac[6])
{
	struct rarp rarp = {
		.ether.ether_type = htons(ETHERTYPE_REVARP),
		.arp = { .ar_hrd = htons(ARPHRD_ETHER),
			 .ar_pro = htons(ETHERTYPE_IP),
			 .ar_hln = 6,
			 .ar_pln = 4,
			 .ar_op = htons(ARPOP_RREQUEST) },
	};

	memset(rarp.ether.ether_dhost, 0xff, 6);
	memcpy(rarp.ether.ether_shost, mac, 6);
	memcpy(rarp.sender, mac, 6);
	memcpy(rarp.target, mac, 6);
	return rarp;
}

/* Such as of a link that is down.  The guest lives on, so this is no failure of the request. */
static int say_no_rarp(struct broker_device *device, const char *call)
{
	broker_say(device, VHC_LEVEL_WARNING,
		   "the network is not told where the guest is now: %s: %s", call, strerror(errno));
	return 0;
}

/* It may come before the features, which change the length of the header: ask for what it is now. */
int session_send_rarp(struct session *session, struct wire_message *message)
{
	int fd = vhc_tap_get_fd(session->device->tap, 0), header = 0;
	uint8_t frame[MAX_HEADER + sizeof(struct rarp)] = { 0 }, mac[6];
	struct rarp rarp;
	size_t size;

	if (fd < 0 || ioctl(fd, TUNGETVNETHDRSZ, &header) || header < 0 || header > MAX_HEADER)
		return say_no_rarp(session->device, "TUNGETVNETHDRSZ");
	memcpy(mac, &message->payload.u64, sizeof(mac));
	rarp = make_rarp(mac);
	memcpy(frame + header, &rarp, sizeof(rarp));
	size = (size_t)header + sizeof(rarp);
	if (write(fd, frame, size) != (ssize_t)size)
		return say_no_rarp(session->device, "write");
	return 0;
}

/* A launcher that asks for the configuration space can tell its guest. */
static void tell_config(struct broker_device *device)
{
	const struct session *session = &device->session;
	const struct wire_message message = { .request = WIRE_BACKEND_CONFIG_CHANGE,
					      .flags = WIRE_VERSION };
	struct wire_error error;

	if (session->channel < 0 || !(session->protocol & WIRE_P(CONFIG)))
		return;
	if (wire_send(session->channel, &message, 0, &error))
		broker_say(device, VHC_LEVEL_WARNING, "the launcher is not told of its link: %s",
			   error.text);
}

static int set_link(struct broker_device *device, bool up)
{
	int fd = vhc_tap_get_fd(device->tap, 0), carrier = up;

	if (ioctl(fd, TUNSETCARRIER, &carrier))
		return session_fail(&device->session, -errno, "TUNSETCARRIER on %s: %s",
				    vhc_tap_get_name(device->tap), strerror(errno));
	if (device->link_down == !up)
		return 0;
	device->link_down = !up;
	tell_config(device);
	broker_changed(device, CONTROL_LINK);
	return 0;
}

/* Frames that came for a front-end that has gone are not for the next one. */
static void drop_frames(const struct broker_device *device)
{
	char frame[65536 + 64];
	uint32_t n = 0;

	for (uint32_t i = 0; i < device->pairs; i++) {
		struct pollfd now = { .fd = vhc_tap_get_fd(device->tap, i), .events = POLLIN };

		for (; n < STALE_FRAMES && poll(&now, 1, 0) == 1; n++)
			if (read(now.fd, frame, sizeof(frame)) < 0)
				break;
	}
}

/* Frames of a flow go to one queue: one that nobody reads must be detached. */
static int activate(const struct session *session)
{
	const struct broker_device *device = session->device;
	uint32_t active = 1;

	for (uint32_t pair = 1; pair < device->pairs; pair++)
		if (session->ring[2 * pair].enabled)
			active = pair + 1;
	return device->pairs > 1 ? vhc_tap_set_active(device->tap, active) : 0;
}

/* For who saves its state. */
static int set_config(const struct broker_device *device)
{
	struct vhc_net_config config = { .sz = sizeof(config), .mtu = device->mtu };

	config.flags = device->mtu ? VHC_NET_MTU : 0;
	if (broker_device_has_mac(device))
		config.flags |= VHC_NET_MAC;
	memcpy(config.mac, device->mac, sizeof(config.mac));
	return vhc_dev_set_net_config(device->dev, &config);
}

static int open_net(struct broker_device *device)
{
	return vhc_dev_set_tap(device->dev, device->tap) ?: set_config(device);
}

const struct broker_kind broker_kind_net = {
	.type = VHC_TYPE_NET,
	.name = "net",
	.max_pairs = BROKER_MAX_PAIRS,
	.protocol = BROKER_PROTOCOL | WIRE_P(MQ) | WIRE_P(LOG_SHMFD) | WIRE_P(RARP) | WIRE_P(MTU),
	.find_features = find_features,
	.put_config = put_config,
	.open = open_net,
	.drop_stale = drop_frames,
	.activate = activate,
	.set_link = set_link,
};
