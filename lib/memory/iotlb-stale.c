/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * iotlb-stale - mappings whose memory has moved, or is gone.
 */
#include "memory/iotlb.h"

/* How many bytes from @offset of a mapping on are all valid, or all stale? */
static uint64_t next_stretch(const struct vhi_mapping *map, uint64_t offset,
			     const struct vhi_table *table, bool *valid)
{
	uint64_t guest = map->guest + offset, left = map->size - offset, inside, to_next;
	uint32_t n;

	*valid = false;
	if (!table || !table->count)
		return left;
	n = vhi_table_search(table, guest);
	inside = guest - table->guest[n];
	if (guest < table->guest[n]) {
		to_next = table->guest[n] - guest;
		return to_next < left ? to_next : left;
	}
	if (inside < table->size[n]) {
		*valid = table->user[n] + inside == map->user + offset;
		to_next = table->size[n] - inside;
		return to_next < left ? to_next : left;
	}
	if (n + 1 == table->count)
		return left;
	to_next = table->guest[n + 1] - guest;
	return to_next < left ? to_next : left;
}

bool vhi_iotlb_find_stale(const struct vhi_iotlb *iotlb, const struct vhi_table *table,
			  uint64_t iova, uint64_t *ret_iova, uint64_t *ret_size)
{
	for (uint32_t i = vhi_iotlb_search(iotlb, iova); i < vhi_iotlb_count(iotlb); i++) {
		const struct vhi_mapping *map = vhi_iotlb_at(iotlb, i);
		uint64_t offset = iova > map->iova ? iova - map->iova : 0;

		while (offset < map->size) {
			bool valid;
			uint64_t size = next_stretch(map, offset, table, &valid);

			if (!valid) {
				*ret_iova = map->iova + offset;
				*ret_size = size;
				return true;
			}
			offset += size;
		}
	}
	return false;
}
