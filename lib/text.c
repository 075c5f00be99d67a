/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * text - text in buffers of fixed size.
 */
#include "text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "errname.h"

void vhi_text_put(struct vhi_text *text, const char *format, ...)
{
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(text->at, text->left, format, args);
	va_end(args);
	if (len <= 0 || !text->left)
		return;
	if ((size_t)len >= text->left)
		len = (int)text->left - 1;
	text->at += len;
	text->left -= (size_t)len;
}

int vhi_refuse(struct vhi_refusal *refusal, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(refusal->text, sizeof(refusal->text), format, args);
	va_end(args);
	return -EINVAL;
}

const char *vhi_errname(int error)
{
	return doc_errname(error);
}
