/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * file - a part of a file that the library has mapped because it is memory of a guest.
 *
 * Another process may have the file too, and truncate it at any time: accessing it is SIGBUS then.  So no
 * room dereferences an address of a guest's memory: vhi_sys_peek() fails instead, and so does vhost.
 */
#ifndef LIB_MEMORY_FILE_H
#define LIB_MEMORY_FILE_H

#include "ctx.h"
#include "syscall/sys.h"

/* Of one memory object: a peer must not be able to use up all that a process may map. */
#define VHI_MEM_FILES_MAX 512u

struct vhi_mem_file {
	struct vhc_ctx *ctx;
	uint32_t refs;
	uint64_t device, inode; /* which file it is, whatever the fd */
	uint64_t offset, size;	/* what is mapped of it: whole blocks */
	void *at;
};

/**
 * vhi_mem_file_check() - is [offset, offset + size) in the file now?
 * @ret: what fstat() says, for the functions below.
 * Errors: -EINVAL; those of fstat().
 */
int vhi_mem_file_check(struct vhc_ctx *ctx, int fd, uint64_t offset, uint64_t size,
		       struct vhi_file *ret);

/**
 * vhi_mem_file_map() - map a part that vhi_mem_file_check() accepted; neither has to be aligned.  The
 * fd is not kept.
 * Errors: those of mmap().
 */
int vhi_mem_file_map(struct vhc_ctx *ctx, int fd, uint64_t offset, uint64_t size,
		     const struct vhi_file *stat, struct vhi_mem_file **ret);

/** vhi_mem_file_has() - is all of this part of that file mapped here? */
bool vhi_mem_file_has(const struct vhi_mem_file *file, const struct vhi_file *stat, uint64_t offset,
		      uint64_t size);

/** vhi_mem_file_user() - the address in this process of a byte of the file. */
uint64_t vhi_mem_file_user(const struct vhi_mem_file *file, uint64_t offset);

/** vhi_mem_file_offset() - the offset in its file of an address in this process. */
uint64_t vhi_mem_file_offset(const struct vhi_mem_file *file, uint64_t user);

/** vhi_mem_file_ref() - accepts NULL. */
struct vhi_mem_file *vhi_mem_file_ref(struct vhi_mem_file *file);
/** vhi_mem_file_unref() - accepts NULL; the last reference unmaps. */
void vhi_mem_file_unref(struct vhi_mem_file *file);

#endif
