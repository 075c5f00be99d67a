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

static bool readable(const void *addr, size_t size)
{
	unsigned char bytes[256];

	for (size_t done = 0; done < size; done += sizeof(bytes)) {
		size_t n = size - done < sizeof(bytes) ? size - done : sizeof(bytes);
		struct iovec to = { bytes, n }, from = { (char *)(uintptr_t)addr + done, n };

		if (process_vm_readv(getpid(), &to, 1, &from, 1, 0) != (ssize_t)n)
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
