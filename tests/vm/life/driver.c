/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * driver - the receive and transmit rings, and the thread that serves them.
 */
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>

#include "driver.h"

/* vCPUs stall for seconds, also between a used buffer and its signal. */
#define PATIENCE  2000 /* ms without a signal before checking whether one was missed */
#define PERIODS	  5    /* of that until it was */
#define PARTS_MAX (FRAME_MAX / RX_BUFFER + 2)

_Static_assert(sizeof(struct virtio_net_hdr_v1) == 12, "the header of VIRTIO_F_VERSION_1");

void ring_place(struct ring *ring, const struct ram *ram, uint32_t index)
{
	unsigned char *base = ram->part[PART_RINGS] + index * RING_BYTES;

	ring->index = index;
	ring->size = ram_board(ram)->ring_size;
	ring->desc = (struct vring_desc *)base;
	ring->avail = (struct vring_avail *)(base + 4 * PAGE);
	ring->used = (struct vring_used *)(base + 5 * PAGE + 64);
	ring->state = &ram_board(ram)->ring[index];
}

static uint16_t index_of(const struct ring *ring, uint32_t position)
{
	return (uint16_t)(position - ring->state->origin);
}

static bool has_used(const struct ring *ring)
{
	return READ(ring->used->idx) != index_of(ring, ring->state->next_used);
}

/* Makes everything up to @position available, and kicks the device if it asks for that. */
static void publish(struct ring *ring, uint32_t position)
{
	uint16_t old = index_of(ring, ring->state->next_avail), new = index_of(ring, position);

	if (position == ring->state->next_avail)
		return;
	WRITE(ring->avail->idx, new);
	WRITE(ring->state->next_avail, position);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (vring_need_event(READ(*ring_avail_event(ring)), new, old))
		eventfd_write(ring->kick, 1);
}

/* Requests an interrupt for the next buffer.  Returns true if that has already been used. */
static bool arm(struct ring *ring)
{
	WRITE(ring->avail->ring[ring->size], index_of(ring, ring->state->next_used));
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return has_used(ring);
}

static void note_page(const struct driver *driver, uint64_t addr)
{
	if (driver->written)
		__atomic_fetch_or(&driver->written[addr / PAGE / 64], 1ull << addr / PAGE % 64,
				  __ATOMIC_RELAXED);
}

/* Notes the pages written for one used buffer: the buffer's, the used element's, the index's. */
static void note_written(const struct driver *driver, const struct ring *ring, uint16_t index,
			 uint64_t buffer)
{
	const struct ram *ram = driver->ram;

	if (buffer)
		note_page(driver, buffer);
	note_page(driver,
		  ring_guest_addr(ram, &ring->used->ring[index & (uint16_t)(ring->size - 1)]));
	note_page(driver, ring_guest_addr(ram, &ring->used->idx));
}

/* --------------------------------------------------------------------------------------- receive */

/* The buffer of a position, in the file's part. */
static size_t rx_offset(const struct driver *driver, const struct ring *ring, uint32_t position)
{
	return ((size_t)ring->index / 2 * driver->board->arena + position % driver->board->arena) *
	       PAGE;
}

/* Gives every buffer to the device that does not hold a frame for us. */
static void rx_fill(struct driver *driver, struct ring *ring)
{
	uint32_t end = ring->state->next_used + ring->size;

	for (uint32_t p = ring->state->next_avail; p != end; p++) {
		uint16_t id = (uint16_t)(index_of(ring, p) & (ring->size - 1));

		ring->desc[id] = (struct vring_desc){ RX_ADDR + rx_offset(driver, ring, p),
						      RX_BUFFER, VRING_DESC_F_WRITE, 0 };
		ring->avail->ring[id] = id;
	}
	publish(ring, end);
}

static void rx_account(struct driver *driver, struct ring *ring, enum verdict verdict,
		       const struct frame_id *id, uint32_t parts, bool big)
{
	struct counts *in = &driver->board->in[ring->index / 2];
	uint32_t place = ring->state->next_used << 3 | ring->index;

	if (verdict == FRAME_GOOD && id->flow < driver->board->pairs) {
		in->duplicated += !seen_note(&driver->board->seen[id->flow], id->number, place);
		in->big += big;
		in->merged += parts > 1;
	} else if (verdict == FRAME_FOREIGN) {
		in->foreign++;
	} else {
		in->corrupt++;
		board_trouble(driver->board,
			      "ring %u, position %u: %u buffers with a frame that calls itself "
			      "flow %u number %u and is not",
			      ring->index, ring->state->next_used, parts, id->flow, id->number);
	}
}

/* Takes one frame of one or more buffers.  Returns how many; 0 if the ring is inconsistent. */
static uint32_t rx_frame(struct driver *driver, struct ring *ring, uint16_t ready)
{
	const uint32_t size = sizeof(struct virtio_net_hdr_v1);
	struct virtio_net_hdr_v1 hdr = { 0 };
	struct iovec parts[PARTS_MAX];
	struct frame_id id = { 0 };
	uint32_t count = 1;

	for (uint32_t i = 0; i < count; i++) {
		uint32_t position = ring->state->next_used + i;
		uint16_t index = index_of(ring, position);
		const struct vring_used_elem *element = &ring->used->ring[index & (ring->size - 1)];
		size_t offset = rx_offset(driver, ring, position);
		unsigned char *buffer = driver->ram->part[PART_RX] + offset;

		if (element->id != (index & (ring->size - 1)) || element->len > RX_BUFFER)
			return 0;
		if (!i) {
			memcpy(&hdr, buffer, sizeof(hdr));
			count = hdr.num_buffers;
			if (!count || count > PARTS_MAX || count > ready || element->len < size)
				return 0;
		}
		parts[i] = (struct iovec){ buffer + (i ? 0 : size), element->len - (i ? 0 : size) };
		note_written(driver, ring, index, RX_ADDR + offset);
	}
	rx_account(driver, ring,
		   frame_check(driver->board->kind, WAY_IN, driver->pattern,
			       (struct virtio_net_hdr *)&hdr, parts, count, &id),
		   &id, count, hdr.gso_type != 0);
	return count;
}

static bool rx_turn(struct driver *driver, struct ring *ring)
{
	bool some = false;

	while (has_used(ring)) {
		uint16_t ready =
			(uint16_t)(READ(ring->used->idx) - index_of(ring, ring->state->next_used));
		uint32_t count = rx_frame(driver, ring, ready);

		if (!count) {
			board_trouble(driver->board,
				      "ring %u, position %u: not the next buffer, or not a frame "
				      "(%u are used)",
				      ring->index, ring->state->next_used, ready);
			driver->board->in[ring->index / 2].corrupt++;
			count = ready;
		}
		WRITE(ring->state->next_used, ring->state->next_used + count);
		some = true;
	}
	rx_fill(driver, ring);
	return some;
}

/* -------------------------------------------------------------------------------------- transmit */

static void tx_reap(struct driver *driver, struct ring *ring)
{
	while (has_used(ring)) {
		uint16_t index = index_of(ring, ring->state->next_used);
		uint32_t id = ring->used->ring[index & (ring->size - 1)].id;

		if (id != index % (ring->size / TX_CHAIN) * TX_CHAIN) {
			board_trouble(driver->board, "ring %u, position %u: used %u out of turn",
				      ring->index, ring->state->next_used, id);
			driver->board->in[ring->index / 2].corrupt++;
		}
		note_written(driver, ring, index, 0);
		WRITE(ring->state->next_used, ring->state->next_used + 1);
	}
}

/* Header and head in one buffer, the body in up to two more. */
static void tx_put(struct driver *driver, struct ring *ring, uint32_t position)
{
	struct frame_id frame = { WAY_OUT, ring->index / 2, position };
	uint32_t length = frame_length(driver->board->kind, &frame), body = length - FRAME_HEAD;
	uint16_t index = index_of(ring, position);
	uint16_t id = (uint16_t)(index % (ring->size / TX_CHAIN) * TX_CHAIN);
	size_t offset = frame.flow * TX_HEADS_BYTES + id / TX_CHAIN * TX_HEAD;
	uint64_t body_addr = TX_ADDR + driver->board->pairs * TX_HEADS_BYTES + frame_body(&frame);
	unsigned char *head = driver->ram->part[PART_TX] + offset;
	struct virtio_net_hdr_v1 hdr = { 0 };
	struct vring_desc *desc = &ring->desc[id];
	uint32_t first = body / 3;

	frame_offload((struct virtio_net_hdr *)&hdr, length);
	memcpy(head, &hdr, sizeof(hdr));
	frame_head(head + sizeof(hdr), &frame, length);
	desc[0] = (struct vring_desc){ TX_ADDR + offset, sizeof(hdr) + FRAME_HEAD,
				       body ? VRING_DESC_F_NEXT : 0, (uint16_t)(id + 1) };
	desc[1] = (struct vring_desc){ body_addr, first ? first : body,
				       first ? VRING_DESC_F_NEXT : 0, (uint16_t)(id + 2) };
	desc[2] = (struct vring_desc){ body_addr + first, body - first, 0, 0 };
	ring->avail->ring[index & (ring->size - 1)] = id;
}

static bool tx_may(const struct driver *driver, struct ring *ring, uint32_t position)
{
	const struct board *board = driver->board;

	if (position - ring->state->next_used >= ring->size / TX_CHAIN ||
	    position - READ(board->acked[ring->index / 2]) >= board->out_window ||
	    READ(board->last_call))
		return false;
	if (!(READ(board->pause) & 1))
		return true;
	if (!ring->budget)
		return false;
	ring->budget--;
	return true;
}

/* A few at a time, so that the device gets them in batches of every size. */
static bool tx_turn(struct driver *driver, struct ring *ring)
{
	uint32_t position, burst = 1 + (ring->state->next_avail & 15), begin;

	tx_reap(driver, ring);
	begin = position = ring->state->next_avail;
	for (; position - begin < burst && tx_may(driver, ring, position); position++)
		tx_put(driver, ring, position);
	publish(ring, position);
	return position != begin;
}

/* ---------------------------------------------------------------------------------------- thread */

static bool turn(struct driver *driver)
{
	bool some = false, received = false;

	for (uint32_t i = 0; i < 2 * driver->board->pairs; i++) {
		struct ring *ring = &driver->ring[i];

		if (pthread_mutex_trylock(&ring->lock))
			continue; /* it is being reset; the bell rings afterwards */
		if (i % 2)
			some = tx_turn(driver, ring) || some;
		else
			received = rx_turn(driver, ring) || received;
		some = arm(ring) || some;
		pthread_mutex_unlock(&ring->lock);
	}
	if (received)
		eventfd_write(FD_BELL_WIRE, 1);
	return some || received;
}

static bool any_used(struct driver *driver)
{
	bool some = false;

	for (uint32_t i = 0; i < 2 * driver->board->pairs && !some; i++)
		if (!pthread_mutex_trylock(&driver->ring[i].lock)) {
			some = has_used(&driver->ring[i]);
			pthread_mutex_unlock(&driver->ring[i].lock);
		}
	return some;
}

/* Sleeps until an interrupt.  If buffers stay used without one for so many periods, it was lost. */
static void sleep_on(struct driver *driver)
{
	uint32_t count = 2 * driver->board->pairs, period = 0;
	struct pollfd polls[RINGS_MAX + 1];
	eventfd_t value;

	for (uint32_t i = 0; i < count; i++)
		polls[i] = (struct pollfd){ driver->ring[i].call, POLLIN, 0 };
	polls[count] = (struct pollfd){ FD_BELL_GUEST, POLLIN, 0 };
	while (period < PERIODS && poll(polls, count + 1, PATIENCE) == 0 && any_used(driver))
		period++;
	driver->board->missed_interrupts += period == PERIODS;
	for (uint32_t i = 0; i <= count; i++)
		if (polls[i].revents & POLLIN)
			eventfd_read(polls[i].fd, &value);
}

static void *serve(void *data)
{
	struct driver *driver = data;

	while (!READ(driver->quit))
		if (!turn(driver))
			sleep_on(driver);
	return NULL;
}

/* What the ring shows was published, whether or not our predecessor got to record it. */
static void recover(struct ring *ring)
{
	struct ring_state *state = ring->state;

	state->next_avail += (uint16_t)(ring->avail->idx - index_of(ring, state->next_avail));
}

void driver_init(struct driver *driver, const struct ram *ram)
{
	*driver = (struct driver){ .ram = ram, .board = ram_board(ram) };
	driver->pattern = ram->part[PART_TX] + driver->board->pairs * TX_HEADS_BYTES;
	for (uint32_t i = 0; i < 2 * driver->board->pairs; i++) {
		ring_place(&driver->ring[i], ram, i);
		pthread_mutex_init(&driver->ring[i].lock, NULL);
		driver->ring[i].kick = FD_FIRST + (int)(driver->board->pairs + 2 * i);
		driver->ring[i].call = driver->ring[i].kick + 1;
		recover(&driver->ring[i]);
	}
}

int driver_run(struct driver *driver)
{
	return pthread_create(&driver->thread, NULL, serve, driver);
}

void driver_end(struct driver *driver)
{
	WRITE(driver->quit, 1);
	eventfd_write(FD_BELL_GUEST, 1);
	pthread_join(driver->thread, NULL);
}

void driver_reset_ring(struct driver *driver, uint32_t index)
{
	struct ring *ring = &driver->ring[index];

	if (index % 2)
		tx_reap(driver, ring);
	else
		rx_turn(driver, ring);
	ring->state->origin = ring->state->next_avail = ring->state->next_used;
	memset(ring->avail, 0, PAGE);
	memset(ring->used, 0, sizeof(*ring->used) + ring->size * sizeof(ring->used->ring[0]) + 2);
}
