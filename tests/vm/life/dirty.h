/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * dirty - is every page that the device wrote in what was harvested?
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

/* The log goes on, and the driver notes what was written; off again. */
void dirty_on(struct guest *guest);
void dirty_off(struct guest *guest);
bool dirty_is_on(const struct guest *guest);

/* One harvest, compared with what the driver saw. */
void dirty_round(struct guest *guest, enum vhc_dirty_mode mode);

/* A harvest of a device that was stopped: nothing may be late any more. */
void dirty_last_round(struct guest *guest);

/* Begins a pass, and says how many pages it has. */
uint64_t dirty_count(struct guest *guest);

/* The case that does nothing else. */
void dirty_begin(struct guest *guest);
void dirty_step(struct guest *guest);
void dirty_end(struct guest *guest);

#endif
