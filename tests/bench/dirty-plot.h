/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * dirty-plot - what dirty.c measures, and its plot.
 */
#ifndef BENCH_DIRTY_PLOT_H
#define BENCH_DIRTY_PLOT_H

enum { EXCHANGE, EXCHANGE_ATOMIC, SWAP, SWAP_ATOMIC, COPY, LOOP, WAYS };

#define GUESTS	  3
#define DENSITIES 6

/* One guest size and one density: nanoseconds, and the mode that the library selects. */
struct dirty_case {
	const char *guest, *density;
	double ns[WAYS];
	int automatic; /* for a private bitmap; the next is for a shared one */
};

/* How many times faster than QEMU's loop. */
static inline double dirty_ratio(const struct dirty_case *of, int way)
{
	return of->ns[LOOP] / of->ns[way];
}

/** dirty_plot() - draw the cases, grouped by guest.  Returns 0, or -1 with errno. */
int dirty_plot(const char *path, const struct dirty_case *cases);

#endif
