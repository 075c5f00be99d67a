/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Parses a set of features from the command line.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "features/set.h"

#define WORDS 4u

const char *const cli_type_choices[] = { "net", "vsock", NULL };

/* in the order of the choices */
static const enum vhc_type types[] = { VHC_TYPE_NET, VHC_TYPE_VSOCK };

/* A set being parsed: its words, and the remaining names. */
struct reading {
	struct vhc_features set;
	unsigned int masks; /* how many hexadecimal numbers */
	bool long_mask;	    /* one of them has more than 64 bits */
	bool other;	    /* something other than a hexadecimal number */
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

/* Parse the numbers in @names and blank them out, so that only names remain. */
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
		return cli_fail(
			CLI_USAGE, "give one mask and names, or only the words",
			"several hexadecimal numbers are taken as the 64-bit words of one set");
	return 0;
}

enum vhc_type cli_read_type(const struct cli_call *call)
{
	return types[cli_option(call, "type")->number];
}

static int bad_name(const struct cli_call *call)
{
	char hint[80];

	snprintf(hint, sizeof(hint), "see 'vhostctl features list --type %s' for the names",
		 cli_type_choices[cli_option(call, "type")->number]);
	return cli_fail(CLI_USAGE, hint, "%s", vhc_ctx_get_error(call->ctx)->text);
}

int cli_read_set(const struct cli_call *call, enum vhc_type type, char **arguments, int count,
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
	if (!status && vhc_features_parse(call->ctx, type, reading.names, &named))
		status = bad_name(call);
	free(reading.names);
	for (unsigned int w = 0; w < WORDS && !status; w++)
		ret->w[w] = reading.set.w[w] | named.w[w];
	return status;
}

const char *cli_set_hex(const struct vhc_features *set, char buf[CLI_SET_HEX_MAX])
{
	const size_t size = CLI_SET_HEX_MAX;
	unsigned int top = WORDS;
	size_t length;

	while (top > 1 && !set->w[top - 1])
		top--;
	length = (size_t)snprintf(buf, size, "0x%" PRIx64, set->w[top - 1]);
	for (unsigned int w = top - 1; w-- > 0;)
		length += (size_t)snprintf(buf + length, size - length, "%016" PRIx64, set->w[w]);
	return buf;
}
