/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * events - the one fd that is readable while a ring failed or an address is missing, and in which
 * order they are told.
 */
#include "event-rig.h"

/* -------------------------------------------------------------------------------------- the fd */

static void event_fd_is_readable_while_events_wait(void **state)
{
	/* asked for before, between and after the calls that make its sources */
	for (int when = 0; when < 3; when++) {
		struct rig rig;
		int fd = -1;

		rig_new(&rig, "7.2", 2);
		rig.iommu = true;
		assert_ok(&rig, rig_dev(&rig));
		if (when == 0)
			fd = vhc_dev_get_event_fd(rig.dev);
		rig_prepare(&rig);
		if (when == 1)
			fd = vhc_dev_get_event_fd(rig.dev);
		assert_ok(&rig, rig_start(&rig));
		if (when == 2)
			fd = vhc_dev_get_event_fd(rig.dev);
		assert_true(fd >= 0);
		assert_int_equal(vhc_dev_get_event_fd(rig.dev), fd);
		assert_int_equal(fake_count(rig.fake, "epoll"), 1);
		assert_false(readable(&rig, fd));
		for (uint32_t i = 0; i < 4; i++) {
			fail_ring(&rig, i, 1 + i);
			assert_true(readable(&rig, fd));
			assert_error(&rig, i, 1 + i);
			assert_false(readable(&rig, fd));
			miss(&rig, i, 0x5000 + i, VHC_PERM_READ);
			assert_true(readable(&rig, fd));
			assert_miss(&rig, i & ~1u, 0x5000 + i, VHC_PERM_READ);
			assert_false(readable(&rig, fd));
		}
		assert_nothing(&rig);
		rig_free(&rig);
	}
}

static void next_event_without_event_fd_works(void **state)
{
	struct vhc_event event;
	struct rig *rig = *state;

	assert_ok(rig, rig_dev(rig));
	assert_nothing(rig);
	rig->iommu = true;
	rig_prepare(rig);
	assert_nothing(rig);
	assert_ok(rig, rig_start(rig));
	assert_nothing(rig);
	fail_ring(rig, 3, 7);
	miss(rig, 0, 0x5000, VHC_PERM_WRITE);
	assert_miss(rig, 0, 0x5000, VHC_PERM_WRITE);
	assert_error(rig, 3, 7);
	assert_nothing(rig);
	/* no event fd was requested, so none was made */
	assert_int_equal(fake_count(rig->fake, "epoll"), 0);
	assert_int_equal(next(rig, &event), 0);
}

static void reset_discards_events(void **state)
{
	struct rig rig;
	int fd;

	up(&rig, "6.12", 2, true);
	fd = vhc_dev_get_event_fd(rig.dev);
	fail_ring(&rig, 1, 1);
	miss(&rig, 2, 0x5000, VHC_PERM_READ);
	fake_forget_calls(rig.fake);
	assert_ok(&rig, vhc_dev_reset(rig.dev));
	/* each is taken out, since a forked child may keep it open */
	assert_int_equal(fake_count(rig.fake, "del"), 4);
	/* events of the old driver's rings are discarded */
	assert_nothing(&rig);
	assert_false(readable(&rig, fd));
	assert_ok(&rig, rig_features(&rig));
	assert_ok(&rig, rig_map(&rig));
	assert_ok(&rig, rig_rings(&rig));
	assert_ok(&rig, rig_start(&rig));
	assert_int_equal(vhc_dev_get_event_fd(rig.dev), fd);
	fail_ring(&rig, 1, 2);
	assert_true(readable(&rig, fd));
	assert_error(&rig, 1, 2);
	assert_false(readable(&rig, fd));
	rig_free(&rig);
}

/* A start that is undone takes back what it added. */
static void failed_start_removes_event_sources(void **state)
{
	struct fake_left before, after;
	struct rig *rig = *state;
	int fd;

	rig_prepare(rig);
	fd = vhc_dev_get_event_fd(rig->dev);
	before = fake_left(rig->fake);
	fake_fail(rig->fake, "VHOST_NET_SET_BACKEND", 3, EIO);
	assert_int_equal(rig_start(rig), -EIO);
	after = fake_left(rig->fake);
	after.workers = before.workers;
	assert_true(left_equal(&before, &after));
	assert_int_equal(fake_count(rig->fake, "del"), 4);
	for (uint32_t n = 1; n <= 4; n++) {
		fake_fail(rig->fake, "add", n, ENOSPC);
		assert_int_equal(rig_start(rig), -ENOSPC);
		assert_says(rig, "net0", "event fd", "ENOSPC");
		after = fake_left(rig->fake);
		after.workers = before.workers;
		assert_true(left_equal(&before, &after));
	}
	assert_ok(rig, rig_start(rig));
	fail_ring(rig, 3, 1);
	assert_true(readable(rig, fd));
	assert_error(rig, 3, 1);
}

static void get_event_fd_without_fds_is_emfile(void **state)
{
	struct fake_left before, after;
	struct rig rig;
	int fd;

	up(&rig, "6.12", 2, false);
	before = fake_left(rig.fake);
	/* itself, and the one for a miss that could not be answered */
	for (uint32_t more = 0; more < 2; more++) {
		fake_set_fd_limit(rig.fake, before.fds + more);
		assert_int_equal(vhc_dev_get_event_fd(rig.dev), -EMFILE);
		assert_says(&rig, "net0", "event fd", "EMFILE");
		after = fake_left(rig.fake);
		assert_true(left_equal(&before, &after));
	}
	fake_set_fd_limit(rig.fake, before.fds + 2);
	/* that one, two vhost fds and four rings */
	for (uint32_t n = 1; n <= 7; n++) {
		fake_fail(rig.fake, "add", n, ENOMEM);
		assert_int_equal(vhc_dev_get_event_fd(rig.dev), -ENOMEM);
		assert_says(&rig, "net0", "event fd", "ENOMEM");
		after = fake_left(rig.fake);
		assert_true(left_equal(&before, &after));
	}
	fd = vhc_dev_get_event_fd(rig.dev);
	assert_true(fd >= 0);
	fake_set_fd_limit(rig.fake, 0);
	fail_ring(&rig, 2, 1);
	assert_true(readable(&rig, fd));
	rig_free(&rig);
}

/* Events are pulled without one fd too few of anything. */
static void next_event_with_failing_poll_keeps_event(void **state)
{
	struct vhc_event event;
	struct rig rig;

	up(&rig, "7.2", 1, true);
	fail_ring(&rig, 1, 5);
	fake_fail(rig.fake, "poll", 1, ENOMEM);
	assert_int_equal(next(&rig, &event), -ENOMEM);
	assert_says(&rig, "net0", "poll", "ENOMEM");
	fake_fail(rig.fake, "drain", 1, EIO);
	assert_int_equal(next(&rig, &event), -EIO);
	assert_says(&rig, "net0", "ring 1", "error eventfd", "EIO");
	assert_error(&rig, 1, 5);
	assert_nothing(&rig);
	rig_free(&rig);
}

static void next_event_fills_struct_of_any_size(void **state)
{
	struct {
		struct vhc_event event;
		uint64_t more;
	} longer = { { .sz = sizeof(longer) }, 77 };
	struct vhc_event event = { 0 };
	struct rig rig;

	up(&rig, "6.1", 1, false);
	fail_ring(&rig, 0, 1);
	assert_int_equal(vhc_dev_next_event(rig.dev, &event), -EINVAL);
	assert_says(&rig, "vhc_event", "sizeof");
	event.sz = 16;
	event.count = 5;
	assert_int_equal(vhc_dev_next_event(rig.dev, &event), 1);
	assert_int_equal(event.sz, 16);
	assert_int_equal(event.kind, VHC_EVENT_RING_ERROR);
	assert_int_equal(event.count, 5); /* not there for a caller of that age */
	fail_ring(&rig, 0, 1);
	assert_int_equal(vhc_dev_next_event(rig.dev, &longer.event), 1);
	assert_int_equal(longer.event.sz, sizeof(longer));
	assert_int_equal(longer.more, 0);
	/* more errors than the field can say */
	for (int i = 0; i < 2; i++)
		fail_ring(&rig, 0, UINT32_MAX);
	assert_error(&rig, 0, UINT32_MAX);
	rig_free(&rig);
}

static void next_event_of_caps_device_is_none(void **state)
{
	struct vhc_event event = { .sz = sizeof(event) };
	struct vhc_dev *dev;
	struct rig *rig = *state;
	char *caps;
	int fd;

	assert_ok(rig, vhc_caps_probe(rig->ctx, &caps));
	assert_ok(rig, vhc_dev_open_caps(rig->ctx, "there", caps,
					 VHC_ARG(vhc_dev_args, .type = VHC_TYPE_NET), &dev));
	assert_int_equal(vhc_dev_next_event(dev, &event), 0);
	fd = vhc_dev_get_event_fd(dev);
	assert_true(fd >= 0);
	assert_false(readable(rig, fd));
	vhc_dev_close(dev);
	free(caps);
}

/* --------------------------------------------------------------------------------- whose turn it is */

static void next_event_serves_all_sources(void **state)
{
	uint32_t seen[6] = { 0 };
	struct rig rig;

	up(&rig, "7.2", 2, true);
	/* all of them have something, again and again */
	for (uint32_t i = 0; i < 60; i++) {
		struct vhc_event event;

		for (uint32_t ring = 0; ring < 4; ring++) {
			fail_ring(&rig, ring, 1);
			if (rig_vhost(&rig, ring / 2)->unread < 8)
				miss(&rig, ring, 0x5000, VHC_PERM_READ);
		}
		assert_int_equal(next(&rig, &event), 1);
		seen[event.kind == VHC_EVENT_MISS ? 4 + event.ring / 2 : event.ring]++;
	}
	for (uint32_t i = 0; i < 6; i++)
		assert_int_equal(seen[i], 10);
	rig_free(&rig);
}

/* A vhost fd that never comes to an end does not keep its caller. */
static void next_event_with_endless_messages_returns(void **state)
{
	static const uint64_t damaged[9];
	struct vhc_event event;
	uint32_t calls;
	struct rig rig;

	up(&rig, "6.12", 2, true);
	for (uint32_t i = 0; i < 2; i++) {
		fake_raise_message(rig.fake, rig_vhost(&rig, i), damaged, sizeof(damaged));
		rig_vhost(&rig, i)->endless = true;
	}
	fake_forget_calls(rig.fake);
	assert_int_equal(next(&rig, &event), 0);
	calls = fake_count(rig.fake, "read_fd");
	assert_true(calls > 100 && calls <= 1024);
	/* and the others are heard */
	fail_ring(&rig, 2, 1);
	assert_error(&rig, 2, 1);
	rig_free(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(event_fd_is_readable_while_events_wait),
		RIG_TEST(next_event_without_event_fd_works, "6.1", 2),
		cmocka_unit_test(reset_discards_events),
		RIG_TEST(failed_start_removes_event_sources, "7.2", 2),
		cmocka_unit_test(get_event_fd_without_fds_is_emfile),
		cmocka_unit_test(next_event_with_failing_poll_keeps_event),
		cmocka_unit_test(next_event_fills_struct_of_any_size),
		RIG_TEST(next_event_of_caps_device_is_none, "7.2", 1),
		cmocka_unit_test(next_event_serves_all_sources),
		cmocka_unit_test(next_event_with_endless_messages_returns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
