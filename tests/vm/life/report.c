/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * report - prints the counts, as TAP and as one line of numbers.
 */
#include <stdio.h>
#include <string.h>

#include "report.h"

static const struct ram *ram;
static const struct board *board;
static const struct wire *wire;
static const struct life_case *row;
static int failed, number;

static void result(bool good, const char *what, uint64_t got, uint64_t expected)
{
	printf("%sok %d - %s, %u pairs, %s: %s\n", good ? "" : "not ", ++number, row->name,
	       board->pairs, frame_kinds[board->kind], what);
	if (!good)
		printf("# %llu, not %llu\n", (unsigned long long)got, (unsigned long long)expected);
	failed += !good;
}

static void is(const char *what, uint64_t got, uint64_t expected)
{
	result(got == expected, what, got, expected);
}

/* What is counted for each pair and direction. */
enum count { SENT, BIG, LOST, DUPLICATED, CORRUPT };

static const char *const names[] = { "", "_tso", "_lost", "_duplicated", "_corrupt" };

static uint64_t count(enum count what, uint32_t way, uint32_t flow)
{
	const struct counts *counts = way == WAY_OUT ? &wire->out[flow] : &board->in[flow];
	uint64_t sent =
		way == WAY_OUT ? board->ring[2 * flow + 1].next_avail : board->injected[flow];

	switch (what) {
	case SENT:
		return sent;
	case BIG:
		return counts->big;
	case LOST:
		return wire_lost(wire, way, flow);
	case DUPLICATED:
		return counts->duplicated;
	case CORRUPT:
		return counts->corrupt;
	}
	return 0;
}

static uint64_t sum(enum count what)
{
	uint64_t all = 0;

	for (uint32_t f = 0; f < board->pairs; f++)
		all += count(what, WAY_OUT, f) + count(what, WAY_IN, f);
	return all;
}

static void print_way(const char *name, uint32_t way)
{
	for (enum count what = SENT; what <= CORRUPT; what++) {
		printf(" %s%s=", name, names[what]);
		for (uint32_t f = 0; f < board->pairs; f++)
			printf("%s%llu", f ? "+" : "", (unsigned long long)count(what, way, f));
	}
}

/* The line that tests/vm/suites and scripts/check read. */
static void print_numbers(void)
{
	printf("# life case=%s pairs=%u kind=%s seed=%llu cycles=%u processes=%u", row->name,
	       board->pairs, frame_kinds[board->kind], (unsigned long long)board->seed,
	       board->cycles, board->processes);
	print_way("out", WAY_OUT);
	print_way("in", WAY_IN);
	for (uint32_t i = 0; i < 16; i++)
		if (row->numbers[i])
			printf(" %s=%llu", row->numbers[i], (unsigned long long)board->numbers[i]);
	printf("\n");
}

int report(const struct ram *memory, const struct wire *end, const struct life_case *which,
	   bool ended)
{
	ram = memory;
	board = ram_board(ram);
	wire = end;
	row = which;
	print_numbers();
	result(ended, "the guest ended normally", 0, 0);
	is("cycles", board->cycles, board->cycles_wanted);
	is("frames lost", sum(LOST), 0);
	is("frames duplicated", sum(DUPLICATED), 0);
	is("frames corrupt", sum(CORRUPT), 0);
	is("interrupts missed", board->missed_interrupts, 0);
	is("bases that are not the used index", board->wrong_bases, 0);
	for (uint32_t i = 0; i < 16; i++)
		if (row->numbers[i] && strstr(row->numbers[i], "missed"))
			is(row->numbers[i], board->numbers[i], 0);
	is("frames that the test itself lost", wire_overrun(wire), 0);
	if (failed)
		board_describe(ram);
	printf("1..%d\n", number);
	return failed != 0;
}
