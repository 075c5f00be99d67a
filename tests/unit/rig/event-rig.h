/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * event-rig - rings that the kernel gives up on and addresses that it waits for: made to happen on the fake
 * kernel, and looked for among the events.
 */
#ifndef TESTS_EVENT_RIG_H
#define TESTS_EVENT_RIG_H

#include <poll.h>

#include "rig.h"

#define PAGE 0x1000ull

static inline bool readable(struct rig *rig, int fd)
{
	struct pollfd ready = { fd, POLLIN, 0 };

	return fake_sys.poll(rig->fake, &ready, 1) == 1;
}

static inline void fail_ring(struct rig *rig, uint32_t ring, uint32_t count)
{
	fake_raise_error(rig->fake, rig_vhost(rig, ring / 2), ring % 2, count);
}

static inline void miss(struct rig *rig, uint32_t ring, uint64_t iova, uint8_t perm)
{
	fake_raise_miss(rig->fake, rig_vhost(rig, ring / 2), ring % 2, iova, perm);
}

static inline int next(struct rig *rig, struct vhc_event *event)
{
	memset(event, 0xff, sizeof(*event));
	event->sz = sizeof(*event);
	return vhc_dev_next_event(rig->dev, event);
}

static inline void assert_error(struct rig *rig, uint32_t ring, uint32_t count)
{
	struct vhc_event event;

	assert_int_equal(next(rig, &event), 1);
	assert_int_equal(event.kind, VHC_EVENT_RING_ERROR);
	assert_int_equal(event.ring, ring);
	assert_int_equal(event.count, count);
	assert_int_equal(event.iova | event.perm, 0);
}

static inline void assert_miss(struct rig *rig, uint32_t ring, uint64_t iova, uint32_t perm)
{
	struct vhc_event event;

	assert_int_equal(next(rig, &event), 1);
	assert_int_equal(event.kind, VHC_EVENT_MISS);
	assert_int_equal(event.ring, ring);
	assert_int_equal(event.iova, iova);
	assert_int_equal(event.perm, perm);
	assert_int_equal(event.count, 0);
}

static inline void assert_nothing(struct rig *rig)
{
	struct vhc_event event, before;

	memset(&before, 0xff, sizeof(before));
	before.sz = sizeof(before);
	assert_int_equal(next(rig, &event), 0);
	assert_memory_equal(&event, &before, sizeof(event));
}

static inline void up(struct rig *rig, const char *kernel, uint32_t pairs, bool iommu)
{
	rig_new(rig, kernel, pairs);
	rig->iommu = iommu;
	rig_up(rig);
}

#endif
