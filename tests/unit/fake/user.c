/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * user - the memory of the process, as the kernel's copy_from_user() and access_ok() see it.
 */
#include <errno.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "model.h"

/* arch/x86: the user's half ends one page below 2^47. */
#define USER_END 0x7ffffffff000ull

/* What process_vm_readv() does, with two calls that qemu-user has, too: at most a pipe's 64 KiB. */
static ssize_t copy_through_pipe(void *to, const void *from, size_t size)
{
	int ends[2], error;
	ssize_t n;

	if (pipe(ends))
		return -1;
	n = write(ends[1], from, size);
	n = n < 0 ? n : read(ends[0], to, (size_t)n);
	error = errno;
	close(ends[0]);
	close(ends[1]);
	errno = error;
	return n;
}

bool fake_user_copy(void *to, const void *from, size_t size)
{
	struct iovec here = { to, size }, there = { (void *)(uintptr_t)from, size };
	ssize_t n = process_vm_readv(getpid(), &here, 1, &there, 1, 0);

	if (n < 0 && errno == ENOSYS)
		n = copy_through_pipe(to, from, size);
	return n == (ssize_t)size;
}

static bool readable(const void *addr, size_t size)
{
	unsigned char bytes[256];

	for (size_t done = 0; done < size; done += sizeof(bytes)) {
		size_t n = size - done < sizeof(bytes) ? size - done : sizeof(bytes);

		if (!fake_user_copy(bytes, (const char *)addr + done, n))
			return false;
	}
	return true;
}

/* Asked first, then copied in the ordinary way, so that a sanitizer sees a buffer that is short. */
int fake_user_get(void *to, const void *from, size_t size)
{
	if (!readable(from, size))
		return -EFAULT;
	memcpy(to, from, size);
	return 0;
}

int fake_user_put(void *to, const void *from, size_t size)
{
	if (!readable(to, size))
		return -EFAULT;
	memcpy(to, from, size);
	return 0;
}

bool fake_user_range(uint64_t addr, uint64_t size)
{
	return size <= USER_END && addr <= USER_END - size;
}
