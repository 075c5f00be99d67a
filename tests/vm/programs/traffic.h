/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * traffic - numbered frames in both directions between a device's rings and a packet socket on its tap,
 * each of which must arrive once and intact, for the programs that test devices on a real kernel.
 */
#ifndef TRAFFIC_H
#define TRAFFIC_H

#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "virtqueue.h"

#define TRAFFIC_PAIRS	4u
#define TRAFFIC_FRAMES	20000u
#define TRAFFIC_HEADER	12u   /* struct virtio_net_hdr_v1: all zero is a plain frame */
#define TRAFFIC_WINDOW	64u   /* frames in flight at once, so that no queue in between overflows */
#define TRAFFIC_SILENCE 60000 /* ms without anything: the rest is lost */

/* Ethernet and IPv4 to an unused address; the UDP ports identify the flow, one for each pair. */
struct traffic_frame {
	unsigned char head[34];
	uint16_t ports[2], udp[2];
	uint32_t number;
	unsigned char fill[14];
} __attribute__((packed));

/* One direction. */
struct traffic_way {
	uint32_t sent, arrived, wrong;
	unsigned char seen[TRAFFIC_FRAMES]; /* by number */
};

struct traffic {
	uint32_t pairs, frames, round;
	struct virtqueue *rings; /* in the device's order: receive, transmit */
	int wire;
	int events; /* another fd to wait for; -1 for none */
	struct traffic_way out, in;
};

static inline void traffic_begin(struct traffic *t, uint32_t frames)
{
	t->frames = frames;
	t->round++;
	memset(&t->out, 0, sizeof(t->out));
	memset(&t->in, 0, sizeof(t->in));
}

static inline struct traffic_frame traffic_make(const struct traffic *t, uint32_t number)
{
	struct traffic_frame frame = {
		.head = "\2\0\0\0\0\1\2\0\0\0\0\2\x08\x00"
			"\x45\0\0\56\0\0\0\0\1\x11\0\0\12\11\11\11\12\11\11\11",
	};

	frame.ports[0] = frame.ports[1] = htons((uint16_t)(1000 + number % t->pairs));
	frame.udp[0] = htons((uint16_t)t->round); /* late frames of another round do not count */
	frame.number = htonl(number);
	memset(frame.fill, (int)(number % 251), sizeof(frame.fill));
	return frame;
}

/* Counts a received frame.  Frames that the kernel sends on its own are ignored. */
static inline void traffic_take(struct traffic *t, struct traffic_way *way, const void *bytes,
				size_t length)
{
	struct traffic_frame frame, same;
	uint32_t number;

	if (length < sizeof(frame))
		return;
	memcpy(&frame, bytes, sizeof(frame));
	number = ntohl(frame.number);
	same = traffic_make(t, number);
	if (memcmp(frame.head, same.head, sizeof(frame.head)) || frame.udp[0] != same.udp[0])
		return;
	if (length != sizeof(frame) || memcmp(&frame, &same, sizeof(same)) || number >= way->sent ||
	    way->seen[number]++)
		way->wrong++;
	else
		way->arrived++;
}

static inline bool traffic_may_send(const struct traffic *t, const struct traffic_way *way)
{
	return way->sent < t->frames && way->sent - way->arrived < TRAFFIC_WINDOW;
}

static inline void traffic_reap(struct traffic *t)
{
	struct traffic_frame frame;
	uint32_t length;

	for (uint32_t i = 0; i < 2 * t->pairs; i += 2) {
		for (int id; (id = virtqueue_reap(&t->rings[i], &length)) >= 0;) {
			if (length > TRAFFIC_HEADER)
				traffic_take(t, &t->in,
					     virtqueue_buffer(&t->rings[i], id) + TRAFFIC_HEADER,
					     length - TRAFFIC_HEADER);
			virtqueue_put(&t->rings[i], id);
		}
		virtqueue_fill(&t->rings[i]);
		virtqueue_recycle(&t->rings[i + 1]);
	}
	for (ssize_t n; (n = recv(t->wire, &frame, sizeof(frame), MSG_TRUNC)) >= 0;)
		traffic_take(t, &t->out, &frame, (size_t)n);
}

static inline void traffic_send(struct traffic *t)
{
	struct traffic_frame frame;

	for (; traffic_may_send(t, &t->out); t->out.sent++) {
		struct virtqueue *ring = &t->rings[2 * (t->out.sent % t->pairs) + 1];
		int id = virtqueue_get(ring);

		if (id < 0)
			break;
		frame = traffic_make(t, t->out.sent);
		memset(virtqueue_buffer(ring, id), 0, TRAFFIC_HEADER);
		memcpy(virtqueue_buffer(ring, id) + TRAFFIC_HEADER, &frame, sizeof(frame));
		virtqueue_add(ring, id, TRAFFIC_HEADER + sizeof(frame), false);
	}
	for (uint32_t i = 0; i < 2 * t->pairs; i++)
		virtqueue_kick(&t->rings[i]);
	for (; traffic_may_send(t, &t->in); t->in.sent++) {
		frame = traffic_make(t, t->in.sent);
		if (send(t->wire, &frame, sizeof(frame), 0) < 0)
			break;
	}
}

static inline bool traffic_done(const struct traffic *t)
{
	return t->in.arrived == t->frames && t->out.arrived == t->frames;
}

/* Waits until something happens.  Returns false if nothing does for a long time. */
static inline bool traffic_wait(struct traffic *t)
{
	struct pollfd polls[2 * TRAFFIC_PAIRS + 2];
	uint32_t count = 0;
	eventfd_t value;
	int r;

	for (; count < 2 * t->pairs; count++)
		polls[count] = (struct pollfd){ t->rings[count].call, POLLIN, 0 };
	polls[count++] = (struct pollfd){ t->wire, POLLIN, 0 };
	polls[count++] = (struct pollfd){ t->events, POLLIN, 0 };
	r = poll(polls, count, TRAFFIC_SILENCE);
	for (uint32_t i = 0; i < 2 * t->pairs; i++)
		if (polls[i].revents)
			eventfd_read(polls[i].fd, &value);
	return r > 0;
}

/* Opens a packet socket on the link, which is set up; or -1. */
static inline int traffic_wire(const char *name)
{
	struct sockaddr_ll addr = { AF_PACKET, htons(ETH_P_IP), (int)if_nametoindex(name) };
	struct ifreq link = { .ifr_flags = IFF_UP };
	int wire = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, htons(ETH_P_IP));

	strncpy(link.ifr_name, name, IFNAMSIZ - 1);
	return wire < 0 || ioctl(wire, SIOCSIFFLAGS, &link) ||
			       bind(wire, (struct sockaddr *)&addr, sizeof(addr))
		       ? -1
		       : wire;
}

#endif
