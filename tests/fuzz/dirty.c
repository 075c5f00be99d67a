/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * dirty - pages that are moved out of a dirty log, against a model that moves them bit by bit, in every
 * implementation.  Log and bitmap are as short as the range allows, so that reading
 * or writing past their ends is found.
 */
#include "dirty/drain.h"
#include "fuzz.h"

#define MAX_WORDS 1024u

/* A range of pages, and what is in both bitmaps. */
struct drain {
	uint64_t first, pages;
	size_t log_words, bitmap_words;
	uint64_t log[MAX_WORDS], bitmap[MAX_WORDS];
};

static size_t words_of(uint64_t pages)
{
	return (size_t)(pages + 63) / 64;
}

/* Runs of words: none, one bit, all bits, or any, each as long as the input says. */
static void fill(struct fuzz *fuzz, uint64_t *words, size_t count)
{
	size_t i = 0;

	while (i < count) {
		size_t run = fuzz_below(fuzz, 128) + 1u;
		uint8_t kind = fuzz_u8(fuzz) % 4;
		uint64_t word = kind == 3 ? fuzz_u64(fuzz) : kind == 2 ? UINT64_MAX : 0;

		if (kind == 1)
			word = UINT64_C(1) << fuzz_u8(fuzz) % 64;
		for (; run && i < count; run--)
			words[i++] = word;
	}
}

static uint64_t move_slowly(const struct drain *drain, uint64_t *log, uint64_t *bitmap)
{
	uint64_t moved = 0;

	for (uint64_t i = 0; i < drain->pages; i++) {
		uint64_t page = drain->first + i, bit = UINT64_C(1) << page % 64;

		if (!(log[page / 64] & bit))
			continue;
		log[page / 64] &= ~bit;
		bitmap[i / 64] |= UINT64_C(1) << i % 64;
		moved++;
	}
	return moved;
}

static uint64_t *copy(const uint64_t *words, size_t count)
{
	uint64_t *to = malloc(count * sizeof(*to));

	FUZZ_CHECK(to || !count);
	if (count)
		memcpy(to, words, count * sizeof(*to));
	return to;
}

static void check_way(const struct drain *drain, vhi_dirty_words_fn *way, uint32_t flags,
		      bool counts)
{
	uint64_t *log = copy(drain->log, drain->log_words), *right_log;
	uint64_t *bitmap = copy(drain->bitmap, drain->bitmap_words), *right_bitmap;
	uint64_t count = UINT64_MAX, right;

	right_log = copy(drain->log, drain->log_words);
	right_bitmap = copy(drain->bitmap, drain->bitmap_words);
	right = move_slowly(drain, right_log, right_bitmap);
	if (way)
		vhi_dirty_drain_by(way, log, drain->first, drain->pages, bitmap, flags,
				   counts ? &count : NULL);
	else
		vhi_dirty_drain(log, drain->first, drain->pages, bitmap, flags,
				counts ? &count : NULL);
	for (size_t i = 0; i < drain->log_words; i++)
		FUZZ_CHECK(log[i] == right_log[i]);
	for (size_t i = 0; i < drain->bitmap_words; i++)
		FUZZ_CHECK(bitmap[i] == right_bitmap[i]);
	FUZZ_CHECK(!counts || count == right);
	free(log);
	free(bitmap);
	free(right_log);
	free(right_bitmap);
}

/* The log is merged into the bitmap as if that were another log. */
static void check_merge(const struct drain *drain)
{
	size_t words = drain->log_words;
	uint64_t *from = copy(drain->log, words), *to = copy(drain->bitmap, words);

	vhi_dirty_merge(from, to, words);
	for (size_t i = 0; i < words; i++) {
		FUZZ_CHECK(!from[i]);
		FUZZ_CHECK(to[i] == (drain->log[i] | drain->bitmap[i]));
	}
	free(from);
	free(to);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	vhi_dirty_words_fn *ways[] = { NULL, vhi_dirty_scalar, vhi_dirty_avx2() };
	struct fuzz fuzz = { data, size };
	static struct drain drain;
	uint8_t flags = fuzz_u8(&fuzz);

	/* few inputs are long: they are slow */
	drain.first = fuzz_below(&fuzz, 4096);
	drain.pages =
		flags >> 3 ? fuzz_below(&fuzz, 4096) : fuzz_below(&fuzz, (MAX_WORDS - 64) * 64);
	drain.log_words = words_of(drain.first + drain.pages);
	drain.bitmap_words = words_of(drain.pages);
	memset(drain.bitmap, 0, sizeof(drain.bitmap));
	fill(&fuzz, drain.log, drain.log_words);
	fill(&fuzz, drain.bitmap, drain.bitmap_words);
	for (size_t i = 0; i < 3; i++)
		if (!i || ways[i])
			check_way(&drain, ways[i], flags & 3, flags & 4);
	check_merge(&drain);
	return 0;
}
