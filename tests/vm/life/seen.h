/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * seen - which frames of a flow have arrived, each at most once.
 *
 * A slot for each of the last SEEN_SLOTS numbers, written by one store of 64 bits: the number, and
 * where it arrived.  If the process is killed after that store, the next one looks at the same place
 * in the ring again, which does not count as a second frame.
 */
#ifndef SEEN_H
#define SEEN_H

#include <stdbool.h>
#include <stdint.h>

#define SEEN_SLOTS 65536u

struct seen {
	uint64_t slot[SEEN_SLOTS]; /* number + 1 above, place below */
};

/* Records a frame.  Returns false if it has arrived before, at another place. */
static inline bool seen_note(struct seen *seen, uint32_t number, uint32_t place)
{
	uint64_t *slot = &seen->slot[number % SEEN_SLOTS];
	uint64_t before = __atomic_load_n(slot, __ATOMIC_ACQUIRE);
	uint64_t now = (uint64_t)(number + 1) << 32 | place;

	if (before == now)
		return true;
	if (before >> 32 >= (uint64_t)number + 1)
		return false;
	__atomic_store_n(slot, now, __ATOMIC_RELEASE);
	return true;
}

static inline bool seen_has(const struct seen *seen, uint32_t number)
{
	return __atomic_load_n(&seen->slot[number % SEEN_SLOTS], __ATOMIC_ACQUIRE) >> 32 ==
	       (uint64_t)number + 1;
}

/* The first number from @first on that has not arrived. */
static inline uint32_t seen_first_missing(const struct seen *seen, uint32_t first)
{
	while (seen_has(seen, first))
		first++;
	return first;
}

#endif
