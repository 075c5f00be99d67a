/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * channel - a front-end that has an IOMMU, in served.front, and what it is asked on the channel of
 * SET_BACKEND_REQ_FD, which is a real one, as the loop is.
 */
#ifndef TESTS_BROKER_CHANNEL_H
#define TESTS_BROKER_CHANNEL_H

#include "served.h"

#define IOVA 0x5000000000ull
#define PAGE 0x1000ull
#define RW   (VHC_PERM_READ | VHC_PERM_WRITE)

extern int channel_end; /* the front-end's, or -1 */

int channel_setup(void **state);
int channel_teardown(void **state);

#define CHANNEL_TEST(name) cmocka_unit_test_setup_teardown(name, channel_setup, channel_teardown)

struct session *channel_session(void);
struct fake_vhost *channel_kernel(void);

/**
 * channel_open() - give another one, with a send buffer that is as small as it can be.
 * channel_close(): this end of it.
 */
void channel_open(void);
void channel_close(void);
/** channel_next() - what is asked next, with this permission: an address; 0: nothing is. */
uint64_t channel_next(uint32_t perm);
/** channel_miss() - the guest misses an address. */
void channel_miss(uint64_t iova, uint8_t perm);

/** channel_tell() - an IOTLB message.  As front_tell(). */
int channel_tell(uint8_t type, uint64_t iova, uint64_t size, uint64_t user, uint8_t perm);
int channel_update(uint64_t iova, uint64_t size, uint64_t user);
int channel_invalidate(uint64_t iova, uint64_t size);

/** channel_give_rings() - everything that rings of this size need, but for mappings. */
void channel_give_rings(uint32_t size);
/** channel_prepare() - all in QEMU's order: rings do not run yet. */
void channel_prepare(void);
/** channel_up() - all of the memory is mapped at IOVA, and nothing is asked any more. */
void channel_up(void);

void channel_expect_said(const char *word);
void channel_expect_error(const char *word);
/** channel_expect_inside() - what the kernel has been told is in memory: its worker does not look. */
void channel_expect_inside(void);

#endif
