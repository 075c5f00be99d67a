/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cli - vhostctl: a static table of commands on top of the public headers.
 *
 * A command's run function gets its options in a struct cli_call, sets call->result to a JSON tree,
 * and returns an exit status.  It never prints: main does, once, so stdout is complete or empty.
 * Errors go to stderr through cli_fail() and cli_fail_library().
 */
#ifndef CLI_H
#define CLI_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "doc.h"
#include "vhostconfig.h"

#define CLI_OPTIONS_MAX 8
#define CLI_ANY		-1
#define CLI_SET_MAX	64u /* variables */
#define CLI_FDS_MAX	64u

enum cli_status {
	CLI_YES = 0,	 /* done, or the answer is yes */
	CLI_NO = 1,	 /* the answer is no */
	CLI_USAGE = 2,	 /* the command line is wrong */
	CLI_INPUT = 3,	 /* an input document is wrong */
	CLI_LACKS = 4,	 /* this host lacks something requested, or it cannot be told */
	CLI_FAILED = 5,	 /* it failed and was undone */
	CLI_HELP = -1,	 /* not a status: help was requested, */
	CLI_VERSION = -2 /* or the version, so nothing is run */
};

enum cli_type {
	CLI_FLAG,     /* no value; may be repeated */
	CLI_CHOICE,   /* one of the choices */
	CLI_FILE,     /* a path */
	CLI_USER,     /* a user of this host; completions know them */
	CLI_VARIABLE, /* NAME=VALUE; may be repeated, and call->variables has them all */
	CLI_FDS,      /* N[,N]...; may be repeated, and call->fds has them all */
	CLI_NUMBER,   /* min to max */
	CLI_SET,      /* a set of features; of arguments only */
	CLI_TEXT,     /* any words; of arguments only */
	CLI_DEVICE,   /* a running device, by pid, link, id or launcher; of arguments only */
	CLI_BROKER    /* a broker by its name, or a path; of arguments only */
};

struct cli_option {
	const char *name;     /* without dashes */
	char letter;	      /* 0: none */
	const char *argument; /* name of the value in the help; NULL for a flag */
	enum cli_type type;
	uint64_t min, max, preset; /* CLI_NUMBER */
	const char *help;
	const char *const *choices; /* CLI_CHOICE: NULL-terminated; the first is the default */
};

struct cli_value {
	unsigned int count; /* number of occurrences */
	const char *text;
	uint64_t number; /* CLI_NUMBER; CLI_CHOICE: the index of the choice */
};

struct cli_call;

struct cli_command {
	const char *name;	 /* "caps", "features list" */
	const char *arguments;	 /* "CONFIG [-- LAUNCHER ARGUMENT...]", "" */
	const char *text;	 /* what it does, in one line */
	const char *const *more; /* more lines for its own help; NULL, or NULL-terminated */
	const struct cli_option *options;
	size_t count;			     /* of options */
	int min_args, max_args;		     /* positional; CLI_ANY: any number */
	enum cli_type takes;		     /* what they are; CLI_FLAG: there are none */
	bool launcher;			     /* takes a command line after -- */
	bool words;			     /* after --, arguments may begin with '-' */
	struct json_object *(*fields)(void); /* of the document that it reads; may be NULL */
	const struct doc_table *report;	     /* the vhost-report that it writes; NULL: none, or the
						library's */
	const char *alone; /* without --json, only this text of the report is printed; or NULL */
	const char *const
		*titles; /* of the page of --html: what the result says, by its exit status up
				      to CLI_LACKS; NULL: it has no such option */
	/* what the result says, where the status alone does not tell; NULL: it does */
	const char *(*title)(const struct cli_call *call, int status);
	int (*run)(struct cli_call *call);
};

struct cli_call {
	const struct cli_command *command;
	const char *group; /* "features" if only this part of the name was given */
	struct vhc_ctx *ctx;
	bool json;
	bool quiet;
	unsigned int verbose;
	struct cli_value values[CLI_OPTIONS_MAX]; /* in the order of command->options */
	int fds[CLI_FDS_MAX];
	size_t fd_count;
	char *variables[CLI_SET_MAX + 1]; /* "NAME=VALUE", NULL-terminated */
	int argc;			  /* positional arguments */
	char **argv;
	char **launcher; /* the words after --, NULL-terminated; NULL without it */
	struct json_object *result;
	const char *alone; /* as that of the command, of this call */
	/* the result cannot be written: undo what was done.  May be NULL */
	void (*unheard)(struct cli_call *call);
};

#define CLI_OPTIONS(table) .options = (table), .count = DOC_COUNT(table)

/* The first member of every report's struct and table. */
#define CLI_COMMAND_FIELD(struct_name) \
	DOC_NEED(struct_name, command, DOC_STRING, .help = "the command that wrote it")

/* commands.c: all commands, in the order of the help */
extern const struct cli_command *const cli_commands[];
extern const size_t cli_command_count;
extern const struct cli_option cli_globals[];
extern const size_t cli_global_count;

/* options.c */
int cli_parse(struct cli_call *call, int argc, char **argv);
const struct cli_value *cli_option(const struct cli_call *call, const char *name);

/* help.c */
void cli_help_report(struct cli_call *call);
void cli_help(FILE *out, int width, const char *group, const struct cli_command *command);
const char *cli_type_name(enum cli_type type);
/* what an option takes: the name of its type, or its choices, "net|vsock" */
#define CLI_TAKES_MAX 40
const char *cli_takes(const struct cli_option *option, char buf[CLI_TAKES_MAX]);
void cli_join(char *buf, size_t size, const char *const *words, const char *between);

/* print.c */
void cli_print(FILE *out, struct json_object *result, bool json, bool colour, int width);
void cli_print_alone(FILE *out, struct json_object *result, const char *key);
/* line.c: for a terminal, as doc_escape() has it; @keep: control characters that stay */
void cli_put_text(FILE *out, const char *text, const char *keep);
/* word.c: for a shell */
void cli_put_word(FILE *out, const char *word);

/* message.c: one line on stderr, and a hint on a second; each returns @status */
extern const struct doc_table cli_message_table;
void cli_messages_as_json(void);
/* @where: the place in a document, or a step; may be NULL */
int cli_fail_at(enum cli_status status, const char *where, const char *hint, const char *text);
int cli_fail(enum cli_status status, const char *hint, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
int cli_fail_library(const struct cli_call *call);
void cli_warn(const struct cli_call *call, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void cli_log(void *call, enum vhc_level level, const char *line);
bool cli_colour(int fd);
int cli_width(int fd); /* of the terminal; 0: it is none, or does not say */

/* input.c: documents named on the command line; "-" is stdin */
const char *cli_document(const char *path);
int cli_read(const char *path, char **ret_text, size_t *ret_length);
/* The same of a text for the library, which a NUL would end: one is refused. */
int cli_read_text(const char *path, char **ret_text);

/* file.c: what a command writes to a file, besides its result */
typedef void cli_writer(FILE *out, void *data);
int cli_file_check(const char *path);
int cli_file_write(const char *path, cli_writer *write, void *data);
void cli_write_json(FILE *out, void *document);
/* @error: a negative errno.  Returns CLI_FAILED */
int cli_fail_file(const char *path, int error);
void cli_file_remove(const char *path);
void cli_file_end(const char *path);

/* page.c: the result as an HTML page, of the commands that have titles for it */
#define CLI_HTML_OPTION                                                            \
	{                                                                          \
		"html", 'o', "FILE", CLI_FILE,                                     \
			.help = "also write the result to FILE, as a page to send" \
	}
const char *cli_page_path(const struct cli_call *call); /* NULL: none is requested */
/* Returns an exit status. */
int cli_page_write(const struct cli_call *call, int status);

/* report.c: building result trees; never NULL */
/* the same memory; without any, the program ends here */
void *cli_need(void *memory);
int cli_write(struct cli_call *call, const struct doc_table *table, const void *data);
struct json_object *cli_report(struct cli_call *call, const char *name);
struct json_object *cli_add(struct json_object *to, const char *key, struct json_object *value);
struct json_object *cli_text(const char *text);
struct json_object *cli_number(uint64_t number);
struct json_object *cli_bool(bool value);
struct json_object *cli_array(void);
struct json_object *cli_object(void);

#endif
