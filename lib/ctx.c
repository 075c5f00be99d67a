/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ctx - the context: its life, the last error and the message log.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctx.h"
#include "doc.h"
#include "syscall/sys.h"
#include "text.h"

const char *vhc_version(void)
{
	return VHI_VERSION;
}

static void log_call(void *data, const char *line)
{
	vhi_log(data, VHC_LEVEL_TRACE, "%s", line);
}

int vhi_ctx_new_sys(const struct vhi_sys_ops *sys, void *data, struct vhc_ctx **ret)
{
	struct vhc_ctx *ctx = calloc(1, sizeof(*ctx));

	if (!ctx)
		return -ENOMEM;
	ctx->refs = 1;
	ctx->sys = (struct vhi_sys){ sys, data };
	ctx->trace = (struct vhi_trace){ ctx->sys, log_call, ctx };
	ctx->error = (struct vhc_error){ 0, ctx->error_text, ctx->error_device, ctx->error_where,
					 ctx->error_hint };
	*ret = ctx;
	return 0;
}

VHC_EXPORT int vhc_ctx_new(struct vhc_ctx **ret)
{
	return vhi_ctx_new_sys(&vhi_sys_linux, NULL, ret);
}

struct vhc_ctx *vhi_ctx_ref(struct vhc_ctx *ctx)
{
	ctx->refs++;
	return ctx;
}

void vhi_ctx_unref(struct vhc_ctx *ctx)
{
	if (ctx && --ctx->refs == 0)
		free(ctx);
}

VHC_EXPORT void vhc_ctx_free(struct vhc_ctx *ctx)
{
	if (!ctx)
		return;
	vhc_ctx_set_log(ctx, VHC_LEVEL_ERROR, NULL, NULL); /* its data may not outlive this call */
	vhi_ctx_unref(ctx);
}

VHC_EXPORT void vhc_ctx_set_log(struct vhc_ctx *ctx, enum vhc_level max, vhc_log_fn *fn, void *data)
{
	ctx->log_max = max;
	ctx->log = fn;
	ctx->log_data = data;
	ctx->sys = fn && max >= VHC_LEVEL_TRACE ? (struct vhi_sys){ &vhi_sys_trace, &ctx->trace }
						: ctx->trace.next;
}

VHC_EXPORT const struct vhc_error *vhc_ctx_get_error(const struct vhc_ctx *ctx)
{
	return &ctx->error;
}

static void log_line(struct vhc_ctx *ctx, enum vhc_level level, const char *line)
{
	int saved = errno;

	if (ctx->log && level <= ctx->log_max)
		ctx->log(ctx->log_data, level, line);
	errno = saved;
}

void vhi_log(struct vhc_ctx *ctx, enum vhc_level level, const char *format, ...)
{
	char line[1024], safe[1024];
	va_list args;

	if (!ctx->log || level > ctx->log_max)
		return;
	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	log_line(ctx, level, doc_escape(safe, sizeof(safe), line));
}

void vhi_ctx_hold_error(struct vhc_ctx *ctx)
{
	ctx->holds++;
}

void vhi_ctx_release_error(struct vhc_ctx *ctx)
{
	ctx->holds--;
}

/* One that points to itself stays as it is. */
static void set_part(char *part, size_t size, const char *text)
{
	if (part != text)
		doc_escape(part, size, text);
}

/*
 * The arguments may point into the last error, so the new text is built in a buffer.  Parts of it may be
 * from a document, a peer or the kernel: here, and in vhi_log(), they become safe for a terminal.
 */
static void set_error(struct vhc_ctx *ctx, const struct vhi_place *place, int code,
		      const char *message)
{
	const char *device = place && place->device ? place->device : "";
	const char *where = place && place->where ? place->where : "";
	const char *hint = place && place->hint ? place->hint : "";
	char raw[sizeof(ctx->error_text)], text[sizeof(ctx->error_text)];

	snprintf(raw, sizeof(raw), "%s%s%s%s%s", device, *device ? ": " : "", where,
		 *where ? ": " : "", message);
	doc_escape(text, sizeof(text), raw);
	log_line(ctx, code == -EAGAIN ? VHC_LEVEL_DEBUG : VHC_LEVEL_ERROR, text);
	if (ctx->holds)
		return;
	set_part(ctx->error_device, sizeof(ctx->error_device), device);
	set_part(ctx->error_where, sizeof(ctx->error_where), where);
	set_part(ctx->error_hint, sizeof(ctx->error_hint), hint);
	memcpy(ctx->error_text, text, sizeof(text));
	ctx->error.code = code;
}

int vhi_fail_at(struct vhc_ctx *ctx, const struct vhi_place *place, int code, const char *format,
		...)
{
	char message[1536];
	va_list args;

	if (!ctx)
		return code;
	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	set_error(ctx, place, code, message);
	return code;
}

int vhi_fail_errno_args(struct vhc_ctx *ctx, const struct vhi_place *place, int code,
			const char *format, va_list args)
{
	char message[1536] = "";

	if (format)
		vsnprintf(message, sizeof(message), format, args);
	return vhi_fail_at(ctx, place, code, "%s%s%s (%s)", message, format ? ": " : "",
			   strerror(-code), vhi_errname(-code));
}

int vhi_fail_errno(struct vhc_ctx *ctx, const struct vhi_place *place, int code, const char *format,
		   ...)
{
	va_list args;

	va_start(args, format);
	vhi_fail_errno_args(ctx, place, code, format, args);
	va_end(args);
	return code;
}
