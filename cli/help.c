/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The help of the program, of a group of commands and of one command, from the tables
 * of commands.c: as text for people, or as one tree for --json.
 */
#include <string.h>

#include "cli.h"

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

static void put_options(FILE *out, const char *title, const struct cli_option *options,
			size_t count)
{
	if (count)
		fprintf(out, "\n%s:\n", title);
	for (size_t i = 0; i < count; i++) {
		char name[80];

		option_name(&options[i], name, sizeof(name));
		fprintf(out, "  %-24s  %s", name, options[i].help);
		if (options[i].type == CLI_NUMBER)
			fprintf(out, " (%llu to %llu; %llu)", (unsigned long long)options[i].min,
				(unsigned long long)options[i].max,
				(unsigned long long)options[i].preset);
		fputc('\n', out);
	}
}

static void put_lines(FILE *out, const char *title, const char *const *lines)
{
	if (!lines)
		return;
	fprintf(out, "\n%s", title);
	for (; *lines; lines++)
		fprintf(out, "%s%s\n", *title ? "  " : "", *lines);
}

/* The document that a command reads, from the table that reads it. */
static void put_fields(FILE *out, const struct cli_command *command)
{
	struct json_object *fields = command->fields ? command->fields() : NULL;

	if (!fields)
		return;
	fputs("\nFields of CONFIG:\n", out);
	cli_print_table(out, fields, 2);
	json_object_put(fields);
}

static bool in_group(const struct cli_command *command, const char *group)
{
	size_t length = group ? strlen(group) : 0;

	return !length || (!strncmp(command->name, group, length) && command->name[length] == ' ');
}

static void put_commands(FILE *out, const char *group)
{
	fputs("\nCommands:\n", out);
	for (size_t i = 0; i < cli_command_count; i++) {
		const struct cli_command *command = cli_commands[i];
		char usage[96];

		if (!in_group(command, group))
			continue;
		snprintf(usage, sizeof(usage), "%s %s", command->name, command->arguments);
		fprintf(out, "  %-40s  %s\n", usage, command->text);
	}
}

/* The help of one command, of a group of commands, or, with neither, of the program. */
void cli_help(FILE *out, const char *group, const struct cli_command *command)
{
	if (command) {
		fprintf(out, "Usage: vhostctl %s%s%s%s\n\n%s.\n", command->name,
			command->count ? " [OPTION]..." : "", *command->arguments ? " " : "",
			command->arguments, command->text);
		put_lines(out, "", command->more);
		put_options(out, "Options", command->options, command->count);
		put_fields(out, command);
	} else {
		fprintf(out, "Usage: vhostctl [OPTION]... %s%sCOMMAND [ARGUMENT]...\n",
			group ? group : "", group ? " " : "");
		if (!group)
			put_lines(out, "", intro);
		put_commands(out, group);
	}
	put_options(out, "Options of all commands", cli_globals, cli_global_count);
	if (!command && !group) {
		put_lines(out, "Exit status:\n", statuses);
		fputs("\nSee 'vhostctl COMMAND --help' or vhostctl(1) for more.\n", out);
	}
}

const char *cli_type_name(enum cli_type type)
{
	static const char *const names[] = { "flag",	 "choice", "file",   "user",
					     "variable", "fds",	   "number", "set" };

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
