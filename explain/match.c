/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Finds a pattern in a line.  After a %*, the first place where the next part matches is also the best one, so
 * nothing is ever tried twice.
 */
#include "match.h"

#include <string.h>

#define WORD_MAX 64u

struct bytes {
	const char *at, *end;
};

/* The C library's classes depend on the locale. */
static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_hex(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool is_word(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c && strchr("_./@-", c));
}

static size_t run_len(const struct bytes *text, bool (*is)(char c))
{
	const char *at = text->at;

	while (at < text->end && is(*at))
		at++;
	return (size_t)(at - text->at);
}

static size_t word_len(const struct bytes *text)
{
	struct bytes start = *text;

	if (start.at < start.end && (*start.at == '-' || *start.at == '.'))
		return 0;
	if (start.end - start.at > WORD_MAX)
		start.end = start.at + WORD_MAX;
	return run_len(&start, is_word);
}

static size_t hex_len(struct bytes text)
{
	const bool prefix = text.end - text.at > 2 && text.at[0] == '0' &&
			    (text.at[1] == 'x' || text.at[1] == 'X') && is_hex(text.at[2]);

	text.at += prefix ? 2 : 0;
	return run_len(&text, is_hex) + (prefix ? 2 : 0);
}

static size_t decimal_len(struct bytes text)
{
	const bool minus = text.at < text.end && *text.at == '-';
	size_t len;

	text.at += minus;
	len = run_len(&text, is_digit);
	return len ? len + minus : 0;
}

static size_t hole_len(char kind, const struct bytes *text)
{
	switch (kind) {
	case 'x':
		return hex_len(*text);
	case 'w':
		return word_len(text);
	default:
		return decimal_len(*text);
	}
}

/* The part that @pattern begins with, at the start of the text; its end, or NULL. */
static const char *match_part(const char *pattern, const char *pattern_end, struct bytes text,
			      struct match *match)
{
	for (; pattern < pattern_end; pattern++) {
		size_t len = 1;

		if (*pattern == '%') {
			char kind = *++pattern;

			len = hole_len(kind, &text);
			if (!len)
				return NULL;
			match->holes[match->count++] = (struct match_hole){ kind, text.at, len };
		} else if (text.at == text.end || *text.at != *pattern) {
			return NULL;
		}
		text.at += len;
	}
	return text.at;
}

static const char *part_end(const char *pattern)
{
	const char *end = strstr(pattern, "%*");

	return end ? end : pattern + strlen(pattern);
}

/* The first place where the part matches: its end, or NULL. */
static const char *find_part(const char *pattern, const char *pattern_end, struct bytes text,
			     struct match *match, const char **ret_at)
{
	const size_t literal = strcspn(pattern, "%"), holes = match->count;
	const char *end = NULL;

	while (!end) {
		text.at = memmem(text.at, (size_t)(text.end - text.at), pattern, literal);
		if (!text.at)
			return NULL;
		match->count = holes;
		end = match_part(pattern, pattern_end, text, match);
		*ret_at = text.at++;
	}
	return end;
}

bool match_find(const char *pattern, const char *text, size_t len, struct match *ret)
{
	struct bytes rest = { text, text + len };
	const char *at;

	*ret = (struct match){ NULL };
	for (;;) {
		const char *end = part_end(pattern);

		rest.at = find_part(pattern, end, rest, ret, &at);
		if (!rest.at)
			return false;
		ret->at = ret->at ? ret->at : at;
		ret->len = (size_t)(rest.at - ret->at);
		if (!*end)
			return true;
		pattern = end + 2;
	}
}

static bool part_is_valid(const char *pattern, const char *end, size_t *holes)
{
	const size_t literal = strcspn(pattern, "%");
	bool safe = false, number = false;

	for (size_t i = 0; i < literal; i++)
		safe = safe || !(is_hex(pattern[i]) || strchr("xX-", pattern[i]));
	for (const char *at = pattern + literal; at < end; at++) {
		if (*at != '%')
			continue;
		at++;
		number = number || *at != 'w';
		if (at == end || !strchr("xderw", *at) || ++*holes > MATCH_HOLES)
			return false;
	}
	return literal && (safe || !number);
}

bool match_is_valid(const char *pattern)
{
	size_t holes = 0;

	for (;;) {
		const char *end = part_end(pattern);

		if (!part_is_valid(pattern, end, &holes))
			return false;
		if (!*end)
			return true;
		pattern = end + 2;
	}
}
