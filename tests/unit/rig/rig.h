/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * rig - a device on the fake kernel, with memory, a tap and rings, brought up call by call.  Every
 * function returns what the library returned, and may be called again after it failed.
 */
#ifndef TESTS_RIG_H
#define TESTS_RIG_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* after the others */
#include <cmocka.h>

#include "fake.h"
#include "features/features.h"
#include "vhostconfig.h"

/* Guest addresses are not user addresses: code that mixes them up is found. */
#define RIG_GUEST     0x40000000ull
#define RIG_RING_ROOM 0x4000ull /* descriptors, 0x1000 avail, 0x2000 used */
#define RIG_SIZE      256u
/* A region beside the one with the rings, far above it. */
#define RIG_MORE      0x240000000ull
#define RIG_MORE_SIZE 0x20000ull
/* Behind an IOMMU all of the guest's memory is here too, and rings have these addresses. */
#define RIG_IOVA 0x1000000000ull
#define RIG_RW	 (VHC_PERM_READ | VHC_PERM_WRITE)

struct rig {
	const char *kernel;
	uint32_t pairs, rings;
	uint32_t dev_flags;
	bool array; /* use a feature above 63 */
	bool iommu; /* addresses go through one */
	struct fake *fake;
	struct vhc_ctx *ctx;
	struct vhc_mem *mem;
	struct vhc_tap *tap;
	struct vhc_dev *dev;
	int vm;		/* a VM's fd, once a test makes one; 0: none */
	uint32_t stuck; /* bindings that the VM keeps, as the test knows */
	uint8_t *ram;
	uint64_t ram_size;
	uint8_t *more; /* RIG_MORE_SIZE bytes that are not the guest's at first */
	struct vhc_features acked;
};

/** rig_new() - the fake kernel, the context and the memory that will be the guest's. */
void rig_new(struct rig *rig, const char *kernel, uint32_t pairs);
/** rig_new_workers() - and a device that will know its workers.  @flags: more of the device's. */
void rig_new_workers(struct rig *rig, const char *kernel, uint32_t pairs, uint32_t flags);
/** rig_free() - close what is open, and nothing may be left. */
void rig_free(struct rig *rig);
/** rig_close() - the library's objects only. */
void rig_close(struct rig *rig);

/*
 * A row of a table of tests that get a rig through *state, new or up, which is freed after it.
 */
#define RIG_TEST(test, kernel, pairs)                                    \
	{                                                                \
#test, test, rig_setup, rig_teardown, &(struct rig_args) \
		{                                                        \
			kernel, pairs                                    \
		}                                                        \
	}
#define RIG_TEST_UP(test, kernel, pairs)                                    \
	{                                                                   \
#test, test, rig_setup_up, rig_teardown, &(struct rig_args) \
		{                                                           \
			kernel, pairs                                       \
		}                                                           \
	}

struct rig_args {
	const char *kernel;
	uint32_t pairs;
};

int rig_setup(void **state);
int rig_setup_up(void **state);
int rig_teardown(void **state);

int rig_mem(struct rig *rig);
/** rig_more() - the second region comes to the guest's memory; and goes. */
int rig_more(struct rig *rig);
int rig_less(struct rig *rig);
int rig_tap(struct rig *rig);
/** rig_open_tap() - another one than rig_tap()'s, which belongs to 1000 where @flags say so. */
int rig_open_tap(struct rig *rig, const char *name, uint32_t queues, uint32_t flags);
int rig_dev(struct rig *rig);
int rig_attach(struct rig *rig);
int rig_offer(struct rig *rig);
int rig_features(struct rig *rig);
/** rig_map() - behind an IOMMU: map all of the memory. */
int rig_map(struct rig *rig);
/** rig_map_at() - map anything. */
int rig_map_at(struct rig *rig, uint64_t iova, uint64_t size, uint64_t guest, uint32_t perm);
/** rig_ring() - one ring: size, addresses, kick and call. */
int rig_ring(struct rig *rig, uint32_t ring);
int rig_rings(struct rig *rig);
int rig_start(struct rig *rig);
/** rig_prepare() - everything before the start; it must succeed. */
void rig_prepare(struct rig *rig);
/** rig_up() - everything and the start; it must succeed. */
void rig_up(struct rig *rig);

/** rig_acked() - what a guest accepts: of the header, of the tap, and of its own model. */
struct vhc_features rig_acked(bool array);
/** rig_addr() - where ring i is. */
struct vhc_ring_addr rig_addr(uint32_t ring);
/** rig_io_addr() - where ring i is behind an IOMMU. */
struct vhc_ring_addr rig_io_addr(uint32_t ring);
/** rig_set_index() - write the avail ('a') or used ('u') index into a ring's memory. */
void rig_set_index(struct rig *rig, uint32_t ring, char which, uint16_t value);
/** rig_kernel_ring() - what the kernel knows of ring i. */
struct fake_ring *rig_kernel_ring(struct rig *rig, uint32_t ring);

/** rig_vhost() - what the kernel knows of the vhost fd of a pair. */
struct fake_vhost *rig_vhost(struct rig *rig, uint32_t pair);
/** rig_worker() - the worker that the kernel made. */
const struct fake_worker *rig_worker(struct rig *rig, uint32_t pair);
/** rig_tid() - its thread as the library knows it, or the error. */
int rig_tid(struct rig *rig, uint32_t pair);

/** rig_text() - the text of the last error. */
const char *rig_text(const struct rig *rig);
/** rig_says() - is each of these words in it, or in its hint?  NULL ends them.  Prints what is missing. */
bool rig_says(const struct rig *rig, ...) __attribute__((sentinel));

bool left_equal(const struct fake_left *a, const struct fake_left *b);
/**
 * calls_are() - are these the calls to vhost and the tap since the last fake_forget_calls()?
 * @names: "A,B,B".  Prints those that were.
 */
bool calls_are(struct fake *fake, const char *names);

#define assert_says(rig, ...) assert_true(rig_says(rig, __VA_ARGS__, NULL))
#define assert_ok(rig, call)                                                    \
	do {                                                                    \
		int assert_ok_r = (call);                                       \
                                                                                \
		if (assert_ok_r < 0)                                            \
			fail_msg(#call ": %d: %s", assert_ok_r, rig_text(rig)); \
	} while (0)

#endif
