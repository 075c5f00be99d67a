/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * drain - pages out of a dirty log, against an oracle that goes bit by bit: every way, every
 * combination of flags, all of log and bitmap compared.  Behind both no page can be touched, and in
 * front of them neither.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <cmocka.h>

#include "dirty/drain.h"
#include "random.h"

#define COUNT(of) (sizeof(of) / sizeof((of)[0]))

/* Words between two pages that are not there. */
struct room {
	void *map;
	size_t page, words;
	uint64_t *start, *end;
	uint64_t *expected;
};

static void room_new(struct room *room, size_t pages, size_t page)
{
	size_t size = pages * page;

	room->page = page;
	room->words = size / sizeof(uint64_t);
	room->map = mmap(NULL, size + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(room->map, MAP_FAILED);
	room->start = (uint64_t *)((char *)room->map + page);
	room->end = room->start + room->words;
	assert_int_equal(mprotect(room->start, size, PROT_READ | PROT_WRITE), 0);
	room->expected = malloc(size);
	assert_non_null(room->expected);
}

static void room_free(struct room *room)
{
	munmap(room->map, room->words * sizeof(uint64_t) + 2 * room->page);
	free(room->expected);
}

static void room_check(const struct room *room, const char *what)
{
	for (size_t i = 0; i < room->words; i++)
		if (room->start[i] != room->expected[i])
			fail_msg("%s: word %zu of %zu is %#" PRIx64 ", not %#" PRIx64, what, i,
				 room->words, room->start[i], room->expected[i]);
}

struct rooms {
	struct room log, bitmap;
};

static void rooms_new(struct rooms *rooms, size_t pages)
{
	size_t page = 65536; /* a multiple of the host's */

	room_new(&rooms->log, pages, page);
	room_new(&rooms->bitmap, pages, page);
}

static void rooms_free(struct rooms *rooms)
{
	room_free(&rooms->log);
	room_free(&rooms->bitmap);
}

/* A drain: where its range is in the log, and how it is done. */
struct drain {
	vhi_dirty_words_fn *way;
	uint64_t first, pages;
	uint32_t flags;
	bool counts;
};

static uint64_t words_of(uint64_t pages)
{
	return (pages + 63) / 64;
}

/* Returns how many pages. */
static uint64_t drain_slowly(uint64_t *log, uint64_t *bitmap, const struct drain *drain)
{
	uint64_t moved = 0;

	for (uint64_t i = 0; i < drain->pages; i++) {
		uint64_t page = drain->first + i;
		uint64_t bit = UINT64_C(1) << page % 64;

		if (!(log[page / 64] & bit))
			continue;
		log[page / 64] &= ~bit;
		bitmap[i / 64] |= UINT64_C(1) << i % 64;
		moved++;
	}
	return moved;
}

/* Log and bitmap, as short as the range allows, lie at the end of their rooms, or at the start. */
static void check_drain(struct rooms *rooms, const struct drain *drain, bool at_end)
{
	uint64_t log_words = words_of(drain->first + drain->pages);
	size_t log_at = at_end ? rooms->log.words - log_words : 0;
	size_t bitmap_at = at_end ? rooms->bitmap.words - words_of(drain->pages) : 0;
	uint64_t *log = rooms->log.start + log_at, *bitmap = rooms->bitmap.start + bitmap_at;
	uint64_t count = UINT64_MAX, moved;
	char what[128];

	memcpy(rooms->log.expected, rooms->log.start, rooms->log.words * sizeof(uint64_t));
	memcpy(rooms->bitmap.expected, rooms->bitmap.start, rooms->bitmap.words * sizeof(uint64_t));
	moved = drain_slowly(rooms->log.expected + log_at, rooms->bitmap.expected + bitmap_at,
			     drain);
	if (drain->way)
		vhi_dirty_drain_by(drain->way, log, drain->first, drain->pages, bitmap,
				   drain->flags, drain->counts ? &count : NULL);
	else
		vhi_dirty_drain(log, drain->first, drain->pages, bitmap, drain->flags,
				drain->counts ? &count : NULL);
	snprintf(what, sizeof(what), "%" PRIu64 " pages from %" PRIu64 ", flags %#x%s, at the %s",
		 drain->pages, drain->first, drain->flags, drain->counts ? ", counted" : "",
		 at_end ? "end" : "start");
	room_check(&rooms->log, what);
	room_check(&rooms->bitmap, what);
	if (drain->counts)
		assert_int_equal(count, moved);
}

static uint64_t random_word(struct random *random, uint64_t density)
{
	switch (density) {
	case 0:
		return 0;
	case 1:
		return random_once_in(random, 200) ? UINT64_C(1) << random_below(random, 64) : 0;
	case 2:
		return random_once_in(random, 2) ? UINT64_C(1) << random_below(random, 64) : 0;
	case 3:
		return random_u64(random);
	case 4:
		return random_u64(random) | random_u64(random) | random_u64(random);
	default:
		return UINT64_MAX;
	}
}

/* Of one density, or of one that changes: at each the library continues as it found it before. */
static void fill(struct random *random, struct room *room, bool changes)
{
	uint64_t density = random_below(random, 6);

	for (size_t i = 0; i < room->words; i++) {
		if (changes && random_once_in(random, 300))
			density = random_below(random, 6);
		room->start[i] = random_word(random, density);
	}
}

static void check_random(struct rooms *rooms, struct random *random, vhi_dirty_words_fn *way)
{
	static const uint64_t lengths[] = { 0, 1, 63, 64, 65, 511, 512, 513, 32768, 32832, 98304 };
	uint64_t most = rooms->log.words * 64;
	struct drain drain = { .way = way, .flags = (uint32_t)random_below(random, 4) };

	drain.counts = random_once_in(random, 2);
	drain.pages = random_once_in(random, 3) ? lengths[random_below(random, COUNT(lengths))]
						: random_below(random, most);
	if (random_once_in(random, 3))
		drain.pages = drain.pages / 64 * 64;
	drain.first = random_below(random, most - drain.pages + 1);
	if (random_once_in(random, 2))
		drain.first %= 1024;
	if (random_once_in(random, 2))
		drain.first = drain.first / 64 * 64;
	fill(random, &rooms->log, random_once_in(random, 2));
	fill(random, &rooms->bitmap, true);
	check_drain(rooms, &drain, random_once_in(random, 2));
}

static void check_way(vhi_dirty_words_fn *way, const char *name)
{
	struct random random = random_new(name);
	struct rooms rooms;

	rooms_new(&rooms, 1);
	for (int n = 0; n < 600; n++)
		check_random(&rooms, &random, way);
	rooms_free(&rooms);
}

static void drain_scalar_matches_oracle(void **state)
{
	check_way(vhi_dirty_scalar, "scalar");
}

static void drain_avx2_matches_oracle(void **state)
{
	if (!vhi_dirty_avx2())
		skip();
	check_way(vhi_dirty_avx2(), "AVX2");
}

static void drain_best_matches_oracle(void **state)
{
	check_way(NULL, "the best");
}

/* Every beginning within a word and every length up to a few words, in a log that is all dirty. */
static void check_ends(struct rooms *rooms, vhi_dirty_words_fn *way, uint32_t flags)
{
	for (uint64_t first = 0; first <= 65; first++)
		for (uint64_t pages = 0; pages <= 196; pages++) {
			struct drain drain = { way, first, pages, flags, true };
			size_t words = words_of(first + pages) + 1;

			for (size_t i = 1; i <= words; i++) {
				rooms->log.end[-(ptrdiff_t)i] = UINT64_MAX;
				rooms->bitmap.end[-(ptrdiff_t)i] = 0;
			}
			check_drain(rooms, &drain, true);
		}
}

static void drain_at_unaligned_ends_touches_nothing_else(void **state)
{
	vhi_dirty_words_fn *ways[] = { vhi_dirty_scalar, vhi_dirty_avx2() };
	struct rooms rooms;

	room_new(&rooms.log, 1, 4096);
	room_new(&rooms.bitmap, 1, 4096);
	for (size_t i = 0; i < COUNT(ways); i++)
		for (uint32_t flags = 0; flags < 4 && ways[i]; flags++)
			check_ends(&rooms, ways[i], flags);
	rooms_free(&rooms);
}

/* A clean log costs what reading it costs: the log may be read-only, and the bitmap missing. */
static void drain_of_clean_log_does_not_touch_bitmap(void **state)
{
	vhi_dirty_words_fn *ways[] = { vhi_dirty_scalar, vhi_dirty_avx2() };
	struct rooms rooms;
	uint64_t found;

	rooms_new(&rooms, 1);
	assert_int_equal(mprotect(rooms.log.start, rooms.log.page, PROT_READ), 0);
	assert_int_equal(mprotect(rooms.bitmap.start, rooms.bitmap.page, PROT_NONE), 0);
	for (size_t i = 0; i < COUNT(ways); i++)
		for (uint32_t flags = 0; flags < 4 && ways[i]; flags++) {
			vhi_dirty_drain_by(ways[i], rooms.log.start, flags, rooms.log.words * 63,
					   rooms.bitmap.start, flags, &found);
			assert_int_equal(found, 0);
		}
	rooms_free(&rooms);
}

static void merge_of_logs_keeps_all_bits(void **state)
{
	struct random random = random_new("merge");
	struct rooms rooms;

	rooms_new(&rooms, 1);
	for (int n = 0; n < 100; n++) {
		uint64_t words = random_below(&random, rooms.log.words + 1);
		struct drain all = { NULL, 0, words * 64, 0, false };
		uint64_t *from = rooms.log.end - words, *to = rooms.bitmap.end - words;

		fill(&random, &rooms.log, true);
		fill(&random, &rooms.bitmap, true);
		memcpy(rooms.log.expected, rooms.log.start, rooms.log.words * sizeof(*from));
		memcpy(rooms.bitmap.expected, rooms.bitmap.start, rooms.bitmap.words * sizeof(*to));
		drain_slowly(rooms.log.expected + (from - rooms.log.start),
			     rooms.bitmap.expected + (to - rooms.bitmap.start), &all);
		vhi_dirty_merge(from, to, words);
		room_check(&rooms.log, "from");
		room_check(&rooms.bitmap, "to");
	}
	rooms_free(&rooms);
}

static void log_size_of_last_address(void **state)
{
	static const struct {
		uint64_t last, size;
	} cases[] = {
		{ 0, 8 },
		{ 4095, 8 },
		{ 4096, 8 },
		{ 64 * 4096 - 1, 8 },
		{ 64 * 4096, 16 },
		{ (UINT64_C(1) << 30) - 1, 32 << 10 },
		{ UINT64_C(1) << 30, (32 << 10) + 8 },
		{ (UINT64_C(1) << 40) - 1, 32 << 20 },
		{ UINT64_C(0xfffffffffffff000), UINT64_C(1) << 49 },
		{ UINT64_MAX, UINT64_C(1) << 49 },
	};

	for (size_t i = 0; i < COUNT(cases); i++)
		assert_int_equal(vhi_dirty_log_size(cases[i].last), cases[i].size);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(drain_scalar_matches_oracle),
		cmocka_unit_test(drain_avx2_matches_oracle),
		cmocka_unit_test(drain_best_matches_oracle),
		cmocka_unit_test(drain_at_unaligned_ends_touches_nothing_else),
		cmocka_unit_test(drain_of_clean_log_does_not_touch_bitmap),
		cmocka_unit_test(merge_of_logs_keeps_all_bits),
		cmocka_unit_test(log_size_of_last_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
