/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tasks - threads as this machine's own /proc shows them, through struct vhi_sys_ops: those of this
 * process by their names; set where and how to run.  Kernel threads are tried in the VM.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "syscall/sys.h"

#define THREADS 5

static pthread_barrier_t barrier;
static int32_t tids[THREADS];

/* Names that could be mistaken when a line of /proc is taken apart. */
static const char *const names[THREADS] = { "vhct-1", "vhct-2 (x) S 9", "vhct-))))", "vhct-",
					    "Vhct-1" };

static void *live(void *arg)
{
	size_t i = (size_t)(const char *const *)arg - (size_t)names;

	i /= sizeof(names[0]);
	tids[i] = vhi_sys_linux.tid(NULL);
	pthread_setname_np(pthread_self(), names[i]);
	pthread_barrier_wait(&barrier); /* named */
	pthread_barrier_wait(&barrier); /* may end */
	return NULL;
}

static int start(pthread_t threads[THREADS])
{
	pthread_barrier_init(&barrier, NULL, THREADS + 1);
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(
			pthread_create(&threads[i], NULL, live, (void *)(uintptr_t)&names[i]), 0);
	pthread_barrier_wait(&barrier);
	return 0;
}

static void end(pthread_t threads[THREADS])
{
	pthread_barrier_wait(&barrier);
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	pthread_barrier_destroy(&barrier);
}

static void tasks_lists_threads_of_this_process(void **state)
{
	struct vhi_task tasks[THREADS + 1] = { 0 };
	pthread_t threads[THREADS];

	start(threads);
	for (int kernel = 0; kernel < 2; kernel++) {
		assert_int_equal(vhi_sys_linux.tasks(NULL, "vhct-", kernel, tasks, THREADS + 1), 4);
		for (int i = 0; i < 4; i++) {
			size_t which = 0;

			while (which < THREADS && tids[which] != tasks[i].tid)
				which++;
			assert_true(which < THREADS);
			assert_string_equal(tasks[i].name, names[which]);
			assert_false(tasks[i].kernel);
			for (int j = 0; j < i; j++)
				assert_int_not_equal(tasks[i].tid, tasks[j].tid);
		}
	}
	/* with less room it says how many there are, and writes no more than there is room for */
	memset(tasks, 0x55, sizeof(tasks));
	assert_int_equal(vhi_sys_linux.tasks(NULL, "vhct-", false, tasks, 2), 4);
	assert_int_equal(tasks[2].tid, 0x55555555);
	assert_int_equal(vhi_sys_linux.tasks(NULL, "vhct-1", false, tasks, 2), 1);
	assert_int_equal(tasks[0].tid, tids[0]);
	assert_int_equal(vhi_sys_linux.tasks(NULL, "nobody", true, tasks, 2), 0);
	end(threads);
}

/* Whatever its name looks like, a process is no kernel thread. */
static void tasks_lists_no_process_as_kernel_thread(void **state)
{
	struct vhi_task tasks[2] = { 0 };
	char before[16];

	prctl(PR_GET_NAME, before);
	prctl(PR_SET_NAME, "vhct)       -1"); /* with a wrong end of the name flags of all ones */
	assert_int_equal(vhi_sys_linux.tasks(NULL, "vhct)", true, tasks, 2), 1);
	assert_int_equal(tasks[0].tid, getpid());
	assert_false(tasks[0].kernel);
	prctl(PR_SET_NAME, before);
}

/* musl's functions of these names always fail with ENOSYS. */
static int policy_of(int32_t tid)
{
	return (int)syscall(SYS_sched_getscheduler, tid);
}

static int priority_of(int32_t tid)
{
	struct sched_param param = { -1 };

	return syscall(SYS_sched_getparam, tid, &param) ? -errno : param.sched_priority;
}

static void set_cpus_and_sched_reach_thread(void **state)
{
	pthread_t threads[THREADS];
	uint64_t one[3] = { 0 }, high[3] = { 0, 0, 1 };
	cpu_set_t now, before;
	size_t cpu = 0;

	assert_int_equal(sched_getaffinity(0, sizeof(before), &before), 0);
	while (!CPU_ISSET(cpu, &before))
		cpu++;
	one[cpu / 64 % 3] = 1ull << (cpu % 64);
	start(threads);
	assert_int_equal(vhi_sys_linux.set_cpus(NULL, tids[1], one, 3), 0);
	sched_getaffinity(tids[1], sizeof(now), &now);
	assert_int_equal(CPU_COUNT(&now), 1);
	assert_true(CPU_ISSET(cpu, &now));
	sched_getaffinity(tids[2], sizeof(now), &now);
	assert_true(CPU_EQUAL(&now, &before)); /* of no other thread */
	assert_int_equal(vhi_sys_linux.set_sched(NULL, tids[1], SCHED_BATCH, 0), 0);
	assert_int_equal(policy_of(tids[1]), SCHED_BATCH);
	assert_int_equal(priority_of(tids[1]), 0);
	assert_int_equal(policy_of(tids[2]), SCHED_OTHER);
	assert_int_equal(vhi_sys_linux.set_sched(NULL, tids[1], SCHED_BATCH, 1), -EINVAL);
	if (!CPU_ISSET(128, &before))
		assert_int_equal(vhi_sys_linux.set_cpus(NULL, tids[1], high, 3), -EINVAL);
	end(threads);
	assert_int_equal(vhi_sys_linux.set_cpus(NULL, INT32_MAX, one, 3), -ESRCH);
	assert_int_equal(vhi_sys_linux.set_sched(NULL, INT32_MAX, SCHED_BATCH, 0), -ESRCH);
}

static void pid_in_child_is_its_own(void **state)
{
	int status = -1;
	pid_t child;

	assert_int_equal(vhi_sys_linux.pid(NULL), getpid());
	assert_int_equal(vhi_sys_linux.tid(NULL), getpid());
	child = fork();
	if (!child)
		_exit(vhi_sys_linux.pid(NULL) == getpid() && getpid() != getppid() ? 0 : 1);
	waitpid(child, &status, 0);
	assert_int_equal(status, 0);
}

/* The numbers in the /proc of an outer PID namespace are not ours. */
static void tasks_with_proc_of_other_namespace_is_refused(void **state)
{
	struct vhi_task tasks[2];
	int status = -1;
	pid_t child;

	child = fork();
	if (!child) {
		if (unshare(CLONE_NEWUSER | CLONE_NEWPID))
			_exit(77);
		child = fork();
		if (!child)
			_exit(vhi_sys_linux.tasks(NULL, "", false, tasks, 2) == -ENOENT ? 0 : 1);
		waitpid(child, &status, 0);
		_exit(WEXITSTATUS(status));
	}
	waitpid(child, &status, 0);
	if (WEXITSTATUS(status) == 77)
		skip();
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tasks_lists_threads_of_this_process),
		cmocka_unit_test(tasks_lists_no_process_as_kernel_thread),
		cmocka_unit_test(set_cpus_and_sched_reach_thread),
		cmocka_unit_test(pid_in_child_is_its_own),
		cmocka_unit_test(tasks_with_proc_of_other_namespace_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
