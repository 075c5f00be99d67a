/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sandbox - process_vm_readv() and kcmp() where the kernel lacks them, or a sandbox forbids them: other
 * calls take their place, with the same answers.  Each case runs in a child with its own seccomp filter.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "syscall/sys.h"

#define DUPFD_QUERY 1027
#define NO_SECCOMP  77 /* exit status: the filter cannot be set */

#define FIELD(field)	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define UNLESS(value, skip) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(value), 0, (skip))
#define RETURN(value)	    BPF_STMT(BPF_RET | BPF_K, (value))

/* From now on both fail with @error; and fcntl(F_DUPFD_QUERY) with EINVAL, as before Linux 6.10. */
static bool forbid(int error, bool query_too)
{
	struct sock_filter filter[] = {
		FIELD(nr),
		UNLESS(SYS_process_vm_readv, 1),
		RETURN(SECCOMP_RET_ERRNO | (uint32_t)error),
		UNLESS(SYS_kcmp, 1),
		RETURN(SECCOMP_RET_ERRNO | (uint32_t)error),
		UNLESS(query_too ? SYS_fcntl : -1, 3),
		FIELD(args[1]),
		UNLESS(DUPFD_QUERY, 1),
		RETURN(SECCOMP_RET_ERRNO | EINVAL),
		RETURN(SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof(filter) / sizeof(filter[0]), filter };

	return !prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) &&
	       !prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

static void run(int (*look)(void), int error, bool query_too)
{
	int status = -1;
	pid_t pid = fork();

	if (!pid)
		_exit(forbid(error, query_too) ? look() : NO_SECCOMP);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == NO_SECCOMP)
		skip();
	assert_int_equal(WEXITSTATUS(status), 0);
}

static int peek(const void *from, void *to, size_t size)
{
	return vhi_sys_linux.peek(NULL, (uintptr_t)from, to, size);
}

/* Three pages, of which the last is not mapped.  Returns the number of what is wrong, from 1. */
static int look_at_memory(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	uint8_t *at =
		mmap(NULL, 3 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int next = dup(0), after;
	uint8_t copy[3 * 65536];
	uint16_t index = 0;

	if (at == MAP_FAILED || page > 65536 || munmap(at + 2 * page, page))
		return 1;
	close(next);
	for (size_t i = 0; i < 2 * page; i++)
		at[i] = (uint8_t)(i * 7 + i / page);
	if (peek(at + page - 1, &index, sizeof(index)) || memcmp(&index, at + page - 1, 2))
		return 2;
	if (peek(at, copy, 2 * page) || memcmp(copy, at, 2 * page))
		return 3;
	if (peek(at + 2 * page, &index, sizeof(index)) != -EFAULT)
		return 4;
	if (peek(at + 1, copy, 2 * page) != -EFAULT || peek(NULL, copy, 1) != -EFAULT)
		return 5;
	after = dup(0);
	return after == next ? 0 : 6; /* no fd is left */
}

static void peek_without_process_vm_readv_reads_memory(void **state)
{
	run(look_at_memory, EPERM, false);
	run(look_at_memory, ENOSYS, false);
}

static int look_at_fds(void)
{
	int a = eventfd(0, EFD_CLOEXEC), b = eventfd(0, EFD_CLOEXEC), copy = dup(a), after;
	int closed = dup(a);

	close(closed);
	if (vhi_sys_linux.same(NULL, a, copy) != 1 || vhi_sys_linux.same(NULL, a, a) != 1)
		return 1;
	if (vhi_sys_linux.same(NULL, a, b) != 0)
		return 2;
	if (vhi_sys_linux.same(NULL, a, closed) >= 0 || vhi_sys_linux.same(NULL, closed, a) >= 0)
		return 3;
	after = dup(a);
	return after == closed ? 0 : 4;
}

static void same_without_kcmp_compares_fds(void **state)
{
	run(look_at_fds, EPERM, false);
	run(look_at_fds, ENOSYS, false);
}

static void same_without_kcmp_and_query_compares_fds(void **state)
{
	run(look_at_fds, EPERM, true);
	run(look_at_fds, ENOSYS, true);
}

/* As a VM's: it is not known, and never guessed. */
static int look_at_unpollable(void)
{
	int a = memfd_create("a", MFD_CLOEXEC);

	return a < 0 || vhi_sys_linux.same(NULL, a, dup(a)) >= 0;
}

static void same_of_unpollable_file_without_kcmp_and_query_is_unknown(void **state)
{
	run(look_at_unpollable, EPERM, true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(peek_without_process_vm_readv_reads_memory),
		cmocka_unit_test(same_without_kcmp_compares_fds),
		cmocka_unit_test(same_without_kcmp_and_query_compares_fds),
		cmocka_unit_test(same_of_unpollable_file_without_kcmp_and_query_is_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
