/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * blocks - parts of real files that are mapped as memory of a guest: the same file by another fd, huge
 * pages, and a file that is truncated while it is mapped.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "rig.h"

static const struct vhi_sys sys = { &vhi_sys_linux, NULL };

static int new_file(unsigned int flags, uint64_t size)
{
	int fd = memfd_create("blocks", MFD_CLOEXEC | flags);

	if (fd >= 0 && ftruncate(fd, (off_t)size)) {
		close(fd);
		return -1;
	}
	return fd;
}

static void file_is_known_by_any_fd(void **state)
{
	int a = new_file(0, 0x5000), b = fcntl(a, F_DUPFD_CLOEXEC, 3), c = new_file(0, 0x5000);
	struct vhi_file file, same, other;

	assert_int_equal(vhi_sys_stat(&sys, a, &file), 0);
	assert_int_equal(vhi_sys_stat(&sys, b, &same), 0);
	assert_int_equal(vhi_sys_stat(&sys, c, &other), 0);
	assert_int_equal(file.size, 0x5000);
	assert_int_equal(file.inode, same.inode);
	assert_int_equal(file.device, same.device);
	assert_int_equal(file.device, other.device);
	assert_int_not_equal(file.inode, other.inode);
	assert_int_equal(file.block % (uint64_t)sysconf(_SC_PAGESIZE), 0);
	close(a);
	close(b);
	close(c);
}

static void truncated_file_is_efault(void **state)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	int fd = new_file(0, 4 * page);
	char byte = 0;
	void *at;

	assert_int_equal(vhi_sys_map_blocks(&sys, fd, page, 2 * page, &at), 0);
	assert_int_equal(pwrite(fd, "x", 1, (off_t)(2 * page + 5)), 1);
	assert_int_equal(vhi_sys_peek(&sys, (uintptr_t)at + page + 5, &byte, 1), 0);
	assert_int_equal(byte, 'x');
	assert_int_equal(ftruncate(fd, (off_t)page), 0);
	assert_int_equal(vhi_sys_peek(&sys, (uintptr_t)at + page + 5, &byte, 1), -EFAULT);
	vhi_sys_unmap_blocks(&sys, at, 2 * page);
	assert_int_equal(vhi_sys_mapped(&sys, (uintptr_t)at, page), -ENOMEM);
	close(fd);
	assert_int_equal(vhi_sys_map_blocks(&sys, -1, 0, page, &at), -EBADF);
}

/* Hosts seldom have free huge pages; but the file knows its block without them. */
static void huge_pages_are_blocks(void **state)
{
	int fd = new_file(MFD_HUGETLB, 0);
	struct vhi_file file;
	void *at;

	if (fd < 0)
		skip();
	assert_int_equal(vhi_sys_stat(&sys, fd, &file), 0);
	assert_true(file.block > (uint64_t)sysconf(_SC_PAGESIZE));
	assert_int_equal(ftruncate(fd, (off_t)(2 * file.block)), 0);
	if (vhi_sys_map_blocks(&sys, fd, file.block, file.block, &at)) {
		close(fd);
		skip();
	}
	assert_int_equal((uintptr_t)at % file.block, 0);
	assert_int_equal(
		vhi_sys_map_blocks(&sys, fd, file.block / 2, file.block, &(void *){ NULL }),
		-EINVAL);
	vhi_sys_unmap_blocks(&sys, at, file.block);
	assert_int_equal(vhi_sys_mapped(&sys, (uintptr_t)at, 4096), -ENOMEM);
	close(fd);
}

/* Wherever there is room: of such a file reading may be SIGBUS, and a dirty log is read. */
static void huge_pages_are_no_log(void **state)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), block;
	int fd = new_file(MFD_HUGETLB, 0);
	struct vhi_file file;
	void *at;

	if (fd < 0)
		skip();
	assert_int_equal(vhi_sys_stat(&sys, fd, &file), 0);
	block = file.block;
	assert_int_equal(ftruncate(fd, (off_t)block), 0);
	for (uint64_t i = 0; i < block / page; i++) {
		assert_int_equal(vhi_sys_map(&sys, fd, 0, block, &at), -EINVAL);
		/* the room begins at another page */
		mmap(NULL, page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	}
	close(fd);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(file_is_known_by_any_fd),
		cmocka_unit_test(truncated_file_is_efault),
		cmocka_unit_test(huge_pages_are_blocks),
		cmocka_unit_test(huge_pages_are_no_log),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
