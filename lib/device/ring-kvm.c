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
	struct vhc_ring_state *want;
	int r = vhc_dev_ring(dev, ring, &want);

	if (!r && dev->stale)
		r = vhc_dev_fail(dev, -ESTALE, NULL, "call vhc_dev_reset() or vhc_dev_close()",
				 "ring %u: a step failed before and so did its undo", ring);
	return r ?: dev->backend->check_ready(dev);
}

static int new_binding(struct vhc_dev *dev, uint32_t ring, int vm_fd, enum vhc_binding_kind kind,
		       struct vhc_binding **ret)
{
	struct vhc_binding *b = calloc(1, sizeof(*b));
	int r;

	if (!b)
		return vhc_dev_fail(dev, -ENOMEM, NULL, NULL, "ring %u: no memory for a binding",
				    ring);
	*b = (struct vhc_binding){ .kind = kind, .dev = dev, .ring = ring };
	b->bound = b->own = VHC_FD_NONE;
	r = vhc_vm_get(dev, ring, vm_fd, &b->vm);
	if (r) {
		free(b);
		return r;
	}
	*ret = b;
	return 0;
}

/* ------------------------------------------------------------------------------------- doorbells */

/* The ring's doorbell with exactly these fields.  @vm: NULL for any. */
static struct vhc_binding *find_doorbell(const struct vhc_dev *dev, uint32_t ring,
					 const struct vhc_vm *vm, const struct vhc_ioeventfd *args)
{
	struct vhc_binding *b = dev->ctx->bindings;

	while (b && (b->dev != dev || b->ring != ring || b->kind != VHC_DOORBELL ||
		     (vm && b->vm != vm) || !vhc_doorbell_same(&b->doorbell, args)))
		b = b->next;
	return b;
}

/* A doorbell of the VM that conflicts with it: KVM would refuse the second. */
static const struct vhc_binding *find_clash(const struct vhc_binding *own)
{
	const struct vhc_binding *b = own->dev->ctx->bindings;

	while (b && (b->vm != own->vm || b->kind != VHC_DOORBELL ||
		     !vhc_doorbell_clash(&b->doorbell, &own->doorbell)))
		b = b->next;
	return b;
}

static int fail_taken(const struct vhc_binding *own, const struct vhc_binding *other)
{
	char wanted[96], taken[96];

	vhc_binding_text(own, wanted, sizeof(wanted));
	vhc_binding_text(other, taken, sizeof(taken));
	if (vhc_doorbell_same(&own->doorbell, &other->doorbell))
		return vhc_dev_fail(own->dev, -EEXIST, NULL, "remove it there first",
				    "ring %u: %s is taken by ring %u of %s", own->ring, wanted,
				    other->ring, vhc_dev_id(other->dev));
	return vhc_dev_fail(own->dev, -EEXIST, NULL, "remove it there first",
			    "ring %u: %s is taken by ring %u of %s, which has %s", own->ring,
			    wanted, other->ring, vhc_dev_id(other->dev), taken);
}

/* Bind to the ring's kick eventfd.  If it has none, creating one binds all that wait for it. */
static int bind_doorbell(struct vhc_binding *b)
{
	struct vhc_dev *dev = b->dev;
	int kick = dev->want.ring[b->ring].kick;
	struct vhc_plan plan = { 0 };

	if (kick < 0) {
		kick = vhc_ring_get_kick(dev, b->ring);
		return kick < 0 ? kick : 0;
	}
	vhc_kvm_plan(&plan, b, kick, true);
	return vhc_apply(dev, &plan, VHC_APPLY_ALL_OR_NONE);
}

static int add_doorbell(struct vhc_binding *b)
{
	const struct vhc_binding *other = find_clash(b);
	int r;

	if (other)
		return fail_taken(b, other);
	vhc_kvm_list_add(b);
	r = bind_doorbell(b);
	if (r)
		vhc_kvm_list_del(b);
	return r;
}

/* Copy and check the arguments. */
static int read_doorbell(struct vhc_dev *dev, uint32_t ring, struct vhc_ioeventfd *to,
			 const struct vhc_ioeventfd *args)
{
	struct vhc_refusal err;
	int r = check_bindable(dev, ring);

	r = r ?: VHC_COPY_ARGS(dev->ctx, vhc_ioeventfd, to, args);
	if (!r && vhc_doorbell_check(to, &err))
		r = vhc_dev_fail(dev, -EINVAL, NULL, NULL, "ring %u: %s", ring, err.text);
	return r;
}

VHC_EXPORT int vhc_ring_add_ioeventfd(struct vhc_dev *dev, uint32_t ring, int vm_fd,
				      const struct vhc_ioeventfd *args)
{
	struct vhc_ioeventfd copy;
	struct vhc_binding *b;
	bool there;
	int r = read_doorbell(dev, ring, &copy, args);

	r = r ?: new_binding(dev, ring, vm_fd, VHC_DOORBELL, &b);
	if (r)
		return r;
	b->doorbell = copy;
	there = find_doorbell(dev, ring, b->vm, &copy);
	if (!there)
		r = add_doorbell(b);
	if (there || r)
		vhc_kvm_binding_free(b);
	return r;
}

VHC_EXPORT int vhc_ring_del_ioeventfd(struct vhc_dev *dev, uint32_t ring,
				      const struct vhc_ioeventfd *args)
{
	struct vhc_binding wanted = { .kind = VHC_DOORBELL }, *b;
	struct vhc_plan plan = { 0 };
	char text[96];
	int r = read_doorbell(dev, ring, &wanted.doorbell, args);

	if (r)
		return r;
	b = find_doorbell(dev, ring, NULL, &wanted.doorbell);
	if (!b) {
		vhc_binding_text(&wanted, text, sizeof(text));
		return vhc_dev_fail(dev, -EINVAL, NULL, "give the same fields as when it was added",
				    "ring %u has no doorbell at %s", ring, text);
	}
	if (b->bound >= 0)
		vhc_kvm_plan(&plan, b, b->bound, false);
	r = vhc_apply(dev, &plan, VHC_APPLY_ALL_OR_NONE);
	if (r)
		return r;
	vhc_kvm_list_del(b);
	vhc_kvm_binding_free(b);
	return 0;
}

/* ------------------------------------------------------------------------------------ interrupts */

static struct vhc_binding *find_interrupt(const struct vhc_dev *dev, uint32_t ring)
{
	struct vhc_binding *b = dev->ctx->bindings;

	while (b && (b->dev != dev || b->ring != ring || b->kind != VHC_INTERRUPT))
		b = b->next;
	return b;
}

static bool same_interrupt(const struct vhc_binding *a, const struct vhc_binding *b)
{

	if (a->vm != b->vm || a->interrupt.gsi != b->interrupt.gsi ||
	    a->interrupt.flags != b->interrupt.flags)
		return false;
	return !(a->interrupt.flags & VHC_IRQFD_RESAMPLE) ||
	       vhc_sys_same(&a->dev->ctx->sys, a->interrupt.resample_fd,
			    b->interrupt.resample_fd) == 1;
}

/* The kernel does not check this: it accepts a gsi that no interrupt controller can have. */
static int fill_interrupt(struct vhc_binding *b, const struct vhc_irqfd *args)
{
	struct vhc_dev *dev = b->dev;
	uint32_t gsis;
	int r;

	b->interrupt = *args;
	b->interrupt.resample_fd = VHC_FD_NONE;
	r = vhc_vm_count_gsis(dev, b->ring, b->vm, &gsis);
	if (r)
		return r;
	if (gsis && args->gsi >= gsis)
		return vhc_dev_fail(dev, -EINVAL, NULL, NULL,
				    "ring %u: gsi %u: this kernel's VMs have %u, from 0", b->ring,
				    args->gsi, gsis);
	if (!(args->flags & VHC_IRQFD_RESAMPLE))
		return 0;
	r = vhc_sys_dup(&dev->ctx->sys, args->resample_fd);
	if (r < 0)
		return vhc_dev_fail_errno(dev, r, NULL, NULL,
					  "ring %u: resample eventfd %d cannot be duplicated",
					  b->ring, args->resample_fd);
	b->interrupt.resample_fd = r;
	return 0;
}

/* An eventfd can be only one irqfd, so the old one is deassigned before the new one is assigned. */
static int swap_interrupt(struct vhc_dev *dev, uint32_t ring, struct vhc_binding *before,
			  struct vhc_binding *after)
{
	int call = dev->want.ring[ring].call, r;
	struct vhc_plan plan = { 0 };

	if (before && before->bound >= 0)
		vhc_kvm_plan(&plan, before, before->bound, false);
	if (after && call >= 0)
		vhc_kvm_plan(&plan, after, call, true);
	if (before)
		vhc_kvm_list_del(before);
	if (after)
		vhc_kvm_list_add(after);
	r = vhc_apply(dev, &plan, VHC_APPLY_ALL_OR_NONE);
	if (!r && after && call < 0)
		r = vhc_ring_get_call(dev, ring); /* creating it binds it */
	if (r >= 0)
		return 0;
	if (after)
		vhc_kvm_list_del(after);
	if (before)
		vhc_kvm_list_add(before);
	return r;
}

static int set_interrupt(struct vhc_dev *dev, uint32_t ring, struct vhc_binding *after)
{
	const struct vhc_ring_state *want = &dev->want.ring[ring];
	struct vhc_binding *before = find_interrupt(dev, ring);
	int r;

	if (before && after && same_interrupt(before, after)) {
		vhc_kvm_binding_free(after);
		return 0;
	}
	r = swap_interrupt(dev, ring, before, after);
	if (r) {
		if (after)
			vhc_kvm_binding_free(after);
		return r;
	}
	/* an interrupt may have gone to the old one; a spurious one is harmless */
	if (before && after && !want->masked && vhc_ring_runs(&dev->have.ring[ring]))
		vhc_sys_signal(&dev->ctx->sys, want->call);
	if (before)
		vhc_kvm_binding_free(before);
	return 0;
}

VHC_EXPORT int vhc_ring_set_irqfd(struct vhc_dev *dev, uint32_t ring, int vm_fd,
				  const struct vhc_irqfd *args)
{
	const uint32_t known = VHC_IRQFD_RESAMPLE;
	struct vhc_irqfd copy;
	struct vhc_binding *b;
	int r = check_bindable(dev, ring);

	if (r || vm_fd < 0)
		return r ?: set_interrupt(dev, ring, NULL);
	r = VHC_COPY_ARGS(dev->ctx, vhc_irqfd, &copy, args);
	if (!r && (copy.flags & ~known || copy.reserved))
		r = vhc_dev_fail(dev, -EINVAL, NULL, NULL,
				 "ring %u: vhc_irqfd has flags 0x%x and reserved 0x%x; known are "
				 "0x%x and 0",
				 ring, copy.flags, copy.reserved, known);
	r = r ?: new_binding(dev, ring, vm_fd, VHC_INTERRUPT, &b);
	if (r)
		return r;
	r = fill_interrupt(b, &copy);
	if (r) {
		vhc_kvm_binding_free(b);
		return r;
	}
	return set_interrupt(dev, ring, b);
}

/* ------------------------------------------------------------------------------------ unbinding */

static bool belongs_to(const struct vhc_binding *b, const struct vhc_dev *dev, uint32_t ring)
{
	return b->dev == dev && (ring == VHC_NO_RING || b->ring == ring);
}

/* Free those of these rings that KVM does not have, or all. */
static void free_bindings(struct vhc_dev *dev, uint32_t ring, bool all)
{
	struct vhc_binding *next;

	for (struct vhc_binding *b = dev->ctx->bindings; b; b = next) {
		next = b->next;
		if (!belongs_to(b, dev, ring) || (b->bound >= 0 && !all))
			continue;
		vhc_kvm_list_del(b);
		vhc_kvm_binding_free(b);
	}
}

/* One plan each, which needs no memory: it must always be possible to close a device. */
int vhc_ring_unbind_kvm(struct vhc_dev *dev, uint32_t ring)
{
	int result = 0;

	for (struct vhc_binding *b = dev->ctx->bindings; b; b = b->next) {
		struct vhc_step step;
		struct vhc_plan plan = { .steps = &step, .room = 1 };
		int r;

		if (!belongs_to(b, dev, ring) || b->bound < 0)
			continue;
		vhc_kvm_plan(&plan, b, b->bound, false);
		r = vhc_apply_kept(dev, &plan, VHC_APPLY_ALL_I_CAN);
		result = result ?: r;
	}
	free_bindings(dev, ring, false);
	return result;
}

void vhc_dev_unbind_kvm(struct vhc_dev *dev)
{
	/* a forked child must not change the owner's VM; failures are only logged */
	if (!vhc_dev_in_child(dev))
		vhc_ring_unbind_kvm(dev, VHC_NO_RING);
	free_bindings(dev, VHC_NO_RING, true);
}
