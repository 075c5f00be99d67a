/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Shared by the commands that read vhost-state documents.
 */
#ifndef CLI_STATE_H
#define CLI_STATE_H

#include "program/cli.h"

/* A valid document. */
struct cli_state {
	char *text;
	struct json_object *tree;
	uint64_t assumed[4]; /* what the guest may have, and each launcher is taken to have */
};

/* Read and check a document, and report what is wrong with it.  Returns an exit status. */
int cli_read_state(struct cli_call *call, const char *path, struct cli_state *ret);
void cli_free_state(struct cli_state *state);

/* check-qemu.c: add what the QEMU that waits for the guest lacks.  An exit status. */
int cli_check_qemu(struct cli_call *call, const struct cli_state *state,
		   struct json_object *report);

/* Report the library's error about a document read from there.  Returns an exit status. */
int cli_fail_document(const struct cli_call *call, const char *path);

/* Fail if both are standard input, which can only be read once.  Returns an exit status. */
int cli_check_inputs(const char *a, const char *b);

/* Members of a checked document: they exist and have this type. */
const char *cli_member_text(struct json_object *object, const char *key);
uint64_t cli_member_number(struct json_object *object, const char *key);
bool cli_member_bool(struct json_object *object, const char *key);

/* check-config.c: one more reason against the move in a report of 'check'; or why it cannot be told. */
void cli_add_finding(struct json_object *report, const char *what, const char *remedy,
		     const char *format, ...) __attribute__((format(printf, 4, 5)));
void cli_add_unknown(struct json_object *report, const char *what, const char *remedy,
		     const char *format, ...) __attribute__((format(printf, 4, 5)));

/*
 * check-config.c: add what hinders a device with this state from being the config's to the findings of
 * a report.  An exit status.
 */
int cli_check_config(struct cli_call *call, const char *path, const struct cli_state *state,
		     struct json_object *report);

/* A number in any form that documents allow: 123, "123" or "0x7b". */
uint64_t cli_tree_number(struct json_object *value);

#endif
