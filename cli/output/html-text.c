/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Text and values of a page.  What a value means is shown by a sign or a word, and by colour besides.
 */
#include <string.h>

#include "output/html.h"

static void put_escaped(FILE *out, const char *text, size_t len)
{
	static const struct {
		char character;
		const char *entity;
	} entities[] = {
		{ '&', "&amp;" },  { '<', "&lt;" },   { '>', "&gt;" },
		{ '"', "&quot;" }, { '\'', "&#39;" },
	};

	for (size_t i = 0; i < len; i++) {
		const char *entity = NULL;

		for (size_t e = 0; e < DOC_COUNT(entities); e++)
			if (text[i] == entities[e].character)
				entity = entities[e].entity;
		if (entity)
			fputs(entity, out);
		else
			fputc(text[i], out);
	}
}

void cli_html_text(FILE *out, const char *text)
{
	char part[DOC_ESCAPE_MAX + 1];

	for (;;) {
		size_t plain = doc_ascii_len(text);

		put_escaped(out, text, plain);
		text += plain;
		if (!*text)
			return;
		fputs(doc_escape_first(part, &text), out);
	}
}

/* --------------------------------------------------------------------------------------- meaning */

enum meaning { PLAIN, GOOD, BAD, UNSURE };

static const struct {
	const char *class, *sign;
} meanings[] = {
	[PLAIN] = { "", "" },
	[GOOD] = { "good", "\u2713" },
	[BAD] = { "bad", "\u2717" },
	[UNSURE] = { "unsure", "?" },
};

/* The first row that fits is the one.  NULL: any section, any text. */
static const struct {
	const char *section, *key, *text;
	enum meaning meaning;
} marks[] = {
	/* check */
	{ "missing", "name", NULL, BAD },
	{ "findings", "known", "no", UNSURE },
	{ "", "possible", "yes", GOOD },
	{ "", "possible", "no", BAD },
	{ "", "known", "no", UNSURE },
	/* baseline */
	{ "lacking", "name", NULL, BAD },
	{ "groups", "lacks", NULL, BAD },
	{ "groups", "unknown", NULL, UNSURE },
	{ NULL, "opens", "yes", GOOD },
	{ NULL, "opens", "no", BAD },
	{ NULL, "probed", "no", UNSURE },
	/* doctor */
	{ NULL, "result", "ok", GOOD },
	{ NULL, "result", "missing", BAD },
	{ NULL, "result", "wrong", BAD },
	{ NULL, "result", "busy", BAD },
	{ NULL, "result", "low", UNSURE },
	{ "", "ok", "yes", GOOD },
	{ "", "ok", "no", BAD },
	/* status */
	{ "", "running", "yes", GOOD },
	{ "", "steady", "no", UNSURE },
	{ "", "unknown", NULL, UNSURE },
};

static enum meaning meaning_of(const char *section, const char *key, const char *text)
{
	if (!strcmp(text, "-"))
		return PLAIN;
	for (size_t i = 0; i < DOC_COUNT(marks); i++)
		if ((!marks[i].section || !strcmp(marks[i].section, section)) &&
		    !strcmp(marks[i].key, key) && (!marks[i].text || !strcmp(marks[i].text, text)))
			return marks[i].meaning;
	return PLAIN;
}

const char *cli_html_sign(int status, const char **ret_class)
{
	enum meaning meaning = status == CLI_YES ? GOOD : status == CLI_NO ? BAD : UNSURE;

	*ret_class = meanings[meaning].class;
	return meanings[meaning].sign;
}

/* ---------------------------------------------------------------------------------------- values */

static bool has_blank_item(struct json_object *array)
{
	for (size_t i = 0; i < json_object_array_length(array); i++)
		if (strchr(cli_scalar_text(json_object_array_get_idx(array, i)), ' '))
			return true;
	return false;
}

/* A word is lower case: what has more in it is the name of something, an address or a version. */
enum html_form cli_html_form(const char *key, struct json_object *value)
{
	struct cell cell;
	const char *text = cli_cell_text(&cell, value);
	enum html_form form = HTML_WORD;

	if (cli_is_command(key) && strcmp(key, "remedy") != 0) /* which may be a sentence */
		form = HTML_CODE;
	else if (json_object_is_type(value, json_type_array))
		form = has_blank_item(value) ? HTML_SENTENCE : HTML_CODE;
	else if (json_object_is_type(value, json_type_string))
		form = strchr(text, ' ')				    ? HTML_SENTENCE
		       : text[strspn(text, "abcdefghijklmnopqrstuvwxyz+-")] ? HTML_CODE
									    : HTML_WORD;
	cli_cell_done(&cell);
	return form;
}

static void open_tag(FILE *out, const char *tag, const char *class)
{
	fprintf(out, *class ? "<%s class=\"%s\">" : "<%s>", tag, class);
}

void cli_html_value(FILE *out, const char *section, const char *key, struct json_object *value,
		    enum html_form form)
{
	struct cell cell;
	const char *text = cli_cell_text(&cell, value);
	enum meaning meaning = meaning_of(section, key, text);
	bool none = !strcmp(text, "-");
	const char *class = none ? "none" : meanings[meaning].class;
	const char *tag = !none && form == HTML_CODE ? "code" : *class ? "span" : NULL;

	if (meaning != PLAIN)
		fprintf(out, "<span class=\"%s\" aria-hidden=\"true\">%s</span>&nbsp;", class,
			meanings[meaning].sign);
	if (tag)
		open_tag(out, tag, class);
	cli_html_text(out, text);
	if (tag)
		fprintf(out, "</%s>", tag);
	cli_cell_done(&cell);
}
