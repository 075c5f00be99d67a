/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * iotlb - mappings in an array, sorted by address.  The age is the number of the call that mapped it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "memory/iotlb.h"

struct entry {
	struct vhi_mapping map;
	uint64_t age;
};

struct vhi_iotlb {
	uint32_t count, limit;
	uint64_t next_age;
	uint16_t by_age[VHI_IOTLB_MAX];
	struct entry entry[VHI_IOTLB_MAX];
};

int vhi_iotlb_new(uint32_t limit, struct vhi_iotlb **ret)
{
	struct vhi_iotlb *iotlb = calloc(1, sizeof(*iotlb));

	if (!iotlb)
		return -ENOMEM;
	iotlb->limit = limit < VHI_IOTLB_MAX ? limit : VHI_IOTLB_MAX;
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
	return &iotlb->entry[n].map;
}

static int compare_ages(const void *a, const void *b, void *data)
{
	const struct vhi_iotlb *iotlb = data;
	uint16_t one = *(const uint16_t *)a, other = *(const uint16_t *)b;
	uint64_t age = iotlb->entry[one].age, other_age = iotlb->entry[other].age;

	return age != other_age ? (age < other_age ? -1 : 1) : one - other;
}

const uint16_t *vhi_iotlb_sort_by_age(struct vhi_iotlb *iotlb)
{
	for (uint32_t i = 0; i < iotlb->count; i++)
		iotlb->by_age[i] = (uint16_t)i;
	qsort_r(iotlb->by_age, iotlb->count, sizeof(iotlb->by_age[0]), compare_ages, iotlb);
	return iotlb->by_age;
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

		if (last_of(&iotlb->entry[middle].map) < iova)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct vhi_mapping *vhi_iotlb_find(const struct vhi_iotlb *iotlb, uint64_t iova)
{
	uint32_t n = vhi_iotlb_search(iotlb, iova);

	return n < iotlb->count && iotlb->entry[n].map.iova <= iova ? &iotlb->entry[n].map : NULL;
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

/* Add the remaining part of a mapping, with its age. */
static void add_rest(struct vhi_iotlb_edit *edit, const struct entry *entry, uint64_t iova,
		     uint64_t last)
{
	struct vhi_mapping *piece = &edit->add[edit->adds];
	uint64_t offset = iova - entry->map.iova;

	*piece = entry->map;
	piece->iova = iova;
	piece->size = last - iova + 1;
	piece->guest += offset;
	piece->user += offset;
	edit->age[edit->adds++] = entry->age;
}

/* Remove a range: all overlapping mappings, adding the rest of the first and of the last again. */
static void cut_range(const struct vhi_iotlb *iotlb, uint64_t iova, uint64_t size,
		      struct vhi_iotlb_edit *edit)
{
	uint64_t last = iova + (size - 1);
	uint32_t end;

	*edit = (struct vhi_iotlb_edit){ .first = vhi_iotlb_search(iotlb, iova) };
	end = edit->first;
	while (end < iotlb->count && iotlb->entry[end].map.iova <= last)
		end++;
	edit->count = end - edit->first;
	if (!edit->count)
		return;
	if (iotlb->entry[edit->first].map.iova < iova)
		add_rest(edit, &iotlb->entry[edit->first], iotlb->entry[edit->first].map.iova,
			 iova - 1);
	if (last_of(&iotlb->entry[end - 1].map) > last)
		add_rest(edit, &iotlb->entry[end - 1], last + 1,
			 last_of(&iotlb->entry[end - 1].map));
}

static bool is_evicted(const struct vhi_iotlb_edit *edit, uint64_t iova)
{
	for (uint32_t i = 0; i < edit->evicts; i++)
		if (edit->evict[i].iova == iova)
			return true;
	return false;
}

/* The search for the oldest mapping that is not pinned. */
struct oldest {
	vhi_iotlb_pinned_fn *pinned;
	const void *data;
	const struct vhi_mapping *map; /* NULL: none yet */
	uint64_t age;
};

static void consider(struct oldest *oldest, const struct vhi_mapping *map, uint64_t age)
{
	bool older = !oldest->map || age < oldest->age ||
		     (age == oldest->age && map->iova < oldest->map->iova);

	if (older && !oldest->pinned(oldest->data, map->iova, map->size)) {
		oldest->map = map;
		oldest->age = age;
	}
}

/* Evict the oldest: one in the table, or one of the first @pieces to be added, and then return 1. */
static int evict_one(const struct vhi_iotlb *iotlb, struct vhi_iotlb_edit *edit, uint32_t pieces,
		     struct oldest oldest)
{
	uint32_t piece;

	for (uint32_t i = 0; i < iotlb->count; i++) {
		const struct entry *entry = &iotlb->entry[i];
		bool removed = i - edit->first < edit->count || is_evicted(edit, entry->map.iova);

		if (!removed)
			consider(&oldest, &entry->map, entry->age);
	}
	for (uint32_t i = 0; i < pieces; i++)
		consider(&oldest, &edit->add[i], edit->age[i]);
	if (!oldest.map)
		return -E2BIG;
	for (piece = 0; piece < pieces && oldest.map != &edit->add[piece]; piece++)
		;
	if (piece == pieces) {
		edit->evict[edit->evicts++] = *oldest.map;
		return 0;
	}
	edit->adds--;
	for (uint32_t i = piece; i < edit->adds; i++) {
		edit->add[i] = edit->add[i + 1];
		edit->age[i] = edit->age[i + 1];
	}
	return 1;
}

/* The first @pieces to be added are the rest of older mappings, and may be evicted too. */
static int evict_excess(const struct vhi_iotlb *iotlb, struct vhi_iotlb_edit *edit, uint32_t pieces,
			vhi_iotlb_pinned_fn *pinned, const void *data)
{
	while (iotlb->count - edit->count - edit->evicts + edit->adds > iotlb->limit) {
		int r = evict_one(iotlb, edit, pieces, (struct oldest){ pinned, data });

		if (r < 0)
			return r;
		pieces -= (uint32_t)r;
	}
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

int vhi_iotlb_plan_map(const struct vhi_iotlb *iotlb, const struct vhi_mapping *map,
		       vhi_iotlb_pinned_fn *pinned, const void *data, struct vhi_iotlb_edit *ret)
{
	uint32_t pieces;

	*ret = (struct vhi_iotlb_edit){ 0 };
	if (is_mapped(iotlb, map))
		return 0;
	cut_range(iotlb, map->iova, map->size, ret);
	pieces = ret->adds;
	ret->add[ret->adds] = *map;
	ret->age[ret->adds++] = iotlb->next_age;
	return evict_excess(iotlb, ret, pieces, pinned, data);
}

int vhi_iotlb_plan_unmap(const struct vhi_iotlb *iotlb, uint64_t iova, uint64_t size,
			 vhi_iotlb_pinned_fn *pinned, const void *data, struct vhi_iotlb_edit *ret)
{
	cut_range(iotlb, iova, size, ret);
	return evict_excess(iotlb, ret, ret->adds, pinned, data);
}

static void remove_at(struct vhi_iotlb *iotlb, uint32_t n, uint32_t count)
{
	memmove(&iotlb->entry[n], &iotlb->entry[n + count],
		(iotlb->count - n - count) * sizeof(iotlb->entry[0]));
	iotlb->count -= count;
}

static void insert(struct vhi_iotlb *iotlb, const struct vhi_mapping *map, uint64_t age)
{
	uint32_t n = vhi_iotlb_search(iotlb, map->iova);

	memmove(&iotlb->entry[n + 1], &iotlb->entry[n],
		(iotlb->count - n) * sizeof(iotlb->entry[0]));
	iotlb->entry[n] = (struct entry){ *map, age };
	iotlb->count++;
	if (age >= iotlb->next_age)
		iotlb->next_age = age + 1;
}

void vhi_iotlb_apply(struct vhi_iotlb *iotlb, const struct vhi_iotlb_edit *edit)
{
	remove_at(iotlb, edit->first, edit->count);
	for (uint32_t i = 0; i < edit->evicts; i++)
		remove_at(iotlb, vhi_iotlb_search(iotlb, edit->evict[i].iova), 1);
	for (uint32_t i = 0; i < edit->adds; i++)
		insert(iotlb, &edit->add[i], edit->age[i]);
}

/* ------------------------------------------------------------------------------ stale mappings */

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
	for (uint32_t i = vhi_iotlb_search(iotlb, iova); i < iotlb->count; i++) {
		const struct vhi_mapping *map = &iotlb->entry[i].map;
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
