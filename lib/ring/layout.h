/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * layout - a virtqueue in memory: sizes, alignment, where its parts may be.
 *
 * This room knows what a virtqueue is: its layout, its base (base.h), its descriptor chains (chain.h),
 * and how it can be tied to a KVM VM (binding.h).  All of it is arithmetic on values that callers pass:
 * it makes no system call and knows no device.  Sources: virtio 1.4, 2.7 (split) and 2.8 (packed).
 */
#ifndef LIB_RING_LAYOUT_H
#define LIB_RING_LAYOUT_H

#include "memory/table.h"
#include "text.h"

#define VHI_RING_MAX 32768u

enum vhi_format { VHI_SPLIT, VHI_PACKED };

/* A part of a ring: the descriptors, the driver's area, the device's area. */
enum vhi_part { VHI_DESC, VHI_AVAIL, VHI_USED, VHI_PARTS };

struct vhi_layout {
	uint64_t size[VHI_PARTS]; /* bytes; split: with the EVENT_IDX word after avail and used */
	uint64_t align[VHI_PARTS];
};

/** vhi_layout_part_name() - "descriptor table", "avail ring", "used ring", or the packed names. */
const char *vhi_layout_part_name(enum vhi_format format, enum vhi_part part);

/**
 * vhi_layout_check_size() - 1 to 32768 descriptors, a power of two for a split ring.  Returns 0 or
 * -EINVAL.
 */
int vhi_layout_check_size(enum vhi_format format, uint32_t num, struct vhi_refusal *err);

/** vhi_layout_get() - the layout of a ring of @num descriptors, which must be valid. */
struct vhi_layout vhi_layout_get(enum vhi_format format, uint32_t num);

/** vhi_layout_check_align() - are the three addresses aligned?  Returns 0 or -EINVAL. */
int vhi_layout_check_align(enum vhi_format format, const uint64_t addr[VHI_PARTS],
			   struct vhi_refusal *err);

/**
 * vhi_layout_place() - where the three parts are in this process: each within one region, none over
 * another.  Returns 0 or -EINVAL with the part, its range and the region in the text.
 */
int vhi_layout_place(enum vhi_format format, uint32_t num, const uint64_t addr[VHI_PARTS],
		     struct vhi_table *table, uint64_t ret_user[VHI_PARTS],
		     struct vhi_refusal *err);

/**
 * vhi_layout_check_virtual() - can the three parts be at these I/O virtual addresses?  None may wrap or
 * overlap another.  Returns 0 or -EINVAL.
 */
int vhi_layout_check_virtual(enum vhi_format format, uint32_t num, const uint64_t addr[VHI_PARTS],
			     struct vhi_refusal *err);

/* A ring of a device, and its place there. */
struct vhi_ring_place {
	uint32_t ring, num;
	const uint64_t *addr; /* by part */
};

/**
 * vhi_layout_check_pair() - does no part of one ring overlap a part of another one?  One rule for a start,
 * for a check and for documents.  Returns 0 or -EINVAL with both parts in the text.
 */
int vhi_layout_check_pair(enum vhi_format format, const struct vhi_ring_place *a,
			  const struct vhi_ring_place *b, struct vhi_refusal *err);

#endif
