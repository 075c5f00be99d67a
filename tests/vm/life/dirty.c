/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * dirty - compares harvests, which read the dirty log, with the driver's own list of pages.
 *
 * The driver notes a page when its buffer is used.  The device has logged it by then, or does so a
 * moment later, and a harvest may have taken it before the driver saw the buffer.  So a noted page
 * must be in one of the nearby harvests, where distance is counted in buffers and not in time.
 * The arena of buffers is so large that no page is written twice in that distance: another frame
 * cannot hide what a harvest loses.  It would hide the rings' pages, so those are checked when
 * nothing is in flight: a few frames, and exactly their pages.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "dirty.h"

#define LOG_END	  (EXTRA_ADDR + EXTRA_SIZE)
#define WORDS	  (LOG_END / PAGE / 64)
#define LOG_BYTES (WORDS * 8)
#define EXACT	  32u /* harvests for each check of the rings */
#define DROP	  16u /* negative control: harvests for each lost word */
#define LOOKS	  200u
#define AROUND	  3000u /* buffers: more than a ring has, and much less than the arena */

typedef uint64_t bitmap[WORDS];

struct dirty {
	bitmap written;	    /* by the driver, since the last harvest */
	bitmap noted;	    /* the same, at the harvest */
	bitmap late, later; /* noted and not yet harvested: for longer, and recently */
	bitmap now;
	bitmap recent, before;	   /* harvested: recently, and before that */
	uint32_t begun[PAIRS_MAX]; /* where the rings were when that began */
	uint64_t *log;		   /* the caller's file, with HARVEST_FILE and HARVEST_DRAIN */
	uint64_t rounds;
};

static uint64_t count_bits(const uint64_t *map)
{
	uint64_t count = 0;

	for (size_t i = 0; i < WORDS; i++)
		if (map[i])
			count += (uint64_t)__builtin_popcountll(map[i]);
	return count;
}

/* A dirty log in our own file, which the library passes to the devices and does not read. */
static void use_file(struct guest *guest)
{
	int fd = memfd_create("log", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0 || ftruncate(fd, LOG_BYTES) || fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK))
		give_up(guest, "no file for the log: %m");
	guest->dirty->log = mmap(NULL, LOG_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (guest->dirty->log == MAP_FAILED)
		give_up(guest, "no file for the log: %m");
	must(guest, vhc_dirty_set_file(guest->mem, fd, 0, LOG_BYTES));
	close(fd);
}

/* ----------------------------------------------------------------------------------- harvesting */

static void read_library(struct guest *guest, uint64_t *map, enum vhc_dirty_mode mode)
{
	uint64_t pages;

	must(guest, vhc_dirty_set_mode(guest->mem, mode));
	must(guest, vhc_dirty_sync(guest->mem));
	must(guest, vhc_dirty_read(guest->mem, 0, LOG_END, map, VHC_DIRTY_PRIVATE, &pages));
	guest->board->numbers[mode == VHC_DIRTY_SWAP ? DIRTY_SWAPS : DIRTY_EXCHANGES]++;
	guest->board->numbers[DIRTY_HARVESTED] += pages;
}

/* The correct way to read our file: a word at a time, by exchange. */
static void read_file(struct guest *guest, uint64_t *map)
{
	for (size_t i = 0; i < WORDS; i++)
		if (READ(guest->dirty->log[i]))
			map[i] |= __atomic_exchange_n(&guest->dirty->log[i], 0, __ATOMIC_ACQ_REL);
}

/* The wrong way: what vhost writes between the read and the clear is lost. */
static void drain_file(struct guest *guest, uint64_t *map)
{
	for (size_t i = 0; i < WORDS; i++)
		map[i] |= READ(guest->dirty->log[i]);
	usleep(200);
	memset(guest->dirty->log, 0, LOG_BYTES);
}

/* Drops the word with the most pages in it. */
static void drop_word(uint64_t *map)
{
	size_t best = 0;

	for (size_t i = 0; i < WORDS; i++)
		if (__builtin_popcountll(map[i]) > __builtin_popcountll(map[best]))
			best = i;
	map[best] = 0;
}

static void harvest(struct guest *guest, uint64_t *map, enum vhc_dirty_mode mode)
{
	struct dirty *dirty = guest->dirty;

	switch (guest->board->harvest) {
	case HARVEST_FILE:
		read_file(guest, map);
		break;
	case HARVEST_DRAIN:
		drain_file(guest, map);
		break;
	default:
		read_library(guest, map, mode);
	}
	if (guest->board->harvest == HARVEST_DROP && dirty->rounds % DROP == DROP - 1)
		drop_word(map);
	dirty->rounds++;
}

/* ------------------------------------------------------------------------------------- comparing */

static void take_written(struct dirty *dirty)
{
	for (size_t i = 0; i < WORDS; i++)
		dirty->noted[i] = READ(dirty->written[i]) ? __atomic_exchange_n(&dirty->written[i],
										0, __ATOMIC_ACQ_REL)
							  : 0;
}

static bool is_time(const struct guest *guest)
{
	for (uint32_t f = 0; f < guest->board->pairs; f++)
		if (READ(guest->board->ring[2 * f].next_used) - guest->dirty->begun[f] >= AROUND)
			return true;
	return false;
}

/* A page that is this late never arrives. */
static void go_on(struct guest *guest)
{
	struct dirty *dirty = guest->dirty;

	guest->board->numbers[DIRTY_MISSED] += count_bits(dirty->late);
	memcpy(dirty->late, dirty->later, sizeof(bitmap));
	memset(dirty->later, 0, sizeof(bitmap));
	memcpy(dirty->before, dirty->recent, sizeof(bitmap));
	memset(dirty->recent, 0, sizeof(bitmap));
	for (uint32_t f = 0; f < guest->board->pairs; f++)
		dirty->begun[f] = READ(guest->board->ring[2 * f].next_used);
}

static void compare(struct dirty *dirty)
{
	for (size_t i = 0; i < WORDS; i++) {
		dirty->recent[i] |= dirty->now[i];
		dirty->later[i] |= dirty->noted[i] & ~dirty->before[i];
		dirty->later[i] &= ~dirty->recent[i];
		dirty->late[i] &= ~dirty->recent[i];
	}
}

void dirty_round(struct guest *guest, enum vhc_dirty_mode mode)
{
	struct dirty *dirty = guest->dirty;

	memset(dirty->now, 0, sizeof(bitmap));
	take_written(dirty);
	harvest(guest, dirty->now, mode);
	compare(dirty);
	guest->board->numbers[DIRTY_WRITTEN] += count_bits(dirty->noted);
	if (is_time(guest))
		go_on(guest);
}

void dirty_last_round(struct guest *guest)
{
	dirty_round(guest, VHC_DIRTY_SWAP);
	dirty_round(guest, VHC_DIRTY_EXCHANGE);
	go_on(guest);
	go_on(guest);
}

void dirty_on(struct guest *guest)
{
	uint32_t harvest = guest->board->harvest;

	if (!guest->dirty)
		guest->dirty = calloc(1, sizeof(*guest->dirty));
	if (!guest->dirty)
		give_up(guest, "no memory");
	if (harvest == HARVEST_FILE || harvest == HARVEST_DRAIN)
		use_file(guest);
	must(guest, vhc_dirty_start(guest->mem));
	/* a buffer used from here on may have been written before logging was on */
	guest_pause(guest);
	memset(guest->dirty->written, 0, sizeof(bitmap));
	go_on(guest);
	go_on(guest);
	WRITE(guest->driver.written, guest->dirty->written);
	guest_resume(guest);
}

bool dirty_is_on(const struct guest *guest)
{
	return READ(guest->driver.written);
}

void dirty_off(struct guest *guest)
{
	guest_pause(guest);
	dirty_last_round(guest);
	WRITE(guest->driver.written, NULL);
	must(guest, vhc_dirty_stop(guest->mem));
	guest_resume(guest);
}

uint64_t dirty_count(struct guest *guest)
{
	static bitmap map;
	uint64_t pages;

	must(guest, vhc_dirty_sync(guest->mem));
	must(guest, vhc_dirty_read(guest->mem, 0, LOG_END, map, VHC_DIRTY_PRIVATE, &pages));
	return pages;
}

/* --------------------------------------------------------------------------------- a quiet device */

static uint32_t sum_injected(const struct board *board)
{
	uint32_t sum = 0;

	for (uint32_t f = 0; f < board->pairs; f++)
		sum += READ(board->injected[f]);
	return sum;
}

/* One to the guest, and one from each of its rings. */
static void few_frames(struct guest *guest)
{
	struct board *board = guest->board;
	uint32_t before = sum_injected(board);

	for (uint32_t f = 0; f < board->pairs; f++)
		WRITE(guest->driver.ring[2 * f + 1].budget, 1);
	WRITE(board->budget, 1);
	eventfd_write(FD_BELL_WIRE, 1);
	eventfd_write(FD_BELL_GUEST, 1);
	guest_wait(guest, sum_injected(board) != before);
	for (uint32_t f = 0; f < board->pairs; f++)
		guest_wait(guest, !READ(guest->driver.ring[2 * f + 1].budget));
	guest_settle(guest);
}

static uint64_t not_in(const uint64_t *map, const uint64_t *other)
{
	uint64_t count = 0;

	for (size_t i = 0; i < WORDS; i++)
		if (map[i] & ~other[i])
			count += (uint64_t)__builtin_popcountll(map[i] & ~other[i]);
	return count;
}

/*
 * No frame is in flight: the dirty log is emptied, a few frames are sent, and their pages must appear;
 * soon, not at once, since vhost logs the last of them after the driver has it.
 */
static void look_exactly(struct guest *guest)
{
	struct dirty *dirty = guest->dirty;
	uint64_t missed = 1;

	guest_pause(guest);
	dirty_last_round(guest);
	few_frames(guest);
	take_written(dirty);
	memset(dirty->now, 0, sizeof(bitmap));
	for (uint32_t i = 0; i < LOOKS && missed; i++) {
		harvest(guest, dirty->now, i % 2 ? VHC_DIRTY_SWAP : VHC_DIRTY_EXCHANGE);
		missed = not_in(dirty->noted, dirty->now);
		if (missed)
			usleep(1000);
	}
	guest->board->numbers[DIRTY_EXACT]++;
	guest->board->numbers[DIRTY_EXACT_MISSED] += missed;
	guest_resume(guest);
}

/* ------------------------------------------------------------------------------------------ case */

void dirty_begin(struct guest *guest)
{
	dirty_on(guest);
}

void dirty_step(struct guest *guest)
{
	guest_move(guest, guest_random(guest, 20), RINGS_MAX);
	dirty_round(guest, VHC_DIRTY_SWAP);
	if (guest_random(guest, 4) == 0)
		dirty_round(guest, VHC_DIRTY_EXCHANGE);
	if (guest_random(guest, EXACT) == 0)
		look_exactly(guest);
}

void dirty_end(struct guest *guest)
{
	if (dirty_is_on(guest))
		dirty_last_round(guest);
	must(guest, vhc_dirty_stop(guest->mem));
}
