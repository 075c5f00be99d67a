/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * iotlb-evict - which mappings go when there are too many: the oldest that no ring is in.
 */
#include <errno.h>
#include <string.h>

#include "memory/iotlb-slots.h"

/* The ranges that must stay mapped. */
struct pins {
	vhi_iotlb_pin_fn *get;
	const void *data;
};

/* Must a mapping stay? */
static bool is_kept(const struct pins *pins, const struct vhi_mapping *map)
{
	uint64_t iova, size;

	for (uint32_t n = 0; pins->get(pins->data, n, &iova, &size); n++)
		if (size && vhi_iotlb_overlaps(iova, size, map->iova, map->size))
			return true;
	return false;
}

/*
 * Whether the ranges are those of before.  Two sets with one digest would only make a guest that looked for
 * them lose another of its mappings, which its device then asks for again.
 */
static uint64_t digest(const struct pins *pins)
{
	uint64_t sum = 0, iova, size;

	for (uint32_t n = 0; pins->get(pins->data, n, &iova, &size); n++)
		if (size) {
			sum = (sum ^ n ^ iova) * UINT64_C(0x9e3779b97f4a7c15);
			sum = (sum ^ sum >> 32 ^ size) * UINT64_C(0xbf58476d1ce4e5b9);
		}
	return sum;
}

/* All mappings that must stay, by slot: each range is looked up, whatever the number of mappings. */
static void mark_kept(const struct vhi_iotlb *iotlb, const struct pins *pins, bool *kept)
{
	uint64_t iova, size;

	memset(kept, 0, VHI_IOTLB_MAX * sizeof(*kept));
	for (uint32_t n = 0; pins->get(pins->data, n, &iova, &size); n++)
		for (uint32_t i = size ? vhi_iotlb_search(iotlb, iova) : iotlb->count;
		     i < iotlb->count && vhi_iotlb_at(iotlb, i)->iova <= iova + (size - 1); i++)
			kept[iotlb->slot[i]] = true;
}

/* @marks: of mark_kept(); NULL: not known. */
static bool stays(const struct vhi_iotlb *iotlb, const struct pins *pins, const bool *marks,
		  uint16_t slot)
{
	return marks ? marks[slot] : is_kept(pins, &iotlb->entry[slot].map);
}

/*
 * Mappings that must stay are passed once, and not again at each eviction.  Where the ranges have changed,
 * all mappings are looked at again, in @room, which is then returned; otherwise NULL.
 */
static const bool *find_candidate(struct vhi_iotlb *iotlb, const struct pins *pins, bool *room)
{
	uint64_t now = digest(pins);
	const bool *marks = NULL;

	if (now != iotlb->kept) {
		mark_kept(iotlb, pins, room);
		marks = room;
		iotlb->candidate = iotlb->entry[VHI_IOTLB_END].younger;
		iotlb->kept = now;
	}
	while (iotlb->candidate != VHI_IOTLB_END && stays(iotlb, pins, marks, iotlb->candidate))
		iotlb->candidate = iotlb->entry[iotlb->candidate].younger;
	return marks;
}

static bool is_removed(const struct vhi_iotlb *iotlb, const struct vhi_iotlb_edit *edit,
		       const struct vhi_mapping *map)
{
	return edit->count && map->iova >= vhi_iotlb_at(iotlb, edit->first)->iova &&
	       map->iova <= vhi_iotlb_at(iotlb, edit->first + edit->count - 1)->iova;
}

/* The first of the pieces to be added that need not stay goes. */
static bool drop_piece(struct vhi_iotlb_edit *edit, uint32_t pieces, const struct pins *pins)
{
	uint32_t piece = 0;

	while (piece < pieces && is_kept(pins, &edit->add[piece]))
		piece++;
	if (piece == pieces)
		return false;
	edit->adds--;
	for (uint32_t i = piece; i < edit->adds; i++)
		edit->add[i] = edit->add[i + 1];
	return true;
}

int vhi_iotlb_evict(struct vhi_iotlb *iotlb, struct vhi_iotlb_edit *edit, uint32_t pieces,
		    vhi_iotlb_pin_fn *pin, const void *data)
{
	const struct pins pins = { pin, data };
	uint32_t then = iotlb->count - edit->count + edit->adds;
	bool room[VHI_IOTLB_MAX];
	const bool *marks;

	if (then <= iotlb->limit)
		return 0;
	marks = find_candidate(iotlb, &pins, room);
	for (uint16_t slot = iotlb->candidate; slot != VHI_IOTLB_END && then > iotlb->limit;
	     slot = iotlb->entry[slot].younger) {
		const struct vhi_mapping *map = &iotlb->entry[slot].map;

		if (!is_removed(iotlb, edit, map) && !stays(iotlb, &pins, marks, slot)) {
			edit->evict[edit->evicts++] = *map;
			then--;
		}
	}
	for (; then > iotlb->limit; then--, pieces--)
		if (!drop_piece(edit, pieces, &pins))
			return -E2BIG;
	return 0;
}
