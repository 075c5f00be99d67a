/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Errors: the text, the place, the hint and the exit status.  Prints nothing.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "error.h"

bool host_lacks(int code)
{
	static const int lacks[] = { ENOENT, ENODEV, ENXIO, EACCES, EPERM, ENOTTY, EOPNOTSUPP };

	for (size_t i = 0; i < sizeof(lacks) / sizeof(lacks[0]); i++)
		if (code == -lacks[i])
			return true;
	return false;
}

__attribute__((format(printf, 5, 0))) static int fill(struct host_error *err,
						      enum host_status status, int code,
						      const char *hint, const char *format,
						      va_list args)
{
	char text[sizeof(err->text)], safe_hint[sizeof(err->hint)];

	/* the arguments may be of the error before; parts of them may be from a document or the kernel */
	vsnprintf(text, sizeof(text), format, args);
	doc_escape(safe_hint, sizeof(safe_hint), hint ? hint : "");
	memset(err, 0, sizeof(*err));
	err->status = status;
	doc_escape(err->text, sizeof(err->text), text);
	memcpy(err->hint, safe_hint, sizeof(safe_hint));
	return code;
}

int host_fail(struct host_error *err, int code, const char *hint, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fill(err, host_lacks(code) ? HOST_LACKS : HOST_FAILED, code, hint, format, args);
	va_end(args);
	return code;
}

int host_fail_status(struct host_error *err, enum host_status status, int code, const char *hint,
		     const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fill(err, status, code, hint, format, args);
	va_end(args);
	return code;
}

int host_fail_document(struct host_error *err, int code, const struct doc_error *doc)
{
	if (code == -ENOMEM)
		return host_fail_memory(err);
	host_fail_status(err, HOST_DOCUMENT, code, NULL, "%s", doc->text);
	if (doc->line)
		snprintf(err->where, sizeof(err->where), "line %u%s%s", doc->line,
			 doc->pointer[0] ? ", " : "", doc->pointer);
	else
		snprintf(err->where, sizeof(err->where), "%s", doc->pointer);
	return code;
}

int host_fail_library(struct host_error *err, struct vhc_ctx *ctx, int code)
{
	const struct vhc_error *error = vhc_ctx_get_error(ctx);

	return host_fail(err, code, error->hint, "%s", error->text);
}

int host_fail_fds(struct host_error *err, const char *what)
{
	struct rlimit limit = { 0 };
	char hint[40];

	getrlimit(RLIMIT_NOFILE, &limit);
	snprintf(hint, sizeof(hint), "ulimit -n %llu", (unsigned long long)limit.rlim_cur + 64);
	return host_fail(err, -EMFILE, hint,
			 "cannot open %s: all %llu fds that RLIMIT_NOFILE allows are in use", what,
			 (unsigned long long)limit.rlim_cur);
}

int host_fail_memory(struct host_error *err)
{
	return host_fail(err, -ENOMEM, NULL, "out of memory");
}
