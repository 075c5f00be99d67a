/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * signals - no call of the library raises a signal, whatever the limits of the process are and whatever
 * fds it is given, and none leaves signals blocked.  On this machine's own kernel.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/vhost.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "syscall/sys.h"
#include "vhostconfig.h"

#define SIZE (4u << 20)

static void assert_ends_well(int (*act)(void))
{
	int status = -1;
	pid_t pid = fork();

	if (!pid)
		_exit(act());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFSIGNALED(status))
		fail_msg("ended by %s", strsignal(WTERMSIG(status)));
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* Dirty pages of a guest without devices, read in both modes. */
static int use_dirty_log(void)
{
	struct vhc_ctx *ctx;
	struct vhc_mem *mem;
	uint64_t bitmap[SIZE / VHC_PAGE_SIZE / 64], pages = 1;
	void *ram = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (ram == MAP_FAILED || vhc_ctx_new(&ctx) || vhc_mem_new(ctx, &mem))
		return 1;
	if (vhc_mem_add(mem, VHC_ARG(vhc_region, .size = SIZE, .user_addr = (uintptr_t)ram)) ||
	    vhc_mem_commit(mem) || vhc_dirty_start(mem) || vhc_dirty_sync(mem))
		return 2;
	if (vhc_dirty_read(mem, 0, SIZE, bitmap, 0, &pages) || pages)
		return 3;
	if (vhc_dirty_stop(mem))
		return 4;
	vhc_mem_free(mem);
	vhc_ctx_free(ctx);
	return 0;
}

static int use_dirty_log_without_file_size(void)
{
	return setrlimit(RLIMIT_FSIZE, &(struct rlimit){ 0, 0 }) ? 5 : use_dirty_log();
}

static int use_dirty_log_without_fds(void)
{
	return setrlimit(RLIMIT_NOFILE, &(struct rlimit){ 0, 0 }) ? 5 : use_dirty_log();
}

/* SIGXFSZ is what a file would raise. */
static void dirty_start_under_limits_of_files_works(void **state)
{
	assert_ends_well(use_dirty_log_without_file_size);
	assert_ends_well(use_dirty_log_without_fds);
}

/* A kick or call that is no eventfd: a pipe without a reader, and a file. */
static int notify_other_files(void)
{
	int ends[2], file = memfd_create("file", MFD_CLOEXEC), event = eventfd(0, EFD_CLOEXEC);
	eventfd_t count = 0;

	if (pipe(ends) || file < 0 || event < 0)
		return 1;
	close(ends[0]);
	if (vhi_sys_linux.signal(NULL, ends[1]) != -EINVAL)
		return 2;
	if (vhi_sys_linux.signal(NULL, file) != -EINVAL || lseek(file, 0, SEEK_END) != 0)
		return 3;
	if (vhi_sys_linux.signal(NULL, event) || eventfd_read(event, &count) || count != 1)
		return 4;
	return vhi_sys_linux.signal(NULL, -1) != -EBADF;
}

static void signal_of_other_file_raises_no_signal(void **state)
{
	assert_ends_well(notify_other_files);
}

/* Whoever has it may have filled it, and left it blocking. */
static int notify_full_eventfd(void)
{
	int event = eventfd(0, EFD_CLOEXEC);
	eventfd_t count = UINT64_MAX - 1;

	alarm(60); /* instead of for ever */
	if (event < 0 || eventfd_write(event, count))
		return 1;
	if (vhi_sys_linux.signal(NULL, event))
		return 2;
	return eventfd_read(event, &count) || count != UINT64_MAX - 1;
}

static void signal_of_full_eventfd_returns(void **state)
{
	assert_ends_well(notify_full_eventfd);
}

static int set_owner_of_no_device(void)
{
	/* emulation of a processor does not know this ioctl */
	int refused = getenv("MESON_EXE_WRAPPER") ? -ENOSYS : -ENOTTY;
	sigset_t before;
	int changed = 0, event = eventfd(0, EFD_CLOEXEC);

	sigemptyset(&before);
	sigaddset(&before, SIGUSR1);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (vhi_sys_linux.ioctl(NULL, event, VHOST_SET_OWNER, NULL) != refused)
		return 1;
	pthread_sigmask(SIG_SETMASK, NULL, &before);
	for (int i = 1; i < SIGRTMIN; i++)
		changed |= sigismember(&before, i) != (i == SIGUSR1);
	return changed;
}

static void set_owner_restores_signal_mask(void **state)
{
	assert_ends_well(set_owner_of_no_device);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dirty_start_under_limits_of_files_works),
		cmocka_unit_test(signal_of_other_file_raises_no_signal),
		cmocka_unit_test(signal_of_full_eventfd_returns),
		cmocka_unit_test(set_owner_restores_signal_mask),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
