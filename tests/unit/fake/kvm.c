/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * kvm - /dev/kvm, its VMs and vCPUs, as far as eventfds go: virt/kvm/eventfd.c.  And the guest's side of
 * it: what happens when it writes, and which interrupts it got.
 */
#include <errno.h>
#include <linux/kvm.h>
#include <string.h>

#include "model.h"

#define GSIS	    4096 /* arch/x86: KVM_MAX_IRQ_ROUTES */
#define API_VERSION 12

static int extension(uint64_t number)
{
	switch (number) {
	case KVM_CAP_IRQCHIP:
	case KVM_CAP_IRQFD:
	case KVM_CAP_IOEVENTFD:
	case KVM_CAP_IRQFD_RESAMPLE:
	case KVM_CAP_IOEVENTFD_ANY_LENGTH:
		return 1;
	case KVM_CAP_IRQ_ROUTING:
		return GSIS;
	default:
		return 0;
	}
}

static int create_vm(struct fake *fake, uint64_t type)
{
	struct fake_file *file;

	if (type)
		return -EINVAL;
	file = fake_file_new(fake, FAKE_VM);
	for (uint32_t i = 0; file && i < FAKE_VMS; i++)
		if (!fake->vms[i].used) {
			fake->vms[i] = (struct fake_vm){ .used = true };
			file->vm = &fake->vms[i];
			return fake_fd_new(fake, file);
		}
	fake_file_unref(fake, file);
	return -ENOMEM;
}

/* An eventfd, as eventfd_ctx_fdget() looks for one. */
static int eventfd_of(struct fake *fake, uint32_t fd, struct fake_file **ret)
{
	*ret = fake_file_of(fake, (int)fd);
	if (!*ret)
		return -EBADF;
	return (*ret)->kind == FAKE_EVENTFD ? 0 : -EINVAL;
}

/* ------------------------------------------------------------------------------------ ioeventfds */

static bool collides(const struct fake_ioeventfd *a, const struct fake_ioeventfd *b)
{
	return a->pio == b->pio && a->addr == b->addr &&
	       (!a->len || !b->len ||
		(a->len == b->len && (a->wildcard || b->wildcard || a->datamatch == b->datamatch)));
}

static int assign_ioeventfd(struct fake_vm *vm, const struct fake_ioeventfd *new)
{
	struct fake_ioeventfd *room = NULL;

	for (uint32_t i = 0; i < FAKE_BINDINGS; i++) {
		struct fake_ioeventfd *have = &vm->ioeventfds[i];

		if (have->file && collides(have, new))
			return -EEXIST;
		if (!have->file && !room)
			room = have;
	}
	if (!room)
		return -ENOSPC;
	*room = *new;
	fake_file_ref(new->file);
	return 0;
}

static int deassign_ioeventfd(struct fake *fake, struct fake_vm *vm,
			      const struct fake_ioeventfd *old)
{
	for (uint32_t i = 0; i < FAKE_BINDINGS; i++) {
		struct fake_ioeventfd *have = &vm->ioeventfds[i];

		if (have->file != old->file || have->pio != old->pio || have->addr != old->addr ||
		    have->len != old->len || have->wildcard != old->wildcard ||
		    (!have->wildcard && have->datamatch != old->datamatch))
			continue;
		fake_file_unref(fake, have->file);
		*have = (struct fake_ioeventfd){ 0 };
		return 0;
	}
	return -ENOENT;
}

static bool ioeventfd_ok(const struct kvm_ioeventfd *arg)
{
	return arg->len <= 8 && !(arg->len & (arg->len - 1)) && arg->addr + arg->len >= arg->addr &&
	       !(arg->flags & ~(uint32_t)KVM_IOEVENTFD_VALID_FLAG_MASK) &&
	       (arg->len || !(arg->flags & KVM_IOEVENTFD_FLAG_DATAMATCH));
}

/* What is to be taken off is only compared. */
static int ioeventfd(struct fake *fake, struct fake_vm *vm, const void *user)
{
	struct kvm_ioeventfd arg;
	struct fake_ioeventfd about;
	bool off;
	int r;

	if (fake_user_get(&arg, user, sizeof(arg)))
		return -EFAULT;
	about = (struct fake_ioeventfd){ .pio = arg.flags & KVM_IOEVENTFD_FLAG_PIO,
					 .wildcard = !(arg.flags & KVM_IOEVENTFD_FLAG_DATAMATCH),
					 .addr = arg.addr,
					 .datamatch = arg.datamatch,
					 .len = arg.len };
	off = arg.flags & KVM_IOEVENTFD_FLAG_DEASSIGN;
	r = off || ioeventfd_ok(&arg) ? eventfd_of(fake, (uint32_t)arg.fd, &about.file) : -EINVAL;
	if (r)
		return r;
	return off ? deassign_ioeventfd(fake, vm, &about) : assign_ioeventfd(vm, &about);
}

/* ---------------------------------------------------------------------------------------- irqfds */

static struct fake_irqfd *find_irqfd(struct fake_vm *vm, const struct fake_file *file)
{
	for (uint32_t i = 0; i < FAKE_BINDINGS; i++)
		if (vm->irqfds[i].file == file)
			return &vm->irqfds[i];
	return NULL;
}

static bool taken(struct fake *fake, struct fake_vm *vm, const struct fake_file *file)
{
	if (!fake->profile.irqfd_exclusive)
		return find_irqfd(vm, file);
	for (uint32_t i = 0; i < FAKE_VMS; i++)
		if (fake->vms[i].used && find_irqfd(&fake->vms[i], file))
			return true;
	return false;
}

static int assign_irqfd(struct fake *fake, struct fake_vm *vm, const struct kvm_irqfd *arg)
{
	struct fake_irqfd *room = find_irqfd(vm, NULL);
	struct fake_file *file, *resample = NULL;
	int r;

	if (!vm->irqchip)
		return -EINVAL;
	r = eventfd_of(fake, arg->fd, &file);
	if (!r && arg->flags & KVM_IRQFD_FLAG_RESAMPLE)
		r = eventfd_of(fake, arg->resamplefd, &resample);
	if (r)
		return r;
	if (taken(fake, vm, file))
		return -EBUSY;
	if (!room)
		return -ENOMEM;
	*room = (struct fake_irqfd){ file, resample, arg->gsi };
	if (resample)
		fake_file_ref(resample);
	/* what was there before is an interrupt too */
	vm->injected[arg->gsi % FAKE_GSIS] += file->counter != 0;
	return 0;
}

static void drop_irqfd(struct fake *fake, struct fake_irqfd *irqfd)
{
	fake_file_unref(fake, irqfd->resample);
	*irqfd = (struct fake_irqfd){ 0 };
}

/* One that is not there is no error. */
static int deassign_irqfd(struct fake *fake, struct fake_vm *vm, const struct kvm_irqfd *arg)
{
	struct fake_irqfd *irqfd;
	struct fake_file *file;
	int r = eventfd_of(fake, arg->fd, &file);

	if (r)
		return r;
	irqfd = find_irqfd(vm, file);
	if (irqfd && irqfd->gsi == arg->gsi) {
		drop_irqfd(fake, irqfd);
		file->counter = 0;
	}
	return 0;
}

static int irqfd(struct fake *fake, struct fake_vm *vm, const void *user)
{
	const uint32_t known = KVM_IRQFD_FLAG_DEASSIGN | KVM_IRQFD_FLAG_RESAMPLE;
	struct kvm_irqfd arg;

	if (fake_user_get(&arg, user, sizeof(arg)))
		return -EFAULT;
	if (arg.flags & ~known)
		return -EINVAL;
	return arg.flags & KVM_IRQFD_FLAG_DEASSIGN ? deassign_irqfd(fake, vm, &arg)
						   : assign_irqfd(fake, vm, &arg);
}

void fake_eventfd_add(struct fake *fake, struct fake_file *file)
{
	file->counter++;
	for (uint32_t i = 0; i < FAKE_VMS; i++) {
		struct fake_irqfd *irqfd =
			fake->vms[i].used ? find_irqfd(&fake->vms[i], file) : NULL;

		if (!irqfd)
			continue;
		fake->vms[i].injected[irqfd->gsi % FAKE_GSIS]++;
		file->counter = 0;
	}
}

/* The kernel takes an irqfd off by itself when its eventfd closes; an ioeventfd holds on to it. */
void fake_kvm_eventfd_closed(struct fake *fake, const struct fake_file *file)
{
	for (uint32_t i = 0; i < FAKE_VMS; i++) {
		struct fake_irqfd *irqfd =
			fake->vms[i].used ? find_irqfd(&fake->vms[i], file) : NULL;

		if (irqfd)
			drop_irqfd(fake, irqfd);
	}
}

/* ------------------------------------------------------------------------------------- the ioctls */

void fake_vm_release(struct fake *fake, struct fake_vm *vm)
{
	for (uint32_t i = 0; i < FAKE_BINDINGS; i++) {
		fake_file_unref(fake, vm->ioeventfds[i].file);
		if (vm->irqfds[i].file)
			drop_irqfd(fake, &vm->irqfds[i]);
	}
	*vm = (struct fake_vm){ 0 };
}

static int vm_ioctl(struct fake *fake, struct fake_vm *vm, unsigned long request, void *arg)
{
	if (vm->foreign)
		return -EIO;
	switch (request) {
	case KVM_CHECK_EXTENSION:
		return extension((uintptr_t)arg);
	case KVM_CREATE_IRQCHIP:
		if (vm->irqchip || vm->vcpus)
			return vm->irqchip ? -EEXIST : -EINVAL;
		vm->irqchip = true;
		return 0;
	case KVM_CREATE_VCPU:
		vm->vcpus++;
		return fake_fd_new(fake, fake_file_new(fake, FAKE_VCPU));
	case KVM_IOEVENTFD:
		return ioeventfd(fake, vm, arg);
	case KVM_IRQFD:
		return irqfd(fake, vm, arg);
	default:
		return -ENOTTY;
	}
}

int fake_kvm_ioctl(struct fake *fake, struct fake_file *file, unsigned long request, void *arg)
{
	if (file->kind == FAKE_VM)
		return vm_ioctl(fake, file->vm, request, arg);
	if (file->kind == FAKE_VCPU)
		return -EINVAL;
	switch (request) {
	case KVM_GET_API_VERSION:
		return API_VERSION;
	case KVM_CHECK_EXTENSION:
		return extension((uintptr_t)arg);
	case KVM_CREATE_VM:
		return create_vm(fake, (uintptr_t)arg);
	default:
		return -EINVAL;
	}
}

/* -------------------------------------------------------------------------------------- for tests */

int fake_vm(struct fake *fake, bool irqchip)
{
	int fd = create_vm(fake, 0);

	if (fd >= 0)
		fake_file_of(fake, fd)->vm->irqchip = irqchip;
	return fd;
}

struct fake_vm *fake_vm_of(struct fake *fake, int fd)
{
	struct fake_file *file = fake_file_of(fake, fd);

	return file ? file->vm : NULL;
}

uint32_t fake_vm_bindings(const struct fake_vm *vm)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < FAKE_BINDINGS; i++)
		n += (vm->ioeventfds[i].file ? 1u : 0) + (vm->irqfds[i].file ? 1u : 0);
	return n;
}

bool fake_guest_writes(struct fake *fake, struct fake_vm *vm, const struct fake_write *write)
{
	for (uint32_t i = 0; i < FAKE_BINDINGS; i++) {
		const struct fake_ioeventfd *have = &vm->ioeventfds[i];

		if (!have->file || have->pio != write->pio || have->addr != write->addr ||
		    (have->len && have->len != write->len) ||
		    (have->len && !have->wildcard && have->datamatch != write->value))
			continue;
		fake_eventfd_add(fake, have->file);
		return true;
	}
	return false;
}

void fake_guest_ends(struct fake *fake, struct fake_vm *vm, uint32_t gsi)
{
	for (uint32_t i = 0; i < FAKE_BINDINGS; i++)
		if (vm->irqfds[i].file && vm->irqfds[i].gsi == gsi && vm->irqfds[i].resample)
			fake_eventfd_add(fake, vm->irqfds[i].resample);
}
