/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * driver - the guest's network driver: split rings with mergeable receive buffers, event indices and
 * TSO, in a thread of its own.  It knows only what a driver knows of the device: the rings, and two
 * eventfds for each.
 *
 * The device uses buffers in order, so a descriptor's id follows from its position and there is no
 * free list to tear when the process is killed.
 */
#ifndef DRIVER_H
#define DRIVER_H

#include <pthread.h>

#include <linux/virtio_ring.h>

#include "board.h"

#define TX_HEADS_BYTES (RING_SIZE_MAX / TX_CHAIN * TX_HEAD)

/* One virtqueue: 2i receives, 2i+1 transmits. */
struct ring {
	uint32_t index, size;
	struct vring_desc *desc;
	struct vring_avail *avail;
	struct vring_used *used;
	struct ring_state *state;
	int kick, call;
	pthread_mutex_t lock; /* held while the driver works on it */
	uint32_t budget;      /* transmit: frames that may be sent while everything else pauses */
};

struct driver {
	const struct ram *ram;
	struct board *board;
	const unsigned char *pattern;
	struct ring ring[RINGS_MAX];
	uint64_t *written; /* one bit for each page that the device wrote; NULL: not recorded */
	uint32_t quit;
	pthread_t thread;
};

/* The address of a ring. */
void ring_place(struct ring *ring, const struct ram *ram, uint32_t index);

static inline uint16_t *ring_avail_event(const struct ring *ring)
{
	return (uint16_t *)&ring->used->ring[ring->size];
}

static inline uint64_t ring_guest_addr(const struct ram *ram, const void *part)
{
	return RINGS_ADDR + (uint64_t)((const unsigned char *)part - ram->part[PART_RINGS]);
}

/* Resumes from the memory, whichever process was there before. */
void driver_init(struct driver *driver, const struct ram *ram);
int driver_run(struct driver *driver);
void driver_end(struct driver *driver);

/* Takes back every buffer and empties the ring, as after a queue reset.  The caller holds the lock. */
void driver_reset_ring(struct driver *driver, uint32_t index);

#endif
