/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cli/state - what the commands that read vhost-state documents share.
 */
#ifndef CLI_STATE_H
#define CLI_STATE_H

#include "cli.h"

/* A document that was found right. */
struct cli_state {
	char *text;
	struct json_object *tree;
};

/* Reads and checks one; says what is wrong with it.  An exit status. */
int cli_read_state(struct cli_call *call, const char *path, struct cli_state *ret);
void cli_free_state(struct cli_state *state);

/* Whatever is wrong with a document that was read from there: an exit status. */
int cli_fail_document(const struct cli_call *call, const char *path);

/* Are both standard input?  It can be read once only.  An exit status. */
int cli_check_inputs(const char *a, const char *b);

/* The members of a document that was checked: they are there, and of this type. */
const char *cli_member_text(struct json_object *object, const char *key);
uint64_t cli_member_number(struct json_object *object, const char *key);
bool cli_member_bool(struct json_object *object, const char *key);

/* A number as documents write it: 123, "123" or "0x7b". */
uint64_t cli_tree_number(struct json_object *value);

#endif
