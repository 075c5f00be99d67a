/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * guest - the memory of a guest that outlives its processes, and a driver that may be killed between
 * any two instructions: the next process that maps the memory resumes it.
 *
 * Its frames are numbered, so that each end of a flow knows which ones arrived.  Header only: there
 * is nothing to link.  "Guest-physical" is an offset into struct guest.
 */
#ifndef GUEST_H
#define GUEST_H

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <linux/virtio_ring.h>

#define GUEST_PAIRS  4u
#define GUEST_FRAMES 4500u /* of each flow, in each direction; one flow for each queue pair */
#define GUEST_WINDOW 32u   /* of them in flight at once, so that no queue in between overflows */
#define RING	     256u
#define BUFFER	     2048u
#define HEADER	     12u /* struct virtio_net_hdr_v1: all zero is a plain frame */

/* Ethernet and IPv4 to an unused address; the UDP ports identify the flow; then the number. */
struct frame {
	unsigned char head[34];
	uint16_t ports[2], udp[2];
	uint32_t number;
	unsigned char fill[14];
} __attribute__((packed));

/*
 * A virtqueue, its buffers, and everything its driver knows.  vhost-net uses buffers in order: the
 * buffer at a position, which is a free-running count, is the one with that number, and only the
 * length of a descriptor ever changes.  So a driver has to remember one number; the rest is in the
 * ring.
 */
struct queue {
	struct vring_desc desc[RING];
	_Alignas(4096) uint16_t avail[2 + RING + 1];	/* flags, index, ring */
	_Alignas(4096) uint32_t used[1 + 2 * RING + 1]; /* flags and index, ring */
	_Alignas(4096) unsigned char buffers[RING][BUFFER];
	uint32_t next_used; /* incremented when the buffer before it has been processed */
};

/* A flow, at its receiving end. */
struct arrivals {
	uint32_t from[GUEST_FRAMES]; /* by number: 1 + the position at which it arrived */
	uint32_t below;		     /* the first that is missing: all below arrived */
	uint32_t twice, wrong;
};

struct guest {
	_Alignas(4096) struct queue queues[2 * GUEST_PAIRS]; /* 2i receives, 2i + 1 transmits */
	struct arrivals in[GUEST_PAIRS];
	uint32_t pairs;
	uint32_t out_below[GUEST_PAIRS]; /* what the other end says it has received */
};

static inline struct vring_avail *guest_avail(struct queue *queue)
{
	return (struct vring_avail *)(void *)queue->avail;
}

static inline struct vring_used *guest_used(struct queue *queue)
{
	return (struct vring_used *)(void *)queue->used;
}

static inline uint64_t guest_addr(const struct guest *guest, const void *part)
{
	return (uint64_t)((const unsigned char *)part - (const unsigned char *)guest);
}

/* Called once, on zeroed memory. */
static inline void guest_init(struct guest *guest, uint32_t pairs)
{
	guest->pairs = pairs;
	for (uint32_t i = 0; i < 2 * pairs; i++)
		for (uint16_t slot = 0; slot < RING; slot++) {
			struct queue *queue = &guest->queues[i];

			guest_avail(queue)->ring[slot] = slot;
			queue->desc[slot].addr = guest_addr(guest, queue->buffers[slot]);
			queue->desc[slot].len = i % 2 ? HEADER + sizeof(struct frame) : BUFFER;
			queue->desc[slot].flags = i % 2 ? 0 : VRING_DESC_F_WRITE;
		}
}

/* ----------------------------------------------------------------------------------------- frames */

static inline struct frame make_frame(uint32_t flow, uint32_t number)
{
	struct frame frame = { .head = "\2\0\0\0\0\1\2\0\0\0\0\2\x08\x00"
				       "\x45\0\0\56\0\0\0\0\1\x11\0\0\12\11\11\11\12\11\11\11" };

	frame.ports[0] = frame.ports[1] = htons((uint16_t)(1000 + flow));
	frame.number = htonl(number);
	memset(frame.fill, (int)(number % 251), sizeof(frame.fill));
	return frame;
}

/*
 * Records a frame, with one store.  If the process is killed after that, the next one looks at the
 * same position again, which does not count as a second frame.
 */
static inline void take_frame(struct arrivals *flows, uint32_t pairs, const void *bytes,
			      size_t length, uint32_t position)
{
	struct frame frame = { 0 }, same = make_frame(0, 0);
	struct arrivals *flow;
	uint32_t number, *from;

	memcpy(&frame, bytes, length < sizeof(frame) ? length : sizeof(frame));
	if (memcmp(frame.head, same.head, sizeof(same.head)))
		return; /* the kernel sends some frames of its own */
	flow = &flows[(ntohs(frame.ports[0]) - 1000u) % pairs];
	number = ntohl(frame.number) % GUEST_FRAMES;
	same = make_frame((uint32_t)(flow - flows), number);
	if (length != sizeof(frame) || memcmp(&frame, &same, sizeof(same))) {
		flow->wrong++;
		return;
	}
	from = &flow->from[number];
	if (*from && *from != position + 1)
		flow->twice++;
	__atomic_store_n(from, position + 1, __ATOMIC_RELEASE);
	while (flow->below < GUEST_FRAMES && flow->from[flow->below])
		flow->below++;
}

/* ----------------------------------------------------------------------------------------- driver */

/* Makes all buffers below a position available, and kicks the device unless it is polling. */
static inline void publish(struct queue *queue, uint32_t position, int kick)
{
	if (guest_avail(queue)->idx == (uint16_t)position)
		return; /* if the process that did this was killed before the kick, the start kicked */
	__atomic_store_n(&guest_avail(queue)->idx, (uint16_t)position, __ATOMIC_RELEASE);
	__atomic_thread_fence(__ATOMIC_SEQ_CST); /* the index before the flag */
	if (!(__atomic_load_n(&guest_used(queue)->flags, __ATOMIC_RELAXED) &
	      VRING_USED_F_NO_NOTIFY))
		eventfd_write(kick, 1);
}

static inline bool came_back(struct queue *queue)
{
	return __atomic_load_n(&guest_used(queue)->idx, __ATOMIC_ACQUIRE) !=
	       (uint16_t)queue->next_used;
}

static inline void done_with(struct queue *queue)
{
	__atomic_store_n(&queue->next_used, queue->next_used + 1, __ATOMIC_RELEASE);
}

/* Takes the received frames, and gives every other buffer to the device. */
static inline void guest_receive(struct guest *guest, uint32_t pair, int kick)
{
	struct queue *queue = &guest->queues[2 * pair];

	for (; came_back(queue); done_with(queue)) {
		uint32_t slot = queue->next_used % RING;
		uint32_t length = guest_used(queue)->ring[slot].len;

		if (length > HEADER && length <= BUFFER)
			take_frame(guest->in, guest->pairs, queue->buffers[slot] + HEADER,
				   length - HEADER, queue->next_used);
	}
	publish(queue, queue->next_used + RING, kick);
}

/* A frame's position is its number: a successor does not send again what was published. */
static inline void guest_transmit(struct guest *guest, uint32_t pair, int kick)
{
	struct queue *queue = &guest->queues[2 * pair + 1];
	uint32_t below = __atomic_load_n(&guest->out_below[pair], __ATOMIC_ACQUIRE), position;

	while (came_back(queue))
		done_with(queue);
	position = queue->next_used + (uint16_t)(guest_avail(queue)->idx - queue->next_used);
	for (; position < GUEST_FRAMES && position - queue->next_used < RING &&
	       position - below < GUEST_WINDOW;
	     position++) {
		struct frame frame = make_frame(pair, position);

		memcpy(queue->buffers[position % RING] + HEADER, &frame, sizeof(frame));
	}
	publish(queue, position, kick);
}

/* --------------------------------------------------------------------------------- the other end */

/* The other end of the guest's link: a packet socket on it. */
struct other_end {
	int wire; /* non-blocking */
	struct arrivals out[GUEST_PAIRS];
	uint32_t sent[GUEST_PAIRS], place;
};

/* Receives all frames from the guest, then sends it as many as its window allows. */
static inline void other_end_turn(struct other_end *end, struct guest *guest)
{
	struct frame frame;

	for (ssize_t n; (n = recv(end->wire, &frame, sizeof(frame), MSG_TRUNC)) >= 0;)
		take_frame(end->out, guest->pairs, &frame, (size_t)n, end->place++);
	for (uint32_t f = 0; f < guest->pairs; f++) {
		uint32_t below = __atomic_load_n(&guest->in[f].below, __ATOMIC_ACQUIRE);

		__atomic_store_n(&guest->out_below[f], end->out[f].below, __ATOMIC_RELEASE);
		for (; end->sent[f] < GUEST_FRAMES && end->sent[f] - below < GUEST_WINDOW;
		     end->sent[f]++) {
			frame = make_frame(f, end->sent[f]);
			if (send(end->wire, &frame, sizeof(frame), 0) < 0)
				break;
		}
	}
}

#endif
