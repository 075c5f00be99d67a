/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * spread - a result of many rounds as one line: what, the medians of ours and of theirs, and how their ratio in each
 * round is spread: least, quartile, median, quartile, most.  The larger ratio is the better one for @least,
 * which is the smallest median that is wanted; 0 for none.
 */
#ifndef SPREAD_H
#define SPREAD_H

#include "bench.h"

#define SPREAD_ROUNDS 200

struct spread {
	double ours[SPREAD_ROUNDS], theirs[SPREAD_ROUNDS];
	size_t count;
};

static inline void spread_add(struct spread *spread, double ours, double theirs)
{
	spread->ours[spread->count] = ours;
	spread->theirs[spread->count++] = theirs;
}

static inline void spread_print(struct spread *spread, const char *what, const char *with,
				const char *unit, double least)
{
	double ratio[SPREAD_ROUNDS], ours, theirs;
	size_t n = spread->count;

	for (size_t i = 0; i < n; i++)
		ratio[i] = spread->ours[i] / spread->theirs[i];
	ours = median(spread->ours, n);
	theirs = median(spread->theirs, n);
	printf("%s\t%.*f\t%s\t%.*f\t%s", what, ours < 100, ours, with, theirs < 100, theirs, unit);
	median(ratio, n); /* sorts them */
	printf("\t%.3f\t%.3f\t%.3f\t%.3f\t%.3f\t", ratio[0], ratio[n / 4], ratio[n / 2],
	       ratio[3 * n / 4], ratio[n - 1]);
	if (least > 0)
		printf(">= %.3g\t%s\n", least, ratio[n / 2] >= least ? "yes" : "no");
	else
		printf("-\t-\n");
}

#endif
