/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ring-kvm-end - how bindings end: after vhost released the eventfds, and before those close.  Nothing is
 * left in the VM.
 */
#include "kvm/kvm.h"
#include "kvm-rig.h"

static struct guest guest;
static struct rig *const rig = &guest.rig;

static int setup(void **state)
{
	guest_up(&guest, "6.1");
	for (uint32_t i = 0; i < rig->rings; i++) {
		assert_ok(rig, guest_add(&guest, i));
		assert_ok(rig, guest_irq(&guest, i, 5 + i));
	}
	assert_int_equal(fake_vm_bindings(guest.vm), 2 * rig->rings);
	fake_forget_calls(rig->fake);
	return 0;
}

static int teardown(void **state)
{
	guest_down(&guest);
	return 0;
}

/* One duplicate of the VM's fd is enough for all bindings of a context, and goes with the last. */
static void bindings_share_one_vm_fd(void **state)
{
	struct fake_left before = fake_left(rig->fake), after;
	struct vhc_dev *second;

	assert_ok(rig, vhc_dev_open(rig->ctx, "net1", NULL,
				    VHC_ARG(vhc_dev_args, .type = VHC_TYPE_NET), &second));
	assert_ok(rig, vhc_ring_get_kick(second, 0));
	for (uint32_t i = 0; i < 8; i++) {
		struct vhc_ioeventfd bell = guest_bell((uint16_t)(100 + i));

		assert_ok(rig, vhc_ring_add_ioeventfd(second, 0, rig->vm, &bell));
	}
	after = fake_left(rig->fake);
	assert_int_equal(after.fds, before.fds + 2); /* vhost and the kick */
	vhc_dev_close(second);
	assert_int_equal(fake_vm_bindings(guest.vm), 2 * rig->rings);
	after = fake_left(rig->fake);
	assert_true(left_equal(&before, &after));
	/* the first device is not touched by the end of the second */
	assert_true(guest_rings(&guest, 3));
	assert_ok(rig, vhc_dev_reset(rig->dev));
	after = fake_left(rig->fake);
	assert_int_equal(after.fds, before.fds - 1 - 3 * rig->rings);
}

static void check_order(const char *last_of_vhost, uint32_t n)
{
	uint32_t vhost = guest_position(&guest, last_of_vhost, n), closed = 0;
	uint32_t first = guest_position(&guest, "KVM_IOEVENTFD", 0);
	uint32_t irq = guest_position(&guest, "KVM_IRQFD", 0);
	uint32_t last = guest_position(&guest, "KVM_IOEVENTFD", rig->rings - 1);
	uint32_t irq_last = guest_position(&guest, "KVM_IRQFD", rig->rings - 1);

	first = irq < first ? irq : first;
	last = irq_last > last ? irq_last : last;
	if (vhost > first) {
		fake_print_calls(rig->fake);
		fail_msg("%s comes after KVM", last_of_vhost);
	}
	/* not an eventfd is closed before */
	for (uint32_t i = first; i < last; i++)
		closed += !strcmp(fake_call(rig->fake, i)->name, "close");
	assert_int_equal(closed, 0);
	assert_int_equal(fake_count(rig->fake, "KVM_"), 2 * rig->rings);
	assert_int_equal(fake_vm_bindings(guest.vm), 0);
}

static void reset_removes_bindings_after_backends(void **state)
{
	uint32_t all = 3 * rig->rings;

	assert_ok(rig, vhc_dev_reset(rig->dev));
	assert_true(guest_position(&guest, "VHOST_NET_SET_BACKEND", rig->rings - 1) <
		    guest_position(&guest, "VHOST_SET_VRING_KICK", 0));
	assert_int_equal(fake_count(rig->fake, "VHOST_SET_VRING_"), all);
	check_order("VHOST_SET_VRING_ERR", rig->rings - 1);
	assert_false(guest_rings(&guest, 0));
	/* the same once more, on the same addresses */
	assert_ok(rig, rig_features(rig));
	assert_ok(rig, rig_rings(rig));
	assert_ok(rig, guest_add(&guest, 0));
	assert_ok(rig, guest_irq(&guest, 0, 5));
	assert_ok(rig, rig_start(rig));
	assert_true(guest_rings(&guest, 0));
}

/* The vhost fds are the device's own: closing them releases the eventfds. */
static void close_removes_bindings_after_vhost_fds(void **state)
{
	vhc_dev_close(rig->dev);
	rig->dev = NULL;
	check_order("close", rig->pairs - 1);
}

/* Another process may keep the vhost fds open, so the eventfds are taken off first. */
static void close_of_shared_fds_detaches_vhost_first(void **state)
{
	int fds[2] = { fake_sys.open(rig->fake, "/dev/vhost-net", 0),
		       fake_sys.open(rig->fake, "/dev/vhost-net", 0) };

	vhc_dev_close(rig->dev);
	assert_ok(rig,
		  vhc_dev_open_fds(rig->ctx, "net0", fds, 2,
				   VHC_ARG(vhc_dev_args, .type = VHC_TYPE_NET, .queue_pairs = 2),
				   &rig->dev));
	assert_ok(rig, rig_attach(rig));
	assert_ok(rig, rig_features(rig));
	assert_ok(rig, rig_rings(rig));
	assert_ok(rig, rig_start(rig));
	for (uint32_t i = 0; i < rig->rings; i++) {
		assert_ok(rig, guest_add(&guest, i));
		assert_ok(rig, guest_irq(&guest, i, 5 + i));
	}
	fake_forget_calls(rig->fake);
	vhc_dev_close(rig->dev);
	rig->dev = NULL;
	check_order("VHOST_RESET_OWNER", 1);
	fake_close(rig->fake, fds[0]);
	fake_close(rig->fake, fds[1]);
}

/* A reset that the VM refuses takes off what it can, and resumes there the next time. */
static void failed_reset_resumes_next_time(void **state)
{
	fake_fail(rig->fake, "KVM_", 3, EIO);
	assert_int_equal(vhc_dev_reset(rig->dev), -EIO);
	assert_says(rig, "net0", "KVM_", "EIO");
	assert_int_equal(fake_vm_bindings(guest.vm), 1);
	fake_forget_calls(rig->fake);
	assert_ok(rig, vhc_dev_reset(rig->dev));
	assert_int_equal(fake_count(rig->fake, "KVM_"), 1);
	assert_int_equal(fake_vm_bindings(guest.vm), 0);
}

static void reset_failing_twice_reports_first_error(void **state)
{
	fake_fail(rig->fake, "KVM_IRQFD", 1, EIO);
	fake_fail(rig->fake, "KVM_IOEVENTFD", 1, EPERM);
	assert_int_equal(vhc_dev_reset(rig->dev), -EIO);
	assert_says(rig, "KVM_IRQFD", "EIO");
	assert_int_equal(vhc_ctx_get_error(rig->ctx)->code, -EIO);
	assert_ok(rig, vhc_dev_reset(rig->dev));
}

/* Callers report an error after they have cleaned up. */
static void failed_close_keeps_last_error(void **state)
{
	assert_int_equal(vhc_ring_set_size(rig->dev, 99, 1), -EINVAL);
	fake_fail(rig->fake, "KVM_IOEVENTFD", 1, EIO);
	vhc_dev_close(rig->dev);
	rig->dev = NULL;
	rig->stuck = 1;
	assert_says(rig, "ring 99");
	assert_int_equal(vhc_ctx_get_error(rig->ctx)->code, -EINVAL);
}

/* Two doorbells could not be given back the old kick: KVM has the new one in both, and only one owns it. */
static void reset_after_failed_undo_keeps_shared_kick_open(void **state)
{
	struct vhc_ioeventfd second = guest_bell(100);
	int fd = fake_eventfd(rig->fake);

	assert_ok(rig, vhc_ring_add_ioeventfd(rig->dev, 0, rig->vm, &second));
	fake_fail(rig->fake, "VHOST_SET_VRING_KICK", 1, EIO);
	fake_fail(rig->fake, "KVM_IOEVENTFD", 5, EIO);
	assert_int_equal(vhc_ring_set_kick(rig->dev, 0, fd), -ESTALE);
	fake_close(rig->fake, fd);
	/* the one that was added first comes last */
	fake_fail(rig->fake, "KVM_IOEVENTFD", rig->rings + 1, EIO);
	assert_int_equal(vhc_dev_reset(rig->dev), -EIO);
	assert_int_equal(fake_vm_bindings(guest.vm), 1);
	assert_ok(rig, vhc_dev_reset(rig->dev));
	assert_int_equal(fake_vm_bindings(guest.vm), 0);
}

/* In a forked child: the device ends for the child, and the VM keeps what it has. */
static void close_in_child_keeps_ioeventfds(void **state)
{
	guest.vm->foreign = true;
	vhc_dev_close(rig->dev);
	rig->dev = NULL;
	guest.vm->foreign = false;
	/* the irqfds went with their eventfds, as the kernel does it; the ioeventfds are there */
	assert_int_equal(fake_vm_bindings(guest.vm), rig->rings);
	fake_close(rig->fake, rig->vm);
	rig->vm = fake_vm(rig->fake, true);
	guest.vm = fake_vm_of(rig->fake, rig->vm);
}

/* A ring's bindings alone, as its reset takes them off: the others stay. */
static void unbind_of_one_ring_keeps_others(void **state)
{
	assert_ok(rig, vhi_ring_unbind_kvm(rig->dev, 1));
	assert_int_equal(fake_vm_bindings(guest.vm), 2 * rig->rings - 2);
	assert_false(guest_rings(&guest, 1));
	assert_true(guest_rings(&guest, 0));
	assert_ok(rig, vhi_ring_unbind_kvm(rig->dev, 1));
	assert_int_equal(fake_count(rig->fake, "KVM_"), 2);
	assert_ok(rig, guest_add(&guest, 1));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(bindings_share_one_vm_fd),
		TEST(reset_removes_bindings_after_backends),
		TEST(close_removes_bindings_after_vhost_fds),
		TEST(close_of_shared_fds_detaches_vhost_first),
		TEST(failed_reset_resumes_next_time),
		TEST(reset_failing_twice_reports_first_error),
		TEST(failed_close_keeps_last_error),
		TEST(reset_after_failed_undo_keeps_shared_kick_open),
		TEST(close_in_child_keeps_ioeventfds),
		TEST(unbind_of_one_ring_keeps_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
