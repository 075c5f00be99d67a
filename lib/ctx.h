/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ctx - the context: the last error, the log, and what is known of this process's kernel.
 */
#ifndef LIB_CTX_H
#define LIB_CTX_H

#include <errno.h>
#include <stdarg.h>

#include "syscall/sys.h"
#include "syscall/trace.h"
#include "vhostconfig.h"

struct vhi_binding;

/* Where something went wrong.  Empty fields are left out of the text. */
struct vhi_place {
	const char *device; /* id */
	const char *where;  /* "ring 2, VHOST_SET_VRING_ADDR" */
	const char *hint;   /* what to do about it */
};

/**
 * vhi_fail() - set the context's last error, log it, and return the code:
 * `return vhi_fail(ctx, -EINVAL, "ring size %u is not a power of two", n);`
 * The text says the value, the limit and the kernel call.  With a NULL @ctx only the code is returned.
 */
#define vhi_fail(ctx, code, ...) vhi_fail_at(ctx, NULL, code, __VA_ARGS__)

/** vhi_fail_at() - vhi_fail() with a place, which may be NULL. */
int vhi_fail_at(struct vhc_ctx *ctx, const struct vhi_place *place, int code, const char *format,
		...) __attribute__((format(printf, 4, 5)));

/**
 * vhi_fail_errno() - a system call failed: the text ends with what @code means, ": Bad address (EFAULT)".
 * @format: may be NULL, when the place says enough.
 */
int vhi_fail_errno(struct vhc_ctx *ctx, const struct vhi_place *place, int code, const char *format,
		   ...) __attribute__((format(printf, 4, 5)));
int vhi_fail_errno_args(struct vhc_ctx *ctx, const struct vhi_place *place, int code,
			const char *format, va_list args) __attribute__((format(printf, 4, 0)));

/** vhi_log() - write a line to the caller's log, if it wants this level. */
void vhi_log(struct vhc_ctx *ctx, enum vhc_level level, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* What vhost offers for one kind of device; for the kernel's, the same for every fd of a context. */
struct vhi_offers {
	uint32_t asked;		      /* 1 << enum vhi_ask: what is known */
	struct vhc_features features; /* VHI_F_LOG_ALL among them */
	uint64_t backend_features;
	uint32_t max_regions, max_mappings;
	bool no_busyloop;
	bool has_link; /* what the link of a net device offers is known without one */
	struct vhc_features link;
};

#define VHI_KINDS 2u /* kinds of devices */

struct vhc_ctx {
	uint32_t refs;
	struct vhi_sys sys;	/* through the trace, if the log wants each call */
	struct vhi_trace trace; /* in front of the kernel */
	vhc_log_fn *log;
	void *log_data;
	enum vhc_level log_max;
	struct vhi_offers
		offers[VHI_KINDS]; /* of this process's kernel, as far as it was queried */
	bool has_tap_offloads;	   /* TUN_F_ of this kernel's taps: tap/features.c */
	uint32_t tap_offloads;
	uint32_t workers;	      /* the default worker mode: kernel/worker.c; 0: not known */
	void *links;		      /* those of tap/ that are alive */
	struct vhi_binding *bindings; /* of all devices, to KVM */
	uint32_t holds;		      /* of vhi_ctx_hold_error() */
	struct vhc_error error;
	char error_text[2048], error_device[64], error_where[160], error_hint[640];
};

/** vhi_ctx_new_sys() - a context on another kernel, for tests.  @data is passed to each operation. */
int vhi_ctx_new_sys(const struct vhi_sys_ops *sys, void *data, struct vhc_ctx **ret);
/**
 * vhi_ctx_hold_error() - keep the last error: until the same number of vhi_ctx_release_error(), failures
 * are only logged.  For cleaning up after the failure that a call returns, and for closing objects.
 */
void vhi_ctx_hold_error(struct vhc_ctx *ctx);
void vhi_ctx_release_error(struct vhc_ctx *ctx);
struct vhc_ctx *vhi_ctx_ref(struct vhc_ctx *ctx);
void vhi_ctx_unref(struct vhc_ctx *ctx);

#endif
