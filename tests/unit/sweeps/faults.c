/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * faults - every system call of a device's life fails once, with every plausible errno: nothing is
 * left behind, the text says what and why, and the same call works when it is made again.  And then
 * two at a time.
 */
#include "text.h"
#include "life.h"

static const struct {
	const char *prefix; /* of the calls that may fail so */
	int error;
} failures[] = {
	{ "", EPERM },	      { "", EBUSY },	 { "", EINVAL },     { "", EFAULT },
	{ "", ENOMEM },	      { "", EMFILE },	 { "", EINTR },	     { "", EIO },
	{ "VHOST_", EAGAIN }, { "TUN", EAGAIN }, { "KVM_", EAGAIN },
};

/* What the text says of a call that has no name of its own. */
static const struct {
	const char *call, *said;
} sayings[] = {
	{ "VHOST_SET_FEATURES_ARRAY", "VHOST_SET_FEATURES" },
	{ "open", "/dev/" },
	{ "eventfd", "eventfd" },
	{ "dup", "duplicated" },
	{ "mapped", "user addresses" },
	{ "peek", "memory" },
	{ "socket", "SIOCSIFTXQLEN" },
	{ "stat", "fd " },
	{ "read", "/sys/" },
	{ "memfd", "dirty log" },
	{ "map", "dirty log" },
	{ "epoll", "event fd" },
	{ "add", "event fd" },
	{ "drain", "error eventfd" },
	{ "tasks", "/proc" },
};

/* An answer that an older kernel gives too: it is believed, and the story is another one. */
static bool means_no(const struct act *act, const char *call, int error)
{
	if (strcmp(act->name, "offer"))
		return false;
	return (!strcmp(call, "VHOST_GET_FEATURES_ARRAY") && (error == EPERM || error == EINVAL)) ||
	       (!strcmp(call, "TUNSETOFFLOAD") && error == EINVAL);
}

/*
 * These may fail without anybody having to care.  Only ENOMEM says that memory is not mapped; a
 * parameter that cannot be read has the kernel's default; offloads that could not be put back after
 * they were tried are set again by the next start; a kernel that cannot tell of its messages' version
 * has the first; a message that cannot be read is skipped, and the log says so.  When a mask cannot
 * be looked at, there was an interrupt;
 * a worker mode that cannot be asked is any.
 */
static bool may_pass(const struct act *act, const char *call, int error)
{
	return !strcmp(call, "VHOST_GET_FORK_FROM_OWNER") || !strcmp(call, "close") ||
	       !strcmp(call, "same") || !strcmp(call, "signal") || !strcmp(call, "del") ||
	       !strcmp(call, "read_fd") ||
	       (!strcmp(call, "VHOST_GET_BACKEND_FEATURES") &&
		(error == EPERM || error == EINVAL)) ||
	       !strcmp(call, "name") || (!strcmp(call, "drain") && strcmp(act->name, "events")) ||
	       (!strcmp(call, "poll") && !strncmp(act->name, "mask", 4)) ||
	       (!strcmp(call, "mapped") && error != ENOMEM) ||
	       (!strcmp(call, "read") && error != ENOMEM && error != EMFILE) ||
	       (!strcmp(act->name, "offer") && !strcmp(call, "TUNSETOFFLOAD"));
}

static const char *said_of(const char *call)
{
	for (size_t i = 0; i < sizeof(sayings) / sizeof(sayings[0]); i++)
		if (!strcmp(call, sayings[i].call))
			return sayings[i].said;
	return call;
}

static bool code_fits(int r, int error, const char *call)
{
	if (r == -error)
		return true;
	/* EINVAL says that an fd or a range is unsuitable, whatever the kernel called it */
	return (r == -EINVAL &&
		(!strcmp(call, "TUNGETIFF") || !strcmp(call, "mapped") || !strcmp(call, "peek"))) ||
	       (r == -EOPNOTSUPP && error == EINVAL && !strcmp(call, "TUNSETOFFLOAD")) ||
	       (r == -ENOTTY && !strcmp(call, "VHOST_SET_FORK_FROM_OWNER"));
}

/* An act in which a call failed returned @r. */
static void check_failure(struct rig *rig, const struct act *act, int r, int error)
{
	const char *call = fake_failed_name(rig->fake, 0);

	/* the first is the library's own: not yet; of an interrupt it is what the kernel means too */
	if (error == EAGAIN && (strcmp(call, "KVM_IRQFD") || r != -EAGAIN))
		error = EIO;
	if (r == 0) {
		if (!may_pass(act, call, error))
			fail_msg("%s: %s failed with %s and nobody noticed", act->name, call,
				 vhc_errname(error));
		return;
	}
	if (!code_fits(r, error, call))
		fail_msg("%s: %s failed with %s, returned %s: %s", act->name, call,
			 vhc_errname(error), vhc_errname(-r), rig_text(rig));
	if (!strstr(rig_text(rig), said_of(call)) ||
	    (strcmp(call, "mapped") && !strstr(rig_text(rig), vhc_errname(error))))
		fail_msg("%s: %s failed with %s, and the text is: %s", act->name, call,
			 vhc_errname(error), rig_text(rig));
	assert_int_equal(vhc_ctx_get_error(rig->ctx)->code, r);
}

/* The whole story with one failure; returns false when there is no n-th call any more. */
static bool tell(const struct story *of, const char *kernel, bool array, uint32_t flags, uint32_t n,
		 size_t failure)
{
	int error = failures[failure].error;
	struct rig rig;
	bool hit;

	rig_new(&rig, kernel, 2);
	rig.array = array;
	rig.dev_flags = flags;
	fake_fail(rig.fake, failures[failure].prefix, n, error);
	for (uint32_t i = 0; i < of->count; i++) {
		struct fake_left before = fake_left(rig.fake), after;
		bool waited = !fake_failed(rig.fake);
		int r = of->acts[i].run(&rig);

		after = fake_left(rig.fake);
		if (waited && fake_failed(rig.fake)) {
			if (means_no(&of->acts[i], fake_failed_name(rig.fake, 0), error))
				break; /* an older kernel, for good */
			check_failure(&rig, &of->acts[i], r, error);
			if (r && of->acts[i].keeps && !left_equal(&before, &after))
				fail_msg("%s: %s failed with %s, and something is left",
					 of->acts[i].name, fake_failed_name(rig.fake, 0),
					 vhc_errname(error));
			if (!r)
				continue;
			r = of->acts[i].run(&rig);
		}
		if (r)
			fail_msg("%s: after %s failed with %s: %s", of->acts[i].name,
				 fake_failed_name(rig.fake, 0), vhc_errname(error), rig_text(&rig));
	}
	hit = fake_failed(rig.fake);
	rig_close(&rig);
	/* an ioeventfd that cannot be taken off outlives its device; an irqfd goes with its eventfd */
	rig.stuck = !hit && !strcmp(fake_failed_name(rig.fake, 0), "KVM_IOEVENTFD");
	hit = fake_failed(rig.fake);
	rig_free(&rig);
	return hit;
}

static void sweep(const struct story *of, const char *kernel, bool array, uint32_t flags,
		  uint32_t at_least)
{
	uint32_t runs = 0;

	for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++)
		for (uint32_t n = 1; tell(of, kernel, array, flags, n, i); n++)
			runs++;
	print_message("%s: %u failures\n", kernel, runs);
	assert_true(runs >= at_least);
}

static void every_call_fails_once_on_6_1(void **state)
{
	sweep(&story, "6.1", false, VHC_DEV_WORKERS, 2000);
}

static void every_call_fails_once_behind_an_iommu(void **state)
{
	sweep(&iommu_story, "6.12", false, 0, 1200);
}

static void every_call_fails_once_on_7_2_with_128_bits(void **state)
{
	sweep(&story, "7.2", true, VHC_DEV_OWN | VHC_DEV_KTHREAD | VHC_DEV_WORKERS, 2000);
}

/* ------------------------------------------------------------------------------- two at a time */

/* From a device whose state is not known there are two ways out. */
static void leave_stale(const struct story *of, struct rig *rig, const struct act *act)
{
	struct vhc_features features = rig->acked;
	uint32_t i = story_find(of, "features anew");
	char *json = NULL;

	vhc_features_remove(&features, VHC_F_STATUS);
	assert_int_equal(vhc_dev_start(rig->dev), -ESTALE);
	assert_says(rig, "vhc_dev_reset", "vhc_dev_close");
	assert_int_equal(vhc_dev_plan(rig->dev, &json), -ESTALE);
	assert_int_equal(vhc_dev_stop(rig->dev), -ESTALE);
	if (vhc_dev_reset(rig->dev))
		fail_msg("%s: stale, and the reset: %s", act->name, rig_text(rig));
	for (; i < of->count; i++)
		if (of->acts[i].run(rig))
			fail_msg("%s after a stale %s: %s", of->acts[i].name, act->name,
				 rig_text(rig));
	assert_true(rig_kernel_ring(rig, 0)->backend != NULL);
}

/*
 * The act @at with failures of its calls @first and @first + @second.  Returns how many came; *stale
 * when both did and the device said so.
 */
static uint32_t fail_twice(const struct story *of, uint32_t at, uint32_t first, uint32_t second,
			   bool *stale)
{
	uint32_t came;
	const char *one, *other;
	struct rig rig;
	int r;

	rig_new(&rig, "6.12", 2);
	rig.dev_flags = VHC_DEV_WORKERS;
	for (uint32_t i = 0; i < at; i++)
		assert_ok(&rig, of->acts[i].run(&rig));
	fake_fail(rig.fake, "", first, EIO);
	fake_fail(rig.fake, "", first + second, EPERM);
	r = of->acts[at].run(&rig);
	came = fake_failed(rig.fake);
	one = fake_failed_name(rig.fake, 0);
	other = fake_failed_name(rig.fake, 1);
	fake_forget_failures(rig.fake);
	*stale = r == -ESTALE;
	if (*stale) {
		assert_int_equal(came, 2);
		assert_says(&rig, "EIO", "EPERM", said_of(one), said_of(other));
		if (rig.dev && first % 2)
			leave_stale(of, &rig, &of->acts[at]);
	} else if (came == 2 && r == 0 && !may_pass(&of->acts[at], one, EIO)) {
		fail_msg("%s: two calls failed and nobody noticed", of->acts[at].name);
	} else {
		/* both failed in an act that has no undo, or the second in one that may */
		for (uint32_t i = at + !r; i < of->count; i++)
			if (of->acts[i].run(&rig))
				fail_msg("%s: after two failures in %s: %s", of->acts[i].name,
					 of->acts[at].name, rig_text(&rig));
	}
	rig_free(&rig);
	return came;
}

static void double_faults_in(const struct story *of, const char *name, uint32_t at_least)
{
	uint32_t at = story_find(of, name), stale_count = 0, runs = 0;
	bool stale;

	for (uint32_t first = 1;; first++) {
		uint32_t came = 2;

		for (uint32_t second = 1; came == 2; second++, runs++) {
			came = fail_twice(of, at, first, second, &stale);
			stale_count += stale;
		}
		if (!came)
			break;
	}
	print_message("%s: %u pairs of failures, %u left the device stale\n", name, runs,
		      stale_count);
	assert_true(stale_count >= at_least);
}

static void two_failures_in_a_first_start(void **state)
{
	double_faults_in(&story, "start", 100);
}

static void two_failures_in_a_later_start(void **state)
{
	double_faults_in(&story, "start again", 1);
}

static void two_failures_behind_an_iommu(void **state)
{
	double_faults_in(&iommu_story, "start", 100);
	double_faults_in(&iommu_story, "start again", 10);
	double_faults_in(&iommu_story, "start without", 10);
	double_faults_in(&iommu_story, "map over", 1);
	double_faults_in(&iommu_story, "unmap", 1);
	double_faults_in(&iommu_story, "miss again", 0);
}

/* Changes of a device that runs, each with undos of its own. */
static void two_failures_with_the_log(void **state)
{
	double_faults_in(&story, "log on", 20);
	double_faults_in(&story, "more memory", 5);
	double_faults_in(&story, "swap logs", 3);
	double_faults_in(&story, "swap again", 3);
	double_faults_in(&story, "less memory", 5);
	double_faults_in(&story, "log off", 20);
}

static void two_failures_in_one_ring(void **state)
{
	double_faults_in(&story, "start a ring", 0);
	double_faults_in(&story, "start it anew", 5);
}

static void two_failures_in_the_others(void **state)
{
	static const char *const names[] = { "tap",	    "device",
					     "new call",    "new kick",
					     "stop",	    "fewer offloads",
					     "reset",	    "start anew",
					     "tuned anew",  "doorbell",
					     "interrupt",   "mask",
					     "unmask",	    "no second doorbell",
					     "log event",   "exchange words",
					     "stop a ring", "reset a ring",
					     "a ring anew", "recover" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		double_faults_in(&story, names[i], 0);
}

/* ------------------------------------------------------------------------------ few fds at all */

/* With n fds and no more: all or nothing, for each n until there are enough. */
static void rlimit_nofile(void **state)
{
	const struct story *of = &story;
	uint32_t limit, enough = 0;

	for (limit = 1; !enough && limit < 100; limit++) {
		struct rig rig;
		uint32_t i;
		int r = 0;

		rig_new(&rig, "6.12", 2);
		fake_set_fd_limit(rig.fake, limit);
		for (i = 0; i <= story_find(of, "start"); i++) {
			struct fake_left before = fake_left(rig.fake), after;

			r = of->acts[i].run(&rig);
			if (!r)
				continue;
			after = fake_left(rig.fake);
			assert_int_equal(r, -EMFILE);
			assert_says(&rig, "EMFILE");
			assert_true(!of->acts[i].keeps || left_equal(&before, &after));
			break;
		}
		enough = r ? 0 : limit;
		fake_set_fd_limit(rig.fake, 0);
		for (; i < of->count; i++)
			assert_ok(&rig, of->acts[i].run(&rig));
		rig_free(&rig);
	}
	/* 2 taps, 2 vhost fds, 3 eventfds for each of 4 rings */
	assert_int_equal(enough, 2 + 2 + 12);
}

/* Of a VM and of vhost: the one step has gone before, and the way back is barred. */
static void two_failures_in_a_move(void **state)
{
	double_faults_in(&story, "level interrupt", 1);
	double_faults_in(&story, "bound to a new kick", 1);
	double_faults_in(&story, "bound to a new call", 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_call_fails_once_on_6_1),
		cmocka_unit_test(every_call_fails_once_on_7_2_with_128_bits),
		cmocka_unit_test(every_call_fails_once_behind_an_iommu),
		cmocka_unit_test(two_failures_in_a_first_start),
		cmocka_unit_test(two_failures_in_a_later_start),
		cmocka_unit_test(two_failures_with_the_log),
		cmocka_unit_test(two_failures_in_one_ring),
		cmocka_unit_test(two_failures_in_the_others),
		cmocka_unit_test(two_failures_behind_an_iommu),
		cmocka_unit_test(two_failures_in_a_move),
		cmocka_unit_test(rlimit_nofile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
