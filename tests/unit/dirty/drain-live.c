/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * drain-live - while a log is drained another thread sets bits in it, or in the bitmap, and
 * none is lost.  Without the flag that says so some are: the check can tell.
 */
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "dirty/drain.h"
#include "random.h"

#define WORDS 3072
#define LOST  200000 /* rounds; a drain that may lose does so in one of the first */

static _Alignas(64) uint64_t shared[WORDS], other[WORDS];

/* What is drained, how and how often, while another thread sets bits of all of @words. */
struct drain {
	uint64_t words, first, pages;
	int rounds;
	vhi_dirty_words_fn *way;
	uint32_t flags;
};

/* A thread that sets bits of @mask, and counts those that were clear. */
struct writer {
	pthread_t thread;
	bool stop;
	uint64_t *at, words, mask, set;
};

static uint64_t set_bits(uint64_t *word, uint64_t bits)
{
	uint64_t before = __atomic_fetch_or(word, bits, __ATOMIC_ACQ_REL);

	return (uint64_t)__builtin_popcountll(bits & ~before);
}

static void *write_bits(void *data)
{
	struct writer *writer = data;
	struct random random = { 7 };

	while (!__atomic_load_n(&writer->stop, __ATOMIC_ACQUIRE)) {
		uint64_t at = random_below(&random, writer->words), bits = random_u64(&random);

		writer->set += set_bits(&writer->at[at], bits & writer->mask);
	}
	return NULL;
}

static void writer_start(struct writer *writer, uint64_t *at, uint64_t words, uint64_t mask)
{
	memset(shared, 0, sizeof(shared));
	memset(other, 0, sizeof(other));
	*writer = (struct writer){ .at = at, .words = words, .mask = mask };
	assert_int_equal(pthread_create(&writer->thread, NULL, write_bits, writer), 0);
}

static void writer_stop(struct writer *writer)
{
	__atomic_store_n(&writer->stop, true, __ATOMIC_RELEASE);
	pthread_join(writer->thread, NULL);
}

/* How many pages are in the bitmap; takes those of @mask out. */
static uint64_t take(const struct drain *drain, uint64_t mask)
{
	uint64_t taken = 0;

	for (uint64_t i = 0; i < drain->words; i++) {
		uint64_t bits = __atomic_exchange_n(&other[i], 0, __ATOMIC_ACQ_REL) & mask;

		taken += (uint64_t)__builtin_popcountll(bits);
	}
	return taken;
}

static uint64_t move(const struct drain *drain, uint64_t first, uint64_t pages)
{
	uint64_t count, moved;

	vhi_dirty_drain_by(drain->way, shared, first, pages, other, drain->flags, &count);
	moved = take(drain, UINT64_MAX);
	if (drain->flags & VHI_DRAIN_LIVE)
		assert_int_equal(count, moved);
	return moved;
}

/* A page goes from clear to set to moved, so what was set must be what is moved. */
static uint64_t lose_from_log(const struct drain *drain)
{
	uint64_t set = 0, moved = 0;
	struct writer writer;

	writer_start(&writer, shared, drain->words, UINT64_MAX);
	for (int round = 0; round < drain->rounds; round++) {
		/* Every second time much is dirty. */
		for (uint64_t i = 0; i < drain->words && round % 2; i++)
			set += set_bits(&shared[i], UINT64_MAX >> (i % 3));
		moved += move(drain, drain->first, drain->pages);
	}
	writer_stop(&writer);
	moved += move(drain, 0, drain->words * 64);
	return set + writer.set - moved;
}

/* Pages with even numbers come from the log, those with odd numbers the other thread sets. */
#define EVEN UINT64_C(0x5555555555555555)

static uint64_t lose_from_bitmap(const struct drain *drain)
{
	struct writer writer;
	uint64_t there = 0;

	writer_start(&writer, other, drain->words, ~EVEN);
	for (int round = 0; round < drain->rounds; round++) {
		for (uint64_t i = 0; i < drain->words; i++)
			shared[i] = round % 2 || i % 100 == 0 ? EVEN << drain->first % 2 : 0;
		vhi_dirty_drain_by(drain->way, shared, drain->first, drain->pages, other,
				   drain->flags, NULL);
		there += take(drain, ~EVEN);
	}
	writer_stop(&writer);
	return writer.set - there - take(drain, ~EVEN);
}

/* On one CPU there is no meanwhile: an OR without a lock is one instruction there too. */
static bool has_two_cpus(void)
{
	cpu_set_t set;

	return sched_getaffinity(0, sizeof(set), &set) < 0 || CPU_COUNT(&set) > 1;
}

typedef uint64_t lose_fn(const struct drain *drain);

static void check_loses(lose_fn *lose, vhi_dirty_words_fn *way)
{
	struct drain drain = { WORDS, 0, WORDS * 64, 20, way, 0 };
	uint64_t lost = 0;

	if (!has_two_cpus()) {
		print_message("one CPU only: not tried without the flag\n");
		return;
	}
	for (int round = 0; round < LOST && !lost; round += drain.rounds)
		lost = lose(&drain);
	print_message("without the flag %" PRIu64 " bits are lost\n", lost);
	assert_true(lost > 0);
}

/* @flag: with it nothing is lost, and without it something is. */
static void check(lose_fn *lose, uint32_t flag)
{
	static const struct drain drains[] = {
		{ WORDS, 0, WORDS * 64, 2000 },	      /* as it should be */
		{ WORDS, 64, WORDS * 64 - 64, 1000 }, /* off a line, off a pair */
		{ WORDS, 17, WORDS * 64 - 99, 1000 }, /* shifted */
		{ 9, 0, 9 * 64, 90000 },	      /* few words, often met */
		{ 2, 17, 77, 30000 },		      /* parts of two words */
	};
	vhi_dirty_words_fn *ways[] = { vhi_dirty_scalar, vhi_dirty_avx2() };

	for (int i = 0; i < 2 && ways[i]; i++) {
		for (size_t n = 0; n < sizeof(drains) / sizeof(drains[0]); n++)
			for (uint32_t flags = 0; flags < 4; flags++) {
				struct drain drain = drains[n];

				drain.way = ways[i];
				drain.flags = flags;
				if (flags & flag)
					assert_int_equal(lose(&drain), 0);
			}
		check_loses(lose, ways[i]);
	}
}

static void drain_of_live_log_loses_no_bit(void **state)
{
	check(lose_from_log, VHI_DRAIN_LIVE);
}

static void drain_to_shared_bitmap_loses_no_bit(void **state)
{
	check(lose_from_bitmap, VHI_DRAIN_ATOMIC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(drain_of_live_log_loses_no_bit),
		cmocka_unit_test(drain_to_shared_bitmap_loses_no_bit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
