/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ground_dirty_live - while a log is drained another thread sets bits in it, or in the bitmap, and
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

#include "dirty.h"
#include "ground_random.h"

#define WORDS 4096
#define LOST  100000 /* rounds; a drain that may lose does so in one of the first */

static _Alignas(64) uint64_t shared[WORDS], other[WORDS];

/* A thread that sets bits of @words, those of @mask only, and counts those that were clear. */
struct writer {
	pthread_t thread;
	bool stop;
	uint64_t *words, mask, set;
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
		uint64_t at = random_below(&random, WORDS), bits = random_u64(&random);

		writer->set += set_bits(&writer->words[at], bits & writer->mask);
	}
	return NULL;
}

static void writer_start(struct writer *writer, uint64_t *words, uint64_t mask)
{
	*writer = (struct writer){ .words = words, .mask = mask };
	assert_int_equal(pthread_create(&writer->thread, NULL, write_bits, writer), 0);
}

static void writer_stop(struct writer *writer)
{
	__atomic_store_n(&writer->stop, true, __ATOMIC_RELEASE);
	pthread_join(writer->thread, NULL);
}

/* Every second round much is dirty.  Returns how many bits were clear. */
static uint64_t fill(int round)
{
	uint64_t set = 0;

	for (int i = 0; i < WORDS && round % 2; i++)
		set += set_bits(&shared[i], UINT64_MAX >> (i % 3));
	return set;
}

/* How many pages are in the bitmap; takes those of @mask out. */
static uint64_t take(uint64_t mask)
{
	uint64_t taken = 0;

	for (int i = 0; i < WORDS; i++) {
		uint64_t bits = __atomic_exchange_n(&other[i], 0, __ATOMIC_ACQ_REL) & mask;

		taken += (uint64_t)__builtin_popcountll(bits);
	}
	return taken;
}

/* A round of a drain.  A page goes from clear to set to moved, so what was set must be what is moved. */
static uint64_t drain(vhc_dirty_words_fn *way, uint32_t flags, uint64_t first)
{
	uint64_t count, moved;

	vhc_dirty_drain_by(way, shared, first, WORDS * 64 - first, other, flags, &count);
	moved = take(UINT64_MAX);
	if (flags & VHC_DRAIN_LIVE)
		assert_int_equal(count, moved);
	return moved;
}

static uint64_t lose_from_log(vhc_dirty_words_fn *way, uint32_t flags, uint64_t first, int rounds)
{
	uint64_t set = 0, moved = 0;
	struct writer writer;

	memset(shared, 0, sizeof(shared));
	memset(other, 0, sizeof(other));
	writer_start(&writer, shared, UINT64_MAX);
	for (int round = 0; round < rounds; round++) {
		set += fill(round);
		moved += drain(way, flags, first);
	}
	writer_stop(&writer);
	moved += drain(way, flags, 0);
	return set + writer.set - moved;
}

/* Pages with even numbers come from the log, those with odd numbers the other thread sets. */
#define EVEN UINT64_C(0x5555555555555555)

static uint64_t lose_from_bitmap(vhc_dirty_words_fn *way, uint32_t flags, uint64_t first,
				 int rounds)
{
	struct writer writer;
	uint64_t there = 0;

	memset(other, 0, sizeof(other));
	writer_start(&writer, other, ~EVEN);
	for (int round = 0; round < rounds; round++) {
		for (int i = 0; i < WORDS; i++)
			shared[i] = round % 2 || i % 100 == 0 ? EVEN << first % 2 : 0;
		vhc_dirty_drain_by(way, shared, first, WORDS * 64 - first, other, flags, NULL);
		there += take(~EVEN);
	}
	writer_stop(&writer);
	return writer.set - there - take(~EVEN);
}

/* On one CPU there is no meanwhile: an OR without a lock is one instruction there too. */
static bool has_two_cpus(void)
{
	cpu_set_t set;

	return sched_getaffinity(0, sizeof(set), &set) < 0 || CPU_COUNT(&set) > 1;
}

typedef uint64_t lose_fn(vhc_dirty_words_fn *way, uint32_t flags, uint64_t first, int rounds);

/* @flag: with it nothing is lost, and without it something is. */
static void check(lose_fn *lose, uint32_t flag)
{
	static const uint64_t firsts[] = { 0, 64, 17 };
	vhc_dirty_words_fn *ways[] = { vhc_dirty_scalar, vhc_dirty_avx2() };

	for (int i = 0; i < 2 && ways[i]; i++) {
		uint64_t lost = 0;

		for (int n = 0; n < 3; n++)
			for (uint32_t flags = 0; flags < 4; flags++)
				if (flags & flag)
					assert_int_equal(lose(ways[i], flags, firsts[n], 400), 0);
		if (!has_two_cpus()) {
			print_message("one CPU only: not tried without the flag\n");
			continue;
		}
		for (int round = 0; round < LOST && !lost; round += 20)
			lost = lose(ways[i], 0, 0, 20);
		print_message("without the flag %" PRIu64 " bits are lost\n", lost);
		assert_true(lost > 0);
	}
}

static void test_live_log(void **state)
{
	check(lose_from_log, VHC_DRAIN_LIVE);
}

static void test_shared_bitmap(void **state)
{
	check(lose_from_bitmap, VHC_DRAIN_ATOMIC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_live_log),
		cmocka_unit_test(test_shared_bitmap),
	};

	return cmocka_run_group_tests_name("ground_dirty_live", tests, NULL, NULL);
}
