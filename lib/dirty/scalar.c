/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * scalar - whole words of a dirty log, on any CPU.
 *
 * Eight words are tested at a time, since most are 0.  If any is not, a mask of them is built and
 * walked: a branch for each word would be mispredicted half of the time.
 */
#include "dirty/word.h"

DIRTY_INLINE uint64_t peek(const uint64_t *word)
{
	return __atomic_load_n(word, __ATOMIC_RELAXED);
}

/* Written out, because not every compiler unrolls such a loop. */
DIRTY_INLINE uint64_t any_of(const uint64_t *log)
{
	return (peek(&log[0]) | peek(&log[1])) | (peek(&log[2]) | peek(&log[3])) |
	       (peek(&log[4]) | peek(&log[5])) | (peek(&log[6]) | peek(&log[7]));
}

/* Bit i: word i of four is not 0. */
DIRTY_INLINE uint64_t set_of(const uint64_t *log)
{
	return (uint64_t)(peek(&log[0]) != 0) | (uint64_t)(peek(&log[1]) != 0) << 1 |
	       (uint64_t)(peek(&log[2]) != 0) << 2 | (uint64_t)(peek(&log[3]) != 0) << 3;
}

/* No other thread or device writes to either side: words of 0 may be moved too. */
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
		if (flags & (VHI_DRAIN_LIVE | VHI_DRAIN_ATOMIC))
			moved += dirty_move_set(log + i, bitmap + i,
						set_of(log + i) | set_of(log + i + 4) << 4, flags);
		else
			moved += move_eight(log + i, bitmap + i, flags);
	}
	for (; i < words; i++)
		if (peek(&log[i]))
			moved += dirty_move(&log[i], &bitmap[i], flags);
	return moved;
}

uint64_t vhi_dirty_scalar(uint64_t *log, uint64_t *bitmap, uint64_t words, uint32_t flags)
{
	DIRTY_FOR_EACH_FLAGS(drain, log, bitmap, words, flags);
}
