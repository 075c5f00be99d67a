/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * faults-guest - changes to all devices of a guest in which two system calls fail, or three: the failed
 * change of one device, the undo of another, and a call that is to stop that one's rings.  At every moment
 * a ring that runs has its memory and its dirty log.  A device that could not be undone does not run, and
 * the others go on as before.
 */
#include "faults.h"
#include "sound.h"

#define DEVICES 2u

struct change {
	const char *name;
	int (*make)(struct crowd *crowd);
	uint32_t stale_at_least;
};

static int log_on(struct crowd *crowd)
{
	return vhc_dirty_start(crowd->rig.mem);
}

static int more(struct crowd *crowd)
{
	return rig_more(&crowd->rig);
}

static int less(struct crowd *crowd)
{
	return rig_less(&crowd->rig);
}

static int event(struct crowd *crowd)
{
	int fd = fake_eventfd(crowd->rig.fake), r = vhc_dirty_set_event(crowd->rig.mem, fd);

	fake_close(crowd->rig.fake, fd);
	return r;
}

static int swap(struct crowd *crowd)
{
	int r = vhc_dirty_set_mode(crowd->rig.mem, VHC_DIRTY_SWAP);

	return r ? r : vhc_dirty_sync(crowd->rig.mem);
}

static int log_off(struct crowd *crowd)
{
	return vhc_dirty_stop(crowd->rig.mem);
}

static const struct change changes[] = {
	{ "log on", log_on, 20 },   { "more memory", more, 5 }, { "log event", event, 1 },
	{ "swap logs", swap, 1 },   { "swap again", swap, 1 },	{ "less memory", less, 5 },
	{ "log off", log_off, 20 },
};

#define CHANGES (sizeof(changes) / sizeof(changes[0]))

/* Which calls of the change fail: each is counted from the one before; 0: none. */
struct faults {
	uint32_t n[3];
};

static bool is_stale(struct crowd *crowd, uint32_t n)
{
	char *json = NULL;
	int r = vhc_dev_plan(crowd->dev[n], &json);

	free(json);
	return r == -ESTALE;
}

static bool runs(struct crowd *crowd, uint32_t n)
{
	const struct fake_vhost *vhost = crowd_vhost(crowd, n, 0);

	return vhost->ring[0].backend && vhost->ring[1].backend;
}

/* Returns how many devices are stale. */
static uint32_t check_devices(struct crowd *crowd, const char *name)
{
	uint32_t stale = 0;

	if (!sound_check(crowd->rig.fake))
		fail_msg("%s: %s", name, rig_text(&crowd->rig));
	for (uint32_t i = 0; i < DEVICES; i++) {
		bool is = is_stale(crowd, i);

		if (is ? !sound_stopped(crowd_vhost(crowd, i, 0)) : !runs(crowd, i))
			fail_msg("%s: device %u, stale: %d: %s", name, i, is,
				 rig_text(&crowd->rig));
		stale += is;
	}
	return stale;
}

static void recover(struct crowd *crowd)
{
	for (uint32_t i = 0; i < DEVICES; i++) {
		if (!is_stale(crowd, i))
			continue;
		assert_ok(&crowd->rig, vhc_dev_reset(crowd->dev[i]));
		crowd_setup(crowd, i);
		assert_ok(&crowd->rig, vhc_dev_start(crowd->dev[i]));
	}
}

static uint32_t fail_change(size_t at, const struct faults *faults, bool *stale)
{
	const struct change *change = &changes[at];
	struct crowd crowd;
	uint32_t came, n = 0;
	char text[1024];
	int r;

	crowd_up(&crowd, "6.12", DEVICES, 1);
	crowd_watch(&crowd);
	for (size_t i = 0; i < at; i++)
		assert_ok(&crowd.rig, changes[i].make(&crowd));
	for (int i = 0; i < 3 && faults->n[i]; i++) {
		n += faults->n[i];
		fake_fail(crowd.rig.fake, "", n, EIO);
	}
	r = change->make(&crowd);
	came = fake_failed(crowd.rig.fake);
	fake_forget_failures(crowd.rig.fake);
	snprintf(text, sizeof(text), "%s", rig_text(&crowd.rig));
	*stale = check_devices(&crowd, change->name);
	assert_int_equal(r == -ESTALE, *stale);
	if (*stale && (!strstr(text, "could not be undone") || !strstr(text, "are stopped")))
		fail_msg("%s: %s", change->name, text);
	recover(&crowd);
	for (size_t i = at + !r; i < CHANGES; i++)
		assert_ok(&crowd.rig, changes[i].make(&crowd));
	assert_int_equal(check_devices(&crowd, "afterwards"), 0);
	crowd_free(&crowd);
	return came;
}

/* All pairs; and of triples each third one, as the seed has it. */
static void guest_change_failing_twice_stops_what_is_stale(void **state)
{
	uint32_t runs_count = 0;

	for (size_t at = 0; at < CHANGES; at++) {
		uint32_t stale_count = 0;
		bool stale;

		for (uint32_t first = 1, came = 2; came; first++)
			for (uint32_t second = 1; second == 1 || came == 2; second++) {
				struct faults faults = { { first, second, 0 } };

				came = fail_change(at, &faults, &stale);
				stale_count += stale;
				for (uint32_t third = 1; stale && third <= 4; third++) {
					faults.n[2] = third;
					if ((first + second + third) % 3 == 0)
						fail_change(at, &faults, &stale);
				}
				runs_count++;
			}
		print_message("%s: %u left a device stale\n", changes[at].name, stale_count);
		assert_true(stale_count >= changes[at].stale_at_least);
	}
	print_message("%u pairs of failures\n", runs_count);
}

/* The ring runs, and the caller must know. */
static void ring_that_cannot_be_stopped_is_in_the_text(void **state)
{
	struct crowd crowd;

	crowd_up(&crowd, "6.12", DEVICES, 1);
	assert_ok(&crowd.rig, vhc_dirty_start(crowd.rig.mem));
	/* of the second device; then of the first one's undo */
	fake_fail(crowd.rig.fake, "VHOST_SET_FEATURES", 2, EIO);
	fake_fail(crowd.rig.fake, "VHOST_SET_LOG_BASE", 2, EPERM);
	for (uint32_t i = 1; i <= 2; i++) {
		fake_fail(crowd.rig.fake, "VHOST_NET_SET_BACKEND", i, EFAULT);
		fake_fail(crowd.rig.fake, "VHOST_RESET_OWNER", i, ENOMEM);
	}
	assert_int_equal(vhc_dirty_stop(crowd.rig.mem), -ESTALE);
	assert_int_equal(fake_failed(crowd.rig.fake), 6);
	assert_says(&crowd.rig, "net0", "VHOST_SET_LOG_BASE", "EPERM", "could not be stopped",
		    "close the device", "EIO");
	assert_false(sound_stopped(crowd_vhost(&crowd, 0, 0)));
	fake_forget_failures(crowd.rig.fake);
	recover(&crowd);
	assert_int_equal(check_devices(&crowd, "reset"), 0);
	crowd_free(&crowd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(guest_change_failing_twice_stops_what_is_stale),
		cmocka_unit_test(ring_that_cannot_be_stopped_is_in_the_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
