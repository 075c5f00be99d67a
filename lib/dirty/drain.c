/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * dirty - ranges of a dirty log: which whole words, the bits at both ends, and the shift when the
 * range does not begin with a word.  Ground floor: no system call.
 */
#include "dirty/drain.h"

#include "dirty/word.h"

/* Words of log that are shifted at a time: a small part of the nearest cache. */
#define CHUNK 512

/* The lowest @bits, 1 to 64. */
static uint64_t lowest(uint64_t bits)
{
	return ~UINT64_C(0) >> (64 - bits);
}

/* Move the bits of one word that are in @mask; the others stay. */
static uint64_t move_bits(uint64_t *log, uint64_t *bitmap, uint64_t mask, uint32_t flags)
{
	uint64_t bits = __atomic_load_n(log, __ATOMIC_RELAXED) & mask;

	if (!bits)
		return 0;
	if (flags & VHC_DRAIN_LIVE)
		bits = __atomic_fetch_and(log, ~mask, __ATOMIC_ACQ_REL) & mask;
	else
		*log &= ~mask;
	dirty_put(bitmap, bits, flags);
	return dirty_count(bits, flags);
}

/* Move the words of a range that begins with one; the last may be a part. */
static uint64_t move_words(vhc_dirty_words_fn *mover, uint64_t *log, uint64_t pages,
			   uint64_t *bitmap, uint32_t flags)
{
	uint64_t words = pages / 64, moved = mover(log, bitmap, words, flags);

	if (pages % 64)
		moved += move_bits(log + words, bitmap + words, lowest(pages % 64), flags);
	return moved;
}

/* Word i gets what is left of it and of the next. */
static void shift_words(uint64_t *words, uint64_t count, uint64_t shift)
{
	for (uint64_t i = 0; i < count; i++)
		words[i] = words[i] >> shift | words[i + 1] << (64 - shift);
}

/*
 * Move a range that begins @shift bits into a word, 1 to 63: a chunk goes as it is into words of our
 * own, is shifted, and goes on to where it belongs.
 */
static uint64_t move_shifted(vhc_dirty_words_fn *mover, uint64_t *log, uint64_t shift,
			     uint64_t pages, uint64_t *bitmap, uint32_t flags)
{
	uint64_t first = 64 - shift < pages ? 64 - shift : pages;
	uint64_t own[CHUNK + 1] = { 0 }, left = pages - first, moved;
	uint32_t out = flags & VHC_DRAIN_ATOMIC, in = (flags & VHC_DRAIN_LIVE) | VHC_DRAIN_COUNT;

	moved = move_bits(log++, &own[0], lowest(first) << shift, in);
	while (left) {
		uint64_t part = left < CHUNK * 64 ? left : CHUNK * 64, words = (part + 63) / 64;
		uint64_t found = move_words(mover, log, part, &own[1], in);

		if (found || own[0]) {
			shift_words(own, words, shift);
			mover(own, bitmap, words, out);
			own[0] = own[words];
			own[words] = 0;
		}
		moved += found;
		log += words;
		bitmap += words;
		left -= part;
	}
	/* When the range ends before this word does, nothing is left for it. */
	if (own[0] >> shift)
		dirty_put(bitmap, own[0] >> shift, flags);
	return moved;
}

void vhc_dirty_drain_by(vhc_dirty_words_fn *mover, uint64_t *log, uint64_t first_page,
			uint64_t pages, uint64_t *bitmap, uint32_t flags, uint64_t *count)
{
	uint64_t shift = first_page % 64, moved;

	log += first_page / 64;
	flags = count ? flags | VHC_DRAIN_COUNT : flags & ~(uint32_t)VHC_DRAIN_COUNT;
	if (!pages)
		moved = 0;
	else if (shift)
		moved = move_shifted(mover, log, shift, pages, bitmap, flags);
	else
		moved = move_words(mover, log, pages, bitmap, flags);
	if (count)
		*count = moved;
}

static vhc_dirty_words_fn *best_way(void)
{
	vhc_dirty_words_fn *avx2 = vhc_dirty_avx2();

	return avx2 ? avx2 : vhc_dirty_scalar;
}

void vhc_dirty_drain(uint64_t *log, uint64_t first_page, uint64_t pages, uint64_t *bitmap,
		     uint32_t flags, uint64_t *count)
{
	vhc_dirty_drain_by(best_way(), log, first_page, pages, bitmap, flags, count);
}

void vhc_dirty_merge(uint64_t *from, uint64_t *to, uint64_t words)
{
	best_way()(from, to, words, VHC_DRAIN_ATOMIC);
}

uint64_t vhc_dirty_log_size(uint64_t last)
{
	const uint64_t pages_per_word = 64;

	return (last / VHC_PAGE_SIZE / pages_per_word + 1) * sizeof(uint64_t);
}
