/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * loopback [QUEUE-PAIRS] - a plain process as its own guest: a tap, a vhost-net device, its rings.
 * Sends numbered frames through the device to a packet socket on the tap and as many back, checks
 * every one, and prints one line.  "Guest-physical" is an offset into its own memory.  Needs root.
 */
#define _GNU_SOURCE 1

#include <arpa/inet.h>
#include <err.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "vhostconfig.h"
#include "virtqueue.h"

#define PAIRS_MAX 4u
#define FRAMES	  100000u
#define RING	  256u
#define BUFFER	  2048u /* a ring and its buffers fit in a row of ram */
#define HEADER	  12u	/* struct virtio_net_hdr_v1: all zero is a plain frame */
#define WINDOW	  64u	/* frames in flight at once, so that no queue in between overflows */
#define SILENCE	  20000 /* ms without a frame: the rest is lost */

#define MAY_SEND(way) ((way).sent < FRAMES && (way).sent - (way).arrived < WINDOW)

/* Ethernet and IPv4 to an unused address; the UDP ports identify the flow, one for each pair. */
struct frame {
	unsigned char head[34];
	uint16_t ports[2], udp[2];
	uint32_t number;
	unsigned char fill[14];
} __attribute__((packed));

static const struct frame model = {
	.head = "\2\0\0\0\0\1\2\0\0\0\0\2\x08\x00"
		"\x45\0\0\56\0\0\0\0\1\x11\0\0\12\11\11\11\12\11\11\11",
};

/* One direction. */
struct way {
	uint32_t sent, arrived, wrong;
	unsigned char seen[FRAMES]; /* by number */
};

static unsigned char ram[2 * PAIRS_MAX][0xa0000] __attribute__((aligned(VIRTQUEUE_ALIGN)));
static struct virtqueue rings[2 * PAIRS_MAX]; /* in the device's order: receive, transmit */
static struct way out, in;
static struct pollfd polls[2 * PAIRS_MAX + 1]; /* the rings' call eventfds, then the wire */
static int wire;
static uint32_t pairs;
static struct vhc_ctx *ctx;

static int check(int r)
{
	if (r < 0)
		errx(1, "%s. %s", vhc_ctx_get_error(ctx)->text, vhc_ctx_get_error(ctx)->hint);
	return r;
}

/* The library's part: a device with @pairs queue pairs on @tap, in the memory of this process. */
static struct vhc_dev *bring_up(struct vhc_tap *tap)
{
	struct vhc_features want, acked;
	struct vhc_mem *mem;
	struct vhc_dev *dev;

	check(vhc_mem_new(ctx, &mem));
	check(vhc_mem_add(mem,
			  VHC_ARG(vhc_region, .size = sizeof(ram), .user_addr = (uintptr_t)ram)));
	check(vhc_mem_commit(mem));
	check(vhc_dev_open(ctx, "lo0", NULL,
			   VHC_ARG(vhc_dev_args, .type = VHC_TYPE_NET, .queue_pairs = pairs),
			   &dev));
	check(vhc_dev_set_mem(dev, mem));
	check(vhc_dev_set_tap(dev, tap));
	check(vhc_features_parse(ctx, VHC_TYPE_NET, "version_1,mrg_rxbuf", &want));
	check(vhc_dev_offer_features(dev, &want, &want, &acked));
	check(vhc_dev_set_features(dev, &acked, 0));
	for (uint32_t i = 0; i < 2 * pairs; i++) {
		virtqueue_init(&rings[i], ram[i], i * sizeof(ram[i]), RING, BUFFER,
			       check(vhc_ring_get_kick(dev, i)), check(vhc_ring_get_call(dev, i)));
		check(vhc_ring_set_size(dev, i, RING));
		check(vhc_ring_set_addr(dev, i, VHC_ARG(vhc_ring_addr, VIRTQUEUE_ADDR(&rings[i]))));
		polls[i] = (struct pollfd){ .fd = rings[i].call, .events = POLLIN };
	}
	check(vhc_dev_start(dev));
	vhc_mem_free(mem); /* the device keeps a reference */
	return dev;
}

/* The other end: a packet socket on the link, which is set up. */
static void open_wire(const char *name)
{
	struct sockaddr_ll addr = { AF_PACKET, htons(ETH_P_IP), (int)if_nametoindex(name) };
	struct ifreq link = { .ifr_flags = IFF_UP };

	wire = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, htons(ETH_P_IP));
	strncpy(link.ifr_name, name, IFNAMSIZ - 1);
	if (wire < 0 || ioctl(wire, SIOCSIFFLAGS, &link) ||
	    bind(wire, (struct sockaddr *)&addr, sizeof(addr)))
		err(1, "packet socket on %s", name);
	polls[2 * pairs] = (struct pollfd){ .fd = wire, .events = POLLIN };
}

static struct frame make_frame(uint32_t number)
{
	struct frame frame = model;

	frame.ports[0] = frame.ports[1] = htons((uint16_t)(1000 + number % pairs));
	frame.number = htonl(number);
	memset(frame.fill, (int)(number % 251), sizeof(frame.fill));
	return frame;
}

/* Counts a received frame.  Frames that the kernel sends on its own are ignored. */
static void take_frame(struct way *way, const void *bytes, size_t length)
{
	const struct frame *frame = bytes;
	uint32_t number = ntohl(frame->number);
	struct frame same = make_frame(number);

	if (length < sizeof(*frame) || memcmp(frame->head, model.head, sizeof(model.head)))
		return;
	if (length != sizeof(*frame) || memcmp(frame, &same, sizeof(same)) || number >= way->sent ||
	    way->seen[number]++)
		way->wrong++;
	else
		way->arrived++;
}

/* Receives everything that has arrived, then sends all it may: anything else needs a wake-up. */
static void turn(void)
{
	struct frame frame;
	uint32_t length;

	for (uint32_t i = 0; i < 2 * pairs; i += 2) {
		for (int id; (id = virtqueue_reap(&rings[i], &length)) >= 0;) {
			take_frame(&in, virtqueue_buffer(&rings[i], id) + HEADER, length - HEADER);
			virtqueue_put(&rings[i], id);
		}
		virtqueue_fill(&rings[i]);
		virtqueue_recycle(&rings[i + 1]);
	}
	for (ssize_t n; (n = recv(wire, &frame, sizeof(frame), MSG_TRUNC)) >= 0;)
		take_frame(&out, &frame, (size_t)n);
	for (; MAY_SEND(out); out.sent++) {
		struct virtqueue *ring = &rings[2 * (out.sent % pairs) + 1];
		int id = virtqueue_get(ring);

		if (id < 0)
			break;
		frame = make_frame(out.sent);
		memcpy(virtqueue_buffer(ring, id) + HEADER, &frame, sizeof(frame));
		virtqueue_add(ring, id, HEADER + sizeof(frame), false);
	}
	for (uint32_t i = 0; i < 2 * pairs; i++)
		virtqueue_kick(&rings[i]);
	for (; MAY_SEND(in); in.sent++) {
		frame = make_frame(in.sent);
		if (send(wire, &frame, sizeof(frame), 0) < 0)
			break;
	}
}

int main(int argc, char **argv)
{
	struct vhc_tap *tap;
	struct vhc_dev *dev;
	eventfd_t count;

	pairs = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 1;
	if (!pairs || pairs > PAIRS_MAX)
		errx(2, "usage: loopback [QUEUE-PAIRS], 1 to %u", PAIRS_MAX);
	if (vhc_ctx_new(&ctx) || unshare(CLONE_NEWNET))
		err(1, "cannot create a network namespace");
	check(vhc_tap_open(ctx, NULL, VHC_ARG(vhc_tap_args, .queues = pairs), &tap));
	dev = bring_up(tap);
	open_wire(vhc_tap_get_name(tap));
	for (turn(); in.arrived < FRAMES || out.arrived < FRAMES; turn()) {
		if (poll(polls, 2 * pairs + 1, SILENCE) <= 0)
			break;
		for (uint32_t i = 0; i < 2 * pairs; i++)
			if (polls[i].revents)
				eventfd_read(polls[i].fd, &count);
	}
	printf("%s, %u pairs: of %u frames in each direction, %u out, %u in, %u wrong\n",
	       vhc_tap_get_name(tap), pairs, FRAMES, out.arrived, in.arrived, out.wrong + in.wrong);
	vhc_dev_close(dev);
	vhc_tap_close(tap);
	vhc_ctx_free(ctx);
	return in.arrived == FRAMES && out.arrived == FRAMES && !out.wrong && !in.wrong ? 0 : 1;
}
