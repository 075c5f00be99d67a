/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * virtqueue - the driver's side of one split virtqueue, for a process that is its own guest.
 *
 * There is one buffer for each descriptor, and no chains: each frame must fit in a buffer.  Ring and
 * buffers are in one block of memory that the device also sees; the addresses that the device gets
 * are guest-physical.  The ring is little-endian, so the device needs VERSION_1.  Virtio 1.4, section
 * 2.7.  Header only: there is nothing to link.
 *
 *     get a free buffer, fill it, add it, kick;   wait on call, reap, look at it, put it back
 */
#ifndef VIRTQUEUE_H
#define VIRTQUEUE_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/eventfd.h>

#include <linux/virtio_ring.h>

#define VIRTQUEUE_ALIGN 4096u

struct virtqueue {
	uint16_t size; /* descriptors and buffers; a power of two */
	uint32_t buffer_size;
	uint64_t guest_addr; /* of the memory that was given to virtqueue_init() */
	unsigned char *memory;
	struct vring_desc *desc;
	struct vring_avail *avail;
	struct vring_used *used;
	unsigned char *buffers;
	uint16_t free_head, free_count; /* chained by desc[].next, which the device does not read */
	uint16_t next_avail, next_used; /* free-running */
	int kick, call;			/* eventfds, the device's */
};

static inline size_t virtqueue_align(size_t bytes)
{
	return (bytes + VIRTQUEUE_ALIGN - 1) & ~(size_t)(VIRTQUEUE_ALIGN - 1);
}

/* Bytes of memory that a queue and its buffers take: a multiple of VIRTQUEUE_ALIGN. */
static inline size_t virtqueue_bytes(uint16_t size, uint32_t buffer_size)
{
	return virtqueue_align(vring_size(size, VIRTQUEUE_ALIGN)) +
	       virtqueue_align((size_t)size * buffer_size);
}

/* Lays a queue out in zeroed memory, aligned to VIRTQUEUE_ALIGN, with all of its buffers free. */
static inline void virtqueue_init(struct virtqueue *queue, void *memory, uint64_t guest_addr,
				  uint16_t size, uint32_t buffer_size, int kick, int call)
{
	struct vring ring;

	vring_init(&ring, size, memory, VIRTQUEUE_ALIGN);
	*queue = (struct virtqueue){
		.size = size,
		.buffer_size = buffer_size,
		.guest_addr = guest_addr,
		.memory = memory,
		.desc = ring.desc,
		.avail = ring.avail,
		.used = ring.used,
		.buffers = (unsigned char *)memory +
			   virtqueue_align(vring_size(size, VIRTQUEUE_ALIGN)),
		.free_count = size,
		.kick = kick,
		.call = call,
	};
	for (uint16_t id = 0; id < size; id++)
		queue->desc[id].next = (uint16_t)(id + 1);
}

/* The guest-physical address of a part of the queue's memory. */
static inline uint64_t virtqueue_guest_addr(const struct virtqueue *queue, const void *part)
{
	return queue->guest_addr + (uint64_t)((const unsigned char *)part - queue->memory);
}

/* The three parts, as an initialiser for struct vhc_ring_addr. */
#define VIRTQUEUE_ADDR(queue)                                   \
	.desc = virtqueue_guest_addr((queue), (queue)->desc),   \
	.avail = virtqueue_guest_addr((queue), (queue)->avail), \
	.used = virtqueue_guest_addr((queue), (queue)->used)

static inline unsigned char *virtqueue_buffer(const struct virtqueue *queue, int id)
{
	return queue->buffers + (size_t)id * queue->buffer_size;
}

/* Takes a free buffer.  Returns its id, or -1 if the device has all of them. */
static inline int virtqueue_get(struct virtqueue *queue)
{
	int id = queue->free_head;

	if (!queue->free_count)
		return -1;
	queue->free_count--;
	queue->free_head = queue->desc[id].next;
	return id;
}

/* Returns a buffer that the device is done with to the free ones. */
static inline void virtqueue_put(struct virtqueue *queue, int id)
{
	queue->desc[id].next = queue->free_head;
	queue->free_head = (uint16_t)id;
	queue->free_count++;
}

/* Gives a buffer to the device, to read @length bytes from it, or to write at most that many. */
static inline void virtqueue_add(struct virtqueue *queue, int id, uint32_t length,
				 bool device_writes)
{
	queue->desc[id].addr = htole64(virtqueue_guest_addr(queue, virtqueue_buffer(queue, id)));
	queue->desc[id].len = htole32(length);
	queue->desc[id].flags = htole16(device_writes ? VRING_DESC_F_WRITE : 0);
	queue->avail->ring[queue->next_avail++ & (queue->size - 1)] = htole16((uint16_t)id);
}

/* Publishes what was added, and kicks the device unless it says that it is polling. */
static inline void virtqueue_kick(struct virtqueue *queue)
{
	__atomic_store_n(&queue->avail->idx, htole16(queue->next_avail), __ATOMIC_RELEASE);
	__atomic_thread_fence(__ATOMIC_SEQ_CST); /* the index before the flag */
	if (!(__atomic_load_n(&queue->used->flags, __ATOMIC_RELAXED) &
	      htole16(VRING_USED_F_NO_NOTIFY)))
		eventfd_write(queue->kick, 1);
}

/* Takes a buffer that the device is done with, and how much it wrote.  Returns -1 if there is none. */
static inline int virtqueue_reap(struct virtqueue *queue, uint32_t *ret_length)
{
	const struct vring_used_elem *element;
	uint32_t id;

	if (__atomic_load_n(&queue->used->idx, __ATOMIC_ACQUIRE) == htole16(queue->next_used))
		return -1;
	element = &queue->used->ring[queue->next_used++ & (queue->size - 1)];
	if (ret_length)
		*ret_length = le32toh(element->len);
	id = le32toh(element->id);
	return id < queue->size ? (int)id : -1;
}

/* Gives every free buffer to the device to write frames to. */
static inline void virtqueue_fill(struct virtqueue *queue)
{
	for (int id; (id = virtqueue_get(queue)) >= 0;)
		virtqueue_add(queue, id, queue->buffer_size, true);
}

/* Takes back every buffer that the device has read. */
static inline void virtqueue_recycle(struct virtqueue *queue)
{
	for (int id; (id = virtqueue_reap(queue, NULL)) >= 0;)
		virtqueue_put(queue, id);
}

#endif
