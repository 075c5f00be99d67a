/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * kvm-rig - a device that is brought up beside a VM.
 */
#include <linux/kvm.h>

#include "kvm-rig.h"

void guest_up(struct guest *guest, const char *kernel)
{
	rig_new(&guest->rig, kernel, 2);
	rig_up(&guest->rig);
	guest->rig.vm = fake_vm(guest->rig.fake, true);
	guest->vm = fake_vm_of(guest->rig.fake, guest->rig.vm);
	fake_forget_calls(guest->rig.fake);
}

void guest_down(struct guest *guest)
{
	rig_free(&guest->rig);
}

bool guest_rings(struct guest *guest, uint16_t value)
{
	struct fake_write write = { true, VM_PORT, value, 2 };

	return fake_guest_writes(guest->rig.fake, guest->vm, &write);
}

struct vhc_ioeventfd guest_bell(uint16_t value)
{
	return (struct vhc_ioeventfd){ .sz = sizeof(struct vhc_ioeventfd),
				       .addr = VM_PORT,
				       .len = 2,
				       .datamatch = value,
				       .flags = VHC_IOEVENTFD_PIO | VHC_IOEVENTFD_DATAMATCH };
}

int guest_add(struct guest *guest, uint32_t ring)
{
	struct vhc_ioeventfd bell = guest_bell((uint16_t)ring);

	return vhc_ring_add_ioeventfd(guest->rig.dev, ring, guest->rig.vm, &bell);
}

int guest_irq(struct guest *guest, uint32_t ring, uint32_t gsi)
{
	return vhc_ring_set_irqfd(guest->rig.dev, ring, guest->rig.vm,
				  VHC_ARG(vhc_irqfd, .gsi = gsi));
}

int guest_launcher(struct guest *guest, int file, const struct vhc_ioeventfd *bell, bool on)
{
	struct kvm_ioeventfd arg = {
		.addr = bell->addr, .len = bell->len, .datamatch = bell->datamatch, .fd = file
	};

	if (bell->flags & VHC_IOEVENTFD_PIO)
		arg.flags |= KVM_IOEVENTFD_FLAG_PIO;
	if (bell->flags & VHC_IOEVENTFD_DATAMATCH)
		arg.flags |= KVM_IOEVENTFD_FLAG_DATAMATCH;
	if (!on)
		arg.flags |= KVM_IOEVENTFD_FLAG_DEASSIGN;
	return fake_sys.ioctl(guest->rig.fake, guest->rig.vm, KVM_IOEVENTFD, &arg);
}

int64_t guest_kicks(struct guest *guest, uint32_t ring)
{
	return fake_ring_counter(rig_kernel_ring(&guest->rig, ring), 'k');
}

uint32_t guest_position(struct guest *guest, const char *name, uint32_t n)
{
	uint32_t i = 0;

	for (; i < fake_calls(guest->rig.fake); i++)
		if (!strcmp(fake_call(guest->rig.fake, i)->name, name) && !n--)
			return i;
	fake_print_calls(guest->rig.fake);
	fail_msg("there is no such call of %s", name);
	return i;
}
