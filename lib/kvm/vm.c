/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * vm - the KVM VMs that rings are bound to: whether an fd is one, and one duplicate for each.
 */
#include <errno.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dev.h"
#include "text.h"
#include "kvm/kvm.h"

#define ASK "KVM_CHECK_EXTENSION"

/* A VM accepts ioctls only from the process that created it. */
static int check_extension(struct vhc_dev *dev, const struct vhi_vm *vm, unsigned long extension)
{
	return vhi_sys_ioctl(&dev->ctx->sys, vm->fd, KVM_CHECK_EXTENSION,
			     (void *)(uintptr_t)extension);
}

static int fail_check(struct vhc_dev *dev, uint32_t ring, int fd, int r)
{
	if (r == -EIO)
		return vhi_dev_fail_errno(dev, r, ASK, "bind in the process that created the VM",
					  "ring %u: the VM of fd %d belongs to another process",
					  ring, fd);
	return vhi_dev_fail_errno(dev, r, ASK, NULL, "ring %u: VM fd %d", ring, fd);
}

static int fail_kind(struct vhc_dev *dev, uint32_t ring, int fd, const char *what)
{
	return vhi_dev_fail(dev, -EINVAL, ASK, "pass the fd that KVM_CREATE_VM returned",
			    "ring %u: fd %d is not a KVM VM: it is %s", ring, fd, what);
}

/*
 * /dev/kvm answers KVM_CHECK_EXTENSION as a VM does, and a vCPU would block until it stops running: these
 * two are recognised before.
 */
static int check_kind(struct vhc_dev *dev, uint32_t ring, int fd, const struct vhi_vm *vm)
{
	struct vhi_file file = { 0 };
	char name[96] = "", what[160];
	int r = vhi_sys_stat(&dev->ctx->sys, vm->fd, &file);

	if (r)
		return vhi_dev_fail_errno(dev, r, "fstat", NULL, "ring %u: VM fd %d", ring, fd);
	if (vhi_sys_name(&dev->ctx->sys, vm->fd, name, sizeof(name)))
		snprintf(name, sizeof(name), "%s",
			 file.is_char ? "a character device" : "something else");
	if (file.is_char || strstr(name, "kvm-vcpu"))
		return fail_kind(dev, ring, fd, name);
	r = check_extension(dev, vm, KVM_CAP_IOEVENTFD);
	if (r == -ENOTTY || r == -EINVAL) {
		snprintf(what, sizeof(what), "%s (%s)", name, vhi_errname(-r));
		return fail_kind(dev, ring, fd, what);
	}
	if (!r)
		return vhi_dev_fail(dev, -ENOTTY, ASK, NULL,
				    "ring %u: this kernel's KVM has no KVM_CAP_IOEVENTFD", ring);
	return r < 0 ? fail_check(dev, ring, fd, r) : 0;
}

/* Another binding may have this VM already. */
static struct vhi_vm *find_vm(struct vhc_ctx *ctx, int fd)
{
	for (struct vhi_binding *b = ctx->bindings; b; b = b->next)
		if (vhi_sys_same(&ctx->sys, b->vm->fd, fd) == 1)
			return b->vm;
	return NULL;
}

static int open_vm(struct vhc_dev *dev, uint32_t ring, int fd, struct vhi_vm *vm)
{
	int r;

	vm->fd = vhi_sys_dup(&dev->ctx->sys, fd);
	if (vm->fd < 0)
		return vhi_dev_fail_errno(dev, vm->fd, NULL, NULL,
					  "ring %u: VM fd %d cannot be duplicated", ring, fd);
	r = check_kind(dev, ring, fd, vm);
	if (r)
		vhi_sys_close(&dev->ctx->sys, &vm->fd);
	return r;
}

int vhi_vm_get(struct vhc_dev *dev, uint32_t ring, int fd, struct vhi_vm **ret)
{
	struct vhi_vm *vm = find_vm(dev->ctx, fd);
	int r;

	if (!vm) {
		vm = calloc(1, sizeof(*vm));
		if (!vm)
			return vhi_dev_fail(dev, -ENOMEM, NULL, NULL, "ring %u: no memory for a VM",
					    ring);
		r = open_vm(dev, ring, fd, vm);
		if (r) {
			free(vm);
			return r;
		}
	}
	vm->refs++;
	*ret = vm;
	return 0;
}

void vhi_vm_unref(struct vhc_ctx *ctx, struct vhi_vm *vm)
{
	if (!vm || --vm->refs)
		return;
	vhi_sys_close(&ctx->sys, &vm->fd);
	free(vm);
}

int vhi_vm_count_gsis(struct vhc_dev *dev, uint32_t ring, const struct vhi_vm *vm, uint32_t *ret)
{
	int r = check_extension(dev, vm, KVM_CAP_IRQ_ROUTING);

	if (r < 0)
		return fail_check(dev, ring, vm->fd, r);
	*ret = (uint32_t)r;
	return 0;
}
