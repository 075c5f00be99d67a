/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Short texts: JSON pointers, texts for terminals, quoted values in messages, the closest known word.
 * Cannot fail and does not allocate.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "internal.h"

/* The character at @text; 0 bytes: it is none. */
static size_t decode(const char *text, size_t len, uint32_t *ret)
{
	const unsigned char *p = (const unsigned char *)text;
	static const struct {
		unsigned char mask, lead;
		uint32_t least;
	} forms[] = { { 0x80, 0x00, 0 },
		      { 0xe0, 0xc0, 0x80 },
		      { 0xf0, 0xe0, 0x800 },
		      { 0xf8, 0xf0, 0x10000 } };

	for (size_t n = 0; n < 4 && n < len; n++) {
		uint32_t code;

		if ((p[0] & forms[n].mask) != forms[n].lead)
			continue;
		code = p[0] & (unsigned char)~forms[n].mask;
		for (size_t i = 1; i <= n; i++) {
			if ((p[i] & 0xc0) != 0x80)
				return 0;
			code = code << 6 | (p[i] & 0x3fu);
		}
		if (code < forms[n].least || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
			return 0;
		*ret = code;
		return n + 1;
	}
	return 0;
}

size_t doc_utf8_len(const char *text, size_t len)
{
	uint32_t code;

	return decode(text, len, &code);
}

/*
 * What a terminal acts upon instead of showing it: control characters, of which U+009B starts an escape
 * sequence; ends of lines and paragraphs; and what turns the direction of the text around it.
 */
static bool is_control(uint32_t code)
{
	static const struct {
		uint32_t first, last;
	} ranges[] = { { 0, 0x1f }, { 0x7f, 0x9f }, { 0x2028, 0x202e }, { 0x2066, 0x2069 } };

	for (size_t i = 0; i < DOC_COUNT(ranges); i++)
		if (code >= ranges[i].first && code <= ranges[i].last)
			return true;
	return false;
}

size_t doc_ascii_len(const char *text)
{
	size_t n = 0;

	while (text[n] >= 0x20 && text[n] < 0x7f)
		n++;
	return n;
}

size_t doc_printable_len(const char *text)
{
	uint32_t code;
	size_t n = decode(text, strnlen(text, 4), &code);

	return n && !is_control(code) ? n : 0;
}

bool doc_is_printable(const char *text)
{
	size_t n = 1;

	for (; *text && n; text += n)
		n = doc_printable_len(text);
	return n;
}

/* What is shown of a text that does not begin with a printable character: that character, or a byte. */
static size_t shown_as(const char *text, uint32_t *ret)
{
	size_t n = decode(text, strnlen(text, 4), ret);

	if (n)
		return n;
	*ret = (unsigned char)*text;
	return 1;
}

const char *doc_escape_first(char buf[DOC_ESCAPE_MAX + 1], const char **text)
{
	size_t n = doc_printable_len(*text);
	uint32_t code;

	if (n) {
		memcpy(buf, *text, n);
		buf[n] = '\0';
	} else {
		n = shown_as(*text, &code);
		snprintf(buf, DOC_ESCAPE_MAX + 1, "\\u%04x", code);
	}
	*text += n;
	return buf;
}

/* As much of *text as fits @size bytes with a NUL; *text is then the rest.  Returns the bytes put. */
static size_t put_escaped(char *buf, size_t size, const char **text)
{
	size_t used = 0;

	for (const char *at = *text; *at; *text = at) {
		char part[DOC_ESCAPE_MAX + 1];
		size_t n = strlen(doc_escape_first(part, &at));

		if (used + n >= size)
			break;
		memcpy(buf + used, part, n);
		used += n;
	}
	buf[used] = '\0';
	return used;
}

char *doc_escape(char *buf, size_t size, const char *text)
{
	put_escaped(buf, size, &text);
	return buf;
}

void doc_error_text(struct doc_error *err, const char *format, va_list args)
{
	char text[sizeof(err->text)];

	vsnprintf(text, sizeof(text), format, args);
	doc_escape(err->text, sizeof(err->text), text);
}

static bool path_put(struct doc_path *path, const char *bytes, size_t n)
{
	if (path->len + n >= sizeof(path->text))
		return false;
	memcpy(path->text + path->len, bytes, n);
	path->len += n;
	path->text[path->len] = '\0';
	return true;
}

void doc_path_add_key(struct doc_path *path, const char *key)
{
	bool fits = path_put(path, "/", 1);

	while (fits && *key) {
		size_t n = doc_printable_len(key);
		uint32_t code;

		if (*key == '~')
			fits = path_put(path, "~0", 2);
		else if (*key == '/')
			fits = path_put(path, "~1", 2);
		else if (n == 0)
			fits = path_put(path, "?", 1);
		else
			fits = path_put(path, key, n);
		key += n ? n : shown_as(key, &code);
	}
}

void doc_path_add_index(struct doc_path *path, size_t index)
{
	char text[24];
	int n = snprintf(text, sizeof(text), "/%zu", index);

	path_put(path, text, (size_t)n);
}

void doc_path_cut(struct doc_path *path, size_t len)
{
	path->len = len;
	path->text[len] = '\0';
}

const char *doc_quote(char buf[DOC_QUOTE_MAX], const char *text)
{
	size_t used = 1;

	buf[0] = '"';
	used += put_escaped(buf + used, DOC_QUOTE_MAX - used - strlen("...\""), &text);
	snprintf(buf + used, DOC_QUOTE_MAX - used, "%s\"", *text ? "..." : "");
	return buf;
}

#define WORD_MAX 40u

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 'a' - 'A') : c;
}

static unsigned int least(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

/* How many letters must be changed, added, removed or swapped; ignores case. */
static unsigned int distance(const char *a, const char *b)
{
	unsigned int row[3][WORD_MAX + 1];
	size_t na = strlen(a), nb = strlen(b);

	if (na > WORD_MAX || nb > WORD_MAX)
		return WORD_MAX;
	for (size_t j = 0; j <= nb; j++)
		row[0][j] = (unsigned int)j;
	for (size_t i = 1; i <= na; i++) {
		unsigned int *now = row[i % 3], *last = row[(i + 2) % 3],
			     *before = row[(i + 1) % 3];

		now[0] = (unsigned int)i;
		for (size_t j = 1; j <= nb; j++) {
			now[j] = least(least(last[j], now[j - 1]) + 1,
				       last[j - 1] + (lower(a[i - 1]) != lower(b[j - 1])));
			if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
			    lower(a[i - 2]) == lower(b[j - 1]))
				now[j] = least(now[j], before[j - 2] + 1);
		}
	}
	return row[na % 3][nb];
}

void doc_suggest(char *buf, size_t size, const char *word, const char *const *names, size_t count)
{
	size_t len = strlen(word), used = 0;
	unsigned int best = len < 4 ? 2 : 3; /* short words are all close to each other */
	const char *near = NULL;

	buf[0] = '\0';
	for (size_t i = 0; i < count; i++) {
		unsigned int d = distance(word, names[i]);

		if (d < best && d < strlen(names[i])) {
			best = d;
			near = names[i];
		}
	}
	if (near) {
		snprintf(buf, size, ": did you mean \"%s\"?", near);
		return;
	}
	for (size_t i = 0; i < count && used < size; i++)
		used += (size_t)snprintf(buf + used, size - used, "%s%s",
					 i ? ", " : ": expected one of ", names[i]);
}

bool doc_parse_u64(const char *text, uint64_t *ret)
{
	unsigned int base = 10;
	uint64_t value = 0;

	if (text[0] == '0' && text[1] == 'x') {
		base = 16;
		text += 2;
	} else if (text[0] == '0' && text[1]) {
		return false;
	}
	if (!*text)
		return false;
	for (; *text; text++) {
		static const char digits[] = "0123456789abcdef";
		const char *digit = memchr(digits, lower(*text), base);

		if (!digit || __builtin_mul_overflow(value, (uint64_t)base, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(digit - digits), &value))
			return false;
	}
	*ret = value;
	return true;
}

/* A double holds integers up to 2^53: larger values need a lossless form. */
bool doc_is_wide(const struct doc_field *field)
{
	return field->max == 0 || field->max > (uint64_t)1 << 53;
}

bool doc_is_unset(const struct doc_field *field, uint64_t value)
{
	return value == field->preset && !(field->flags & DOC_REQUIRED) &&
	       (value < field->min || (field->max && value > field->max));
}

bool doc_is_known(const struct doc_table *table, const struct doc_field *field, const void *data)
{
	return !table->minors ||
	       field->since <= *(const uint32_t *)((const char *)data + table->minor_at);
}

bool doc_applies(const struct doc_table *table, const struct doc_field *field, const void *data)
{
	if (!field->when || !table->selector)
		return true;
	return field->when >> *(const uint32_t *)doc_at(table->selector, data) & 1;
}
