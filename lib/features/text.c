/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * feature-text - sets of feature bits as words, and back.
 * Ground floor: no system call.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ctx.h"
#include "features/features.h"
#include "features/names.h"
#include "text.h"

#define BITS	   256u
#define SEPARATORS ", \t\r\n"

VHC_EXPORT int vhc_features_format(struct vhc_ctx *ctx, enum vhc_type type,
				   const struct vhc_features *set, char **ret_text)
{
	char buffer[4096] = "", *text; /* all 256 bits fit */
	struct vhc_text out = { buffer, sizeof(buffer) };
	struct vhc_features left = *set;
	const char *before = "";
	unsigned int bit;

	while ((bit = vhc_features_first(&left)) < BITS) {
		const struct vhc_feature *feature = vhc_feature_get(type, bit);

		vhc_features_remove(&left, bit);
		if (feature)
			vhc_text_put(&out, "%s%s", before, feature->name);
		else
			vhc_text_put(&out, "%sbit %u", before, bit);
		before = ",";
	}
	text = strdup(buffer);
	if (!text)
		return vhc_fail(ctx, -ENOMEM, "no memory for the names of the features");
	*ret_text = text;
	return 0;
}

/* What is left of a text, and what it is for. */
struct reader {
	struct vhc_ctx *ctx;
	enum vhc_type type;
	const char *at;
};

struct word {
	const char *at;
	size_t len;
};

/* The next word; one of length 0 at the end.  Commas and blanks are alike, and many are as one. */
static struct word read_word(struct reader *reader)
{
	struct word word;

	reader->at += strspn(reader->at, SEPARATORS);
	word = (struct word){ reader->at, strcspn(reader->at, SEPARATORS) };
	reader->at += word.len;
	return word;
}

/* A word in a message: not too long, and nothing that a terminal would obey. */
struct shown {
	char text[48];
};

static struct shown show(const struct word *word)
{
	struct shown shown = { "" };
	size_t room = sizeof(shown.text) - sizeof("...");
	size_t len = word->len < room ? word->len : room;

	for (size_t i = 0; i < len; i++)
		shown.text[i] = word->at[i] >= ' ' && word->at[i] <= '~' ? word->at[i] : '?';
	if (len < word->len)
		strcpy(shown.text + len, "...");
	return shown;
}

static bool is_number(const struct word *word)
{
	return word->len > 0 && strspn(word->at, "0123456789") >= word->len;
}

static int read_number(const struct reader *reader, const struct word *word,
		       struct vhc_features *set)
{
	unsigned int bit = 0;

	for (size_t i = 0; i < word->len && bit < BITS; i++)
		bit = bit * 10 + (unsigned int)(word->at[i] - '0');
	if (bit >= BITS)
		return vhc_fail(
			reader->ctx, -EINVAL,
			"\"%s\" is no feature bit: they are 0 to 255 (a mask starts with 0x)",
			show(word).text);
	vhc_features_add(set, bit);
	return 0;
}

static int hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	const char *found = c ? strchr(digits, c) : NULL;

	return found ? (int)(found - digits) % 16 : -1;
}

/* From the last digit on: each is 4 bits. */
static int read_mask(const struct reader *reader, const struct word *word, struct vhc_features *set)
{
	size_t digits = word->len - 2;

	for (size_t i = 0; i < digits; i++) {
		int digit = hex_digit(word->at[word->len - 1 - i]);

		if (digit < 0 || (digit > 0 && i >= BITS / 4))
			return vhc_fail(reader->ctx, -EINVAL, "\"%s\" is no mask: %s",
					show(word).text,
					digit < 0 ? "only hexadecimal digits may follow 0x"
						  : "it has more than 256 bits");
		if (digit)
			set->w[i / 16] |= (uint64_t)digit << (i % 16 * 4);
	}
	if (!digits)
		return vhc_fail(reader->ctx, -EINVAL, "\"%s\" is no mask: it has no digits",
				show(word).text);
	return 0;
}

static int read_name(const struct reader *reader, const struct word *word, struct vhc_features *set)
{
	int bit = vhc_bit_find(reader->type, word->at, word->len);

	if (bit < 0)
		return vhc_fail(reader->ctx, -EINVAL,
				"\"%s\" is no feature: give a name such as mrg_rxbuf, a bit from 0 "
				"to 255, or a mask such as 0x8000",
				show(word).text);
	vhc_features_add(set, (unsigned int)bit);
	return 0;
}

/* @word: grows by the number that follows "bit". */
static int read_feature(struct reader *reader, struct word *word, struct vhc_features *set)
{
	struct word number;

	if (is_number(word))
		return read_number(reader, word, set);
	if (word->len >= 2 && vhc_name_is("0x", word->at, 2))
		return read_mask(reader, word, set);
	if (!vhc_name_is("bit", word->at, word->len))
		return read_name(reader, word, set);
	number = read_word(reader);
	if (!is_number(&number))
		return vhc_fail(reader->ctx, -EINVAL,
				"\"%s\" needs a number behind it, such as \"bit 63\"",
				show(word).text);
	word->len = (size_t)(number.at + number.len - word->at);
	return read_number(reader, &number, set);
}

VHC_EXPORT int vhc_features_parse(struct vhc_ctx *ctx, enum vhc_type type, const char *text,
				  struct vhc_features *ret)
{
	struct reader reader = { ctx, type, text };
	struct vhc_features set = { { 0 } };

	for (struct word word; word = read_word(&reader), word.len;) {
		int r = read_feature(&reader, &word, &set);

		if (r < 0)
			return r;
		for (uint32_t bit = 0; bit < BITS; bit++)
			if (vhc_features_has(&set, bit) && vhc_bit_private(bit))
				return vhc_fail(
					ctx, -EINVAL,
					"\"%s\": bit %u (%s) is between vhost and its user, "
					"never a guest's: leave it out",
					show(&word).text, bit, vhc_bit_private(bit));
	}
	*ret = set;
	return 0;
}
