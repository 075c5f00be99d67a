/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * log - the bitmap in which vhost records the pages that devices write to.
 *
 * This room has the bitmap's memory (log.h), with a guard page after it because the kernel does not know
 * where a log ends, and the moving of pages out of it (drain.h).  It knows nothing of guests, devices or
 * memory tables: who may write to a log, and how long it must be, is decided above.
 */
#ifndef LIB_DIRTY_LOG_H
#define LIB_DIRTY_LOG_H

#include "ctx.h"
#include "syscall/sys.h"

struct vhi_dirty_log {
	struct vhc_ctx *ctx;
	uint32_t refs;
	bool foreign;	 /* in a file of the caller's, which reads it */
	uint64_t *words; /* bit n % 64 of word n / 64 is page n; NULL when unmapped */
	uint64_t size;	 /* bytes: whole words */
};

/** vhi_dirty_log_new() - an empty log in memory of the library's own.  @size: not 0. */
int vhi_dirty_log_new(struct vhc_ctx *ctx, uint64_t size, struct vhi_dirty_log **ret);

/**
 * vhi_dirty_log_open() - map a part of a file as log.
 * Errors: -EINVAL the file is shorter, or not sealed, or the part is not aligned.
 */
int vhi_dirty_log_open(struct vhc_ctx *ctx, int fd, uint64_t offset, uint64_t size,
		       struct vhi_dirty_log **ret);

struct vhi_dirty_log *vhi_dirty_log_ref(struct vhi_dirty_log *log);
/** vhi_dirty_log_unref() - accepts NULL; the last reference unmaps. */
void vhi_dirty_log_unref(struct vhi_dirty_log *log);
/**
 * vhi_dirty_log_unmap() - drop the reference and unmap now: no running ring writes to the log.  A
 * stopped device may still have a reference, because its kernel device still has the address.
 */
void vhi_dirty_log_unmap(struct vhi_dirty_log *log);

static inline uint64_t vhi_dirty_log_words(const struct vhi_dirty_log *log)
{
	return log->size / sizeof(uint64_t);
}

/** vhi_dirty_log_merge() - move pages between two logs that devices may still write to. */
void vhi_dirty_log_merge(struct vhi_dirty_log *from, struct vhi_dirty_log *to);

#endif
