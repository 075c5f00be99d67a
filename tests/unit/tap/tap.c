/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tap - links by name: made or attached to, and who may use them.
 */
#include <limits.h>
#include <linux/if_tun.h>
#include <sys/ioctl.h>

#include "doc.h"
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

/* A link that another process made and left, as `ip tuntap add` does. */
static void leave_tap(const char *name, uint32_t queues)
{
	assert_ok(&rig, rig_open_tap(&rig, name, queues, VHC_TAP_PERSIST | VHC_TAP_OWNER));
	vhc_tap_close(rig.tap);
	rig.tap = NULL;
	assert_non_null(fake_tap(rig.fake, name));
	assert_int_equal(fake_tap(rig.fake, name)->queues, 0);
}

static void take_away(const char *name, uint32_t queues)
{
	assert_ok(&rig, rig_open_tap(&rig, name, queues, VHC_TAP_ADOPT));
	assert_int_equal(fake_sys.ioctl(rig.fake, vhc_tap_get_fd(rig.tap, 0), TUNSETPERSIST, NULL),
			 0);
	vhc_tap_close(rig.tap);
	rig.tap = NULL;
}

static uint32_t first_call(const char *name)
{
	uint32_t i = 0;

	while (fake_call(rig.fake, i) && strcmp(fake_call(rig.fake, i)->name, name))
		i++;
	assert_non_null(fake_call(rig.fake, i));
	return i;
}

/* -------------------------------------------------------------------------------------- making */

static void tap_open_makes_one_queue(void **state)
{
	const struct fake_tap *tap;

	assert_ok(&rig, vhc_tap_open(rig.ctx, "vm1", NULL, &rig.tap));
	tap = fake_tap(rig.fake, "vm1");
	assert_non_null(tap);
	assert_int_equal(tap->flags, IFF_TAP | IFF_NO_PI | IFF_VNET_HDR);
	/* no other user may attach */
	assert_true(tap->has_owner);
	assert_int_equal(tap->owner, 0);
	assert_false(tap->has_group);
	assert_int_equal(tap->sndbuf, INT_MAX);
	assert_int_equal(tap->txqueuelen, 1000);
	assert_string_equal(vhc_tap_get_name(rig.tap), "vm1");
	assert_int_equal(vhc_tap_get_fd(rig.tap, 1), -EINVAL);
	assert_says(&rig, "vm1", "queue 1");
}

static void tap_open_makes_256_queues(void **state)
{
	assert_ok(&rig, rig_open_tap(&rig, "vm1", 256, VHC_TAP_OWNER | VHC_TAP_GROUP));
	assert_int_equal(fake_tap(rig.fake, "vm1")->queues, 256);
	assert_int_equal(fake_tap(rig.fake, "vm1")->flags,
			 IFF_TAP | IFF_NO_PI | IFF_VNET_HDR | IFF_MULTI_QUEUE);
	assert_int_equal(fake_tap(rig.fake, "vm1")->owner, 1000);
	assert_int_equal(fake_tap(rig.fake, "vm1")->group, 1000);
	vhc_tap_close(rig.tap);
	rig.tap = NULL;
	fake_forget_calls(rig.fake);
	assert_int_equal(rig_open_tap(&rig, "vm1", 257, 0), -EINVAL);
	assert_says(&rig, "257", "256");
	assert_int_equal(fake_calls(rig.fake), 0);
}

/* From the first queue on anybody could attach who finds the name: the owner comes before the rest. */
static void tap_open_sets_owner_before_second_queue(void **state)
{
	uint32_t owner;

	assert_ok(&rig, rig_open_tap(&rig, "vm1", 3, VHC_TAP_GROUP));
	owner = first_call("TUNSETGROUP");
	assert_int_equal(owner, first_call("TUNSETIFF") + 1);
	assert_false(fake_tap(rig.fake, "vm1")->has_owner);
}

static void tap_open_without_name_gets_kernel_name(void **state)
{
	struct vhc_tap *other;

	assert_ok(&rig, vhc_tap_open(rig.ctx, NULL, NULL, &other));
	assert_ok(&rig, vhc_tap_open(rig.ctx, NULL, VHC_ARG(vhc_tap_args, .queues = 2), &rig.tap));
	assert_string_equal(vhc_tap_get_name(other), "tap0");
	assert_string_equal(vhc_tap_get_name(rig.tap), "tap1");
	assert_int_equal(fake_tap(rig.fake, "tap1")->queues, 2);
	vhc_tap_close(other);
	assert_null(fake_tap(rig.fake, "tap0"));
}

static void tap_open_of_bad_name_is_einval(void **state)
{
	static const char *const bad[] = { "",
					   ".",
					   "..",
					   "a/b",
					   "a:b",
					   "a b",
					   "a\tb",
					   "tap%d",
					   "%d",
					   "a%sb",
					   "a%%d",
					   "\n",
					   "0123456789abcdef",
					   "0123456789abcdef0123456789" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char shown[100];

		assert_int_equal(vhc_tap_open(rig.ctx, bad[i], NULL, &rig.tap), -EINVAL);
		assert_says(&rig, doc_escape(shown, sizeof(shown), bad[i]), "1 to 15 bytes");
	}
	assert_int_equal(fake_calls(rig.fake), 0);
	assert_ok(&rig, vhc_tap_open(rig.ctx, "0123456789abcde", NULL, &rig.tap));
}

static void tap_open_with_bad_arguments_is_refused(void **state)
{
	struct {
		struct vhc_tap_args args;
		uint64_t newer;
	} longer = { .args = { .sz = sizeof(longer), .queues = 2 } };

	assert_ok(&rig, vhc_tap_open(rig.ctx, "vm1", &longer.args, &rig.tap));
	vhc_tap_close(rig.tap);
	rig.tap = NULL;
	fake_forget_calls(rig.fake);
	longer.newer = 1;
	assert_int_equal(vhc_tap_open(rig.ctx, "vm1", &longer.args, &rig.tap), -E2BIG);
	longer.args.sz = 0;
	assert_int_equal(vhc_tap_open(rig.ctx, "vm1", &longer.args, &rig.tap), -EINVAL);
	assert_says(&rig, "vhc_tap_args", "sz");
	assert_int_equal(rig_open_tap(&rig, "vm1", 1, 1u << 31), -EINVAL);
	assert_int_equal(
		vhc_tap_open(rig.ctx, "vm1", VHC_ARG(vhc_tap_args, .reserved = 1), &rig.tap),
		-EINVAL);
	assert_int_equal(vhc_tap_open(rig.ctx, "vm1",
				      VHC_ARG(vhc_tap_args, .txqueuelen = 0x80000000), &rig.tap),
			 -EINVAL);
	assert_says(&rig, "txqueuelen", "2147483648");
	assert_int_equal(fake_calls(rig.fake), 0);
}

static void tap_open_sets_txqueuelen(void **state)
{
	assert_ok(&rig, vhc_tap_open(rig.ctx, "vm1", VHC_ARG(vhc_tap_args, .txqueuelen = 5000),
				     &rig.tap));
	assert_int_equal(fake_tap(rig.fake, "vm1")->txqueuelen, 5000);
}

/* ------------------------------------------------------------------------- links that are there */

static void tap_open_of_busy_name_is_ebusy(void **state)
{
	struct vhc_tap *second = NULL;

	assert_ok(&rig, rig_open_tap(&rig, "vm1", 1, 0));
	assert_int_equal(vhc_tap_open(rig.ctx, "vm1", NULL, &second), -EBUSY);
	assert_says(&rig, "vm1", "TUNSETIFF", "EBUSY", "exists");
	assert_int_equal(vhc_tap_open(rig.ctx, "vm1", VHC_ARG(vhc_tap_args, .flags = VHC_TAP_ADOPT),
				      &second),
			 -EBUSY);
	assert_says(&rig, "vm1", "EBUSY", "only queue");
	assert_null(second);
	assert_int_equal(vhc_tap_open(rig.ctx, "lo", NULL, &second), -EBUSY);
	assert_int_equal(
		vhc_tap_open(rig.ctx, "lo", VHC_ARG(vhc_tap_args, .flags = VHC_TAP_ADOPT), &second),
		-EINVAL);
	assert_says(&rig, "lo", "EINVAL", "not a tap");
}

static void tap_open_with_adopt_attaches_to_link(void **state)
{
	leave_tap("vm1", 2);
	/* not without VHC_TAP_ADOPT */
	assert_int_equal(rig_open_tap(&rig, "vm1", 2, 0), -EBUSY);
	assert_ok(&rig, rig_open_tap(&rig, "vm1", 2, VHC_TAP_ADOPT));
	/* its owner stays who it was, and it stays when we go */
	assert_int_equal(fake_tap(rig.fake, "vm1")->owner, 1000);
	vhc_tap_close(rig.tap);
	rig.tap = NULL;
	assert_non_null(fake_tap(rig.fake, "vm1"));
	/* one queue of a link that may have more */
	assert_ok(&rig, rig_open_tap(&rig, "vm1", 1, VHC_TAP_ADOPT));
	assert_int_equal(fake_tap(rig.fake, "vm1")->queues, 1);
	vhc_tap_close(rig.tap);
	rig.tap = NULL;
	take_away("vm1", 2);
}

static void tap_adopt_of_single_queue_link_is_einval(void **state)
{
	leave_tap("vm1", 1);
	assert_int_equal(rig_open_tap(&rig, "vm1", 2, VHC_TAP_ADOPT), -EINVAL);
	assert_says(&rig, "vm1", "without multi_queue", "2 queues", "mode tap multi_queue");
	take_away("vm1", 1);
}

/* Opening an existing link for keeps, and failing on the way: it is still there. */
static void failed_tap_adopt_keeps_link(void **state)
{
	static const char *const calls[] = { "open", "TUNSETIFF", "TUNSETSNDBUF", "TUNGETVNETHDRSZ",
					     "TUNGETSNDBUF" };

	leave_tap("vm1", 2);
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		fake_fail(rig.fake, calls[i], i < 3 ? 2 : 1, EIO);
		assert_int_equal(rig_open_tap(&rig, "vm1", 2, VHC_TAP_ADOPT | VHC_TAP_PERSIST),
				 -EIO);
		assert_non_null(fake_tap(rig.fake, "vm1"));
		assert_int_equal(fake_tap(rig.fake, "vm1")->queues, 0);
	}
	take_away("vm1", 2);
}

static void tap_open_without_privileges_is_eperm(void **state)
{
	leave_tap("vm1", 1);
	fake_set_user(rig.fake, 2000, 2000);
	assert_int_equal(rig_open_tap(&rig, "vm2", 1, 0), -EPERM);
	assert_says(&rig, "vm2", "EPERM", "CAP_NET_ADMIN");
	assert_int_equal(rig_open_tap(&rig, "vm1", 1, VHC_TAP_ADOPT), -EPERM);
	assert_says(&rig, "vm1", "EPERM", "owner", "group");
	fake_set_user(rig.fake, 1000, 1000);
	assert_ok(&rig, rig_open_tap(&rig, "vm1", 1, VHC_TAP_ADOPT));
	vhc_tap_close(rig.tap);
	rig.tap = NULL;
	fake_set_user(rig.fake, 0, 0);
	take_away("vm1", 1);
}

static void tap_open_without_node_says_why(void **state)
{
	static const struct {
		int error;
		const char *says;
	} cases[] = {
		{ ENOENT, "modprobe tun" },
		{ ENODEV, "modprobe tun" },
		{ EACCES, "/dev/net/tun" },
		{ EPERM, "cgroup" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		fake_set_node(rig.fake, "/dev/net/tun", cases[i].error);
		assert_int_equal(rig_open_tap(&rig, "vm1", 1, 0), -cases[i].error);
		assert_says(&rig, "vm1", "/dev/net/tun", cases[i].says);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(tap_open_makes_one_queue),
		TEST(tap_open_makes_256_queues),
		TEST(tap_open_sets_owner_before_second_queue),
		TEST(tap_open_without_name_gets_kernel_name),
		TEST(tap_open_of_bad_name_is_einval),
		TEST(tap_open_with_bad_arguments_is_refused),
		TEST(tap_open_sets_txqueuelen),
		TEST(tap_open_of_busy_name_is_ebusy),
		TEST(tap_open_with_adopt_attaches_to_link),
		TEST(tap_adopt_of_single_queue_link_is_einval),
		TEST(failed_tap_adopt_keeps_link),
		TEST(tap_open_without_privileges_is_eperm),
		TEST(tap_open_without_node_says_why),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
