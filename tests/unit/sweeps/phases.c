/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * phases - what is asked for in the wrong phase is -EBUSY, and the text names the phase that it is
 * in and the one that it needs.  Nothing changes.
 */
#include "rig.h"

static int set_size(struct rig *rig)
{
	return vhc_ring_set_size(rig->dev, 1, 512);
}

static int set_addr(struct rig *rig)
{
	struct vhc_ring_addr addr = rig_addr(0);

	return vhc_ring_set_addr(rig->dev, 1, &addr);
}

static int set_base(struct rig *rig)
{
	return vhc_ring_set_base(rig->dev, 1, 0);
}

static int get_base(struct rig *rig)
{
	uint32_t base = 77;
	int r = vhc_ring_get_base(rig->dev, 1, &base);

	assert_int_equal(base, 77);
	return r;
}

static int set_features(struct rig *rig)
{
	struct vhc_features set = rig->acked;

	vhc_features_remove(&set, VHI_F_STATUS);
	return vhc_dev_set_features(rig->dev, &set, 0);
}

static int tap_header(struct rig *rig)
{
	struct vhc_features legacy = { { 0 } };

	return vhc_tap_set_features(rig->tap, &legacy, 0);
}

static int other_memory(struct rig *rig)
{
	struct vhc_mem *mem;
	int r;

	assert_ok(rig, vhc_mem_new(rig->ctx, &mem));
	r = vhc_dev_set_mem(rig->dev, mem);
	vhc_mem_free(mem);
	return r;
}

static int other_tap(struct rig *rig)
{
	struct vhc_tap *tap;
	int r;

	assert_ok(rig,
		  vhc_tap_open(rig->ctx, NULL, VHC_ARG(vhc_tap_args, .queues = rig->pairs), &tap));
	r = vhc_dev_set_tap(rig->dev, tap);
	vhc_tap_close(tap);
	return r;
}

static const struct {
	const char *name;
	int (*call)(struct rig *rig);
} calls[] = {
	{ "size", set_size },
	{ "addresses", set_addr },
	{ "base", set_base },
	{ "asking for the base", get_base },
	{ "features", set_features },
	{ "header of the tap", tap_header },
	{ "another table", other_memory },
	{ "another tap", other_tap },
};

static void call_while_running_is_ebusy(void **state)
{
	struct rig *rig = *state;

	fake_forget_calls(rig->fake);
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		int r = calls[i].call(rig);

		if (r != -EBUSY)
			fail_msg("%s: %d: %s", calls[i].name, r, rig_text(rig));
		assert_says(rig, "net0", "running", "stopped");
	}
	assert_int_equal(fake_count(rig->fake, "VHOST_"), 0);
	assert_int_equal(rig_kernel_ring(rig, 1)->num, RIG_SIZE);
	/* what is set to what it is already, is no change */
	assert_ok(rig, vhc_ring_set_size(rig->dev, 1, RIG_SIZE));
	assert_ok(rig, rig_features(rig));
	assert_ok(rig, vhc_tap_set_features(rig->tap, &rig->acked, 0));
	/* and when it is stopped all of it goes */
	assert_ok(rig, vhc_dev_stop(rig->dev));
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		if (calls[i].call != get_base)
			assert_ok(rig, calls[i].call(rig));
}

/* The vhost fd can be given away until this process owns it. */
static void get_fd_after_owner_is_ebusy(void **state)
{
	struct rig *rig = *state;
	int fd;

	rig_prepare(rig);
	for (uint32_t i = 0; i < 2; i++) {
		fd = vhc_dev_get_fd(rig->dev, i);
		assert_true(fd >= FAKE_FIRST_FD);
	}
	assert_int_equal(vhc_dev_get_fd(rig->dev, 2), -EINVAL);
	assert_says(rig, "pair 2");
	assert_ok(rig, rig_start(rig));
	assert_int_equal(vhc_dev_get_fd(rig->dev, 0), -EBUSY);
	assert_says(rig, "owned", "before the first start");
}

/* One tap, or one of its queues by another way, on two devices: the kernel would let both read it. */
static void set_tap_of_other_device_is_ebusy(void **state)
{
	struct vhc_dev *second;
	struct vhc_tap *same;
	struct rig *rig = *state;
	int fd;

	assert_ok(rig, vhc_dev_open(rig->ctx, "net1", NULL,
				    VHC_ARG(vhc_dev_args, .type = VHC_TYPE_NET), &second));
	assert_int_equal(vhc_dev_set_tap(second, rig->tap), -EBUSY);
	assert_says(rig, "net1", "tap0", "net0");
	fd = vhc_tap_get_fd(rig->tap, 0);
	assert_ok(rig, vhc_tap_open_fds(rig->ctx, &fd, 1, &same));
	assert_int_equal(vhc_dev_set_tap(second, same), -EBUSY);
	assert_says(rig, "net1", "tap0", "net0");
	vhc_dev_close(rig->dev);
	rig->dev = NULL;
	assert_ok(rig, vhc_dev_set_tap(second, same));
	vhc_dev_close(second);
	vhc_tap_close(same);
}

static void set_object_of_other_ctx_is_einval(void **state)
{
	struct vhc_ctx *ctx;
	struct vhc_mem *mem;
	struct rig *rig = *state;

	rig_prepare(rig);
	assert_int_equal(vhc_ctx_new(&ctx), 0);
	assert_int_equal(vhc_mem_new(ctx, &mem), 0);
	assert_int_equal(vhc_dev_set_mem(rig->dev, mem), -EINVAL);
	assert_says(rig, "context");
	vhc_mem_free(mem);
	vhc_ctx_free(ctx);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST_UP(call_while_running_is_ebusy, "6.12", 2),
		RIG_TEST(get_fd_after_owner_is_ebusy, "6.12", 2),
		RIG_TEST_UP(set_tap_of_other_device_is_ebusy, "6.1", 1),
		RIG_TEST(set_object_of_other_ctx_is_einval, "6.1", 1),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
