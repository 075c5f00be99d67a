/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * crowd - several devices of one guest: one memory table and one dirty log, a tap for each.  Rings
 * are counted through all of them, and each has its place in the rig's memory.
 */
#ifndef TESTS_CROWD_H
#define TESTS_CROWD_H

#include "rig.h"

#define CROWD_MAX 3u

struct crowd {
	struct rig rig; /* its kernel, context and memory; its own device and tap are not used */
	uint32_t count, pairs;
	struct vhc_dev *dev[CROWD_MAX];
	struct vhc_tap *tap[CROWD_MAX];
	bool broken; /* crowd_check() said no once */
};

/** crowd_new() - @count devices of @pairs queue pairs, all set up, and none runs. */
void crowd_new(struct crowd *crowd, const char *kernel, uint32_t count, uint32_t pairs);
/** crowd_free() - close what is open, and nothing may be left. */
void crowd_free(struct crowd *crowd);
/** crowd_open() - one of them, when it is closed, set up again. */
void crowd_open(struct crowd *crowd, uint32_t n);
void crowd_close(struct crowd *crowd, uint32_t n);
/** crowd_setup() - features, and the rings with size, addresses and eventfds. */
void crowd_setup(struct crowd *crowd, uint32_t n);
/** crowd_up() - all, and started; it must succeed. */
void crowd_up(struct crowd *crowd, const char *kernel, uint32_t count, uint32_t pairs);

/** crowd_add() - stage a region, which user memory of the rig's @at stands for. */
int crowd_add(struct crowd *crowd, uint64_t guest, uint64_t size, const void *at);
/** crowd_rings_memory() - stage the region that the rings are in. */
int crowd_rings_memory(struct crowd *crowd);

/** crowd_vhost() - what the kernel has of the pair @pair of device @n. */
struct fake_vhost *crowd_vhost(struct crowd *crowd, uint32_t n, uint32_t pair);
/** crowd_kernel() - a copy of what the kernel has of all devices, as many as there are pairs. */
struct fake_vhost *crowd_kernel(struct crowd *crowd);
/** crowd_same() - is it the same now?  Frees the copy. */
bool crowd_same(struct crowd *crowd, struct fake_vhost *before);

/** crowd_need() - bytes of log that a kernel's table needs, by the kernel's own reckoning. */
uint64_t crowd_need(const struct fake_vhost *vhost);

/**
 * crowd_check() - what must be so at any moment: a ring that runs and logs has a log that is mapped,
 * as long as the table needs, and its used ring's guest address; never LOG_ALL without a log.
 * Says on stderr what is not.
 */
bool crowd_check(struct fake *fake);
/** crowd_watch() - crowd_check() after every call from now on; crowd_free() fails if it said no. */
void crowd_watch(struct crowd *crowd);

#endif
