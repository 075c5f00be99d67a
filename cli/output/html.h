/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A tree as HTML: the printer beside print.c, with the same rules for what is a line, a table or a section.
 */
#ifndef CLI_HTML_H
#define CLI_HTML_H

#include "output/print.h"

struct html {
	FILE *out;
	unsigned int sections; /* at the top, so far: links name their numbers */
};

/* html-text.c */
/* @text as text of the page: as on a terminal without control characters, and nothing of it is markup */
void cli_html_text(FILE *out, const char *text);
/* the sign before a verdict of @status, and the class of its colour; "" and "plain": it is none */
const char *cli_html_sign(int status, const char **ret_class);
/* how it is set; of the values in a column it is that of the greatest */
enum html_form { HTML_WORD, HTML_CODE, HTML_SENTENCE };
enum html_form cli_html_form(const char *key, struct json_object *value);
/* a value with its sign and colour; @section: the key of its table, or "" */
void cli_html_value(FILE *out, const char *section, const char *key, struct json_object *value,
		    enum html_form form);

/* html.c: the body of the page */
void cli_html_tree(struct html *html, struct json_object *members);

/* html-style.c */
extern const char cli_html_style[];

#endif
