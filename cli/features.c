/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cli/features - what feature bits mean, and arithmetic on sets of them.  Asks no device.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cli.h"

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

/* ---------------------------------------------------------------------------- printing a set */

static void add_name(struct json_object *names, unsigned int bit)
{
	const struct vhc_feature *feature = feature_of(bit);
	char unknown[16];

	snprintf(unknown, sizeof(unknown), "bit %u", bit);
	cli_add(names, NULL, cli_text(feature ? feature->name : unknown));
}

static void add_names(struct json_object *report, const char *key, const struct vhc_features *set)
{
	struct json_object *names = cli_add(report, key, cli_array());

	for (unsigned int bit = 0; bit < BITS; bit++)
		if (vhc_features_has(set, bit))
			add_name(names, bit);
}

static struct json_object *origin_names(uint32_t origin)
{
	static const char *const names[] = { "vhost", "tap", "model" };
	struct json_object *array = cli_array();

	for (unsigned int i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (origin & 1u << i)
			cli_add(array, NULL, cli_text(names[i]));
	return array;
}

/* One row for each bit of @set; NULL is every bit that has a name. */
static struct json_object *feature_rows(const struct vhc_features *set)
{
	static const struct vhc_feature unknown = {
		.name = "-", .constant = "", .text = "", .requires = ""
	};
	struct json_object *rows = cli_array();

	for (unsigned int bit = 0; bit < BITS; bit++) {
		const struct vhc_feature *feature =
			set ? feature_of(bit) : vhc_feature_get(VHC_TYPE_NET, bit);
		struct json_object *row;

		if (set ? !vhc_features_has(set, bit) : !feature)
			continue;
		if (!feature)
			feature = &unknown;
		row = cli_add(rows, NULL, cli_object());
		cli_add(row, "bit", cli_number(bit));
		cli_add(row, "name", cli_text(feature->name));
		cli_add(row, "origin", origin_names(feature->origin));
		cli_add(row, "requires", cli_text(feature->requires));
		cli_add(row, "constant", cli_text(feature->constant));
		cli_add(row, "text", cli_text(feature->text));
	}
	return rows;
}

/* The set as one number, and as 64-bit words, the lowest first. */
static void add_masks(struct json_object *report, const struct vhc_features *set)
{
	struct json_object *words = cli_array();
	char text[2 + 16 * WORDS + 1];
	unsigned int top = WORDS;
	int length;

	while (top > 1 && !set->w[top - 1])
		top--;
	length = snprintf(text, sizeof(text), "0x%llx", (unsigned long long)set->w[top - 1]);
	for (unsigned int w = top - 1; w-- > 0;)
		length += snprintf(text + length, sizeof(text) - (size_t)length, "%016llx",
				   (unsigned long long)set->w[w]);
	cli_add(report, "hex", cli_text(text));
	for (unsigned int w = 0; w < WORDS; w++) {
		snprintf(text, sizeof(text), "0x%llx", (unsigned long long)set->w[w]);
		cli_add(words, NULL, cli_text(text));
	}
	cli_add(report, "words", words);
}

/* ------------------------------------------------------------------------------ the commands */

int cli_features_list(struct cli_call *call)
{
	cli_add(cli_report(call, call->command->name), "features", feature_rows(NULL));
	return CLI_YES;
}

int cli_features_decode(struct cli_call *call)
{
	struct vhc_features set;
	struct json_object *report;
	int status = read_set(call, call->argv, call->argc, &set);

	if (status)
		return status;
	report = cli_report(call, call->command->name);
	add_masks(report, &set);
	cli_add(report, "features", feature_rows(&set));
	return CLI_YES;
}

int cli_features_encode(struct cli_call *call)
{
	struct vhc_features set;
	struct json_object *report;
	int status = read_set(call, call->argv, call->argc, &set);

	if (status)
		return status;
	report = cli_report(call, call->command->name);
	add_masks(report, &set);
	add_names(report, "names", &set);
	return CLI_YES;
}

int cli_features_check(struct cli_call *call)
{
	struct vhc_features set, drop = { 0 };
	struct json_object *report;
	int status = read_set(call, call->argv, call->argc, &set);
	int r;

	if (status)
		return status;
	set = without_own_bits(set);
	r = vhc_features_check(call->ctx, VHC_TYPE_NET, &set, &drop);
	if (r && r != -EOPNOTSUPP)
		return cli_fail_library(call);
	report = cli_report(call, call->command->name);
	cli_add(report, "valid", cli_bool(!r));
	cli_add(report, "reason", cli_text(r ? vhc_ctx_get_error(call->ctx)->text : ""));
	add_names(report, "drop", &drop);
	return r ? CLI_NO : CLI_YES;
}

int cli_features_diff(struct cli_call *call)
{
	struct vhc_features a, b, only_a, only_b, both;
	struct json_object *report;
	bool same = true;
	int status = read_set(call, call->argv, 1, &a);

	if (!status)
		status = read_set(call, call->argv + 1, 1, &b);
	if (status)
		return status;
	for (unsigned int w = 0; w < WORDS; w++) {
		only_a.w[w] = a.w[w] & ~b.w[w];
		only_b.w[w] = b.w[w] & ~a.w[w];
		both.w[w] = a.w[w] & b.w[w];
		same = same && a.w[w] == b.w[w];
	}
	report = cli_report(call, call->command->name);
	cli_add(report, "same", cli_bool(same));
	add_names(report, "only_a", &only_a);
	add_names(report, "only_b", &only_b);
	add_names(report, "both", &both);
	return same ? CLI_YES : CLI_NO;
}
