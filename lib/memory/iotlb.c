/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * iotlb - mappings in slots that do not move: an array of slot numbers sorted by address, and a list
 * from the oldest mapping to the youngest.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "memory/iotlb.h"

#define END VHI_IOTLB_MAX /* the list's head, in place of a slot */

struct entry {
	struct vhi_mapping map;
	uint16_t older, younger; /* slots, or END */
};

struct vhi_iotlb {
	uint32_t count, limit;
	/* every mapping older than this slot's must stay, with the ranges that have this digest */
	uint16_t candidate;
	uint64_t kept;
	/* all slots: those of mappings by address, then the free ones */
	uint16_t slot[VHI_IOTLB_MAX];
	struct entry entry[VHI_IOTLB_MAX + 1];
};

int vhi_iotlb_new(uint32_t limit, struct vhi_iotlb **ret)
{
	struct vhi_iotlb *iotlb = calloc(1, sizeof(*iotlb));

	if (!iotlb)
		return -ENOMEM;
	iotlb->limit = limit < VHI_IOTLB_MAX ? limit : VHI_IOTLB_MAX;
	for (uint16_t i = 0; i < VHI_IOTLB_MAX; i++)
		iotlb->slot[i] = i;
	iotlb->entry[END].older = iotlb->entry[END].younger = iotlb->candidate = END;
	*ret = iotlb;
	return 0;
}

int vhi_iotlb_copy(const struct vhi_iotlb *iotlb, struct vhi_iotlb **ret)
{
	struct vhi_iotlb *copy = malloc(sizeof(*copy));

	if (!copy)
		return -ENOMEM;
	memcpy(copy, iotlb, sizeof(*copy));
	*ret = copy;
	return 0;
}

void vhi_iotlb_free(struct vhi_iotlb *iotlb)
{
	free(iotlb);
}

uint32_t vhi_iotlb_count(const struct vhi_iotlb *iotlb)
{
	return iotlb->count;
}

const struct vhi_mapping *vhi_iotlb_at(const struct vhi_iotlb *iotlb, uint32_t n)
{
	return &iotlb->entry[iotlb->slot[n]].map;
}

static const struct vhi_mapping *map_of(const struct vhi_iotlb *iotlb, uint16_t slot)
{
	return slot == END ? NULL : &iotlb->entry[slot].map;
}

const struct vhi_mapping *vhi_iotlb_oldest(const struct vhi_iotlb *iotlb)
{
	return map_of(iotlb, iotlb->entry[END].younger);
}

const struct vhi_mapping *vhi_iotlb_younger(const struct vhi_iotlb *iotlb,
					    const struct vhi_mapping *map)
{
	return map_of(iotlb, ((const struct entry *)map)->younger);
}

/* --------------------------------------------------------------------------------------- lookups */

/* The last byte and not the end, which may be 2^64. */
static uint64_t last_of(const struct vhi_mapping *map)
{
	return map->iova + (map->size - 1);
}

uint32_t vhi_iotlb_search(const struct vhi_iotlb *iotlb, uint64_t iova)
{
	uint32_t low = 0, high = iotlb->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (last_of(vhi_iotlb_at(iotlb, middle)) < iova)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct vhi_mapping *vhi_iotlb_find(const struct vhi_iotlb *iotlb, uint64_t iova)
{
	uint32_t n = vhi_iotlb_search(iotlb, iova);

	return n < iotlb->count && vhi_iotlb_at(iotlb, n)->iova <= iova ? vhi_iotlb_at(iotlb, n)
									: NULL;
}

bool vhi_iotlb_overlaps(uint64_t iova, uint64_t size, uint64_t other, uint64_t other_size)
{
	return iova <= other + (other_size - 1) && other <= iova + (size - 1);
}

uint64_t vhi_iotlb_reach(const struct vhi_iotlb *iotlb, uint64_t iova, uint64_t size, uint32_t perm)
{
	uint64_t reach = 0;

	while (reach < size) {
		const struct vhi_mapping *map = vhi_iotlb_find(iotlb, iova + reach);

		if (!map || (map->perm & perm) != perm)
			return reach;
		reach = last_of(map) - iova + 1;
		if (!reach)
			return size; /* up to the last address */
	}
	return size;
}

/* ----------------------------------------------------------------------------------------- edits */

/* Add the remaining part of a mapping. */
static void add_rest(struct vhi_iotlb_edit *edit, const struct vhi_mapping *map, uint64_t iova,
		     uint64_t last)
{
	struct vhi_mapping *piece = &edit->add[edit->adds++];
	uint64_t offset = iova - map->iova;

	*piece = *map;
	piece->iova = iova;
	piece->size = last - iova + 1;
	piece->guest += offset;
	piece->user += offset;
}

/* Remove a range: all overlapping mappings, adding the rest of the first and of the last again. */
static void cut_range(const struct vhi_iotlb *iotlb, uint64_t iova, uint64_t size,
		      struct vhi_iotlb_edit *edit)
{
	const struct vhi_mapping *map;
	uint64_t last = iova + (size - 1);
	uint32_t end;

	*edit = (struct vhi_iotlb_edit){ .first = vhi_iotlb_search(iotlb, iova) };
	end = edit->first;
	while (end < iotlb->count && vhi_iotlb_at(iotlb, end)->iova <= last)
		end++;
	edit->count = end - edit->first;
	if (!edit->count)
		return;
	map = vhi_iotlb_at(iotlb, edit->first);
	if (map->iova < iova)
		add_rest(edit, map, map->iova, iova - 1);
	map = vhi_iotlb_at(iotlb, end - 1);
	if (last_of(map) > last)
		add_rest(edit, map, last + 1, last_of(map));
}

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
		iotlb->candidate = iotlb->entry[END].younger;
		iotlb->kept = now;
	}
	while (iotlb->candidate != END && stays(iotlb, pins, marks, iotlb->candidate))
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

/*
 * The first @pieces to be added are the rest of other mappings.  They are younger than all in the table,
 * and may be evicted too.
 */
static int evict_excess(struct vhi_iotlb *iotlb, struct vhi_iotlb_edit *edit, uint32_t pieces,
			const struct pins *pins)
{
	uint32_t then = iotlb->count - edit->count + edit->adds;
	bool room[VHI_IOTLB_MAX];
	const bool *marks;

	if (then <= iotlb->limit)
		return 0;
	marks = find_candidate(iotlb, pins, room);
	for (uint16_t slot = iotlb->candidate; slot != END && then > iotlb->limit;
	     slot = iotlb->entry[slot].younger) {
		const struct vhi_mapping *map = &iotlb->entry[slot].map;

		if (!is_removed(iotlb, edit, map) && !stays(iotlb, pins, marks, slot)) {
			edit->evict[edit->evicts++] = *map;
			then--;
		}
	}
	for (; then > iotlb->limit; then--, pieces--)
		if (!drop_piece(edit, pieces, pins))
			return -E2BIG;
	return 0;
}

/* Does one mapping already map all of it the same way? */
static bool is_mapped(const struct vhi_iotlb *iotlb, const struct vhi_mapping *map)
{
	const struct vhi_mapping *old = vhi_iotlb_find(iotlb, map->iova);
	uint64_t offset = old ? map->iova - old->iova : 0;

	return old && last_of(map) <= last_of(old) && old->perm == map->perm &&
	       old->guest + offset == map->guest && old->user + offset == map->user;
}

/* Is nothing mapped from the end of @map up to @size bytes? */
static bool is_rest_free(const struct vhi_iotlb *iotlb, const struct vhi_mapping *map,
			 uint64_t size)
{
	uint64_t rest = map->iova + map->size, last = map->iova + (size - 1);
	uint32_t n;

	if (size == map->size)
		return true;
	n = vhi_iotlb_search(iotlb, rest);
	return n == iotlb->count || vhi_iotlb_at(iotlb, n)->iova > last;
}

int vhi_iotlb_plan_map(struct vhi_iotlb *iotlb, const struct vhi_mapping *map, uint64_t size,
		       vhi_iotlb_pin_fn *pin, const void *data, struct vhi_iotlb_edit *ret)
{
	uint32_t pieces;

	*ret = (struct vhi_iotlb_edit){ 0 };
	if (is_mapped(iotlb, map) && is_rest_free(iotlb, map, size))
		return 0;
	cut_range(iotlb, map->iova, size, ret);
	pieces = ret->adds;
	ret->add[ret->adds++] = *map;
	return evict_excess(iotlb, ret, pieces, &(struct pins){ pin, data });
}

int vhi_iotlb_plan_unmap(struct vhi_iotlb *iotlb, uint64_t iova, uint64_t size,
			 vhi_iotlb_pin_fn *pin, const void *data, struct vhi_iotlb_edit *ret)
{
	cut_range(iotlb, iova, size, ret);
	return evict_excess(iotlb, ret, ret->adds, &(struct pins){ pin, data });
}

static void link_youngest(struct vhi_iotlb *iotlb, uint16_t slot)
{
	struct entry *entry = &iotlb->entry[slot], *head = &iotlb->entry[END];

	entry->older = head->older;
	entry->younger = END;
	iotlb->entry[head->older].younger = slot;
	head->older = slot;
	if (iotlb->candidate == END)
		iotlb->candidate = slot;
}

static void unlink_slot(struct vhi_iotlb *iotlb, uint16_t slot)
{
	const struct entry *entry = &iotlb->entry[slot];

	iotlb->entry[entry->older].younger = entry->younger;
	iotlb->entry[entry->younger].older = entry->older;
	if (iotlb->candidate == slot)
		iotlb->candidate = entry->younger;
}

static void remove_range(struct vhi_iotlb *iotlb, uint32_t n, uint32_t count)
{
	uint16_t removed[VHI_IOTLB_MAX];

	for (uint32_t i = 0; i < count; i++) {
		removed[i] = iotlb->slot[n + i];
		unlink_slot(iotlb, removed[i]);
	}
	iotlb->count -= count;
	memmove(&iotlb->slot[n], &iotlb->slot[n + count],
		(iotlb->count - n) * sizeof(iotlb->slot[0]));
	memcpy(&iotlb->slot[iotlb->count], removed, count * sizeof(removed[0]));
}

static void insert(struct vhi_iotlb *iotlb, const struct vhi_mapping *map)
{
	uint32_t n = vhi_iotlb_search(iotlb, map->iova);
	uint16_t slot = iotlb->slot[iotlb->count];

	memmove(&iotlb->slot[n + 1], &iotlb->slot[n], (iotlb->count - n) * sizeof(iotlb->slot[0]));
	iotlb->count++;
	iotlb->slot[n] = slot;
	iotlb->entry[slot].map = *map;
	link_youngest(iotlb, slot);
}

void vhi_iotlb_apply(struct vhi_iotlb *iotlb, const struct vhi_iotlb_edit *edit)
{
	remove_range(iotlb, edit->first, edit->count);
	for (uint32_t i = 0; i < edit->evicts; i++)
		remove_range(iotlb, vhi_iotlb_search(iotlb, edit->evict[i].iova), 1);
	for (uint32_t i = 0; i < edit->adds; i++)
		insert(iotlb, &edit->add[i]);
}
