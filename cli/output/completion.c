/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * 'vhostctl commands': all commands with their options as one flat table, for completion scripts.
 */
#include "program/cli.h"

struct row {
	const char *command, *option, *letter, *value, *most, *launcher, *text;
};

static const struct doc_field row_fields[] = {
	DOC_NEED(row, command, DOC_STRING,
		 .help = "its name, or empty for options of all commands"),
	DOC_NEED(row, option, DOC_STRING, .help = "with its dashes; empty for the command itself"),
	DOC_NEED(row, letter, DOC_STRING, .help = "the option's short form, with its dash"),
	DOC_NEED(
		row, value, DOC_STRING,
		.help = "what the option or the command takes: flag (nothing), file, user, device, "
			"number, set, text, variable, fds, or one of the words that are given, separated by |"),
	DOC_NEED(row, most, DOC_STRING, .help = "arguments that the command takes at most, or any"),
	DOC_NEED(row, launcher, DOC_STRING, .help = "--, when a command line may follow it"),
	DOC_NEED(row, text, DOC_STRING, .help = "what it does"),
};

static const struct doc_table row_table = DOC_PART(row, row_fields, "a command, or an option");

struct report {
	const char *command;
	struct doc_list commands; /* of struct row */
};

static const struct doc_field report_fields[] = {
	CLI_COMMAND_FIELD(report),
	DOC_NEED(report, commands, DOC_OBJECTS, .table = &row_table,
		 .help = "each command, followed by its options; last, the options of all"),
};

static const struct doc_table report_table =
	DOC_TABLE("vhost-report", report, report_fields, "the commands");

#define ROWS_MAX 128u

/* Texts that no table has. */
struct texts {
	char dashes[ROWS_MAX][40], letters[ROWS_MAX][4], most[ROWS_MAX][12];
	char takes[ROWS_MAX][CLI_TAKES_MAX];
};

static void add(struct doc_list *list, struct row row)
{
	if (list->count < ROWS_MAX)
		((struct row *)list->items)[list->count++] = row;
}

static void add_options(struct doc_list *list, struct texts *texts, const char *command,
			const struct cli_option *options, size_t count)
{
	for (size_t i = 0; i < count && list->count < ROWS_MAX; i++) {
		char *dashes = texts->dashes[list->count], *letter = texts->letters[list->count];

		snprintf(dashes, sizeof(texts->dashes[0]), "--%s", options[i].name);
		snprintf(letter, sizeof(texts->letters[0]), "-%c", options[i].letter);
		add(list, (struct row){ command, dashes, letter,
					cli_takes(&options[i], texts->takes[list->count]), "", "",
					options[i].help });
	}
}

static void add_command(struct doc_list *list, struct texts *texts,
			const struct cli_command *command)
{
	char *most = texts->most[list->count];

	if (command->max_args == CLI_ANY)
		snprintf(most, sizeof(texts->most[0]), "any");
	else
		snprintf(most, sizeof(texts->most[0]), "%d", command->max_args);
	add(list, (struct row){ command->name, "", "", cli_type_name(command->takes), most,
				command->launcher ? "--" : "", command->text });
	add_options(list, texts, command->name, command->options, command->count);
}

static int run(struct cli_call *call)
{
	static struct row rows[ROWS_MAX]; /* too large for the stack */
	static struct texts texts;
	struct report report = { call->command->name, { rows, 0 } };

	for (size_t i = 0; i < cli_command_count; i++)
		add_command(&report.commands, &texts, cli_commands[i]);
	add_options(&report.commands, &texts, "", cli_globals, cli_global_count);
	return cli_write(call, &report_table, &report);
}

const struct cli_command cli_command_commands = {
	.name = "commands",
	.arguments = "",
	.text = "List all commands and their options",
	.report = &report_table,
	.run = run,
};
