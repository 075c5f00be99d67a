/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The command line, read by the tables of commands.c.
 *
 * Finds the command and fills a struct cli_call.  Runs nothing, opens nothing.  Options may be
 * given before or after the positional arguments; words after -- are not parsed: they are the
 * launcher's, or arguments of a command that takes any words.  No abbreviations: a script must not
 * change its meaning when an option is added.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "program/cli.h"

enum { HELP, VERSION, JSON, QUIET, VERBOSE }; /* the order of cli_globals */

struct parser {
	struct cli_call *call;
	char **argv;
	int next, end;
	struct cli_value globals[CLI_OPTIONS_MAX];
};

static int usage_error(const struct cli_call *call, const char *what, const char *which)
{
	const struct cli_command *command = call->command;
	const char *name = command ? command->name : call->group;
	char hint[160];

	/* setup CONFIG qemu -m 1G: these are the launcher's words */
	if (command && command->launcher && !call->launcher && call->argc)
		snprintf(hint, sizeof(hint),
			 "the launcher and its arguments come after --: vhostctl %s %s", name,
			 command->arguments);
	else
		snprintf(hint, sizeof(hint), "see 'vhostctl %s%s--help'", name ? name : "",
			 name ? " " : "");
	return cli_fail(CLI_USAGE, hint, "%s \"%s\"", what, which);
}

static int unknown_option(const struct cli_call *call, const char *word)
{
	if (!call->command || !call->command->words)
		return usage_error(call, "unknown option", word);
	return cli_fail(CLI_USAGE, "a text that begins with '-' comes after --",
			"unknown option \"%s\"", word);
}

/*
 * Find an option by name (@length bytes) or by letter, first the command's, then the global ones.
 */
static const struct cli_option *find(struct parser *parser, const char *name, size_t length,
				     char letter, struct cli_value **ret_value)
{
	const struct cli_command *command = parser->call->command;
	const struct {
		const struct cli_option *options;
		size_t count;
		struct cli_value *values;
	} tables[] = {
		{ command ? command->options : NULL, command ? command->count : 0,
		  parser->call->values },
		{ cli_globals, cli_global_count, parser->globals },
	};

	for (size_t t = 0; t < sizeof(tables) / sizeof(*tables); t++)
		for (size_t i = 0; i < tables[t].count; i++) {
			const struct cli_option *option = &tables[t].options[i];

			if (name ? strncmp(option->name, name, length) || option->name[length]
				 : option->letter != letter)
				continue;
			*ret_value = &tables[t].values[i];
			return option;
		}
	return NULL;
}

static int read_number(const struct parser *parser, const struct cli_option *option,
		       struct cli_value *value)
{
	char what[160];
	char *end;

	errno = 0;
	value->number = strtoull(value->text, &end, 10);
	if (value->text[0] >= '0' && value->text[0] <= '9' && !*end && !errno &&
	    value->number >= option->min && value->number <= option->max)
		return 0;
	snprintf(what, sizeof(what), "--%s takes a number from %llu to %llu, not", option->name,
		 (unsigned long long)option->min, (unsigned long long)option->max);
	return usage_error(parser->call, what, value->text);
}

/* The number is the place of the word among the choices. */
static int read_choice(const struct parser *parser, const struct cli_option *option,
		       struct cli_value *value)
{
	char what[160], choices[80];

	for (value->number = 0; option->choices[value->number]; value->number++)
		if (!strcmp(option->choices[value->number], value->text))
			return 0;
	cli_join(choices, sizeof(choices), option->choices, " or ");
	snprintf(what, sizeof(what), "--%s takes %s, not", option->name, choices);
	return usage_error(parser->call, what, value->text);
}

/* Fds from 3 on: the others are always the launcher's. */
static int take_fds(struct parser *parser, const char *text)
{
	struct cli_call *call = parser->call;
	const char *rest = text;

	do {
		char *end;
		long fd = strtol(rest, &end, 10);

		if (*rest < '0' || *rest > '9' || fd < 3 || fd >= 1 << 20 || (*end && *end != ','))
			return usage_error(
				call, "--keep-fd takes fds from 3 on, separated by commas, not",
				text);
		if (call->fd_count == CLI_FDS_MAX)
			return usage_error(call, "--keep-fd takes 64 fds at most, and not", text);
		call->fds[call->fd_count++] = (int)fd;
		rest = end + 1;
	} while (rest[-1] == ',');
	return 0;
}

/* "NAME=VALUE", each name once. */
static int take_variable(struct parser *parser, const char *text)
{
	char **variables = parser->call->variables;
	size_t len = doc_variable_len(text), count = 0;

	if (!len || text[len] != '=')
		return usage_error(parser->call,
				   strchr(text, '=')
					   ? "--set takes NAME=VALUE, with a NAME of letters, "
					     "digits and '_' that starts with no digit, not"
					   : "--set takes NAME=VALUE, not",
				   text);
	for (; variables[count]; count++)
		if (!strncmp(variables[count], text, len + 1))
			return usage_error(parser->call, "--set has this variable already:", text);
	if (count == CLI_SET_MAX)
		return usage_error(parser->call, "--set takes 64 variables at most, and not", text);
	variables[count] = (char *)(uintptr_t)text;
	return 0;
}

static int option_error(const struct parser *parser, const char *what,
			const struct cli_option *option)
{
	char name[40];

	snprintf(name, sizeof(name), "--%s", option->name);
	return usage_error(parser->call, what, name);
}

/* Process one option; @text is the value attached to it, or NULL. */
static int take(struct parser *parser, const struct cli_option *option, struct cli_value *value,
		const char *text)
{
	value->count++;
	if (value == &parser->globals[JSON] && !text)
		cli_messages_as_json();
	if (option->type == CLI_FLAG)
		return text ? option_error(parser, "no value is accepted for", option) : 0;
	/* the last one would be taken for the answer to all */
	if (value->count > 1 && option->type != CLI_FDS && option->type != CLI_VARIABLE)
		return option_error(parser, "given twice:", option);
	if (!text) {
		if (parser->next == parser->end)
			return usage_error(parser->call, "missing value for",
					   parser->argv[parser->next - 1]);
		text = parser->argv[parser->next++];
	}
	value->text = text;
	if (option->type == CLI_NUMBER)
		return read_number(parser, option, value);
	if (!*text) /* "--host=": no option takes an empty text */
		return option_error(parser, "missing value for", option);
	if (option->type == CLI_FDS)
		return take_fds(parser, text);
	if (option->type == CLI_VARIABLE)
		return take_variable(parser, text);
	return option->type == CLI_CHOICE ? read_choice(parser, option, value) : 0;
}

static int take_long(struct parser *parser, const char *word)
{
	size_t length = strcspn(word + 2, "=");
	const char *text = word[2 + length] ? word + 2 + length + 1 : NULL;
	struct cli_value *value;
	const struct cli_option *option = find(parser, word + 2, length, 0, &value);

	if (!option)
		return unknown_option(parser->call, word);
	return take(parser, option, value, text);
}

static int take_letters(struct parser *parser, const char *word)
{
	for (const char *letter = word + 1; *letter; letter++) {
		struct cli_value *value;
		const struct cli_option *option = find(parser, NULL, 0, *letter, &value);
		int r;

		if (!option)
			return unknown_option(parser->call, word);
		if (option->type != CLI_FLAG)
			return take(parser, option, value, letter[1] ? letter + 1 : NULL);
		r = take(parser, option, value, NULL);
		if (r)
			return r;
	}
	return 0;
}

/* One more word of the command's name: "caps", or "features" and then "list". */
static int take_command(struct parser *parser, const char *word)
{
	struct cli_call *call = parser->call;
	char name[64];
	size_t length =
		(size_t)snprintf(name, sizeof(name), "%s%s%s", call->group ? call->group : "",
				 call->group ? " " : "", word);

	for (size_t i = 0; i < cli_command_count && length < sizeof(name); i++) {
		if (strncmp(cli_commands[i]->name, name, length))
			continue;
		if (!cli_commands[i]->name[length]) {
			call->command = cli_commands[i];
			return 0;
		}
		if (cli_commands[i]->name[length] == ' ') {
			call->group = word;
			return 0;
		}
	}
	return usage_error(call, "unknown command", word);
}

static int take_word(struct parser *parser, char *word)
{
	struct cli_call *call = parser->call;

	if (!*word)
		return usage_error(call, "an argument is empty:", word);
	if (word[0] == '-' && word[1])
		return word[1] == '-' ? take_long(parser, word) : take_letters(parser, word);
	if (!call->command && !call->group && !strcmp(word, "help")) {
		parser->globals[HELP].count++;
		return 0;
	}
	if (!call->command)
		return take_command(parser, word);
	call->argv[call->argc++] = word;
	return 0;
}

/* What comes after --, as it is. */
static int take_words(struct cli_call *call)
{
	for (char **word = call->launcher; *word; word++) {
		if (!**word)
			return usage_error(call, "an argument is empty:", *word);
		call->argv[call->argc++] = *word;
	}
	call->launcher = NULL;
	return 0;
}

static int check_arguments(const struct cli_call *call)
{
	const struct cli_command *command = call->command;

	if (!command && call->group)
		return usage_error(call, "no command after", call->group);
	if (!command)
		return cli_fail(CLI_USAGE, "see 'vhostctl --help'", "no command");
	if (call->launcher && !command->launcher)
		return usage_error(call, "no command line is accepted after", "--");
	if (call->launcher && call->launcher[0] && !*call->launcher[0])
		return usage_error(call, "the launcher's name is empty:", call->launcher[0]);
	if (call->argc < command->min_args)
		return usage_error(call, "missing argument", command->arguments);
	if (command->max_args >= 0 && call->argc > command->max_args)
		return usage_error(call, "unexpected argument", call->argv[command->max_args]);
	return 0;
}

static void set_presets(struct cli_call *call)
{
	for (size_t i = 0; i < call->command->count; i++)
		if (!call->values[i].count)
			call->values[i].number = call->command->options[i].preset;
}

/*
 * Fills @call from the command line.  The positional arguments are moved together within @argv.
 * Returns 0 to run call->command, CLI_HELP or CLI_VERSION for those, CLI_USAGE if it was wrong,
 * which has been reported.
 */
int cli_parse(struct cli_call *call, int argc, char **argv)
{
	struct parser parser = { .call = call, .argv = argv, .next = 1 };
	const struct cli_value *globals = parser.globals;
	int r;

	for (parser.end = 1; parser.end < argc; parser.end++)
		if (!strcmp(argv[parser.end], "--")) {
			call->launcher = argv + parser.end + 1;
			break;
		}
	call->argv = argv + 1;
	while (parser.next < parser.end) {
		r = take_word(&parser, argv[parser.next++]);
		if (r)
			return r;
	}
	call->json = globals[JSON].count;
	call->quiet = globals[QUIET].count;
	call->verbose = globals[VERBOSE].count;
	if (globals[HELP].count)
		return CLI_HELP;
	if (globals[VERSION].count)
		return CLI_VERSION;
	r = call->launcher && call->command && call->command->words ? take_words(call) : 0;
	if (!r)
		r = check_arguments(call);
	if (!r)
		set_presets(call);
	return r;
}

/* The value of one of the command's own options; @name must be in its table. */
const struct cli_value *cli_option(const struct cli_call *call, const char *name)
{
	size_t i = 0;

	while (strcmp(call->command->options[i].name, name))
		i++;
	return &call->values[i];
}
