/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The help of the program, of a group of commands and of one command, from the tables
 * of commands.c: as text for people, or as one tree for --json.
 */
#include <string.h>

#include "output/print.h"

#define FIELD_WIDTH 26 /* of the longest field, "devices[].features.require" */

static const char *const intro[] = {
	"Sets up vhost devices for any launcher, and shows what a host and a guest support.",
	NULL,
};

static const char *const statuses[] = {
	"0  success, or the answer is yes",
	"1  the answer is no",
	"2  the command line is wrong",
	"3  an input document is wrong",
	"4  this host lacks something that was requested",
	"5  the command failed and was undone",
	"Once 'setup' has started a launcher, the status is the launcher's;",
	"126 if it cannot be executed, 127 if it was not found.",
	NULL,
};

/* "-q, --quiet", "    --frames N" */
static void option_name(const struct cli_option *option, char *text, size_t size)
{
	char letter[5] = "    ";

	if (option->letter) {
		letter[0] = '-';
		letter[1] = option->letter;
		letter[2] = ',';
	}
	snprintf(text, size, "%s--%s%s%s", letter, option->name, option->argument ? " " : "",
		 option->argument ? option->argument : "");
}

/* A name and what it is, in two columns; on a narrow terminal the text is below the name. */
static void put_pair(struct printer *printer, const char *name, int width, const char *text)
{
	cli_put_blanks(printer, 2);
	cli_put_cell(printer, name, width, false, printer->width && printer->width < width + 24);
	if (printer->width && printer->width < width + 24) {
		cli_put_blanks(printer, 6);
		cli_put_wrapped(printer, text, 6);
	} else {
		cli_put_wrapped(printer, text, 2 + width + 2);
	}
}

static void put_options(struct printer *printer, const char *title,
			const struct cli_option *options, size_t count)
{
	if (count)
		fprintf(printer->out, "\n%s:\n", title);
	for (size_t i = 0; i < count; i++) {
		char name[80], text[240];
		int length = snprintf(text, sizeof(text), "%s", options[i].help);

		option_name(&options[i], name, sizeof(name));
		if (options[i].type == CLI_NUMBER)
			snprintf(text + length, sizeof(text) - (size_t)length,
				 " (%llu to %llu; %llu)", (unsigned long long)options[i].min,
				 (unsigned long long)options[i].max,
				 (unsigned long long)options[i].preset);
		put_pair(printer, name, 24, text);
	}
}

static void put_lines(struct printer *printer, const char *title, const char *const *lines)
{
	fprintf(printer->out, "\n%s", title);
	for (; *lines; lines++) {
		cli_put_blanks(printer, *title ? 2 : 0);
		cli_put_wrapped(printer, *lines, *title ? 2 : 0);
	}
}

/* "  name    text": the text wraps below where it begins. */
static void put_indented(struct printer *printer, const char *line)
{
	const char *name = line + strspn(line, " ");
	const char *gap = strstr(name, "  "), *text = gap ? gap + strspn(gap, " ") : name;

	cli_put_part(printer, line, (size_t)(text - line));
	cli_put_wrapped(printer, text, (int)(text - line));
}

/* The lines of a text: as they are, or, on a narrow terminal, anew but for those that are indented. */
static void put_text(struct printer *printer, const char *const *lines)
{
	char text[2000] = "";
	size_t used = 0;
	bool wide = true;

	if (!lines)
		return;
	for (size_t i = 0; lines[i]; i++)
		wide = wide && (!printer->width || cli_width_of(lines[i]) <= printer->width);
	if (wide) {
		put_lines(printer, "", lines);
		return;
	}
	cli_put(printer, "\n");
	for (; *lines; lines++) {
		const bool more = lines[1] && *lines[1] != ' ';

		if (**lines == ' ') {
			put_indented(printer, *lines);
			continue;
		}
		if (used < sizeof(text))
			used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s",
						 used ? " " : "", *lines);
		if (more)
			continue;
		cli_put_wrapped(printer, text, 0);
		used = 0;
	}
}

static const char *member(struct json_object *row, const char *key)
{
	const char *text = json_object_get_string(json_object_object_get(row, key));

	return text ? text : "";
}

/* A field where its table has no room: "name of the link (string)". */
static void put_field(struct printer *printer, struct json_object *row)
{
	const char *preset = member(row, "default");
	bool required = *preset == '(';
	char text[400];

	snprintf(text, sizeof(text), "%s (%s%s%s)", member(row, "help"), member(row, "type"),
		 required  ? ", required"
		 : *preset ? "; "
			   : "",
		 required ? "" : preset);
	put_pair(printer, member(row, "field"), FIELD_WIDTH, text);
}

/* The document that a command reads, from the table that reads it. */
static void put_fields(struct printer *printer, const struct cli_command *command)
{
	struct json_object *fields = command->fields ? command->fields() : NULL;

	if (!fields)
		return;
	cli_put(printer, "\nFields of CONFIG:\n");
	if (!cli_put_table(printer, fields, 2))
		for (size_t i = 0; i < json_object_array_length(fields); i++)
			put_field(printer, json_object_array_get_idx(fields, i));
	json_object_put(fields);
}

static bool in_group(const struct cli_command *command, const char *group)
{
	size_t length = group ? strlen(group) : 0;

	return !length || (!strncmp(command->name, group, length) && command->name[length] == ' ');
}

static void put_commands(struct printer *printer, const char *group)
{
	cli_put(printer, "\nCommands:\n");
	for (size_t i = 0; i < cli_command_count; i++) {
		const struct cli_command *command = cli_commands[i];
		char usage[96];

		if (!in_group(command, group))
			continue;
		snprintf(usage, sizeof(usage), "%s%s%s", command->name,
			 *command->arguments ? " " : "", command->arguments);
		put_pair(printer, usage, 40, command->text);
	}
}

/* The help of one command, of a group of commands, or, with neither, of the program. */
void cli_help(FILE *out, int width, const char *group, const struct cli_command *command)
{
	struct printer printer = { .out = out, .width = width };

	if (command) {
		fprintf(out, "Usage: vhostctl %s%s%s%s\n\n%s.\n", command->name,
			command->count ? " [OPTION]..." : "", *command->arguments ? " " : "",
			command->arguments, command->text);
		put_text(&printer, command->more);
		put_options(&printer, "Options", command->options, command->count);
		put_fields(&printer, command);
	} else {
		fprintf(out, "Usage: vhostctl [OPTION]... %s%sCOMMAND [ARGUMENT]...\n",
			group ? group : "", group ? " " : "");
		if (!group)
			put_text(&printer, intro);
		put_commands(&printer, group);
	}
	put_options(&printer, "Options of all commands", cli_globals, cli_global_count);
	if (!command && !group) {
		put_lines(&printer, "Exit status:\n", statuses);
		cli_put(&printer, "\n");
		cli_put_wrapped(&printer, "See 'vhostctl COMMAND --help' or vhostctl(1) for more.",
				0);
	}
}

const char *cli_type_name(enum cli_type type)
{
	static const char *const names[] = { "flag",	 "choice", "file",   "user",
					     "variable", "fds",	   "number", "set",
					     "text",	 "device", "broker" };

	return names[type];
}

void cli_join(char *buf, size_t size, const char *const *words, const char *between)
{
	size_t used = 0;

	buf[0] = '\0';
	for (size_t i = 0; words[i] && used < size; i++)
		used += (size_t)snprintf(buf + used, size - used, "%s%s", i ? between : "",
					 words[i]);
}

const char *cli_takes(const struct cli_option *option, char buf[CLI_TAKES_MAX])
{
	if (option->type != CLI_CHOICE)
		return cli_type_name(option->type);
	cli_join(buf, CLI_TAKES_MAX, option->choices, "|");
	return buf;
}

static struct json_object *options_tree(const struct cli_option *options, size_t count)
{
	struct json_object *array = cli_array();

	for (size_t i = 0; i < count; i++) {
		struct json_object *row = cli_add(array, NULL, cli_object());
		char letter[2] = { options[i].letter }, takes[CLI_TAKES_MAX];

		cli_add(row, "name", cli_text(options[i].name));
		cli_add(row, "letter", cli_text(letter));
		cli_add(row, "type", cli_text(cli_takes(&options[i], takes)));
		cli_add(row, "argument", cli_text(options[i].argument ? options[i].argument : ""));
		cli_add(row, "help", cli_text(options[i].help));
	}
	return array;
}

/* All of the tables: 'vhostctl --json --help', for completions and for tests. */
void cli_help_report(struct cli_call *call)
{
	struct json_object *report = cli_report(call, "help");
	struct json_object *commands = cli_array();

	cli_add(report, "options", options_tree(cli_globals, cli_global_count));
	for (size_t i = 0; i < cli_command_count; i++) {
		const struct cli_command *command = cli_commands[i];
		struct json_object *row = cli_add(commands, NULL, cli_object());

		cli_add(row, "name", cli_text(command->name));
		cli_add(row, "arguments", cli_text(command->arguments));
		cli_add(row, "text", cli_text(command->text));
		cli_add(row, "options", options_tree(command->options, command->count));
		if (command->fields)
			cli_add(row, "fields", command->fields());
	}
	cli_add(report, "commands", commands);
}
