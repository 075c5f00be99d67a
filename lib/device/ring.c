/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ring - the size, addresses and base of a virtqueue.  Setters record what is wanted, for the next start.
 */
#include <errno.h>
#include <string.h>

#include "args.h"
#include "device/device.h"
#include "device/peer.h"
#include "memory/mem.h"
#include "ring/base.h"

static int fail_ring(struct vhc_dev *dev, int code, uint32_t ring, const char *text)
{
	return vhi_dev_fail(dev, code, NULL, NULL, "ring %u: %s", ring, text);
}

static int check_stopped(struct vhc_dev *dev, uint32_t ring, const char *what)
{
	if (!vhi_ring_runs(&dev->have.ring[ring]))
		return 0;
	return vhi_dev_fail(dev, -EBUSY, NULL, "stop the device first",
			    "ring %u is running, and its %s changes only while it is stopped", ring,
			    what);
}

/*
 * Setters may come in any order: before the driver accepted features, the format is not known, and what
 * fits either is taken.  The start checks it against the format.  Any size of a split ring is one of a
 * packed ring, and any alignment of a packed ring is one of a split ring, which vhi_dev_format() assumes.
 */
static int check_size(const struct vhc_dev *dev, uint32_t size, struct vhi_refusal *err)
{
	return vhi_layout_check_size(dev->want.has_acked ? vhi_dev_format(dev) : VHI_PACKED, size,
				     err);
}

static int check_base(const struct vhc_dev *dev, uint32_t size, uint32_t base,
		      struct vhi_refusal *err)
{
	uint32_t num = size ? size : VHI_RING_MAX;

	if (!dev->want.has_acked && !vhi_base_check(VHI_PACKED, num, base, err))
		return 0;
	return vhi_base_check(vhi_dev_format(dev), num, base, err);
}

VHC_EXPORT int vhc_ring_set_size(struct vhc_dev *dev, uint32_t ring, uint32_t size)
{
	struct vhi_ring_state *want;
	struct vhi_refusal err;
	int r = vhi_dev_ring(dev, ring, &want);

	if (r)
		return r;
	if (want->size == size && size)
		return 0;
	r = check_stopped(dev, ring, "size");
	if (r)
		return r;
	if (check_size(dev, size, &err))
		return fail_ring(dev, -EINVAL, ring, err.text);
	want->size = size;
	return 0;
}

/* Already set?  Of a running ring also if these are other addresses of the same place. */
static bool is_there(struct vhc_dev *dev, uint32_t ring, bool by_peer, const uint64_t *parts)
{
	const struct vhi_ring_state *want = &dev->want.ring[ring], *have = &dev->have.ring[ring];
	const uint64_t *addr = by_peer ? want->peer : want->addr;
	uint64_t guest[VHI_PARTS];
	struct vhi_refusal err;

	if (want->by_peer == by_peer && (by_peer || want->has_addr) &&
	    !memcmp(addr, parts, VHI_PARTS * sizeof(*parts)))
		return true;
	if (!vhi_ring_runs(have))
		return false;
	if (!by_peer || dev->want.iommu)
		return !memcmp(have->addr, parts, sizeof(have->addr));
	return !vhi_peer_translate(dev, have->size, parts, guest, &err) &&
	       !memcmp(have->addr, guest, sizeof(guest));
}

VHC_EXPORT int vhc_ring_set_addr(struct vhc_dev *dev, uint32_t ring,
				 const struct vhc_ring_addr *addr)
{
	uint64_t parts[VHI_PARTS];
	struct vhi_ring_state *want;
	struct vhi_refusal err;
	struct vhc_ring_addr copy;
	bool by_peer;
	int r = vhi_dev_ring(dev, ring, &want);

	r = r ?: VHI_COPY_ARGS(dev->ctx, vhc_ring_addr, &copy, addr);
	if (r)
		return r;
	if (copy.flags & ~(uint32_t)VHC_RING_USER_ADDR || copy.reserved)
		return fail_ring(dev, -EINVAL, ring,
				 "vhc_ring_addr has flags; VHC_RING_USER_ADDR is known");
	by_peer = copy.flags & VHC_RING_USER_ADDR;
	parts[VHI_DESC] = copy.desc;
	parts[VHI_AVAIL] = copy.avail;
	parts[VHI_USED] = copy.used;
	if (!is_there(dev, ring, by_peer, parts)) {
		r = check_stopped(dev, ring, "place");
		if (r)
			return r;
		if (vhi_layout_check_align(vhi_dev_format(dev), parts, &err))
			return fail_ring(dev, -EINVAL, ring, err.text);
	}
	want->by_peer = by_peer;
	memcpy(by_peer ? want->peer : want->addr, parts, sizeof(parts));
	want->has_addr = !by_peer || vhi_ring_runs(&dev->have.ring[ring]);
	vhi_peer_resolve_rings(dev);
	return 0;
}

VHC_EXPORT int vhc_ring_set_base(struct vhc_dev *dev, uint32_t ring, uint32_t base)
{
	struct vhi_ring_state *want;
	struct vhi_refusal err;
	int r = vhi_dev_ring(dev, ring, &want);

	if (r)
		return r;
	if (want->has_base && want->base == base && !vhi_ring_runs(&dev->have.ring[ring]))
		return 0;
	r = check_stopped(dev, ring, "base");
	if (r)
		return r;
	if (check_base(dev, want->size, base, &err))
		return fail_ring(dev, -EINVAL, ring, err.text);
	want->base = base;
	want->has_base = true;
	return 0;
}

VHC_EXPORT int vhc_ring_get_base(struct vhc_dev *dev, uint32_t ring, uint32_t *ret_base)
{
	struct vhi_ring_state *want, *have;
	int r = vhi_dev_ring(dev, ring, &want);

	if (r)
		return r;
	have = &dev->have.ring[ring];
	if (vhi_ring_runs(have))
		return vhi_dev_fail(dev, -EBUSY, NULL, "stop the device first",
				    "ring %u is running, and its base is known only when it is "
				    "stopped",
				    ring);
	if (!want->has_base && (dev->stale || have->base_lost))
		return fail_ring(dev, -ENODATA, ring, "the kernel did not report where it stopped");
	*ret_base = want->has_base ? want->base : vhi_base_fresh(vhi_dev_format(dev));
	return 0;
}
