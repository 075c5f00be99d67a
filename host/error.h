/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How host's files fill a struct host_error.
 */
#ifndef HOST_ERROR_H
#define HOST_ERROR_H

#include "doc.h"
#include "host.h"

/*
 * host_fail() - fill the error and return @code, a negative errno.  Its status is
 * HOST_LACKS if host_lacks(code), else HOST_FAILED.  @hint: may be NULL.
 */
int host_fail(struct host_error *err, int code, const char *hint, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* The same with a status of its own. */
int host_fail_status(struct host_error *err, enum host_status status, int code, const char *hint,
		     const char *format, ...) __attribute__((format(printf, 5, 6)));

/* An error from doc.h; @code is the result of the call. */
int host_fail_document(struct host_error *err, int code, const struct doc_error *doc);

/* The library's last error. */
int host_fail_library(struct host_error *err, struct vhc_ctx *ctx, int code);

/* -EMFILE: @what, such as "a netlink socket", cannot be opened. */
int host_fail_fds(struct host_error *err, const char *what);
int host_fail_memory(struct host_error *err);

/* Does this errno mean that the host lacks something rather than that something failed? */
bool host_lacks(int code);

#endif
