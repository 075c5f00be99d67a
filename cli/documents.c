/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cli/documents - the tables of the reports of vhostctl's own commands.  Static data only.
 */
#include "documents.h"

#define COMMAND(struct_type) DOC_NEED(struct_type, command, DOC_STRING, .help = "which command")

static const struct doc_field feature_fields[] = {
	DOC_NEED(cli_feature, bit, DOC_UINT, .max = 255, .help = "as the specification numbers it"),
	DOC_NEED(cli_feature, name, DOC_STRING, .help = "its name, or \"bit N\""),
	DOC_NEED(cli_feature, origin, DOC_STRINGS, .max = 3,
		 .help = "who must have it: vhost, tap, model"),
	DOC_NEED(cli_feature, requires, DOC_STRING, .help = "what it cannot stand without"),
	DOC_NEED(cli_feature, constant, DOC_STRING, .help = "as headers call it"),
	DOC_NEED(cli_feature, text, DOC_STRING, .help = "what it does"),
};

static const struct doc_table feature_table = DOC_PART(cli_feature, feature_fields, "one bit");

static const struct doc_field list_fields[] = {
	COMMAND(cli_features),
	DOC_NEED(cli_features, features, DOC_OBJECTS, .table = &feature_table,
		 .help = "every bit that has a name"),
};

const struct doc_table cli_features_list_table =
	DOC_TABLE("vhost-report", cli_features, list_fields, "the features");

#define HEX DOC_NEED(cli_features, hex, DOC_STRING, .help = "the set as one number")
#define WORDS                                              \
	DOC_NEED(cli_features, words, DOC_UINTS, .max = 4, \
		 .help = "the set, 64 bits a word, the lowest first")

static const struct doc_field decode_fields[] = {
	COMMAND(cli_features),
	HEX,
	WORDS,
	DOC_NEED(cli_features, features, DOC_OBJECTS, .table = &feature_table,
		 .help = "the bits of the set"),
};

const struct doc_table cli_features_decode_table =
	DOC_TABLE("vhost-report", cli_features, decode_fields, "what a set means");

static const struct doc_field encode_fields[] = {
	COMMAND(cli_features),
	HEX,
	WORDS,
	DOC_NEED(cli_features, names, DOC_STRINGS, .help = "the bits of the set"),
};

const struct doc_table cli_features_encode_table =
	DOC_TABLE("vhost-report", cli_features, encode_fields, "a set as numbers");

static const struct doc_field check_fields[] = {
	COMMAND(cli_features_check),
	DOC_NEED(cli_features_check, valid, DOC_BOOL, .help = "has each bit what it requires"),
	DOC_NEED(cli_features_check, reason, DOC_STRING, .help = "each rule that is broken"),
	DOC_NEED(cli_features_check, drop, DOC_STRINGS, .help = "without these the rest can stand"),
};

const struct doc_table cli_features_check_table =
	DOC_TABLE("vhost-report", cli_features_check, check_fields, "whether a set can be");

static const struct doc_field diff_fields[] = {
	COMMAND(cli_features_diff),
	DOC_NEED(cli_features_diff, same, DOC_BOOL, .help = "are they the same set"),
	DOC_NEED(cli_features_diff, only_a, DOC_STRINGS, .help = "what only the first has"),
	DOC_NEED(cli_features_diff, only_b, DOC_STRINGS, .help = "what only the second has"),
	DOC_NEED(cli_features_diff, both, DOC_STRINGS, .help = "what both have"),
};

const struct doc_table cli_features_diff_table =
	DOC_TABLE("vhost-report", cli_features_diff, diff_fields, "how two sets differ");

static const struct doc_field way_fields[] = {
	DOC_NEED(cli_loop_way, way, DOC_STRING,
		 .help = "transmit or receive, as the driver calls it"),
	DOC_NEED(cli_loop_way, sent, DOC_UINT, .help = "frames"),
	DOC_NEED(cli_loop_way, arrived, DOC_UINT, .help = "once, and as they were sent"),
	DOC_NEED(cli_loop_way, lost, DOC_UINT, .help = "that did not arrive"),
	DOC_NEED(cli_loop_way, duplicated, DOC_UINT, .help = "that came once more"),
	DOC_NEED(cli_loop_way, corrupt, DOC_UINT, .help = "that came with other bytes"),
	DOC_NEED(cli_loop_way, frames_per_second, DOC_UINT, .help = "until the last arrived"),
	DOC_NEED(cli_loop_way, mbit_per_second, DOC_UINT, .help = "millions of bits of frames"),
};

static const struct doc_table way_table = DOC_PART(cli_loop_way, way_fields, "one direction");

static const struct doc_field pair_fields[] = {
	DOC_NEED(cli_loop_pair, pair, DOC_UINT, .help = "which, from 0"),
	DOC_NEED(cli_loop_pair, transmitted, DOC_UINT, .help = "frames on its transmit ring"),
	DOC_NEED(cli_loop_pair, received, DOC_UINT, .help = "frames on its receive ring"),
};

static const struct doc_table pair_table = DOC_PART(cli_loop_pair, pair_fields, "one queue pair");

static const struct doc_field loop_fields[] = {
	COMMAND(cli_loop),
	DOC_NEED(cli_loop, works, DOC_BOOL, .help = "did every frame arrive once and right"),
	DOC_NEED(cli_loop, queue_pairs, DOC_UINT, .help = "queues each way"),
	DOC_NEED(cli_loop, frame_bytes, DOC_UINT, .help = "of a frame, with its Ethernet header"),
	DOC_NEED(cli_loop, features, DOC_STRING, .help = "what was negotiated, with commas"),
	DOC_NEED(cli_loop, ways, DOC_OBJECTS, .table = &way_table, .help = "both directions"),
	DOC_NEED(cli_loop, pairs, DOC_OBJECTS, .table = &pair_table, .help = "each queue pair"),
};

const struct doc_table cli_loop_table =
	DOC_TABLE("vhost-report", cli_loop, loop_fields, "what became of the frames");

static const struct doc_field state_check_fields[] = {
	COMMAND(cli_state_check),
	DOC_NEED(cli_state_check, device, DOC_STRING, .help = "the device's id"),
	DOC_NEED(cli_state_check, type, DOC_STRING, .help = "what kind of device"),
	DOC_NEED(cli_state_check, queue_pairs, DOC_UINT,
		 .help = "a receive and a transmit ring each"),
	DOC_NEED(cli_state_check, running, DOC_BOOL, .help = "is it a picture of a running device"),
	DOC_NEED(cli_state_check, loadable, DOC_BOOL, .help = "could a device be loaded from it"),
};

const struct doc_table cli_state_check_table =
	DOC_TABLE("vhost-report", cli_state_check, state_check_fields,
		  "a vhost-state document that is right");

static const struct doc_field difference_fields[] = {
	DOC_NEED(cli_difference, what, DOC_STRING, .help = "where they differ"),
	DOC_NEED(cli_difference, left, DOC_STRING, .help = "in the first, or empty"),
	DOC_NEED(cli_difference, right, DOC_STRING, .help = "in the second, or empty"),
};

static const struct doc_table difference_table =
	DOC_PART(cli_difference, difference_fields, "one difference");

static const struct doc_field state_diff_fields[] = {
	COMMAND(cli_state_diff),
	DOC_NEED(cli_state_diff, same, DOC_BOOL, .help = "do they mean the same"),
	DOC_NEED(cli_state_diff, differences, DOC_OBJECTS, .table = &difference_table,
		 .help = "each value that differs; of features those that only one has"),
};

const struct doc_table cli_state_diff_table = DOC_TABLE(
	"vhost-report", cli_state_diff, state_diff_fields, "how two vhost-state documents differ");
