/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The strings of a JSON text: UTF-8, escapes, surrogate pairs; no NUL in any form.
 */
#include <string.h>

#include "scan.h"

/* Four hex digits; -1 when they are not. */
static int32_t scan_hex4(struct scan *s)
{
	int32_t code = 0;

	if (s->end - s->at < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		char c = *s->at++;

		if (c >= '0' && c <= '9')
			code = code * 16 + (c - '0');
		else if (c >= 'a' && c <= 'f')
			code = code * 16 + (c - 'a' + 10);
		else if (c >= 'A' && c <= 'F')
			code = code * 16 + (c - 'A' + 10);
		else
			return -1;
	}
	return code;
}

static char *put_utf8(char *out, uint32_t code)
{
	if (code < 0x80) {
		*out++ = (char)code;
	} else if (code < 0x800) {
		*out++ = (char)(0xc0 | code >> 6);
		*out++ = (char)(0x80 | (code & 0x3f));
	} else if (code < 0x10000) {
		*out++ = (char)(0xe0 | code >> 12);
		*out++ = (char)(0x80 | (code >> 6 & 0x3f));
		*out++ = (char)(0x80 | (code & 0x3f));
	} else {
		*out++ = (char)(0xf0 | code >> 18);
		*out++ = (char)(0x80 | (code >> 12 & 0x3f));
		*out++ = (char)(0x80 | (code >> 6 & 0x3f));
		*out++ = (char)(0x80 | (code & 0x3f));
	}
	return out;
}

/* After "\u": one character, two escapes if the first is half of a surrogate pair. */
static int scan_unicode(struct scan *s, char **out)
{
	int32_t code = scan_hex4(s);

	if (code < 0)
		return scan_fail(s, "\\u takes four hex digits");
	if (code == 0)
		return scan_fail(s, "\\u0000 (NUL) is not allowed in a string");
	if (code >= 0xdc00 && code < 0xe000)
		return scan_fail(s,
				 "\\u%04x is the second half of a surrogate pair without the first",
				 (unsigned int)code);
	if (code >= 0xd800 && code < 0xdc00) {
		int32_t low = -1;

		if (scan_starts_with(s, "\\u")) {
			s->at += 2;
			low = scan_hex4(s);
		}
		if (low < 0xdc00 || low > 0xdfff)
			return scan_fail(
				s,
				"\\u%04x is the first half of a surrogate pair without the "
				"second",
				(unsigned int)code);
		code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
	}
	if (*out)
		*out = put_utf8(*out, (uint32_t)code);
	return 0;
}

int scan_string(struct scan *s, char *out)
{
	static const char escapes[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";

	for (s->at++; s->at < s->end;) {
		unsigned char c = (unsigned char)*s->at;
		size_t n = doc_utf8_len(s->at, (size_t)(s->end - s->at));
		const char *known;
		int r;

		if (c == '"') {
			s->at++;
			if (out)
				*out = '\0';
			return 0;
		}
		if (n == 0)
			return scan_fail(s, "byte 0x%02x in a string is not UTF-8", c);
		if (c == '\n')
			return scan_fail(s, "a string must end on the line where it starts");
		if (c == '\0')
			return scan_fail(s, "a NUL byte in a string");
		if (c < 0x20)
			return scan_fail(s, "control character 0x%02x in a string: write \\u%04x",
					 c, c);
		if (c != '\\') {
			if (out) {
				memcpy(out, s->at, n);
				out += n;
			}
			s->at += n;
			continue;
		}
		s->at++;
		if (s->at == s->end)
			break;
		c = (unsigned char)*s->at++;
		if (c == 'u') {
			r = scan_unicode(s, &out);
			if (r < 0)
				return r;
			continue;
		}
		known = c ? strchr(escapes, c) : NULL;
		if (!known)
			return scan_fail(s,
					 "a backslash may only be followed by one of \"\\/bfnrtu");
		if (out)
			*out++ = meant[known - escapes];
	}
	return scan_fail(s, "the text ends inside a string");
}
