/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * adopt - links that somebody else made or uses: they are as they were until all else has succeeded, and
 * a new link is nobody else's.
 */
#include <linux/if_tun.h>
#include <sys/ioctl.h>

#include "rig.h"
#include "two-hosts.h"

static struct rig rig;

static int setup(void **state)
{
	rig_new(&rig, "7.2", 2);
	return 0;
}

static int teardown(void **state)
{
	rig_free(&rig);
	return 0;
}

/* A link that another process made and left, with settings of its own. */
static struct fake_tap *leave_tap(const char *name, uint32_t queues)
{
	struct fake_tap *tap;

	assert_ok(&rig, rig_open_tap(&rig, name, queues, VHC_TAP_PERSIST | VHC_TAP_OWNER));
	vhc_tap_close(rig.tap);
	rig.tap = NULL;
	tap = fake_tap(rig.fake, name);
	tap->offloads = 0x1;
	tap->sndbuf = 4096;
	tap->txqueuelen = 123;
	tap->header = 12;
	return tap;
}

static void take_away(struct fake_tap *tap)
{
	vhc_tap_close(rig.tap);
	rig.tap = NULL;
	tap->flags &= ~(uint32_t)IFF_PERSIST;
	tap->used = false;
}

/* ------------------------------------------------------------------------------- a failed open */

static int adopt_all(const char *name)
{
	return vhc_tap_open(
		rig.ctx, name,
		VHC_ARG(vhc_tap_args, .queues = 2, .owner = 5, .group = 6, .txqueuelen = 777,
			.flags = VHC_TAP_ADOPT | VHC_TAP_PERSIST | VHC_TAP_OWNER | VHC_TAP_GROUP),
		&rig.tap);
}

/* Each call fails once, and the link of somebody is as it was. */
static void failed_tap_adopt_changes_nothing(void **state)
{
	struct fake_tap *tap = leave_tap("vm1", 2), before;
	uint32_t failures = 0;
	int r;

	/* one that keeps it, so that it need not be kept by IFF_PERSIST */
	tap->flags &= ~(uint32_t)IFF_PERSIST;
	tap->detached++;
	before = *tap;
	for (uint32_t n = 1;; n++) {
		fake_forget_failures(rig.fake);
		fake_fail(rig.fake, "", n, EIO);
		r = adopt_all("vm1");
		if (!fake_failed(rig.fake))
			break;
		if (!r) {
			/* a close, for instance */
			vhc_tap_close(rig.tap);
			rig.tap = NULL;
			*tap = before;
			continue;
		}
		failures++;
		/* the last step of all, before which there is one that the kernel cannot undo */
		if (!strcmp(fake_failed_name(rig.fake, 0), "TUNSETOWNER")) {
			assert_int_equal(tap->owner, before.owner);
			tap->has_group = before.has_group;
			tap->group = before.group;
		}
		if (memcmp(&before, tap, sizeof(before)))
			fail_msg("call %u, %s, left something: %s", n,
				 fake_failed_name(rig.fake, 0), rig_text(&rig));
	}
	fake_forget_failures(rig.fake);
	assert_true(failures > 12);
	assert_int_equal(tap->owner, 5);
	assert_int_equal(tap->group, 6);
	assert_int_equal(tap->txqueuelen, 777);
	assert_true(tap->flags & IFF_PERSIST);
	tap->detached--;
	take_away(tap);
}

/* IFF_NO_PI and IFF_VNET_HDR are of whoever was first. */
static void tap_adopt_of_link_with_packet_info_is_einval(void **state)
{
	struct fake_tap *tap = leave_tap("vm1", 2);

	tap->detached++;
	tap->flags &= ~(uint32_t)IFF_NO_PI;
	assert_int_equal(rig_open_tap(&rig, "vm1", 2, VHC_TAP_ADOPT), -EINVAL);
	assert_says(&rig, "vm1", "packet information", "IFF_NO_PI");
	tap->detached--;
	take_away(tap);
}

/* ------------------------------------------------------------------------------------------ probes */

static void adopt_for_device(uint32_t pairs)
{
	assert_ok(&rig, rig_open_tap(&rig, "vm1", pairs, VHC_TAP_ADOPT));
	assert_ok(&rig, rig_mem(&rig));
	assert_ok(&rig, rig_dev(&rig));
	assert_ok(&rig, rig_attach(&rig));
}

/* Another process may read it at the same time: not even for a moment does it get other offloads. */
static void offer_does_not_touch_adopted_link(void **state)
{
	struct fake_tap *tap = leave_tap("vm1", 2);
	struct vhc_features offered;

	adopt_for_device(2);
	fake_forget_calls(rig.fake);
	assert_ok(&rig, vhc_dev_offer_features(rig.dev, NULL, NULL, &offered));
	assert_true(vhc_features_has(&offered, VHI_F_GUEST_UDP_TUNNEL_GSO));
	assert_int_equal(tap->offloads, 0x1);
	for (uint32_t i = 0; i < fake_calls(rig.fake); i++)
		if (!strcmp(fake_call(rig.fake, i)->name, "TUNSETOFFLOAD"))
			assert_int_not_equal(fake_call(rig.fake, i)->fd,
					     vhc_tap_get_fd(rig.tap, 0));
	/* once for all links of this kernel */
	rig_close(&rig);
	fake_forget_calls(rig.fake);
	adopt_for_device(2);
	assert_ok(&rig, vhc_dev_offer_features(rig.dev, NULL, NULL, &offered));
	assert_int_equal(fake_count(rig.fake, "TUNSETOFFLOAD"), 0);
	vhc_dev_close(rig.dev);
	rig.dev = NULL;
	take_away(tap);
}

static void load_does_not_touch_adopted_link(void **state)
{
	char *json = moved_source("7.2", 2, true);
	struct fake_tap *tap = leave_tap("vm1", 2);

	adopt_for_device(2);
	moved_indices(&rig);
	assert_ok(&rig, vhc_dev_load(rig.dev, json));
	assert_int_equal(tap->offloads, 0x1);
	vhc_dev_close(rig.dev);
	rig.dev = NULL;
	take_away(tap);
	free(json);
}

/* Without the privilege for a link of its own, it asks this one, and no offloads are left on. */
static void offer_without_privileges_leaves_no_offloads(void **state)
{
	struct vhc_features offered;
	struct fake_tap *tap = leave_tap("vm1", 2);

	fake_set_user(rig.fake, 1000, 1000);
	adopt_for_device(2);
	assert_ok(&rig, vhc_dev_offer_features(rig.dev, NULL, NULL, &offered));
	assert_true(vhc_features_has(&offered, VHI_F_GUEST_UDP_TUNNEL_GSO));
	assert_int_equal(tap->offloads, 0);
	vhc_dev_close(rig.dev);
	rig.dev = NULL;
	fake_set_user(rig.fake, 0, 0);
	take_away(tap);
}

/* A link of our own gets back what it had; if it cannot, that is an error. */
static void failed_offer_puts_offloads_back(void **state)
{
	struct vhc_features offered;

	assert_ok(&rig, rig_mem(&rig));
	assert_ok(&rig, rig_tap(&rig));
	assert_ok(&rig, rig_dev(&rig));
	assert_ok(&rig, rig_attach(&rig));
	fake_fail(rig.fake, "TUNSETOFFLOAD", 2, EIO);
	assert_int_equal(vhc_dev_offer_features(rig.dev, NULL, NULL, &offered), -EIO);
	assert_says(&rig, "tap0", "TUNSETOFFLOAD", "EIO");
	assert_ok(&rig, vhc_dev_offer_features(rig.dev, NULL, NULL, &offered));
	rig_up(&rig);
	assert_int_equal(fake_tap(rig.fake, "tap0")->offloads, 0x7);
}

/* ---------------------------------------------------------------------------------------- a new link */

/* Between TUNSETIFF and TUNSETOWNER anybody may open a queue: that link is not the one that is returned. */
static void tap_open_leaves_no_queue_to_others(void **state)
{
	fake_steal_queues(rig.fake, 3);
	assert_ok(&rig, rig_open_tap(&rig, "vm1", 2, VHC_TAP_OWNER));
	assert_int_equal(fake_count(rig.fake, "RTM_DELLINK"), 3);
	assert_int_equal(fake_tap(rig.fake, "vm1")->queues, 2);
	assert_int_equal(fake_tap(rig.fake, "vm1")->owner, 1000);
	assert_int_equal(fake_left(rig.fake).taps, 1);
}

/* Whoever has a queue may change the owner, leave, and come again. */
static void tap_open_leaves_no_link_of_another_owner(void **state)
{
	fake_steal_links(rig.fake, 2, 4711);
	assert_ok(&rig, rig_open_tap(&rig, "vm1", 3, VHC_TAP_OWNER));
	assert_int_equal(fake_count(rig.fake, "RTM_DELLINK"), 2);
	assert_int_equal(fake_tap(rig.fake, "vm1")->queues, 3);
	assert_int_equal(fake_tap(rig.fake, "vm1")->owner, 1000);
}

static void tap_open_gives_up_when_queues_are_always_taken(void **state)
{
	fake_steal_queues(rig.fake, 1000);
	assert_int_equal(rig_open_tap(&rig, NULL, 2, 0), -EBUSY);
	assert_says(&rig, "another process opened a queue", "deleted");
	fake_steal_queues(rig.fake, 0);
	assert_int_equal(fake_left(rig.fake).taps, 0);
	assert_int_equal(fake_left(rig.fake).fds, 0);
}

static void tap_open_without_count_of_queues_fails(void **state)
{
	fake_fail(rig.fake, "RTM_GETLINK", 1, EPERM);
	assert_int_equal(rig_open_tap(&rig, "vm1", 2, 0), -EPERM);
	assert_says(&rig, "vm1", "RTM_GETLINK", "cannot be counted");
	assert_int_equal(fake_left(rig.fake).taps, 0);
	/* one queue is all that such a link has */
	assert_ok(&rig, rig_open_tap(&rig, "vm1", 1, 0));
	assert_int_equal(fake_count(rig.fake, "RTM_GETLINK"), 1);
}

struct vanishing {
	const char *call;
	uint32_t times;
};

/* The link goes when such a call has seen it. */
static void vanish(void *data, const struct fake_call *call)
{
	struct vanishing *vanishing = data;

	if (!vanishing->times || strcmp(call->name, vanishing->call) != 0)
		return;
	vanishing->times--;
	fake_delete_link(rig.fake, "vm1");
}

/* Adopted: a link that goes meanwhile is replaced by one that has its owner before all else. */
static void expect_vanished(const char *call)
{
	struct vanishing vanishing = { call, 1 };
	struct fake_tap *tap = leave_tap("vm1", 2);

	tap->detached = 0;
	fake_watch(rig.fake, vanish, &vanishing);
	assert_ok(&rig, adopt_all("vm1"));
	assert_int_equal(vanishing.times, 0);
	tap = fake_tap(rig.fake, "vm1");
	/* as a new one has it: what was found has no such header, and other processes' queues */
	assert_int_equal(tap->owner, 5);
	assert_int_equal(tap->group, 6);
	assert_int_equal(tap->queues, 2);
	fake_watch(rig.fake, NULL, NULL);
	take_away(tap);
}

static void tap_adopt_of_link_that_vanishes_creates_it_safely(void **state)
{
	static const char *const calls[] = { "TUNSETIFF", "SIOCGIFINDEX" };

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		expect_vanished(calls[i]);
		/* that of a new link is asked for, so that nobody else has a queue of it */
		assert_true(fake_count(rig.fake, "RTM_GETLINK") > i);
	}
}

static void keep_coming(void *data, const struct fake_call *call)
{
	if (strcmp(call->name, "SIOCGIFINDEX") == 0)
		fake_tap(rig.fake, "vm1")->index += 100;
}

static void tap_adopt_of_links_that_come_and_go_gives_up(void **state)
{
	struct fake_tap *tap = leave_tap("vm1", 2);

	fake_watch(rig.fake, keep_coming, NULL);
	assert_int_equal(adopt_all("vm1"), -EBUSY);
	fake_watch(rig.fake, NULL, NULL);
	assert_says(&rig, "vm1", "TUNSETIFF", "come and go");
	assert_int_equal(fake_left(rig.fake).fds, 0);
	take_away(tap);
}

/* Adopting may create a link, too: its owner then comes first, as for any new one. */
static void tap_adopt_of_no_link_creates_it_safely(void **state)
{
	fake_steal_queues(rig.fake, 1);
	assert_ok(&rig, rig_open_tap(&rig, "vm1", 2, VHC_TAP_ADOPT | VHC_TAP_OWNER));
	assert_int_equal(fake_tap(rig.fake, "vm1")->queues, 2);
	assert_int_equal(fake_count(rig.fake, "RTM_DELLINK"), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(failed_tap_adopt_changes_nothing),
		TEST(tap_adopt_of_link_with_packet_info_is_einval),
		TEST(offer_does_not_touch_adopted_link),
		TEST(load_does_not_touch_adopted_link),
		TEST(offer_without_privileges_leaves_no_offloads),
		TEST(failed_offer_puts_offloads_back),
		TEST(tap_open_leaves_no_queue_to_others),
		TEST(tap_open_leaves_no_link_of_another_owner),
		TEST(tap_open_gives_up_when_queues_are_always_taken),
		TEST(tap_open_without_count_of_queues_fails),
		TEST(tap_adopt_of_no_link_creates_it_safely),
		TEST(tap_adopt_of_link_that_vanishes_creates_it_safely),
		TEST(tap_adopt_of_links_that_come_and_go_gives_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
