/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * random - numbers that look random and are the same in every run: a failure can be had again.
 * The seed is printed; TEST_SEED=N in the environment gives another.
 */
#ifndef TESTS_RANDOM_H
#define TESTS_RANDOM_H

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

struct random {
	uint64_t state;
};

static inline struct random random_new(const char *what)
{
	const char *seed = getenv("TEST_SEED");
	struct random random = { seed ? strtoull(seed, NULL, 0) : 1 };

	printf("%s: seed %" PRIu64 "\n", what, random.state);
	return random;
}

/* splitmix64 */
static inline uint64_t random_u64(struct random *random)
{
	uint64_t z = random->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static inline uint64_t random_below(struct random *random, uint64_t limit)
{
	return random_u64(random) % limit;
}

/* True once in @n times. */
static inline int random_once_in(struct random *random, uint64_t n)
{
	return random_below(random, n) == 0;
}

#endif
