/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * vsock - a vhost-vsock device on the fake kernel: the guest CID, both rings together, and what it has
 * not: a tap, a dirty log, an IOMMU.
 */
#include <sched.h>

#include "vsock-rig.h"

/* --------------------------------------------------------------------------------------- opening */

static void open_claims_cid_before_ownership(void **state)
{
	struct rig rig;

	rig_new(&rig, "6.12", 1);
	assert_ok(&rig, open_vsock(&rig, CID, 0, &rig.dev));
	assert_int_equal(rig_vhost(&rig, 0)->cid, CID);
	assert_int_equal(fake_count(rig.fake, "VHOST_SET_OWNER"), 0);
	rig_free(&rig);
}

static void open_with_taken_cid_is_eaddrinuse(void **state)
{
	struct vhc_dev *other = NULL;
	struct rig rig;

	rig_new(&rig, "7.2", 1);
	assert_ok(&rig, open_vsock(&rig, CID, 0, &rig.dev));
	assert_int_equal(open_vsock(&rig, CID, 0, &other), -EADDRINUSE);
	assert_null(other);
	assert_says(&rig, "vsock0", "VHOST_VSOCK_SET_GUEST_CID of 5", "another device has this CID",
		    "choose another CID");
	vhc_dev_close(rig.dev);
	rig.dev = NULL;
	assert_ok(&rig, open_vsock(&rig, CID, 0, &rig.dev));
	rig_free(&rig);
}

static void open_with_impossible_cid_is_einval(void **state)
{
	static const uint64_t cids[] = { 0, 1, 2, UINT32_MAX, 1ull << 32, UINT64_MAX };
	struct vhc_dev *dev = NULL;
	struct rig rig;

	rig_new(&rig, "6.1", 1);
	for (size_t i = 0; i < sizeof(cids) / sizeof(cids[0]); i++) {
		assert_int_equal(open_vsock(&rig, cids[i], 0, &dev), -EINVAL);
		assert_says(&rig, "guest CID", "3 to 4294967294");
	}
	assert_int_equal(vhc_dev_open(rig.ctx, "net0", NULL,
				      VHC_ARG(vhc_dev_args, .type = VHC_TYPE_NET, .guest_cid = 3),
				      &dev),
			 -EINVAL);
	assert_says(&rig, "guest CID 3", "a net device has none");
	assert_int_equal(vhc_dev_open(rig.ctx, "vsock0", NULL,
				      VHC_ARG(vhc_dev_args, .type = VHC_TYPE_VSOCK, .guest_cid = 3,
					      .queue_pairs = 2),
				      &dev),
			 -EINVAL);
	assert_null(dev);
	rig_free(&rig);
}

static void open_own_takes_ownership(void **state)
{
	struct rig rig;

	rig_new(&rig, "6.12", 1);
	assert_ok(&rig, open_vsock(&rig, CID, VHC_DEV_OWN, &rig.dev));
	assert_int_equal(fake_count(rig.fake, "VHOST_SET_OWNER"), 1);
	rig_free(&rig);
}

static void open_fds_of_net_is_einval(void **state)
{
	struct vhc_dev *dev = NULL;
	struct rig rig;
	int fd;

	rig_new(&rig, "6.12", 1);
	assert_ok(&rig, rig_dev(&rig));
	fd = vhc_dev_get_fd(rig.dev, 0);
	assert_int_equal(
		vhc_dev_open_fds(rig.ctx, "vsock0", &fd, 1,
				 VHC_ARG(vhc_dev_args, .type = VHC_TYPE_VSOCK, .guest_cid = CID),
				 &dev),
		-EINVAL);
	assert_says(&rig, "is not a vhost-vsock device", "/dev/vhost-vsock");
	rig_free(&rig);
}

/* ------------------------------------------------------------------------------- start and stop */

static void start_runs_both_rings_and_kicks_transmit(void **state)
{
	for (unsigned int i = 0; fake_profile_name(i); i++) {
		struct rig rig;

		prepare(&rig, fake_profile_name(i));
		fake_forget_calls(rig.fake);
		assert_ok(&rig, vhc_dev_start(rig.dev));
		assert_true(runs(&rig));
		assert_int_equal(fake_count(rig.fake, "VHOST_VSOCK_SET_RUNNING"), 1);
		assert_int_equal(fake_count(rig.fake, "VHOST_NET_SET_BACKEND"), 0);
		/* the kernel looks at the transmit ring only after a kick */
		assert_int_equal(fake_count(rig.fake, "signal"), 1);
		fake_forget_calls(rig.fake);
		assert_ok(&rig, vhc_dev_start(rig.dev));
		assert_int_equal(fake_calls(rig.fake), 0);
		assert_ok(&rig, vhc_dev_stop(rig.dev));
		assert_false(rig_kernel_ring(&rig, 0)->runs || rig_kernel_ring(&rig, 1)->runs);
		rig_free(&rig);
	}
}

static void start_without_second_ring_is_eagain(void **state)
{
	struct rig rig;

	rig_new(&rig, "6.12", 1);
	assert_ok(&rig, rig_mem(&rig));
	assert_ok(&rig, open_vsock(&rig, CID, 0, &rig.dev));
	assert_ok(&rig, vhc_dev_set_mem(rig.dev, rig.mem));
	assert_ok(&rig, vhc_dev_set_features(rig.dev, &(struct vhc_features){ { 0 } }, 0));
	assert_ok(&rig, rig_ring(&rig, 0));
	assert_int_equal(vhc_dev_start(rig.dev), -EAGAIN);
	assert_says(&rig, "one of its two rings", "vhc_ring_set_size()");
	assert_ok(&rig, rig_ring(&rig, 1));
	assert_ok(&rig, vhc_dev_start(rig.dev));
	rig_free(&rig);
}

static void start_after_failed_running_is_undone(void **state)
{
	struct rig rig;

	prepare(&rig, "6.12");
	fake_fail(rig.fake, "VHOST_VSOCK_SET_RUNNING", 1, EFAULT);
	assert_int_equal(vhc_dev_start(rig.dev), -EFAULT);
	assert_says(&rig, "VHOST_VSOCK_SET_RUNNING", "cannot reach the memory of a ring");
	assert_false(rig_kernel_ring(&rig, 0)->runs);
	assert_int_equal(fake_count(rig.fake, "VHOST_RESET_OWNER"), 0);
	assert_ok(&rig, vhc_dev_start(rig.dev));
	assert_true(runs(&rig));
	rig_free(&rig);
}

static void single_ring_calls_are_enotty(void **state)
{
	struct rig rig;

	up(&rig, "6.12");
	assert_int_equal(vhc_ring_stop(rig.dev, 0), -ENOTTY);
	assert_says(&rig, "ring 0", "vhost-vsock start and stop only together");
	assert_int_equal(vhc_ring_reset(rig.dev, 1), -ENOTTY);
	assert_true(runs(&rig));
	assert_ok(&rig, vhc_dev_stop(rig.dev));
	assert_int_equal(vhc_ring_start(rig.dev, 0), -ENOTTY);
	assert_ok(&rig, vhc_ring_reset(rig.dev, 1));
	rig_free(&rig);
}

static void stop_keeps_base(void **state)
{
	uint32_t base;
	struct rig rig;

	up(&rig, "7.2");
	rig_kernel_ring(&rig, 0)->base = 17;
	rig_kernel_ring(&rig, 1)->base = 9;
	assert_ok(&rig, vhc_dev_stop(rig.dev));
	assert_ok(&rig, vhc_ring_get_base(rig.dev, 0, &base));
	assert_int_equal(base, 17);
	assert_ok(&rig, vhc_ring_get_base(rig.dev, 1, &base));
	assert_int_equal(base, 9);
	rig_free(&rig);
}

/* There is no RESET_OWNER: after a reset everything is set again. */
static void reset_of_stale_device_sets_everything_again(void **state)
{
	struct rig rig;

	prepare(&rig, "6.12");
	fake_fail(rig.fake, "VHOST_VSOCK_SET_RUNNING", 1, EFAULT);
	fake_fail(rig.fake, "VHOST_SET_VRING_KICK", 3, EIO);
	assert_int_equal(vhc_dev_start(rig.dev), -ESTALE);
	assert_int_equal(vhc_dev_stop(rig.dev), -ESTALE);
	assert_ok(&rig, vhc_dev_reset(rig.dev));
	assert_int_equal(fake_count(rig.fake, "VHOST_RESET_OWNER"), 0);
	fake_forget_calls(rig.fake);
	assert_ok(&rig, vhc_dev_set_features(rig.dev, &rig.acked, 0));
	assert_ok(&rig, rig_rings(&rig));
	assert_ok(&rig, vhc_dev_start(rig.dev));
	assert_int_equal(fake_count(rig.fake, "VHOST_SET_OWNER"), 0);
	assert_int_equal(fake_count(rig.fake, "VHOST_SET_MEM_TABLE"), 1);
	assert_true(runs(&rig));
	rig_free(&rig);
}

/* The kernel keeps the bases, and a ring that starts again starts at its beginning. */
static void reset_of_stale_device_sets_bases_again(void **state)
{
	struct rig rig;

	prepare(&rig, "6.12");
	rig_kernel_ring(&rig, 0)->base = 17;
	fake_fail(rig.fake, "VHOST_VSOCK_SET_RUNNING", 1, EFAULT);
	fake_fail(rig.fake, "VHOST_SET_VRING_KICK", 3, EIO);
	assert_int_equal(vhc_dev_start(rig.dev), -ESTALE);
	assert_ok(&rig, vhc_dev_reset(rig.dev));
	assert_ok(&rig, vhc_dev_set_features(rig.dev, &rig.acked, 0));
	assert_ok(&rig, rig_rings(&rig));
	assert_ok(&rig, vhc_dev_start(rig.dev));
	assert_int_equal(rig_kernel_ring(&rig, 0)->base, 0);
	rig_free(&rig);
}

static void advance_ring(void *data, const struct fake_call *call)
{
	if (!strcmp(call->name, "VHOST_VSOCK_SET_RUNNING") && call->result)
		rig_kernel_ring(data, 0)->base = 1;
}

/* The first ring runs for a moment before the second one cannot. */
static void start_after_failed_running_queries_bases(void **state)
{
	uint32_t base;
	struct rig rig;

	prepare(&rig, "7.2");
	fake_watch(rig.fake, advance_ring, &rig);
	fake_fail(rig.fake, "VHOST_VSOCK_SET_RUNNING", 1, EFAULT);
	assert_int_equal(vhc_dev_start(rig.dev), -EFAULT);
	fake_watch(rig.fake, NULL, NULL);
	assert_ok(&rig, vhc_ring_get_base(rig.dev, 0, &base));
	assert_int_equal(base, 1);
	rig_free(&rig);
}

static void prepare_worker(struct rig *rig, const char *kernel)
{
	const uint64_t cpus = 2;

	rig_new(rig, kernel, 1);
	assert_ok(rig, rig_mem(rig));
	assert_ok(rig, open_vsock(rig, CID, VHC_DEV_WORKERS, &rig->dev));
	assert_ok(rig, vhc_dev_set_mem(rig->dev, rig->mem));
	assert_ok(rig, vhc_dev_set_features(rig->dev, &(struct vhc_features){ { 0 } }, 0));
	assert_ok(rig, rig_rings(rig));
	assert_ok(rig, vhc_dev_set_worker_cpus(rig->dev, 0, &cpus, 1));
	assert_ok(rig, vhc_dev_set_worker_sched(rig->dev, 0, SCHED_FIFO, 3));
}

/* The device stays owned, and the second start does what the first could not. */
static void start_after_failed_worker_sets_worker(void **state)
{
	static const struct {
		const char *call;
		uint32_t n;
	} fails[] = { { "tasks", 2 }, { "sched_setaffinity", 1 }, { "sched_setscheduler", 1 } };

	for (size_t i = 0; i < sizeof(fails) / sizeof(fails[0]); i++) {
		struct rig rig;

		prepare_worker(&rig, "6.12");
		fake_fail(rig.fake, fails[i].call, fails[i].n, EPERM);
		assert_int_equal(vhc_dev_start(rig.dev), -EPERM);
		assert_ok(&rig, vhc_dev_start(rig.dev));
		assert_int_equal(rig_tid(&rig, 0), rig_worker(&rig, 0)->tid);
		assert_int_equal(rig_worker(&rig, 0)->cpus, 2);
		assert_int_equal(rig_worker(&rig, 0)->policy, SCHED_FIFO);
		assert_ok(&rig, vhc_dev_stop(rig.dev));
		fake_forget_calls(rig.fake);
		assert_ok(&rig, vhc_dev_start(rig.dev));
		assert_int_equal(fake_count(rig.fake, "sched"), 0);
		assert_int_equal(fake_count(rig.fake, "tasks"), 0);
		rig_free(&rig);
	}
}

/* ------------------------------------------------------------------------------- what it has not */

static void info_says_what_vsock_can(void **state)
{
	struct vhc_dev_info info = { .sz = sizeof(info) };
	struct rig rig;

	prepare(&rig, "7.2");
	assert_ok(&rig, vhc_dev_get_info(rig.dev, &info));
	assert_int_equal(info.rings, 2);
	assert_int_equal(info.can, VHC_CAN_SAVE);
	assert_int_equal(vhc_ring_set_busyloop(rig.dev, 0, 50), -ENOTTY);
	rig_free(&rig);
}

static void dirty_log_and_running_vsock_exclude_each_other(void **state)
{
	struct rig rig;

	up(&rig, "6.12");
	assert_int_equal(vhc_dirty_start(rig.mem), -ENOTTY);
	assert_says(&rig, "vsock0", "vhost-vsock does not log", "stop it before");
	assert_ok(&rig, vhc_dev_stop(rig.dev));
	assert_ok(&rig, vhc_dirty_start(rig.mem));
	fake_forget_calls(rig.fake);
	assert_int_equal(vhc_dev_start(rig.dev), -ENOTTY);
	assert_says(&rig, "vhc_dirty_stop()");
	assert_int_equal(fake_calls(rig.fake), 0);
	assert_ok(&rig, vhc_dirty_stop(rig.mem));
	assert_ok(&rig, vhc_dev_start(rig.dev));
	rig_free(&rig);
}

static void tap_and_net_config_are_einval(void **state)
{
	struct vhc_net_config config = { .sz = sizeof(config) };
	struct rig rig;

	prepare(&rig, "6.12");
	assert_ok(&rig, rig_tap(&rig));
	assert_int_equal(vhc_dev_set_tap(rig.dev, rig.tap), -EINVAL);
	assert_says(&rig, "a vsock device has no tap");
	assert_int_equal(vhc_dev_set_net_config(rig.dev, &config), -EINVAL);
	assert_int_equal(vhc_dev_get_net_config(rig.dev, &config), -EINVAL);
	rig_free(&rig);
}

static void iommu_is_enotty(void **state)
{
	struct rig rig;

	prepare(&rig, "7.2");
	vhc_features_add(&rig.acked, VHI_F_ACCESS_PLATFORM);
	assert_int_equal(vhc_dev_set_features(rig.dev, &rig.acked, VHC_GUEST_IOMMU), -ENOTTY);
	/* the feature alone does not mean an IOMMU */
	assert_ok(&rig, vhc_dev_set_features(rig.dev, &rig.acked, 0));
	rig_free(&rig);
}

static void features_have_vsock_names(void **state)
{
	struct vhc_features set, want = { { 0x7 } };
	struct rig rig;
	char *text;

	prepare(&rig, "6.12");
	assert_ok(&rig, vhc_features_parse(rig.ctx, VHC_TYPE_VSOCK, "seqpacket,event_idx", &set));
	assert_true(vhc_features_has(&set, 1) && vhc_features_has(&set, VHI_F_EVENT_IDX));
	assert_int_equal(vhc_features_parse(rig.ctx, VHC_TYPE_VSOCK, "mrg_rxbuf", &set), -EINVAL);
	assert_ok(&rig, vhc_features_format(rig.ctx, VHC_TYPE_VSOCK, &want, &text));
	assert_string_equal(text, "stream,seqpacket,no_implied_stream");
	free(text);
	assert_ok(&rig, vhc_dev_offer_features(rig.dev, &want, NULL, &set));
	assert_int_equal(set.w[0], 2);
	rig_free(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(open_claims_cid_before_ownership),
		cmocka_unit_test(open_with_taken_cid_is_eaddrinuse),
		cmocka_unit_test(open_with_impossible_cid_is_einval),
		cmocka_unit_test(open_own_takes_ownership),
		cmocka_unit_test(open_fds_of_net_is_einval),
		cmocka_unit_test(start_runs_both_rings_and_kicks_transmit),
		cmocka_unit_test(start_without_second_ring_is_eagain),
		cmocka_unit_test(start_after_failed_running_is_undone),
		cmocka_unit_test(single_ring_calls_are_enotty),
		cmocka_unit_test(stop_keeps_base),
		cmocka_unit_test(reset_of_stale_device_sets_everything_again),
		cmocka_unit_test(reset_of_stale_device_sets_bases_again),
		cmocka_unit_test(start_after_failed_running_queries_bases),
		cmocka_unit_test(start_after_failed_worker_sets_worker),
		cmocka_unit_test(info_says_what_vsock_can),
		cmocka_unit_test(dirty_log_and_running_vsock_exclude_each_other),
		cmocka_unit_test(tap_and_net_config_are_einval),
		cmocka_unit_test(iommu_is_enotty),
		cmocka_unit_test(features_have_vsock_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
