/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * api-calls - the calls of the library that an input may have.
 */
#ifndef TESTS_FUZZ_API_CALLS_H
#define TESTS_FUZZ_API_CALLS_H

#include "api-world.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* A call: on which device and ring, and more of the input. */
struct call {
	struct world *world;
	struct fuzz *fuzz;
	struct vhc_dev *dev;
	uint32_t n, ring;
};

enum {
	NEEDS_DEV = 1 << 0,
	STOPS = 1 << 1,	 /* as much as it can, also when it fails */
	SEVERAL = 1 << 2 /* calls of the library, of which the first may have succeeded */
};

struct op {
	const char *name; /* NULL: the end of the table */
	int (*run)(struct call *call);
	unsigned int flags;
};

extern const struct op guest_ops[], dev_ops[], ring_ops[];

#endif
