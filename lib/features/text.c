/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * text - sets of feature bits as text: in messages, and in the API both ways.
 */
#include <errno.h>
#include <string.h>

#include "ctx.h"
#include "features/features.h"
#include "features/names.h"
#include "text.h"

#define BITS	   256u
#define SEPARATORS ", \t\r\n"

void vhi_features_put_bit(struct vhi_text *text, enum vhc_type type, unsigned int bit)
{
	const struct vhc_feature *feature = vhc_feature_get(type, bit);

	if (feature)
		vhi_text_put(text, "%s (%u)", feature->name, bit);
	else
		vhi_text_put(text, "bit %u", bit);
}

void vhi_features_put(struct vhi_text *text, enum vhc_type type, const struct vhc_features *set,
		      const char *between)
{
	struct vhc_features left = *set;
	unsigned int bit;

	for (const char *before = ""; (bit = vhi_features_first(&left)) < BITS; before = between) {
		vhc_features_remove(&left, bit);
		vhi_text_put(text, "%s", before);
		vhi_features_put_bit(text, type, bit);
	}
}

VHC_EXPORT int vhc_features_format(struct vhc_ctx *ctx, enum vhc_type type,
				   const struct vhc_features *set, char **ret_text)
{
	char buffer[4096] = "", *text; /* all 256 bits fit */
	struct vhi_text out = { buffer, sizeof(buffer) };
	struct vhc_features left = *set;
	const char *before = "";
	unsigned int bit;

	while ((bit = vhi_features_first(&left)) < BITS) {
		const struct vhc_feature *feature = vhc_feature_get(type, bit);

		vhc_features_remove(&left, bit);
		if (feature)
			vhi_text_put(&out, "%s%s", before, feature->name);
		else
			vhi_text_put(&out, "%sbit %u", before, bit);
		before = ",";
	}
	text = strdup(buffer);
	if (!text)
		return vhi_fail(ctx, -ENOMEM, "no memory for the names of the features");
	*ret_text = text;
	return 0;
}

/* The rest of a text, and what it is parsed for. */
struct reader {
	struct vhc_ctx *ctx;
	enum vhc_type type;
	const char *at;
};

struct word {
	const char *at;
	size_t len;
};

/* The next word; empty at the end.  Any number of commas and blanks separate words. */
static struct word read_word(struct reader *reader)
{
	struct word word;

	reader->at += strspn(reader->at, SEPARATORS);
	word = (struct word){ reader->at, strcspn(reader->at, SEPARATORS) };
	reader->at += word.len;
	return word;
}

/* A word for a message: not too long, without control characters. */
struct printable {
	char text[48];
};

static struct printable make_printable(const struct word *word)
{
	struct printable out = { "" };
	size_t room = sizeof(out.text) - sizeof("...");
	size_t len = word->len < room ? word->len : room;

	for (size_t i = 0; i < len; i++)
		out.text[i] = word->at[i] >= ' ' && word->at[i] <= '~' ? word->at[i] : '?';
	if (len < word->len)
		strcpy(out.text + len, "...");
	return out;
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
		return vhi_fail(
			reader->ctx, -EINVAL,
			"\"%s\" is not a feature bit: bits are 0 to 255 (a mask starts with 0x)",
			make_printable(word).text);
	vhc_features_add(set, bit);
	return 0;
}

static int hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	const char *found = c ? strchr(digits, c) : NULL;

	return found ? (int)(found - digits) % 16 : -1;
}

/* From the last digit to the first: each is 4 bits. */
static int read_mask(const struct reader *reader, const struct word *word, struct vhc_features *set)
{
	size_t digits = word->len - 2;

	for (size_t i = 0; i < digits; i++) {
		int digit = hex_digit(word->at[word->len - 1 - i]);

		if (digit < 0 || (digit > 0 && i >= BITS / 4))
			return vhi_fail(reader->ctx, -EINVAL, "\"%s\" is not a mask: %s",
					make_printable(word).text,
					digit < 0 ? "only hexadecimal digits may follow 0x"
						  : "it has more than 256 bits");
		if (digit)
			set->w[i / 16] |= (uint64_t)digit << (i % 16 * 4);
	}
	if (!digits)
		return vhi_fail(reader->ctx, -EINVAL, "\"%s\" is not a mask: it has no digits",
				make_printable(word).text);
	return 0;
}

/* The type's first name is the example: one that the caller can give. */
static int fail_name(const struct reader *reader, const struct word *word)
{
	struct vhc_features known;

	vhc_features_known(reader->type, &known);
	return vhi_fail(reader->ctx, -EINVAL,
			"\"%s\" is not a feature of %s: give a name such as %s, a bit from 0 to "
			"255, or a mask such as 0x8000",
			make_printable(word).text, vhi_bit_device(reader->type),
			vhc_feature_get(reader->type, vhi_features_first(&known))->name);
}

static int read_name(const struct reader *reader, const struct word *word, struct vhc_features *set)
{
	int bit = vhi_bit_find(reader->type, word->at, word->len);

	if (bit < 0)
		return fail_name(reader, word);
	vhc_features_add(set, (unsigned int)bit);
	return 0;
}

/* @word: extended by the number that follows "bit". */
static int read_feature(struct reader *reader, struct word *word, struct vhc_features *set)
{
	struct word number;

	if (is_number(word))
		return read_number(reader, word, set);
	if (word->len >= 2 && vhi_name_is("0x", word->at, 2))
		return read_mask(reader, word, set);
	if (!vhi_name_is("bit", word->at, word->len))
		return read_name(reader, word, set);
	number = read_word(reader);
	if (!is_number(&number))
		return vhi_fail(reader->ctx, -EINVAL,
				"\"%s\" needs a number after it, such as \"bit 63\"",
				make_printable(word).text);
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
			if (vhc_features_has(&set, bit) && vhi_bit_private(bit))
				return vhi_fail(
					ctx, -EINVAL,
					"\"%s\": bit %u (%s) is internal to vhost, and never "
					"offered to a guest: leave it out",
					make_printable(&word).text, bit, vhi_bit_private(bit));
	}
	*ret = set;
	return 0;
}
