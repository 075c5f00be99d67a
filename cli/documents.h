/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cli/documents - the reports of vhostctl's own commands, as structs, and the tables that write them
 * and their schema.
 */
#ifndef CLI_DOCUMENTS_H
#define CLI_DOCUMENTS_H

#include "doc.h"

struct cli_feature {
	uint64_t bit;
	const char *name, *requires, *constant, *text;
	struct doc_list origin; /* of strings */
};

/* features list, features decode, features encode */
struct cli_features {
	const char *command;
	const char *hex;
	struct doc_list words;	  /* of uint64_t */
	struct doc_list names;	  /* of strings */
	struct doc_list features; /* of struct cli_feature */
};

struct cli_features_check {
	const char *command;
	bool valid;
	const char *reason;
	struct doc_list drop; /* of strings */
};

struct cli_features_diff {
	const char *command;
	bool same;
	struct doc_list only_a, only_b, both; /* of strings */
};

struct cli_loop_way {
	const char *way;
	uint64_t sent, arrived, lost, duplicated, corrupt, frames_per_second, mbit_per_second;
};

struct cli_loop_pair {
	uint64_t pair, transmitted, received;
};

struct cli_loop {
	const char *command;
	bool works;
	uint64_t queue_pairs, frame_bytes;
	const char *features;
	struct doc_list ways;  /* of struct cli_loop_way */
	struct doc_list pairs; /* of struct cli_loop_pair */
};

/* state check */
struct cli_state_check {
	const char *command;
	const char *device, *type;
	uint64_t queue_pairs;
	bool running, loadable;
};

struct cli_difference {
	char *what, *left, *right;
};

struct cli_state_diff {
	char *command;
	bool same;
	struct doc_list differences; /* of struct cli_difference */
};

extern const struct doc_table cli_features_list_table, cli_features_decode_table,
	cli_features_encode_table, cli_features_check_table, cli_features_diff_table,
	cli_loop_table, cli_state_check_table, cli_state_diff_table;

#endif
