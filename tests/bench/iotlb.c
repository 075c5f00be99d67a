/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * iotlb - what one map costs in a full table, where it evicts another mapping: with many mappings compared
 * with few, and with few and many queue pairs.  All but one of the mappings contain a part of a ring, which
 * is the worst that a guest can do.  An eviction and a map are sent to each vhost fd, so with more pairs the
 * time is compared with two system calls for each of them.
 */
#include <fcntl.h>
#include <stdint.h>
#include <unistd.h>

#include "bench.h"
#include "memory/iotlb.h"

#define MAPS   512
#define ROUNDS 31
#define PAGE   UINT64_C(4096)
#define PARTS  3u

/* Rings whose parts are spread over all mappings but the last, which are a page each. */
struct rings {
	uint32_t pairs, mappings;
};

static bool get_part(const void *data, uint32_t n, uint64_t *ret_iova, uint64_t *ret_size)
{
	const struct rings *rings = data;
	uint32_t parts = rings->pairs * 2 * PARTS;
	uint64_t first = (uint64_t)n * (rings->mappings - 1) / parts;
	uint64_t end = (uint64_t)(n + 1) * (rings->mappings - 1) / parts;

	*ret_iova = first * 2 * PAGE;
	*ret_size = (end > first ? end - first : 1) * 2 * PAGE - PAGE;
	return n < parts;
}

static void map(struct vhi_iotlb *iotlb, uint64_t page, const struct rings *rings)
{
	struct vhi_mapping mapping = { page * 2 * PAGE, PAGE, page * PAGE, page * PAGE, 3 };
	struct vhi_iotlb_edit edit;

	if (vhi_iotlb_plan_map(iotlb, &mapping, PAGE, get_part, rings, &edit))
		exit(1);
	vhi_iotlb_apply(iotlb, &edit);
}

/* Nanoseconds of a map that evicts the one before it. */
static double time_evictions(const struct rings *rings)
{
	double times[ROUNDS];
	struct vhi_iotlb *iotlb;

	if (vhi_iotlb_new(rings->mappings, &iotlb))
		exit(1);
	for (uint32_t i = 0; i < rings->mappings; i++)
		map(iotlb, i, rings);
	for (int round = 0; round < ROUNDS; round++) {
		double start = now_ns();

		for (uint32_t i = 0; i < MAPS; i++)
			map(iotlb, rings->mappings + (round & 1) * MAPS + i, rings);
		times[round] = (now_ns() - start) / MAPS;
	}
	vhi_iotlb_free(iotlb);
	return median(times, ROUNDS);
}

/* Nanoseconds of the two messages that go to each of this many vhost fds. */
static double time_messages(uint32_t fds)
{
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	double times[ROUNDS];
	char message[72] = { 0 };

	for (int round = 0; round < ROUNDS; round++) {
		double start = now_ns();

		for (uint32_t i = 0; i < 2 * fds; i++)
			if (write(null, message, sizeof(message)) != sizeof(message))
				exit(1);
		times[round] = now_ns() - start;
	}
	close(null);
	return median(times, ROUNDS);
}

static void compare_mappings(double most)
{
	double few = time_evictions(&(struct rings){ 1, 64 });

	print_row("iotlb, 2048 mappings, 1 pair", time_evictions(&(struct rings){ 1, 2048 }),
		  "64 mappings", few, "ns", most);
}

static void compare_messages(uint32_t pairs, double most)
{
	char what[64];

	snprintf(what, sizeof(what), "iotlb, 2048 mappings, %u pair%s", pairs,
		 pairs == 1 ? "" : "s");
	print_row(what, time_evictions(&(struct rings){ pairs, 2048 }), "2 writes for each pair",
		  time_messages(pairs), "ns", most);
}

int main(void)
{
	compare_mappings(2);
	compare_messages(1, 1);
	compare_messages(16, 1);
	compare_messages(256, 1);
	return 0;
}
