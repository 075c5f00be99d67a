/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * drain - ranges of a dirty log: whole words, the bits at both ends, and the shift of a range that does
 * not start at a word.
 */
#include "dirty/drain.h"

#include "dirty/word.h"

/* Words of log that are shifted at a time: a small part of the L1 cache. */
#define CHUNK 512

/* The lowest @bits, 1 to 64. */
static uint64_t lowest(uint64_t bits)
{
	return ~UINT64_C(0) >> (64 - bits);
}

/* Move the bits of one word that are in @mask, and leave the others. */
static uint64_t move_bits(uint64_t *log, uint64_t *bitmap, uint64_t mask, uint32_t flags)
{
	uint64_t bits = __atomic_load_n(log, __ATOMIC_RELAXED) & mask;

	if (!bits)
		return 0;
	if (flags & VHI_DRAIN_LIVE)
		bits = __atomic_fetch_and(log, ~mask, __ATOMIC_ACQ_REL) & mask;
	else
		*log &= ~mask;
	dirty_put(bitmap, bits, flags);
	return dirty_count(bits, flags);
}

/* Move the words of a range that starts at a word; the last word may be partial. */
static uint64_t move_words(vhi_dirty_words_fn *mover, uint64_t *log, uint64_t pages,
			   uint64_t *bitmap, uint32_t flags)
{
	uint64_t words = pages / 64, moved = mover(log, bitmap, words, flags);

	if (pages % 64)
		moved += move_bits(log + words, bitmap + words, lowest(pages % 64), flags);
	return moved;
}

/* Shift an array of words right by 1 to 63 bits.  words[count] is read too. */
static void shift_words(uint64_t *words, uint64_t count, uint64_t shift)
{
	for (uint64_t i = 0; i < count; i++)
		words[i] = words[i] >> shift | words[i + 1] << (64 - shift);
}

/*
 * Move a range that starts @shift bits into a word, 1 to 63: each chunk is moved to a buffer, shifted
 * there, and moved on to the bitmap.
 */
static uint64_t move_shifted(vhi_dirty_words_fn *mover, uint64_t *log, uint64_t shift,
			     uint64_t pages, uint64_t *bitmap, uint32_t flags)
{
	uint64_t first = 64 - shift < pages ? 64 - shift : pages;
	uint64_t buffer[CHUNK + 1] = { 0 }, left = pages - first, moved;
	uint32_t out = flags & VHI_DRAIN_ATOMIC, in = (flags & VHI_DRAIN_LIVE) | VHI_DRAIN_COUNT;

	moved = move_bits(log++, &buffer[0], lowest(first) << shift, in);
	while (left) {
		uint64_t part = left < CHUNK * 64 ? left : CHUNK * 64, words = (part + 63) / 64;
		uint64_t found = move_words(mover, log, part, &buffer[1], in);

		if (found || buffer[0]) {
			shift_words(buffer, words, shift);
			mover(buffer, bitmap, words, out);
			buffer[0] = buffer[words];
			buffer[words] = 0;
		}
		moved += found;
		log += words;
		bitmap += words;
		left -= part;
	}
	/* The last bits of the range; none when it ends within the first word. */
	if (buffer[0] >> shift)
		dirty_put(bitmap, buffer[0] >> shift, flags);
	return moved;
}

void vhi_dirty_drain_by(vhi_dirty_words_fn *mover, uint64_t *log, uint64_t first_page,
			uint64_t pages, uint64_t *bitmap, uint32_t flags, uint64_t *count)
{
	uint64_t shift = first_page % 64, moved;

	log += first_page / 64;
	flags = count ? flags | VHI_DRAIN_COUNT : flags & ~(uint32_t)VHI_DRAIN_COUNT;
	if (!pages)
		moved = 0;
	else if (shift)
		moved = move_shifted(mover, log, shift, pages, bitmap, flags);
	else
		moved = move_words(mover, log, pages, bitmap, flags);
	if (count)
		*count = moved;
}

static vhi_dirty_words_fn *best_mover(void)
{
	vhi_dirty_words_fn *avx2 = vhi_dirty_avx2();

	return avx2 ? avx2 : vhi_dirty_scalar;
}

void vhi_dirty_drain(uint64_t *log, uint64_t first_page, uint64_t pages, uint64_t *bitmap,
		     uint32_t flags, uint64_t *count)
{
	vhi_dirty_drain_by(best_mover(), log, first_page, pages, bitmap, flags, count);
}

void vhi_dirty_merge(uint64_t *from, uint64_t *to, uint64_t words)
{
	best_mover()(from, to, words, VHI_DRAIN_ATOMIC);
}

uint64_t vhi_dirty_log_size(uint64_t last)
{
	const uint64_t pages_per_word = 64;

	return (last / VHC_PAGE_SIZE / pages_per_word + 1) * sizeof(uint64_t);
}
