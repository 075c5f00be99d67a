/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * dirty-scalar - whole words of a dirty log, on any CPU.  Ground floor: no system call.
 *
 * Eight words are tested at a time, since most are 0.  Of those eight a mask is made and walked, so
 * that which words are 0, which nobody can predict, costs no branch for each.
 */
#include "dirty-word.h"

/* Bit i: word i of eight is not 0. */
DIRTY_INLINE uint64_t set_of(const uint64_t *log)
{
	uint64_t set = 0;

	for (int i = 0; i < 8; i++)
		set |= (uint64_t)(__atomic_load_n(&log[i], __ATOMIC_RELAXED) != 0) << i;
	return set;
}

DIRTY_INLINE uint64_t any_of(const uint64_t *log)
{
	uint64_t any = 0;

	for (int i = 0; i < 8; i++)
		any |= __atomic_load_n(&log[i], __ATOMIC_RELAXED);
	return any;
}

/* Nobody else is here: words that are 0 may go along. */
DIRTY_INLINE uint64_t move_eight(uint64_t *restrict log, uint64_t *restrict bitmap, uint32_t flags)
{
	uint64_t moved = 0;

	for (int i = 0; i < 8; i++) {
		moved += dirty_count(log[i], flags);
		bitmap[i] |= log[i];
		log[i] = 0;
	}
	return moved;
}

DIRTY_INLINE uint64_t drain(uint64_t *log, uint64_t *bitmap, uint64_t words, uint32_t flags)
{
	uint64_t i = 0, moved = 0;

	for (; words - i >= 8; i += 8) {
		if (!any_of(log + i))
			continue;
		if (flags & (VHC_DRAIN_LIVE | VHC_DRAIN_ATOMIC))
			moved += dirty_move_set(log + i, bitmap + i, set_of(log + i), flags);
		else
			moved += move_eight(log + i, bitmap + i, flags);
	}
	for (; i < words; i++)
		if (__atomic_load_n(&log[i], __ATOMIC_RELAXED))
			moved += dirty_move(&log[i], &bitmap[i], flags);
	return moved;
}

uint64_t vhc_dirty_scalar(uint64_t *log, uint64_t *bitmap, uint64_t words, uint32_t flags)
{
	DIRTY_FOR_EACH_FLAGS(drain, log, bitmap, words, flags);
}
