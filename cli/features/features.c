/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * 'vhostctl features': the meaning of feature bits, and arithmetic on sets of them.  Accesses no
 * device.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "explain.h"
#include "features/set.h"

#define BITS	   256u
#define WORD_COUNT 4u

/* -------------------------------------------------------------------------------- reports */

struct row {
	uint64_t bit;
	const char *name, *origin, *requires, *constant, *text;
};

/* features list, features decode, features encode */
struct set_report {
	const char *command;
	const char *hex;
	struct doc_list words;	  /* of uint64_t */
	struct doc_list names;	  /* of strings */
	struct doc_list features; /* of struct row */
};

struct check {
	const char *command;
	bool valid;
	const char *reason;
	struct doc_list drop; /* of strings */
};

struct diff {
	const char *command;
	bool same;
	struct doc_list only_left, only_right, both; /* of strings */
};

static const struct doc_field feature_fields[] = {
	DOC_NEED(row, bit, DOC_UINT, .max = 255, .help = "its number in the specification"),
	DOC_NEED(row, name, DOC_STRING, .help = "its name, or \"bit N\""),
	DOC_NEED(row, origin, DOC_STRING,
		 .help = "what must support it: vhost, tap, vhost+tap, model; empty: not known"),
	DOC_NEED(row, requires, DOC_STRING, .help = "features it depends on"),
	DOC_NEED(row, constant, DOC_STRING, .help = "its name in C headers"),
	DOC_NEED(row, text, DOC_STRING, .help = "what it does"),
};

static const struct doc_table feature_table = DOC_PART(row, feature_fields, "one bit");

static const struct doc_field list_fields[] = {
	CLI_COMMAND_FIELD(set_report),
	DOC_NEED(set_report, features, DOC_OBJECTS, .table = &feature_table,
		 .help = "every bit that has a name"),
};

static const struct doc_table list_table =
	DOC_TABLE("vhost-report", set_report, list_fields, "the features");

#define HEX DOC_NEED(set_report, hex, DOC_STRING, .help = "the set as one hexadecimal number")
#define WORDS                                            \
	DOC_NEED(set_report, words, DOC_UINTS, .max = 4, \
		 .help = "the set as 64-bit words, lowest first")

static const struct doc_field decode_fields[] = {
	CLI_COMMAND_FIELD(set_report),
	HEX,
	WORDS,
	DOC_NEED(set_report, features, DOC_OBJECTS, .table = &feature_table,
		 .help = "the bits of the set"),
};

static const struct doc_table decode_table =
	DOC_TABLE("vhost-report", set_report, decode_fields, "the features of a set");

static const struct doc_field encode_fields[] = {
	CLI_COMMAND_FIELD(set_report),
	HEX,
	WORDS,
	DOC_NEED(set_report, names, DOC_STRINGS, .help = "the bits of the set"),
};

static const struct doc_table encode_table =
	DOC_TABLE("vhost-report", set_report, encode_fields, "a set as numbers");

static const struct doc_field check_fields[] = {
	CLI_COMMAND_FIELD(check),
	DOC_NEED(check, valid, DOC_BOOL, .help = "does every feature have what it requires"),
	DOC_NEED(check, reason, DOC_STRING, .help = "the violated rules"),
	DOC_NEED(check, drop, DOC_STRINGS, .help = "the features to drop to make the set valid"),
};

static const struct doc_table check_table =
	DOC_TABLE("vhost-report", check, check_fields, "whether a set is valid");

static const struct doc_field diff_fields[] = {
	CLI_COMMAND_FIELD(diff),
	DOC_NEED(diff, same, DOC_BOOL, .help = "are the sets equal"),
	DOC_NEED(diff, only_left, DOC_STRINGS, .help = "features only in the first"),
	DOC_NEED(diff, only_right, DOC_STRINGS, .help = "features only in the second"),
	DOC_NEED(diff, both, DOC_STRINGS, .help = "features in both"),
};

static const struct doc_table diff_table =
	DOC_TABLE("vhost-report", diff, diff_fields, "how two sets differ");

/* A mask may have vhost's own bits, too. */
static const struct vhc_feature *feature_of(enum vhc_type type, unsigned int bit)
{
	const struct vhc_feature *own = explain_own_bit(bit);

	return own ? own : vhc_feature_get(type, bit);
}

static struct vhc_features without_own_bits(struct vhc_features set)
{
	for (unsigned int bit = 0; bit < BITS; bit++)
		if (explain_own_bit(bit))
			vhc_features_remove(&set, bit);
	return set;
}

/* ---------------------------------------------------------------------------- writing a set */

/* The names of a set's bits, with space for bits without one. */
struct names {
	enum vhc_type type; /* whose names they are */
	const char *items[BITS];
	char unknown[BITS][sizeof("bit 255")];
};

static const char *name_of(struct names *names, unsigned int bit)
{
	const struct vhc_feature *feature = feature_of(names->type, bit);

	if (feature)
		return feature->name;
	snprintf(names->unknown[bit], sizeof(names->unknown[bit]), "bit %u", bit & 0xff);
	return names->unknown[bit];
}

static struct doc_list names_of(struct names *names, const struct vhc_features *set)
{
	struct doc_list list = { .items = names->items };

	for (unsigned int bit = 0; bit < BITS; bit++)
		if (vhc_features_has(set, bit))
			names->items[list.count++] = name_of(names, bit);
	return list;
}

/* A row for each bit of @set in @rows, of BITS. */
static struct doc_list rows_of(struct row *rows, struct names *names,
			       const struct vhc_features *set)
{
	static const struct vhc_feature unknown = { .constant = "", .text = "", .requirement = "" };
	struct doc_list list = { .items = rows };

	for (unsigned int bit = 0; bit < BITS; bit++) {
		const struct vhc_feature *feature = feature_of(names->type, bit);

		if (!vhc_features_has(set, bit))
			continue;
		if (!feature)
			feature = &unknown;
		rows[list.count++] = (struct row){
			.bit = bit,
			.name = name_of(names, bit),
			.origin = explain_origin(feature->origin),
			.requires = feature->requirement,
			.constant = feature->constant,
			.text = feature->text,
		};
	}
	return list;
}

/* ------------------------------------------------------------------------------ the commands */

/* The reports of list, decode and encode, each as the command's own table has it. */
static int report_set(struct cli_call *call, enum vhc_type type, struct vhc_features set)
{
	static struct row rows[BITS]; /* too large for the stack */
	static struct names names;
	char hex[CLI_SET_HEX_MAX];
	struct set_report report = {
		.command = call->command->name,
		.hex = hex,
		.words = { set.w, WORD_COUNT },
	};

	names.type = type;
	report.names = names_of(&names, &set);
	report.features = rows_of(rows, &names, &set);
	cli_set_hex(&set, hex);
	return cli_write(call, call->command->report, &report);
}

/* The type, then the set that all arguments together make. */
static int read_arguments(const struct cli_call *call, enum vhc_type *ret_type,
			  struct vhc_features *ret)
{
	*ret_type = cli_read_type(call);
	return cli_read_set(call, *ret_type, call->argv, call->argc, ret);
}

static int run_list(struct cli_call *call)
{
	struct vhc_features all;
	enum vhc_type type = cli_read_type(call);

	vhc_features_known(type, &all);
	return report_set(call, type, all);
}

/* decode and encode */
static int run_show(struct cli_call *call)
{
	struct vhc_features set;
	enum vhc_type type;
	int status = read_arguments(call, &type, &set);

	return status ? status : report_set(call, type, set);
}

static int run_check(struct cli_call *call)
{
	struct check report = { .command = call->command->name, .reason = "" };
	struct vhc_features set, drop = { 0 };
	struct names names;
	int status = read_arguments(call, &names.type, &set);
	int r;

	if (status)
		return status;
	set = without_own_bits(set);
	r = vhc_features_check(call->ctx, names.type, &set, &drop);
	if (r && r != -EOPNOTSUPP)
		return cli_fail_library(call);
	report.valid = !r;
	if (r)
		report.reason = vhc_ctx_get_error(call->ctx)->text;
	report.drop = names_of(&names, &drop);
	cli_write(call, &check_table, &report);
	return r ? CLI_NO : CLI_YES;
}

static int run_diff(struct cli_call *call)
{
	struct vhc_features a, b, only_left, only_right, both;
	struct diff report = { .command = call->command->name, .same = true };
	struct names a_names, b_names, both_names;
	enum vhc_type type = cli_read_type(call);
	int status = cli_read_set(call, type, call->argv, 1, &a);

	if (!status)
		status = cli_read_set(call, type, call->argv + 1, 1, &b);
	if (status)
		return status;
	for (unsigned int w = 0; w < WORD_COUNT; w++) {
		only_left.w[w] = a.w[w] & ~b.w[w];
		only_right.w[w] = b.w[w] & ~a.w[w];
		both.w[w] = a.w[w] & b.w[w];
		report.same = report.same && a.w[w] == b.w[w];
	}
	a_names.type = b_names.type = both_names.type = type;
	report.only_left = names_of(&a_names, &only_left);
	report.only_right = names_of(&b_names, &only_right);
	report.both = names_of(&both_names, &both);
	cli_write(call, &diff_table, &report);
	return report.same ? CLI_YES : CLI_NO;
}

static const struct cli_option options[] = {
	{ "type", 't', "TYPE", CLI_CHOICE, .choices = cli_type_choices,
	  .help = "the device type whose bits these are: net (the default) or vsock" },
};

static const char *const set_help[] = {
	"A set is given as names or constants ('mrg_rxbuf', 'VIRTIO_F_VERSION_1'), bit numbers ('40',",
	"'bit 40'), a mask of up to 256 bits ('0x10130bfffa7'), the 64-bit words of a mask, lowest",
	"first ('0x10b3d008000 0xa'), or the row of 0s and 1s that sysfs shows in",
	"/sys/bus/virtio/devices/.../features.  Separate items with commas or blanks.",
	NULL,
};

const struct cli_command cli_command_features_list = {
	.name = "features list",
	.arguments = "",
	.text = "List all feature bits that have a name",
	CLI_OPTIONS(options),
	.report = &list_table,
	.run = run_list,
};

const struct cli_command cli_command_features_decode = {
	.name = "features decode",
	.arguments = "SET...",
	.text = "Show which features a set contains",
	.more = set_help,
	CLI_OPTIONS(options),
	.min_args = 1,
	.max_args = CLI_ANY,
	.takes = CLI_SET,
	.report = &decode_table,
	.run = run_show,
};

const struct cli_command cli_command_features_encode = {
	.name = "features encode",
	.arguments = "SET...",
	.text = "Show a set as a mask",
	.more = set_help,
	CLI_OPTIONS(options),
	.min_args = 1,
	.max_args = CLI_ANY,
	.takes = CLI_SET,
	.report = &encode_table,
	.run = run_show,
};

const struct cli_command cli_command_features_check = {
	.name = "features check",
	.arguments = "SET...",
	.text = "Check that each feature of a set has what it requires",
	.more = set_help,
	CLI_OPTIONS(options),
	.min_args = 1,
	.max_args = CLI_ANY,
	.takes = CLI_SET,
	.report = &check_table,
	.run = run_check,
};

const struct cli_command cli_command_features_diff = {
	.name = "features diff",
	.arguments = "SET SET",
	.text = "Compare two sets",
	.more = set_help,
	CLI_OPTIONS(options),
	.min_args = 2,
	.max_args = 2,
	.takes = CLI_SET,
	.report = &diff_table,
	.run = run_diff,
};
