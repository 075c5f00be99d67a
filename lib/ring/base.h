/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * base - where a ring resumes: its base in the kernel's 32-bit form, and whether the indices in the
 * ring's memory agree with it.  Source: drivers/vhost/vhost.c.
 */
#ifndef LIB_RING_BASE_H
#define LIB_RING_BASE_H

#include "ring/layout.h"

/* A packed ring's base as the kernel and vhost-user encode it: both indices with their wrap counters. */
struct vhi_packed_base {
	uint16_t avail, used; /* 0 to 32767 */
	bool avail_wrap, used_wrap;
};

uint32_t vhi_base_encode(const struct vhi_packed_base *base);
struct vhi_packed_base vhi_base_decode(uint32_t base);
/** vhi_base_fresh() - where a ring that was never used starts: split 0, packed 0x80008000. */
uint32_t vhi_base_fresh(enum vhi_format format);
/**
 * vhi_base_check() - can a ring of @num descriptors have this base?  Split: 16 bits; packed: both
 * indices below @num.  Returns 0 or -EINVAL.
 */
int vhi_base_check(enum vhi_format format, uint32_t num, uint32_t base, struct vhi_refusal *err);

/**
 * vhi_window_check() - can a split ring resume at @base, with these indices in its memory?  All modulo
 * 2^16, the device cannot have used more than it took, nor taken more than is available, and available
 * and used are at most @num apart.  Returns 0 or -EINVAL with the three numbers and what they mean.
 */
int vhi_window_check(uint32_t num, uint16_t used, uint16_t base, uint16_t avail,
		     struct vhi_refusal *err);

#endif
