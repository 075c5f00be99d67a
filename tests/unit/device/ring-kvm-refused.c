/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ring-kvm-refused - what cannot be bound, and who is in the way: the text says it, and nothing changes.
 */
#include <linux/kvm.h>

#include "ring/binding.h"
#include "kvm-rig.h"

static struct guest guest;
static struct rig *const rig = &guest.rig;

static int setup(void **state)
{
	guest_up(&guest, "7.2");
	return 0;
}

static int teardown(void **state)
{
	guest_down(&guest);
	return 0;
}

/* What no guest can write.  The kernel takes some of these without a word. */
static void add_ioeventfd_that_no_guest_can_write_is_einval(void **state)
{
	static const struct {
		struct vhc_ioeventfd bell;
		const char *said;
	} cases[] = {
		{ { 32, 0xc050, 0, 3, 1 }, "3 bytes" },
		{ { 32, 0xc050, 0, 16, 0 }, "16 bytes" },
		{ { 32, 0xc050, 0, 8, 1 }, "1, 2 or 4" },
		{ { 32, 0x10000, 0, 1, 1 }, "last port is 0xffff" },
		{ { 32, 0x10000, 0, 0, 1 }, "last port is 0xffff" },
		{ { 32, 0xffff, 0, 2, 1 }, "port 0xffff, 2 bytes" },
		{ { 32, UINT64_MAX, 0, 2, 1 }, "last port is 0xffff" },
		{ { 32, UINT64_MAX, 0, 2, 0 }, "wraps" },
		{ { 32, UINT64_MAX - 1, 0, 2, 0 }, "wraps" },
		{ { 32, 0xc050, 0, 0, 3 }, "needs a len" },
		{ { 32, 0xc050, 0x100, 1, 3 }, "0x100 does not fit into a write of 1" },
		{ { 32, 0xc050, 0x100000000, 4, 2 }, "does not fit" },
		{ { 32, 0xc050, 5, 2, 1 }, "datamatch 0x5 without" },
		{ { 32, 0xc050, 0, 2, 4 }, "flags 0x4" },
		{ { 0, 0xc050, 0, 2, 1 }, "sz 0" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(vhc_ring_add_ioeventfd(rig->dev, 1, rig->vm, &cases[i].bell),
				 -EINVAL);
		assert_says(rig, cases[i].said);
		assert_int_equal(vhc_ring_del_ioeventfd(rig->dev, 1, &cases[i].bell), -EINVAL);
		assert_says(rig, cases[i].said);
	}
	assert_int_equal(guest_add(&guest, 4), -EINVAL);
	assert_says(rig, "ring 4", "it has 4");
	assert_int_equal(fake_calls(rig->fake), 0);
}

static void set_irqfd_with_bad_arguments_is_refused(void **state)
{
	struct {
		struct vhc_irqfd args;
		uint64_t newer;
	} irq = { { sizeof(irq), 5, 0, 0, 0 }, 1 };

	assert_int_equal(vhc_ring_set_irqfd(rig->dev, 0, rig->vm, &irq.args), -E2BIG);
	irq.args.sz = sizeof(irq.args);
	irq.args.flags = 2;
	assert_int_equal(vhc_ring_set_irqfd(rig->dev, 0, rig->vm, &irq.args), -EINVAL);
	assert_says(rig, "flags 0x2");
	irq.args.flags = 0;
	irq.args.reserved = 1;
	assert_int_equal(vhc_ring_set_irqfd(rig->dev, 0, rig->vm, &irq.args), -EINVAL);
	assert_int_equal(guest_irq(&guest, 4, 5), -EINVAL);
	assert_int_equal(vhc_ring_set_irqfd(rig->dev, 4, -1, NULL), -EINVAL);
	assert_int_equal(fake_calls(rig->fake), 0);
	assert_int_equal(guest_irq(&guest, 0, 4096), -EINVAL);
	assert_says(rig, "ring 0", "gsi 4096", "4096, from 0");
	irq.args = (struct vhc_irqfd){ sizeof(irq.args), 5, VHC_IRQFD_RESAMPLE, 999, 0 };
	assert_int_equal(vhc_ring_set_irqfd(rig->dev, 0, rig->vm, &irq.args), -EBADF);
	assert_says(rig, "ring 0", "resample eventfd 999", "EBADF");
	irq.args.resample_fd = rig->vm;
	assert_int_equal(vhc_ring_set_irqfd(rig->dev, 0, rig->vm, &irq.args), -EINVAL);
	assert_says(rig, "ring 0", "KVM_IRQFD of gsi 5", "EINVAL", "not an eventfd");
	guest.vm->irqchip = false;
	assert_int_equal(guest_irq(&guest, 0, 5), -EINVAL);
	assert_says(rig, "ring 0", "KVM_IRQFD", "KVM_CREATE_IRQCHIP");
	fake_fail(rig->fake, "KVM_IRQFD", 1, EAGAIN);
	assert_int_equal(guest_irq(&guest, 0, 5), -EAGAIN);
	assert_says(rig, "ring 0", "interrupt controller", "not initialised yet");
	assert_int_equal(fake_vm_bindings(guest.vm), 0);
}

/* Found out by questions alone. */
static void bind_to_no_vm_is_einval(void **state)
{
	int vcpu = fake_sys.ioctl(rig->fake, rig->vm, KVM_CREATE_VCPU, NULL);
	const struct {
		int fd, result;
		const char *said;
	} cases[] = {
		{ fake_sys.open(rig->fake, "/dev/kvm", 0), -EINVAL, "it is /dev/kvm" },
		{ fake_sys.open(rig->fake, "/dev/null", 0), -EINVAL, "it is /dev/null" },
		{ fake_sys.open(rig->fake, "/dev/vhost-net", 0), -EINVAL, "it is /dev/vhost-net" },
		{ vcpu, -EINVAL, "it is anon_inode:kvm-vcpu" },
		{ fake_eventfd(rig->fake), -EINVAL, "it is anon_inode:[eventfd] (ENOTTY)" },
		{ fake_sys.socket(rig->fake), -EINVAL, "it is socket:[1] (ENOTTY)" },
		{ 999, -EBADF, "VM fd 999" },
	};

	for (size_t i = 0; i < 7; i++) {
		struct fake_left before = fake_left(rig->fake), after;
		struct vhc_ioeventfd bell = guest_bell(0);
		char number[16];

		snprintf(number, sizeof(number), "fd %d", cases[i].fd);
		assert_int_equal(vhc_ring_add_ioeventfd(rig->dev, 0, cases[i].fd, &bell),
				 cases[i].result);
		assert_says(rig, "net0", "ring 0", number, cases[i].said);
		assert_int_equal(
			vhc_ring_set_irqfd(rig->dev, 0, cases[i].fd, VHC_ARG(vhc_irqfd, .gsi = 5)),
			cases[i].result);
		assert_says(rig, "net0", "ring 0", number, cases[i].said);
		assert_true(cases[i].fd == 999 || rig_says(rig, "KVM_CREATE_VM", NULL));
		after = fake_left(rig->fake);
		assert_true(left_equal(&before, &after));
	}
	assert_int_equal(
		fake_count(rig->fake, "KVM_IOEVENTFD") + fake_count(rig->fake, "KVM_IRQFD"), 0);
	/* without /proc */
	fake_fail(rig->fake, "name", 1, ENOENT);
	assert_int_equal(guest_irq(&guest, 0, 5), 0);
	fake_fail(rig->fake, "name", 1, ENOENT);
	assert_int_equal(vhc_ring_set_irqfd(rig->dev, 0, vcpu, VHC_ARG(vhc_irqfd, .gsi = 5)),
			 -EINVAL);
	assert_says(rig, "is not a KVM VM: it is something else (EINVAL)");
	for (size_t i = 0; i < 6; i++)
		fake_close(rig->fake, cases[i].fd);
}

/* ---------------------------------------------------------------------------- who is in the way */

static struct vhc_dev *second_device(void)
{
	struct vhc_dev *dev;

	assert_ok(rig, vhc_dev_open(rig->ctx, "net1", NULL,
				    VHC_ARG(vhc_dev_args, .type = VHC_TYPE_NET, .queue_pairs = 2),
				    &dev));
	return dev;
}

/* The n-th of all doorbells of two addresses and two values; false where there is none such. */
static bool nth_doorbell(uint32_t n, struct vhc_ioeventfd *ret)
{
	static const uint32_t lens[] = { 0, 1, 2, 4, 8 };
	struct vhi_refusal err;

	*ret = (struct vhc_ioeventfd){ 32, 0x1000 + n / 4 % 2, n / 8 % 2, lens[n / 16 % 5], n % 4 };
	return !vhi_doorbell_check(ret, &err);
}

/* Of each two: the library's rule is the kernel's, as the fake one has it. */
static void doorbell_clash_matches_kernel(void **state)
{
	int fd = fake_eventfd(rig->fake), other = fake_eventfd(rig->fake);
	uint32_t pairs = 0, clashes = 0;
	struct vhc_ioeventfd a, b;

	for (uint32_t i = 0; i < 80 * 80; i++) {
		bool clash;

		if (!nth_doorbell(i / 80, &a) || !nth_doorbell(i % 80, &b))
			continue;
		pairs++;
		assert_int_equal(guest_launcher(&guest, fd, &a, true), 0);
		clash = guest_launcher(&guest, other, &b, true) == -EEXIST;
		clashes += clash;
		if (clash != vhi_doorbell_clash(&a, &b))
			fail_msg("%u and %u: %d", i / 80, i % 80, clash);
		guest_launcher(&guest, fd, &a, false);
		guest_launcher(&guest, other, &b, false);
	}
	assert_true(pairs > 1000 && clashes > 100);
	fake_close(rig->fake, fd);
	fake_close(rig->fake, other);
}

static void add_ioeventfd_of_other_ring_is_eexist(void **state)
{
	struct vhc_ioeventfd bell = guest_bell(7), any = bell;
	struct vhc_dev *second = second_device();
	int again = fake_sys.dup(rig->fake, rig->vm), other = fake_vm(rig->fake, true);

	any.flags = VHC_IOEVENTFD_PIO;
	any.datamatch = 0;
	assert_ok(rig, vhc_ring_add_ioeventfd(second, 3, rig->vm, &bell));
	fake_forget_calls(rig->fake);
	/* the VM is known by any of its fds */
	assert_int_equal(vhc_ring_add_ioeventfd(rig->dev, 0, again, &bell), -EEXIST);
	assert_says(rig, "net0", "port 0xc050, 2 bytes, value 0x7 is taken by ring 3 of net1");
	assert_int_equal(vhc_ring_add_ioeventfd(rig->dev, 0, again, &any), -EEXIST);
	assert_says(rig, "port 0xc050, 2 bytes is taken by ring 3 of net1",
		    "which has port 0xc050, 2 bytes, value 0x7");
	assert_int_equal(fake_count(rig->fake, "KVM_"), 0);
	/* one that waits for its kick is there too */
	assert_ok(rig, vhc_ring_set_kick(second, 3, -1));
	assert_int_equal(vhc_ring_add_ioeventfd(rig->dev, 0, again, &bell), -EEXIST);
	/* in another VM it is free, and when it is taken off */
	assert_ok(rig, vhc_ring_add_ioeventfd(rig->dev, 0, other, &bell));
	assert_int_equal(fake_vm_bindings(fake_vm_of(rig->fake, other)), 1);
	assert_ok(rig, vhc_ring_del_ioeventfd(second, 3, &bell));
	assert_ok(rig, vhc_ring_add_ioeventfd(rig->dev, 1, again, &bell));
	assert_ok(rig, vhc_ring_del_ioeventfd(rig->dev, 0, &bell));
	vhc_dev_close(second);
	fake_close(rig->fake, again);
	fake_close(rig->fake, other);
}

/* The launcher itself, or another context: the kernel says no, also to one that only moves. */
static void add_ioeventfd_of_launcher_is_eexist(void **state)
{
	struct vhc_ioeventfd bell = guest_bell(0);
	int file = fake_eventfd(rig->fake);

	assert_int_equal(guest_launcher(&guest, file, &bell, true), 0);
	assert_int_equal(guest_add(&guest, 0), -EEXIST);
	assert_says(rig, "net0", "ring 0, KVM_IOEVENTFD of port 0xc050, 2 bytes, value 0x0",
		    "or another context's");
	assert_int_equal(guest_launcher(&guest, file, &bell, false), 0);
	assert_ok(rig, guest_add(&guest, 0));
	assert_ok(rig, vhc_ring_set_kick(rig->dev, 0, -1));
	assert_int_equal(guest_launcher(&guest, file, &bell, true), 0);
	assert_int_equal(vhc_ring_get_kick(rig->dev, 0), -EEXIST);
	assert_int_equal(vhc_ring_set_kick(rig->dev, 0, file), -EEXIST);
	assert_int_equal(guest_launcher(&guest, file, &bell, false), 0);
	assert_ok(rig, vhc_ring_set_kick(rig->dev, 0, file));
	assert_true(guest_rings(&guest, 0));
	fake_close(rig->fake, file);
}

/* An eventfd is one irqfd: of two rings with one call only the first can have it. */
static void set_irqfd_of_shared_call_is_ebusy(void **state)
{
	int call = vhc_ring_get_call(rig->dev, 0);

	assert_ok(rig, vhc_ring_set_call(rig->dev, 1, call));
	assert_ok(rig, guest_irq(&guest, 0, 5));
	assert_int_equal(guest_irq(&guest, 1, 6), -EBUSY);
	assert_says(rig, "net0", "ring 1, KVM_IRQFD of gsi 6", "EBUSY", "same eventfd");
	assert_ok(rig, vhc_ring_set_irqfd(rig->dev, 0, -1, NULL));
	assert_ok(rig, guest_irq(&guest, 1, 6));
	/* the library cannot tell whether it is the same VM: the kernel can */
	fake_fail(rig->fake, "same", 1, EPERM);
	assert_int_equal(guest_irq(&guest, 0, 5), -EBUSY);
}

/* A VM answers only the process that made it.  The device keeps running. */
static void bind_to_vm_of_other_process_is_eio(void **state)
{
	struct vhc_ioeventfd bell = guest_bell(0);
	int fd = fake_eventfd(rig->fake), kick = vhc_ring_get_kick(rig->dev, 0);

	guest.vm->foreign = true;
	assert_int_equal(guest_add(&guest, 0), -EIO);
	assert_says(rig, "ring 0", "belongs to another process", "EIO",
		    "process that created the VM");
	guest.vm->foreign = false;
	assert_ok(rig, guest_add(&guest, 0));
	assert_ok(rig, guest_irq(&guest, 0, 5));
	guest.vm->foreign = true;
	assert_int_equal(guest_add(&guest, 1), -EIO);
	assert_says(rig, "ring 1", "belongs to another process", "EIO");
	assert_int_equal(guest_irq(&guest, 1, 5), -EIO);
	assert_says(rig, "ring 1", "belongs to another process", "EIO");
	assert_int_equal(vhc_ring_set_kick(rig->dev, 0, fd), -EIO);
	assert_int_equal(vhc_ring_set_call(rig->dev, 0, fd), -EIO);
	assert_int_equal(vhc_ring_del_ioeventfd(rig->dev, 0, &bell), -EIO);
	assert_int_equal(vhc_ring_set_irqfd(rig->dev, 0, -1, NULL), -EIO);
	assert_says(rig, "ring 0", "belongs to another process", "EIO");
	guest.vm->foreign = false;
	assert_int_equal(vhc_ring_get_kick(rig->dev, 0), kick);
	assert_true(guest_rings(&guest, 0));
	assert_ok(rig, vhc_dev_stop(rig->dev));
	assert_ok(rig, rig_start(rig));
	fake_close(rig->fake, fd);
}

static void bind_of_caps_device_is_enodev(void **state)
{
	struct vhc_dev *dev;
	char *caps;

	assert_ok(rig, vhc_caps_probe(rig->ctx, &caps));
	assert_ok(rig, vhc_dev_open_caps(rig->ctx, "far", caps,
					 VHC_ARG(vhc_dev_args, .type = VHC_TYPE_NET), &dev));
	assert_int_equal(vhc_ring_set_irqfd(dev, 0, rig->vm, VHC_ARG(vhc_irqfd, .gsi = 5)),
			 -ENODEV);
	assert_says(rig, "far", "vhost-caps", "vhc_dev_open");
	vhc_dev_close(dev);
	free(caps);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(add_ioeventfd_that_no_guest_can_write_is_einval),
		TEST(set_irqfd_with_bad_arguments_is_refused),
		TEST(bind_to_no_vm_is_einval),
		TEST(doorbell_clash_matches_kernel),
		TEST(add_ioeventfd_of_other_ring_is_eexist),
		TEST(add_ioeventfd_of_launcher_is_eexist),
		TEST(set_irqfd_of_shared_call_is_ebusy),
		TEST(bind_to_vm_of_other_process_is_eio),
		TEST(bind_of_caps_device_is_enodev),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
