/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * log - mapping and unmapping dirty logs.
 *
 * VHOST_SET_LOG_BASE takes an address and no size: vhost silently overwrites whatever follows a log that
 * is too short (drivers/vhost/vhost.c, log_write).  So the size follows from the memory table and
 * nothing else, and a file must be sealed against shrinking.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "dirty/log.h"

static int map_log(struct vhc_ctx *ctx, int fd, uint64_t offset, uint64_t size,
		   struct vhi_dirty_log **ret)
{
	struct vhi_dirty_log *log = calloc(1, sizeof(*log));
	void *at;
	int r;

	if (!log)
		return vhi_fail(ctx, -ENOMEM, "no memory for a dirty log");
	r = vhi_sys_map(&ctx->sys, fd, offset, size, &at);
	if (r) {
		free(log);
		return vhi_fail_errno(
			ctx,
			&(struct vhi_place){
				.hint = r == -EINVAL ? "give a memfd without huge pages" : NULL },
			r, "a dirty log of %llu bytes cannot be mapped", (unsigned long long)size);
	}
	*log = (struct vhi_dirty_log){
		.ctx = vhi_ctx_ref(ctx), .refs = 1, .words = at, .size = size
	};
	*ret = log;
	return 0;
}

int vhi_dirty_log_new(struct vhc_ctx *ctx, uint64_t size, struct vhi_dirty_log **ret)
{
	return map_log(ctx, VHI_FD_NONE, 0, size, ret);
}

static int check_file(struct vhc_ctx *ctx, int fd, uint64_t offset, uint64_t size)
{
	struct vhi_file file;
	int r = vhi_sys_stat(&ctx->sys, fd, &file);

	if (r)
		return vhi_fail_errno(ctx, NULL, r, "dirty log fd %d: fstat", fd);
	if (offset % VHC_PAGE_SIZE || !size || size % sizeof(uint64_t))
		return vhi_fail(ctx, -EINVAL,
				"a dirty log at offset 0x%llx of %llu bytes: the offset must be a "
				"multiple of %u, and the size a multiple of 8 and not 0",
				(unsigned long long)offset, (unsigned long long)size,
				VHC_PAGE_SIZE);
	if (offset > file.size || size > file.size - offset)
		return vhi_fail(
			ctx, -EINVAL,
			"dirty log fd %d: the file has %llu bytes, and the log is to be at offset "
			"0x%llx with %llu bytes: the kernel would write past its end",
			fd, (unsigned long long)file.size, (unsigned long long)offset,
			(unsigned long long)size);
	if (!(file.seals & F_SEAL_SHRINK))
		return vhi_fail_at(
			ctx,
			&(struct vhi_place){
				.hint = "create it with memfd_create(MFD_ALLOW_SEALING) and "
					"fcntl(F_ADD_SEALS, F_SEAL_SHRINK)" },
			-EINVAL,
			"dirty log fd %d is not sealed against shrinking (seals 0x%x, "
			"F_SEAL_SHRINK is 0x%x): if it shrank, SIGBUS would end this process",
			fd, file.seals, F_SEAL_SHRINK);
	return 0;
}

int vhi_dirty_log_open(struct vhc_ctx *ctx, int fd, uint64_t offset, uint64_t size,
		       struct vhi_dirty_log **ret)
{
	int r = check_file(ctx, fd, offset, size) ?: map_log(ctx, fd, offset, size, ret);

	if (!r)
		(*ret)->foreign = true;
	return r;
}

struct vhi_dirty_log *vhi_dirty_log_ref(struct vhi_dirty_log *log)
{
	log->refs++;
	return log;
}

static void unmap(struct vhi_dirty_log *log)
{
	if (log->words)
		vhi_sys_unmap(&log->ctx->sys, log->words, log->size);
	log->words = NULL;
}

void vhi_dirty_log_unref(struct vhi_dirty_log *log)
{
	if (!log || --log->refs)
		return;
	unmap(log);
	vhi_ctx_unref(log->ctx);
	free(log);
}

void vhi_dirty_log_unmap(struct vhi_dirty_log *log)
{
	if (log)
		unmap(log);
	vhi_dirty_log_unref(log);
}

/* From a log in the caller's file pages are copied: the caller and other processes use it. */
void vhi_dirty_log_merge(struct vhi_dirty_log *from, struct vhi_dirty_log *to)
{
	uint64_t words = vhi_dirty_log_words(from), limit = vhi_dirty_log_words(to);

	for (uint64_t i = 0; i < words && i < limit; i++) {
		uint64_t word = __atomic_load_n(&from->words[i], __ATOMIC_RELAXED);

		if (word && !from->foreign)
			word = __atomic_exchange_n(&from->words[i], 0, __ATOMIC_RELAXED);
		if (word)
			__atomic_fetch_or(&to->words[i], word, __ATOMIC_RELAXED);
	}
}
