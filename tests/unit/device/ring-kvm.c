/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ring-kvm - rings bound to a VM: a write of the guest's becomes a kick, a call becomes its interrupt, and
 * both follow the ring's eventfds.
 */
#include "kvm-rig.h"

static struct guest guest;
static struct rig *const rig = &guest.rig;

static int setup(void **state)
{
	guest_up(&guest, "6.12");
	return 0;
}

static int teardown(void **state)
{
	guest_down(&guest);
	return 0;
}

static bool writes(bool pio, uint64_t addr, uint32_t len, uint64_t value)
{
	return fake_guest_writes(rig->fake, guest.vm,
				 &(struct fake_write){ pio, addr, value, len });
}

static void interrupts(uint32_t gsi, uint32_t count)
{
	if (guest.vm->injected[gsi] != count)
		fail_msg("gsi %u came %u times, not %u", gsi, guest.vm->injected[gsi], count);
}

/* ------------------------------------------------------------------------------------- doorbells */

static void add_ioeventfd_of_each_kind_kicks(void **state)
{
	static const struct vhc_ioeventfd bells[] = {
		{ 32, 0xc050, 0, 1, VHC_IOEVENTFD_PIO },
		{ 32, 0xc050, 3, 2, VHC_IOEVENTFD_PIO | VHC_IOEVENTFD_DATAMATCH },
		{ 32, 0xffff, 0, 0, VHC_IOEVENTFD_PIO },
		{ 32, 0xfe000000, 0, 0, 0 },
		{ 32, 0xfe001000, 0, 4, 0 },
		{ 32, 0xfe002000, UINT64_MAX, 8, VHC_IOEVENTFD_DATAMATCH },
	};

	for (size_t i = 0; i < 6; i++)
		assert_ok(rig, vhc_ring_add_ioeventfd(rig->dev, 1, rig->vm, &bells[i]));
	assert_true(writes(true, 0xc050, 1, 77));
	assert_true(writes(true, 0xc050, 2, 3));
	assert_false(writes(true, 0xc050, 2, 4));
	assert_true(writes(true, 0xffff, 1, 0));
	assert_true(writes(false, 0xfe000000, 1, 9));
	assert_true(writes(false, 0xfe000000, 8, 9));
	assert_true(writes(false, 0xfe001000, 4, 9));
	assert_false(writes(false, 0xfe001000, 2, 9));
	assert_true(writes(false, 0xfe002000, 8, UINT64_MAX));
	assert_false(writes(false, 0xfe002000, 8, 1));
	assert_int_equal(guest_kicks(&guest, 1), 7);
	assert_int_equal(guest_kicks(&guest, 0), 0);
	for (size_t i = 0; i < 6; i++)
		assert_ok(rig, vhc_ring_del_ioeventfd(rig->dev, 1, &bells[i]));
	assert_false(writes(true, 0xc050, 1, 77));
	assert_int_equal(fake_vm_bindings(guest.vm), 0);
}

/* What is there already is no change; what is taken off is gone. */
static void add_ioeventfd_twice_makes_one_call(void **state)
{
	struct vhc_ioeventfd bell = guest_bell(0), other = guest_bell(1);

	assert_ok(rig, guest_add(&guest, 0));
	assert_ok(rig, guest_add(&guest, 0));
	assert_int_equal(fake_count(rig->fake, "KVM_IOEVENTFD"), 1);
	other.len = 4;
	assert_int_equal(vhc_ring_del_ioeventfd(rig->dev, 0, &other), -EINVAL);
	assert_says(rig, "net0", "ring 0", "no doorbell", "port 0xc050, 4 bytes, value 0x1");
	assert_int_equal(vhc_ring_del_ioeventfd(rig->dev, 1, &bell), -EINVAL);
	assert_ok(rig, vhc_ring_del_ioeventfd(rig->dev, 0, &bell));
	assert_int_equal(vhc_ring_del_ioeventfd(rig->dev, 0, &bell), -EINVAL);
	assert_false(guest_rings(&guest, 0));
	/* another process took it off: it is off */
	assert_ok(rig, guest_add(&guest, 0));
	assert_int_equal(guest_launcher(&guest, vhc_ring_get_kick(rig->dev, 0), &bell, false), 0);
	assert_ok(rig, vhc_ring_del_ioeventfd(rig->dev, 0, &bell));
}

/* Without kcmp() two fds of a VM cannot be compared, and KVM tells that a doorbell is there. */
static void add_ioeventfd_twice_without_kcmp_adds_one(void **state)
{
	struct vhc_ioeventfd bell = guest_bell(0), wide = { 32, 0xd000, 0, 4, VHC_IOEVENTFD_PIO };
	int other = fake_vm(rig->fake, true);

	fake_profile(rig->fake)->vms_alike = true;
	assert_ok(rig, guest_add(&guest, 0));
	assert_ok(rig, guest_add(&guest, 0));
	assert_int_equal(fake_vm_bindings(guest.vm), 1);
	assert_int_equal(vhc_ctx_get_error(rig->ctx)->code, 0);
	/* another VM is one all the same */
	assert_ok(rig, vhc_ring_add_ioeventfd(rig->dev, 0, other, &bell));
	assert_int_equal(fake_vm_bindings(fake_vm_of(rig->fake, other)), 1);
	assert_ok(rig, vhc_ring_del_ioeventfd(rig->dev, 0, &bell));
	assert_ok(rig, vhc_ring_del_ioeventfd(rig->dev, 0, &bell));
	assert_int_equal(vhc_ring_del_ioeventfd(rig->dev, 0, &bell), -EINVAL);
	/* what the launcher has there is still an error, and so is any other failure */
	assert_int_equal(guest_launcher(&guest, vhc_ring_get_kick(rig->dev, 1), &wide, true), 0);
	assert_int_equal(vhc_ring_add_ioeventfd(rig->dev, 0, rig->vm, &wide), -EEXIST);
	assert_int_equal(guest_launcher(&guest, vhc_ring_get_kick(rig->dev, 1), &wide, false), 0);
	assert_ok(rig, guest_add(&guest, 0));
	fake_fail(rig->fake, "KVM_IOEVENTFD", 1, EIO);
	assert_int_equal(guest_add(&guest, 0), -EIO);
	assert_says(rig, "ring 0", "KVM_IOEVENTFD", "EIO");
	assert_ok(rig, vhc_dev_reset(rig->dev));
	assert_int_equal(fake_vm_bindings(guest.vm), 0);
	fake_close(rig->fake, other);
}

/* Where there is no kick, one is made; and all the doorbells that wait for one are at it. */
static void add_ioeventfd_without_kick_makes_one(void **state)
{
	assert_ok(rig, vhc_ring_set_kick(rig->dev, 0, -1));
	fake_forget_calls(rig->fake);
	assert_ok(rig, guest_add(&guest, 0));
	assert_int_equal(fake_count(rig->fake, "eventfd"), 1);
	assert_true(guest_rings(&guest, 0));
	/* the guest's, and one for what it may have rung before */
	assert_int_equal(guest_kicks(&guest, 0), 2);
}

static void set_kick_moves_ioeventfds(void **state)
{
	int fd = fake_eventfd(rig->fake),
	    old = fake_sys.dup(rig->fake, vhc_ring_get_kick(rig->dev, 2));
	struct vhc_ioeventfd other = guest_bell(100);

	assert_ok(rig, guest_add(&guest, 2));
	assert_ok(rig, guest_add(&guest, 1));
	assert_ok(rig, vhc_ring_add_ioeventfd(rig->dev, 2, rig->vm, &other));
	fake_forget_calls(rig->fake);
	assert_ok(rig, vhc_ring_set_kick(rig->dev, 2, fd));
	assert_int_equal(fake_count(rig->fake, "KVM_IOEVENTFD"), 4);
	/* nothing is rung at an eventfd that vhost does not look at any more, or not yet */
	assert_true(guest_position(&guest, "KVM_IOEVENTFD", 3) <
		    guest_position(&guest, "VHOST_SET_VRING_KICK", 0));
	assert_int_equal(fake_counter(rig->fake, fd), 1);
	assert_true(guest_rings(&guest, 2));
	assert_true(guest_rings(&guest, 100));
	assert_int_equal(fake_counter(rig->fake, fd), 3);
	assert_int_equal(fake_counter(rig->fake, old), 0);
	assert_true(guest_rings(&guest, 1));
	assert_int_equal(guest_kicks(&guest, 1), 1);
	fake_close(rig->fake, fd);
	fake_close(rig->fake, old);
}

/* Without a kick a doorbell is off, and comes back with the next one. */
static void set_kick_to_none_removes_ioeventfds_until_next(void **state)
{
	struct vhc_ioeventfd bell = guest_bell(0);

	for (int running = 1; running >= 0; running--) {
		assert_ok(rig, guest_add(&guest, 0));
		fake_forget_calls(rig->fake);
		assert_ok(rig, vhc_ring_set_kick(rig->dev, 0, -1));
		assert_int_equal(fake_vm_bindings(guest.vm), 0);
		assert_false(guest_rings(&guest, 0));
		if (running)
			assert_true(guest_position(&guest, "VHOST_SET_VRING_KICK", 0) <
				    guest_position(&guest, "KVM_IOEVENTFD", 0));
		assert_int_equal(fake_count(rig->fake, "signal"), 0);
		assert_ok(rig, vhc_ring_get_kick(rig->dev, 0));
		assert_true(guest_rings(&guest, 0));
		/* what waits can be taken off as well */
		assert_ok(rig, vhc_ring_set_kick(rig->dev, 0, -1));
		assert_ok(rig, vhc_ring_del_ioeventfd(rig->dev, 0, &bell));
		assert_ok(rig, vhc_ring_get_kick(rig->dev, 0));
		assert_false(guest_rings(&guest, 0));
		assert_ok(rig, vhc_dev_stop(rig->dev));
	}
	assert_ok(rig, guest_add(&guest, 0));
	assert_ok(rig, rig_start(rig));
	assert_true(guest_rings(&guest, 0));
	assert_true(guest_kicks(&guest, 0) > 0);
}

/* One of the calls of a move fails: all is as it was, and nothing that was rung is lost. */
static void failed_set_kick_keeps_ioeventfds(void **state)
{
	static const char *const calls[] = { "KVM_IOEVENTFD", "KVM_IOEVENTFD",
					     "VHOST_SET_VRING_KICK" };
	static const uint32_t which[] = { 1, 2, 1 };
	int fd = fake_eventfd(rig->fake), kick = vhc_ring_get_kick(rig->dev, 0);

	assert_ok(rig, guest_add(&guest, 0));
	for (size_t i = 0; i < 3; i++) {
		uint64_t before = fake_counter(rig->fake, kick);

		fake_fail(rig->fake, calls[i], which[i], ENOMEM);
		assert_int_equal(vhc_ring_set_kick(rig->dev, 0, fd), -ENOMEM);
		assert_says(rig, "net0", "ring 0", calls[i], "ENOMEM");
		assert_int_equal(vhc_ring_get_kick(rig->dev, 0), kick);
		assert_true(guest_rings(&guest, 0));
		assert_int_equal(fake_counter(rig->fake, kick), before + 2);
		assert_int_equal(fake_vm_bindings(guest.vm), 1);
	}
	/* and back again fails too */
	fake_fail(rig->fake, "KVM_IOEVENTFD", 2, ENOMEM);
	fake_fail(rig->fake, "KVM_IOEVENTFD", 3, EBUSY);
	assert_int_equal(vhc_ring_set_kick(rig->dev, 0, fd), -ESTALE);
	assert_says(rig, "ENOMEM", "EBUSY", "KVM_IOEVENTFD of port 0xc050, 2 bytes, value 0x0");
	assert_int_equal(guest_add(&guest, 1), -ESTALE);
	assert_int_equal(guest_irq(&guest, 1, 5), -ESTALE);
	assert_ok(rig, vhc_dev_reset(rig->dev));
	assert_ok(rig, guest_add(&guest, 0));
	fake_close(rig->fake, fd);
}

/* ------------------------------------------------------------------------------------ interrupts */

static void set_irqfd_turns_call_into_interrupt(void **state)
{
	assert_ok(rig, guest_irq(&guest, 0, 5));
	assert_ok(rig, guest_irq(&guest, 1, 6));
	fake_ring_signal(rig->fake, rig_kernel_ring(rig, 0), 'c');
	interrupts(5, 1);
	interrupts(6, 0);
	/* the same again is no change, another one replaces it */
	fake_forget_calls(rig->fake);
	assert_ok(rig, guest_irq(&guest, 0, 5));
	assert_int_equal(fake_count(rig->fake, "KVM_IRQFD"), 0);
	assert_ok(rig, guest_irq(&guest, 0, 7));
	assert_int_equal(fake_count(rig->fake, "KVM_IRQFD"), 2);
	interrupts(7, 1); /* in place of one that may have come in between */
	fake_ring_signal(rig->fake, rig_kernel_ring(rig, 0), 'c');
	interrupts(5, 1);
	interrupts(7, 2);
	assert_ok(rig, vhc_ring_set_irqfd(rig->dev, 0, -1, NULL));
	assert_ok(rig, vhc_ring_set_irqfd(rig->dev, 0, -1, NULL));
	fake_ring_signal(rig->fake, rig_kernel_ring(rig, 0), 'c');
	interrupts(7, 2);
	/* what came meanwhile is not lost */
	assert_ok(rig, guest_irq(&guest, 0, 8));
	interrupts(8, 1);
}

static void set_call_moves_irqfd(void **state)
{
	int fd = fake_eventfd(rig->fake);

	assert_ok(rig, guest_irq(&guest, 0, 5));
	fake_forget_calls(rig->fake);
	assert_ok(rig, vhc_ring_set_call(rig->dev, 0, fd));
	assert_true(guest_position(&guest, "VHOST_SET_VRING_CALL", 0) <
		    guest_position(&guest, "KVM_IRQFD", 0));
	interrupts(5, 1); /* the one for what may have gone to the old eventfd */
	fake_ring_signal(rig->fake, rig_kernel_ring(rig, 0), 'c');
	interrupts(5, 2);
	/* the driver polls: no interrupt, until there is a call again */
	assert_ok(rig, vhc_ring_set_call(rig->dev, 0, -1));
	assert_int_equal(fake_vm_bindings(guest.vm), 0);
	assert_ok(rig, vhc_ring_get_call(rig->dev, 0));
	interrupts(5, 3);
	/* without a call one is made */
	assert_ok(rig, vhc_dev_stop(rig->dev));
	assert_ok(rig, vhc_ring_set_call(rig->dev, 1, -1));
	assert_ok(rig, guest_irq(&guest, 1, 6));
	assert_ok(rig, rig_start(rig));
	interrupts(6, 1); /* since it resumes */
	fake_ring_signal(rig->fake, rig_kernel_ring(rig, 1), 'c');
	interrupts(6, 2);
	/* a binding that waits for a call is replaced or removed without a call into the VM */
	assert_ok(rig, vhc_ring_set_call(rig->dev, 1, -1));
	assert_ok(rig, vhc_ring_set_irqfd(rig->dev, 1, -1, NULL));
	assert_ok(rig, vhc_ring_get_call(rig->dev, 1));
	assert_int_equal(fake_vm_bindings(guest.vm), 1);
	fake_close(rig->fake, fd);
}

static void failed_set_call_keeps_irqfd(void **state)
{
	static const char *const calls[] = { "VHOST_SET_VRING_CALL", "KVM_IRQFD", "KVM_IRQFD" };
	static const uint32_t which[] = { 1, 1, 2 };
	int fd = fake_eventfd(rig->fake), call = vhc_ring_get_call(rig->dev, 0);

	assert_ok(rig, guest_irq(&guest, 0, 5));
	for (size_t i = 0; i < 3; i++) {
		uint32_t before = guest.vm->injected[5];

		fake_fail(rig->fake, calls[i], which[i], EBADF);
		assert_int_equal(vhc_ring_set_call(rig->dev, 0, fd), -EBADF);
		assert_int_equal(vhc_ring_get_call(rig->dev, 0), call);
		/* one may have gone to the new eventfd */
		interrupts(5, before + 1);
		fake_ring_signal(rig->fake, rig_kernel_ring(rig, 0), 'c');
		interrupts(5, before + 2);
		fake_fail(rig->fake, "KVM_IRQFD", 1 + i % 2, ENOMEM);
		assert_int_equal(guest_irq(&guest, 0, 6), -ENOMEM);
		fake_ring_signal(rig->fake, rig_kernel_ring(rig, 0), 'c');
		interrupts(5, before + 3);
	}
	interrupts(6, 0);
	assert_int_equal(fake_vm_bindings(guest.vm), 1);
	fake_close(rig->fake, fd);
}

static void set_irqfd_with_resample_signals_it(void **state)
{
	int resample = fake_eventfd(rig->fake), other = fake_eventfd(rig->fake);
	struct vhc_irqfd args = { sizeof(args), 9, VHC_IRQFD_RESAMPLE, resample, 0 };

	assert_ok(rig, vhc_ring_set_irqfd(rig->dev, 0, rig->vm, &args));
	fake_ring_signal(rig->fake, rig_kernel_ring(rig, 0), 'c');
	interrupts(9, 1);
	fake_guest_ends(rig->fake, guest.vm, 9);
	assert_int_equal(fake_counter(rig->fake, resample), 1);
	fake_forget_calls(rig->fake);
	assert_ok(rig, vhc_ring_set_irqfd(rig->dev, 0, rig->vm, &args));
	assert_int_equal(fake_count(rig->fake, "KVM_IRQFD"), 0);
	args.resample_fd = other;
	assert_ok(rig, vhc_ring_set_irqfd(rig->dev, 0, rig->vm, &args));
	fake_guest_ends(rig->fake, guest.vm, 9);
	assert_int_equal(fake_counter(rig->fake, resample), 1);
	assert_int_equal(fake_counter(rig->fake, other), 1);
	fake_close(rig->fake, resample);
	fake_close(rig->fake, other);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(add_ioeventfd_of_each_kind_kicks),
		TEST(add_ioeventfd_twice_makes_one_call),
		TEST(add_ioeventfd_twice_without_kcmp_adds_one),
		TEST(add_ioeventfd_without_kick_makes_one),
		TEST(set_kick_moves_ioeventfds),
		TEST(set_kick_to_none_removes_ioeventfds_until_next),
		TEST(failed_set_kick_keeps_ioeventfds),
		TEST(set_irqfd_turns_call_into_interrupt),
		TEST(set_call_moves_irqfd),
		TEST(failed_set_call_keeps_irqfd),
		TEST(set_irqfd_with_resample_signals_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
