/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * memory - system calls on this process's own memory.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "syscall/linux.h"

/* MS_ASYNC does not touch the pages, and fails with ENOMEM where one is not mapped. */
int vhi_linux_mapped(void *data, uint64_t addr, uint64_t size)
{
	return msync((void *)(uintptr_t)addr, size, MS_ASYNC) ? -errno : 0;
}

int vhi_linux_peek(void *data, uint64_t addr, void *buf, size_t size)
{
	struct iovec to = { buf, size }, from = { (void *)(uintptr_t)addr, size };
	ssize_t n = process_vm_readv(getpid(), &to, 1, &from, 1, 0);

	if (n < 0)
		return -errno;
	return (size_t)n == size ? 0 : -EFAULT;
}

#define SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)

int vhi_linux_memfd(void *data, const char *name, uint64_t size)
{
	int fd = vhi_linux_lift(memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING)), r;

	if (fd < 0 || (!ftruncate(fd, (off_t)size) && !fcntl(fd, F_ADD_SEALS, SEALS)))
		return fd;
	r = -errno;
	close(fd);
	return r;
}

static uint64_t page_up(uint64_t size, uint64_t page)
{
	return (size + page - 1) / page * page;
}

/* A reservation with the file mapped in its middle: what is left of it at both ends are the guards. */
int vhi_linux_map(void *data, int fd, uint64_t offset, uint64_t size, void **ret)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), whole = page_up(size, page) + 2 * page;
	char *at = mmap(NULL, whole, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	int r;

	if (at == MAP_FAILED)
		return -errno;
	if (mmap(at + page, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd,
		 (off_t)offset) != MAP_FAILED) {
		*ret = at + page;
		return 0;
	}
	r = -errno;
	munmap(at, whole);
	return r;
}

void vhi_linux_unmap(void *data, void *addr, uint64_t size)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);

	munmap((char *)addr - page, page_up(size, page) + 2 * page);
}
