/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * api-world - two devices of one guest on the fake kernel, and what must be so whatever is called: the
 * devices write dirty pages whenever they are looked at, and all of these must be read.
 */
#ifndef TESTS_FUZZ_API_WORLD_H
#define TESTS_FUZZ_API_WORLD_H

#include "fuzz.h"
#include "rig.h"

#define WORLD_DEVS  2u
#define WORLD_PAIRS 2u /* of a device, at most */
#define WORLD_RINGS (2 * WORLD_PAIRS)

/* The second and the third region, which are halves of the rig's other memory. */
#define WORLD_MORE(n)	(0x48000000ull + (n)*0x8000000ull)
#define WORLD_MORE_SIZE (RIG_MORE_SIZE / 2)
#define WORLD_WORDS	((WORLD_MORE(1) + WORLD_MORE_SIZE) / VHC_PAGE_SIZE / 64 + 1)

/* What a device has in the kernel, of which a call that fails must leave everything as it was. */
struct world_ring {
	bool runs;
	struct fake_ring ring; /* zero unless it runs */
};

struct world_state {
	struct fake_left left;
	struct world_ring rings[WORLD_DEVS * WORLD_RINGS];
};

struct world {
	struct rig rig; /* its kernel, context and memory */
	uint32_t pairs[WORLD_DEVS];
	bool iommu[WORLD_DEVS]; /* its rings' addresses are I/O virtual */
	struct vhc_dev *dev[WORLD_DEVS];
	struct vhc_tap *tap[WORLD_DEVS];
	char *saved; /* the last document, for a load */
	uint64_t seed;
	bool logs;	    /* the dirty log is on, and read here */
	bool file;	    /* its reader is another process */
	bool doubled;	    /* two calls to the kernel failed in one of the library's */
	bool closing;	    /* a device is being closed */
	uint32_t failed;    /* calls to the kernel, before this call of the library */
	const char *broken; /* what was wrong during a call */
	uint64_t owed[WORLD_WORDS], due[WORLD_WORDS];
};

void world_new(struct world *world, struct fuzz *fuzz);
/** world_free() - all devices can be stopped or reset, all pages can be read, and nothing is left. */
void world_free(struct world *world);

/** world_ring_addr() - where a ring is, as its driver knows it. */
struct vhc_ring_addr world_ring_addr(const struct world *world, uint32_t dev, uint32_t ring);

/** world_region() - one of the three regions: 0 has the rings. */
struct vhc_region world_region(const struct world *world, uint32_t n);

/* Each of these is a call of the library that may fail; returns what it returned. */
int world_open(struct world *world, uint32_t dev);
int world_attach(struct world *world, uint32_t dev);
int world_features(struct world *world, uint32_t dev);
int world_map(struct world *world, uint32_t dev);
int world_ring(struct world *world, uint32_t dev, uint32_t ring);
int world_sync(struct world *world);
int world_read(struct world *world, uint64_t first, uint64_t pages);
void world_close(struct world *world, uint32_t dev);

/** world_save() - a copy of what the kernel has. */
void world_save(struct world *world, struct world_state *ret);
/** world_compare() - is it the same? */
void world_compare(struct world *world, const struct world_state *before, const char *call);
/** world_check() - what must be so after any call. */
void world_check(struct world *world);
/** world_write() - devices write pages. */
void world_write(struct world *world);
/** world_forget() - pages that are no longer to be read: all, or those past the end of the memory. */
void world_forget(struct world *world, bool all);

#endif
