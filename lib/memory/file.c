/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * file - mapping and unmapping parts of files that are memory of a guest.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "memory/file.h"

int vhi_mem_file_check(struct vhc_ctx *ctx, int fd, uint64_t offset, uint64_t size,
		       struct vhi_file *ret)
{
	int r = vhi_sys_stat(&ctx->sys, fd, ret);

	if (r)
		return vhi_fail_errno(ctx, NULL, r, "memory region's fd %d: fstat", fd);
	if (offset <= ret->size && size <= ret->size - offset)
		return 0;
	return vhi_fail(
		ctx, -EINVAL,
		"memory region's fd %d: the file has 0x%llx bytes, and the region is to be at "
		"offset 0x%llx with 0x%llx bytes",
		fd, (unsigned long long)ret->size, (unsigned long long)offset,
		(unsigned long long)size);
}

static const char *hint_for(int error)
{
	switch (error) {
	case -EACCES:
	case -EPERM:
		return "open the file for reading and writing, and do not seal it against writing";
	case -ENODEV:
		return "give a memfd, or a file of tmpfs or hugetlbfs";
	case -ENOMEM:
		return "check RLIMIT_AS, RLIMIT_MEMLOCK and /proc/sys/vm/max_map_count";
	default:
		return NULL;
	}
}

int vhi_mem_file_map(struct vhc_ctx *ctx, int fd, uint64_t offset, uint64_t size,
		     const struct vhi_file *stat, struct vhi_mem_file **ret)
{
	uint64_t first = offset - offset % stat->block, last = offset + (size - 1);
	uint64_t length = last - last % stat->block - first + stat->block;
	struct vhi_mem_file *file = calloc(1, sizeof(*file));
	int r;

	if (!file)
		return vhi_fail(ctx, -ENOMEM, "no memory for a mapping");
	r = vhi_sys_map_blocks(&ctx->sys, fd, first, length, &file->at);
	if (r) {
		free(file);
		return vhi_fail_errno(ctx, &(struct vhi_place){ .hint = hint_for(r) }, r,
				      "memory region's fd %d: 0x%llx bytes at offset 0x%llx cannot "
				      "be mapped",
				      fd, (unsigned long long)length, (unsigned long long)first);
	}
	file->ctx = vhi_ctx_ref(ctx);
	file->refs = 1;
	file->device = stat->device;
	file->inode = stat->inode;
	file->offset = first;
	file->size = length;
	*ret = file;
	return 0;
}

bool vhi_mem_file_has(const struct vhi_mem_file *file, const struct vhi_file *stat, uint64_t offset,
		      uint64_t size)
{
	return file->device == stat->device && file->inode == stat->inode &&
	       offset >= file->offset && offset - file->offset <= file->size &&
	       size <= file->size - (offset - file->offset);
}

uint64_t vhi_mem_file_user(const struct vhi_mem_file *file, uint64_t offset)
{
	return (uint64_t)(uintptr_t)file->at + (offset - file->offset);
}

uint64_t vhi_mem_file_offset(const struct vhi_mem_file *file, uint64_t user)
{
	return file->offset + (user - (uint64_t)(uintptr_t)file->at);
}

struct vhi_mem_file *vhi_mem_file_ref(struct vhi_mem_file *file)
{
	if (file)
		file->refs++;
	return file;
}

void vhi_mem_file_unref(struct vhi_mem_file *file)
{
	if (!file || --file->refs)
		return;
	vhi_sys_unmap_blocks(&file->ctx->sys, file->at, file->size);
	vhi_ctx_unref(file->ctx);
	free(file);
}
