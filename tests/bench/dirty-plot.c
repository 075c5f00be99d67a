/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * dirty-plot - plots what dirty.c measures as an SVG: a group of bars for each density, on a
 * logarithmic scale.
 */
#include "dirty-plot.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { WIDTH = 1200, HEIGHT = 600, LEFT = 70, RIGHT = 20, TOP = 110, BOTTOM = 90, GAP = 24 };
enum { BARS = SWAP_ATOMIC + 1 };

static const struct {
	const char *name, *color;
} bars[BARS] = {
	[EXCHANGE] = { "exchange, own bitmap", "#2f6db3" },
	[EXCHANGE_ATOMIC] = { "exchange, shared bitmap", "#a3c4e6" },
	[SWAP] = { "swap, own bitmap", "#d0701a" },
	[SWAP_ATOMIC] = { "swap, shared bitmap", "#f2c79b" },
};

/* What memory can do: a line across the bars of a density each. */
static const struct {
	int way;
	const char *name, *style;
} limits[] = {
	{ COPY, "memcpy of the log", "#111111\" stroke-width=\"3" },
	{ SUM, "reading the log", "#2b8a3e\" stroke-width=\"3" },
	{ SUM_BOTH, "reading log and bitmap", "#a01c5c\" stroke-width=\"3" },
};
#define LIMITS (sizeof(limits) / sizeof(limits[0]))

struct plot {
	FILE *file;
	double low, high; /* decimal logarithms of the axis' ends */
};

static double y_of(const struct plot *plot, double ratio)
{
	double share = (log10(ratio) - plot->low) / (plot->high - plot->low);

	return HEIGHT - BOTTOM - share * (HEIGHT - BOTTOM - TOP);
}

static void text(const struct plot *plot, double x, double y, const char *anchor, int size,
		 const char *what)
{
	fprintf(plot->file,
		"<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\" font-size=\"%d\" "
		"stroke=\"#ffffff\" stroke-width=\"3\" paint-order=\"stroke\">%s</text>\n",
		x, y, anchor, size, what);
}

static void rect(const struct plot *plot, double x, double y, double width, double height,
		 const char *color)
{
	fprintf(plot->file,
		"<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"%s\"/>\n", x, y,
		width, height, color);
}

static void line(const struct plot *plot, double from, double to, double y, const char *style)
{
	fprintf(plot->file,
		"<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\" stroke=\"%s\"/>\n", from, to,
		y, y, style);
}

static void draw_axis(const struct plot *plot)
{
	for (double power = floor(plot->low); power < plot->high; power++)
		for (int digit = 1; digit < 10; digit++) {
			double ratio = digit * pow(10, power), y = y_of(plot, ratio);
			char label[32];

			if (log10(ratio) < plot->low - 1e-9)
				continue;
			line(plot, LEFT, WIDTH - RIGHT, y, digit > 1 ? "#eeeeee" : "#bbbbbb");
			snprintf(label, sizeof(label), "%g\u00d7", ratio);
			if (digit == 1 || digit == 2 || digit == 5)
				text(plot, LEFT - 8, y + 4, "end", 11, label);
		}
	line(plot, LEFT, WIDTH - RIGHT, y_of(plot, 1), "#333333\" stroke-width=\"1.5");
	fprintf(plot->file,
		"<text transform=\"translate(18 %d) rotate(-90)\" text-anchor=\"middle\" "
		"font-size=\"13\">times faster than the loop (log scale)</text>\n",
		(TOP + HEIGHT - BOTTOM) / 2);
}

static void draw_legend(const struct plot *plot)
{
	double x = LEFT, y = 66;

	for (int way = 0; way < BARS; way++) {
		rect(plot, x, y, 14, 14, bars[way].color);
		text(plot, x + 19, y + 12, "start", 12, bars[way].name);
		x += 168;
	}
	for (size_t i = 0; i < LIMITS; i++) {
		line(plot, x, x + 18, y + 7, limits[i].style);
		text(plot, x + 23, y + 12, "start", 12, limits[i].name);
		x += 135;
	}
}

/* "1 % in runs of 512" in two lines. */
static void draw_density(const struct plot *plot, double x, const char *density)
{
	const char *percent = strchr(density, '%');
	char first[32];

	if (!percent) {
		text(plot, x, HEIGHT - BOTTOM + 18, "middle", 11, density);
		return;
	}
	snprintf(first, sizeof(first), "%.*s", (int)(percent + 1 - density), density);
	text(plot, x, HEIGHT - BOTTOM + 18, "middle", 11, first);
	percent += strncmp(percent, "% in ", 5) ? 2 : 5;
	text(plot, x, HEIGHT - BOTTOM + 32, "middle", 10, percent);
}

static void draw_case(const struct plot *plot, const struct dirty_case *of, double x, double width)
{
	double bar = width / (BARS + 1), one = y_of(plot, 1);

	for (int way = 0; way < BARS; way++) {
		double y = y_of(plot, of->ratio[way][LOOP]), at = x + bar * (way + 0.5);

		rect(plot, at, fmin(y, one), bar - 1, fabs(y - one), bars[way].color);
		if (way == of->automatic) {
			char label[32];

			snprintf(label, sizeof(label), "%.3g", of->ratio[way][LOOP]);
			text(plot, at + bar / 2, fmin(y, one) - 5, "middle", 11, label);
		}
	}
	for (size_t i = 0; i < LIMITS; i++)
		line(plot, x + bar * 0.3, x + bar * (BARS + 0.6),
		     y_of(plot, of->ratio[limits[i].way][LOOP]), limits[i].style);
	draw_density(plot, x + width / 2, of->density);
}

static void find_ends(struct plot *plot, const struct dirty_case *cases)
{
	double least = 1, most = 10;

	for (int i = 0; i < GUESTS * DENSITIES; i++)
		for (int way = 0; way < LOOP; way++) {
			least = fmin(least, cases[i].ratio[way][LOOP]);
			most = fmax(most, cases[i].ratio[way][LOOP]);
		}
	plot->low = least >= 0.5 ? log10(0.5) : floor(log10(least));
	plot->high = ceil(log10(most * 1.2));
}

static void draw(const struct plot *plot, const struct dirty_case *cases)
{
	double panel = (double)(WIDTH - LEFT - RIGHT - (GUESTS - 1) * GAP) / GUESTS;

	rect(plot, 0, 0, WIDTH, HEIGHT, "#ffffff");
	text(plot, LEFT, 28, "start", 18,
	     "Reading a dirty log: vhc_dirty_read() and a loop like QEMU's");
	text(plot, LEFT, 48, "start", 12,
	     "Log and bitmap in no cache. The number is for the mode that the library selects "
	     "with a private bitmap.");
	draw_axis(plot);
	draw_legend(plot);
	for (int i = 0; i < GUESTS; i++) {
		double left = LEFT + i * (panel + GAP);
		char name[64];

		snprintf(name, sizeof(name), "guest of %s", cases[i * DENSITIES].guest);
		text(plot, left + panel / 2, HEIGHT - BOTTOM + 60, "middle", 14, name);
		line(plot, left, left + panel, HEIGHT - BOTTOM + 42, "#333333");
		for (int j = 0; j < DENSITIES; j++)
			draw_case(plot, &cases[i * DENSITIES + j], left + j * panel / DENSITIES,
				  panel / DENSITIES);
	}
}

int dirty_plot(const char *path, const struct dirty_case *cases)
{
	struct plot plot = { .file = fopen(path, "we") };
	bool failed;

	if (!plot.file)
		return -1;
	find_ends(&plot, cases);
	fprintf(plot.file,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" "
		"height=\"%d\" font-family=\"sans-serif\" fill=\"#111111\">\n",
		WIDTH, HEIGHT, WIDTH, HEIGHT);
	draw(&plot, cases);
	fprintf(plot.file, "</svg>\n");
	failed = ferror(plot.file);
	return fclose(plot.file) || failed ? -1 : 0;
}
