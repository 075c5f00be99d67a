/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ring-kvm-move - an interrupt that moves to another gsi, and a doorbell to another address: vhost keeps
 * its eventfd, and nothing is lost in between.
 */
#include "kvm-rig.h"

static struct guest guest;
static struct rig *const rig = &guest.rig;

static int setup(void **state)
{
	guest_up(&guest, "7.2");
	assert_ok(rig, guest_add(&guest, 0));
	assert_ok(rig, guest_irq(&guest, 0, 5));
	fake_forget_calls(rig->fake);
	return 0;
}

static int teardown(void **state)
{
	fake_watch(rig->fake, NULL, NULL);
	guest_down(&guest);
	return 0;
}

static void notify(void)
{
	fake_ring_signal(rig->fake, rig_kernel_ring(rig, 0), 'c');
}

static void came(uint32_t gsi, uint32_t count)
{
	assert_int_equal(guest.vm->injected[gsi], count);
}

static void made(uint32_t vhost, uint32_t irqfd)
{
	assert_int_equal(fake_count(rig->fake, "VHOST_"), vhost);
	assert_int_equal(fake_count(rig->fake, "KVM_IRQFD"), irqfd);
	fake_forget_calls(rig->fake);
}

static void set_irqfd_to_other_gsi_makes_no_vhost_call(void **state)
{
	int call = vhc_ring_get_call(rig->dev, 0);

	for (uint32_t gsi = 24; gsi < 54; gsi++) {
		assert_ok(rig, guest_irq(&guest, 0, gsi));
		made(0, 2);
	}
	assert_int_equal(vhc_ring_get_call(rig->dev, 0), call);
	notify();
	came(53, 2); /* that of the move, and this */
	came(5, 0);
	assert_ok(rig, guest_irq(&guest, 0, 53));
	made(0, 0);
}

/* What a transport does when the guest moves an interrupt: the mask costs a call each way, the move none. */
static void set_irqfd_of_masked_ring_makes_no_vhost_call(void **state)
{
	assert_ok(rig, vhc_ring_set_masked(rig->dev, 0, true));
	made(1, 0);
	notify();
	assert_ok(rig, guest_irq(&guest, 0, 24));
	made(0, 2);
	came(5, 0);
	came(24, 0);
	assert_ok(rig, vhc_ring_set_masked(rig->dev, 0, false));
	made(1, 0);
	came(24, 1);
}

static void set_irqfd_of_stopped_ring_makes_no_vhost_call(void **state)
{
	assert_ok(rig, vhc_dev_stop(rig->dev));
	fake_forget_calls(rig->fake);
	assert_ok(rig, guest_irq(&guest, 0, 24));
	made(0, 2);
	assert_ok(rig, rig_start(rig));
	assert_int_equal(fake_count(rig->fake, "VHOST_SET_VRING_CALL"), 0);
	came(24, 1); /* since it resumes */
}

struct moment {
	uint32_t calls, at;
};

static void notify_at(void *data, const struct fake_call *call)
{
	struct moment *moment = data;

	if (moment->calls++ == moment->at)
		notify();
}

/* The device notifies after one of the calls of a move: the guest, which expects it at the new gsi, gets it. */
static void set_irqfd_loses_no_interrupt_between_its_calls(void **state)
{
	uint32_t calls = 1;

	for (uint32_t at = 0; at < calls; at++) {
		struct moment moment = { .at = at };
		uint32_t gsi = 24 + at;

		fake_watch(rig->fake, notify_at, &moment);
		assert_ok(rig, guest_irq(&guest, 0, gsi));
		fake_watch(rig->fake, NULL, NULL);
		calls = moment.calls;
		assert_true(guest.vm->injected[gsi] > 0);
	}
	assert_true(calls >= 4); /* of which two move it */
}

static void move_of_ioeventfd_makes_no_vhost_call(void **state)
{
	struct vhc_ioeventfd before = guest_bell(0), after = guest_bell(100);

	assert_ok(rig, vhc_ring_add_ioeventfd(rig->dev, 0, rig->vm, &after));
	assert_ok(rig, vhc_ring_del_ioeventfd(rig->dev, 0, &before));
	assert_int_equal(fake_count(rig->fake, "KVM_IOEVENTFD"), 2);
	made(0, 0);
	assert_false(guest_rings(&guest, 0));
	assert_true(guest_rings(&guest, 100));
	assert_true(guest_kicks(&guest, 0) > 0);
}

/* The same eventfds by other numbers. */
static void set_of_same_eventfd_makes_no_call(void **state)
{
	int kick = fake_sys.dup(rig->fake, vhc_ring_get_kick(rig->dev, 0));
	int call = fake_sys.dup(rig->fake, vhc_ring_get_call(rig->dev, 0));

	fake_forget_calls(rig->fake);
	assert_ok(rig, vhc_ring_set_kick(rig->dev, 0, kick));
	assert_ok(rig, vhc_ring_set_call(rig->dev, 0, call));
	assert_int_equal(fake_count(rig->fake, "KVM_"), 0);
	assert_int_equal(fake_count(rig->fake, "signal"), 0);
	made(0, 0);
	fake_close(rig->fake, kick);
	fake_close(rig->fake, call);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(set_irqfd_to_other_gsi_makes_no_vhost_call),
		TEST(set_irqfd_of_masked_ring_makes_no_vhost_call),
		TEST(set_irqfd_of_stopped_ring_makes_no_vhost_call),
		TEST(set_irqfd_loses_no_interrupt_between_its_calls),
		TEST(move_of_ioeventfd_makes_no_vhost_call),
		TEST(set_of_same_eventfd_makes_no_call),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
