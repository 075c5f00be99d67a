/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * memory - buffers move to other addresses of the process, the highest region is added and removed,
 * and a table that would remove the memory of a running ring is refused.  With the dirty log and
 * without.
 */
#include <errno.h>
#include <sys/mman.h>

#include "memory.h"

#define LOG_TURN 10u /* cycles with the dirty log, then as many without */

/* The same memory at another address.  Returns the old one, which may be unmapped after the commit. */
static void *move_part(struct guest *guest, int part)
{
	void *old = guest->where[part];

	guest->where[part] = guest_map_part(guest, part);
	guest_del_part(guest, part);
	guest_add_part(guest, part);
	guest->board->numbers[MEMORY_MOVES]++;
	return old;
}

/* Adds or removes the highest region.  Returns what may be unmapped after the commit, or NULL. */
static void *toggle_extra(struct guest *guest)
{
	void *old = guest->where[PART_EXTRA];

	if (old) {
		guest_del_part(guest, PART_EXTRA);
		guest->where[PART_EXTRA] = NULL;
		guest->board->numbers[MEMORY_SHRINKS]++;
		return old;
	}
	guest->where[PART_EXTRA] = guest_map_part(guest, PART_EXTRA);
	guest_add_part(guest, PART_EXTRA);
	guest->board->numbers[MEMORY_GROWS]++;
	return NULL;
}

/* Rings may not move while they run; the edits are dropped and nothing changed. */
static void move_rings(struct guest *guest)
{
	void *old = guest->where[PART_RINGS];
	int r;

	guest->where[PART_RINGS] = guest_map_part(guest, PART_RINGS);
	guest_del_part(guest, PART_RINGS);
	guest_add_part(guest, PART_RINGS);
	r = vhc_mem_commit(guest->mem);
	if (r != -EBUSY)
		give_up(guest, "a table that moves running rings: %d, not -EBUSY", r);
	munmap(guest->where[PART_RINGS], guest->ram.size[PART_RINGS]);
	guest->where[PART_RINGS] = old;
	guest->board->numbers[MEMORY_REFUSED]++;
}

static void change(struct guest *guest)
{
	static const int parts[] = { PART_RX, PART_TX, PART_EXTRA };
	uint32_t which = 1 + guest_random(guest, 7);
	void *old[3] = { 0 };

	for (int i = 0; i < 3; i++)
		if (which >> i & 1)
			old[i] = parts[i] == PART_EXTRA ? toggle_extra(guest)
							: move_part(guest, parts[i]);
	must(guest, vhc_mem_commit(guest->mem));
	for (int i = 0; i < 3; i++)
		if (old[i])
			munmap(old[i], guest->ram.size[parts[i]]);
}

void memory_begin(struct guest *guest)
{
	guest->board->numbers[MEMORY_LOGGED] = 0;
}

void memory_step(struct guest *guest)
{
	bool logs = guest->board->cycles / LOG_TURN % 2;

	if (logs && !dirty_is_on(guest))
		dirty_on(guest);
	else if (!logs && dirty_is_on(guest))
		dirty_off(guest);
	guest_move(guest, 1 + guest_random(guest, 50), RINGS_MAX);
	if (guest_random(guest, 8) == 0)
		move_rings(guest);
	else
		change(guest);
	guest_move(guest, 1 + guest_random(guest, 50), RINGS_MAX);
	if (logs) {
		dirty_round(guest, guest_random(guest, 2) ? VHC_DIRTY_SWAP : VHC_DIRTY_EXCHANGE);
		guest->board->numbers[MEMORY_LOGGED]++;
	}
}

void memory_end(struct guest *guest)
{
	if (dirty_is_on(guest)) {
		dirty_last_round(guest);
		must(guest, vhc_dirty_stop(guest->mem));
	}
}
