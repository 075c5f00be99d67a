/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * dirty-plot - what dirty.c measures, and its plot.
 */
#ifndef BENCH_DIRTY_PLOT_H
#define BENCH_DIRTY_PLOT_H

/* The library's four; memcpy() of the log; reading the log, and log and bitmap; a loop like QEMU's. */
enum { EXCHANGE, EXCHANGE_ATOMIC, SWAP, SWAP_ATOMIC, COPY, SUM, SUM_BOTH, LOOP, WAYS };

#define GUESTS	  3
#define DENSITIES 6

/* One guest size and one density. */
struct dirty_case {
	const char *guest, *density;
	double ratio[WAYS][WAYS]; /* how many times faster a way is than another */
	double loop_us;
	int automatic; /* the mode that the library selects for a private bitmap; the next is for a shared one */
};

/** dirty_plot() - draw the cases, grouped by guest.  Returns 0, or -1 with errno. */
int dirty_plot(const char *path, const struct dirty_case *cases);

#endif
