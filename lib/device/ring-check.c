/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ring-check - is a ring set up so that vhost can run it?  What the kernel accepts silently, and then
 * stalls on, is found here: where the ring's parts are, and whether the indices in its memory agree with
 * where it is to resume.
 */
#include <errno.h>
#include <string.h>

#include "device/device.h"
#include "device/iommu.h"
#include "device/peer.h"
#include "memory/mem.h"
#include "ring/base.h"
#include "ring/endian.h"
#include "text.h"

/* A ring, and the values that are checked. */
struct check {
	struct vhc_dev *dev;
	uint32_t ring;
	const struct vhc_features *acked; /* tell the byte order */
	enum vhi_format format;
	bool iommu;		      /* its addresses are I/O virtual */
	struct vhi_ring_state *state; /* gets the user addresses */
	const char *hint;	      /* what to do about a base that its memory contradicts */
};

static int fail_check(const struct check *check, int code, const char *hint, const char *text)
{
	return vhi_dev_fail(check->dev, code, NULL, hint, "ring %u: %s", check->ring, text);
}

static int check_set(const struct check *check)
{
	const struct vhi_table *table = check->dev->mem ? vhi_mem_table(check->dev->mem) : NULL;
	struct vhi_refusal err;

	if (!check->state->size)
		return fail_check(check, -EAGAIN, "call vhc_ring_set_size()",
				  "it has no size; vhost would use 1, and silently do nothing");
	if (!check->state->has_addr && !check->state->by_peer)
		return fail_check(check, -EAGAIN, "call vhc_ring_set_addr()",
				  "it has no addresses");
	if (!table || !table->count)
		return fail_check(check, -EAGAIN, "call vhc_dev_set_mem() and vhc_mem_commit()",
				  "the device has no memory");
	vhi_peer_resolve_rings(check->dev);
	if (!check->state->has_addr &&
	    vhi_peer_translate(check->dev, check->state->size, check->state->peer,
			       check->state->addr, &err))
		return fail_check(check, -EINVAL, NULL, err.text);
	return 0;
}

/* --------------------------------------------------------------------------------------- place */

/*
 * The used ring must be mapped for reading and writing: vhost reads it when the ring starts and writes
 * it later, and reports no miss for a mapping that lacks one of the two.  For the other parts it does
 * report misses.
 */
static int check_mapped(const struct check *check, enum vhi_part part)
{
	const struct vhi_iotlb *iotlb = check->dev->iotlb;
	uint64_t size = vhi_layout_get(check->format, check->state->size).size[part];
	uint64_t iova = check->state->addr[part];
	uint32_t perm = VHC_PERM_READ | (part == VHI_USED ? (uint32_t)VHC_PERM_WRITE : 0);
	uint64_t reach = vhi_iotlb_reach(iotlb, iova, size, perm);
	const struct vhi_mapping *map;

	if (reach == size)
		return 0;
	map = vhi_iotlb_find(iotlb, iova + reach);
	if (!map && part != VHI_USED)
		return 0;
	return vhi_dev_fail(
		check->dev, map ? -EINVAL : -EAGAIN, NULL,
		"call vhc_dev_map() for all of it, readable and, for the used ring, writable",
		"ring %u: %s (%llu bytes at I/O virtual address 0x%llx) is %s at 0x%llx; "
		"vhost would silently wait for it",
		check->ring, vhi_layout_part_name(check->format, part), (unsigned long long)size,
		(unsigned long long)iova,
		map ? "mapped without permission to read or write it" : "not mapped",
		(unsigned long long)(iova + reach));
}

static int check_virtual(const struct check *check)
{
	struct vhi_ring_state *state = check->state;
	struct vhi_refusal err;
	int r = 0;

	if (vhi_layout_check_virtual(check->format, state->size, state->addr, &err))
		return fail_check(check, -EINVAL, NULL, err.text);
	for (int part = 0; part < VHI_PARTS && !r; part++)
		r = check_mapped(check, (enum vhi_part)part);
	/* vhost translates them */
	memcpy(state->user, state->addr, sizeof(state->user));
	return r;
}

/* Size, alignment, and where the parts are.  Sets their user addresses. */
static int check_place(const struct check *check)
{
	struct vhi_ring_state *state = check->state;
	struct vhi_refusal err;

	if (vhi_layout_check_size(check->format, state->size, &err) ||
	    vhi_layout_check_align(check->format, state->addr, &err))
		return fail_check(check, -EINVAL, NULL, err.text);
	if (check->iommu)
		return check_virtual(check);
	if (vhi_layout_place(check->format, state->size, state->addr,
			     vhi_mem_table(check->dev->mem), state->user, &err))
		return fail_check(check, -EINVAL, NULL, err.text);
	return 0;
}

/* One without kick cannot run as it is, and is checked before it can. */
static bool is_used(const struct vhc_dev *dev, uint32_t ring)
{
	const struct vhi_ring_state *want = &dev->want.ring[ring];

	return want->size && want->has_addr &&
	       (want->kick >= 0 || vhi_ring_runs(&dev->have.ring[ring]));
}

/*
 * No part of it may be where another ring of the device is, whether that runs or not.  But a vhost-user
 * front-end whose guest starts again says nothing of a ring that the guest has left, besides that.
 */
static int check_others(const struct check *check)
{
	const struct vhi_ring_state *state = check->state, *others = check->dev->want.ring;
	struct vhi_ring_place place = { check->ring, state->size, state->addr };
	struct vhi_refusal err;

	for (uint32_t i = 0; i < check->dev->want.rings; i++) {
		struct vhi_ring_place other = { i, others[i].size, others[i].addr };

		if (i == check->ring || !is_used(check->dev, i) ||
		    !vhi_layout_check_pair(check->format, &place, &other, &err))
			continue;
		return vhi_dev_fail(check->dev, -EINVAL, NULL,
				    "reset the ring that is not in use, or the device", "%s",
				    err.text);
	}
	return 0;
}

/* The dirty log of a running ring must cover all of the memory that the ring runs on. */
static int check_dirty_log(const struct check *check)
{
	const struct vhi_fd_state *fd =
		&check->dev->have.fd[vhi_state_fd_of(&check->dev->have, check->ring)];
	uint64_t need = vhi_table_log_size(fd->table);

	if (!fd->log || fd->log->size >= need)
		return 0;
	return vhi_dev_fail(check->dev, -EINVAL, NULL, "stop the device, and restart the dirty log",
			    "ring %u: its dirty log has %llu bytes, and its memory needs %llu",
			    check->ring, (unsigned long long)fd->log->size,
			    (unsigned long long)need);
}

/* ------------------------------------------------------------------------------------- indices */

/*
 * The index of the avail or of the used ring.  Both structs start with flags and idx, 16 bits each.
 * -ENOENT: not mapped yet.
 */
static int read_index(const struct check *check, enum vhi_part part, uint16_t *ret)
{
	const struct vhi_ring_state *state = check->state;
	int r = check->iommu ? vhi_dev_peek(check->dev, state->addr[part] + 2, ret, sizeof(*ret))
			     : vhi_sys_peek(&check->dev->ctx->sys, state->user[part] + 2, ret,
					    sizeof(*ret));

	if (!r)
		*ret = vhi_ring_get16(vhi_ring_swapped(check->acked), *ret);
	return r;
}

/* The avail index first: what has been used by then was available before. */
static int read_indices(const struct check *check, uint16_t *avail, uint16_t *used)
{
	return read_index(check, VHI_AVAIL, avail) ?: read_index(check, VHI_USED, used);
}

/* Anything but EFAULT is no fault of the ring's. */
static int fail_read(const struct check *check, int error)
{
	return vhi_dev_fail(check->dev, error == -EFAULT ? -EINVAL : error, NULL, NULL,
			    "ring %u: its memory cannot be read: %s (%s)", check->ring,
			    strerror(-error), vhi_errname(-error));
}

/* Where a stopped ring would resume, against the indices in its memory. */
static int check_base(const struct check *check)
{
	const struct vhi_ring_state *state = check->state;
	uint32_t base = state->has_base ? state->base : vhi_base_fresh(VHI_SPLIT);
	struct vhi_refusal err;
	uint16_t avail, used;
	int r = read_indices(check, &avail, &used);

	if (r && r != -ENOENT)
		return fail_read(check, r);
	if (!state->has_base && check->dev->have.ring[check->ring].base_lost)
		return fail_check(check, -EAGAIN, "call vhc_ring_set_base()",
				  "the kernel did not report where it stopped");
	if (base > UINT16_MAX)
		return vhi_dev_fail(check->dev, -EINVAL, NULL, NULL,
				    "ring %u: base 0x%x; a split ring's has 16 bits", check->ring,
				    base);
	if (!r && vhi_window_check(state->size, used, (uint16_t)base, avail, &err))
		return fail_check(check, -EINVAL, check->hint, err.text);
	return 0;
}

/* Its memory has no indices, but the base has some, which the size bounds. */
static int check_packed_base(const struct check *check)
{
	const struct vhi_ring_state *state = check->state;
	struct vhi_refusal err;

	if (state->has_base && vhi_base_check(VHI_PACKED, state->size, state->base, &err))
		return fail_check(check, -EINVAL, check->hint, err.text);
	return 0;
}

static int check_indices(const struct check *check)
{
	if (check->format == VHI_PACKED)
		return check_packed_base(check);
	return vhi_ring_runs(&check->dev->have.ring[check->ring])
		       ? vhi_ring_diagnose(check->dev, check->ring)
		       : check_base(check);
}

int vhi_ring_check_memory(struct vhc_dev *dev, uint32_t ring, const struct vhc_features *acked,
			  struct vhi_ring_state *state, const char *hint)
{
	struct check check = { .dev = dev,
			       .ring = ring,
			       .acked = acked,
			       .format = vhc_features_has(acked, VHI_F_RING_PACKED) ? VHI_PACKED
										    : VHI_SPLIT,
			       .state = state,
			       .hint = hint };

	return check_place(&check) ?: check_indices(&check);
}

int vhi_ring_check_want(struct vhc_dev *dev, uint32_t ring)
{
	struct check check = { .dev = dev,
			       .ring = ring,
			       .acked = &dev->want.acked,
			       .format = vhi_dev_format(dev),
			       .iommu = dev->want.iommu,
			       .hint = "set the base where the device stopped" };
	int r = vhi_dev_ring(dev, ring, &check.state) ?: check_set(&check);

	if (!r && check.state->kick < 0)
		r = fail_check(&check, -EAGAIN, "call vhc_ring_set_kick()",
			       "it has no kick eventfd; vhost would never be notified, silently");
	r = r ?: check_place(&check) ?: check_others(&check);
	if (!r && vhi_ring_runs(&dev->have.ring[ring]))
		r = check_dirty_log(&check);
	return r ?: check_indices(&check);
}

VHC_EXPORT int vhc_ring_check(struct vhc_dev *dev, uint32_t ring)
{
	int r = vhi_ring_check_want(dev, ring);

	return r || !dev->kind->check_link ? r : dev->kind->check_link(dev);
}

/* On a little-endian host every ring is little-endian. */
static int check_byte_order_known(const struct check *check)
{
	if (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ || check->dev->want.has_acked)
		return 0;
	return fail_check(check, -EAGAIN, "call vhc_dev_set_features()",
			  "its byte order is not known before the device has features");
}

VHC_EXPORT int vhc_ring_recover_base(struct vhc_dev *dev, uint32_t ring)
{
	struct check check = { .dev = dev,
			       .ring = ring,
			       .acked = &dev->want.acked,
			       .format = VHI_SPLIT,
			       .iommu = dev->want.iommu,
			       .hint = "reset the device" };
	struct vhi_refusal err;
	uint16_t used, avail;
	int r = vhi_dev_ring(dev, ring, &check.state);

	if (r)
		return r;
	if (vhi_ring_runs(&dev->have.ring[ring]))
		return fail_check(&check, -EBUSY, "stop it first",
				  "it is running, and its base is known only when it is stopped");
	if (vhi_dev_format(dev) == VHI_PACKED)
		return fail_check(
			&check, -EOPNOTSUPP, check.hint,
			"it is packed, and its memory does not record where the device stopped");
	r = check_set(&check) ?: check_byte_order_known(&check) ?: check_place(&check);
	if (r)
		return r;
	r = read_indices(&check, &avail, &used);
	if (r == -ENOENT)
		return fail_check(&check, -EAGAIN, "call vhc_dev_map()",
				  "its available ring is not mapped, and so cannot be read");
	if (r)
		return fail_read(&check, r);
	if (vhi_window_check(check.state->size, used, used, avail, &err))
		return fail_check(&check, -EINVAL, check.hint, err.text);
	check.state->base = used;
	check.state->has_base = true;
	return 0;
}
