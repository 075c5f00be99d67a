/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ring-kvm - bind a ring to the launcher's VM: which writes of the guest kick the ring, and which interrupt
 * its call raises.  Takes effect at once in every phase, by plans of one or two steps.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "args.h"
#include "device/apply.h"
#include "device/device.h"
#include "text.h"
#include "kvm/kvm.h"

static int check_bindable(struct vhc_dev *dev, uint32_t ring)
{
	struct vhi_ring_state *want;
	int r = vhi_dev_ring(dev, ring, &want);

	if (!r && dev->stale)
		r = vhi_dev_fail(dev, -ESTALE, NULL, "call vhc_dev_reset() or vhc_dev_close()",
				 "ring %u: a step failed before and so did its undo", ring);
	return r ?: dev->backend->check_ready(dev);
}

static int new_binding(struct vhc_dev *dev, uint32_t ring, int vm_fd, enum vhi_binding_kind kind,
		       struct vhi_binding **ret)
{
	struct vhi_binding *b = calloc(1, sizeof(*b));
	int r;

	if (!b)
		return vhi_dev_fail(dev, -ENOMEM, NULL, NULL, "ring %u: no memory for a binding",
				    ring);
	*b = (struct vhi_binding){ .kind = kind, .dev = dev, .ring = ring };
	b->bound = b->own = VHI_FD_NONE;
	r = vhi_vm_get(dev, ring, vm_fd, &b->vm);
	if (r) {
		free(b);
		return r;
	}
	*ret = b;
	return 0;
}

/* ------------------------------------------------------------------------------------- doorbells */

/* The ring's doorbell with exactly these fields.  @vm: NULL for any. */
static struct vhi_binding *find_doorbell(const struct vhc_dev *dev, uint32_t ring,
					 const struct vhi_vm *vm, const struct vhc_ioeventfd *args)
{
	struct vhi_binding *b = dev->ctx->bindings;

	while (b && (b->dev != dev || b->ring != ring || b->kind != VHI_DOORBELL ||
		     (vm && b->vm != vm) || !vhi_doorbell_same(&b->doorbell, args)))
		b = b->next;
	return b;
}

/* A doorbell of the VM that conflicts with it: KVM would refuse the second. */
static const struct vhi_binding *find_clash(const struct vhi_binding *own)
{
	const struct vhi_binding *b = own->dev->ctx->bindings;

	while (b && (b->vm != own->vm || b->kind != VHI_DOORBELL ||
		     !vhi_doorbell_clash(&b->doorbell, &own->doorbell)))
		b = b->next;
	return b;
}

static int fail_taken(const struct vhi_binding *own, const struct vhi_binding *other)
{
	char wanted[96], taken[96];

	vhi_binding_text(own, wanted, sizeof(wanted));
	vhi_binding_text(other, taken, sizeof(taken));
	if (vhi_doorbell_same(&own->doorbell, &other->doorbell))
		return vhi_dev_fail(own->dev, -EEXIST, NULL, "remove it there first",
				    "ring %u: %s is taken by ring %u of %s", own->ring, wanted,
				    other->ring, vhi_dev_id(other->dev));
	return vhi_dev_fail(own->dev, -EEXIST, NULL, "remove it there first",
			    "ring %u: %s is taken by ring %u of %s, which has %s", own->ring,
			    wanted, other->ring, vhi_dev_id(other->dev), taken);
}

/* Bind to the ring's kick eventfd.  If it has none, creating one binds all that wait for it. */
static int bind_doorbell(struct vhi_binding *b)
{
	struct vhc_dev *dev = b->dev;
	int kick = dev->want.ring[b->ring].kick;
	struct vhi_plan plan = { 0 };

	if (kick < 0) {
		kick = vhc_ring_get_kick(dev, b->ring);
		return kick < 0 ? kick : 0;
	}
	vhi_kvm_plan(&plan, b, kick, true);
	return vhi_apply(dev, &plan, VHI_APPLY_ALL_OR_NONE);
}

static int add_doorbell(struct vhi_binding *b)
{
	const struct vhi_binding *other = find_clash(b);
	int r;

	if (other)
		return fail_taken(b, other);
	vhi_kvm_list_add(b);
	r = bind_doorbell(b);
	if (r)
		vhi_kvm_list_del(b);
	return r;
}

/* Copy and check the arguments. */
static int read_doorbell(struct vhc_dev *dev, uint32_t ring, struct vhc_ioeventfd *to,
			 const struct vhc_ioeventfd *args)
{
	struct vhi_refusal err;
	int r = check_bindable(dev, ring);

	r = r ?: VHI_COPY_ARGS(dev->ctx, vhc_ioeventfd, to, args);
	if (!r && vhi_doorbell_check(to, &err))
		r = vhi_dev_fail(dev, -EINVAL, NULL, NULL, "ring %u: %s", ring, err.text);
	return r;
}

/*
 * Where two fds of VMs cannot be compared, not even one with itself, each binding has a VM of its own.  Then
 * only KVM can tell that the ring has this doorbell already.
 */
static bool is_alike(const struct vhi_binding *b)
{
	return find_doorbell(b->dev, b->ring, NULL, &b->doorbell) &&
	       !vhi_sys_same(&b->dev->ctx->sys, b->vm->fd, b->vm->fd);
}

static int add_doorbell_once(struct vhi_binding *b, bool *there)
{
	struct vhc_ctx *ctx = b->dev->ctx;
	int r;

	*there = find_doorbell(b->dev, b->ring, b->vm, &b->doorbell);
	if (*there)
		return 0;
	if (!is_alike(b))
		return add_doorbell(b);
	vhi_ctx_hold_error(ctx);
	r = add_doorbell(b);
	vhi_ctx_release_error(ctx);
	*there = r == -EEXIST;
	if (r && !*there)
		return vhi_dev_fail_errno(b->dev, r, "KVM_IOEVENTFD", NULL, "ring %u", b->ring);
	return 0;
}

VHC_EXPORT int vhc_ring_add_ioeventfd(struct vhc_dev *dev, uint32_t ring, int vm_fd,
				      const struct vhc_ioeventfd *args)
{
	struct vhc_ioeventfd copy;
	struct vhi_binding *b;
	bool there;
	int r = read_doorbell(dev, ring, &copy, args);

	r = r ?: new_binding(dev, ring, vm_fd, VHI_DOORBELL, &b);
	if (r)
		return r;
	b->doorbell = copy;
	r = add_doorbell_once(b, &there);
	if (there || r)
		vhi_kvm_binding_free(b);
	return r;
}

VHC_EXPORT int vhc_ring_del_ioeventfd(struct vhc_dev *dev, uint32_t ring,
				      const struct vhc_ioeventfd *args)
{
	struct vhi_binding wanted = { .kind = VHI_DOORBELL }, *b;
	struct vhi_plan plan = { 0 };
	char text[96];
	int r = read_doorbell(dev, ring, &wanted.doorbell, args);

	if (r)
		return r;
	b = find_doorbell(dev, ring, NULL, &wanted.doorbell);
	if (!b) {
		vhi_binding_text(&wanted, text, sizeof(text));
		return vhi_dev_fail(dev, -EINVAL, NULL, "give the same fields as when it was added",
				    "ring %u has no doorbell at %s", ring, text);
	}
	if (b->bound >= 0)
		vhi_kvm_plan(&plan, b, b->bound, false);
	r = vhi_apply(dev, &plan, VHI_APPLY_ALL_OR_NONE);
	if (r)
		return r;
	vhi_kvm_list_del(b);
	vhi_kvm_binding_free(b);
	return 0;
}

/* ------------------------------------------------------------------------------------ interrupts */

static struct vhi_binding *find_interrupt(const struct vhc_dev *dev, uint32_t ring)
{
	struct vhi_binding *b = dev->ctx->bindings;

	while (b && (b->dev != dev || b->ring != ring || b->kind != VHI_INTERRUPT))
		b = b->next;
	return b;
}

static bool same_interrupt(const struct vhi_binding *a, const struct vhi_binding *b)
{

	if (a->vm != b->vm || a->interrupt.gsi != b->interrupt.gsi ||
	    a->interrupt.flags != b->interrupt.flags)
		return false;
	return !(a->interrupt.flags & VHC_IRQFD_RESAMPLE) ||
	       vhi_sys_same(&a->dev->ctx->sys, a->interrupt.resample_fd,
			    b->interrupt.resample_fd) == 1;
}

/* The kernel does not check this: it accepts a gsi that no interrupt controller can have. */
static int fill_interrupt(struct vhi_binding *b, const struct vhc_irqfd *args)
{
	struct vhc_dev *dev = b->dev;
	uint32_t gsis;
	int r;

	b->interrupt = *args;
	b->interrupt.resample_fd = VHI_FD_NONE;
	r = vhi_vm_count_gsis(dev, b->ring, b->vm, &gsis);
	if (r)
		return r;
	if (gsis && args->gsi >= gsis)
		return vhi_dev_fail(dev, -EINVAL, NULL, NULL,
				    "ring %u: gsi %u: this kernel's VMs have %u, from 0", b->ring,
				    args->gsi, gsis);
	if (!(args->flags & VHC_IRQFD_RESAMPLE))
		return 0;
	r = vhi_sys_dup(&dev->ctx->sys, args->resample_fd);
	if (r < 0)
		return vhi_dev_fail_errno(dev, r, NULL, NULL,
					  "ring %u: resample eventfd %d cannot be duplicated",
					  b->ring, args->resample_fd);
	b->interrupt.resample_fd = r;
	return 0;
}

/* An eventfd can be only one irqfd, so the old one is deassigned before the new one is assigned. */
static int swap_interrupt(struct vhc_dev *dev, uint32_t ring, struct vhi_binding *before,
			  struct vhi_binding *after)
{
	int call = dev->want.ring[ring].call, r;
	struct vhi_plan plan = { 0 };

	if (before && before->bound >= 0)
		vhi_kvm_plan(&plan, before, before->bound, false);
	if (after && call >= 0)
		vhi_kvm_plan(&plan, after, call, true);
	if (before)
		vhi_kvm_list_del(before);
	if (after)
		vhi_kvm_list_add(after);
	r = vhi_apply(dev, &plan, VHI_APPLY_ALL_OR_NONE);
	if (!r && after && call < 0)
		r = vhc_ring_get_call(dev, ring); /* creating it binds it */
	if (r >= 0)
		return 0;
	if (after)
		vhi_kvm_list_del(after);
	if (before)
		vhi_kvm_list_add(before);
	return r;
}

static int set_interrupt(struct vhc_dev *dev, uint32_t ring, struct vhi_binding *after)
{
	const struct vhi_ring_state *want = &dev->want.ring[ring];
	struct vhi_binding *before = find_interrupt(dev, ring);
	int r;

	if (before && after && same_interrupt(before, after)) {
		vhi_kvm_binding_free(after);
		return 0;
	}
	r = swap_interrupt(dev, ring, before, after);
	if (r) {
		if (after)
			vhi_kvm_binding_free(after);
		return r;
	}
	/* an interrupt may have gone to the old one; a spurious one is harmless */
	if (before && after && !want->masked && vhi_ring_runs(&dev->have.ring[ring]))
		vhi_sys_signal(&dev->ctx->sys, want->call);
	if (before)
		vhi_kvm_binding_free(before);
	return 0;
}

VHC_EXPORT int vhc_ring_set_irqfd(struct vhc_dev *dev, uint32_t ring, int vm_fd,
				  const struct vhc_irqfd *args)
{
	const uint32_t known = VHC_IRQFD_RESAMPLE;
	struct vhc_irqfd copy;
	struct vhi_binding *b;
	int r = check_bindable(dev, ring);

	if (r || vm_fd < 0)
		return r ?: set_interrupt(dev, ring, NULL);
	r = VHI_COPY_ARGS(dev->ctx, vhc_irqfd, &copy, args);
	if (!r && (copy.flags & ~known || copy.reserved))
		r = vhi_dev_fail(dev, -EINVAL, NULL, NULL,
				 "ring %u: vhc_irqfd has flags 0x%x and reserved 0x%x; known are "
				 "0x%x and 0",
				 ring, copy.flags, copy.reserved, known);
	r = r ?: new_binding(dev, ring, vm_fd, VHI_INTERRUPT, &b);
	if (r)
		return r;
	r = fill_interrupt(b, &copy);
	if (r) {
		vhi_kvm_binding_free(b);
		return r;
	}
	return set_interrupt(dev, ring, b);
}

/* ------------------------------------------------------------------------------------ unbinding */

static bool belongs_to(const struct vhi_binding *b, const struct vhc_dev *dev, uint32_t ring)
{
	return b->dev == dev && (ring == VHI_NO_RING || b->ring == ring);
}

/* Free those of these rings that KVM does not have, or all. */
static void free_bindings(struct vhc_dev *dev, uint32_t ring, bool all)
{
	struct vhi_binding *next;

	for (struct vhi_binding *b = dev->ctx->bindings; b; b = next) {
		next = b->next;
		if (!belongs_to(b, dev, ring) || (b->bound >= 0 && !all))
			continue;
		vhi_kvm_list_del(b);
		vhi_kvm_binding_free(b);
	}
}

/* One plan each, which needs no memory: it must always be possible to close a device. */
int vhi_ring_unbind_kvm(struct vhc_dev *dev, uint32_t ring)
{
	int result = 0;

	for (struct vhi_binding *b = dev->ctx->bindings; b; b = b->next) {
		struct vhi_step step;
		struct vhi_plan plan = { .steps = &step, .room = 1 };
		int r;

		if (!belongs_to(b, dev, ring) || b->bound < 0)
			continue;
		vhi_kvm_plan(&plan, b, b->bound, false);
		r = vhi_apply_kept(dev, &plan, VHI_APPLY_ALL_I_CAN);
		if (r && !result) {
			result = r;
			vhi_ctx_hold_error(dev->ctx);
		}
	}
	if (result)
		vhi_ctx_release_error(dev->ctx);
	free_bindings(dev, ring, false);
	return result;
}

void vhi_dev_unbind_kvm(struct vhc_dev *dev)
{
	/* a forked child must not change the owner's VM; failures are only logged */
	if (!vhi_dev_in_child(dev))
		vhi_ring_unbind_kvm(dev, VHI_NO_RING);
	free_bindings(dev, VHI_NO_RING, true);
}
