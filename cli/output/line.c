/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Text in lines of a terminal: its width, and where it breaks.
 */
#include <string.h>

#include "output/print.h"

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

/* The columns of the first character, which *text goes past; names and messages here are not double-width. */
static int step(const char **text)
{
	char part[DOC_ESCAPE_MAX + 1];
	bool printable = doc_printable_len(*text);
	int len = (int)strlen(doc_escape_first(part, text));

	return printable ? 1 : len;
}

int cli_width_of(const char *text)
{
	int width = 0;

	for (;;) {
		size_t plain = doc_ascii_len(text);

		width += (int)plain;
		text += plain;
		if (!*text)
			return width;
		width += step(&text);
	}
}

void cli_put(struct printer *printer, const char *text)
{
	fputs(text, printer->out);
	printer->begun = true;
}

void cli_put_blanks(struct printer *printer, int count)
{
	if (count > 0)
		fprintf(printer->out, "%*s", count, "");
}

void cli_put_bold(struct printer *printer, const char *text)
{
	cli_put(printer, printer->colour ? "\033[1m" : "");
	cli_put_text(printer->out, text, "");
	cli_put(printer, printer->colour ? "\033[m" : "");
}

void cli_put_cell(struct printer *printer, const char *text, int width, bool right, bool last)
{
	const int blanks = width - cli_width_of(text);

	cli_put_blanks(printer, right ? blanks : 0);
	cli_put_text(printer->out, text, "");
	cli_put_blanks(printer, last || right ? 0 : blanks);
	cli_put(printer, last ? "\n" : "  ");
}

void cli_put_part(struct printer *printer, const char *text, size_t len)
{
	char part[256];

	for (; len; text += strlen(part), len -= strlen(part)) {
		size_t now = len < sizeof(part) ? len : sizeof(part) - 1;

		while (now > 1 && now < len && ((unsigned char)text[now] & 0xc0) == 0x80)
			now--; /* not within a character */
		memcpy(part, text, now);
		part[now] = '\0';
		cli_put_text(printer->out, part, "");
	}
	printer->begun = true;
}

/* A word that is wider than the line stays whole: it is a path or an option that somebody copies. */
size_t cli_line_len(const char *text, int width, const char **ret_next)
{
	const char *at = text, *end = NULL;

	while (*at && (width > 0 || !end)) {
		if (*at == ' ' && at > text && at[-1] != ' ')
			end = at;
		if (*at == ' ' && width <= 0)
			break;
		width -= step(&at);
	}
	if (!*at && (width >= 0 || !end))
		end = at;
	else if (*at == ' ' && width == 0)
		end = at;
	*ret_next = end + strspn(end, " ");
	if (!**ret_next)
		*ret_next = NULL;
	return (size_t)(end - text);
}

void cli_put_wrapped(struct printer *printer, const char *text, int at)
{
	const int width = printer->width - at;

	if (!printer->width || width < 1) {
		cli_put_cell(printer, text, 0, false, true);
		return;
	}
	while (text) {
		const char *next;
		size_t len = cli_line_len(text, width, &next);

		cli_put_part(printer, text, len);
		cli_put(printer, "\n");
		cli_put_blanks(printer, next ? at : 0);
		text = next;
	}
}
