/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Rows of values as a table.  On a terminal that is too narrow for it, the texts wrap within their columns; the
 * numbers, the names and the commands stay whole.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "output/print.h"

#define NARROW	    24 /* a column of wrapped text is at least as wide, */
#define NARROW_LAST 20 /* and the last, which has nothing beside it */

bool cli_is_command(const char *key)
{
	return !strcmp(key, "launcher") || !strcmp(key, "fix") || !strcmp(key, "remedy");
}

static bool is_number(struct json_object *value)
{
	return json_object_is_type(value, json_type_int) ||
	       json_object_is_type(value, json_type_double);
}

/* The text of a value that is neither an object nor an array; the value keeps it. */
const char *cli_scalar_text(struct json_object *value)
{
	if (!value)
		return "-";
	if (json_object_is_type(value, json_type_boolean))
		return json_object_get_boolean(value) ? "yes" : "no";
	return json_object_get_string(value);
}

/* "a, b, c", for free(3). */
static char *joined_text(struct json_object *array)
{
	const size_t count = json_object_array_length(array);
	size_t size = 1;
	char *text, *end;

	for (size_t i = 0; i < count; i++)
		size += strlen(cli_scalar_text(json_object_array_get_idx(array, i))) + 2;
	text = end = malloc(size);
	for (size_t i = 0; text && i < count; i++) {
		end = stpcpy(end, i ? ", " : "");
		end = stpcpy(end, cli_scalar_text(json_object_array_get_idx(array, i)));
	}
	if (text)
		*end = '\0';
	return text;
}

const char *cli_cell_text(struct cell *cell, struct json_object *value)
{
	cell->joined = NULL;
	if (json_object_is_type(value, json_type_array)) {
		cell->text = cell->joined = joined_text(value);
	} else if (json_object_is_type(value, json_type_int)) {
		snprintf(cell->digits, sizeof(cell->digits), "%" PRIu64,
			 json_object_get_uint64(value));
		cell->text = cell->digits;
	} else {
		cell->text = cli_scalar_text(value);
	}
	return cell->text && *cell->text ? cell->text : "-";
}

void cli_cell_done(struct cell *cell)
{
	free(cell->joined);
}

/*
 * The column of a key, added if there is none; NULL if there are too many.  @guess: its likely
 * place.
 */
static struct column *find_column(struct table *table, const char *key, size_t guess)
{
	if (guess < table->count && !strcmp(table->columns[guess].key, key))
		return &table->columns[guess];
	for (size_t i = 0; i < table->count; i++)
		if (!strcmp(table->columns[i].key, key))
			return &table->columns[i];
	if (table->count == CLI_COLUMNS_MAX)
		return NULL;
	table->columns[table->count] =
		(struct column){ key, cli_width_of(key), cli_width_of(key), true };
	return &table->columns[table->count++];
}

static int longest_word(const char *text)
{
	size_t longest = 0, len;

	for (; *text; text += len, text += strspn(text, " ")) {
		len = strcspn(text, " ");
		longest = len > longest ? len : longest;
	}
	return (int)longest;
}

/* Add a row's keys to the columns, in order of appearance, and update the widths. */
static void measure_row(struct table *table, struct json_object *row, bool words)
{
	size_t place = 0;

	json_object_object_foreach(row, key, value)
	{
		struct column *column = find_column(table, key, place++);
		struct cell cell;
		const char *text = cli_cell_text(&cell, value);
		int width = cli_width_of(text), word = words ? longest_word(text) : 0;

		cli_cell_done(&cell);
		if (!column)
			continue;
		if (width > column->width)
			column->width = width;
		if (word > column->least)
			column->least = word;
		if (!is_number(value))
			column->number = false;
	}
}

void cli_measure(struct table *table, struct json_object *rows, bool words)
{
	*table = (struct table){ .count = 0 };
	for (size_t i = 0; i < json_object_array_length(rows); i++)
		measure_row(table, json_object_array_get_idx(rows, i), words);
}

/* The column that needs the next blank most; NULL if all are as wide as their texts. */
static struct column *tightest(struct table *table, const int *wanted)
{
	struct column *found = NULL;
	int most = 1000;

	for (size_t i = 0; i < table->count; i++) {
		struct column *column = &table->columns[i];
		int need = wanted[i] * 1000 / column->width;

		if (need > most) {
			most = need;
			found = column;
		}
	}
	return found;
}

/* Make columns narrower until the table has @width columns; false if that would be too narrow to read. */
static bool fit(struct table *table, int width)
{
	int wanted[CLI_COLUMNS_MAX], all = 0;
	struct column *column;

	width -= 2 * ((int)table->count - 1);
	for (size_t i = 0; i < table->count; i++) {
		wanted[i] = table->columns[i].width;
		all += wanted[i];
	}
	if (all <= width)
		return true;
	for (size_t i = 0; i < table->count; i++) {
		int least = i + 1 == table->count ? NARROW_LAST : NARROW;

		column = &table->columns[i];
		if (least < column->least)
			least = column->least;
		if (least < column->width && !cli_is_command(column->key))
			column->width = least;
		width -= column->width;
	}
	for (; width > 0 && (column = tightest(table, wanted)); width--)
		column->width++;
	table->wraps = true;
	return width >= 0;
}

/* One line of each cell; @rest is what is left of their texts.  Returns whether anything is. */
static bool put_lines(struct printer *printer, const struct table *table, const char **rest)
{
	bool more = false;
	int blanks = 0; /* before the next text, so that no line ends with some */

	for (size_t i = 0; i < table->count; i++) {
		const struct column *column = &table->columns[i];
		const char *text = rest[i];
		size_t len = text ? cli_line_len(text, column->width, &rest[i]) : 0;
		int used = 0;

		if (len) {
			char *part = strndup(text, len);

			used = part ? cli_width_of(part) : 0;
			blanks += column->number ? column->width - used : 0;
			cli_put_blanks(printer, blanks);
			cli_put_part(printer, text, len);
			blanks = column->number ? used - column->width : 0;
			free(part);
		}
		blanks += column->width - used + 2;
		more = more || rest[i];
	}
	cli_put(printer, "\n");
	return more;
}

static void put_row(struct printer *printer, const struct table *table, const char **texts,
		    int indent)
{
	if (table->wraps) {
		do
			cli_put_blanks(printer, indent);
		while (put_lines(printer, table, texts));
		return;
	}
	cli_put_blanks(printer, indent);
	for (size_t i = 0; i < table->count; i++)
		cli_put_cell(printer, texts[i], table->columns[i].width, table->columns[i].number,
			     i + 1 == table->count);
}

static void put_values(struct printer *printer, struct table *table, struct json_object *row,
		       int indent)
{
	struct cell cells[CLI_COLUMNS_MAX];
	const char *texts[CLI_COLUMNS_MAX];
	size_t place = 0;

	for (size_t i = 0; i < table->count; i++)
		texts[i] = cli_cell_text(&cells[i], NULL);
	json_object_object_foreach(row, key, value)
	{
		struct column *column = find_column(table, key, place++);

		if (column)
			texts[column - table->columns] =
				cli_cell_text(&cells[column - table->columns], value);
	}
	put_row(printer, table, texts, indent);
	for (size_t i = 0; i < table->count; i++)
		cli_cell_done(&cells[i]);
}

bool cli_put_table(struct printer *printer, struct json_object *rows, int indent)
{
	const char *titles[CLI_COLUMNS_MAX];
	struct table table;

	cli_measure(&table, rows, printer->width);
	if (printer->width && !fit(&table, printer->width - indent))
		return false;
	for (size_t i = 0; i < table.count; i++)
		titles[i] = table.columns[i].key;
	cli_put(printer, printer->colour ? "\033[1m" : "");
	put_row(printer, &table, titles, indent);
	cli_put(printer, printer->colour ? "\033[m" : "");
	for (size_t i = 0; i < json_object_array_length(rows); i++)
		put_values(printer, &table, json_object_array_get_idx(rows, i), indent);
	return true;
}
