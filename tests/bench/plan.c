/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * plan - vhc_dev_plan() for 1, 16 and 256 devices of 4 queue pairs, on the fake kernel: computing the
 * start of each, with its checks, and writing it as a document.
 */
#include "bench.h"
#include "rig.h"

#define PAIRS  4
#define MOST   256
#define ROUNDS 31

static struct rig rigs[MOST];

/* Microseconds for the first @count devices. */
static double plan_devices(uint32_t count)
{
	double start = now_ns();

	for (uint32_t i = 0; i < count; i++) {
		char *json;

		assert_int_equal(vhc_dev_plan(rigs[i].dev, &json), 0);
		free(json);
	}
	return (now_ns() - start) / 1e3;
}

int main(void)
{
	double one[ROUNDS], sixteen[ROUNDS], all[ROUNDS], each_16, each_256;

	for (int i = 0; i < MOST; i++) {
		rig_new(&rigs[i], "6.1", PAIRS);
		rig_prepare(&rigs[i]);
	}
	for (int round = 0; round < ROUNDS; round++) {
		one[round] = plan_devices(1);
		sixteen[round] = plan_devices(16);
		all[round] = plan_devices(MOST);
	}
	each_16 = median(sixteen, ROUNDS) / 16;
	each_256 = median(all, ROUNDS) / MOST;
	print_row("plan 16 devices of 4 pairs, each", each_16, "1 device", median(one, ROUNDS),
		  "us", 0);
	print_row("plan 256 devices of 4 pairs, each", each_256, "of 16 devices", each_16, "us",
		  1.5);
	print_row("plan 256 devices of 4 pairs", each_256 * MOST / 1000, "the limit", 50, "ms", 1);
	for (int i = 0; i < MOST; i++)
		rig_free(&rigs[i]);
	return 0;
}
