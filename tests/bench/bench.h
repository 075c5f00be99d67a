/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * bench - shared by the programs here: the clock, the median, and one line for each result, which
 * `run` turns into a table: what, ours, what it is compared with, theirs, unit, ratio, wanted.
 */
#ifndef BENCH_H
#define BENCH_H

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static inline double now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static inline int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static inline double median(double *values, size_t count)
{
	qsort(values, count, sizeof(*values), by_value);
	return values[count / 2];
}

/* @most: the largest ratio that is wanted; 0 for none. */
static inline void print_row(const char *what, double ours, const char *with, double theirs,
			     const char *unit, double most)
{
	printf("%s\t%.4g\t%s\t%.4g\t%s\t%.3g\t", what, ours, with, theirs, unit, ours / theirs);
	if (most > 0)
		printf("<= %.3g\t%s\n", most, ours / theirs <= most ? "yes" : "no");
	else
		printf("-\t-\n");
}

#endif
