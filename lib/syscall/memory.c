/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * memory - system calls on this process's own memory.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "syscall/linux.h"

/* MS_ASYNC does not touch the pages, and fails with ENOMEM where one is not mapped. */
int vhi_linux_mapped(void *data, uint64_t addr, uint64_t size)
{
	return msync((void *)(uintptr_t)addr, size, MS_ASYNC) ? -errno : 0;
}

/* A pipe takes from memory that may not be mapped, too: EFAULT. */
static int pass_through(const int ends[2], uint64_t addr, char *buf, size_t size)
{
	for (size_t done = 0; done < size;) {
		size_t part = size - done < PIPE_BUF ? size - done : PIPE_BUF;
		ssize_t n = write(ends[1], (void *)(uintptr_t)(addr + done), part);

		if (n < 0)
			return -errno;
		if (!n || read(ends[0], buf + done, (size_t)n) != n)
			return -EIO;
		done += (size_t)n;
	}
	return 0;
}

static int peek_by_pipe(uint64_t addr, void *buf, size_t size)
{
	int ends[2], r;

	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK))
		return -errno;
	ends[0] = vhi_linux_lift(ends[0]);
	ends[1] = vhi_linux_lift(ends[1]);
	r = ends[0] < 0 ? ends[0] : ends[1];
	if (r >= 0)
		r = pass_through(ends, addr, buf, size);
	for (int i = 0; i < 2; i++)
		if (ends[i] >= 0)
			close(ends[i]);
	return r;
}

/* process_vm_readv() is missing in some kernels, and forbidden in many sandboxes. */
int vhi_linux_peek(void *data, uint64_t addr, void *buf, size_t size)
{
	struct iovec to = { buf, size }, from = { (void *)(uintptr_t)addr, size };
	ssize_t n = process_vm_readv(getpid(), &to, 1, &from, 1, 0);

	if (n >= 0)
		return (size_t)n == size ? 0 : -EFAULT;
	return errno == EFAULT ? -EFAULT : peek_by_pipe(addr, buf, size);
}

static uint64_t page_up(uint64_t size, uint64_t page)
{
	return (size + page - 1) / page * page;
}

/*
 * A reservation with the file mapped in its middle: what is left of it at both ends are the guards.  Zeros
 * come from no file, to which RLIMIT_FSIZE and its SIGXFSZ would apply.
 *
 * It begins at an odd page, where no file in huge pages can be mapped: of a hole in such a file, whoever seals it,
 * reading ends with SIGBUS when there are no more of them.
 */
int vhi_linux_map(void *data, int fd, uint64_t offset, uint64_t size, void **ret)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), whole = page_up(size, page) + 2 * page;
	int flags = MAP_SHARED | MAP_FIXED | (fd < 0 ? MAP_ANONYMOUS | MAP_NORESERVE : 0), r;
	char *at = mmap(NULL, whole + page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
			-1, 0);
	bool odd = (uintptr_t)at / page % 2;

	if (at == MAP_FAILED)
		return -errno;
	munmap(odd ? at : at + whole, page);
	at += odd ? page : 0;
	if (mmap(at + page, size, PROT_READ | PROT_WRITE, flags, fd, (off_t)offset) != MAP_FAILED) {
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

/* A limit of locked memory, which mmap() calls EAGAIN, is not the API's EAGAIN. */
int vhi_linux_map_blocks(void *data, int fd, uint64_t offset, uint64_t size, void **ret)
{
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd,
			(off_t)offset);

	if (at == MAP_FAILED)
		return errno == EAGAIN ? -ENOMEM : -errno;
	*ret = at;
	return 0;
}

void vhi_linux_unmap_blocks(void *data, void *addr, uint64_t size)
{
	munmap(addr, size);
}
