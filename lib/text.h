/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * text - text in buffers of fixed size: it grows, and is cut where the buffer ends; reasons for a
 * refusal; the names of errnos.  No system call, no allocation.
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

/* Why a value is refused, for callers that have no context; they add where it was. */
struct vhc_refusal {
	char text[320];
};

/** vhc_refuse() - set the reason.  Returns -EINVAL. */
int vhc_refuse(struct vhc_refusal *refusal, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/** vhc_errname() - the name of an errno ("EFAULT"), which is what people search for. */
const char *vhc_errname(int error);

#endif
