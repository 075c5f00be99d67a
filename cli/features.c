/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cli/features - what feature bits mean, and arithmetic on sets of them.  Asks no device.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cli.h"
#include "documents.h"

#define BITS  256u
#define WORDS 4u

/* Bits that a mask may have and a guest never sees: vhost's own. */
static const struct vhc_feature own_bits[] = {
	{ 26, VHC_ORIGIN_VHOST, "log_all", "VHOST_F_LOG_ALL", "vhost keeps a dirty log", "" },
	{ 30, VHC_ORIGIN_VHOST, "protocol_features", "VHOST_USER_F_PROTOCOL_FEATURES",
	  "vhost-user's own features follow", "" },
};

static const struct vhc_feature *feature_of(unsigned int bit)
{
	for (size_t i = 0; i < sizeof(own_bits) / sizeof(*own_bits); i++)
		if (own_bits[i].bit == bit)
			return &own_bits[i];
	return vhc_feature_get(VHC_TYPE_NET, bit);
}

static struct vhc_features without_own_bits(struct vhc_features set)
{
	for (size_t i = 0; i < sizeof(own_bits) / sizeof(*own_bits); i++)
		vhc_features_remove(&set, own_bits[i].bit);
	return set;
}

/* ------------------------------------------------------------------------------ reading a set */

/* A set as it is written on the command line: words of it, and the names that are left. */
struct reading {
	struct vhc_features set;
	unsigned int masks; /* how many hexadecimal numbers */
	bool long_mask;	    /* one of them has more than 64 bits */
	bool other;	    /* something that is no hexadecimal number */
	char *names;
};

static int bad_word(const char *what, const char *word, size_t length)
{
	return cli_fail(CLI_USAGE, "see 'vhostctl features decode --help' for how to write a set",
			"%s: \"%.*s\"", what, (int)length, word);
}

/* "0x..." of up to 256 bits. */
static int read_mask(struct reading *reading, const char *word, size_t length)
{
	struct vhc_features mask = { 0 };

	for (size_t i = 2; i < length; i++) {
		static const char digits[] = "0123456789abcdef";
		const char *digit = memchr(digits, word[i] | 0x20, 16);

		if (word[i] < '0' || !digit || mask.w[3] >> 60)
			return bad_word("not a hexadecimal number of up to 256 bits", word, length);
		for (unsigned int w = WORDS; w-- > 1;)
			mask.w[w] = mask.w[w] << 4 | mask.w[w - 1] >> 60;
		mask.w[0] = mask.w[0] << 4 | (uint64_t)(digit - digits);
	}
	if (length == 2 || reading->masks == WORDS)
		return bad_word("not a word of a feature set", word, length);
	reading->long_mask |= mask.w[1] || mask.w[2] || mask.w[3];
	if (reading->masks++)
		reading->set.w[reading->masks - 1] = mask.w[0];
	else
		reading->set = mask;
	return 0;
}

/* The form of /sys/bus/virtio/devices/.../features: a digit for each bit, bit 0 first. */
static bool read_sysfs(struct reading *reading, const char *word, size_t length)
{
	if ((length != 64 && length != 128) || strspn(word, "01") < length)
		return false;
	for (unsigned int bit = 0; bit < length; bit++)
		if (word[bit] == '1')
			vhc_features_add(&reading->set, bit);
	reading->other = true;
	return true;
}

/* Takes the numbers out of @names, so that only names are left. */
static int read_words(struct reading *reading)
{
	char *word = reading->names;

	for (size_t length; word += strspn(word, ", \t\n"), *word; word += length) {
		length = strcspn(word, ", \t\n");
		if (!strncasecmp(word, "0x", 2)) {
			int r = read_mask(reading, word, length);

			if (r)
				return r;
		} else if (!read_sysfs(reading, word, length)) {
			reading->other = true;
			continue;
		}
		memset(word, ' ', length);
	}
	if (reading->masks > 1 && (reading->long_mask || reading->other))
		return cli_fail(CLI_USAGE, "give one mask and names, or the words alone",
				"several hexadecimal numbers are the 64-bit words of one set");
	return 0;
}

/* Reads a set from arguments: names, numbers of bits, one mask, or its words, the lowest first. */
static int read_set(const struct cli_call *call, char **arguments, int count,
		    struct vhc_features *ret)
{
	struct reading reading = { 0 };
	struct vhc_features named = { 0 };
	size_t size;
	FILE *out = open_memstream(&reading.names, &size);
	int status;

	for (int i = 0; out && i < count; i++)
		fprintf(out, "%s ", arguments[i]);
	if (!out || fclose(out)) {
		free(reading.names);
		return cli_fail(CLI_FAILED, NULL, "out of memory");
	}
	status = read_words(&reading);
	if (!status && vhc_features_parse(call->ctx, VHC_TYPE_NET, reading.names, &named))
		status = cli_fail(CLI_USAGE, "'vhostctl features list' has the names", "%s",
				  vhc_ctx_get_error(call->ctx)->text);
	free(reading.names);
	for (unsigned int w = 0; w < WORDS && !status; w++)
		ret->w[w] = reading.set.w[w] | named.w[w];
	return status;
}

/* ---------------------------------------------------------------------------- writing a set */

/* Names of a set's bits, with room for those that have none. */
struct names {
	const char *items[BITS];
	char unknown[BITS][sizeof("bit 255")];
};

static const char *name_of(struct names *names, unsigned int bit)
{
	const struct vhc_feature *feature = feature_of(bit);

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

static struct doc_list origin_names(uint32_t origin)
{
	static const char *const names[][3] = {
		[VHC_ORIGIN_VHOST] = { "vhost" },
		[VHC_ORIGIN_TAP] = { "tap" },
		[VHC_ORIGIN_VHOST | VHC_ORIGIN_TAP] = { "vhost", "tap" },
		[VHC_ORIGIN_MODEL] = { "model" },
		[VHC_ORIGIN_VHOST | VHC_ORIGIN_MODEL] = { "vhost", "model" },
		[VHC_ORIGIN_TAP | VHC_ORIGIN_MODEL] = { "tap", "model" },
		[VHC_ORIGIN_VHOST | VHC_ORIGIN_TAP |
			VHC_ORIGIN_MODEL] = { "vhost", "tap", "model" },
	};

	return (struct doc_list){ (void *)names[origin & 7],
				  (size_t)__builtin_popcount(origin & 7) };
}

/* A row for each bit of @set in @rows, of BITS. */
static struct doc_list rows_of(struct cli_feature *rows, struct names *names,
			       const struct vhc_features *set)
{
	static const struct vhc_feature unknown = { .constant = "", .text = "", .requires = "" };
	struct doc_list list = { .items = rows };

	for (unsigned int bit = 0; bit < BITS; bit++) {
		const struct vhc_feature *feature = feature_of(bit);

		if (!vhc_features_has(set, bit))
			continue;
		if (!feature)
			feature = &unknown;
		rows[list.count++] = (struct cli_feature){
			.bit = bit,
			.name = name_of(names, bit),
			.origin = origin_names(feature->origin),
			.requires = feature->requires,
			.constant = feature->constant,
			.text = feature->text,
		};
	}
	return list;
}

/* The set as one number. */
static void write_mask(const struct vhc_features *set, char *text, size_t size)
{
	unsigned int top = WORDS;
	size_t length;

	while (top > 1 && !set->w[top - 1])
		top--;
	length = (size_t)snprintf(text, size, "0x%" PRIx64, set->w[top - 1]);
	for (unsigned int w = top - 1; w-- > 0;)
		length += (size_t)snprintf(text + length, size - length, "%016" PRIx64, set->w[w]);
}

/* ------------------------------------------------------------------------------ the commands */

/* What list, decode and encode say of a set, by the table of each. */
static int report_set(struct cli_call *call, const struct doc_table *table, struct vhc_features set)
{
	static struct cli_feature rows[BITS]; /* too large for the stack */
	static struct names names;
	char hex[2 + 16 * WORDS + 1];
	struct cli_features report = {
		.command = call->command->name,
		.hex = hex,
		.words = { set.w, WORDS },
		.names = names_of(&names, &set),
		.features = rows_of(rows, &names, &set),
	};

	write_mask(&set, hex, sizeof(hex));
	return cli_write(call, table, &report);
}

int cli_features_list(struct cli_call *call)
{
	struct vhc_features all;

	vhc_features_known(VHC_TYPE_NET, &all);
	return report_set(call, &cli_features_list_table, all);
}

int cli_features_decode(struct cli_call *call)
{
	struct vhc_features set;
	int status = read_set(call, call->argv, call->argc, &set);

	return status ? status : report_set(call, &cli_features_decode_table, set);
}

int cli_features_encode(struct cli_call *call)
{
	struct vhc_features set;
	int status = read_set(call, call->argv, call->argc, &set);

	return status ? status : report_set(call, &cli_features_encode_table, set);
}

int cli_features_check(struct cli_call *call)
{
	struct cli_features_check report = { .command = call->command->name, .reason = "" };
	struct vhc_features set, drop = { 0 };
	struct names names;
	int status = read_set(call, call->argv, call->argc, &set);
	int r;

	if (status)
		return status;
	set = without_own_bits(set);
	r = vhc_features_check(call->ctx, VHC_TYPE_NET, &set, &drop);
	if (r && r != -EOPNOTSUPP)
		return cli_fail_library(call);
	report.valid = !r;
	if (r)
		report.reason = vhc_ctx_get_error(call->ctx)->text;
	report.drop = names_of(&names, &drop);
	cli_write(call, &cli_features_check_table, &report);
	return r ? CLI_NO : CLI_YES;
}

int cli_features_diff(struct cli_call *call)
{
	struct vhc_features a, b, only_a, only_b, both;
	struct cli_features_diff report = { .command = call->command->name, .same = true };
	struct names a_names, b_names, both_names;
	int status = read_set(call, call->argv, 1, &a);

	if (!status)
		status = read_set(call, call->argv + 1, 1, &b);
	if (status)
		return status;
	for (unsigned int w = 0; w < WORDS; w++) {
		only_a.w[w] = a.w[w] & ~b.w[w];
		only_b.w[w] = b.w[w] & ~a.w[w];
		both.w[w] = a.w[w] & b.w[w];
		report.same = report.same && a.w[w] == b.w[w];
	}
	report.only_a = names_of(&a_names, &only_a);
	report.only_b = names_of(&b_names, &only_b);
	report.both = names_of(&both_names, &both);
	cli_write(call, &cli_features_diff_table, &report);
	return report.same ? CLI_YES : CLI_NO;
}
