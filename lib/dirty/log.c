/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * log - the memory that the kernel writes dirty pages down in.
 *
 * VHOST_SET_LOG_BASE takes an address and no size: what lies behind a log that is too short is
 * overwritten silently (drivers/vhost/vhost.c, log_write).  So its size follows from the memory table
 * and nothing else, and a file's must be such that nobody can make it shorter.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "dirty/log.h"

static int make(struct vhc_ctx *ctx, int fd, uint64_t offset, uint64_t size,
		struct vhc_dirty_log **ret)
{
	struct vhc_dirty_log *log = calloc(1, sizeof(*log));
	void *at;
	int r;

	if (!log)
		return vhc_fail(ctx, -ENOMEM, "no memory for a dirty log");
	r = vhc_sys_map(&ctx->sys, fd, offset, size, &at);
	if (r) {
		free(log);
		return vhc_fail_errno(ctx, NULL, r, "a dirty log of %llu bytes cannot be mapped",
				      (unsigned long long)size);
	}
	*log = (struct vhc_dirty_log){
		.ctx = vhc_ctx_ref(ctx), .refs = 1, .words = at, .size = size
	};
	*ret = log;
	return 0;
}

int vhc_dirty_log_new(struct vhc_ctx *ctx, uint64_t size, struct vhc_dirty_log **ret)
{
	int fd = vhc_sys_memfd(&ctx->sys, "vhost-dirty-log", size), r;

	if (fd < 0)
		return vhc_fail_errno(ctx, NULL, fd, "no memfd of %llu bytes for the dirty log",
				      (unsigned long long)size);
	r = make(ctx, fd, 0, size, ret);
	vhc_sys_close(&ctx->sys, &fd);
	return r;
}

static int check_file(struct vhc_ctx *ctx, int fd, uint64_t offset, uint64_t size)
{
	struct vhc_file file;
	int r = vhc_sys_stat(&ctx->sys, fd, &file);

	if (r)
		return vhc_fail_errno(ctx, NULL, r, "log fd %d: fstat", fd);
	if (offset % VHC_PAGE_SIZE || !size || size % sizeof(uint64_t))
		return vhc_fail(
			ctx, -EINVAL,
			"a log at offset 0x%llx of %llu bytes: the offset must be a multiple "
			"of %u, and the size of 8 and not 0",
			(unsigned long long)offset, (unsigned long long)size, VHC_PAGE_SIZE);
	if (offset > file.size || size > file.size - offset)
		return vhc_fail(
			ctx, -EINVAL,
			"log fd %d: its file has %llu bytes, and the log is to lie at offset "
			"0x%llx with %llu bytes: the kernel would write behind its end",
			fd, (unsigned long long)file.size, (unsigned long long)offset,
			(unsigned long long)size);
	if (!(file.seals & F_SEAL_SHRINK))
		return vhc_fail_at(
			ctx,
			&(struct vhc_place){
				.hint = "make it by memfd_create(MFD_ALLOW_SEALING) and "
					"fcntl(F_ADD_SEALS, F_SEAL_SHRINK)" },
			-EINVAL,
			"log fd %d is not sealed against shrinking (seals 0x%x, "
			"F_SEAL_SHRINK is 0x%x): were it made shorter, this process would "
			"end by SIGBUS",
			fd, file.seals, F_SEAL_SHRINK);
	return 0;
}

int vhc_dirty_log_open(struct vhc_ctx *ctx, int fd, uint64_t offset, uint64_t size,
		       struct vhc_dirty_log **ret)
{
	int r = check_file(ctx, fd, offset, size) ?: make(ctx, fd, offset, size, ret);

	if (!r)
		(*ret)->foreign = true;
	return r;
}

struct vhc_dirty_log *vhc_dirty_log_ref(struct vhc_dirty_log *log)
{
	log->refs++;
	return log;
}

static void unmap(struct vhc_dirty_log *log)
{
	if (log->words)
		vhc_sys_unmap(&log->ctx->sys, log->words, log->size);
	log->words = NULL;
}

void vhc_dirty_log_unref(struct vhc_dirty_log *log)
{
	if (!log || --log->refs)
		return;
	unmap(log);
	vhc_ctx_unref(log->ctx);
	free(log);
}

void vhc_dirty_log_unmap(struct vhc_dirty_log *log)
{
	if (log)
		unmap(log);
	vhc_dirty_log_unref(log);
}
