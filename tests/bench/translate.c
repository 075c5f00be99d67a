/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * translate - guest address to user address: vhi_table_find() compared with a linear scan of an array
 * of regions, both as function calls.  The same addresses, alternating; medians.
 */
#include <stdint.h>
#include <string.h>

#include "bench.h"
#include "memory/table.h"

#define LOOKUPS	 65536
#define ROUNDS	 31
#define MOST	 509
#define REGION	 (UINT64_C(64) << 20)
#define SPACING	 (UINT64_C(96) << 20)
#define NOINLINE __attribute__((noinline))

struct scan {
	uint32_t count;
	struct vhi_mem_region spans[MOST];
};

static uint64_t guest[LOOKUPS];

NOINLINE static uint64_t find_linear(const struct scan *scan, uint64_t address, uint64_t size)
{
	for (uint32_t i = 0; i < scan->count; i++) {
		const struct vhi_mem_region *span = &scan->spans[i];

		if (address >= span->guest && address < span->guest + span->size) {
			if (span->size - (address - span->guest) < size)
				return 0;
			return address - span->guest + span->user;
		}
	}
	return 0;
}

NOINLINE static uint64_t find_ours(struct vhi_table *table, uint64_t address, uint64_t size)
{
	uint64_t user = 0;

	vhi_table_find(table, address, size, &user);
	return user;
}

static uint64_t random_u64(void)
{
	static uint64_t state = 1;
	uint64_t z = state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

/* @stay: how many of 100 lookups are in the same region as the one before. */
static void choose_addresses(uint32_t count, uint64_t stay)
{
	uint64_t region = 0;

	for (int i = 0; i < LOOKUPS; i++) {
		if (random_u64() % 100 >= stay)
			region = random_u64() % count;
		guest[i] = region * SPACING + random_u64() % (REGION - 2048);
	}
}

static int compare(uint32_t count, uint64_t stay, const char *pattern, double most)
{
	static struct scan scan;
	double ours[ROUNDS], linear[ROUNDS];
	struct vhi_refusal err;
	struct vhi_table *table;
	uint64_t sum = 0;
	char what[64];

	scan.count = count;
	for (uint32_t i = 0; i < count; i++)
		scan.spans[i] = (struct vhi_mem_region){ i * SPACING, REGION,
							 UINT64_C(0x7f0000000000) + i * REGION };
	if (vhi_table_new(scan.spans, count, &table, &err) < 0) {
		fprintf(stderr, "translate: %s\n", err.text);
		return 1;
	}
	choose_addresses(count, stay);
	for (int round = 0; round < ROUNDS; round++) {
		double start = now_ns();

		for (int i = 0; i < LOOKUPS; i++)
			sum += find_linear(&scan, guest[i], 2048);
		linear[round] = (now_ns() - start) / LOOKUPS;
		start = now_ns();
		for (int i = 0; i < LOOKUPS; i++)
			sum -= find_ours(table, guest[i], 2048);
		ours[round] = (now_ns() - start) / LOOKUPS;
	}
	vhi_table_unref(table);
	if (sum) {
		fprintf(stderr, "translate: the two do not agree\n");
		return 1;
	}
	snprintf(what, sizeof(what), "translate, %u region%s, %s", count, count == 1 ? "" : "s",
		 pattern);
	print_row(what, median(ours, ROUNDS), "linear scan", median(linear, ROUNDS), "ns", most);
	return 0;
}

int main(void)
{
	return compare(1, 0, "uniform", 1) | compare(8, 0, "uniform", 0) |
	       compare(64, 0, "uniform", 0) | compare(509, 0, "uniform", 0.1) |
	       compare(8, 95, "95 % local", 0) | compare(509, 95, "95 % local", 0);
}
