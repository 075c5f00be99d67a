/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * faults-once - every system call of a device's life fails once: nothing is left open, the text says
 * what failed and why, rings that run have their memory and their dirty log, and the same call of the
 * library works when it is made again.
 *
 * Each call fails with EIO, in a life of its own.  The first call of each name in an act also fails
 * with every other errno, one after another for as long as the act fails; then the life continues.
 */
#include "text.h"
#include "faults.h"
#include "sound.h"

#define CALLS_MAX 2048u

/* EAGAIN of ioctls of a driver only. */
static const int others[] = { EAGAIN, EPERM, EBUSY, EINVAL, EFAULT, ENOMEM, EMFILE, EINTR };

#define OTHERS (sizeof(others) / sizeof(others[0]))

struct call {
	const char *name;
	uint32_t act;	     /* the number of acts: closing everything */
	uint32_t n;	     /* in the act, from 1 */
	bool first;	     /* of its name in the act */
	uint32_t nth_prefix; /* counted among those whose names begin with this one's */
};

struct sweep {
	const struct life *life;
	const char *kernel;
	bool array;
	uint32_t flags;
	struct call calls[CALLS_MAX];
	uint32_t count, failures, lives;
};

/* ------------------------------------------------------------------------- the calls of a life */

static void begin(const struct sweep *sweep, struct rig *rig)
{
	rig_new(rig, sweep->kernel, 2);
	rig->array = sweep->array;
	rig->dev_flags = sweep->flags;
}

static void record(struct sweep *sweep, const struct rig *rig, uint32_t act)
{
	for (uint32_t i = 0; i < fake_calls(rig->fake); i++) {
		const char *name = fake_call(rig->fake, i)->name;
		struct call call = { name, act, i + 1, true, 1 };

		for (uint32_t j = 0; j < i; j++) {
			const char *before = fake_call(rig->fake, j)->name;

			call.first = call.first && strcmp(before, name);
			call.nth_prefix += !strncmp(before, name, strlen(name));
		}
		assert_true(sweep->count < CALLS_MAX);
		sweep->calls[sweep->count++] = call;
	}
	fake_forget_calls(rig->fake);
}

static void record_life(struct sweep *sweep)
{
	const struct life *life = sweep->life;
	struct rig rig;

	begin(sweep, &rig);
	for (uint32_t i = 0; i < life->count; i++) {
		assert_ok(&rig, life->acts[i].run(&rig));
		record(sweep, &rig, i);
	}
	rig_close(&rig);
	record(sweep, &rig, life->count);
	rig_free(&rig);
}

/* -------------------------------------------------------------------------------- one failure */

/* An answer that an older kernel gives too: the library believes it, and the life ends here. */
static bool means_no(const struct act *act, const char *call, int error)
{
	if (strcmp(act->name, "offer"))
		return false;
	return (!strcmp(call, "VHOST_GET_FEATURES_ARRAY") && (error == EPERM || error == EINVAL)) ||
	       (!strcmp(call, "TUNSETOFFLOAD") && error == EINVAL);
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
static void check_failure(struct rig *rig, const struct act *act, const char *call, int r,
			  int error)
{
	/* the first is the library's own: not yet; of an interrupt it is what the kernel means too */
	if (error == EAGAIN && (strcmp(call, "KVM_IRQFD") || r != -EAGAIN))
		error = EIO;
	if (r == 0) {
		if (!faults_may_pass(act, call, error))
			fail_msg("%s: %s failed with %s, and no error was reported", act->name,
				 call, vhi_errname(error));
		return;
	}
	if (!code_fits(r, error, call))
		fail_msg("%s: %s failed with %s, returned %s: %s", act->name, call,
			 vhi_errname(error), vhi_errname(-r), rig_text(rig));
	if (!strstr(rig_text(rig), faults_words(call)) ||
	    (strcmp(call, "mapped") && !strstr(rig_text(rig), vhi_errname(error))))
		fail_msg("%s: %s failed with %s, and the text is: %s", act->name, call,
			 vhi_errname(error), rig_text(rig));
	assert_int_equal(vhc_ctx_get_error(rig->ctx)->code, r);
}

/* Runs an act in which one call is to fail, and checks what it returns. */
static int fail_in_act(struct rig *rig, const struct act *act, const char *call, int error)
{
	struct fake_left before = fake_left(rig->fake), after;
	int r = act->run(rig);

	after = fake_left(rig->fake);
	if (!sound_check(rig->fake))
		fail_msg("%s: %s failed with %s: %s", act->name, call, vhi_errname(error),
			 rig_text(rig));
	if (!fake_failed(rig->fake) || means_no(act, call, error))
		return r;
	assert_string_equal(fake_failed_name(rig->fake, 0), call);
	check_failure(rig, act, call, r, error);
	if (r && act->keeps && !left_equal(&before, &after))
		fail_msg("%s: %s failed with %s, and something is left", act->name, call,
			 vhi_errname(error));
	return r;
}

static void run_acts(struct sweep *sweep, struct rig *rig, uint32_t from, uint32_t to,
		     const struct call *failed, int error)
{
	for (uint32_t i = from; i < to; i++)
		if (sweep->life->acts[i].run(rig))
			fail_msg("%s: after %s failed with %s in %s: %s", sweep->life->acts[i].name,
				 failed->name, vhi_errname(error),
				 sweep->life->acts[failed->act].name, rig_text(rig));
}

static void end(struct sweep *sweep, struct rig *rig)
{
	rig_close(rig);
	sweep->lives++;
	rig_free(rig);
}

/* ------------------------------------------------------------------------------------ the sweep */

static void fail_when_closed(struct sweep *sweep, const struct call *call, int error)
{
	struct rig rig;

	begin(sweep, &rig);
	run_acts(sweep, &rig, 0, sweep->life->count, call, 0);
	fake_fail(rig.fake, "", call->n, error);
	rig_close(&rig);
	assert_int_equal(fake_failed(rig.fake), 1);
	/* an ioeventfd that cannot be taken off outlives its device; an irqfd goes with its eventfd */
	rig.stuck = !strcmp(call->name, "KVM_IOEVENTFD");
	sweep->failures++;
	end(sweep, &rig);
}

static void fail_once(struct sweep *sweep, const struct call *call)
{
	const struct act *act = &sweep->life->acts[call->act];
	struct rig rig;
	int r;

	begin(sweep, &rig);
	run_acts(sweep, &rig, 0, call->act, call, 0);
	fake_fail(rig.fake, "", call->n, EIO);
	r = fail_in_act(&rig, act, call->name, EIO);
	assert_int_equal(fake_failed(rig.fake), 1);
	fake_forget_failures(rig.fake);
	sweep->failures++;
	run_acts(sweep, &rig, call->act + !r, sweep->life->count, call, EIO);
	end(sweep, &rig);
}

static bool fails_with(const char *call, int error)
{
	return error != EAGAIN || !strncmp(call, "VHOST_", 6) || !strncmp(call, "TUN", 3) ||
	       !strncmp(call, "KVM_", 4);
}

/* One life, with the errnos from others[next] on for as long as the act fails.  Returns the next. */
static size_t fail_in_turn(struct sweep *sweep, const struct call *call, size_t next)
{
	const struct act *act = &sweep->life->acts[call->act];
	bool comes = true, over = false;
	struct rig rig;
	int r = -EIO;

	begin(sweep, &rig);
	run_acts(sweep, &rig, 0, call->act, call, 0);
	while (next < OTHERS && r && comes && !over) {
		int error = others[next];

		fake_fail(rig.fake, call->name, call->nth_prefix, error);
		r = fail_in_act(&rig, act, call->name, error);
		comes = fake_failed(rig.fake);
		fake_forget_failures(rig.fake);
		over = comes && means_no(act, call->name, error);
		sweep->failures += comes;
		next += comes;
	}
	if (!over)
		run_acts(sweep, &rig, call->act + !r, sweep->life->count, call, 0);
	end(sweep, &rig);
	return next;
}

static void fail_otherwise(struct sweep *sweep, const struct call *call)
{
	for (size_t i = 0; i < OTHERS;) {
		size_t next = i;

		if (!fails_with(call->name, others[i]))
			next++;
		else if (call->act < sweep->life->count)
			next = fail_in_turn(sweep, call, i);
		else
			fail_when_closed(sweep, call, others[next++]);
		assert_true(next > i);
		i = next;
	}
}

static void every_call(struct sweep *sweep, uint32_t at_least)
{
	record_life(sweep);
	for (uint32_t i = 0; i < sweep->count; i++) {
		const struct call *call = &sweep->calls[i];

		if (call->act < sweep->life->count)
			fail_once(sweep, call);
		else
			fail_when_closed(sweep, call, EIO);
		if (call->first)
			fail_otherwise(sweep, call);
	}
	print_message("%s: %u calls, %u failures in %u lives\n", sweep->kernel, sweep->count,
		      sweep->failures, sweep->lives);
	assert_true(sweep->failures >= at_least);
}

static void every_call_on_6_1_fails_once(void **state)
{
	static struct sweep sweep = { &device_life, "6.1", false, VHC_DEV_WORKERS };

	every_call(&sweep, 1500);
}

static void every_call_on_7_2_with_128_bits_fails_once(void **state)
{
	static struct sweep sweep = { &device_life, "7.2", true,
				      VHC_DEV_OWN | VHC_DEV_KTHREAD | VHC_DEV_WORKERS };

	every_call(&sweep, 1500);
}

static void every_call_behind_an_iommu_fails_once(void **state)
{
	static struct sweep sweep = { &iommu_life, "6.12", false, 0 };

	every_call(&sweep, 800);
}

/* ------------------------------------------------------------------------------ few fds at all */

/* With n fds and no more: all or nothing, for each n until there are enough. */
static void every_call_with_few_fds_fails_with_emfile(void **state)
{
	const struct life *life = &device_life;
	uint32_t limit, enough = 0;

	for (limit = 1; !enough && limit < 100; limit++) {
		struct rig rig;
		uint32_t i;
		int r = 0;

		rig_new(&rig, "6.12", 2);
		fake_set_fd_limit(rig.fake, limit);
		for (i = 0; i <= life_find(life, "start"); i++) {
			struct fake_left before = fake_left(rig.fake), after;

			r = life->acts[i].run(&rig);
			if (!r)
				continue;
			after = fake_left(rig.fake);
			assert_int_equal(r, -EMFILE);
			assert_says(&rig, "EMFILE");
			assert_true(!life->acts[i].keeps || left_equal(&before, &after));
			break;
		}
		enough = r ? 0 : limit;
		fake_set_fd_limit(rig.fake, 0);
		for (; i < life->count; i++)
			assert_ok(&rig, life->acts[i].run(&rig));
		rig_free(&rig);
	}
	/* 2 taps, 2 vhost fds, 3 eventfds for each of 4 rings */
	assert_int_equal(enough, 2 + 2 + 12);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_call_on_6_1_fails_once),
		cmocka_unit_test(every_call_on_7_2_with_128_bits_fails_once),
		cmocka_unit_test(every_call_behind_an_iommu_fails_once),
		cmocka_unit_test(every_call_with_few_fds_fails_with_emfile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
