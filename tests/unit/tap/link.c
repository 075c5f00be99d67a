/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * link - a link that goes while it is used: what says so.
 */
#include "rig.h"

/* The link of a device that runs. */
static void lose(struct rig *rig)
{
	fake_delete_link(rig->fake, "tap0");
}

static struct pollfd poll_fd(struct rig *rig, int fd)
{
	struct pollfd ready = { fd, POLLIN, 0 };

	fake_sys.poll(rig->fake, &ready, 1);
	return ready;
}

static void lost_link_is_one_event(void **state)
{
	struct vhc_event event = { .sz = sizeof(event) };
	struct rig *rig = *state;
	int fd = vhc_dev_get_event_fd(rig->dev);

	assert_int_equal(vhc_dev_next_event(rig->dev, &event), 0);
	assert_int_equal(poll_fd(rig, fd).revents, 0);
	lose(rig);
	assert_int_equal(poll_fd(rig, fd).revents, POLLIN);
	assert_int_equal(vhc_dev_next_event(rig->dev, &event), 1);
	assert_int_equal(event.kind, VHC_EVENT_LINK_GONE);
	assert_int_equal(vhc_dev_next_event(rig->dev, &event), 0);
	assert_int_equal(poll_fd(rig, fd).revents, 0);
}

/* Before anybody asked for the fd, there is nothing to watch any more. */
static void event_fd_shows_link_lost_before(void **state)
{
	struct vhc_event event = { .sz = sizeof(event) };
	struct rig *rig = *state;
	int fd;

	lose(rig);
	fd = vhc_dev_get_event_fd(rig->dev);
	assert_int_equal(poll_fd(rig, fd).revents, POLLIN);
	/* also after another event was fetched */
	fake_raise_error(rig->fake, rig_vhost(rig, 0), 0, 1);
	assert_int_equal(vhc_dev_next_event(rig->dev, &event), 1);
	assert_int_equal(event.kind, VHC_EVENT_RING_ERROR);
	assert_int_equal(poll_fd(rig, fd).revents, POLLIN);
	assert_int_equal(vhc_dev_next_event(rig->dev, &event), 1);
	assert_int_equal(event.kind, VHC_EVENT_LINK_GONE);
	assert_int_equal(vhc_dev_next_event(rig->dev, &event), 0);
	assert_int_equal(poll_fd(rig, fd).revents, 0);
}

static void lost_link_is_not_reported_again_with_event_fd(void **state)
{
	struct vhc_event event = { .sz = sizeof(event) };
	struct rig *rig = *state;

	lose(rig);
	assert_int_equal(vhc_dev_next_event(rig->dev, &event), 1);
	assert_int_equal(event.kind, VHC_EVENT_LINK_GONE);
	assert_int_equal(poll_fd(rig, vhc_dev_get_event_fd(rig->dev)).revents, 0);
	assert_int_equal(vhc_dev_next_event(rig->dev, &event), 0);
}

static void renamed_link_is_watched(void **state)
{
	struct rig *rig = *state;
	int fd;

	strcpy(fake_tap(rig->fake, "tap0")->name, "vm1");
	fd = vhc_dev_get_event_fd(rig->dev);
	assert_int_equal(poll_fd(rig, fd).revents, 0);
	fake_delete_link(rig->fake, "vm1");
	assert_int_equal(poll_fd(rig, fd).revents, POLLIN);
}

/* Without the fd, and where the link cannot be watched. */
static void lost_link_is_found_by_next_event(void **state)
{
	struct vhc_event event = { .sz = sizeof(event) };
	struct rig *rig = *state;

	fake_fail(rig->fake, "link_watch", 1, EPERM);
	assert_true(vhc_dev_get_event_fd(rig->dev) >= 0);
	lose(rig);
	assert_int_equal(vhc_dev_next_event(rig->dev, &event), 1);
	assert_int_equal(event.kind, VHC_EVENT_LINK_GONE);
	assert_int_equal(vhc_dev_next_event(rig->dev, &event), 0);
}

static void event_fd_follows_tap(void **state)
{
	struct vhc_event event = { .sz = sizeof(event) };
	struct rig *rig = *state;
	int fd = vhc_dev_get_event_fd(rig->dev);

	lose(rig);
	assert_int_equal(vhc_dev_next_event(rig->dev, &event), 1);
	assert_ok(rig, vhc_dev_stop(rig->dev));
	vhc_tap_close(rig->tap);
	rig->tap = NULL;
	assert_ok(rig, rig_tap(rig));
	assert_ok(rig, vhc_dev_set_tap(rig->dev, rig->tap));
	assert_ok(rig, rig_start(rig));
	assert_int_equal(vhc_dev_next_event(rig->dev, &event), 0);
	lose(rig);
	assert_int_equal(poll_fd(rig, fd).revents, POLLIN);
	assert_int_equal(vhc_dev_next_event(rig->dev, &event), 1);
	assert_int_equal(event.kind, VHC_EVENT_LINK_GONE);
}

static void ring_check_of_lost_link_is_enodev(void **state)
{
	struct rig *rig = *state;

	assert_ok(rig, vhc_ring_check(rig->dev, 0));
	lose(rig);
	assert_int_equal(vhc_ring_check(rig->dev, 0), -ENODEV);
	assert_says(rig, "tap0", "the link is gone", "open the tap again");
}

/* The kernel says EBADFD or EINVAL. */
static void calls_on_lost_link_say_so(void **state)
{
	struct vhc_features none = { { 0 } };
	struct rig *rig = *state;

	lose(rig);
	none.w[0] = 1ull << VHI_F_VERSION_1;
	assert_int_equal(vhc_tap_set_features(rig->tap, &none, 0), -EBADFD);
	assert_says(rig, "tap0", "TUNSETOFFLOAD", "EBADFD", "the link is gone");
	assert_int_equal(vhc_tap_set_active(rig->tap, 1), -EINVAL);
	assert_says(rig, "tap0", "TUNSETQUEUE", "is gone");
	assert_ok(rig, vhc_dev_stop(rig->dev));
	assert_int_equal(rig_start(rig), -EINVAL);
	assert_says(rig, "net0", "VHOST_NET_SET_BACKEND", "EINVAL", "the link is gone",
		    "open the tap again");
	assert_ok(rig, vhc_dev_reset(rig->dev));
	assert_ok(rig, rig_features(rig));
	assert_ok(rig, rig_rings(rig));
	none = rig_acked(true);
	assert_int_not_equal(vhc_dev_offer_features(rig->dev, NULL, NULL, &none), -EAGAIN);
}

/* vhost takes a macvtap whose link is gone, and then nothing arrives. */
static void start_on_lost_macvtap_is_enodev(void **state)
{
	struct rig *rig = *state;
	int fd = fake_macvtap(rig->fake, "mv0");

	assert_ok(rig, vhc_tap_open_fds(rig->ctx, &fd, 1, &rig->tap));
	rig_prepare(rig);
	fake_delete_link(rig->fake, "mv0");
	assert_int_equal(rig_start(rig), -ENODEV);
	assert_says(rig, "mv0", "the link is gone");
	assert_int_equal(vhc_ring_check(rig->dev, 1), -ENODEV);
	fake_close(rig->fake, fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST_UP(lost_link_is_one_event, "6.12", 1),
		RIG_TEST_UP(event_fd_shows_link_lost_before, "6.12", 1),
		RIG_TEST_UP(lost_link_is_not_reported_again_with_event_fd, "6.12", 1),
		RIG_TEST_UP(renamed_link_is_watched, "6.12", 1),
		RIG_TEST_UP(lost_link_is_found_by_next_event, "6.12", 2),
		RIG_TEST_UP(event_fd_follows_tap, "7.2", 1),
		RIG_TEST_UP(ring_check_of_lost_link_is_enodev, "6.1", 2),
		RIG_TEST_UP(calls_on_lost_link_say_so, "6.12", 2),
		RIG_TEST(start_on_lost_macvtap_is_enodev, "6.12", 1),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
