/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Prints a tree as the body of a page.  Knows no command; what is a line, a table or a section is decided as
 * print.c does, so that the page says what the tables do.
 *
 * A table with sentences becomes a list of its rows on a small screen; one without scrolls in its box.
 */
#include <string.h>

#include "output/html.h"

#define HEADING_FIRST 2 /* below the title of the page */
#define HEADING_LAST  6
#define CONTENTS_MIN  3 /* sections */

static void put_object(struct html *html, const char *section, struct json_object *object,
		       int level);

static void put_heading(struct html *html, const char *title, int level)
{
	level = level > HEADING_LAST ? HEADING_LAST : level;
	fprintf(html->out, "<h%d", level);
	if (level == HEADING_FIRST)
		fprintf(html->out, " id=\"s%u\"", html->sections++);
	fputs(">", html->out);
	cli_html_text(html->out, title);
	fprintf(html->out, "</h%d>\n", level);
}

struct grid {
	struct table table;
	enum html_form forms[CLI_COLUMNS_MAX];
	bool list; /* it has sentences */
};

static void measure(struct grid *grid, struct json_object *rows)
{
	*grid = (struct grid){ .list = false };
	cli_measure(&grid->table, rows, false);
	for (size_t c = 0; c < grid->table.count; c++) {
		const char *key = grid->table.columns[c].key;

		for (size_t i = 0; i < json_object_array_length(rows); i++) {
			struct json_object *value =
				json_object_object_get(json_object_array_get_idx(rows, i), key);
			enum html_form form = cli_html_form(key, value);

			if (form > grid->forms[c])
				grid->forms[c] = form;
		}
		grid->list = grid->list || grid->table.columns[c].width > CLI_PROSE_WIDTH;
	}
}

static void put_titles(struct html *html, const struct grid *grid)
{
	fputs("<thead><tr>", html->out);
	for (size_t i = 0; i < grid->table.count; i++) {
		const struct column *column = &grid->table.columns[i];

		fprintf(html->out, "<th scope=\"col\"%s>",
			column->number ? " class=\"number\"" : "");
		cli_html_text(html->out, column->key);
		fputs("</th>", html->out);
	}
	fputs("</tr></thead>\n", html->out);
}

static bool is_absent(struct json_object *value)
{
	struct cell cell;
	bool absent = !strcmp(cli_cell_text(&cell, value), "-");

	cli_cell_done(&cell);
	return absent;
}

/* The tag of a cell; in a list the key is shown beside the value. */
static void open_cell(struct html *html, const struct grid *grid, const struct column *column,
		      struct json_object *value)
{
	fprintf(html->out, "<td class=\"%s%s\"", column->number ? "number " : "",
		is_absent(value)		   ? "absent"
		: column->width <= CLI_PROSE_WIDTH ? "whole"
						   : "wrapped");
	if (grid->list) {
		fputs(" data-key=\"", html->out);
		cli_html_text(html->out, column->key);
		fputs("\"", html->out);
	}
	fputs(">", html->out);
}

static void put_row(struct html *html, const char *section, const struct grid *grid,
		    struct json_object *row)
{
	fputs("<tr>", html->out);
	for (size_t i = 0; i < grid->table.count; i++) {
		const struct column *column = &grid->table.columns[i];
		struct json_object *value = json_object_object_get(row, column->key);

		open_cell(html, grid, column, value);
		cli_html_value(html->out, section, column->key, value, grid->forms[i]);
		fputs("</td>", html->out);
	}
	fputs("</tr>\n", html->out);
}

static void put_table(struct html *html, const char *section, struct json_object *rows)
{
	struct grid grid;

	measure(&grid, rows);
	if (grid.list) {
		fputs("<div class=\"box\"><table class=\"list\">\n", html->out);
	} else {
		/* what scrolls can be scrolled by the keyboard */
		fputs("<div class=\"box fitting\" role=\"region\" tabindex=\"0\" aria-label=\"",
		      html->out);
		cli_html_text(html->out, section);
		fputs("\"><table>\n", html->out);
	}
	put_titles(html, &grid);
	fputs("<tbody>\n", html->out);
	for (size_t i = 0; i < json_object_array_length(rows); i++)
		put_row(html, section, &grid, json_object_array_get_idx(rows, i));
	fputs("</tbody></table></div>\n", html->out);
}

/* A section for each object, titled with its first value. */
static void put_rows(struct html *html, const char *section, struct json_object *rows, int level)
{
	for (size_t i = 0; i < json_object_array_length(rows); i++) {
		struct json_object *row = json_object_array_get_idx(rows, i);
		struct json_object_iterator first = json_object_iter_begin(row);

		fputs("<section>\n", html->out);
		put_heading(html, cli_scalar_text(json_object_iter_peek_value(&first)), level);
		put_object(html, section, row, level + 1);
		fputs("</section>\n", html->out);
	}
}

static void put_section(struct html *html, const char *key, struct json_object *value, int level)
{
	fputs("<section>\n", html->out);
	put_heading(html, key, level);
	if (!cli_is_rows(value))
		put_object(html, key, value, level + 1);
	else if (cli_is_flat(value))
		put_table(html, key, value);
	else
		put_rows(html, key, value, level + 1);
	fputs("</section>\n", html->out);
}

static void put_lines(struct html *html, const char *section, struct json_object *object)
{
	bool begun = false;

	json_object_object_foreach(object, key, value)
	{
		if (cli_is_section(value))
			continue;
		fputs(begun ? "<dt>" : "<dl>\n<dt>", html->out);
		begun = true;
		cli_html_text(html->out, key);
		fputs("</dt><dd>", html->out);
		cli_html_value(html->out, section, key, value, cli_html_form(key, value));
		fputs("</dd>\n", html->out);
	}
	fputs(begun ? "</dl>\n" : "", html->out);
}

/* First the members that fit one line, then the sections. */
static void put_object(struct html *html, const char *section, struct json_object *object,
		       int level)
{
	put_lines(html, section, object);
	json_object_object_foreach(object, key, value)
	{
		if (cli_is_section(value))
			put_section(html, key, value, level);
	}
}

static unsigned int count_sections(struct json_object *members)
{
	unsigned int count = 0;

	json_object_object_foreach(members, key, value)
	{
		(void)key;
		count += cli_is_section(value);
	}
	return count;
}

/* Links to the sections, where these do not fit a screen. */
static void put_contents(struct html *html, struct json_object *members)
{
	unsigned int number = 0;

	if (count_sections(members) < CONTENTS_MIN)
		return;
	fputs("<nav aria-label=\"Contents\">\n", html->out);
	json_object_object_foreach(members, key, value)
	{
		if (!cli_is_section(value))
			continue;
		fprintf(html->out, "<a href=\"#s%u\">", number++);
		cli_html_text(html->out, key);
		fputs("</a>\n", html->out);
	}
	fputs("</nav>\n", html->out);
}

void cli_html_tree(struct html *html, struct json_object *members)
{
	put_contents(html, members);
	put_object(html, "", members, HEADING_FIRST);
}
