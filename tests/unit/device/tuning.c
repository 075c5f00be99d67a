/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tuning - workers are told on which processors and how to run: as soon as there is one, at once later,
 * and again when there is another.
 */
#include <sched.h>

#include "rig.h"

static const uint64_t one = 2, others = 12, offline = 1ull << 9;

/* A start fails that cannot find the worker for which tuning was requested. */
static void start_with_tuning_of_hidden_worker_is_enodata(void **state)
{
	struct rig rig;

	rig_new_workers(&rig, "6.1", 2, 0);
	fake_set_proc(rig.fake, FAKE_PROC_NAMESPACE);
	rig_prepare(&rig);
	assert_ok(&rig, vhc_dev_set_worker_cpus(rig.dev, 1, &one, 1));
	assert_int_equal(rig_start(&rig), -ENODATA);
	assert_says(&rig, "vhost fd 1", "sched_setaffinity", "hides kernel threads");
	assert_false(fake_vhost(rig.fake, 0)->owned);
	assert_false(fake_vhost(rig.fake, 1)->owned);
	fake_set_proc(rig.fake, FAKE_PROC_ALL);
	assert_ok(&rig, rig_start(&rig));
	assert_int_equal(rig_worker(&rig, 1)->cpus, one);
	rig_free(&rig);
}

/* Before the start it is recorded, and set as soon as there is a worker. */
static void tuning_before_start_is_set_by_start(void **state)
{
	struct rig rig;
	char *json;

	rig_new_workers(&rig, "6.12", 2, 0);
	rig_prepare(&rig);
	fake_forget_calls(rig.fake);
	assert_ok(&rig, vhc_dev_set_worker_cpus(rig.dev, 0, &one, 1));
	assert_ok(&rig, vhc_dev_set_worker_cpus(rig.dev, 0, &others, 1)); /* the last counts */
	assert_ok(&rig, vhc_dev_set_worker_sched(rig.dev, 1, SCHED_FIFO, 7));
	assert_int_equal(fake_count(rig.fake, "VHOST_"), 0);
	assert_int_equal(fake_count(rig.fake, "sched_"), 0);
	assert_ok(&rig, vhc_dev_plan(rig.dev, &json));
	assert_non_null(strstr(json, "\"sched_setaffinity\",\n      \"argument\":\"2-3\""));
	assert_non_null(strstr(json, "\"argument\":\"policy 1, priority 7\""));
	free(json);
	assert_ok(&rig, rig_start(&rig));
	assert_int_equal(rig_worker(&rig, 0)->cpus, others);
	assert_int_equal(rig_worker(&rig, 0)->policy, SCHED_OTHER);
	assert_int_equal(rig_worker(&rig, 1)->cpus, 0);
	assert_int_equal(rig_worker(&rig, 1)->policy, SCHED_FIFO);
	assert_int_equal(rig_worker(&rig, 1)->priority, 7);
	assert_int_equal(fake_count(rig.fake, "sched_"), 2);
	rig_free(&rig);
}

static void tuning_of_owned_device_is_set_at_once(void **state)
{
	uint64_t wide[3] = { one, 1ull << 40, 0 };
	struct rig rig;

	rig_new_workers(&rig, "7.2", 2, VHC_DEV_OWN);
	assert_ok(&rig, rig_dev(&rig));
	fake_forget_calls(rig.fake);
	assert_ok(&rig, vhc_dev_set_worker_cpus(rig.dev, 1, &one, 1));
	assert_int_equal(rig_worker(&rig, 1)->cpus, one);
	assert_ok(&rig, vhc_dev_set_worker_sched(rig.dev, 1, SCHED_RR, 99));
	assert_int_equal(rig_worker(&rig, 1)->policy, SCHED_RR);
	assert_int_equal(fake_count(rig.fake, "sched_"), 2);
	/* what is so already costs nothing, in how many words ever */
	wide[1] = 0;
	assert_ok(&rig, vhc_dev_set_worker_cpus(rig.dev, 1, wide, 3));
	assert_ok(&rig, vhc_dev_set_worker_sched(rig.dev, 1, SCHED_RR, 99));
	assert_int_equal(fake_count(rig.fake, "sched_"), 2);
	/* processors that are not there may be named beside one that is */
	wide[0] = others;
	wide[1] = 1ull << 40;
	assert_ok(&rig, vhc_dev_set_worker_cpus(rig.dev, 1, wide, 3));
	assert_int_equal(rig_worker(&rig, 1)->cpus, others);
	/* and the start has nothing to add */
	rig_up(&rig);
	assert_int_equal(fake_count(rig.fake, "sched_"), 3);
	assert_ok(&rig, vhc_dev_set_worker_sched(rig.dev, 1, SCHED_IDLE, 0));
	assert_int_equal(rig_worker(&rig, 1)->policy, SCHED_IDLE);
	rig_free(&rig);
}

/* A device reset is the guest's: what the host wants stays. */
static void tuning_outlives_reset(void **state)
{
	struct rig rig;
	int tid;

	rig_new_workers(&rig, "6.12", 1, VHC_DEV_KTHREAD);
	rig_prepare(&rig);
	assert_ok(&rig, vhc_dev_set_worker_cpus(rig.dev, 0, &one, 1));
	assert_ok(&rig, vhc_dev_set_worker_sched(rig.dev, 0, SCHED_BATCH, 0));
	assert_ok(&rig, rig_start(&rig));
	tid = rig_tid(&rig, 0);
	assert_ok(&rig, vhc_dev_reset(rig.dev));
	assert_int_equal(rig_tid(&rig, 0), tid); /* the worker is still there */
	assert_ok(&rig, rig_features(&rig));
	assert_ok(&rig, rig_rings(&rig));
	assert_ok(&rig, rig_start(&rig));
	assert_int_equal(rig_tid(&rig, 0), tid);
	assert_int_equal(rig_worker(&rig, 0)->cpus, one);
	/* one that lost the ownership has another worker, of the same kind, and finds it */
	assert_ok(&rig, vhc_dev_stop(rig.dev));
	fake_fail(rig.fake, "VHOST_NET_SET_BACKEND", 2, EIO);
	fake_fail(rig.fake, "VHOST_GET_VRING_BASE", 1, EIO);
	assert_int_equal(rig_start(&rig), -ESTALE);
	assert_ok(&rig, vhc_dev_reset(rig.dev));
	assert_false(fake_vhost(rig.fake, 0)->owned);
	assert_int_equal(rig_tid(&rig, 0), -EAGAIN);
	assert_ok(&rig, rig_features(&rig));
	assert_ok(&rig, rig_rings(&rig));
	assert_ok(&rig, rig_start(&rig));
	assert_int_not_equal(rig_tid(&rig, 0), tid);
	assert_int_equal(rig_tid(&rig, 0), rig_worker(&rig, 0)->tid);
	assert_true(rig_worker(&rig, 0)->kernel);
	assert_int_equal(rig_worker(&rig, 0)->cpus, one);
	assert_int_equal(rig_worker(&rig, 0)->policy, SCHED_BATCH);
	rig_free(&rig);
}

static void tuning_with_bad_arguments_is_einval(void **state)
{
	static const struct {
		int policy, priority;
		const char *says;
	} wrong[] = {
		{ 4, 0, "policy 4" },
		{ 6, 0, "policy 6" },
		{ -1, 0, "policy -1" },
		{ SCHED_OTHER, 1, "priority 1" },
		{ SCHED_BATCH, -1, "priority -1" },
		{ SCHED_IDLE, 99, "priority 99" },
		{ SCHED_FIFO, 0, "priority 0" },
		{ SCHED_RR, 100, "1 to 99" },
		{ SCHED_FIFO, -1, "priority -1" },
	};
	static const uint64_t none[2], many[1025] = { 1 };
	struct rig rig;

	rig_new_workers(&rig, "6.12", 1, 0);
	for (int owned = 0; owned < 2; owned++) {
		if (owned)
			rig_up(&rig);
		else
			rig_prepare(&rig);
		fake_forget_calls(rig.fake);
		for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
			assert_int_equal(vhc_dev_set_worker_sched(rig.dev, 0, wrong[i].policy,
								  wrong[i].priority),
					 -EINVAL);
			assert_says(&rig, "net0", wrong[i].says);
		}
		assert_int_equal(vhc_dev_set_worker_cpus(rig.dev, 0, none, 2), -EINVAL);
		assert_says(&rig, "no CPU");
		assert_int_equal(vhc_dev_set_worker_cpus(rig.dev, 0, NULL, 0), -EINVAL);
		assert_int_equal(vhc_dev_set_worker_cpus(rig.dev, 0, &offline, 1), -EINVAL);
		assert_says(&rig, "CPUs 9", "online", "0-3");
		assert_int_equal(vhc_dev_set_worker_cpus(rig.dev, 0, many, 1025), -E2BIG);
		assert_says(&rig, "1025", "1024");
		assert_int_equal(vhc_dev_set_worker_cpus(rig.dev, 1, &one, 1), -EINVAL);
		assert_int_equal(vhc_dev_set_worker_sched(rig.dev, 1, SCHED_FIFO, 1), -EINVAL);
		assert_int_equal(fake_count(rig.fake, "sched_"), 0);
	}
	rig_free(&rig);
}

/* A host that does not show its processors lets the kernel say it. */
static void set_cpus_without_online_list_asks_kernel(void **state)
{
	struct rig rig;

	rig_new_workers(&rig, "6.12", 1, 0);
	rig_up(&rig);
	fake_fail(rig.fake, "read", 1, ENOENT);
	assert_int_equal(vhc_dev_set_worker_cpus(rig.dev, 0, &offline, 1), -EINVAL);
	assert_says(&rig, "sched_setaffinity", "cpuset");
	assert_int_equal(fake_count(rig.fake, "sched_"), 1);
	fake_fail(rig.fake, "read", 1, EMFILE);
	assert_int_equal(vhc_dev_set_worker_cpus(rig.dev, 0, &one, 1), -EMFILE);
	rig_free(&rig);
}

/* Without privileges one's own threads may be moved, the kernel's not. */
static void tuning_without_privileges_of_kthread_is_eperm(void **state)
{
	for (int kthread = 0; kthread < 2; kthread++) {
		struct rig rig;
		int r;

		rig_new_workers(&rig, kthread ? "6.1" : "6.12", 1, 0);
		rig_prepare(&rig);
		fake_set_user(rig.fake, 1000, 1000);
		assert_ok(&rig, rig_start(&rig));
		r = vhc_dev_set_worker_cpus(rig.dev, 0, &one, 1);
		assert_int_equal(r, kthread ? -EPERM : 0);
		if (kthread)
			assert_says(&rig, "sched_setaffinity", "kernel thread", "CAP_SYS_NICE",
				    "VHC_DEV_TASK");
		r = vhc_dev_set_worker_sched(rig.dev, 0, SCHED_BATCH, 0);
		assert_int_equal(r, kthread ? -EPERM : 0);
		assert_int_equal(vhc_dev_set_worker_sched(rig.dev, 0, SCHED_FIFO, 1), -EPERM);
		assert_says(&rig, "sched_setscheduler", "CAP_SYS_NICE", "RLIMIT_RTPRIO");
		/* what failed is not what is wanted: it may be asked for again, and nothing stays */
		assert_int_equal(vhc_dev_set_worker_sched(rig.dev, 0, SCHED_FIFO, 1), -EPERM);
		assert_ok(&rig, vhc_dev_stop(rig.dev));
		assert_ok(&rig, rig_start(&rig));
		fake_set_user(rig.fake, 0, 0);
		assert_ok(&rig, vhc_dev_set_worker_sched(rig.dev, 0, SCHED_FIFO, 1));
		assert_int_equal(rig_worker(&rig, 0)->policy, SCHED_FIFO);
		rig_free(&rig);
	}
}

/* A start that may not do what is wanted of the worker fails, whole. */
static void start_with_tuning_without_privileges_is_eperm(void **state)
{
	struct rig rig;

	rig_new_workers(&rig, "6.12", 2, 0);
	rig_prepare(&rig);
	assert_ok(&rig, vhc_dev_set_worker_sched(rig.dev, 1, SCHED_FIFO, 1));
	fake_set_user(rig.fake, 1000, 1000);
	assert_int_equal(rig_start(&rig), -EPERM);
	assert_says(&rig, "vhost fd 1", "sched_setscheduler", "CAP_SYS_NICE");
	assert_false(fake_vhost(rig.fake, 0)->owned);
	fake_set_user(rig.fake, 0, 0);
	assert_ok(&rig, rig_start(&rig));
	rig_free(&rig);
}

static void tuning_of_caps_device_is_planned(void **state)
{
	struct rig rig;
	char *caps, *plan;

	rig_new_workers(&rig, "7.2", 1, 0);
	assert_ok(&rig, rig_mem(&rig));
	assert_ok(&rig, vhc_caps_probe(rig.ctx, &caps));
	assert_ok(&rig, vhc_dev_open_caps(rig.ctx, "there", caps,
					  VHC_ARG(vhc_dev_args, .type = VHC_TYPE_NET,
						  .flags = VHC_DEV_WORKERS),
					  &rig.dev));
	free(caps);
	fake_forget_calls(rig.fake);
	assert_int_equal(rig_tid(&rig, 0), -EAGAIN);
	assert_ok(&rig, vhc_dev_set_mem(rig.dev, rig.mem));
	assert_ok(&rig, rig_features(&rig));
	assert_ok(&rig, rig_rings(&rig));
	assert_ok(&rig, vhc_dev_set_worker_cpus(rig.dev, 0, &one, 1));
	assert_ok(&rig, vhc_dev_plan(rig.dev, &plan));
	assert_non_null(strstr(plan, "sched_setaffinity"));
	free(plan);
	assert_int_equal(fake_count(rig.fake, "tasks"), 0);
	rig_free(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(start_with_tuning_of_hidden_worker_is_enodata),
		cmocka_unit_test(tuning_before_start_is_set_by_start),
		cmocka_unit_test(tuning_of_owned_device_is_set_at_once),
		cmocka_unit_test(tuning_outlives_reset),
		cmocka_unit_test(tuning_with_bad_arguments_is_einval),
		cmocka_unit_test(set_cpus_without_online_list_asks_kernel),
		cmocka_unit_test(tuning_without_privileges_of_kthread_is_eperm),
		cmocka_unit_test(start_with_tuning_without_privileges_is_eperm),
		cmocka_unit_test(tuning_of_caps_device_is_planned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
