/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * worker - each pair's worker thread is found, or not and it is said why.
 */
#include <sched.h>

#include "rig.h"

static const uint64_t one = 2;

/* A thread of this process or a kernel thread, as the kernel chooses or as requested. */
static void get_worker_finds_each_kind(void **state)
{
	static const struct {
		const char *kernel;
		uint32_t flags;
		bool is_kernel;
	} cases[] = {
		{ "6.1", 0, true },
		{ "6.12", 0, false },
		{ "6.12", VHC_DEV_TASK, false },
		{ "6.12", VHC_DEV_KTHREAD, true },
		{ "7.2", VHC_DEV_OWN, false },
		{ "7.2", VHC_DEV_KTHREAD | VHC_DEV_OWN, true },
		{ "6.1", VHC_DEV_OWN, true },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rig rig;

		rig_new_workers(&rig, cases[i].kernel, 4, cases[i].flags);
		rig_up(&rig);
		for (uint32_t pair = 0; pair < 4; pair++) {
			assert_int_equal(rig_tid(&rig, pair), rig_worker(&rig, pair)->tid);
			assert_int_equal(rig_worker(&rig, pair)->kernel, cases[i].is_kernel);
		}
		assert_int_equal(fake_count(rig.fake, "VHOST_SET_FORK_FROM_OWNER"),
				 cases[i].flags & (VHC_DEV_TASK | VHC_DEV_KTHREAD) ? 4 : 0);
		/* a stop keeps them */
		fake_forget_calls(rig.fake);
		assert_ok(&rig, vhc_dev_stop(rig.dev));
		assert_ok(&rig, rig_start(&rig));
		assert_int_equal(rig_tid(&rig, 3), rig_worker(&rig, 3)->tid);
		assert_int_equal(fake_count(rig.fake, "tasks"), 0);
		rig_free(&rig);
	}
}

/* A look through all of /proc costs: not where it is known that the workers are not there. */
static void start_lists_kernel_threads_only_where_workers_may_be(void **state)
{
	struct rig rig;

	rig_new_workers(&rig, "6.12", 1, 0);
	fake_profile(rig.fake)->fork_from_owner =
		false; /* as Linux 6.6: threads, and it does not say */
	rig_up(&rig);
	assert_int_equal(rig_tid(&rig, 0), rig_worker(&rig, 0)->tid);
	assert_int_equal(fake_count(rig.fake, "VHOST_GET_FORK_FROM_OWNER"), 1);
	/* it was seen once, so it is not asked again */
	vhc_dev_close(rig.dev);
	rig.dev = NULL;
	fake_forget_calls(rig.fake);
	fake_add_stranger(rig.fake, true, "vhost-100");
	rig_up(&rig);
	assert_int_equal(fake_count(rig.fake, "VHOST_GET_FORK_FROM_OWNER"), 0);
	assert_int_equal(rig_tid(&rig, 0), rig_worker(&rig, 0)->tid);
	rig_free(&rig);
}

static void get_worker_among_many_threads_finds_it(void **state)
{
	struct rig rig;

	rig_new_workers(&rig, "6.1", 40, 0);
	rig_up(&rig);
	for (uint32_t pair = 0; pair < 40; pair++)
		assert_int_equal(rig_tid(&rig, pair), rig_worker(&rig, pair)->tid);
	rig_free(&rig);
}

static void get_worker_without_flag_is_enodata(void **state)
{
	struct rig *rig = *state;

	assert_int_equal(fake_count(rig->fake, "tasks"), 0);
	assert_int_equal(fake_count(rig->fake, "VHOST_GET_FORK_FROM_OWNER"), 0);
	assert_int_equal(rig_tid(rig, 1), -ENODATA);
	assert_says(rig, "net0", "pair 1", "VHC_DEV_WORKERS");
	assert_int_equal(vhc_dev_set_worker_cpus(rig->dev, 1, &one, 1), -EINVAL);
	assert_says(rig, "VHC_DEV_WORKERS");
	assert_int_equal(vhc_dev_set_worker_sched(rig->dev, 1, SCHED_FIFO, 1), -EINVAL);
	assert_says(rig, "VHC_DEV_WORKERS");
	assert_int_equal(rig_tid(rig, 2), -EINVAL);
	assert_says(rig, "pair 2", "it has 2");
}

static void get_worker_before_owner_is_eagain(void **state)
{
	struct rig rig;

	rig_new_workers(&rig, "6.12", 1, 0);
	rig_prepare(&rig);
	assert_int_equal(rig_tid(&rig, 0), -EAGAIN);
	assert_says(&rig, "pair 0", "owned", "VHC_DEV_OWN");
	rig_free(&rig);
}

/* A worker that cannot be found is not guessed, and does not fail the start. */
static void get_worker_that_cannot_be_found_is_enodata(void **state)
{
	static const struct {
		const char *kernel, *stranger, *says;
		uint32_t flags;
		bool stranger_in_kernel;
		enum fake_proc proc;
	} cases[] = {
		{ "6.12", NULL, "no /proc", 0, false, FAKE_PROC_NONE },
		{ "6.1", NULL, "hides kernel threads", 0, false, FAKE_PROC_NAMESPACE },
		{ "6.12", NULL, "hides kernel threads", VHC_DEV_KTHREAD, false,
		  FAKE_PROC_NAMESPACE },
		/* another thread of this process took ownership of a device of its own */
		{ "6.12", "vhost-102", "several threads", 0, false, FAKE_PROC_NAMESPACE },
		{ "6.12", "vhost-100", "several threads", 0, false, FAKE_PROC_ALL },
		{ "6.1", "vhost-100", "several threads", 0, true, FAKE_PROC_ALL },
		/* a kernel thread is hidden, and what can be seen is another's */
		{ "6.12", "vhost-102", "no new thread", VHC_DEV_KTHREAD, false,
		  FAKE_PROC_NAMESPACE },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rig rig;

		rig_new_workers(&rig, cases[i].kernel, 1, cases[i].flags);
		fake_set_proc(rig.fake, cases[i].proc);
		if (cases[i].stranger)
			fake_add_stranger(rig.fake, cases[i].stranger_in_kernel, cases[i].stranger);
		rig_up(&rig);
		assert_int_equal(rig_tid(&rig, 0), -ENODATA);
		assert_says(&rig, "net0", "pair 0", cases[i].says);
		/* so it cannot be tuned */
		fake_forget_calls(rig.fake);
		assert_int_equal(vhc_dev_set_worker_cpus(rig.dev, 0, &one, 1), -ENODATA);
		assert_says(&rig, "sched_setaffinity", cases[i].says);
		assert_int_equal(vhc_dev_set_worker_sched(rig.dev, 0, SCHED_BATCH, 0), -ENODATA);
		assert_says(&rig, "sched_setscheduler", cases[i].says);
		assert_int_equal(fake_count(rig.fake, "sched_"), 0);
		rig_free(&rig);
	}
}

static void start_with_unreadable_proc_is_eperm(void **state)
{
	struct rig rig;

	rig_new_workers(&rig, "6.12", 2, 0);
	rig_prepare(&rig);
	for (uint32_t n = 1; n <= 4; n++) { /* before and after each of two */
		fake_fail(rig.fake, "tasks", n, EPERM);
		assert_int_equal(rig_start(&rig), -EPERM);
		assert_says(&rig, n > 2 ? "vhost fd 1" : "vhost fd 0", "/proc cannot be read");
		assert_false(fake_vhost(rig.fake, 0)->owned);
	}
	assert_ok(&rig, rig_start(&rig));
	rig_free(&rig);
}

/* Others that begin at the same moment, and are not it. */
static void get_worker_beside_other_threads_finds_it(void **state)
{
	static const struct {
		const char *name;
		bool is_kernel;
		enum fake_proc proc;
	} cases[] = {
		{ "vhost-101", false, FAKE_PROC_ALL },	    /* by another thread of ours */
		{ "vhost-101", true, FAKE_PROC_ALL },	    /* another process's */
		{ "vhost-0x", false, FAKE_PROC_NAMESPACE }, /* has nothing to do with it */
		{ "vhost-", false, FAKE_PROC_NAMESPACE },
		{ "vhost-user", false, FAKE_PROC_NAMESPACE },
		{ "worker", false, FAKE_PROC_NAMESPACE },
		{ "vhost-5100", true, FAKE_PROC_NAMESPACE }, /* not to be seen */
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		for (uint32_t flags = 0; flags <= VHC_DEV_TASK; flags += VHC_DEV_TASK) {
			struct rig rig;

			rig_new_workers(&rig, "7.2", 2, flags);
			fake_set_proc(rig.fake, cases[i].proc);
			fake_add_stranger(rig.fake, cases[i].is_kernel, cases[i].name);
			rig_up(&rig);
			for (uint32_t pair = 0; pair < 2; pair++)
				assert_int_equal(rig_tid(&rig, pair), rig_worker(&rig, pair)->tid);
			rig_free(&rig);
		}
}

/* Seen from within another PID namespace the number in its name is not ours. */
static void get_worker_in_pid_namespace_finds_it(void **state)
{
	struct rig rig;

	rig_new_workers(&rig, "6.12", 4, 0);
	fake_set_proc(rig.fake, FAKE_PROC_NAMESPACE);
	rig_up(&rig);
	assert_string_equal(rig_worker(&rig, 0)->name, "vhost-5100");
	for (uint32_t pair = 0; pair < 4; pair++)
		assert_int_equal(rig_tid(&rig, pair), rig_worker(&rig, pair)->tid);
	rig_free(&rig);
}

/* Ownership may be taken by a thread that is not the process's first. */
static void get_worker_of_owner_thread_finds_it(void **state)
{
	struct rig rig;

	rig_new_workers(&rig, "6.1", 1, 0);
	rig_prepare(&rig);
	fake_set_process(rig.fake, 100, 123);
	assert_ok(&rig, rig_start(&rig));
	assert_string_equal(rig_worker(&rig, 0)->name, "vhost-123");
	assert_int_equal(rig_tid(&rig, 0), rig_worker(&rig, 0)->tid);
	rig_free(&rig);
}

/* The undo of a start gives ownership up, and with it the worker mode that was chosen. */
static void failed_start_keeps_worker_mode(void **state)
{
	for (uint32_t flags = VHC_DEV_TASK; flags <= VHC_DEV_KTHREAD; flags *= 2) {
		struct rig rig;

		rig_new_workers(&rig, "7.2", 2, flags);
		rig_prepare(&rig);
		fake_fail(rig.fake, "VHOST_NET_SET_BACKEND", 1, EFAULT);
		assert_int_equal(rig_start(&rig), -EFAULT);
		assert_false(fake_vhost(rig.fake, 1)->owned);
		assert_ok(&rig, rig_start(&rig));
		for (uint32_t pair = 0; pair < 2; pair++) {
			assert_int_equal(rig_worker(&rig, pair)->kernel, flags == VHC_DEV_KTHREAD);
			assert_int_equal(rig_tid(&rig, pair), rig_worker(&rig, pair)->tid);
		}
		rig_free(&rig);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(get_worker_finds_each_kind),
		cmocka_unit_test(start_lists_kernel_threads_only_where_workers_may_be),
		cmocka_unit_test(get_worker_among_many_threads_finds_it),
		RIG_TEST_UP(get_worker_without_flag_is_enodata, "6.12", 2),
		cmocka_unit_test(get_worker_before_owner_is_eagain),
		cmocka_unit_test(get_worker_that_cannot_be_found_is_enodata),
		cmocka_unit_test(start_with_unreadable_proc_is_eperm),
		cmocka_unit_test(get_worker_beside_other_threads_finds_it),
		cmocka_unit_test(get_worker_in_pid_namespace_finds_it),
		cmocka_unit_test(get_worker_of_owner_thread_finds_it),
		cmocka_unit_test(failed_start_keeps_worker_mode),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
