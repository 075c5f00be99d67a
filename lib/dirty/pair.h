/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pair - two words of a dirty log at once, for avx2.c.
 *
 * Where much is dirty, locked operations take most of the time: cmpxchg16b halves their number.  It
 * needs addresses that are multiples of 16.
 */
#ifndef LIB_DIRTY_PAIR_H
#define LIB_DIRTY_PAIR_H

#include "dirty/word.h"

#define CX16 __attribute__((target("cx16")))

typedef unsigned __int128 dirty_pair;

/* Two loads, not one: the value is only used after a compare-and-swap has confirmed it. */
DIRTY_INLINE dirty_pair dirty_peek_pair(const uint64_t *at)
{
	return (dirty_pair)__atomic_load_n(&at[1], __ATOMIC_RELAXED) << 64 |
	       __atomic_load_n(&at[0], __ATOMIC_RELAXED);
}

CX16 DIRTY_INLINE dirty_pair dirty_exchange_pair(uint64_t *at)
{
	dirty_pair seen = dirty_peek_pair(at), old;

	do {
		old = seen;
		seen = __sync_val_compare_and_swap((dirty_pair *)at, old, 0);
	} while (seen != old);
	return old;
}

CX16 DIRTY_INLINE void dirty_or_pair(uint64_t *at, dirty_pair bits)
{
	dirty_pair seen = dirty_peek_pair(at), old;

	do {
		old = seen;
		seen = __sync_val_compare_and_swap((dirty_pair *)at, old, old | bits);
	} while (seen != old);
}

CX16 DIRTY_INLINE uint64_t dirty_move_pair(uint64_t *log, uint64_t *bitmap, uint32_t flags)
{
	dirty_pair bits;

	if (flags & VHI_DRAIN_LIVE) {
		bits = dirty_exchange_pair(log);
	} else {
		bits = dirty_peek_pair(log);
		log[0] = log[1] = 0;
	}
	if (flags & VHI_DRAIN_ATOMIC) {
		dirty_or_pair(bitmap, bits);
	} else {
		bitmap[0] |= (uint64_t)bits;
		bitmap[1] |= (uint64_t)(bits >> 64);
	}
	return dirty_count((uint64_t)bits, flags) + dirty_count((uint64_t)(bits >> 64), flags);
}

/* As dirty_move_set(), but both words of a pair at once where neither is 0. */
CX16 DIRTY_INLINE uint64_t dirty_move_pairs(uint64_t *log, uint64_t *bitmap, uint64_t set,
					    uint32_t flags)
{
	uint64_t both = set & set >> 1 & UINT64_C(0x5555555555555555), moved;

	moved = dirty_move_set(log, bitmap, set & ~(both | both << 1), flags);
	for (; both; both &= both - 1) {
		int i = __builtin_ctzll(both);

		moved += dirty_move_pair(&log[i], &bitmap[i], flags);
	}
	return moved;
}

#endif
