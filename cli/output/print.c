/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Prints a tree as a JSON document or as tables for people.
 *
 * Knows no command: members are lines "key  value", an array of objects is a table with a column
 * for each key, or a section for each object when those have objects of their own.  So the two
 * forms cannot disagree.
 */
#include <string.h>

#include "output/print.h"

#define INDENT	      2
#define PROSE_COLUMNS 2 /* of sentences that a table may have */

static void print_object(struct printer *printer, struct json_object *object, int indent);

bool cli_is_rows(struct json_object *value)
{
	return json_object_is_type(value, json_type_array) && json_object_array_length(value) &&
	       json_object_is_type(json_object_array_get_idx(value, 0), json_type_object);
}

bool cli_is_section(struct json_object *value)
{
	return cli_is_rows(value) || json_object_is_type(value, json_type_object);
}

bool cli_is_flat(struct json_object *rows)
{
	for (size_t i = 0; i < json_object_array_length(rows); i++) {
		json_object_object_foreach(json_object_array_get_idx(rows, i), key, value)
		{
			(void)key;
			if (cli_is_section(value))
				return false;
		}
	}
	return true;
}

static void print_heading(struct printer *printer, const char *title, int indent)
{
	cli_put(printer, printer->begun ? "\n" : "");
	cli_put_blanks(printer, indent);
	cli_put_bold(printer, title);
	cli_put(printer, "\n");
}

/* A section for each object, titled with its first value. */
static void print_rows(struct printer *printer, struct json_object *rows, int indent)
{
	for (size_t i = 0; i < json_object_array_length(rows); i++) {
		struct json_object *row = json_object_array_get_idx(rows, i);
		struct json_object_iterator first = json_object_iter_begin(row);

		print_heading(printer, cli_scalar_text(json_object_iter_peek_value(&first)),
			      indent);
		print_object(printer, row, indent + INDENT);
	}
}

/* A copy that has only the members with a value. */
static struct json_object *without_blanks(struct json_object *row)
{
	struct json_object *copy = cli_object();

	json_object_object_foreach(row, key, value)
	{
		struct cell cell;

		if (strcmp(cli_cell_text(&cell, value), "-") != 0)
			cli_add(copy, key, json_object_get(value));
		cli_cell_done(&cell);
	}
	return copy;
}

/* Rows that a table has no room for: each value on a line of its own, and a line between two rows. */
static void print_list(struct printer *printer, struct json_object *rows, int indent)
{
	for (size_t i = 0; i < json_object_array_length(rows); i++) {
		struct json_object *row = without_blanks(json_object_array_get_idx(rows, i));

		cli_put(printer, i ? "\n" : "");
		print_object(printer, row, indent);
		json_object_put(row);
	}
}

/* Sentences side by side are hard to read in columns, and in one line as well. */
static bool is_prose(struct json_object *rows)
{
	for (size_t i = 0; i < json_object_array_length(rows); i++) {
		int sentences = 0;

		json_object_object_foreach(json_object_array_get_idx(rows, i), key, value)
		{
			struct cell cell;

			(void)key;
			sentences += cli_width_of(cli_cell_text(&cell, value)) > CLI_PROSE_WIDTH;
			cli_cell_done(&cell);
		}
		if (sentences > PROSE_COLUMNS)
			return true;
	}
	return false;
}

static void print_table(struct printer *printer, struct json_object *rows, int indent)
{
	if (is_prose(rows) || !cli_put_table(printer, rows, indent))
		print_list(printer, rows, indent);
}

static void print_section(struct printer *printer, const char *key, struct json_object *value,
			  int indent)
{
	print_heading(printer, key, indent);
	if (!cli_is_rows(value))
		print_object(printer, value, indent + INDENT);
	else if (cli_is_flat(value))
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
		if (!cli_is_section(value) && cli_width_of(key) > width)
			width = cli_width_of(key);
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
		const char *text;

		if (cli_is_section(value))
			continue;
		cli_put_blanks(printer, indent);
		cli_put_cell(printer, key, width, false, false);
		text = cli_cell_text(&cell, value);
		if (cli_is_command(key))
			cli_put_cell(printer, text, 0, false, true);
		else
			cli_put_wrapped(printer, text, indent + width + 2);
		cli_cell_done(&cell);
	}
	json_object_object_foreach(object, name, section)
	{
		if (cli_is_section(section))
			print_section(printer, name, section, indent);
	}
}

struct json_object *cli_members(struct json_object *result)
{
	static const char *const form[] = { "kind", "version", "minor", "command" };
	struct json_object *shown = cli_object();

	json_object_object_foreach(result, key, value)
	{
		bool skip = false;

		for (size_t i = 0; i < sizeof(form) / sizeof(*form); i++)
			skip = skip || !strcmp(key, form[i]);
		if (!skip)
			cli_add(shown, key, json_object_get(value));
	}
	return shown;
}

/* Print the result as text for people; a document with nothing but one table is printed as that table. */
static void print_people(struct printer *printer, struct json_object *result)
{
	struct json_object *shown = cli_members(result);
	struct json_object_iterator first = json_object_iter_begin(shown);
	struct json_object *only =
		json_object_object_length(shown) == 1 ? json_object_iter_peek_value(&first) : NULL;

	if (cli_is_rows(only) && cli_is_flat(only))
		print_table(printer, only, 0);
	else
		print_object(printer, shown, 0);
	json_object_put(shown);
}

void cli_print(FILE *out, struct json_object *result, bool json, bool colour, int width)
{
	const int flags =
		JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED | JSON_C_TO_STRING_NOSLASHESCAPE;

	if (json) {
		/* json-c escapes some control characters; the others are still JSON like this */
		cli_put_text(out, json_object_to_json_string_ext(result, flags), "\n");
		fputc('\n', out);
	} else {
		print_people(&(struct printer){ .out = out, .colour = colour, .width = width },
			     result);
	}
}

/* One text of the result, which is read by a program and not by people. */
void cli_print_alone(FILE *out, struct json_object *result, const char *key)
{
	const char *text = json_object_get_string(json_object_object_get(result, key));
	size_t length = strlen(text);

	cli_put_text(out, text, "\n");
	if (!length || text[length - 1] != '\n')
		fputc('\n', out);
}
