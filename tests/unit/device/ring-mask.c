/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ring-mask - interrupts that are held back and delivered as one: none is lost, and none comes while masked.
 */
#include "kvm-rig.h"

static struct guest guest;
static struct rig *const rig = &guest.rig;
static int call;

static int setup(void **state)
{
	guest_up(&guest, "6.12");
	call = vhc_ring_get_call(rig->dev, 0);
	return 0;
}

static int teardown(void **state)
{
	guest_down(&guest);
	return 0;
}

static int mask(bool masked)
{
	return vhc_ring_set_masked(rig->dev, 0, masked);
}

static bool pending(void)
{
	return vhc_ring_is_pending(rig->dev, 0);
}

/* The device has something for the driver. */
static void notify(void)
{
	fake_ring_signal(rig->fake, rig_kernel_ring(rig, 0), 'c');
}

static void notified(uint64_t count)
{
	assert_int_equal(fake_counter(rig->fake, call), count);
}

static void unmask_delivers_held_back_interrupts_as_one(void **state)
{
	assert_false(pending());
	assert_ok(rig, mask(true));
	assert_false(pending());
	notify();
	notify();
	notify();
	assert_true(pending());
	assert_true(pending());
	notified(0);
	fake_forget_calls(rig->fake);
	assert_ok(rig, mask(false));
	notified(1);
	assert_false(pending());
	/* vhost goes to the real one first: what it signals until then is seen by the look behind it */
	assert_true(guest_position(&guest, "VHOST_SET_VRING_CALL", 0) <
		    guest_position(&guest, "drain", 0));
	assert_true(guest_position(&guest, "drain", 0) < guest_position(&guest, "signal", 0));
	notify();
	notified(2);
	/* a second time, with nothing to deliver */
	assert_ok(rig, mask(true));
	assert_false(pending());
	assert_ok(rig, mask(false));
	notified(2);
	/* another ring is another matter */
	assert_ok(rig, vhc_ring_set_masked(rig->dev, 1, true));
	notify();
	notified(3);
	assert_false(vhc_ring_is_pending(rig->dev, 1));
}

static void set_masked_without_change_makes_no_call(void **state)
{
	assert_ok(rig, mask(false));
	assert_int_equal(fake_calls(rig->fake), 0);
	for (int i = 0; i < 3; i++) {
		assert_ok(rig, mask(true));
		assert_ok(rig, mask(true));
		assert_ok(rig, mask(false));
	}
	/* one eventfd for good, and one call into the kernel for each change */
	assert_int_equal(fake_count(rig->fake, "eventfd"), 1);
	assert_int_equal(fake_count(rig->fake, "VHOST_"), 6);
	assert_int_equal(vhc_ring_set_masked(rig->dev, 4, true), -EINVAL);
	assert_false(vhc_ring_is_pending(rig->dev, 4));
}

/* Kept over stop and start, whenever it was set. */
static void mask_outlives_stop_and_start(void **state)
{
	assert_ok(rig, mask(true));
	notify();
	assert_ok(rig, vhc_dev_stop(rig->dev));
	assert_true(pending());
	assert_ok(rig, rig_start(rig));
	assert_true(pending());
	notified(0);
	assert_ok(rig, mask(false));
	notified(1);
	/* masked and unmasked while it does not run */
	assert_ok(rig, vhc_dev_stop(rig->dev));
	fake_forget_calls(rig->fake);
	assert_ok(rig, mask(true));
	assert_int_equal(fake_count(rig->fake, "VHOST_"), 0);
	assert_ok(rig, rig_start(rig));
	assert_int_equal(fake_count(rig->fake, "VHOST_SET_VRING_CALL"), 1);
	notify();
	notified(1);
	assert_ok(rig, vhc_dev_stop(rig->dev));
	assert_ok(rig, mask(false));
	notified(2);
	assert_ok(rig, rig_start(rig));
	notified(3); /* since it resumes */
	notify();
	notified(4);
}

static void reset_clears_mask(void **state)
{
	struct fake_left before = fake_left(rig->fake), after;

	assert_ok(rig, mask(true));
	notify();
	assert_ok(rig, vhc_dev_reset(rig->dev));
	assert_false(pending());
	assert_ok(rig, rig_features(rig));
	assert_ok(rig, rig_rings(rig));
	assert_ok(rig, rig_start(rig));
	after = fake_left(rig->fake);
	assert_true(left_equal(&before, &after));
	call = vhc_ring_get_call(rig->dev, 0);
	notify();
	notified(1);
}

/* While it is masked, a new call is recorded, and vhost does not get it. */
static void set_call_while_masked_is_set_by_unmask(void **state)
{
	int fd = fake_eventfd(rig->fake);

	assert_ok(rig, mask(true));
	fake_forget_calls(rig->fake);
	assert_ok(rig, vhc_ring_set_call(rig->dev, 0, fd));
	assert_int_equal(fake_count(rig->fake, "VHOST_"), 0);
	call = fd;
	notified(0);
	/* one may have gone to the old eventfd just before the mask: it is due now */
	assert_true(pending());
	assert_ok(rig, mask(false));
	notified(1);
	notify();
	notified(2);
	fake_close(rig->fake, fd);
}

/* The driver polls: an interrupt shows as pending, and has no eventfd to go to. */
static void set_call_to_none_while_masked_shows_pending(void **state)
{
	assert_ok(rig, mask(true));
	assert_ok(rig, vhc_ring_set_call(rig->dev, 0, -1));
	assert_false(pending());
	notify();
	assert_true(pending());
	assert_ok(rig, mask(false));
	assert_int_equal(fake_ring_counter(rig_kernel_ring(rig, 0), 'c'), -1);
	assert_ok(rig, mask(true));
	assert_false(pending());
	notify();
	assert_true(pending());
	assert_ok(rig, call = vhc_ring_get_call(rig->dev, 0));
	notified(0);
	assert_ok(rig, mask(false));
	notified(1);
}

/* With the ring bound to a VM, the interrupt comes to the guest when it is unmasked. */
static void unmask_of_bound_ring_injects_interrupt(void **state)
{
	int fd = fake_eventfd(rig->fake);

	assert_ok(rig, guest_irq(&guest, 0, 5));
	assert_ok(rig, mask(true));
	notify();
	notify();
	assert_int_equal(guest.vm->injected[5], 0);
	assert_true(pending());
	/* the VM follows the call at once, the ring when it is unmasked */
	assert_ok(rig, vhc_ring_set_call(rig->dev, 0, fd));
	assert_ok(rig, guest_irq(&guest, 0, 6));
	assert_int_equal(guest.vm->injected[6], 0);
	assert_ok(rig, mask(false));
	assert_int_equal(guest.vm->injected[6], 1);
	notify();
	assert_int_equal(guest.vm->injected[6], 2);
	assert_int_equal(guest.vm->injected[5], 0);
	fake_close(rig->fake, fd);
}

static void failed_set_masked_changes_nothing(void **state)
{
	struct fake_left before = fake_left(rig->fake), after;

	fake_fail(rig->fake, "eventfd", 1, EMFILE);
	assert_int_equal(mask(true), -EMFILE);
	assert_says(rig, "net0", "ring 0", "mask", "EMFILE");
	fake_fail(rig->fake, "VHOST_SET_VRING_CALL", 1, EPERM);
	assert_int_equal(mask(true), -EPERM);
	assert_says(rig, "net0", "ring 0", "VHOST_SET_VRING_CALL", "EPERM", "not the owner");
	after = fake_left(rig->fake);
	assert_true(left_equal(&before, &after));
	notify();
	notified(1);
	assert_ok(rig, mask(true));
	notify();
	fake_fail(rig->fake, "VHOST_SET_VRING_CALL", 1, EIO);
	assert_int_equal(mask(false), -EIO);
	notified(1);
	assert_true(pending());
	notify();
	/* it cannot be known whether there was one: assume so */
	fake_fail(rig->fake, "drain", 1, EIO);
	assert_ok(rig, mask(false));
	notified(2);
	fake_fail(rig->fake, "poll", 1, EIO);
	assert_ok(rig, mask(true));
	assert_false(pending());
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(unmask_delivers_held_back_interrupts_as_one),
		TEST(set_masked_without_change_makes_no_call),
		TEST(mask_outlives_stop_and_start),
		TEST(reset_clears_mask),
		TEST(set_call_while_masked_is_set_by_unmask),
		TEST(set_call_to_none_while_masked_shows_pending),
		TEST(unmask_of_bound_ring_injects_interrupt),
		TEST(failed_set_masked_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
