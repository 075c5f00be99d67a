/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * features - links by fd, and what is set on a link: header, offloads, queues that receive.
 */
#include <linux/if_tun.h>
#include <sys/ioctl.h>

#include "rig.h"

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

/* ---------------------------------------------------------------------------------------- by fd */

static void tap_open_fds_duplicates_them(void **state)
{
	struct vhc_tap *second;
	int fds[2];

	assert_ok(&rig, rig_open_tap(&rig, "vm1", 2, 0));
	fds[0] = vhc_tap_get_fd(rig.tap, 0);
	fds[1] = vhc_tap_get_fd(rig.tap, 1);
	assert_ok(&rig, vhc_tap_open_fds(rig.ctx, fds, 2, &second));
	assert_string_equal(vhc_tap_get_name(second), "vm1");
	/* duplicated: the first one's owner may go */
	assert_int_not_equal(vhc_tap_get_fd(second, 0), fds[0]);
	vhc_tap_close(rig.tap);
	rig.tap = second;
	assert_int_equal(fake_tap(rig.fake, "vm1")->queues, 2);
}

static void tap_open_fds_of_other_kind_is_refused(void **state)
{
	struct fake_left before, after;
	struct vhc_tap *other, *ret = NULL;
	int fds[2], tun = fake_sys.open(rig.fake, "/dev/net/tun", 0);
	int kinds[] = { 900, fake_eventfd(rig.fake), fake_sys.open(rig.fake, "/dev/null", 0), tun };

	assert_ok(&rig, rig_open_tap(&rig, "vm1", 2, 0));
	assert_ok(&rig, vhc_tap_open(rig.ctx, "vm2", NULL, &other));
	fds[0] = vhc_tap_get_fd(rig.tap, 0);
	before = fake_left(rig.fake);
	for (size_t i = 0; i < 4; i++) {
		fds[1] = kinds[i];
		assert_int_equal(vhc_tap_open_fds(rig.ctx, fds, 2, &ret), i ? -EINVAL : -EBADF);
		assert_says(&rig, "fd ");
	}
	fds[1] = fds[0];
	assert_int_equal(vhc_tap_open_fds(rig.ctx, fds, 2, &ret), -EINVAL);
	assert_says(&rig, "vm1", "queue 0", "again");
	fds[1] = vhc_tap_get_fd(other, 0);
	assert_int_equal(vhc_tap_open_fds(rig.ctx, fds, 2, &ret), -EINVAL);
	assert_says(&rig, "vm1", "vm2");
	assert_int_equal(vhc_tap_open_fds(rig.ctx, fds, 0, &ret), -EINVAL);
	assert_null(ret);
	after = fake_left(rig.fake);
	assert_true(left_equal(&before, &after));
	for (size_t i = 1; i < 4; i++)
		fake_close(rig.fake, kinds[i]);
	vhc_tap_close(other);
}

static void tap_open_fds_without_vnet_hdr_is_einval(void **state)
{
	struct {
		char name[16];
		short flags;
		char rest[22];
	} ifr = { "vm1", IFF_TAP | IFF_NO_PI, "" };
	int fd = fake_sys.open(rig.fake, "/dev/net/tun", 0);

	assert_int_equal(fake_sys.ioctl(rig.fake, fd, TUNSETIFF, &ifr), 0);
	assert_int_equal(vhc_tap_open_fds(rig.ctx, &fd, 1, &rig.tap), -EINVAL);
	assert_says(&rig, "vm1", "IFF_VNET_HDR");
	fake_close(rig.fake, fd);
}

/* TUNGETIFF has the bit of IFF_NO_PI for a link with packet information, too: it is IFF_NOFILTER then. */
static void tap_open_fds_with_packet_info_is_einval(void **state)
{
	struct {
		char name[16];
		short flags;
		char rest[22];
	} ifr = { "vm1", IFF_TAP | IFF_VNET_HDR, "" };
	int fd = fake_sys.open(rig.fake, "/dev/net/tun", 0);

	assert_int_equal(fake_sys.ioctl(rig.fake, fd, TUNSETIFF, &ifr), 0);
	assert_int_equal(vhc_tap_open_fds(rig.ctx, &fd, 1, &rig.tap), -EINVAL);
	assert_says(&rig, "vm1", "packet information", "IFF_NO_PI");
	fake_close(rig.fake, fd);
}

/* A queue that its owner detached is attached when its ring starts. */
static void tap_open_fds_knows_detached_queues(void **state)
{
	struct vhc_tap *passed;
	int fds[2];

	assert_ok(&rig, rig_open_tap(&rig, "vm1", 2, 0));
	assert_ok(&rig, vhc_tap_set_active(rig.tap, 1));
	fds[0] = vhc_tap_get_fd(rig.tap, 0);
	fds[1] = vhc_tap_get_fd(rig.tap, 1);
	assert_ok(&rig, vhc_tap_open_fds(rig.ctx, fds, 2, &passed));
	assert_ok(&rig, vhc_tap_set_active(passed, 2));
	assert_int_equal(fake_tap(rig.fake, "vm1")->queues, 2);
	vhc_tap_close(passed);
}

/* What each queue of a macvtap has is known of each: not of the last. */
static void set_features_sets_macvtap_queues_that_differ(void **state)
{
	int fds[3], header = 10;

	for (size_t i = 0; i < 3; i++)
		fds[i] = fake_macvtap(rig.fake, "mv0");
	for (size_t i = 1; i < 3; i++)
		fake_tap_of(rig.fake, fds[i])->header = 12;
	assert_ok(&rig, vhc_tap_open_fds(rig.ctx, fds, 3, &rig.tap));
	fake_tap_of(rig.fake, fds[0])->offloads = 0x7;
	rig.acked.w[0] &= ~(1ull << VHI_F_GUEST_TSO6);
	/* a failure at the second leaves all as they were, as far as that is known */
	fake_fail(rig.fake, "TUNSETOFFLOAD", 2, EIO);
	assert_int_equal(vhc_tap_set_features(rig.tap, &rig.acked, 0), -EIO);
	assert_int_equal(fake_tap_of(rig.fake, fds[0])->header, 10);
	assert_int_equal(fake_tap_of(rig.fake, fds[0])->offloads, 0);
	assert_int_equal(fake_tap_of(rig.fake, fds[2])->offloads, 0);
	assert_ok(&rig, vhc_tap_set_features(rig.tap, &rig.acked, 0));
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(fake_tap_of(rig.fake, fds[i])->header, 12);
		assert_int_equal(fake_tap_of(rig.fake, fds[i])->offloads, 0x3);
	}
	/* and from there, to exactly what it was */
	fake_fail(rig.fake, "TUNSETOFFLOAD", 3, EIO);
	assert_int_equal(vhc_tap_set_features(rig.tap, &(struct vhc_features){ { 0 } }, 0), -EIO);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(fake_tap_of(rig.fake, fds[i])->header, 12);
		assert_int_equal(fake_tap_of(rig.fake, fds[i])->offloads, 0x3);
	}
	/* a start sees each, too */
	fake_sys.ioctl(rig.fake, fds[0], TUNSETVNETHDRSZ, &header);
	vhc_tap_close(rig.tap);
	assert_ok(&rig, vhc_tap_open_fds(rig.ctx, fds, 2, &rig.tap));
	rig_up(&rig);
	assert_int_equal(fake_tap_of(rig.fake, fds[0])->header, 12);
	for (size_t i = 0; i < 3; i++)
		fake_close(rig.fake, fds[i]);
}

/* Each queue of a macvtap has a header size and offloads of its own. */
static void set_features_reaches_each_macvtap_queue(void **state)
{
	int fds[2] = { fake_macvtap(rig.fake, "mv0"), fake_macvtap(rig.fake, "mv0") };

	assert_ok(&rig, vhc_tap_open_fds(rig.ctx, fds, 2, &rig.tap));
	assert_ok(&rig, rig_mem(&rig));
	assert_ok(&rig, rig_dev(&rig));
	assert_ok(&rig, rig_attach(&rig));
	assert_ok(&rig, rig_offer(&rig));
	assert_ok(&rig, rig_features(&rig));
	assert_ok(&rig, rig_rings(&rig));
	fake_fail(rig.fake, "VHOST_NET_SET_BACKEND", 2, EIO);
	assert_int_equal(rig_start(&rig), -EIO);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(fake_tap_of(rig.fake, fds[i])->header, 10);
		assert_int_equal(fake_tap_of(rig.fake, fds[i])->offloads, 0);
	}
	assert_ok(&rig, rig_start(&rig));
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(fake_tap_of(rig.fake, fds[i])->header, 12);
		assert_int_equal(fake_tap_of(rig.fake, fds[i])->offloads, 0x7);
		fake_close(rig.fake, fds[i]);
	}
}

/* ------------------------------------------------------------------------------ what is set on it */

static void tap_set_features_is_set_at_once(void **state)
{
	struct vhc_features guest = { { 1ull << VHI_F_VERSION_1 | 1ull << VHI_F_GUEST_CSUM } };
	const struct fake_tap *tap;

	assert_ok(&rig, rig_open_tap(&rig, "vm1", 2, 0));
	tap = fake_tap(rig.fake, "vm1");
	assert_ok(&rig, vhc_tap_set_features(rig.tap, &guest, 0));
	assert_int_equal(tap->header, 12);
	assert_int_equal(tap->offloads, 1);
	fake_forget_calls(rig.fake);
	assert_ok(&rig, vhc_tap_set_features(rig.tap, &guest, 0));
	assert_int_equal(fake_calls(rig.fake), 0);
	/* all or nothing: a header alone is of no use */
	guest.w[0] = 0;
	fake_fail(rig.fake, "TUNSETOFFLOAD", 1, EIO);
	assert_int_equal(vhc_tap_set_features(rig.tap, &guest, 0), -EIO);
	assert_says(&rig, "vm1", "TUNSETOFFLOAD", "EIO");
	assert_int_equal(tap->header, 12);
	assert_int_equal(tap->offloads, 1);
	assert_ok(&rig, vhc_tap_set_features(rig.tap, &guest, 0));
	assert_int_equal(tap->header, 10);
	assert_int_equal(tap->offloads, 0);
}

static void tap_set_features_on_old_kernel_is_eopnotsupp(void **state)
{
	struct vhc_features guest = { { 1ull << VHI_F_GUEST_CSUM | 1ull << VHI_F_GUEST_USO4 |
					1ull << VHI_F_GUEST_USO6 } };

	fake_profile(rig.fake)->offloads = 0x1f;
	assert_ok(&rig, rig_open_tap(&rig, "vm1", 1, 0));
	assert_int_equal(vhc_tap_set_features(rig.tap, &guest, 0), -EOPNOTSUPP);
	assert_says(&rig, "vm1", "TUNSETOFFLOAD", "EINVAL");
	assert_int_equal(fake_tap(rig.fake, "vm1")->header, 10);
}

static void set_active_detaches_other_queues(void **state)
{
	const struct fake_tap *tap;

	assert_ok(&rig, rig_open_tap(&rig, "vm1", 4, 0));
	tap = fake_tap(rig.fake, "vm1");
	assert_ok(&rig, vhc_tap_set_active(rig.tap, 1));
	assert_int_equal(tap->queues, 1);
	assert_int_equal(tap->detached, 3);
	/* what fails half way resumes there */
	fake_fail(rig.fake, "TUNSETQUEUE", 2, EIO);
	assert_int_equal(vhc_tap_set_active(rig.tap, 4), -EIO);
	assert_says(&rig, "vm1", "TUNSETQUEUE", "queue 2");
	assert_int_equal(tap->queues, 1);
	assert_ok(&rig, vhc_tap_set_active(rig.tap, 4));
	assert_int_equal(tap->queues, 4);
	fake_forget_calls(rig.fake);
	assert_ok(&rig, vhc_tap_set_active(rig.tap, 4));
	assert_int_equal(vhc_tap_set_active(rig.tap, 0), -EINVAL);
	assert_int_equal(vhc_tap_set_active(rig.tap, 5), -EINVAL);
	assert_says(&rig, "vm1", "5", "4");
	assert_int_equal(fake_calls(rig.fake), 0);
	assert_ok(&rig, vhc_tap_set_active(rig.tap, 2));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(tap_open_fds_duplicates_them),
		TEST(tap_open_fds_of_other_kind_is_refused),
		TEST(tap_open_fds_without_vnet_hdr_is_einval),
		TEST(tap_open_fds_with_packet_info_is_einval),
		TEST(tap_open_fds_knows_detached_queues),
		TEST(set_features_sets_macvtap_queues_that_differ),
		TEST(set_features_reaches_each_macvtap_queue),
		TEST(tap_set_features_is_set_at_once),
		TEST(tap_set_features_on_old_kernel_is_eopnotsupp),
		TEST(set_active_detaches_other_queues),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
