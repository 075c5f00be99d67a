/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * avx2 - whole words of a dirty log, on CPUs with AVX2.
 *
 * A log is mostly 0, and reading it takes longer than testing it.  So it is read once, in order, four
 * cache lines a test, and nothing else is touched until one of them is not 0: the CPU prefetches one
 * such stream by itself, and both more streams and prefetch instructions slow it down.
 */
#include "dirty/word.h"

#include <stddef.h>

#if defined(__x86_64__)
#include <immintrin.h>
#include <stdbool.h>

#include "dirty/pair.h"

#define AVX2 __attribute__((target("avx2,cx16,popcnt")))

enum {
	LINE = 8,	 /* words in a cache line */
	BLOCK = 4 * LINE /* words to test at once */
};

AVX2 DIRTY_INLINE __m256i load(const uint64_t *words)
{
	return _mm256_loadu_si256((const __m256i *)words);
}

AVX2 DIRTY_INLINE void store(uint64_t *words, __m256i value)
{
	_mm256_storeu_si256((__m256i *)words, value);
}

AVX2 DIRTY_INLINE __m256i line_of(const uint64_t *log)
{
	return _mm256_or_si256(load(log), load(log + 4));
}

AVX2 DIRTY_INLINE bool block_is_set(const uint64_t *log)
{
	__m256i any =
		_mm256_or_si256(_mm256_or_si256(line_of(log), line_of(log + LINE)),
				_mm256_or_si256(line_of(log + 2 * LINE), line_of(log + 3 * LINE)));

	return !_mm256_testz_si256(any, any);
}

/* Bit i: word i of the block is not 0. */
AVX2 DIRTY_INLINE uint64_t words_set(const uint64_t *log)
{
	uint64_t clear = 0;

	for (int i = 0; i < BLOCK; i += 4) {
		__m256i zero = _mm256_cmpeq_epi64(load(log + i), _mm256_setzero_si256());

		clear |= (uint64_t)_mm256_movemask_pd(_mm256_castsi256_pd(zero)) << i;
	}
	return ~clear & ~UINT64_C(0) >> (64 - BLOCK);
}

/* No other thread or device writes to either side: words of 0 are moved too, which costs no branch. */
AVX2 DIRTY_INLINE uint64_t move_block(uint64_t *log, uint64_t *bitmap, uint32_t flags)
{
	uint64_t moved = 0;

	for (int i = 0; i < BLOCK; i++)
		moved += dirty_count(log[i], flags);
	for (int i = 0; i < BLOCK; i += 4) {
		store(bitmap + i, _mm256_or_si256(load(bitmap + i), load(log + i)));
		store(log + i, _mm256_setzero_si256());
	}
	return moved;
}

AVX2 DIRTY_INLINE uint64_t move_words(uint64_t *log, uint64_t *bitmap, bool pairs, uint32_t flags)
{
	uint64_t set = words_set(log);

	return pairs ? dirty_move_pairs(log, bitmap, set, flags)
		     : dirty_move_set(log, bitmap, set, flags);
}

/*
 * A locked operation waits for the stores before it, and these for the bitmap's lines.  So a block is
 * moved when the next one is found: by then the lines have arrived.
 */
AVX2 DIRTY_INLINE uint64_t drain_locked(uint64_t *log, uint64_t *bitmap, uint64_t blocks,
					uint32_t flags)
{
	uint64_t none = blocks * BLOCK, found = none, moved = 0;
	bool pairs = (uintptr_t)bitmap % 16 == 0;

	for (uint64_t i = 0; i < none; i += BLOCK) {
		if (!block_is_set(log + i))
			continue;
		for (int k = 0; k < BLOCK; k += LINE)
			__builtin_prefetch(bitmap + i + k, 1);
		if (found != none)
			moved += move_words(log + found, bitmap + found, pairs, flags);
		found = i;
	}
	if (found != none)
		moved += move_words(log + found, bitmap + found, pairs, flags);
	return moved;
}

AVX2 DIRTY_INLINE uint64_t drain_plain(uint64_t *log, uint64_t *bitmap, uint64_t blocks,
				       uint32_t flags)
{
	uint64_t moved = 0;

	for (uint64_t i = 0; i < blocks * BLOCK; i += BLOCK)
		if (block_is_set(log + i))
			moved += move_block(log + i, bitmap + i, flags);
	return moved;
}

AVX2 DIRTY_INLINE uint64_t drain(uint64_t *log, uint64_t *bitmap, uint64_t words, uint32_t flags)
{
	/* up to the first whole line of the log */
	uint64_t first = -((uintptr_t)log / sizeof(*log)) % LINE, blocks, last, moved;

	if (first > words)
		first = words;
	blocks = (words - first) / BLOCK;
	last = first + blocks * BLOCK;
	moved = vhi_dirty_scalar(log, bitmap, first, flags);
	if (flags & (VHI_DRAIN_LIVE | VHI_DRAIN_ATOMIC))
		moved += drain_locked(log + first, bitmap + first, blocks, flags);
	else
		moved += drain_plain(log + first, bitmap + first, blocks, flags);
	return moved + vhi_dirty_scalar(log + last, bitmap + last, words - last, flags);
}

AVX2 static uint64_t words_avx2(uint64_t *log, uint64_t *bitmap, uint64_t words, uint32_t flags)
{
	DIRTY_FOR_EACH_FLAGS(drain, log, bitmap, words, flags);
}

vhi_dirty_words_fn *vhi_dirty_avx2(void)
{
	return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("popcnt") ? words_avx2
										  : NULL;
}
#else
vhi_dirty_words_fn *vhi_dirty_avx2(void)
{
	return 0;
}
#endif
