/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * board - the file of the guest's memory: made once, mapped by each process.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/virtio_ring.h>

#include "board.h"
#include "driver.h"

static size_t whole_pages(size_t bytes)
{
	return (bytes + PAGE - 1) & ~(size_t)(PAGE - 1);
}

static void lay_out(struct ram *ram, uint32_t pairs, uint32_t arena)
{
	ram->size[PART_BOARD] = whole_pages(sizeof(struct board));
	ram->size[PART_RINGS] = 2 * pairs * RING_BYTES;
	ram->size[PART_TX] = whole_pages(pairs * TX_HEADS_BYTES + BODY_BYTES);
	ram->size[PART_RX] = (size_t)pairs * arena * PAGE;
	ram->size[PART_EXTRA] = EXTRA_SIZE;
	ram->offset[0] = 0;
	for (int i = 1; i < PARTS; i++)
		ram->offset[i] = ram->offset[i - 1] + ram->size[i - 1];
}

int ram_map(struct ram *ram, int fd, uint32_t pairs, uint32_t arena)
{
	unsigned char *all;
	size_t bytes;

	lay_out(ram, pairs, arena);
	bytes = ram->offset[PARTS - 1] + ram->size[PARTS - 1];
	ram->fd = fd >= 0 ? fd : memfd_create("guest", MFD_CLOEXEC);
	if (ram->fd < 0 || (fd < 0 && ftruncate(ram->fd, (off_t)bytes)))
		return -1;
	all = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, ram->fd, 0);
	if (all == MAP_FAILED)
		return -1;
	for (int i = 0; i < PARTS; i++)
		ram->part[i] = all + ram->offset[i];
	return 0;
}

void ram_unmap(struct ram *ram)
{
	munmap(ram->part[0], ram->offset[PARTS - 1] + ram->size[PARTS - 1]);
	close(ram->fd);
}

uint32_t board_moved(const struct board *board, uint32_t but)
{
	uint32_t moved = 0;

	for (uint32_t i = 0; i < 2 * board->pairs; i++)
		moved += i == but ? 0 : READ(board->ring[i].next_used);
	return moved;
}

void board_trouble(struct board *board, const char *format, ...)
{
	va_list args;

	if (board->trouble[0])
		return;
	va_start(args, format);
	vsnprintf(board->trouble, sizeof(board->trouble), format, args);
	va_end(args);
}

void board_describe(const struct ram *ram)
{
	const struct board *board = ram_board(ram);

	printf("# guest: %u cycles in %u processes, done %u, pause %u, budget %u\n", board->cycles,
	       board->processes, board->done, board->pause, board->budget);
	for (uint32_t i = 0; i < 2 * board->pairs; i++) {
		const struct ring_state *state = &board->ring[i];
		struct ring ring;

		ring_place(&ring, ram, i);
		printf("# ring %u: avail index %u, used index %u, used event %u, avail event %u; "
		       "the driver: origin %u, next avail %u (index %u), next used %u (index %u)\n",
		       i, ring.avail->idx, ring.used->idx, ring.avail->ring[ring.size],
		       *ring_avail_event(&ring), state->origin, state->next_avail,
		       (uint16_t)(state->next_avail - state->origin), state->next_used,
		       (uint16_t)(state->next_used - state->origin));
	}
	for (uint32_t f = 0; f < board->pairs; f++)
		printf("# flow %u: out, all below %u of %u came; in, all below %u of %u came\n", f,
		       board->acked[f], board->ring[2 * f + 1].next_avail,
		       seen_first_missing(&board->seen[f],
					  board->injected[f] > 2 * SEEN_SLOTS / 3
						  ? board->injected[f] - 2 * SEEN_SLOTS / 3
						  : 0),
		       board->injected[f]);
	if (board->trouble[0])
		printf("# the guest says: %s\n", board->trouble);
}
