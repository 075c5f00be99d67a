/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * text - a text that grows in a buffer of fixed size, and is cut where that ends.
 * Ground floor: no system call, no allocation.
 */
#ifndef LIB_TEXT_H
#define LIB_TEXT_H

#include <stddef.h>

/* { buffer, sizeof(buffer) } at first. */
struct vhc_text {
	char *at;
	size_t left;
};

void vhc_text_put(struct vhc_text *text, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
