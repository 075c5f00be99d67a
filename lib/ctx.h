/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ctx - the context: the last error, the log, and what is known of this process's kernel.
 */
#ifndef LIB_CTX_H
#define LIB_CTX_H

#include "vhostconfig.h"

struct vhc_sys;

/* Where something went wrong.  Empty fields are left out of the text. */
struct vhc_place {
	const char *device; /* id */
	const char *where;  /* "ring 2, VHOST_SET_VRING_ADDR" */
	const char *hint;   /* what to do about it */
};

/**
 * vhc_fail() - set the context's last error, log it, and return the code:
 * `return vhc_fail(ctx, -EINVAL, "ring size %u is not a power of two", n);`
 * The text says the value, the limit and the kernel call.  @ctx NULL is allowed: then only the code.
 */
int vhc_fail(struct vhc_ctx *ctx, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/** vhc_fail_at() - the same with its place. */
int vhc_fail_at(struct vhc_ctx *ctx, const struct vhc_place *place, int code, const char *format,
		...) __attribute__((format(printf, 4, 5)));

/** vhc_log() - one line to the caller's log, when it wants this level. */
void vhc_log(struct vhc_ctx *ctx, enum vhc_level level, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
