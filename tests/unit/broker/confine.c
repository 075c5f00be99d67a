/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * confine - a confined broker serves, needs every rule of its list, and could do nothing else.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
/* after the others */
#include <cmocka.h>

#ifdef TEST_LIST
#include <seccomp.h>
#endif

#include "broker.h"
#include "confine.h"
#include "confined.h"
#include "escape.h"

static bool serves(int (*confine)(void *data), void *data)
{
	struct confined confined;
	bool ok;

	confined_start(&confined, confine, data);
	ok = confined_use(&confined);
	return confined_end(&confined) && ok;
}

static int confine_nothing(void *data)
{
	confine_prepare();
	return 0;
}

/* As confine_whole(), but with a list that ends a process that makes another call. */
static int confine_calls_alone(void *data)
{
	confine_prepare();
	return confine_calls(*(size_t *)data, true);
}

static int confine_whole(void *data)
{
	const struct broker_options options = { 0 };

	return broker_confine(&options);
}

static void skip_without_list(void)
{
#ifndef TEST_LIST
	skip();
#endif
}

static void broker_serves(void **state)
{
	assert_true(serves(confine_nothing, NULL));
}

static void confined_broker_serves(void **state)
{
	skip_without_list();
	assert_true(serves(confine_whole, NULL));
}

static void broker_makes_no_call_that_is_not_in_the_list(void **state)
{
	size_t all = CONFINE_ALL;

	skip_without_list();
	assert_true(serves(confine_calls_alone, &all));
}

static void every_rule_is_needed(void **state)
{
	bool needed = true;

	skip_without_list();
	for (size_t i = 0; i < confine_rule_count; i++)
		if (confine_rules[i].why && serves(confine_calls_alone, &i)) {
			print_error("not needed: %s: %s\n", confine_rules[i].call,
				    confine_rules[i].why);
			needed = false;
		}
	assert_true(needed);
}

static const int quiet;

/* In a child: every attempt that Landlock of @version forbids, or, with INT_MAX, every one. */
static _Noreturn void attempt_all(int (*confine)(void *data), void *data, int version)
{
	int r = confine(data), escaped = 0;

	if (r < 0)
		_exit(255);
	version = version ? version : r;
	for (size_t i = 0; i < escape_count; i++) {
		int since = escapes[i].landlock;

		if (version != INT_MAX && (!since || since > version))
			continue;
		if (escapes[i].attempt() < 0)
			continue;
		if (data != &quiet)
			print_error("it can %s\n", escapes[i].name);
		escaped++;
	}
	_exit(escaped);
}

/* How many work; 255: it cannot be confined. */
static int attempt(int (*confine)(void *data), void *data, int version)
{
	int status = -1;
	pid_t child = fork();

	if (!child)
		attempt_all(confine, data, version);
	assert_true(child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int only_calls(void *data)
{
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ?: confine_calls(CONFINE_ALL, false);
}

static int only_access(void *data)
{
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ?: confine_access();
}

static void list_lets_nothing_else_be_done(void **state)
{
	skip_without_list();
	assert_int_equal(attempt(only_calls, NULL, INT_MAX), 0);
}

static void landlock_lets_no_file_be_opened(void **state)
{
	int escaped = attempt(only_access, NULL, 0);

	if (escaped == 255)
		skip(); /* this kernel has none */
	assert_int_equal(escaped, 0);
}

static void confined_process_can_do_nothing_else(void **state)
{
	skip_without_list();
	assert_int_equal(attempt(confine_whole, NULL, INT_MAX), 0);
}

#ifdef TEST_LIST
static char said[2][BROKER_TEXT_MAX];
static int lines;

static void note(void *data, enum vhc_level level, const char *line)
{
	if (lines < 2)
		snprintf(said[lines], sizeof(said[lines]), "%s", line);
	lines++;
}

/* A kernel that has neither: what it lacks is said, and the broker serves all the same. */
static int confine_on_old_kernel(void)
{
	static const char *const calls[] = { "landlock_create_ruleset", "seccomp" };
	const struct broker_options options = { .say = note };
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);

	for (size_t i = 0; i < 2; i++)
		if (seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS),
				     seccomp_syscall_resolve_name(calls[i]), 0))
			return 1;
	/* which seccomp falls back to */
	if (seccomp_rule_add(filter, SCMP_ACT_ERRNO(EINVAL), SCMP_SYS(prctl), 1,
			     SCMP_A0(SCMP_CMP_EQ, PR_SET_SECCOMP)) ||
	    seccomp_load(filter))
		return 2;
	if (broker_confine(&options) || lines != 2)
		return 3;
	return !strstr(said[0], "not confined by Landlock: this kernel does not have it") ||
	       !strstr(said[1], "not confined by seccomp: ");
}

static void what_the_kernel_lacks_is_said(void **state)
{
	int status = -1;
	pid_t child = fork();

	if (!child)
		_exit(confine_on_old_kernel());
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}
#else
static void what_the_kernel_lacks_is_said(void **state)
{
	skip();
}
#endif

/* Else these tests would prove nothing: a few fail for another reason, such as of no /dev/net/tun. */
static void process_that_is_not_confined_can(void **state)
{
	assert_in_range(attempt(confine_nothing, (void *)(uintptr_t)&quiet, INT_MAX),
			escape_count / 2, escape_count);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(broker_serves),
		cmocka_unit_test(confined_broker_serves),
		cmocka_unit_test(broker_makes_no_call_that_is_not_in_the_list),
		cmocka_unit_test(every_rule_is_needed),
		cmocka_unit_test(list_lets_nothing_else_be_done),
		cmocka_unit_test(landlock_lets_no_file_be_opened),
		cmocka_unit_test(confined_process_can_do_nothing_else),
		cmocka_unit_test(what_the_kernel_lacks_is_said),
		cmocka_unit_test(process_that_is_not_confined_can),
	};

	return cmocka_run_group_tests(tests, escape_begin, escape_end);
}
