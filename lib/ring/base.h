/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * base - where a ring resumes: its base in the kernel's form of 32 bits, and whether the indices in its
 * memory agree with it.  Source: drivers/vhost/vhost.c.
 */
#ifndef LIB_BASE_H
#define LIB_BASE_H

#include "ring/layout.h"

/* A packed ring's base as the kernel and vhost-user carry it: both indices with both wrap bits. */
struct vhc_packed_base {
	uint16_t avail, used; /* 0 to 32767 */
	bool avail_wrap, used_wrap;
};

uint32_t vhc_base_encode(const struct vhc_packed_base *base);
struct vhc_packed_base vhc_base_decode(uint32_t base);
/** vhc_base_fresh() - where a ring that was never used starts: split 0, packed 0x80008000. */
uint32_t vhc_base_fresh(enum vhc_format format);
/**
 * vhc_base_check() - may a ring of @num descriptors have this base at all?  split: 16 bits; packed:
 * both indices below @num.  Returns 0 or -EINVAL.
 */
int vhc_base_check(enum vhc_format format, uint32_t num, uint32_t base, struct vhc_refusal *err);

/**
 * vhc_window_check() - can a split ring go on at @base, when its memory says these indices?  The
 * device must have used at most what it took, and taken at most what is available, no more than
 * @num apart, all modulo 2^16.  Returns 0 or -EINVAL with the three numbers and what they mean.
 */
int vhc_window_check(uint32_t num, uint16_t used, uint16_t base, uint16_t avail,
		     struct vhc_refusal *err);

#endif
