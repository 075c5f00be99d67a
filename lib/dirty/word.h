/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * word - one word of a dirty log, for the implementations that find the words (scalar.c, avx2.c).
 *
 * The exchange orders as much as a consumer needs: after it, everything that the device wrote before it
 * set the bit is visible.
 */
#ifndef LIB_DIRTY_WORD_H
#define LIB_DIRTY_WORD_H

#include "dirty/drain.h"

/* Callers pass constant flags, so that the compiler removes every test of them. */
#define DIRTY_INLINE static inline __attribute__((always_inline))

/* Set @bits, which are not 0, in a bitmap. */
DIRTY_INLINE void dirty_put(uint64_t *bitmap, uint64_t bits, uint32_t flags)
{
	if (flags & VHI_DRAIN_ATOMIC)
		__atomic_fetch_or(bitmap, bits, __ATOMIC_ACQ_REL);
	else
		*bitmap |= bits;
}

DIRTY_INLINE uint64_t dirty_count(uint64_t bits, uint32_t flags)
{
	return flags & VHI_DRAIN_COUNT ? (uint64_t)__builtin_popcountll(bits) : 0;
}

/* Move a word that is not 0.  Returns the number of pages. */
DIRTY_INLINE uint64_t dirty_move(uint64_t *log, uint64_t *bitmap, uint32_t flags)
{
	uint64_t bits;

	if (flags & VHI_DRAIN_LIVE) {
		bits = __atomic_exchange_n(log, 0, __ATOMIC_ACQ_REL);
	} else {
		bits = *log;
		*log = 0;
	}
	dirty_put(bitmap, bits, flags);
	return dirty_count(bits, flags);
}

/* Move those of up to 64 words that are in @set, none of which is 0: bit i is word i. */
DIRTY_INLINE uint64_t dirty_move_set(uint64_t *log, uint64_t *bitmap, uint64_t set, uint32_t flags)
{
	uint64_t moved = 0;

	for (; set; set &= set - 1) {
		int i = __builtin_ctzll(set);

		moved += dirty_move(&log[i], &bitmap[i], flags);
	}
	return moved;
}

/* The body of an implementation: its @drain is instantiated for each combination of flags. */
#define DIRTY_FOR_EACH_FLAGS(drain, log, bitmap, words, flags) \
	do {                                                   \
		switch ((flags)&7) {                           \
		case 0:                                        \
			return drain(log, bitmap, words, 0);   \
		case 1:                                        \
			return drain(log, bitmap, words, 1);   \
		case 2:                                        \
			return drain(log, bitmap, words, 2);   \
		case 3:                                        \
			return drain(log, bitmap, words, 3);   \
		case 4:                                        \
			return drain(log, bitmap, words, 4);   \
		case 5:                                        \
			return drain(log, bitmap, words, 5);   \
		case 6:                                        \
			return drain(log, bitmap, words, 6);   \
		default:                                       \
			return drain(log, bitmap, words, 7);   \
		}                                              \
	} while (0)

#endif
