/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * check - is a ring in order?  What the kernel accepts silently, and then stalls on, is found here.
 */
#include <errno.h>
#include <string.h>

#include "dev.h"
#include "errname.h"
#include "feature.h"

static int fail_ring(struct vhc_dev *dev, int code, uint32_t ring, const char *hint,
		     const char *text)
{
	return vhc_dev_fail(dev, code, NULL, hint, "ring %u: %s", ring, text);
}

static int check_complete(struct vhc_dev *dev, uint32_t ring, const struct vhc_ring_state *want)
{
	if (!want->size)
		return fail_ring(dev, -EAGAIN, ring, "call vhc_ring_set_size()",
				 "it has no size; vhost would take 1 and do nothing, silently");
	if (!want->has_addr)
		return fail_ring(dev, -EAGAIN, ring, "call vhc_ring_set_addr()",
				 "it has no addresses");
	if (want->kick < 0)
		return fail_ring(dev, -EAGAIN, ring, "call vhc_ring_set_kick()",
				 "it has no kick eventfd; vhost would never look at it, silently");
	if (!dev->mem || !vhc_mem_table(dev->mem))
		return fail_ring(dev, -EAGAIN, ring, "call vhc_dev_set_mem() and vhc_mem_commit()",
				 "the device has no memory");
	return 0;
}

/* ---------------------------------------------------------------------------- behind an IOMMU */

/*
 * The used ring must be mapped, to be read and written: when a ring starts vhost reads it, later it
 * writes it, and a mapping that lacks one of both is no miss to it.  The others it asks for by itself.
 */
static int check_mapped(struct vhc_dev *dev, uint32_t ring, const struct vhc_ring_state *want,
			enum vhc_format format, enum vhc_part part)
{
	uint64_t size = vhc_layout_get(format, want->size).size[part], iova = want->addr[part];
	uint32_t perm = VHC_PERM_READ | (part == VHC_USED ? (uint32_t)VHC_PERM_WRITE : 0);
	uint64_t reach = vhc_iotlb_reach(dev->iotlb, iova, size, perm);
	const struct vhc_mapping *map;

	if (reach == size)
		return 0;
	map = vhc_iotlb_find(dev->iotlb, iova + reach);
	if (!map && part != VHC_USED)
		return 0;
	return vhc_dev_fail(
		dev, map ? -EINVAL : -EAGAIN, NULL,
		"call vhc_dev_map() for all of it, to be read and, the used ring, written",
		"ring %u: %s (%llu bytes at I/O virtual address 0x%llx) is %s at 0x%llx; "
		"vhost would wait for it, silently",
		ring, vhc_layout_part_name(format, part), (unsigned long long)size,
		(unsigned long long)iova,
		map ? "mapped without the right to read or write it" : "not mapped",
		(unsigned long long)(iova + reach));
}

static int check_virtual(struct vhc_dev *dev, uint32_t ring, struct vhc_ring_state *want,
			 enum vhc_format format)
{
	struct vhc_ring_error err;
	int r = 0;

	if (vhc_layout_check_virtual(format, want->size, want->addr, &err))
		return fail_ring(dev, -EINVAL, ring, NULL, err.text);
	for (int part = 0; part < VHC_PARTS && !r; part++)
		r = check_mapped(dev, ring, want, format, (enum vhc_part)part);
	/* vhost translates them */
	memcpy(want->user, want->addr, sizeof(want->user));
	return r;
}

/* ------------------------------------------------------------------------------------- indices */

/* Of the avail or of the used ring: both structs begin with flags, then idx, of 16 bits. */
static int read_index(struct vhc_dev *dev, const struct vhc_ring_state *want, enum vhc_part part,
		      uint16_t *ret)
{
	return vhc_dev_peek(dev, want->addr[part] + 2, ret, sizeof(*ret));
}

static int fail_read(struct vhc_dev *dev, uint32_t ring, int error)
{
	return vhc_dev_fail(dev, -EINVAL, NULL, NULL, "ring %u: its memory cannot be read: %s (%s)",
			    ring, strerror(-error), vhc_errname(-error));
}

/* Where the ring would go on, against what its memory says. */
static int check_window(struct vhc_dev *dev, uint32_t ring, const struct vhc_ring_state *want)
{
	uint32_t base = want->has_base ? want->base : vhc_base_fresh(VHC_SPLIT);
	uint16_t avail, used;
	struct vhc_ring_error err;
	int r = read_index(dev, want, VHC_AVAIL, &avail);

	r = r ?: read_index(dev, want, VHC_USED, &used);
	if (r && r != -ENOENT)
		return fail_read(dev, ring, r);
	if (!want->has_base && dev->have.ring[ring].base_lost)
		return fail_ring(dev, -EAGAIN, ring, "call vhc_ring_set_base()",
				 "the kernel did not tell where it stopped");
	if (base > UINT16_MAX)
		return vhc_dev_fail(dev, -EINVAL, NULL, NULL,
				    "ring %u: base 0x%x; a split ring's has 16 bits", ring, base);
	if (!r && vhc_window_check(want->size, used, (uint16_t)base, avail, &err))
		return fail_ring(dev, -EINVAL, ring, "set the base where the device stopped",
				 err.text);
	return 0;
}

int vhc_ring_check_want(struct vhc_dev *dev, uint32_t ring)
{
	bool packed = dev->want.has_acked && vhc_features_has(&dev->want.acked, VHC_F_RING_PACKED);
	enum vhc_format format = packed ? VHC_PACKED : VHC_SPLIT;
	struct vhc_ring_state *want;
	struct vhc_ring_error err;
	int r = vhc_dev_ring(dev, ring, &want);

	r = r ?: check_complete(dev, ring, want);
	if (r)
		return r;
	if (vhc_layout_check_size(format, want->size, &err) ||
	    vhc_layout_check_align(format, want->addr, &err))
		return fail_ring(dev, -EINVAL, ring, NULL, err.text);
	if (dev->want.iommu)
		r = check_virtual(dev, ring, want, format);
	else if (vhc_layout_place(format, want->size, want->addr, vhc_mem_table(dev->mem),
				  want->user, &err))
		r = fail_ring(dev, -EINVAL, ring, NULL, err.text);
	/* the place for what the log needs: that it reaches to the end of the used ring */
	if (r || packed)
		return r;
	return vhc_ring_runs(&dev->have.ring[ring]) ? vhc_ring_diagnose(dev, ring)
						    : check_window(dev, ring, want);
}

VHC_EXPORT int vhc_ring_check(struct vhc_dev *dev, uint32_t ring)
{
	return vhc_ring_check_want(dev, ring);
}
