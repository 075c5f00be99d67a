/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Every command, one row each, in the order of the help.  What a row names is in the command's own
 * file.  Parsing, help, completions, schemas and the tests of man pages all work from these tables.
 */
#include "program/cli.h"

#define COMMANDS(ROW)        \
	ROW(setup)           \
	ROW(teardown)        \
	ROW(serve)           \
	ROW(attach)          \
	ROW(detach)          \
	ROW(plan)            \
	ROW(validate)        \
	ROW(caps)            \
	ROW(doctor)          \
	ROW(list)            \
	ROW(status)          \
	ROW(dump)            \
	ROW(graph)           \
	ROW(features_list)   \
	ROW(features_decode) \
	ROW(features_encode) \
	ROW(features_check)  \
	ROW(features_diff)   \
	ROW(state_show)      \
	ROW(state_check)     \
	ROW(state_diff)      \
	ROW(baseline)        \
	ROW(mask)            \
	ROW(check)           \
	ROW(loop)            \
	ROW(check_fds)       \
	ROW(explain)         \
	ROW(commands)

#define DECLARE(name) extern const struct cli_command cli_command_##name;
#define POINTER(name) &cli_command_##name,

COMMANDS(DECLARE)

const struct cli_command *const cli_commands[] = { COMMANDS(POINTER) };
const size_t cli_command_count = DOC_COUNT(cli_commands);

/* The order is known to cli_parse(). */
const struct cli_option cli_globals[] = {
	{ "help", 'h', NULL, CLI_FLAG, .help = "show help" },
	{ "version", 'V', NULL, CLI_FLAG, .help = "show the version" },
	{ "json", 'j', NULL, CLI_FLAG, .help = "print one JSON document instead of tables" },
	{ "quiet", 'q', NULL, CLI_FLAG, .help = "print no warnings and no progress" },
	{ "verbose", 'v', NULL, CLI_FLAG,
	  .help = "print each step as it happens; -vv: each call into the kernel" },
};
const size_t cli_global_count = DOC_COUNT(cli_globals);
