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

static int read_index(struct vhc_dev *dev, uint64_t user, uint16_t *ret)
{
	/* struct vring_avail and vring_used: flags, then idx, both 16 bits */
	return dev->ctx->sys->peek(dev->ctx->sys_data, user + 2, ret, sizeof(*ret));
}

/* Where the ring would go on, against what its memory says. */
static int check_window(struct vhc_dev *dev, uint32_t ring, const struct vhc_ring_state *want)
{
	uint32_t base = want->has_base ? want->base : vhc_base_fresh(VHC_SPLIT);
	uint16_t avail, used;
	struct vhc_ring_error err;
	int r = read_index(dev, want->user[VHC_AVAIL], &avail);

	r = r ?: read_index(dev, want->user[VHC_USED], &used);
	if (r)
		return vhc_dev_fail(dev, -EINVAL, NULL, NULL,
				    "ring %u: its memory cannot be read: %s (%s)", ring,
				    strerror(-r), vhc_errname(-r));
	if (!want->has_base && dev->have.ring[ring].base_lost)
		return fail_ring(dev, -EAGAIN, ring, "call vhc_ring_set_base()",
				 "the kernel did not tell where it stopped");
	if (base > UINT16_MAX)
		return vhc_dev_fail(dev, -EINVAL, NULL, NULL,
				    "ring %u: base 0x%x; a split ring's has 16 bits", ring, base);
	if (vhc_window_check(want->size, used, (uint16_t)base, avail, &err))
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
	    vhc_layout_check_align(format, want->addr, &err) ||
	    vhc_layout_place(format, want->size, want->addr, vhc_mem_table(dev->mem), want->user,
			     &err))
		return fail_ring(dev, -EINVAL, ring, NULL, err.text);
	/* a ring that runs moves on while we look */
	if (packed || vhc_ring_runs(&dev->have.ring[ring]))
		return 0;
	return check_window(dev, ring, want);
}

VHC_EXPORT int vhc_ring_check(struct vhc_dev *dev, uint32_t ring)
{
	return vhc_ring_check_want(dev, ring);
}
