/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * base - where a ring resumes.
 */
#include "ring/base.h"

#include <inttypes.h>

#define WRAP 0x8000u

uint32_t vhi_base_encode(const struct vhi_packed_base *base)
{
	uint32_t avail = base->avail | (base->avail_wrap ? WRAP : 0);
	uint32_t used = base->used | (base->used_wrap ? WRAP : 0);

	return avail | used << 16;
}

struct vhi_packed_base vhi_base_decode(uint32_t base)
{
	return (struct vhi_packed_base){
		.avail = base & (WRAP - 1),
		.used = base >> 16 & (WRAP - 1),
		.avail_wrap = base & WRAP,
		.used_wrap = base >> 16 & WRAP,
	};
}

uint32_t vhi_base_fresh(enum vhi_format format)
{
	/* Both wrap counters of a packed ring start at 1. */
	return format == VHI_PACKED ? WRAP << 16 | WRAP : 0;
}

int vhi_base_check(enum vhi_format format, uint32_t num, uint32_t base, struct vhi_refusal *err)
{
	struct vhi_packed_base packed = vhi_base_decode(base);

	if (format == VHI_SPLIT && base > UINT16_MAX)
		return vhi_refuse(
			err, "base %" PRIu32 " of a split ring is more than 16 bits (65535)", base);
	if (format == VHI_PACKED && (packed.avail >= num || packed.used >= num))
		return vhi_refuse(err,
				  "base 0x%08" PRIx32
				  " of a packed ring: available index %u and used index "
				  "%u must be below its size of %" PRIu32 " descriptors",
				  base, packed.avail, packed.used, num);
	return 0;
}

int vhi_window_check(uint32_t num, uint16_t used, uint16_t base, uint16_t avail,
		     struct vhi_refusal *err)
{
	uint16_t pending = (uint16_t)(avail - used), taken = (uint16_t)(base - used);

	if (pending > num)
		return vhi_refuse(
			err,
			"its memory has used index %u and available index %u: %u apart, more than "
			"its %" PRIu32 " descriptors; this is not the ring's memory, or not yet",
			used, avail, pending, num);
	if (taken > pending)
		return vhi_refuse(
			err,
			"base %u is not within used index %u and available index %u of its memory: "
			"the device would stall, or use buffers that are not available",
			base, used, avail);
	return 0;
}
