/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * log - the memory that the kernel writes dirty pages down in, one bit for each: a mapping with a
 * page behind it that nobody can touch, because the kernel does not know where a log ends.
 */
#ifndef LIB_LOG_H
#define LIB_LOG_H

#include "ctx.h"
#include "syscall/sys.h"

struct vhc_dirty_log {
	struct vhc_ctx *ctx;
	uint32_t refs;
	bool foreign;	 /* in a file of the caller's, who harvests it */
	uint64_t *words; /* bit n % 64 of word n / 64: page n; NULL: it has ended */
	uint64_t size;	 /* bytes: whole words */
};

/** vhc_dirty_log_new() - an empty log of the library's own.  @size: of vhc_table_log_size(), not 0. */
int vhc_dirty_log_new(struct vhc_ctx *ctx, uint64_t size, struct vhc_dirty_log **ret);

/**
 * vhc_dirty_log_open() - a part of a file as log.
 * Errors: -EINVAL the file is shorter, or not sealed, or the part is not aligned.
 */
int vhc_dirty_log_open(struct vhc_ctx *ctx, int fd, uint64_t offset, uint64_t size,
		       struct vhc_dirty_log **ret);

struct vhc_dirty_log *vhc_dirty_log_ref(struct vhc_dirty_log *log);
/** vhc_dirty_log_unref() - take NULL; the last one unmaps it. */
void vhc_dirty_log_unref(struct vhc_dirty_log *log);
/**
 * vhc_dirty_log_unmap() - the same, and unmap it now: no ring that runs writes to it.  A device that is
 * stopped may still name it, as what its kernel was told.
 */
void vhc_dirty_log_unmap(struct vhc_dirty_log *log);

#endif
