/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Prints a tree as a JSON document or as tables for people.
 *
 * Knows no command: members are lines "key  value", an array of objects is a table with a column
 * for each key, or a section for each object when those have objects of their own.  So the two
 * forms cannot disagree.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

#define INDENT	    2
#define COLUMNS_MAX 32u

struct printer {
	FILE *out;
	bool colour;
	bool begun; /* something was printed before */
};

struct column {
	const char *key;
	int width;
	bool number; /* numbers only: aligned to the right */
};

struct table {
	struct column columns[COLUMNS_MAX];
	size_t count;
};

static void print_object(struct printer *printer, struct json_object *object, int indent);

/* What is printed may be from a document of somebody else's. */
void cli_put_text(FILE *out, const char *text, const char *keep)
{
	char part[DOC_ESCAPE_MAX + 1];

	for (;;) {
		size_t plain = doc_ascii_len(text);

		fwrite(text, 1, plain, out);
		text += plain;
		if (!*text)
			return;
		if (strchr(keep, *text))
			fputc(*text++, out);
		else
			fputs(doc_escape_first(part, &text), out);
	}
}

/* The width of UTF-8 text on a terminal; names and messages here are not double-width. */
static int width_of(const char *text)
{
	char part[DOC_ESCAPE_MAX + 1];
	int width = 0;

	for (;;) {
		size_t plain = doc_ascii_len(text);
		bool printable;
		int len;

		width += (int)plain;
		text += plain;
		if (!*text)
			return width;
		printable = doc_printable_len(text);
		len = (int)strlen(doc_escape_first(part, &text));
		width += printable ? 1 : len;
	}
}

static bool is_rows(struct json_object *value)
{
	return json_object_is_type(value, json_type_array) && json_object_array_length(value) &&
	       json_object_is_type(json_object_array_get_idx(value, 0), json_type_object);
}

static bool is_section(struct json_object *value)
{
	return is_rows(value) || json_object_is_type(value, json_type_object);
}

/* Rows that fit a table: none contains an object or further rows. */
static bool is_flat(struct json_object *rows)
{
	for (size_t i = 0; i < json_object_array_length(rows); i++) {
		json_object_object_foreach(json_object_array_get_idx(rows, i), key, value)
		{
			(void)key;
			if (is_section(value))
				return false;
		}
	}
	return true;
}

static bool is_number(struct json_object *value)
{
	return json_object_is_type(value, json_type_int) ||
	       json_object_is_type(value, json_type_double);
}

/* The text of a value that is neither an object nor an array; the value keeps it. */
static const char *scalar_text(struct json_object *value)
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
		size += strlen(scalar_text(json_object_array_get_idx(array, i))) + 2;
	text = end = malloc(size);
	for (size_t i = 0; text && i < count; i++) {
		end = stpcpy(end, i ? ", " : "");
		end = stpcpy(end, scalar_text(json_object_array_get_idx(array, i)));
	}
	if (text)
		*end = '\0';
	return text;
}

/* The text of one cell, and memory for it if the value has none; cell_done() frees it. */
struct cell {
	const char *text;
	char digits[24];
	char *joined;
};

static const char *cell_text(struct cell *cell, struct json_object *value)
{
	cell->joined = NULL;
	if (json_object_is_type(value, json_type_array)) {
		cell->text = cell->joined = joined_text(value);
	} else if (json_object_is_type(value, json_type_int)) {
		snprintf(cell->digits, sizeof(cell->digits), "%" PRIu64,
			 json_object_get_uint64(value));
		cell->text = cell->digits;
	} else {
		cell->text = scalar_text(value);
	}
	return cell->text && *cell->text ? cell->text : "-";
}

static void cell_done(struct cell *cell)
{
	free(cell->joined);
}

static void put_text(struct printer *printer, const char *text)
{
	cli_put_text(printer->out, text, "");
	printer->begun = true;
}

static void put(struct printer *printer, const char *text)
{
	fputs(text, printer->out);
	printer->begun = true;
}

static void put_blanks(struct printer *printer, int count)
{
	if (count > 0)
		fprintf(printer->out, "%*s", count, "");
}

static void put_title(struct printer *printer, const char *title)
{
	put(printer, printer->colour ? "\033[1m" : "");
	put_text(printer, title);
	put(printer, printer->colour ? "\033[m" : "");
}

/* One cell and the blanks before the next, or the end of the line. */
static void put_cell(struct printer *printer, const char *text, int width, bool right, bool last)
{
	const int blanks = width - width_of(text);

	put_blanks(printer, right ? blanks : 0);
	put_text(printer, text);
	put_blanks(printer, last || right ? 0 : blanks);
	put(printer, last ? "\n" : "  ");
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
	if (table->count == COLUMNS_MAX)
		return NULL;
	table->columns[table->count] = (struct column){ key, width_of(key), true };
	return &table->columns[table->count++];
}

/* Add a row's keys to the columns, in order of appearance, and update the widths. */
static void measure(struct table *table, struct json_object *row)
{
	size_t place = 0;

	json_object_object_foreach(row, key, value)
	{
		struct column *column = find_column(table, key, place++);
		struct cell cell;
		int width = width_of(cell_text(&cell, value));

		cell_done(&cell);
		if (!column)
			continue;
		if (width > column->width)
			column->width = width;
		if (!is_number(value))
			column->number = false;
	}
}

static void print_row(struct printer *printer, struct table *table, struct json_object *row)
{
	struct json_object *values[COLUMNS_MAX] = { NULL };
	size_t place = 0;

	json_object_object_foreach(row, key, value)
	{
		struct column *column = find_column(table, key, place++);

		if (column)
			values[column - table->columns] = value;
	}
	for (size_t i = 0; i < table->count; i++) {
		const struct column *column = &table->columns[i];
		struct cell cell;

		put_cell(printer, cell_text(&cell, values[i]), column->width, column->number,
			 i + 1 == table->count);
		cell_done(&cell);
	}
}

static void print_table(struct printer *printer, struct json_object *rows, int indent)
{
	struct table table = { .count = 0 };

	for (size_t i = 0; i < json_object_array_length(rows); i++)
		measure(&table, json_object_array_get_idx(rows, i));
	put_blanks(printer, indent);
	put(printer, printer->colour ? "\033[1m" : "");
	for (size_t i = 0; i < table.count; i++)
		put_cell(printer, table.columns[i].key, table.columns[i].width,
			 table.columns[i].number, i + 1 == table.count);
	put(printer, printer->colour ? "\033[m" : "");
	for (size_t i = 0; i < json_object_array_length(rows); i++) {
		put_blanks(printer, indent);
		print_row(printer, &table, json_object_array_get_idx(rows, i));
	}
}

static void print_heading(struct printer *printer, const char *title, int indent)
{
	put(printer, printer->begun ? "\n" : "");
	put_blanks(printer, indent);
	put_title(printer, title);
	put(printer, "\n");
}

/* A section for each object, titled with its first value. */
static void print_rows(struct printer *printer, struct json_object *rows, int indent)
{
	for (size_t i = 0; i < json_object_array_length(rows); i++) {
		struct json_object *row = json_object_array_get_idx(rows, i);
		struct json_object_iterator first = json_object_iter_begin(row);

		print_heading(printer, scalar_text(json_object_iter_peek_value(&first)), indent);
		print_object(printer, row, indent + INDENT);
	}
}

static void print_section(struct printer *printer, const char *key, struct json_object *value,
			  int indent)
{
	print_heading(printer, key, indent);
	if (!is_rows(value))
		print_object(printer, value, indent + INDENT);
	else if (is_flat(value))
		print_table(printer, value, indent + INDENT);
	else
		print_rows(printer, value, indent + INDENT);
}

/* The width of the keys of one object whose values stand beside them. */
static int key_width(struct json_object *object)
{
	int width = 0;

	json_object_object_foreach(object, key, value)
	{
		if (!is_section(value) && width_of(key) > width)
			width = width_of(key);
	}
	return width;
}

/*
 * First the members that fit one line, then the sections, so that it is clear what they belong to.
 */
static void print_object(struct printer *printer, struct json_object *object, int indent)
{
	int width = key_width(object);

	json_object_object_foreach(object, key, value)
	{
		struct cell cell;

		if (is_section(value))
			continue;
		put_blanks(printer, indent);
		put_cell(printer, key, width, false, false);
		put_cell(printer, cell_text(&cell, value), 0, false, true);
		cell_done(&cell);
	}
	json_object_object_foreach(object, name, section)
	{
		if (is_section(section))
			print_section(printer, name, section, indent);
	}
}

/*
 * Print the result as text for people.  Members that only identify the document are omitted; a
 * document with nothing but one table is printed as that table.
 */
static void print_people(struct printer *printer, struct json_object *result)
{
	static const char *const form[] = { "kind", "version", "minor", "command" };
	struct json_object *only = NULL;
	struct json_object *shown = cli_object();

	json_object_object_foreach(result, key, value)
	{
		bool skip = false;

		for (size_t i = 0; i < sizeof(form) / sizeof(*form); i++)
			skip = skip || !strcmp(key, form[i]);
		if (skip)
			continue;
		cli_add(shown, key, json_object_get(value));
		only = value;
	}
	if (json_object_object_length(shown) == 1 && is_rows(only) && is_flat(only))
		print_table(printer, only, 0);
	else
		print_object(printer, shown, 0);
	json_object_put(shown);
}

/* A table of a document's fields, within the help. */
void cli_print_table(FILE *out, struct json_object *rows, int indent)
{
	print_table(&(struct printer){ .out = out }, rows, indent);
}

void cli_print(FILE *out, struct json_object *result, bool json, bool colour)
{
	const int flags =
		JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED | JSON_C_TO_STRING_NOSLASHESCAPE;

	if (json) {
		/* json-c escapes some control characters; the others are still JSON like this */
		cli_put_text(out, json_object_to_json_string_ext(result, flags), "\n");
		fputc('\n', out);
	} else {
		print_people(&(struct printer){ .out = out, .colour = colour }, result);
	}
}
