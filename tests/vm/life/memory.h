/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * memory - the guest's memory changes while its rings run.
 */
#ifndef MEMORY_H
#define MEMORY_H

#include "dirty.h"

enum {
	MEMORY_MOVES = DIRTY_OTHERS,
	MEMORY_GROWS,
	MEMORY_SHRINKS,
	MEMORY_REFUSED,
	MEMORY_LOGGED,
};

#define MEMORY_NUMBERS                                                                   \
	{                                                                                \
		DIRTY_NAMES, [MEMORY_MOVES] = "moves", [MEMORY_GROWS] = "grows",         \
			     [MEMORY_SHRINKS] = "shrinks", [MEMORY_REFUSED] = "refused", \
			     [MEMORY_LOGGED] = "logged"                                  \
	}

void memory_begin(struct guest *guest);
void memory_step(struct guest *guest);
void memory_end(struct guest *guest);

#endif
