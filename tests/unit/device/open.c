/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * open - devices opened by path and by fd, or not: why, and the command that mends it; arguments of
 * every version; workers; closing.
 */
#include "ctx.h"
#include "syscall/sys.h"
#include "rig.h"

static struct rig rig;

static int setup(void **state)
{
	rig_new(&rig, "6.12", 2);
	return 0;
}

static int teardown(void **state)
{
	rig_free(&rig);
	return 0;
}

static int open_with(uint32_t flags)
{
	rig.dev_flags = flags;
	return rig_dev(&rig);
}

static void open_of_failing_node_says_why(void **state)
{
	static const struct {
		int error;
		const char *reason, *remedy;
	} cases[] = {
		{ ENOENT, "no such node", "modprobe vhost_net" },
		{ ENODEV, "no driver", "modprobe vhost_net" },
		{ ENXIO, "no driver", "modprobe vhost_net" },
		{ EACCES, "owner and mode", "setfacl -m u:0:rw /dev/vhost-net" },
		{ EPERM, "cgroup", NULL },
		{ EMFILE, "EMFILE", NULL },
		{ EIO, "the kernel refused it", NULL },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct vhc_error *error;

		fake_set_node(rig.fake, "/dev/vhost-net", cases[i].error);
		assert_int_equal(rig_dev(&rig), -cases[i].error);
		error = vhc_ctx_get_error(rig.ctx);
		assert_int_equal(error->code, -cases[i].error);
		assert_string_equal(error->device, "net0");
		assert_says(&rig, "/dev/vhost-net", cases[i].reason);
		/* one that works as it is, or none */
		assert_string_equal(error->hint, cases[i].remedy ? cases[i].remedy : "");
	}
	assert_int_equal(vhc_dev_open(rig.ctx, "net0", "/dev/nothing",
				      VHC_ARG(vhc_dev_args, .type = VHC_TYPE_NET), &rig.dev),
			 -ENOENT);
	assert_says(&rig, "/dev/nothing");
	/* all or none */
	fake_set_node(rig.fake, "/dev/vhost-net", 0);
	fake_fail(rig.fake, "open", 2, EMFILE);
	assert_int_equal(rig_dev(&rig), -EMFILE);
	assert_null(rig.dev);
}

static void open_of_other_node_is_einval(void **state)
{
	static const char *const paths[] = { "/dev/null", "/dev/vhost-vsock", "/dev/net/tun" };

	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(vhc_dev_open(rig.ctx, "net0", paths[i],
					      VHC_ARG(vhc_dev_args, .type = VHC_TYPE_NET),
					      &rig.dev),
				 -EINVAL);
		assert_says(&rig, "net0", "not a vhost-net device", "10:238");
	}
	assert_int_equal(fake_count(rig.fake, "VHOST_"), 0);
	assert_true(fake_is_clean(rig.fake));
}

static void open_with_bad_arguments_is_einval(void **state)
{
	static const struct {
		struct vhc_dev_args args;
		const char *id, *says;
	} bad[] = {
		{ { .type = 2 }, "net0", "type 2" },
		{ { .type = 0 }, "net0", "type 0" },
		{ { .type = VHC_TYPE_NET, .backend = 1 }, "net0", "back end 1" },
		{ { .type = VHC_TYPE_NET, .queue_pairs = 257 }, "net0", "257" },
		{ { .type = VHC_TYPE_NET, .flags = 1u << 31 }, "net0", "0x80000000" },
		{ { .type = VHC_TYPE_NET, .flags = VHC_DEV_TASK | VHC_DEV_KTHREAD },
		  "net0",
		  "exclude each other" },
		{ { .type = VHC_TYPE_NET }, "", "1 to 63 bytes" },
		/* no message and no document could have these */
		{ { .type = VHC_TYPE_NET },
		  "a\nb",
		  "control characters and is UTF-8: \"a\\u000ab\"" },
		{ { .type = VHC_TYPE_NET }, "\x1b[31m", "\"\\u001b[31m\"" },
		{ { .type = VHC_TYPE_NET }, "\x7f", "\"\\u007f\"" },
		{ { .type = VHC_TYPE_NET }, "\xc2\x9b", "\"\\u009b\"" },
		{ { .type = VHC_TYPE_NET }, "\xff", "\"\\u00ff\"" },
		{ { .type = VHC_TYPE_NET }, "\xc3", "\"\\u00c3\"" },
		{ { .type = VHC_TYPE_NET },
		  "0123456789012345678901234567890123456789012345678901234567890123",
		  "64" },
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct vhc_dev_args args = bad[i].args;

		args.sz = sizeof(args);
		assert_int_equal(vhc_dev_open(rig.ctx, bad[i].id, NULL, &args, &rig.dev), -EINVAL);
		assert_says(&rig, bad[i].says);
	}
	assert_null(rig.dev);
	assert_int_equal(fake_calls(rig.fake), 0);
}

/* Shorter than now: zeros.  Longer: zeros only.  A field that is not known is -E2BIG. */
static void open_with_longer_or_shorter_struct_reads_what_is_known(void **state)
{
	struct {
		struct vhc_dev_args args;
		uint8_t newer[16];
	} longer = { .args = { .sz = sizeof(longer), .type = VHC_TYPE_NET, .queue_pairs = 2 } };
	struct vhc_dev_args args = { .sz = 16, .type = VHC_TYPE_NET, .queue_pairs = 7 };
	struct {
		struct vhc_dev_info info;
		uint64_t newer;
	} info = { .info = { .sz = sizeof(info) }, .newer = 5 };

	assert_ok(&rig, vhc_dev_open(rig.ctx, "net0", NULL, &longer.args, &rig.dev));
	assert_ok(&rig, vhc_dev_get_info(rig.dev, &info.info));
	assert_int_equal(info.info.rings, 4);
	assert_int_equal(info.info.max_regions, 64);
	assert_int_equal(info.newer, 0);
	rig_close(&rig);
	/* an old caller did not know of queue pairs: one */
	assert_ok(&rig, vhc_dev_open(rig.ctx, "net0", NULL, &args, &rig.dev));
	info.info = (struct vhc_dev_info){ .sz = 12, .max_regions = 99 };
	assert_ok(&rig, vhc_dev_get_info(rig.dev, &info.info));
	assert_int_equal(info.info.rings, 2);
	assert_int_equal(info.info.max_regions, 99);
	info.info.sz = 0;
	assert_int_equal(vhc_dev_get_info(rig.dev, &info.info), -EINVAL);
	rig_close(&rig);
	longer.newer[8] = 1;
	assert_int_equal(vhc_dev_open(rig.ctx, "net0", NULL, &longer.args, &rig.dev), -E2BIG);
	assert_says(&rig, "vhc_dev_args", "byte 40");
	longer.args.sz = 4097;
	assert_int_equal(vhc_dev_open(rig.ctx, "net0", NULL, &longer.args, &rig.dev), -EINVAL);
	longer.args.sz = 7;
	assert_int_equal(vhc_dev_open(rig.ctx, "net0", NULL, &longer.args, &rig.dev), -EINVAL);
	assert_null(rig.dev);
}

/* --------------------------------------------------------------------------------- ownership */

static void first_start_sets_owner(void **state)
{
	rig_prepare(&rig);
	assert_int_equal(fake_left(rig.fake).workers, 0);
	assert_ok(&rig, rig_start(&rig));
	assert_int_equal(fake_left(rig.fake).workers, 2);
}

static void open_with_own_sets_owner(void **state)
{
	assert_ok(&rig, open_with(VHC_DEV_OWN));
	assert_int_equal(fake_left(rig.fake).workers, 2);
	fake_forget_calls(rig.fake);
	rig_prepare(&rig);
	assert_ok(&rig, rig_start(&rig));
	assert_int_equal(fake_count(rig.fake, "VHOST_SET_OWNER"), 0);
}

static void open_with_worker_mode_sets_it(void **state)
{
	assert_ok(&rig, open_with(VHC_DEV_KTHREAD));
	assert_int_equal(fake_vhost(rig.fake, 0)->fork_owner, 0);
	assert_int_equal(fake_vhost(rig.fake, 1)->fork_owner, 0);
	rig_close(&rig);
	assert_ok(&rig, open_with(VHC_DEV_TASK));
	assert_int_equal(fake_vhost(rig.fake, 1)->fork_owner, 1);
}

static void open_with_worker_mode_on_old_kernel_is_enotty(void **state)
{
	fake_profile(rig.fake)->fork_from_owner = false;
	assert_int_equal(open_with(VHC_DEV_TASK | VHC_DEV_OWN), -ENOTTY);
	assert_says(&rig, "net0", "VHOST_SET_FORK_FROM_OWNER", "EPERM");
	assert_int_equal(open_with(VHC_DEV_KTHREAD), -ENOTTY);
	assert_ok(&rig, open_with(VHC_DEV_OWN));
}

/* What the errno alone does not say. */
static void failed_set_owner_says_why(void **state)
{
	fake_fail(rig.fake, "VHOST_SET_OWNER", 2, ENOMEM);
	assert_int_equal(open_with(VHC_DEV_OWN), -ENOMEM);
	assert_says(&rig, "net0", "vhost fd 1", "VHOST_SET_OWNER", "ENOMEM", "RLIMIT_NPROC");
	assert_int_equal(fake_left(rig.fake).workers, 0);
	assert_true(fake_is_clean(rig.fake));
	assert_ok(&rig, open_with(0));
	assert_ok(&rig, rig_mem(&rig));
	rig_prepare(&rig);
	fake_vhost(rig.fake, 1)->owned = true; /* as by another process */
	assert_int_equal(rig_start(&rig), -EBUSY);
	assert_says(&rig, "vhost fd 1", "VHOST_SET_OWNER", "EBUSY", "already has an owner");
	assert_false(fake_vhost(rig.fake, 0)->owned);
	fake_vhost(rig.fake, 1)->owned = false;
	/* another process took it over, or this one is the child of a fork */
	assert_ok(&rig, rig_start(&rig));
	assert_ok(&rig, vhc_dev_stop(rig.dev));
	fake_vhost(rig.fake, 0)->owned = false;
	assert_int_equal(rig_start(&rig), -EPERM);
	assert_says(&rig, "ring 0", "VHOST_NET_SET_BACKEND", "EPERM", "fork", "exec");
	fake_vhost(rig.fake, 0)->owned = true;
	assert_ok(&rig, rig_start(&rig));
}

/* ------------------------------------------------------------------------------------- by fd */

static int take(const int *fds, uint32_t count, uint32_t flags)
{
	return vhc_dev_open_fds(
		rig.ctx, "net0", fds, count,
		VHC_ARG(vhc_dev_args, .type = VHC_TYPE_NET, .queue_pairs = 2, .flags = flags),
		&rig.dev);
}

static void open_fds_checks_and_duplicates_them(void **state)
{
	int fds[2] = { fake_sys.open(rig.fake, "/dev/vhost-net", 0),
		       fake_sys.open(rig.fake, "/dev/vhost-net", 0) };
	int other = fake_sys.open(rig.fake, "/dev/vhost-vsock", 0);
	int bad[3] = { 900, fake_eventfd(rig.fake), other };
	struct fake_left before = fake_left(rig.fake), after;

	for (size_t i = 0; i < 3; i++) {
		int pair[2] = { fds[0], bad[i] };

		assert_int_equal(take(pair, 2, 0), i ? -EINVAL : -EBADF);
		assert_says(&rig, "net0");
	}
	assert_int_equal(take(fds, 1, 0), -EINVAL);
	assert_says(&rig, "1 vhost fds", "2 queue pairs");
	assert_int_equal(take((int[]){ fds[0], fds[0] }, 2, 0), -EINVAL);
	assert_says(&rig, "pair 1", "pair 0");
	after = fake_left(rig.fake);
	assert_true(left_equal(&before, &after));
	assert_null(rig.dev);
	/* in: duplicated.  The giver's may go */
	assert_ok(&rig, take(fds, 2, 0));
	fake_close(rig.fake, fds[0]);
	fake_close(rig.fake, fds[1]);
	fake_close(rig.fake, bad[1]);
	fake_close(rig.fake, other);
	assert_ok(&rig, rig_mem(&rig));
	assert_ok(&rig, rig_tap(&rig));
	assert_ok(&rig, rig_attach(&rig));
	assert_ok(&rig, rig_features(&rig));
	assert_ok(&rig, rig_rings(&rig));
	assert_ok(&rig, rig_start(&rig));
}

/* The caller keeps its fds open: the device is stopped all the same, and has no owner then. */
static void close_of_shared_fds_resets_owner(void **state)
{
	int fds[2] = { fake_sys.open(rig.fake, "/dev/vhost-net", 0),
		       fake_sys.open(rig.fake, "/dev/vhost-net", 0) };

	assert_ok(&rig, take(fds, 2, 0));
	assert_ok(&rig, rig_mem(&rig));
	assert_ok(&rig, rig_tap(&rig));
	assert_ok(&rig, rig_attach(&rig));
	assert_ok(&rig, rig_features(&rig));
	assert_ok(&rig, rig_rings(&rig));
	assert_ok(&rig, rig_start(&rig));
	vhc_dev_close(rig.dev);
	rig.dev = NULL;
	for (uint32_t i = 0; i < 2; i++) {
		assert_false(fake_vhost(rig.fake, i)->owned);
		for (uint32_t ring = 0; ring < 2; ring++)
			assert_null(fake_vhost(rig.fake, i)->ring[ring].backend);
	}
	fake_close(rig.fake, fds[0]);
	fake_close(rig.fake, fds[1]);
}

static void open_fds_of_owned_device_is_ebusy(void **state)
{
	int fds[2] = { fake_sys.open(rig.fake, "/dev/vhost-net", 0),
		       fake_sys.open(rig.fake, "/dev/vhost-net", 0) };

	fake_vhost(rig.fake, 1)->owned = true;
	assert_int_equal(take(fds, 2, VHC_DEV_OWN), -EBUSY);
	assert_says(&rig, "net0", "vhost fd 1", "already has an owner");
	/* what was taken before is given back, since the fd lives on */
	assert_false(fake_vhost(rig.fake, 0)->owned);
	assert_null(rig.dev);
	fake_close(rig.fake, fds[0]);
	fake_close(rig.fake, fds[1]);
}

/* ------------------------------------------------------------------------------------ closing */

static void close_in_any_order_leaves_nothing(void **state)
{
	struct vhc_ctx *ctx = rig.ctx;

	for (uint32_t order = 0; order < 24; order++) {
		rig_up(&rig);
		for (uint32_t i = 0, left = order; i < 4; left /= 4 - i, i++) {
			uint32_t pick = left % (4 - i);

			/* the pick-th of those that are still there */
			if (rig.dev && !pick--) {
				vhc_dev_close(rig.dev);
				rig.dev = NULL;
			} else if (rig.tap && !pick--) {
				vhc_tap_close(rig.tap);
				rig.tap = NULL;
			} else if (rig.mem && !pick--) {
				vhc_mem_free(rig.mem);
				rig.mem = NULL;
			} else {
				vhc_ctx_free(ctx);
				ctx = NULL;
			}
		}
		assert_true(fake_is_clean(rig.fake));
		assert_int_equal(vhi_ctx_new_sys(&fake_sys, rig.fake, &ctx), 0);
		rig.ctx = ctx;
	}
	vhc_dev_close(NULL);
	vhc_tap_close(NULL);
	vhc_mem_free(NULL);
	vhc_ctx_free(NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(open_of_failing_node_says_why),
		TEST(open_of_other_node_is_einval),
		TEST(open_with_bad_arguments_is_einval),
		TEST(open_with_longer_or_shorter_struct_reads_what_is_known),
		TEST(first_start_sets_owner),
		TEST(open_with_own_sets_owner),
		TEST(open_with_worker_mode_sets_it),
		TEST(open_with_worker_mode_on_old_kernel_is_enotty),
		TEST(failed_set_owner_says_why),
		TEST(open_fds_checks_and_duplicates_them),
		TEST(close_of_shared_fds_resets_owner),
		TEST(open_fds_of_owned_device_is_ebusy),
		TEST(close_in_any_order_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
