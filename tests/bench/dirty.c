/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * dirty - moves pages from a dirty log into a bitmap: vhi_dirty_drain() compared with a loop like
 * QEMU's vhost_dev_sync_region(), and with what memory can do: reading the log, which is the limit for a
 * clean one; reading log and bitmap, which is the limit where much is dirty; and memcpy() of the log.
 *
 * dirty [--svg FILE]
 * Neither log nor bitmap is in a cache.  The methods alternate, and every result is compared.  A ratio
 * is the median of the rounds' ratios, since other programs slow memory down too.
 * For each page QEMU does more than the one locked OR that the loop does here.
 */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include "bench.h"
#include "dirty/drain.h"
#include "dirty-plot.h"

#define NOINLINE __attribute__((noinline))
#define ROUNDS	 51
#define LOOPS	 9 /* rounds of the loop, where it takes up to half a second */
#define RUN	 512

static uint64_t *pattern, *dirty_log, *bitmap;
static volatile uint64_t result; /* of a sum, so that it is not left out */

/* ---------------------------------------------------------------------------------- the methods */

/* One page, as a function that works on any memory region has to do it. */
NOINLINE static void set_dirty(uint64_t *words, uint64_t page)
{
	__atomic_fetch_or(&words[page / 64], UINT64_C(1) << page % 64, __ATOMIC_SEQ_CST);
}

NOINLINE static void loop_like_qemu(uint64_t words)
{
	for (uint64_t i = 0; i < words; i++) {
		uint64_t bits = __atomic_load_n(&dirty_log[i], __ATOMIC_RELAXED);

		if (!bits)
			continue;
		bits = __atomic_exchange_n(&dirty_log[i], 0, __ATOMIC_SEQ_CST);
		for (; bits; bits &= bits - 1)
			set_dirty(bitmap, i * 64 + (uint64_t)__builtin_ctzll(bits));
	}
}

NOINLINE static uint64_t sum_scalar(const uint64_t *at, uint64_t words)
{
	const uint64_t *end = at + words;
	uint64_t total = 0;

	for (; at < end; at += 8)
		total += at[0] + at[1] + at[2] + at[3] + at[4] + at[5] + at[6] + at[7];
	return total;
}

#if defined(__x86_64__)
typedef uint64_t half_line __attribute__((vector_size(32), aligned(8), may_alias));

__attribute__((target("avx2"))) NOINLINE static uint64_t sum_avx2(const uint64_t *words,
								  uint64_t count)
{
	const half_line *at = (const half_line *)words, *end = at + count / 4;
	half_line low = { 0 }, high = { 0 };

	for (; at < end; at += 2) {
		low += at[0];
		high += at[1];
	}
	low += high;
	return low[0] + low[1] + low[2] + low[3];
}
#endif

/* Reads words as fast as this CPU can, and writes nothing. */
static uint64_t sum(const uint64_t *words, uint64_t count)
{
#if defined(__x86_64__)
	if (__builtin_cpu_supports("avx2"))
		return sum_avx2(words, count);
#endif
	return sum_scalar(words, count);
}

/* A few lines of each in turn. */
static uint64_t sum_both(uint64_t words)
{
	enum { PART = 64 };
	uint64_t both = 0;

	for (uint64_t i = 0; i < words; i += PART)
		both += sum(dirty_log + i, PART) + sum(bitmap + i, PART);
	return both;
}

static void take(int way, uint64_t words)
{
	static const uint32_t flags[] = {
		[EXCHANGE] = VHI_DRAIN_LIVE,
		[EXCHANGE_ATOMIC] = VHI_DRAIN_LIVE | VHI_DRAIN_ATOMIC,
		[SWAP] = 0,
		[SWAP_ATOMIC] = VHI_DRAIN_ATOMIC,
	};

	if (way == LOOP)
		loop_like_qemu(words);
	else if (way == SUM)
		result = sum(dirty_log, words);
	else if (way == SUM_BOTH)
		result = sum_both(words);
	else if (way == COPY)
		memcpy(bitmap, dirty_log, words * sizeof(*bitmap));
	else
		vhi_dirty_drain(dirty_log, 0, words * 64, bitmap, flags[way], NULL);
}

/* ------------------------------------------------------------------------------ what is dirty */

static uint64_t random_u64(void)
{
	static uint64_t state = 1;
	uint64_t z = state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

/* How fast a way must be, compared with another. */
struct wanted {
	int way, with;
	double least; /* 0: nothing is wanted */
	const char *name;
};

static const struct density {
	const char *name;
	double share;
	uint64_t run; /* pages in a row */
	struct wanted wanted[2];
} densities[DENSITIES] = {
	{ "clean", 0, 1, { { EXCHANGE, LOOP, 1, "loop" }, { EXCHANGE, SUM, 0.95, "sum" } } },
	{ "0.01 % random", 0.0001, 1, { { 0 } } },
	{ "1 % random", 0.01, 1, { { 0 } } },
	{ "1 % in runs of 512", 0.01, RUN, { { 0 } } },
	{ "50 % random", 0.5, 1, { { SWAP, COPY, 0.95, "memcpy" } } },
	{ "50 % in runs of 512", 0.5, RUN, { { 0 } } },
};

/* Exactly that many, even if some are drawn twice. */
static void make_pattern(const struct density *density, uint64_t words)
{
	uint64_t pages = words * 64, left = (uint64_t)((double)pages * density->share + 0.5);

	memset(pattern, 0, words * sizeof(*pattern));
	while (left) {
		uint64_t page = random_u64() % (pages - density->run + 1);

		for (uint64_t i = 0; i < density->run && left; i++, page++) {
			uint64_t bit = UINT64_C(1) << page % 64;

			left -= !(pattern[page / 64] & bit);
			pattern[page / 64] |= bit;
		}
	}
}

/* ---------------------------------------------------------------------------------- measuring */

static void forget(const void *at, uint64_t size)
{
#if defined(__x86_64__)
	for (uint64_t i = 0; i < size; i += 64)
		__builtin_ia32_clflush((const char *)at + i);
	__builtin_ia32_mfence();
#else
	static char other[64 << 20];

	memset(other, 1, sizeof(other));
#endif
}

/* CPU time, not wall-clock time: the loop is long enough to be preempted on a busy machine. */
static double cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

/* Nanoseconds, or a negative number if the result is wrong. */
static double measure(int way, uint64_t words)
{
	uint64_t size = words * sizeof(*bitmap);
	double start, ns;

	memcpy(dirty_log, pattern, size);
	memset(bitmap, 0, size);
	forget(pattern, size);
	forget(dirty_log, size);
	forget(bitmap, size);
	start = cpu_ns();
	take(way, words);
	ns = cpu_ns() - start;
	if (way == SUM || way == SUM_BOTH)
		return ns;
	if (memcmp(bitmap, pattern, size))
		return -1;
	if (way == COPY)
		return ns;
	return dirty_log[0] || memcmp(dirty_log, dirty_log + 1, size - sizeof(*dirty_log)) ? -1
											   : ns;
}

/* All ways, @rounds times.  Returns 0 if all results are right. */
static int measure_rounds(double ns[WAYS][ROUNDS], uint64_t words, bool slow)
{
	for (int round = 0; round < ROUNDS; round++)
		for (int way = 0; way < WAYS; way++) {
			bool again = way == LOOP && slow && round >= LOOPS;

			ns[way][round] = again ? ns[way][round % LOOPS] : measure(way, words);
			if (ns[way][round] < 0) {
				fprintf(stderr, "dirty: wrong result of way %d\n", way);
				return 1;
			}
		}
	return 0;
}

static double ratio(double ns[WAYS][ROUNDS], int way, int with)
{
	double ratios[ROUNDS];

	for (int round = 0; round < ROUNDS; round++)
		ratios[round] = ns[with][round] / ns[way][round];
	return median(ratios, ROUNDS);
}

static int measure_case(const struct density *density, uint64_t words, struct dirty_case *ret)
{
	double ns[WAYS][ROUNDS];

	make_pattern(density, words);
	if (measure_rounds(ns, words, density->share > 0.1 && words > 1 << 20))
		return 1;
	for (int way = 0; way < WAYS; way++)
		for (int with = 0; with < WAYS; with++)
			ret->ratio[way][with] = ratio(ns, way, with);
	ret->loop_us = median(ns[LOOP], ROUNDS) / 1000;
	/* What VHC_DIRTY_AUTO selects after such a pass. */
	ret->automatic =
		words * sizeof(*bitmap) >= 2 << 20 && density->share >= 0.01 ? SWAP : EXCHANGE;
	ret->density = density->name;
	return 0;
}

/* ------------------------------------------------------------------------------------ the table */

static void print_wanted(const struct dirty_case *of, const struct wanted *wanted)
{
	double got = of->ratio[wanted->way][wanted->with];

	if (wanted->least > 0)
		printf("  >= %g %s: %s", wanted->least, wanted->name,
		       got >= wanted->least ? "yes" : "no");
}

static void print_case(const struct dirty_case *of, const struct density *density)
{
	printf("%-9s%-20s%10.4g", of->guest, of->density, of->loop_us);
	for (int way = 0; way < LOOP; way++)
		printf("%9.3g", of->ratio[way][LOOP]);
	printf("%11.2f%11.2f%11.2f  %-8s", of->ratio[EXCHANGE][SUM], of->ratio[SWAP][COPY],
	       of->ratio[SWAP][SUM_BOTH], of->automatic == SWAP ? "swap" : "exchange");
	for (int i = 0; i < 2; i++)
		print_wanted(of, &density->wanted[i]);
	printf("\n");
}

static void print_heads(void)
{
	printf("Dirty log into a bitmap: how many times faster than a loop like QEMU's, caches cold\n"
	       "%-9s%-20s%10s%9s%9s%9s%9s%9s%9s%9s%11s%11s%11s  %-8s  %s\n",
	       "guest", "dirty", "loop, us", "exchange", "atomic", "swap", "atomic", "memcpy",
	       "sum", "sum both", "exch./sum", "swap/copy", "swap/both", "auto", "wanted");
}

static uint64_t *pages_for(uint64_t size)
{
	uint64_t *at = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	return at == MAP_FAILED ? NULL : at;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		uint64_t gib;
	} guests[GUESTS] = { { "16 GiB", 16 }, { "256 GiB", 256 }, { "1 TiB", 1024 } };
	static struct dirty_case cases[GUESTS * DENSITIES];
	uint64_t most = vhi_dirty_log_size((guests[GUESTS - 1].gib << 30) - 1);
	const char *svg = argc == 3 && !strcmp(argv[1], "--svg") ? argv[2] : NULL;

	if (argc > 1 && !svg) {
		fprintf(stderr, "usage: dirty [--svg FILE]\n");
		return 2;
	}
	pattern = pages_for(most);
	dirty_log = pages_for(most);
	bitmap = pages_for(most);
	if (!pattern || !dirty_log || !bitmap) {
		perror("dirty");
		return 1;
	}
	print_heads();
	for (int i = 0; i < GUESTS * DENSITIES; i++) {
		uint64_t size = vhi_dirty_log_size((guests[i / DENSITIES].gib << 30) - 1);

		cases[i].guest = guests[i / DENSITIES].name;
		if (measure_case(&densities[i % DENSITIES], size / sizeof(*bitmap), &cases[i]))
			return 1;
		print_case(&cases[i], &densities[i % DENSITIES]);
		fflush(stdout);
	}
	if (svg && dirty_plot(svg, cases) < 0) {
		perror(svg);
		return 1;
	}
	return 0;
}
