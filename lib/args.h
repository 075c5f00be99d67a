/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * args - the structs of the API that begin with their size, `sz`: between callers and libraries that
 * know more fields or fewer.
 */
#ifndef LIB_ARGS_H
#define LIB_ARGS_H

#include "ctx.h"

/**
 * vhi_check_sz() - is this a size that a caller can have set?  @name: of the struct, for the text.
 * Errors: -EINVAL.
 */
int vhi_check_sz(struct vhc_ctx *ctx, const char *name, uint64_t sz);

/**
 * vhi_copy_args() - read a caller's struct of any version: a shorter one is filled with zeros, a longer
 * one must be zero past what is known here.
 * @size: of the struct here.
 * Errors: -EINVAL no size, or an impossible one; -E2BIG a field that only a newer library knows.
 */
int vhi_copy_args(struct vhc_ctx *ctx, const char *name, void *to, size_t size, const void *from);

#define VHI_COPY_ARGS(ctx, type, to, from) vhi_copy_args(ctx, #type, to, sizeof(struct type), from)

/**
 * vhi_copy_ret() - fill in a caller's struct of any version, whose sz the caller has set and which
 * stays: a shorter one gets what it has room for, a longer one zeros past what is known here.
 * Errors: -EINVAL, and nothing is written.
 */
int vhi_copy_ret(struct vhc_ctx *ctx, const char *name, void *to, size_t size, const void *from);

#define VHI_COPY_RET(ctx, type, to, from) vhi_copy_ret(ctx, #type, to, sizeof(struct type), from)

#endif
