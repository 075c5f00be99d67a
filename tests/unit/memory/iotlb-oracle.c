/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * iotlb-oracle - the table of mappings against a simple one, by random maps and unmaps on few
 * pages, with small limits so that it is full most of the time; and against every single page.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "random.h"
#include "memory/iotlb.h"

#define PAGE  ((uint64_t)VHC_PAGE_SIZE)
#define PAGES 48u
#define MOST  64u
#define RW    (VHC_PERM_READ | VHC_PERM_WRITE)

/* A mapping of the oracle: unsorted, of whole pages. */
struct item {
	struct vhi_mapping map;
	uint64_t age;
};

struct oracle {
	struct item item[MOST + 4];
	uint32_t count, limit;
	uint64_t age;
};

/* Pages that a ring is in. */
struct pins {
	bool page[PAGES];
	uint64_t base;
};

static bool get_pin(const void *data, uint32_t n, uint64_t *ret_iova, uint64_t *ret_size)
{
	const struct pins *pins = data;

	if (n >= PAGES)
		return false;
	/* a byte at its end, or at its beginning */
	*ret_iova = pins->base + n * PAGE + (n % 2 ? PAGE - 1 : 0);
	*ret_size = pins->page[n] ? 1 : 0;
	return true;
}

static bool is_pinned(const void *data, uint64_t iova, uint64_t size)
{
	const struct pins *pins = data;

	for (uint64_t at = 0; at < size; at += PAGE)
		if (pins->page[(iova + at - pins->base) / PAGE])
			return true;
	return false;
}

static void put(struct oracle *oracle, uint64_t iova, uint64_t size, const struct item *from)
{
	struct item *item = &oracle->item[oracle->count++];

	*item = *from;
	item->map.guest += iova - item->map.iova;
	item->map.user += iova - item->map.iova;
	item->map.iova = iova;
	item->map.size = size;
}

/* What is left of a mapping is added anew, the lower part first. */
static void put_rest(struct oracle *oracle, uint64_t iova, uint64_t size, const struct item *from,
		     uint64_t age)
{
	put(oracle, iova, size, from);
	oracle->item[oracle->count - 1].age = age;
}

static void take_out(struct oracle *oracle, uint64_t iova, uint64_t size)
{
	for (uint32_t i = oracle->count; i--;) {
		struct item old = oracle->item[i];
		uint64_t end = old.map.iova + old.map.size; /* 0 at the end of all addresses */

		if (old.map.iova - iova >= size && iova - old.map.iova >= old.map.size)
			continue;
		oracle->item[i] = oracle->item[--oracle->count];
		if (old.map.iova < iova)
			put_rest(oracle, old.map.iova, iova - old.map.iova, &old, oracle->age);
		if (end - 1 > iova + (size - 1))
			put_rest(oracle, iova + size, end - (iova + size), &old, oracle->age + 1);
	}
	oracle->age += 2;
}

/* The oldest that no ring is in. */
static bool forget(struct oracle *oracle, const struct pins *pins, const struct vhi_mapping *spare)
{
	uint32_t oldest = UINT32_MAX;

	for (uint32_t i = 0; i < oracle->count; i++) {
		const struct item *item = &oracle->item[i];
		const struct item *other = &oracle->item[oldest == UINT32_MAX ? i : oldest];

		if ((spare && item->map.iova == spare->iova) ||
		    is_pinned(pins, item->map.iova, item->map.size))
			continue;
		if (oldest == UINT32_MAX || item->age < other->age)
			oldest = i;
	}
	if (oldest == UINT32_MAX)
		return false;
	oracle->item[oldest] = oracle->item[--oracle->count];
	return true;
}

/* All or nothing; false when it does not fit beside the pins.  @map: NULL unmaps the range. */
static bool oracle_edit(struct oracle *oracle, uint64_t iova, uint64_t size,
			const struct vhi_mapping *map, const struct pins *pins)
{
	struct oracle next = *oracle;

	take_out(&next, iova, size);
	if (map)
		put(&next, iova, map->size, &(struct item){ *map, next.age++ });
	while (next.count > next.limit)
		if (!forget(&next, pins, map))
			return false;
	*oracle = next;
	return true;
}

/* Is it mapped like this, by one mapping, and nothing in the rest of @size bytes? */
static bool is_so(const struct oracle *oracle, const struct vhi_mapping *map, uint64_t size)
{
	bool so = false, free = true;

	for (uint32_t i = 0; i < oracle->count; i++) {
		const struct vhi_mapping *old = &oracle->item[i].map;
		uint64_t offset = map->iova - old->iova, rest = map->iova + map->size;

		if (map->iova >= old->iova && offset < old->size &&
		    map->size <= old->size - offset && old->guest + offset == map->guest &&
		    old->user + offset == map->user && old->perm == map->perm)
			so = true;
		if (size > map->size &&
		    (old->iova - rest < size - map->size || rest - old->iova < old->size))
			free = false;
	}
	return so && free;
}

static const struct item *item_of(const struct oracle *oracle, uint64_t iova)
{
	for (uint32_t i = 0; i < oracle->count; i++)
		if (iova - oracle->item[i].map.iova < oracle->item[i].map.size)
			return &oracle->item[i];
	return NULL;
}

static void check_order(struct vhi_iotlb *iotlb, const struct oracle *oracle)
{
	const struct vhi_mapping *map = vhi_iotlb_oldest(iotlb);
	uint64_t before = 0;
	uint32_t count = 0;

	for (; map; map = vhi_iotlb_younger(iotlb, map), count++) {
		uint64_t age = item_of(oracle, map->iova)->age;

		assert_true(!count || age > before);
		before = age;
	}
	assert_int_equal(count, vhi_iotlb_count(iotlb));
}

static void check_same(struct vhi_iotlb *iotlb, const struct oracle *oracle, uint64_t base)
{
	assert_int_equal(vhi_iotlb_count(iotlb), oracle->count);
	for (uint32_t i = 0; i < vhi_iotlb_count(iotlb); i++) {
		const struct vhi_mapping *map = vhi_iotlb_at(iotlb, i);
		const struct item *item = item_of(oracle, map->iova);

		assert_non_null(item);
		assert_memory_equal(map, &item->map, offsetof(struct vhi_mapping, perm));
		assert_int_equal(map->perm, item->map.perm);
		if (i)
			assert_true(vhi_iotlb_at(iotlb, i - 1)->iova < map->iova);
	}
	for (uint64_t page = 0; page < PAGES; page++) {
		const struct item *item = item_of(oracle, base + page * PAGE + 7);
		const struct vhi_mapping *map = vhi_iotlb_find(iotlb, base + page * PAGE + 7);

		assert_int_equal(item != NULL, map != NULL);
		assert_true(!map || map->iova == item->map.iova);
	}
	check_order(iotlb, oracle);
}

/* Page by page. */
static void check_reach(const struct vhi_iotlb *iotlb, const struct oracle *oracle, uint64_t iova,
			uint64_t size, uint32_t perm)
{
	uint64_t reach = 0;

	while (reach < size) {
		const struct item *item = item_of(oracle, iova + reach);

		if (!item || (item->map.perm & perm) != perm)
			break;
		reach += PAGE - (iova + reach) % PAGE;
	}
	assert_int_equal(vhi_iotlb_reach(iotlb, iova, size, perm), reach < size ? reach : size);
}

static struct vhi_mapping random_mapping(struct random *random, uint64_t base)
{
	uint64_t page = random_below(random, PAGES);
	uint64_t pages = 1 + random_below(random, random_once_in(random, 6) ? PAGES : 4);
	struct vhi_mapping map = { .iova = base + page * PAGE, .size = pages * PAGE };

	if (pages > PAGES - page)
		map.size = (PAGES - page) * PAGE;
	/* often with the same distance, so that some are so already */
	map.guest = 0x1000000 + page * PAGE + random_below(random, 3) * 0x100000;
	map.user = map.guest + 0x7f0000000000;
	map.perm = 1 + (uint32_t)random_below(random, 3);
	return map;
}

static void one_step(struct random *random, struct vhi_iotlb *iotlb, struct oracle *oracle,
		     struct pins *pins)
{
	struct vhi_mapping map = random_mapping(random, pins->base);
	bool unmap = random_once_in(random, 3), done;
	struct vhi_iotlb_edit edit;
	uint64_t size = map.size;
	int r;

	/* cut off, as at the end of a memory region */
	if (random_once_in(random, 4))
		map.size = PAGE * (1 + random_below(random, map.size / PAGE));
	r = unmap ? vhi_iotlb_plan_unmap(iotlb, map.iova, size, get_pin, pins, &edit)
		  : vhi_iotlb_plan_map(iotlb, &map, size, get_pin, pins, &edit);
	if (!unmap && is_so(oracle, &map, size)) {
		assert_int_equal(r, 0);
		assert_int_equal(edit.count + edit.adds + edit.evicts, 0);
		return;
	}
	done = oracle_edit(oracle, map.iova, size, unmap ? NULL : &map, pins);
	assert_int_equal(r, done ? 0 : -E2BIG);
	if (done)
		vhi_iotlb_apply(iotlb, &edit);
	check_same(iotlb, oracle, pins->base);
	check_reach(iotlb, oracle, map.iova + random_below(random, PAGE),
		    1 + random_below(random, map.size), 1 + (uint32_t)random_below(random, 3));
}

static void iotlb_random_edits_match_oracle(void **state)
{
	/* in the middle of the addresses, and at both ends */
	static const uint64_t bases[] = { 0, 0x40000000, 0 - PAGES * PAGE };
	struct random random = random_new("iotlb_oracle");

	for (uint32_t round = 0; round < 400; round++) {
		struct oracle oracle = { .limit = 1 + (uint32_t)random_below(&random, 16) };
		struct pins pins = { .base = bases[round % 3] };
		struct vhi_iotlb *iotlb;

		assert_int_equal(vhi_iotlb_new(oracle.limit, &iotlb), 0);
		for (uint32_t step = 0; step < 250; step++) {
			if (random_once_in(&random, 10)) {
				uint64_t odds = 1 + random_below(&random, 8);

				for (uint32_t i = 0; i < PAGES; i++)
					pins.page[i] = random_once_in(&random, odds);
			}
			one_step(&random, iotlb, &oracle, &pins);
		}
		vhi_iotlb_free(iotlb);
	}
}

/* ------------------------------------------------------------------------------ memory that moved */

/* Where a page of the guest is. */
static uint64_t user_of(const struct vhi_mem_region *spans, uint32_t count, uint64_t guest)
{
	for (uint32_t i = 0; i < count; i++)
		if (guest - spans[i].guest < spans[i].size)
			return spans[i].user + (guest - spans[i].guest);
	return 0;
}

static void check_broken(const struct vhi_iotlb *iotlb, const struct vhi_table *table,
			 const struct vhi_mem_region *spans, uint32_t count)
{
	uint64_t iova = 0, size = 0, at = 0;
	bool found = vhi_iotlb_find_stale(iotlb, table, 0, &iova, &size);

	for (; at < PAGES * PAGE; at += PAGE) {
		const struct vhi_mapping *map = vhi_iotlb_find(iotlb, at);
		uint64_t offset = map ? at - map->iova : 0;
		bool broken =
			map && user_of(spans, count, map->guest + offset) != map->user + offset;

		if (found && iova + size <= at)
			found = vhi_iotlb_find_stale(iotlb, table, at, &iova, &size);
		assert_int_equal(broken, found && iova <= at && at < iova + size);
	}
}

static void iotlb_random_memory_matches_oracle(void **state)
{
	struct random random = random_new("iotlb_oracle memory");
	struct pins pins = { .base = 0 };

	for (uint32_t round = 0; round < 3000; round++) {
		struct vhi_mem_region spans[4];
		uint32_t count = (uint32_t)random_below(&random, 5);
		struct vhi_refusal err;
		struct vhi_table *table = NULL;
		struct vhi_iotlb *iotlb;

		assert_int_equal(vhi_iotlb_new(VHI_IOTLB_MAX, &iotlb), 0);
		for (uint32_t i = 0; i < 12; i++) {
			struct vhi_mapping map = random_mapping(&random, 0);
			struct vhi_iotlb_edit edit;

			assert_int_equal(
				vhi_iotlb_plan_map(iotlb, &map, map.size, get_pin, &pins, &edit),
				0);
			vhi_iotlb_apply(iotlb, &edit);
		}
		for (uint32_t i = 0; i < count; i++) {
			/* apart from each other; some where the mappings say, some elsewhere */
			uint64_t page = i * PAGES / 4 + random_below(&random, 4);

			spans[i].guest = 0x1000000 + page * PAGE +
					 (random_once_in(&random, 3) ? 0x100000 : 0);
			spans[i].size = (1 + random_below(&random, 8)) * PAGE;
			spans[i].user = spans[i].guest + 0x7f0000000000 +
					(random_once_in(&random, 3) ? 0x10000000 : 0);
		}
		if (round % 7)
			assert_int_equal(vhi_table_new(spans, count, &table, &err), 0);
		else
			count = 0; /* no table at all */
		check_broken(iotlb, table, spans, count);
		vhi_table_unref(table);
		vhi_iotlb_free(iotlb);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(iotlb_random_edits_match_oracle),
		cmocka_unit_test(iotlb_random_memory_matches_oracle),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
