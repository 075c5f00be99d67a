/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * attach - a device gets its memory and its tap, loses them, and gets others.  Nothing of the old ones is
 * used again.
 */
#include <string.h>

#include "rig.h"

#define PAIRS 2u

/* What needs memory or a tap says so; nothing reaches the kernel. */
static void assert_needs(struct rig *rig, const char *what)
{
	char *json = NULL;

	fake_forget_calls(rig->fake);
	assert_int_equal(vhc_dev_start(rig->dev), -EAGAIN);
	assert_says(rig, "net0", what);
	/* the call that helps is the hint, as in every other error */
	assert_non_null(strstr(vhc_ctx_get_error(rig->ctx)->hint, "call vhc_dev_set_"));
	assert_null(strstr(vhc_ctx_get_error(rig->ctx)->text, "call vhc_"));
	assert_int_equal(vhc_ring_start(rig->dev, 1), -EAGAIN);
	assert_int_equal(vhc_dev_plan(rig->dev, &json), -EAGAIN);
	assert_int_equal(fake_count(rig->fake, "VHOST_"), 0);
}

static void set_mem_null_detaches_memory(void **state)
{
	struct rig *rig = *state;
	char *json = NULL;

	assert_ok(rig, vhc_dev_stop(rig->dev));
	fake_forget_calls(rig->fake);
	assert_ok(rig, vhc_dev_set_mem(rig->dev, NULL));
	assert_ok(rig, vhc_dev_set_mem(rig->dev, NULL));
	assert_int_equal(fake_calls(rig->fake), 0);
	assert_needs(rig, "no memory");
	assert_int_equal(vhc_ring_check(rig->dev, 0), -EAGAIN);
	assert_int_equal(vhc_ring_recover_base(rig->dev, 0), -EAGAIN);
	assert_int_equal(vhc_dev_save(rig->dev, &json), -EAGAIN);
	/* what the guest's memory does no longer concerns it */
	assert_ok(rig, vhc_dirty_start(rig->mem));
	assert_ok(rig, rig_more(rig));
	assert_ok(rig, vhc_dirty_stop(rig->mem));
	assert_int_equal(fake_count(rig->fake, "VHOST_"), 0);
	assert_ok(rig, vhc_dev_set_mem(rig->dev, rig->mem));
	assert_ok(rig, rig_start(rig));
	assert_int_equal(rig_vhost(rig, 0)->regions, 2);
}

/* The device was the last to hold it. */
static void set_mem_null_releases_freed_memory(void **state)
{
	struct rig *rig = *state;
	int event = fake_eventfd(rig->fake);

	assert_ok(rig, vhc_dirty_set_event(rig->mem, event));
	assert_ok(rig, vhc_dirty_start(rig->mem));
	assert_ok(rig, vhc_dev_stop(rig->dev));
	vhc_mem_free(rig->mem);
	rig->mem = NULL;
	assert_ok(rig, vhc_dev_set_mem(rig->dev, NULL));
	fake_close(rig->fake, event);
	/* the kernel has the old table and log until it gets others; nothing runs there */
	assert_ok(rig, rig_mem(rig));
	assert_ok(rig, vhc_dev_set_mem(rig->dev, rig->mem));
	assert_ok(rig, rig_start(rig));
	assert_int_equal(rig_kernel_ring(rig, 0)->log_base, 0);
	assert_null(rig_vhost(rig, 0)->log_event);
	assert_int_equal(fake_left(rig->fake).maps, 0);
}

static void set_tap_null_detaches_tap(void **state)
{
	struct vhc_features offered;
	struct vhc_dev *second;
	struct rig *rig = *state;

	assert_ok(rig, vhc_dev_stop(rig->dev));
	fake_forget_calls(rig->fake);
	assert_ok(rig, vhc_dev_set_tap(rig->dev, NULL));
	assert_ok(rig, vhc_dev_set_tap(rig->dev, NULL));
	assert_int_equal(fake_calls(rig->fake), 0);
	assert_needs(rig, "no tap");
	assert_int_equal(vhc_dev_offer_features(rig->dev, NULL, NULL, &offered), -EAGAIN);
	/* another device may have it */
	assert_ok(rig,
		  vhc_dev_open(rig->ctx, "net1", NULL,
			       VHC_ARG(vhc_dev_args, .type = VHC_TYPE_NET, .queue_pairs = PAIRS),
			       &second));
	assert_ok(rig, vhc_dev_set_tap(second, rig->tap));
	assert_int_equal(vhc_dev_set_tap(rig->dev, rig->tap), -EBUSY);
	vhc_dev_close(second);
	assert_ok(rig, vhc_dev_set_tap(rig->dev, rig->tap));
	assert_ok(rig, rig_start(rig));
	assert_non_null(rig_kernel_ring(rig, 3)->backend);
}

/* The link goes with the last that holds it. */
static void set_tap_null_releases_closed_tap(void **state)
{
	struct rig *rig = *state;

	assert_ok(rig, vhc_dev_stop(rig->dev));
	vhc_tap_close(rig->tap);
	rig->tap = NULL;
	assert_int_equal(fake_left(rig->fake).taps, 1);
	assert_ok(rig, vhc_dev_set_tap(rig->dev, NULL));
	assert_int_equal(fake_left(rig->fake).taps, 0);
	assert_ok(rig, rig_tap(rig));
	assert_ok(rig, vhc_dev_set_tap(rig->dev, rig->tap));
	assert_ok(rig, rig_start(rig));
}

static void detach_of_running_device_is_ebusy(void **state)
{
	struct rig *rig = *state;

	fake_forget_calls(rig->fake);
	assert_int_equal(vhc_dev_set_mem(rig->dev, NULL), -EBUSY);
	assert_says(rig, "net0", "running", "its memory");
	assert_int_equal(vhc_dev_set_tap(rig->dev, NULL), -EBUSY);
	assert_says(rig, "net0", "running", "its tap");
	assert_int_equal(fake_calls(rig->fake), 0);
	assert_ok(rig, rig_more(rig));
	assert_int_equal(rig_vhost(rig, 1)->regions, 2);
}

static void detach_of_new_device_changes_nothing(void **state)
{
	struct rig *rig = *state;

	assert_ok(rig, rig_dev(rig));
	assert_ok(rig, vhc_dev_set_mem(rig->dev, NULL));
	assert_ok(rig, vhc_dev_set_tap(rig->dev, NULL));
	rig_prepare(rig);
	assert_ok(rig, rig_start(rig));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST_UP(set_mem_null_detaches_memory, "6.12", PAIRS),
		RIG_TEST_UP(set_mem_null_releases_freed_memory, "7.2", PAIRS),
		RIG_TEST_UP(set_tap_null_detaches_tap, "6.12", PAIRS),
		RIG_TEST_UP(set_tap_null_releases_closed_tap, "6.1", PAIRS),
		RIG_TEST_UP(detach_of_running_device_is_ebusy, "6.12", PAIRS),
		RIG_TEST(detach_of_new_device_changes_nothing, "6.12", PAIRS),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
