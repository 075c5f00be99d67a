/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * drain-step - a drain is stopped before each of its instructions, and then a bit is set where
 * it will be, or just was, in the log or in the bitmap.  None is lost.  This finds what
 * drain-live finds by luck only, all but a lock that is missing from one instruction.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "dirty/drain.h"
#include "random.h"

#define WORDS 2300 /* a group, and some */

static _Alignas(64) uint64_t shared[WORDS], other[WORDS];

/* What comes between.  Pages with odd numbers of the bitmap are its own. */
static struct {
	uint64_t *at, mask;
	uint64_t words, first, cursor, set;
	struct random random;
} between;

#define EVEN UINT64_C(0x5555555555555555)

#if defined(__x86_64__)
/* The trap flag, set or cleared; below the stack is what the compiler may have there. */
#define TRAP(change)                                                   \
	__asm__ volatile("lea -128(%%rsp), %%rsp\n\tpushfq\n\t" change \
			 "popfq\n\tlea 128(%%rsp), %%rsp" ::           \
				 : "cc", "memory")
#define STEP_BEGIN TRAP("orq $0x100, (%%rsp)\n\t")
#define STEP_END   TRAP("andq $~0x100, (%%rsp)\n\t")
#else
#define STEP_BEGIN skip()
#define STEP_END   (void)0
#endif

/* What the drain has still to move of a word; the first has pages in front of the range. */
static uint64_t left_of(uint64_t word)
{
	return word ? shared[word] : shared[0] >> between.first << between.first;
}

/* The drain goes upwards: the first word that is still set is the next, or is the one it is at. */
static void step(int signal)
{
	uint64_t at, bit = UINT64_C(1) << random_below(&between.random, 64) & between.mask;

	while (between.cursor < between.words - 1 && !left_of(between.cursor))
		between.cursor++;
	at = between.cursor - (between.cursor && random_once_in(&between.random, 3));
	/* Some are kept for later: a compiler that was not asked for speed takes many steps. */
	if (__builtin_popcountll(between.at[at] & between.mask) > 20 &&
	    !random_once_in(&between.random, 64))
		return;
	between.set += bit && !(between.at[at] & bit);
	between.at[at] |= bit;
}

static uint64_t count(const uint64_t *words, uint64_t mask)
{
	uint64_t pages = 0;

	for (int i = 0; i < WORDS; i++)
		pages += (uint64_t)__builtin_popcountll(words[i] & mask);
	return pages;
}

struct drain {
	uint64_t words, first, pages;
	vhi_dirty_words_fn *way;
	uint32_t flags;
};

static void drain_in_steps(const struct drain *drain)
{
	uint64_t moved = 0;

	STEP_BEGIN;
	vhi_dirty_drain_by(drain->way, shared, drain->first, drain->pages, other, drain->flags,
			   drain->flags & VHI_DRAIN_LIVE ? &moved : NULL);
	STEP_END;
	if (drain->flags & VHI_DRAIN_LIVE)
		assert_int_equal(moved, count(other, between.at == other ? EVEN : UINT64_MAX));
}

static void begin(const struct drain *drain, uint64_t *at, uint64_t mask)
{
	between.at = at;
	between.mask = mask;
	between.words = drain->words;
	between.first = drain->first;
	between.cursor = between.set = 0;
	memset(shared, 0, sizeof(shared));
	memset(other, 0, sizeof(other));
	/* Little, then much, then little is dirty. */
	for (uint64_t i = 0; i < drain->words; i++)
		if (drain->words < 100 || (i > 1900 && i < 2200) || i % 50 == 0)
			shared[i] = UINT64_C(0x0010040001400100) << drain->first % 2;
}

/* What was set less what was moved and what still is in the log. */
static uint64_t lose_from_log(const struct drain *drain)
{
	uint64_t before;

	begin(drain, shared, UINT64_MAX);
	before = count(shared, UINT64_MAX);
	drain_in_steps(drain);
	assert_true(between.set > 0);
	return before + between.set - count(shared, UINT64_MAX) - count(other, UINT64_MAX);
}

static uint64_t lose_from_bitmap(const struct drain *drain)
{
	begin(drain, other, ~EVEN);
	drain_in_steps(drain);
	assert_true(between.set > 0);
	return between.set - count(other, ~EVEN);
}

/* @flag: with it nothing is lost.  @loses: without it something is, whatever a compiler makes of it. */
static void check(uint64_t (*lose)(const struct drain *drain), uint32_t flag, bool loses)
{
	static const struct drain drains[] = {
		{ WORDS, 0, WORDS * 64 }, /* not for the one that has no groups */
		{ 600, 18, 600 * 64 - 99 },
		{ 11, 0, 11 * 64 },
		{ 2, 18, 77 },
	};
	vhi_dirty_words_fn *ways[] = { vhi_dirty_scalar, vhi_dirty_avx2() };

	signal(SIGTRAP, step);
	between.random = random_new("steps");
	for (size_t i = 0; i < 2 && ways[i]; i++)
		for (size_t n = !i; n < sizeof(drains) / sizeof(drains[0]); n++)
			for (uint32_t flags = 0; flags < 4; flags++) {
				struct drain drain = drains[n];

				drain.way = ways[i];
				drain.flags = flags;
				if (flags & flag)
					assert_int_equal(lose(&drain), 0);
				else if (n == 1 && loses && flags == 0)
					assert_int_not_equal(lose(&drain), 0);
			}
	signal(SIGTRAP, SIG_DFL);
}

static void drain_of_log_interrupted_anywhere_loses_no_bit(void **state)
{
	check(lose_from_log, VHI_DRAIN_LIVE, true);
}

static void drain_to_bitmap_interrupted_anywhere_loses_no_bit(void **state)
{
	check(lose_from_bitmap, VHI_DRAIN_ATOMIC, false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(drain_of_log_interrupted_anywhere_loses_no_bit),
		cmocka_unit_test(drain_to_bitmap_interrupted_anywhere_loses_no_bit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
