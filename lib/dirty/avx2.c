/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * avx2 - whole words of a dirty log, on CPUs with AVX2.
 *
 * This is bound by memory, so there are two modes.  Where little is dirty, all cache lines of four pages
 * of log are tested in turns, because the CPU prefetches more from four pages at once than from one.
 * When a line is not 0, the bitmap's line is prefetched, and has arrived by the time the pages have been
 * scanned and their words are moved.  Without that each exchange would wait for it, since a locked
 * operation waits for the stores before it.  Where much is dirty, words are moved as they are found.
 */
#include "dirty/word.h"

#include <stddef.h>

#if defined(__x86_64__)
#include <immintrin.h>
#include <stdbool.h>

#include "dirty/pair.h"

#define AVX2 __attribute__((target("avx2,cx16,popcnt")))

enum {
	LINE = 8,	      /* words in a cache line */
	BLOCK = 64,	      /* words: one bit of a mask each */
	PAGE = 64 * LINE,     /* words: one bit of a mask for each line */
	PAGES = 4,	      /* tested in turns */
	GROUP = PAGES * PAGE, /* words */
	AHEAD = 2 * PAGE      /* words to prefetch ahead */
};

AVX2 DIRTY_INLINE __m256i load(const uint64_t *words)
{
	return _mm256_loadu_si256((const __m256i *)words);
}

AVX2 DIRTY_INLINE void store(uint64_t *words, __m256i value)
{
	_mm256_storeu_si256((__m256i *)words, value);
}

AVX2 DIRTY_INLINE bool line_is_set(const uint64_t *log)
{
	__m256i any = _mm256_or_si256(load(log), load(log + 4));

	return !_mm256_testz_si256(any, any);
}

/* Bit i: word i is not 0. */
AVX2 DIRTY_INLINE uint64_t words_set(const uint64_t *log, int words)
{
	uint64_t clear = 0;

	for (int i = 0; i < words; i += 4) {
		__m256i zero = _mm256_cmpeq_epi64(load(log + i), _mm256_setzero_si256());

		clear |= (uint64_t)_mm256_movemask_pd(_mm256_castsi256_pd(zero)) << i;
	}
	return ~clear & ~UINT64_C(0) >> (64 - words);
}

/* Without these flags no other thread or device writes to either side: words of 0 may be moved too. */
static const uint32_t SHARED = VHI_DRAIN_LIVE | VHI_DRAIN_ATOMIC;

AVX2 DIRTY_INLINE uint64_t move_line(uint64_t *log, uint64_t *bitmap, uint32_t flags)
{
	uint64_t moved = 0;

	if (flags & SHARED)
		return dirty_move_set(log, bitmap, words_set(log, LINE), flags);
	for (int i = 0; i < LINE; i++)
		moved += dirty_count(log[i], flags);
	for (int i = 0; i < LINE; i += 4) {
		store(bitmap + i, _mm256_or_si256(load(bitmap + i), load(log + i)));
		store(log + i, _mm256_setzero_si256());
	}
	return moved;
}

/* Moves a group, and returns whether much of it was dirty. */
AVX2 DIRTY_INLINE bool move_sparse(uint64_t *log, uint64_t *bitmap, uint32_t flags, uint64_t *moved)
{
	uint64_t lines[PAGES] = { 0 };
	int found = 0;

	for (int i = 0; i < 64; i++)
		for (int page = 0; page < PAGES; page++) {
			int at = page * PAGE + i * LINE;
			uint64_t set;

			__builtin_prefetch(log + at + AHEAD);
			set = line_is_set(log + at);
			lines[page] |= set << i;
			if (set)
				__builtin_prefetch(bitmap + at, 1);
		}
	for (int page = 0; page < PAGES; page++) {
		found += __builtin_popcountll(lines[page]);
		for (uint64_t left = lines[page]; left; left &= left - 1) {
			int at = page * PAGE + __builtin_ctzll(left) * LINE;

			*moved += move_line(log + at, bitmap + at, flags);
		}
	}
	return found > GROUP / LINE / 2;
}

/* Moves @words, a multiple of BLOCK, and returns whether much of a group would have been dirty. */
AVX2 DIRTY_INLINE bool move_dense(uint64_t *log, uint64_t *bitmap, uint64_t words, uint32_t flags,
				  uint64_t *moved)
{
	bool pairs = (uintptr_t)bitmap % 16 == 0;
	int found = 0;

	for (uint64_t i = 0; i < words; i += flags & SHARED ? BLOCK : LINE) {
		if (flags & SHARED) {
			uint64_t set = words_set(log + i, BLOCK);

			if (pairs)
				*moved += dirty_move_pairs(log + i, bitmap + i, set, flags);
			else
				*moved += dirty_move_set(log + i, bitmap + i, set, flags);
			found += __builtin_popcountll(set);
		} else if (line_is_set(log + i)) {
			*moved += move_line(log + i, bitmap + i, flags);
			found += LINE;
		}
	}
	return found > GROUP / 8;
}

AVX2 DIRTY_INLINE uint64_t drain(uint64_t *log, uint64_t *bitmap, uint64_t words, uint32_t flags)
{
	/* Up to the first whole line of the log. */
	uint64_t i = -((uintptr_t)log / sizeof(*log)) % LINE, part, moved;
	bool dense = false;

	if (i > words)
		i = words;
	moved = vhi_dirty_scalar(log, bitmap, i, flags);
	for (; words - i >= BLOCK; i += part) {
		part = words - i < GROUP ? (words - i) / BLOCK * BLOCK : GROUP;
		if (dense || part < GROUP)
			dense = move_dense(log + i, bitmap + i, part, flags, &moved);
		else
			dense = move_sparse(log + i, bitmap + i, flags, &moved);
	}
	return moved + vhi_dirty_scalar(log + i, bitmap + i, words - i, flags);
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
