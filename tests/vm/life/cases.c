/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cases - what happens to a guest under load, one cycle of each kind.
 */
#include <sys/eventfd.h>
#include <unistd.h>

#include "dirty.h"
#include "guest.h"
#include "memory.h"
#include "wire.h"

#define FLOOD 1500u /* frames; a tap's queue takes 1000 */

/* --- stop, save, close; open, load, start: the driver and the wire do not know */

static void stop_step(struct guest *guest)
{
	guest_move(guest, guest_random(guest, 200), RINGS_MAX);
	guest_stop(guest);
	guest_save(guest);
	vhc_dev_close(guest->dev);
	guest_open_device(guest);
	guest_load(guest);
	guest_set_eventfds(guest);
	must(guest, vhc_dev_start(guest->dev));
}

/* --- one ring stops, or is reset, while the others keep running */

enum { RING_STOPS, RING_RESETS };

static void stop_ring(struct guest *guest, uint32_t ring)
{
	uint32_t base;

	must(guest, vhc_ring_stop(guest->dev, ring));
	must(guest, vhc_ring_get_base(guest->dev, ring, &base));
	guest->board->wrong_bases += base != guest->driver.ring[ring].used->idx;
	guest_move(guest, 1 + guest_random(guest, 30), ring);
	must(guest, vhc_ring_start(guest->dev, ring));
	guest->board->numbers[RING_STOPS]++;
}

static void reset_ring(struct guest *guest, uint32_t ring)
{
	struct ring *place = &guest->driver.ring[ring];

	pthread_mutex_lock(&place->lock);
	must(guest, vhc_ring_reset(guest->dev, ring));
	driver_reset_ring(&guest->driver, ring);
	guest_move(guest, 1 + guest_random(guest, 30), ring);
	guest_set_ring(guest, ring);
	must(guest, vhc_ring_set_kick(guest->dev, ring, place->kick));
	must(guest, vhc_ring_set_call(guest->dev, ring, place->call));
	must(guest, vhc_ring_start(guest->dev, ring));
	pthread_mutex_unlock(&place->lock);
	eventfd_write(FD_BELL_GUEST, 1);
	guest->board->numbers[RING_RESETS]++;
}

static void ring_step(struct guest *guest)
{
	uint32_t ring = guest_random(guest, 2 * guest->board->pairs);

	guest_move(guest, guest_random(guest, 100), RINGS_MAX);
	if (guest_random(guest, 2))
		reset_ring(guest, ring);
	else
		stop_ring(guest, ring);
}

/* --- the dirty log is turned on and off */

enum { LOG_ON, LOG_PAGES };

static void log_step(struct guest *guest)
{
	guest_move(guest, guest_random(guest, 50), RINGS_MAX);
	must(guest, vhc_dirty_start(guest->mem));
	guest_move(guest, 1 + guest_random(guest, 50), RINGS_MAX);
	if (guest_random(guest, 4) == 0)
		guest->board->numbers[LOG_PAGES] += dirty_count(guest);
	must(guest, vhc_dirty_stop(guest->mem));
	guest->board->numbers[LOG_ON]++;
}

/* --- more than the queue takes, while the device is stopped: what is lost, the link counted */

enum { OVERRUN_LOST, OVERRUN_SENT };

static void forgive(struct board *board)
{
	for (uint32_t f = 0; f < board->pairs; f++)
		WRITE(board->forgiven[f], READ(board->injected[f]));
}

static uint32_t missing(const struct board *board)
{
	uint32_t count = 0;

	for (uint32_t f = 0; f < board->pairs; f++)
		for (uint32_t n = board->forgiven[f]; n != READ(board->injected[f]); n++)
			count += !seen_has(&board->seen[f], n);
	return count;
}

/* The queues are empty when only the frames are missing that the link counted as dropped. */
static void overrun_step(struct guest *guest)
{
	struct board *board = guest->board;
	uint64_t before;

	guest_move(guest, 100, RINGS_MAX);
	guest_pause(guest);
	forgive(board);
	before = link_dropped(board->link);
	guest_stop(guest);
	WRITE(board->flood, FLOOD * board->pairs);
	guest_wait(guest, !READ(board->flood));
	board->numbers[OVERRUN_SENT] += FLOOD * board->pairs;
	must(guest, vhc_dev_start(guest->dev));
	guest_wait(guest, missing(board) == link_dropped(board->link) - before);
	board->numbers[OVERRUN_LOST] += missing(board);
	forgive(board);
	guest_resume(guest);
}

const struct life_case life_cases[] = {
	{ "stop", "stop, save, close, open, load, start", .per_child = 5, .step = stop_step },
	{ "ring", "one ring stops or is reset while others run", .step = ring_step,
	  .numbers = { [RING_STOPS] = "stops", [RING_RESETS] = "resets" } },
	{ "kill", "kill -9, another process resumes from the memory", .kills = true,
	  .out_window = 1024,
	  .numbers = { [KILL_BUSY] = "kills_in_a_burst",
		       [KILL_TAKEN_AGAIN] = "buffers_taken_again",
		       [KILL_WAITING] = "frames_waiting" } },
	{ "memory", "the memory table changes", .begin = memory_begin, .step = memory_step,
	  .end = memory_end, .arena = 16384, .numbers = MEMORY_NUMBERS },
	{ "log", "the dirty log is turned on and off", .step = log_step,
	  .numbers = { [LOG_ON] = "switches", [LOG_PAGES] = "pages" } },
	{ "dirty", "the dirty log is read", .begin = dirty_begin, .step = dirty_step,
	  .end = dirty_end, .ring_size = 1024, .arena = 16384, .in_window = 32, .out_window = 4,
	  .numbers = DIRTY_NUMBERS },
	{ "overrun", "more frames than fit in the queue", .step = overrun_step,
	  .numbers = { [OVERRUN_LOST] = "refused_by_the_queue", [OVERRUN_SENT] = "sent" } },
	{ 0 },
};
