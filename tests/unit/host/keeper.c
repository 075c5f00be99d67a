/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * keeper - the process that keeps privileges undoes when it is asked to, and at no other time.
 */
#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host_test.h"
#include "process/keeper.h"

static int trace[2]; /* a pipe that every process has: what was undone */

/* Whatever comes meanwhile. */
static int undo(void *data, uint32_t argument, struct host_error *err)
{
	raise(SIGTERM);
	raise(SIGHUP);
	if (data || write(trace[1], "u", 1) != 1)
		_exit(3);
	return argument == 7 ? 0 : host_fail(err, -ENODEV, "a hint", "argument %u", argument);
}

static void start(struct host_keeper *ret, void *data)
{
	struct host_error err;

	assert_int_equal(host_keeper_start(ret, &err), 0);
	if (ret->here)
		host_keeper_run(ret, undo, data);
}

/* The end comes when no process has the pipe any more. */
static char read_trace(void)
{
	char byte = 0;

	close(trace[1]);
	assert_true(read(trace[0], &byte, 1) >= 0);
	close(trace[0]);
	return byte;
}

static int setup(void **state)
{
	return pipe(trace);
}

static void keeper_undoes_when_asked(void **state)
{
	struct host_keeper keeper;
	struct host_error err;

	start(&keeper, NULL);
	assert_int_equal(host_keeper_end(&keeper, 7, &err), 0);
	assert_int_equal(read_trace(), 'u');
}

static void error_of_the_undo_is_told(void **state)
{
	struct host_keeper keeper;
	struct host_error err;

	start(&keeper, NULL);
	assert_int_equal(host_keeper_end(&keeper, 8, &err), -ENODEV);
	assert_string_equal(err.text, "argument 8");
	assert_string_equal(err.hint, "a hint");
	assert_int_equal(read_trace(), 'u');
}

static void keeper_of_a_killed_process_undoes_nothing(void **state)
{
	pid_t child = fork();

	if (!child) {
		struct host_keeper keeper;

		start(&keeper, NULL);
		raise(SIGKILL);
	}
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_int_equal(read_trace(), 0);
}

static void killed_keeper_is_told(void **state)
{
	struct host_keeper keeper;
	struct host_error err;

	start(&keeper, &keeper);
	assert_int_equal(host_keeper_end(&keeper, 7, &err), -ESRCH);
	assert_non_null(strstr(err.text, "was killed"));
	read_trace();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(keeper_undoes_when_asked, setup),
		cmocka_unit_test_setup(error_of_the_undo_is_told, setup),
		cmocka_unit_test_setup(keeper_of_a_killed_process_undoes_nothing, setup),
		cmocka_unit_test_setup(killed_keeper_is_told, setup),
	};

	signal(SIGPIPE, SIG_IGN); /* as serve has it */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
