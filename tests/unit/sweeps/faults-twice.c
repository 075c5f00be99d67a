/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * faults-twice - in an act of a device's life each pair of its system calls fails: the undo of the
 * first failure fails too, or the act made again after it.  The device says so (-ESTALE), its rings are
 * stopped, and it can be reset; or the act was undone and works when it is made again.
 *
 * faults-twice [iommu]
 */
#include "text.h"
#include "faults.h"
#include "sound.h"

/* A device in an unknown state can be reset or closed.  Reset it, and continue the life. */
static void leave_stale(const struct life *life, struct rig *rig, const struct act *act)
{
	struct vhc_features features = rig->acked;
	uint32_t i = life_find(life, "features again");
	char *json = NULL;

	vhc_features_remove(&features, VHI_F_STATUS);
	assert_int_equal(vhc_dev_start(rig->dev), -ESTALE);
	assert_says(rig, "vhc_dev_reset", "vhc_dev_close");
	assert_int_equal(vhc_dev_plan(rig->dev, &json), -ESTALE);
	assert_int_equal(vhc_dev_stop(rig->dev), -ESTALE);
	if (vhc_dev_reset(rig->dev))
		fail_msg("%s: stale, and the reset: %s", act->name, rig_text(rig));
	for (; i < life->count; i++)
		if (life->acts[i].run(rig))
			fail_msg("%s after a stale %s: %s", life->acts[i].name, act->name,
				 rig_text(rig));
	assert_true(rig_kernel_ring(rig, 0)->backend != NULL);
}

static bool is_safe(struct rig *rig, bool stale)
{
	const struct fake_vhost *vhost;
	bool right = sound_check(rig->fake);

	for (uint32_t i = 0; stale && (vhost = fake_vhost(rig->fake, i)) != NULL; i++)
		right &= sound_stopped(vhost);
	return right;
}

/*
 * The act @at with failures of its calls @first and @first + @second.  Returns how many came; *stale
 * when both did and the device said so.
 */
static uint32_t fail_twice(const struct life *life, uint32_t at, uint32_t first, uint32_t second,
			   bool *stale)
{
	uint32_t came;
	const char *one, *other;
	struct rig rig;
	int r;

	rig_new(&rig, "6.12", 2);
	rig.dev_flags = VHC_DEV_WORKERS;
	for (uint32_t i = 0; i < at; i++)
		assert_ok(&rig, life->acts[i].run(&rig));
	fake_fail(rig.fake, "", first, EIO);
	fake_fail(rig.fake, "", first + second, EPERM);
	r = life->acts[at].run(&rig);
	came = fake_failed(rig.fake);
	one = fake_failed_name(rig.fake, 0);
	other = fake_failed_name(rig.fake, 1);
	fake_forget_failures(rig.fake);
	*stale = r == -ESTALE;
	if (r && r != vhc_ctx_get_error(rig.ctx)->code)
		fail_msg("%s: after %s, %s: %d, and the text is of %d: %s", life->acts[at].name,
			 one, other, r, (int)vhc_ctx_get_error(rig.ctx)->code, rig_text(&rig));
	if (!is_safe(&rig, *stale))
		fail_msg("%s: after failures of %s and %s: %s", life->acts[at].name, one, other,
			 rig_text(&rig));
	if (*stale) {
		assert_int_equal(came, 2);
		assert_says(&rig, "EIO", "EPERM", faults_words(one), faults_words(other));
		if (rig.dev && first % 2)
			leave_stale(life, &rig, &life->acts[at]);
	} else if (came == 2 && r == 0 && !faults_may_pass(&life->acts[at], one, EIO)) {
		fail_msg("%s: two calls failed, and no error was reported", life->acts[at].name);
	} else {
		/* both failed in an act that has no undo, or the second in one that may */
		for (uint32_t i = at + !r; i < life->count; i++)
			if (life->acts[i].run(&rig))
				fail_msg("%s: after two failures in %s: %s", life->acts[i].name,
					 life->acts[at].name, rig_text(&rig));
	}
	rig_free(&rig);
	return came;
}

static void every_pair(const struct life *life, const char *name, uint32_t at_least)
{
	uint32_t at = life_find(life, name), stale_count = 0, runs = 0;
	bool stale;

	for (uint32_t first = 1;; first++) {
		uint32_t came = 2;

		for (uint32_t second = 1; came == 2; second++, runs++) {
			came = fail_twice(life, at, first, second, &stale);
			stale_count += stale;
		}
		if (!came)
			break;
	}
	print_message("%s: %u pairs of failures, %u left the device stale\n", name, runs,
		      stale_count);
	assert_true(stale_count >= at_least);
}

static void start_failing_twice_is_stale_or_undone(void **state)
{
	every_pair(&device_life, "start", 100);
}

static void later_start_failing_twice_is_stale_or_undone(void **state)
{
	every_pair(&device_life, "start again", 1);
}

static void iommu_act_failing_twice_is_stale_or_undone(void **state)
{
	every_pair(&iommu_life, "start", 100);
	every_pair(&iommu_life, "start again", 10);
	every_pair(&iommu_life, "start without", 10);
	every_pair(&iommu_life, "map over", 1);
	every_pair(&iommu_life, "unmap", 1);
	every_pair(&iommu_life, "miss again", 0);
}

/* Changes of a running device, each with undos of its own. */
static void dirty_log_act_failing_twice_is_stale_or_undone(void **state)
{
	every_pair(&device_life, "log on", 20);
	every_pair(&device_life, "more memory", 5);
	every_pair(&device_life, "swap logs", 3);
	every_pair(&device_life, "swap again", 3);
	every_pair(&device_life, "less memory", 5);
	every_pair(&device_life, "log off", 20);
}

static void ring_start_failing_twice_is_stale_or_undone(void **state)
{
	every_pair(&device_life, "start a ring", 0);
	every_pair(&device_life, "start it again", 5);
}

static void other_act_failing_twice_is_stale_or_undone(void **state)
{
	static const char *const names[] = { "tap",	     "device",
					     "new call",     "new kick",
					     "stop",	     "fewer offloads",
					     "reset",	     "start again",
					     "tuned again",  "doorbell",
					     "interrupt",    "mask",
					     "unmask",	     "no second doorbell",
					     "log event",    "exchange words",
					     "stop a ring",  "reset a ring",
					     "a ring again", "recover" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		every_pair(&device_life, names[i], 0);
}

/* The VM has the new eventfd already, vhost does not take it, and the undo fails. */
static void bound_eventfd_move_failing_twice_is_stale_or_undone(void **state)
{
	every_pair(&device_life, "level interrupt", 1);
	every_pair(&device_life, "bound to a new kick", 1);
	every_pair(&device_life, "bound to a new call", 1);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(start_failing_twice_is_stale_or_undone),
		cmocka_unit_test(later_start_failing_twice_is_stale_or_undone),
		cmocka_unit_test(dirty_log_act_failing_twice_is_stale_or_undone),
		cmocka_unit_test(ring_start_failing_twice_is_stale_or_undone),
		cmocka_unit_test(other_act_failing_twice_is_stale_or_undone),
		cmocka_unit_test(bound_eventfd_move_failing_twice_is_stale_or_undone),
	};
	const struct CMUnitTest iommu_tests[] = {
		cmocka_unit_test(iommu_act_failing_twice_is_stale_or_undone),
	};

	if (argc > 1 && !strcmp(argv[1], "iommu"))
		return cmocka_run_group_tests(iommu_tests, NULL, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
