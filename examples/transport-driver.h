/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * transport-driver - the guest's driver of transport.c: writes the registers in the order of the virtio
 * specification, sends and receives frames, and waits for interrupts.  Header only.
 */
#ifndef TRANSPORT_DRIVER_H
#define TRANSPORT_DRIVER_H

#include <arpa/inet.h>
#include <err.h>
#include <linux/if_packet.h>
#include <linux/virtio_config.h>
#include <net/if.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "virtqueue.h"

#define QUEUES	  2u /* 0 receives, 1 transmits */
#define VECTORS	  4u
#define NO_VECTOR 0xffffu
#define RING	  64u
#define BUFFER	  2048u
#define HEADER	  12u	 /* struct virtio_net_hdr_v1: all zero is a plain frame */
#define TYPE	  0x88b5 /* of our frames, so that the kernel's own are ignored */
#define FRAMES	  500u	 /* of an exchange, in each direction */
#define PATIENCE  20000	 /* ms to wait for what takes microseconds */

/* Registers of struct virtio_pci_common_cfg, and the mask bit of an entry of the MSI-X table. */
enum reg {
	DRIVER_FEATURES,
	DEVICE_STATUS,
	QUEUE_SIZE,
	QUEUE_DESC,
	QUEUE_DRIVER,
	QUEUE_DEVICE,
	QUEUE_VECTOR,
	QUEUE_ENABLE,
	QUEUE_RESET,
	VECTOR_MASK
};

struct frame {
	unsigned char addresses[12];
	uint16_t type;
	uint32_t number;
	unsigned char fill[42];
} __attribute__((packed));

struct driver {
	unsigned char ram[QUEUES][0x40000] __attribute__((aligned(VIRTQUEUE_ALIGN)));
	struct virtqueue queues[QUEUES];
	void (*write)(void *transport, enum reg reg, uint32_t index, uint64_t value);
	uint32_t (*read_status)(void *transport);
	int (*notify_fd)(void *transport, uint32_t queue);
	void *transport;
	const int *vectors; /* eventfds: the guest's interrupts */
	uint32_t vector;    /* of the receive queue */
	uint32_t out, in, interrupts;
	int wire; /* a packet socket on the link */
};

static inline void driver_open_wire(struct driver *d, const char *link)
{
	struct sockaddr_ll addr = { AF_PACKET, htons(TYPE), (int)if_nametoindex(link) };
	struct ifreq up = { .ifr_flags = IFF_UP };

	d->wire = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(TYPE));
	strncpy(up.ifr_name, link, IFNAMSIZ - 1);
	if (d->wire < 0 || ioctl(d->wire, SIOCSIFFLAGS, &up) ||
	    bind(d->wire, (struct sockaddr *)&addr, sizeof(addr)))
		err(1, "packet socket on %s", link);
}

static inline void driver_write(struct driver *d, enum reg reg, uint32_t index, uint64_t value)
{
	d->write(d->transport, reg, index, value);
}

/* Sets a queue up from the beginning.  The transmit queue is polled: it has no vector. */
static inline void driver_enable(struct driver *d, uint32_t q)
{
	struct virtqueue *queue = &d->queues[q];

	memset(d->ram[q], 0, sizeof(d->ram[q]));
	virtqueue_init(queue, d->ram[q], q * sizeof(d->ram[q]), RING, BUFFER, -1, -1);
	driver_write(d, QUEUE_SIZE, q, RING);
	driver_write(d, QUEUE_VECTOR, q, q ? NO_VECTOR : d->vector);
	driver_write(d, QUEUE_DESC, q, virtqueue_guest_addr(queue, queue->desc));
	driver_write(d, QUEUE_DRIVER, q, virtqueue_guest_addr(queue, queue->avail));
	driver_write(d, QUEUE_DEVICE, q, virtqueue_guest_addr(queue, queue->used));
	driver_write(d, QUEUE_ENABLE, q, 1);
	queue->kick = d->notify_fd(d->transport, q);
}

/* Virtio 1.4, section 3.1.1. */
static inline void driver_up(struct driver *d, uint64_t features)
{
	uint32_t status = VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER;

	d->vector = 0;
	driver_write(d, DEVICE_STATUS, 0, 0);
	driver_write(d, DEVICE_STATUS, 0, status);
	driver_write(d, DRIVER_FEATURES, 0, features);
	driver_write(d, DEVICE_STATUS, 0, status |= VIRTIO_CONFIG_S_FEATURES_OK);
	for (uint32_t q = 0; q < QUEUES; q++)
		driver_enable(d, q);
	driver_write(d, DEVICE_STATUS, 0, status | VIRTIO_CONFIG_S_DRIVER_OK);
	virtqueue_fill(&d->queues[0]);
	virtqueue_kick(&d->queues[0]);
}

static inline struct frame driver_frame(uint32_t number)
{
	struct frame frame = { .addresses = "\2\0\0\0\0\1\2\0\0\0\0\2", .type = htons(TYPE) };

	frame.number = number;
	memset(frame.fill, (int)(number % 251), sizeof(frame.fill));
	return frame;
}

static inline bool driver_sent(struct driver *d, uint32_t number)
{
	struct pollfd wire = { .fd = d->wire, .events = POLLIN };
	struct frame frame = driver_frame(number), same = frame;
	struct virtqueue *queue = &d->queues[1];
	int id;

	virtqueue_recycle(queue);
	id = virtqueue_get(queue);
	if (id < 0)
		return false;
	memcpy(virtqueue_buffer(queue, id) + HEADER, &frame, sizeof(frame));
	virtqueue_add(queue, id, HEADER + sizeof(frame), false);
	virtqueue_kick(queue);
	return poll(&wire, 1, PATIENCE) == 1 &&
	       recv(d->wire, &frame, sizeof(frame), MSG_TRUNC) == sizeof(frame) &&
	       !memcmp(&frame, &same, sizeof(frame));
}

/* Takes all frames that have arrived.  Was that one among them? */
static inline bool driver_took(struct driver *d, uint32_t number)
{
	struct frame same = driver_frame(number);
	struct virtqueue *queue = &d->queues[0];
	bool found = false;

	for (int id; (id = virtqueue_reap(queue, NULL)) >= 0;) {
		found |= !memcmp(virtqueue_buffer(queue, id) + HEADER, &same, sizeof(same));
		virtqueue_put(queue, id);
	}
	virtqueue_fill(queue);
	virtqueue_kick(queue);
	return found;
}

static inline bool driver_interrupted(struct driver *d, int timeout)
{
	struct pollfd irq = { .fd = d->vectors[d->vector], .events = POLLIN };
	eventfd_t count;

	if (poll(&irq, 1, timeout) != 1 || eventfd_read(irq.fd, &count))
		return false;
	d->interrupts++;
	return true;
}

/* Looks at the queue only when an interrupt says so. */
static inline bool driver_received(struct driver *d, uint32_t number)
{
	struct frame frame = driver_frame(number);

	if (send(d->wire, &frame, sizeof(frame), 0) != sizeof(frame))
		return false;
	while (driver_interrupted(d, PATIENCE))
		if (driver_took(d, number))
			return true;
	return false;
}

static inline bool driver_exchange(struct driver *d)
{
	for (uint32_t i = 0; i < FRAMES; i++) {
		if (!driver_sent(d, d->out) || !driver_received(d, d->in))
			return false;
		d->out++;
		d->in++;
	}
	return true;
}

/* With the vector masked: a frame comes without an interrupt, which comes when it is unmasked. */
static inline bool driver_is_held(struct driver *d)
{
	struct frame frame = driver_frame(d->in);
	bool took = false;

	while (driver_interrupted(d, 0))
		; /* of before the mask */
	if (send(d->wire, &frame, sizeof(frame), 0) != sizeof(frame))
		return false;
	for (int i = 0; i < PATIENCE && !took; i++) {
		usleep(1000);
		took = driver_took(d, d->in);
	}
	d->in += took;
	if (!took || driver_interrupted(d, 0))
		return false;
	driver_write(d, VECTOR_MASK, d->vector, false);
	return driver_interrupted(d, PATIENCE);
}

/* Gives the device a buffer outside the memory. */
static inline void driver_break(struct driver *d)
{
	struct virtqueue *queue = &d->queues[1];
	int id;

	virtqueue_recycle(queue);
	id = virtqueue_get(queue);
	virtqueue_add(queue, id, HEADER + sizeof(struct frame), false);
	queue->desc[id].addr = UINT64_C(1) << 40;
	virtqueue_kick(queue);
}

static inline bool driver_sees_failure(struct driver *d)
{
	int i = 0;

	while (i++ < PATIENCE && !(d->read_status(d->transport) & VIRTIO_CONFIG_S_NEEDS_RESET))
		usleep(1000);
	return i <= PATIENCE;
}

/* Returns what did not go well, or NULL. */
static inline const char *driver_run(struct driver *d, uint64_t features)
{
	driver_up(d, features);
	if (!driver_exchange(d))
		return "frames are lost";
	driver_write(d, VECTOR_MASK, d->vector, true);
	if (!driver_is_held(d))
		return "a masked interrupt came, or was lost";
	driver_write(d, QUEUE_VECTOR, 0, d->vector = 3);
	if (!driver_exchange(d))
		return "frames are lost after a vector moved";
	driver_write(d, QUEUE_RESET, 1, 1);
	driver_enable(d, 1);
	if (!driver_exchange(d))
		return "frames are lost after a queue reset";
	driver_break(d);
	if (!driver_sees_failure(d))
		return "a broken ring is not reported";
	driver_write(d, VECTOR_MASK, 0, true); /* where driver_up() attaches the queue */
	driver_up(d, features);
	if (!driver_is_held(d))
		return "a reset loses the mask";
	return driver_exchange(d) ? NULL : "frames are lost after a reset";
}

#endif
