/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * iotlb - the table: an array of slot numbers sorted by address, and a list from the oldest mapping to the
 * youngest.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "memory/iotlb-slots.h"

int vhi_iotlb_new(uint32_t limit, struct vhi_iotlb **ret)
{
	struct vhi_iotlb *iotlb = calloc(1, sizeof(*iotlb));

	if (!iotlb)
		return -ENOMEM;
	iotlb->limit = limit < VHI_IOTLB_MAX ? limit : VHI_IOTLB_MAX;
	for (uint16_t i = 0; i < VHI_IOTLB_MAX; i++)
		iotlb->slot[i] = i;
	iotlb->candidate = VHI_IOTLB_END;
	iotlb->entry[VHI_IOTLB_END].older = iotlb->entry[VHI_IOTLB_END].younger = VHI_IOTLB_END;
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
	return slot == VHI_IOTLB_END ? NULL : &iotlb->entry[slot].map;
}

const struct vhi_mapping *vhi_iotlb_oldest(const struct vhi_iotlb *iotlb)
{
	return map_of(iotlb, iotlb->entry[VHI_IOTLB_END].younger);
}

const struct vhi_mapping *vhi_iotlb_younger(const struct vhi_iotlb *iotlb,
					    const struct vhi_mapping *map)
{
	return map_of(iotlb, ((const struct vhi_iotlb_entry *)map)->younger);
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

/* ----------------------------------------------------------------------------------------- plans */

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
	return vhi_iotlb_evict(iotlb, ret, pieces, pin, data);
}

int vhi_iotlb_plan_unmap(struct vhi_iotlb *iotlb, uint64_t iova, uint64_t size,
			 vhi_iotlb_pin_fn *pin, const void *data, struct vhi_iotlb_edit *ret)
{
	cut_range(iotlb, iova, size, ret);
	return vhi_iotlb_evict(iotlb, ret, ret->adds, pin, data);
}

/* ------------------------------------------------------------------------------------- execution */

static void link_youngest(struct vhi_iotlb *iotlb, uint16_t slot)
{
	struct vhi_iotlb_entry *entry = &iotlb->entry[slot], *head = &iotlb->entry[VHI_IOTLB_END];

	entry->older = head->older;
	entry->younger = VHI_IOTLB_END;
	iotlb->entry[head->older].younger = slot;
	head->older = slot;
	if (iotlb->candidate == VHI_IOTLB_END)
		iotlb->candidate = slot;
}

static void unlink_slot(struct vhi_iotlb *iotlb, uint16_t slot)
{
	const struct vhi_iotlb_entry *entry = &iotlb->entry[slot];

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
