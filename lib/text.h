/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * text - text in buffers of fixed size: it grows, and is cut where the buffer ends; reasons for a
 * refusal; the names of errnos.  No system call, no allocation.
 */
#ifndef LIB_TEXT_H
#define LIB_TEXT_H

#include <stddef.h>

/* { buffer, sizeof(buffer) } at first. */
struct vhi_text {
	char *at;
	size_t left;
};

void vhi_text_put(struct vhi_text *text, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Why a value is refused, for callers that have no context; they add where it was. */
struct vhi_refusal {
	char text[320];
};

/** vhi_refuse() - set the reason.  Returns -EINVAL. */
int vhi_refuse(struct vhi_refusal *refusal, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/** vhi_errname() - the name of an errno ("EFAULT"), which is what people search for. */
const char *vhi_errname(int error);

#endif
