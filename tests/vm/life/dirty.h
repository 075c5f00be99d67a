/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * dirty - checks that every page that the device wrote is harvested.
 */
#ifndef DIRTY_CHECK_H
#define DIRTY_CHECK_H

#include "guest.h"

/* board->numbers of the cases that harvest; each may use those from DIRTY_OTHERS on. */
enum {
	DIRTY_SWAPS,
	DIRTY_EXCHANGES,
	DIRTY_WRITTEN,
	DIRTY_HARVESTED,
	DIRTY_MISSED,
	DIRTY_EXACT,
	DIRTY_EXACT_MISSED,
	DIRTY_OTHERS
};

#define DIRTY_NAMES                                                                            \
	[DIRTY_SWAPS] = "swaps", [DIRTY_EXCHANGES] = "exchanges", [DIRTY_WRITTEN] = "written", \
	[DIRTY_HARVESTED] = "harvested", [DIRTY_MISSED] = "missed", [DIRTY_EXACT] = "looks",   \
	[DIRTY_EXACT_MISSED] = "looks_missed"
#define DIRTY_NUMBERS       \
	{                   \
		DIRTY_NAMES \
	}

/* Turns logging on, with the driver noting written pages; and off again. */
void dirty_on(struct guest *guest);
void dirty_off(struct guest *guest);
bool dirty_is_on(const struct guest *guest);

/* One harvest, compared with what the driver saw. */
void dirty_round(struct guest *guest, enum vhc_dirty_mode mode);

/* A harvest of a stopped device: nothing may be late any more. */
void dirty_last_round(struct guest *guest);

/* Begins a pass, and returns its number of pages. */
uint64_t dirty_count(struct guest *guest);

/* The case that does nothing else. */
void dirty_begin(struct guest *guest);
void dirty_step(struct guest *guest);
void dirty_end(struct guest *guest);

#endif
