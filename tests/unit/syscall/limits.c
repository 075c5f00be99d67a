/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * limits - a process that may have no more threads.  Each case runs in a child with its own limit.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "syscall/sys.h"

#define NOBODY	 65534
#define NO_LIMIT 77 /* exit status: it has none here */

/* Root has no limit, so the child becomes somebody else. */
static int open_without_threads(void)
{
	int r;

	if ((!geteuid() && setuid(NOBODY)) || setrlimit(RLIMIT_NPROC, &(struct rlimit){ 0, 0 }))
		return NO_LIMIT;
	r = vhi_sys_linux.open_in_new_netns(NULL, "/dev/null", O_RDONLY);
	return r == -ENOMEM ? 0 : r == -EAGAIN ? 1 : NO_LIMIT;
}

/* EAGAIN is the API's "not yet". */
static void open_in_new_netns_without_threads_is_enomem(void **state)
{
	int status = -1;
	pid_t pid = fork();

	if (!pid)
		_exit(open_without_threads());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == NO_LIMIT)
		skip();
	assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(open_in_new_netns_without_threads_is_enomem),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
