/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reads errnos.  Only those are known that a call of vhost, tun or KVM, or open(2) of one of their nodes, can have.
 */
#include "errno-text.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "doc.h"
#include "errname.h"

/* What strerror(3) says: of glibc and Go, and of musl and
 * others where that is another text.  A longer one is before its start. */
static const struct {
	int error;
	const char *text, *other;
} texts[] = {
	{ EPERM, "operation not permitted", NULL },
	{ ENOENT, "no such file or directory", "no such file" },
	{ EIO, "input/output error", "i/o error" },
	{ ENXIO, "no such device or address", NULL },
	{ ENODEV, "no such device", NULL },
	{ E2BIG, "argument list too long", NULL },
	{ EBADFD, "file descriptor in bad state", NULL },
	{ EBADF, "bad file descriptor", NULL },
	{ EAGAIN, "resource temporarily unavailable", NULL },
	{ ENOMEM, "cannot allocate memory", "out of memory" },
	{ EACCES, "permission denied", NULL },
	{ EFAULT, "bad address", NULL },
	{ EBUSY, "device or resource busy", "resource busy" },
	{ EEXIST, "file exists", NULL },
	{ EINVAL, "invalid argument", NULL },
	{ ENFILE, "too many open files in system", NULL },
	{ EMFILE, "too many open files", "no file descriptors available" },
	{ ENOTTY, "inappropriate ioctl for device", "not a tty" },
	{ EOPNOTSUPP, "operation not supported", "not supported" },
	{ ENOTSOCK, "socket operation on non-socket", "not a socket" },
	{ EADDRINUSE, "address already in use", "address in use" },
	{ ENOBUFS, "no buffer space available", NULL },
	{ ENOLINK, "link has been severed", NULL },
};

/* What stands before its number. */
static const char *const numbers[] = { "code: ",  "os error ", "errno ",   "errno=",
				       "errno: ", "errno:",    "errno = ", "error code " };

bool errno_text_is_word(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       c == '_';
}

char errno_text_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

/* @wanted in any case, and no longer word; its length, or 0. */
static size_t begins_with(const char *text, const char *end, const char *wanted)
{
	const char *at = text;

	if (!wanted || errno_text_lower(*text) != *wanted)
		return 0;
	for (; *wanted; wanted++, at++)
		if (at == end || errno_text_lower(*at) != *wanted)
			return 0;
	return at < end && errno_text_is_word(*at) && errno_text_is_word(at[-1])
		       ? 0
		       : (size_t)(at - text);
}

static size_t read_name(const char *text, const char *end, int *ret)
{
	for (size_t i = 0; i < DOC_COUNT(texts); i++) {
		const char *name = doc_errname(texts[i].error);
		const size_t len = strlen(name);

		if ((size_t)(end - text) >= len && !memcmp(text, name, len) &&
		    (text + len == end || !errno_text_is_word(text[len]))) {
			*ret = texts[i].error;
			return len;
		}
	}
	return 0;
}

static size_t read_number(const char *text, const char *end, int *ret)
{
	const char *at = text;
	size_t len = 0;

	for (size_t i = 0; i < DOC_COUNT(numbers) && !len; i++) {
		const size_t longest = strlen(numbers[i]);

		/* a digit follows, which would be the same word after "errno=" */
		len = (size_t)(end - text) > longest ? begins_with(text, text + longest, numbers[i])
						     : 0;
	}
	if (!len)
		return 0;
	at += len;
	at += *at == '-';
	*ret = 0;
	for (len = 0; at < end && *at >= '0' && *at <= '9' && len < 4; at++, len++)
		*ret = *ret * 10 + (*at - '0');
	return len && len < 4 ? (size_t)(at - text) : 0;
}

size_t errno_text(const char *text, const char *end, int *ret)
{
	size_t len = text < end && *text == 'E' ? read_name(text, end, ret) : 0;

	for (size_t i = 0; i < DOC_COUNT(texts) && !len; i++) {
		len = begins_with(text, end, texts[i].text);
		if (!len)
			len = begins_with(text, end, texts[i].other);
		*ret = len ? texts[i].error : 0;
	}
	return len ? len : read_number(text, end, ret);
}
