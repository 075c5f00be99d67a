/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fork - a forked child of the process that took ownership: nothing that would reach the kernel is
 * done, it says why, and the owner keeps its device.
 */
#include <sched.h>

#include "rig.h"

#define PARENT 100
#define CHILD  124

static void fork_now(struct rig *rig)
{
	fake_set_process(rig->fake, CHILD, CHILD);
	fake_forget_calls(rig->fake);
}

static void back(struct rig *rig)
{
	fake_set_process(rig->fake, PARENT, PARENT);
}

static int start(struct rig *rig)
{
	return vhc_dev_start(rig->dev);
}

static int stop(struct rig *rig)
{
	return vhc_dev_stop(rig->dev);
}

static int reset(struct rig *rig)
{
	return vhc_dev_reset(rig->dev);
}

static int new_kick(struct rig *rig)
{
	int fd = fake_eventfd(rig->fake), r = vhc_ring_set_kick(rig->dev, 0, fd);

	fake_close(rig->fake, fd);
	return r;
}

static int new_call(struct rig *rig)
{
	int fd = fake_eventfd(rig->fake), r = vhc_ring_set_call(rig->dev, 1, fd);

	fake_close(rig->fake, fd);
	return r;
}

static int no_call(struct rig *rig)
{
	return vhc_ring_set_call(rig->dev, 0, -1);
}

static int busyloop(struct rig *rig)
{
	return vhc_ring_set_busyloop(rig->dev, 1, 50);
}

static int get_busyloop(struct rig *rig)
{
	uint32_t us;

	return vhc_ring_get_busyloop(rig->dev, 1, &us);
}

static int cpus(struct rig *rig)
{
	return vhc_dev_set_worker_cpus(rig->dev, 1, &(uint64_t){ 1 }, 1);
}

static int sched(struct rig *rig)
{
	return vhc_dev_set_worker_sched(rig->dev, 0, SCHED_FIFO, 1);
}

static int offloads(struct rig *rig)
{
	struct vhc_features set = rig->acked;

	vhc_features_remove(&set, VHI_F_GUEST_TSO4);
	return vhc_tap_set_features(rig->tap, &set, 0);
}

static int active(struct rig *rig)
{
	return vhc_tap_set_active(rig->tap, 1);
}

static int start_ring(struct rig *rig)
{
	return vhc_ring_start(rig->dev, 1);
}

static int stop_ring(struct rig *rig)
{
	return vhc_ring_stop(rig->dev, 1);
}

static int reset_ring(struct rig *rig)
{
	return vhc_ring_reset(rig->dev, 2);
}

static int save(struct rig *rig)
{
	char *json = NULL;
	int r = vhc_dev_save(rig->dev, &json);

	free(json);
	return r;
}

static int log_on(struct rig *rig)
{
	return vhc_dirty_start(rig->mem);
}

static int log_off(struct rig *rig)
{
	return vhc_dirty_stop(rig->mem);
}

static int log_event(struct rig *rig)
{
	int fd = fake_eventfd(rig->fake), r = vhc_dirty_set_event(rig->mem, fd);

	fake_close(rig->fake, fd);
	return r;
}

static int sync_log(struct rig *rig)
{
	int r = vhc_dirty_set_mode(rig->mem, VHC_DIRTY_EXCHANGE);

	return r ? r : vhc_dirty_sync(rig->mem);
}

static int read_log(struct rig *rig)
{
	uint64_t bitmap[4] = { 0 };

	return vhc_dirty_read(rig->mem, RIG_GUEST, rig->ram_size, bitmap, 0, NULL);
}

enum phase { STOPPED, STOPPED_LOGS, RUNS, LOGS };

static const struct {
	const char *name;
	int (*call)(struct rig *rig);
	enum phase phase;
} calls[] = {
	{ "start", start, STOPPED },
	{ "start of a ring", start_ring, STOPPED },
	{ "reset when stopped", reset, STOPPED },
	{ "more memory when stopped", rig_more, STOPPED },
	{ "more memory when stopped, while it logs", rig_more, STOPPED_LOGS }, /* as with pages */
	{ "log off when stopped", log_off, STOPPED_LOGS },
	{ "stop", stop, RUNS },
	{ "stop of a ring", stop_ring, RUNS },
	{ "reset", reset, RUNS },
	{ "reset of a ring", reset_ring, RUNS },
	{ "new kick", new_kick, RUNS },
	{ "new call", new_call, RUNS },
	{ "no call", no_call, RUNS },
	{ "busyloop", busyloop, RUNS },
	{ "busyloop asked", get_busyloop, RUNS },
	{ "processors", cpus, RUNS },
	{ "scheduling", sched, RUNS },
	{ "offloads", offloads, RUNS },
	{ "active queues", active, RUNS },
	{ "snapshot", save, RUNS },
	{ "more memory", rig_more, RUNS },
	{ "log on", log_on, RUNS },
	{ "log off", log_off, LOGS },
	{ "log event", log_event, LOGS },
	{ "pass", sync_log, LOGS },
	{ "pages", read_log, LOGS }, /* the log is shared: they would be lost to the owner */
	{ "more memory while it logs", rig_more, LOGS },
};

/* Calls that change something, or ask something that only the owner may know. */
static uint32_t reached(struct rig *rig)
{
	return fake_count(rig->fake, "VHOST_") + fake_count(rig->fake, "TUN") +
	       fake_count(rig->fake, "sched_") + fake_count(rig->fake, "signal");
}

static void call_in_child_is_eperm_without_system_call(void **state)
{
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		struct fake_left before, after;
		struct rig rig;
		int r;

		rig_new(&rig, "6.12", 2);
		rig.dev_flags = VHC_DEV_WORKERS;
		rig_up(&rig);
		if (calls[i].phase == LOGS || calls[i].phase == STOPPED_LOGS)
			assert_ok(&rig, vhc_dirty_start(rig.mem));
		if (calls[i].phase == STOPPED || calls[i].phase == STOPPED_LOGS)
			assert_ok(&rig, vhc_dev_stop(rig.dev));
		fork_now(&rig);
		before = fake_left(rig.fake);
		r = calls[i].call(&rig);
		after = fake_left(rig.fake);
		if (r != -EPERM)
			fail_msg("%s: %d: %s", calls[i].name, r, rig_text(&rig));
		assert_says(&rig, "net0", "process 100 owns it", "forked child 124",
			    "memory of the process that took ownership", "call it in the owner");
		if (reached(&rig))
			fail_msg("%s: %u calls reached the kernel", calls[i].name, reached(&rig));
		assert_true(left_equal(&before, &after));
		/* the same call works in the owner */
		back(&rig);
		if (calls[i].call(&rig))
			fail_msg("%s, by the owner: %s", calls[i].name, rig_text(&rig));
		assert_ok(&rig, vhc_dev_stop(rig.dev));
		if (calls[i].call == reset)
			assert_ok(&rig, rig_features(&rig));
		if (calls[i].call == reset || calls[i].call == reset_ring)
			assert_ok(&rig, rig_rings(&rig));
		assert_ok(&rig, vhc_dev_start(rig.dev));
		assert_non_null(rig_kernel_ring(&rig, 0)->backend);
		rig_free(&rig);
	}
}

/* What is only recorded, or changes nothing, is no call. */
static void call_in_child_that_needs_no_kernel_works(void **state)
{
	struct rig *rig = *state;
	int32_t tid;

	rig->dev_flags = VHC_DEV_WORKERS | VHC_DEV_OWN;
	rig_prepare(rig);
	fork_now(rig);
	assert_ok(rig, vhc_dev_get_worker(rig->dev, 0, &tid));
	assert_ok(rig, vhc_ring_set_size(rig->dev, 0, 128));
	assert_ok(rig, vhc_dev_stop(rig->dev)); /* does not run */
	assert_ok(rig, vhc_tap_set_active(rig->tap, 2));
	assert_int_equal(reached(rig), 0);
	/* owned by VHC_DEV_OWN is owned, too */
	assert_int_equal(vhc_dev_start(rig->dev), -EPERM);
	assert_says(rig, "process 100", "124");
	assert_int_equal(reached(rig), 0);
}

/* The event fd is shared: the owner would not see any more that the link goes. */
static void set_tap_in_child_is_eperm(void **state)
{
	struct rig *rig = *state;

	rig_up(rig);
	assert_true(vhc_dev_get_event_fd(rig->dev) >= 0);
	assert_ok(rig, vhc_dev_stop(rig->dev));
	fork_now(rig);
	assert_int_equal(vhc_dev_set_tap(rig->dev, NULL), -EPERM);
	back(rig);
	assert_ok(rig, vhc_dev_set_tap(rig->dev, NULL));
}

/* Not owned yet, it is whoever's comes first. */
static void start_in_child_before_owner_takes_ownership(void **state)
{
	struct rig *rig = *state;

	rig_prepare(rig);
	fork_now(rig);
	assert_ok(rig, vhc_dev_start(rig->dev));
	assert_int_equal(fake_vhost(rig->fake, 0)->owner, CHILD);
	back(rig);
	assert_int_equal(vhc_dev_stop(rig->dev), -EPERM);
	assert_says(rig, "process 124 owns it", "100");
}

/* A start that was undone, or a reset of a stale device, leaves no owner behind. */
static void start_in_child_after_undone_start_takes_ownership(void **state)
{
	struct rig *rig = *state;

	rig_prepare(rig);
	fake_fail(rig->fake, "VHOST_NET_SET_BACKEND", 3, EFAULT);
	assert_int_equal(vhc_dev_start(rig->dev), -EFAULT);
	fork_now(rig);
	assert_ok(rig, vhc_dev_start(rig->dev));
	assert_int_equal(fake_vhost(rig->fake, 1)->owner, CHILD);
}

/* The child's fds close, and nothing else. */
static void close_in_child_closes_fds_only(void **state)
{
	for (int shared = 0; shared < 2; shared++) {
		struct fake_vhost *vhost;
		struct rig rig;
		int fd[2] = { -1, -1 };

		rig_new(&rig, "6.12", 2);
		for (int i = 0; i < 2 && shared; i++)
			fd[i] = fake_sys.open(rig.fake, "/dev/vhost-net", 0);
		if (shared)
			assert_ok(&rig, vhc_dev_open_fds(rig.ctx, "net0", fd, 2,
							 VHC_ARG(vhc_dev_args, .type = VHC_TYPE_NET,
								 .queue_pairs = 2),
							 &rig.dev));
		rig_up(&rig);
		vhost = fake_vhost(rig.fake, 1);
		fork_now(&rig);
		vhc_dev_close(rig.dev);
		rig.dev = NULL;
		assert_int_equal(reached(&rig), 0);
		assert_int_equal(fake_count(rig.fake, "close"), 2 + 3 * 4);
		assert_int_equal(vhc_ctx_get_error(rig.ctx)->code, 0); /* which is no failure */
		if (shared) {
			/* whose the fds are: they run on */
			assert_true(vhost->owned);
			assert_non_null(vhost->ring[1].backend);
			assert_non_null(vhost->ring[1].call);
		}
		for (int i = 0; i < 2 && shared; i++)
			fake_close(rig.fake, fd[i]);
		rig_free(&rig);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(call_in_child_is_eperm_without_system_call),
		RIG_TEST(call_in_child_that_needs_no_kernel_works, "6.12", 2),
		RIG_TEST(set_tap_in_child_is_eperm, "6.12", 2),
		RIG_TEST(start_in_child_before_owner_takes_ownership, "7.2", 1),
		RIG_TEST(start_in_child_after_undone_start_takes_ownership, "6.12", 2),
		cmocka_unit_test(close_in_child_closes_fds_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
