/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is told while it happens: steps, and calls into the kernel.  The caller's function is kept here, as
 * calls are made where no options are known; children that check as another user have it, too.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "errname.h"
#include "log.h"

static struct {
	vhc_log_fn *fn;
	void *data;
	enum vhc_level max;
} sink;

void host_set_log(enum vhc_level max, vhc_log_fn *fn, void *data)
{
	sink.max = max;
	sink.fn = fn;
	sink.data = data;
}

bool host_log_wants(enum vhc_level level)
{
	return sink.fn && level <= sink.max;
}

__attribute__((format(printf, 2, 0))) static void tell(enum vhc_level level, const char *format,
						       va_list args, const char *more)
{
	char *text, *line;

	if (vasprintf(&text, format, args) < 0)
		return;
	if (asprintf(&line, "%s%s", text, more) >= 0) {
		sink.fn(sink.data, level, line);
		free(line);
	}
	free(text);
}

void host_log(enum vhc_level level, const char *format, ...)
{
	int saved = errno;
	va_list args;

	if (!host_log_wants(level))
		return;
	va_start(args, format);
	tell(level, format, args, "");
	va_end(args);
	errno = saved;
}

int host_traced(int result, const char *format, ...)
{
	char number[DOC_ERRNO_MAX], more[DOC_ERRNO_MAX + 10];
	int saved = errno;
	va_list args;

	if (!host_log_wants(VHC_LEVEL_TRACE))
		return result;
	if (result < 0)
		snprintf(more, sizeof(more), " = -1 %s", doc_errno(number, -saved));
	else
		snprintf(more, sizeof(more), " = %d", result);
	va_start(args, format);
	tell(VHC_LEVEL_TRACE, format, args, more);
	va_end(args);
	errno = saved;
	return result;
}
