/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * iotlb-slots - what iotlb.c and iotlb-evict.c share: the table itself, mappings in slots that do not
 * move, and a list of them from the oldest to the youngest.
 */
#ifndef LIB_MEMORY_IOTLB_SLOTS_H
#define LIB_MEMORY_IOTLB_SLOTS_H

#include "memory/iotlb.h"

#define VHI_IOTLB_END VHI_IOTLB_MAX /* the list's head, in place of a slot */

struct vhi_iotlb_entry {
	struct vhi_mapping map;
	uint16_t older, younger; /* slots, or VHI_IOTLB_END */
};

struct vhi_iotlb {
	uint32_t count, limit;
	/* for evictions: every mapping older than this slot's must stay, with the ranges that have this digest */
	uint16_t candidate;
	uint64_t kept;
	/* all slots: those of mappings by address, then the free ones */
	uint16_t slot[VHI_IOTLB_MAX];
	struct vhi_iotlb_entry entry[VHI_IOTLB_MAX + 1];
};

/**
 * vhi_iotlb_evict() - let an edit evict mappings until it leaves no more of them than the limit, the oldest
 * first.
 * @pieces: the first so many that the edit adds are the rest of other mappings.  They are younger than all
 * in the table, and may go too.
 * Returns 0, or -E2BIG: too many must stay.
 */
int vhi_iotlb_evict(struct vhi_iotlb *iotlb, struct vhi_iotlb_edit *edit, uint32_t pieces,
		    vhi_iotlb_pin_fn *pin, const void *data);

#endif
