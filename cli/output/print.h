/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How results and help are laid out: text in lines, cells in lines and tables.  A printer with a width wraps at
 * words; one without, which is one that prints to no terminal, prints each text in one line.
 */
#ifndef CLI_PRINT_H
#define CLI_PRINT_H

#include "program/cli.h"

struct printer {
	FILE *out;
	bool colour;
	int width;  /* columns of the terminal; 0: there is none, or it does not say */
	bool begun; /* something was printed before */
};

/* print.c: what a tree is shown as */
/* an array of objects */
bool cli_is_rows(struct json_object *value);
/* what has a heading of its own: rows, or an object */
bool cli_is_section(struct json_object *value);
/* rows that fit a table: none contains an object or further rows */
bool cli_is_flat(struct json_object *rows);
/* a copy of a result without the members that only identify the document; for json_object_put() */
struct json_object *cli_members(struct json_object *result);

/* line.c */
int cli_width_of(const char *text);
void cli_put(struct printer *printer, const char *text);
void cli_put_blanks(struct printer *printer, int count);
void cli_put_bold(struct printer *printer, const char *text);
/* one cell and the blanks before the next, or the end of the line */
void cli_put_cell(struct printer *printer, const char *text, int width, bool right, bool last);
/* the first @len bytes of @text */
void cli_put_part(struct printer *printer, const char *text, size_t len);
/* bytes of @text that fit @width; @ret_next: where the next line begins, NULL after the last */
size_t cli_line_len(const char *text, int width, const char **ret_next);
/* a text that begins in column @at, to the end of its last line; its other lines begin there, too */
void cli_put_wrapped(struct printer *printer, const char *text, int at);

/* table.c */
/* the text of one value, and memory for it if the value has none; cli_cell_done() frees it */
struct cell {
	const char *text;
	char digits[24];
	char *joined;
};

#define CLI_COLUMNS_MAX 32u
#define CLI_PROSE_WIDTH 34 /* a text beyond it is a sentence */

struct column {
	const char *key;
	int width;   /* of its widest text; as it is printed */
	int least;   /* of its longest word */
	bool number; /* numbers only: aligned to the right */
};

struct table {
	struct column columns[CLI_COLUMNS_MAX];
	size_t count;
	bool wraps;
};

/* the columns of rows, which keep the keys; @words: measure these, too */
void cli_measure(struct table *table, struct json_object *rows, bool words);
/* is it a command to paste, which a line break would spoil? */
bool cli_is_command(const char *key);
const char *cli_scalar_text(struct json_object *value);
const char *cli_cell_text(struct cell *cell, struct json_object *value);
void cli_cell_done(struct cell *cell);
/* a column for each key; false, and nothing is printed, if the terminal is too narrow for one */
bool cli_put_table(struct printer *printer, struct json_object *rows, int indent);

#endif
