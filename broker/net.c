/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * net - what only a net device has: its configuration space, and the frame that tells the network where
 * a guest has moved to.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_tun.h>
#include <net/ethernet.h>
#include <net/if_arp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "device.h"

#define MIN_MTU	   68u
#define MAX_HEADER 64

/* As in the specification, little-endian; what is past it reads as 0. */
struct config {
	uint8_t mac[6];
	uint16_t status, pairs, mtu;
} __attribute__((packed));

enum { LINK_UP = 1 };

int session_get_config(struct session *session, struct wire_message *message)
{
	const struct broker_device *device = session->device;
	struct config config = { .status = htole16(device->link_down ? 0 : LINK_UP),
				 .pairs = htole16((uint16_t)device->pairs),
				 .mtu = htole16(device->mtu) };
	uint8_t space[WIRE_CONFIG_SIZE] = { 0 };

	memcpy(config.mac, device->mac, sizeof(config.mac));
	memcpy(space, &config, sizeof(config));
	wire_reply_same(message);
	memcpy(message->payload.config.bytes, space + message->payload.config.offset,
	       message->payload.config.size);
	return 0;
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

	if (session->back < 0 || !(session->protocol & WIRE_P(CONFIG)))
		return;
	if (wire_send(session->back, &message, 0, &error))
		broker_say(device, VHC_LEVEL_WARNING, "the front end is not told of its link: %s",
			   error.text);
}

int broker_device_set_link(struct broker_device *device, bool up)
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
