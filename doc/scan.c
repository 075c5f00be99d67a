/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Checks the syntax of a JSON text: RFC 8259 and the rules that our documents add to it.  json-c
 * silently accepts duplicate keys, single quotes, NaN, \u0000, unpaired surrogates and numbers that
 * do not fit, so every text passes through here before json-c sees it.  Knows no tables.  One pass,
 * one allocation, no recursion deeper than DOC_MAX_DEPTH.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scan.h"

int scan_fail(struct scan *s, const char *format, ...)
{
	va_list args;

	s->err->line = s->line;
	memcpy(s->err->pointer, s->path.text, sizeof(s->err->pointer));
	va_start(args, format);
	doc_error_text(s->err, format, args);
	va_end(args);
	return -EINVAL;
}

static void skip_space(struct scan *s)
{
	for (; s->at < s->end; s->at++) {
		if (*s->at == '\n')
			s->line++;
		else if (*s->at != ' ' && *s->at != '\t' && *s->at != '\r')
			return;
	}
}

bool scan_starts_with(const struct scan *s, const char *word)
{
	size_t n = strlen(word);

	return (size_t)(s->end - s->at) >= n && memcmp(s->at, word, n) == 0;
}

/* Describe what was found instead; common mistakes get a message of their own. */
static int fail_found(struct scan *s, const char *expected)
{
	static const struct {
		const char *start, *text;
	} slips[] = {
		{ "'", "strings use double quotes, not single quotes" },
		{ "//", "JSON has no comments" },
		{ "/*", "JSON has no comments" },
		{ "#", "JSON has no comments" },
		{ "NaN", "NaN is not JSON" },
		{ "Infinity", "Infinity is not JSON" },
		{ "-Infinity", "Infinity is not JSON" },
		{ "True", "JSON writes true in lower case" },
		{ "False", "JSON writes false in lower case" },
		{ "None", "JSON has no None: omit the key" },
		{ "+", "a JSON number has no plus sign" },
		{ ".", "a JSON number starts with a digit" },
		{ "\xef\xbb\xbf", "the text starts with a byte order mark: save it without one" },
	};
	char word[5] = "", quoted[DOC_QUOTE_MAX];
	size_t n;

	if (s->at == s->end)
		return scan_fail(s, "the text ends where %s was expected", expected);
	for (size_t i = 0; i < sizeof(slips) / sizeof(slips[0]); i++)
		if (scan_starts_with(s, slips[i].start))
			return scan_fail(s, "%s", slips[i].text);
	n = doc_utf8_len(s->at, (size_t)(s->end - s->at));
	if (n == 0)
		return scan_fail(s, "byte 0x%02x is not UTF-8", (unsigned char)*s->at);
	if (*s->at == '\0')
		return scan_fail(s, "a NUL byte where %s was expected", expected);
	if (*s->at == '"')
		return scan_fail(s, "%s expected, not a string", expected);
	memcpy(word, s->at, n);
	return scan_fail(s, "%s expected, not %s", expected, doc_quote(quoted, word));
}

static size_t skip_digits(struct scan *s)
{
	const char *start = s->at;

	while (s->at < s->end && *s->at >= '0' && *s->at <= '9')
		s->at++;
	return (size_t)(s->at - start);
}

static int scan_number(struct scan *s)
{
	const char *start = s->at;
	bool whole = true, minus = *s->at == '-';
	char text[32];
	uint64_t value;
	size_t n;

	s->at += minus;
	n = skip_digits(s);
	if (n == 0)
		return fail_found(s, "a digit");
	if (n > 1 && start[minus] == '0')
		return scan_fail(
			s, "a number may not start with 0 (hex goes into a string: \"0x...\")");
	if (s->at < s->end && *s->at == '.') {
		whole = false;
		s->at++;
		if (skip_digits(s) == 0)
			return fail_found(s, "a digit after the point");
	}
	if (s->at < s->end && (*s->at == 'e' || *s->at == 'E')) {
		whole = false;
		s->at++;
		if (s->at < s->end && (*s->at == '+' || *s->at == '-'))
			s->at++;
		if (skip_digits(s) == 0)
			return fail_found(s, "a digit of the exponent");
	}
	if (!whole)
		return 0;
	snprintf(text, sizeof(text), "%.*s", (int)(n < sizeof(text) ? n : sizeof(text) - 1),
		 start + minus);
	if (!doc_parse_u64(text, &value) || (minus && value > (uint64_t)1 << 63))
		return scan_fail(s, "%s%s%s does not fit in 64 bits", minus ? "-" : "", text,
				 n < sizeof(text) ? "" : "...");
	return 0;
}

static int scan_value(struct scan *s);

/* Read one key onto the stack of keys and check that the object does not have it yet. */
static int scan_key(struct scan *s, size_t first, const char **ret_key)
{
	char *key = s->keys + s->keys_used;
	unsigned int count = 0;
	int r;

	r = scan_string(s, key);
	if (r < 0)
		return r;
	s->keys_used += strlen(key) + 1;
	for (const char *old = s->keys + first; old < key; old += strlen(old) + 1, count++) {
		char quoted[DOC_QUOTE_MAX];

		if (strcmp(old, key) == 0)
			return scan_fail(s, "key %s is given twice", doc_quote(quoted, key));
	}
	/* This also bounds the comparison above. */
	if (count >= DOC_MAX_KEYS)
		return scan_fail(s, "more than %u keys in one object", DOC_MAX_KEYS);
	*ret_key = key;
	return 0;
}

static int scan_member(struct scan *s, size_t first_key)
{
	size_t path_len = s->path.len;
	const char *key;
	int r;

	if (s->at == s->end || *s->at != '"')
		return fail_found(s, "a key in double quotes");
	r = scan_key(s, first_key, &key);
	if (r < 0)
		return r;
	doc_path_add_key(&s->path, key);
	skip_space(s);
	if (s->at == s->end || *s->at != ':')
		return fail_found(s, "':' after the key");
	s->at++;
	skip_space(s);
	r = scan_value(s);
	if (r < 0)
		return r;
	doc_path_cut(&s->path, path_len);
	return 0;
}

static int scan_element(struct scan *s, size_t index)
{
	size_t path_len = s->path.len;
	int r;

	doc_path_add_index(&s->path, index);
	r = scan_value(s);
	if (r < 0)
		return r;
	doc_path_cut(&s->path, path_len);
	return 0;
}

/* An object or an array: they differ in their members and brackets. */
static int scan_container(struct scan *s)
{
	bool object = *s->at == '{';
	char close = object ? '}' : ']';
	size_t first_key = s->keys_used;
	int r;

	if (++s->depth > DOC_MAX_DEPTH)
		return scan_fail(s, "more than %u levels deep", DOC_MAX_DEPTH);
	s->at++;
	skip_space(s);
	for (size_t index = 0; s->at == s->end || *s->at != close; index++) {
		if (index > 0) {
			if (s->at == s->end || *s->at != ',')
				return fail_found(s, object ? "',' or '}'" : "',' or ']'");
			s->at++;
			skip_space(s);
			if (s->at < s->end && *s->at == close)
				return scan_fail(s, "a comma before the closing '%c'", close);
		}
		r = object ? scan_member(s, first_key) : scan_element(s, index);
		if (r < 0)
			return r;
		skip_space(s);
	}
	s->at++;
	s->depth--;
	s->keys_used = first_key;
	return 0;
}

static int scan_word(struct scan *s)
{
	static const char *const words[] = { "true", "false", "null" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (scan_starts_with(s, words[i])) {
			s->at += strlen(words[i]);
			return 0;
		}
	}
	return fail_found(s, "a value");
}

static int scan_value(struct scan *s)
{
	if (++s->values > DOC_MAX_VALUES) {
		scan_fail(s, "the document has more than %u values", DOC_MAX_VALUES);
		return -E2BIG;
	}
	if (s->want && s->want_line == 0 && strcmp(s->want, s->path.text) == 0)
		s->want_line = s->line;
	if (s->at == s->end)
		return fail_found(s, "a value");
	if (*s->at == '{' || *s->at == '[')
		return scan_container(s);
	if (*s->at == '"')
		return scan_string(s, NULL);
	if ((*s->at >= '0' && *s->at <= '9') || (*s->at == '-' && !scan_starts_with(s, "-I")))
		return scan_number(s);
	return scan_word(s);
}

static int scan_document(struct scan *s)
{
	int r;

	skip_space(s);
	if (s->at == s->end)
		return scan_fail(s, "the document is empty");
	if (*s->at != '{')
		return fail_found(s, "'{' at the start of the document");
	r = scan_value(s);
	if (r < 0)
		return r;
	skip_space(s);
	if (s->at != s->end)
		return scan_fail(s, "there is text after the closing '}' of the document");
	return 0;
}

int doc_scan(const char *text, size_t len, const char *pointer, unsigned int *ret_line,
	     struct doc_error *err)
{
	struct scan s = { .at = text, .end = text + len, .line = 1, .want = pointer, .err = err };
	int r;

	memset(err, 0, sizeof(*err));
	if (len > DOC_MAX_SIZE) {
		snprintf(err->text, sizeof(err->text),
			 "the document has %zu bytes: at most %u are allowed", len, DOC_MAX_SIZE);
		return -E2BIG;
	}
	s.keys = malloc(len + 1);
	if (!s.keys)
		return -ENOMEM;
	r = scan_document(&s);
	free(s.keys);
	if (r == 0 && ret_line)
		*ret_line = s.want_line;
	return r;
}

int doc_fail(struct doc_error *err, const char *text, size_t len, const char *pointer,
	     const char *format, ...)
{
	struct doc_error unused;
	unsigned int line = 0;
	va_list args;

	/* Format into a copy: the arguments may be fields of @err. */
	va_start(args, format);
	doc_error_text(&unused, format, args);
	va_end(args);
	snprintf(unused.pointer, sizeof(unused.pointer), "%s", pointer);
	memcpy(err->text, unused.text, sizeof(err->text));
	memcpy(err->pointer, unused.pointer, sizeof(err->pointer));
	if (text && doc_scan(text, len, err->pointer, &line, &unused) < 0)
		line = 0;
	err->line = line;
	return -EINVAL;
}
