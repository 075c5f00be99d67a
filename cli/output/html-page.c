/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * --html: the result of a command as a page that can be sent: one file, which needs nothing else, no script
 * and no network.  The verdict comes first, then the tree that is printed as tables, too.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>

#include "output/html.h"

const char *cli_page_path(const struct cli_call *call)
{
	return call->command->titles ? cli_option(call, "html")->text : NULL;
}

/* Now, or what reproducible builds and tests say it is. */
static time_t date(void)
{
	const char *text = getenv("SOURCE_DATE_EPOCH");
	char *end;
	long long seconds;

	if (!text || *text < '0' || *text > '9')
		return time(NULL);
	errno = 0;
	seconds = strtoll(text, &end, 10);
	return errno || *end ? time(NULL) : (time_t)seconds;
}

static const char *title_of(const struct cli_call *call, int status)
{
	const struct cli_command *command = call->command;

	return command->title ? command->title(call, status) : command->titles[status];
}

static void put_head(FILE *out, const struct cli_call *call, const char *title)
{
	fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	      "<meta name=\"color-scheme\" content=\"light dark\">\n"
	      "<meta http-equiv=\"Content-Security-Policy\" "
	      "content=\"default-src 'none'; style-src 'unsafe-inline'\">\n<title>",
	      out);
	cli_html_text(out, title);
	fprintf(out, " - vhostctl %s</title>\n<style>\n%s</style>\n</head>\n<body>\n",
		call->command->name, cli_html_style);
}

/* Is the title a verdict?  Then it has a sign and a word. */
static void put_verdict(FILE *out, const struct cli_call *call, int status)
{
	static const char *const words[CLI_LACKS + 1] = {
		[CLI_YES] = "yes",
		[CLI_NO] = "no",
		[CLI_LACKS] = "unknown",
	};
	const char *class = "plain", *sign = "";
	bool verdict = call->command->titles[CLI_NO];

	if (verdict)
		sign = cli_html_sign(status, &class);
	fprintf(out, "<header class=\"%s\">\n<p>vhostctl %s</p>\n<h1>", class, call->command->name);
	if (verdict)
		fprintf(out,
			"<span class=\"badge\"><span aria-hidden=\"true\">%s</span> %s</span> ",
			sign, words[status]);
	cli_html_text(out, title_of(call, status));
	fputs("</h1>\n</header>\n", out);
}

/* What the keys mean, from the table that the document is written by. */
static void put_words(FILE *out, const struct doc_table *table)
{
	struct json_object *fields;

	if (!table)
		return;
	fields = cli_need(doc_help(table));
	fputs("<details>\n<summary>What the words mean</summary>\n<dl>\n", out);
	for (size_t i = 0; i < json_object_array_length(fields); i++) {
		struct json_object *field = json_object_array_get_idx(fields, i);
		const char *name = json_object_get_string(json_object_object_get(field, "field"));

		if (!strcmp(name, "kind") || !strcmp(name, "version") || !strcmp(name, "command"))
			continue;
		fputs("<dt>", out);
		cli_html_text(out, name);
		fputs("</dt><dd>", out);
		cli_html_text(out, json_object_get_string(json_object_object_get(field, "help")));
		fputs("</dd>\n", out);
	}
	fputs("</dl>\n</details>\n", out);
	json_object_put(fields);
}

static void put_foot(FILE *out)
{
	const time_t now = date();
	char text[40] = "";
	struct utsname host;
	struct tm utc;

	if (gmtime_r(&now, &utc))
		strftime(text, sizeof(text), ", %Y-%m-%d %H:%M UTC", &utc);
	fprintf(out, "<footer>vhostctl %s", vhc_version());
	if (uname(&host) == 0) {
		fputs(" on ", out);
		cli_html_text(out, host.nodename);
		fputs(", Linux ", out);
		cli_html_text(out, host.release);
	}
	fprintf(out, "%s</footer>\n</body>\n</html>\n", text);
}

static void put_page(FILE *out, const struct cli_call *call, int status)
{
	struct html html = { .out = out };
	struct json_object *members = cli_members(call->result);

	put_head(out, call, title_of(call, status));
	put_verdict(out, call, status);
	fputs("<main>\n", out);
	cli_html_tree(&html, members);
	put_words(out, call->command->report);
	fputs("</main>\n", out);
	put_foot(out);
	json_object_put(members);
}

struct text {
	char *bytes;
	size_t length;
};

static void write_text(FILE *out, void *data)
{
	const struct text *text = data;

	fwrite(text->bytes, 1, text->length, out);
}

/* In memory first: without any, the program ends before there is a file. */
int cli_page_write(const struct cli_call *call, int status)
{
	const char *path = cli_page_path(call);
	struct text text = { NULL, 0 };
	FILE *out = cli_need(open_memstream(&text.bytes, &text.length));
	int r;

	put_page(out, call, status);
	r = ferror(out) ? -ENOMEM : 0;
	if (fclose(out))
		r = -ENOMEM;
	r = r ? r : cli_file_write(path, write_text, &text);
	free(text.bytes);
	return r ? cli_fail_file(path, r) : CLI_YES;
}
