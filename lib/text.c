/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * text - a text that grows in a buffer of fixed size, and is cut where that ends.
 * Ground floor: no system call, no allocation.
 */
#include "text.h"

#include <stdarg.h>
#include <stdio.h>

void vhc_text_put(struct vhc_text *text, const char *format, ...)
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
