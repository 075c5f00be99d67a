/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * window - where a ring that does not run would go on, against what its memory says; and where it
 * must, when nobody could ask the kernel.
 */
#include <errno.h>
#include <string.h>

#include "text.h"
#include "device/ring-check.h"
#include "ring/base.h"
#include "memory/mem.h"

/*
 * The index of the avail or of the used ring.  Both structs begin with flags, then idx, of 16 bits.
 * -ENOENT: nobody has mapped it yet.
 */
static int read_index(const struct vhc_look *look, enum vhc_part part, uint16_t *ret)
{
	if (look->iommu)
		return vhc_dev_peek(look->dev, look->state->addr[part] + 2, ret, sizeof(*ret));
	return vhc_sys_peek(&look->dev->ctx->sys, look->state->user[part] + 2, ret, sizeof(*ret));
}

static int fail_read(const struct vhc_look *look, int error)
{
	return vhc_dev_fail(look->dev, -EINVAL, NULL, NULL,
			    "ring %u: its memory cannot be read: %s (%s)", look->ring,
			    strerror(-error), vhc_errname(-error));
}

/* What is available first: what is used by then was available before. */
static int read_indices(const struct vhc_look *look, uint16_t *avail, uint16_t *used)
{
	return read_index(look, VHC_AVAIL, avail) ?: read_index(look, VHC_USED, used);
}

/* Where the ring would go on, against what its memory says. */
static int check_standing(const struct vhc_look *look)
{
	const struct vhc_ring_state *state = look->state;
	uint32_t base = state->has_base ? state->base : vhc_base_fresh(VHC_SPLIT);
	struct vhc_refusal err;
	uint16_t avail, used;
	int r = read_indices(look, &avail, &used);

	if (r && r != -ENOENT)
		return fail_read(look, r);
	if (!state->has_base && look->dev->have.ring[look->ring].base_lost)
		return vhc_look_fail(look, -EAGAIN, "call vhc_ring_set_base()",
				     "the kernel did not tell where it stopped");
	if (base > UINT16_MAX)
		return vhc_dev_fail(look->dev, -EINVAL, NULL, NULL,
				    "ring %u: base 0x%x; a split ring's has 16 bits", look->ring,
				    base);
	if (!r && vhc_window_check(state->size, used, (uint16_t)base, avail, &err))
		return vhc_look_fail(look, -EINVAL, look->hint, err.text);
	return 0;
}

int vhc_look_window(const struct vhc_look *look)
{
	return vhc_ring_runs(&look->dev->have.ring[look->ring])
		       ? vhc_ring_diagnose(look->dev, look->ring)
		       : check_standing(look);
}

VHC_EXPORT int vhc_ring_recover_base(struct vhc_dev *dev, uint32_t ring)
{
	struct vhc_look look = { dev, ring, VHC_SPLIT, dev->want.iommu, NULL, "reset the device" };
	struct vhc_refusal err;
	uint16_t used, avail;
	int r = vhc_dev_ring(dev, ring, &look.state);

	if (r)
		return r;
	if (vhc_ring_runs(&dev->have.ring[ring]))
		return vhc_look_fail(
			&look, -EBUSY, "stop it first",
			"it is running, and its base is known only when it is stopped");
	if (vhc_dev_format(dev) == VHC_PACKED)
		return vhc_look_fail(
			&look, -EOPNOTSUPP, look.hint,
			"it is packed, and its memory does not say where the device stopped");
	r = vhc_look_settings(&look) ?: vhc_look_place(&look);
	if (r)
		return r;
	r = read_indices(&look, &avail, &used);
	if (r == -ENOENT)
		return vhc_look_fail(&look, -EAGAIN, "call vhc_dev_map()",
				     "its available ring is not mapped, and so cannot be read");
	if (r)
		return fail_read(&look, r);
	if (vhc_window_check(look.state->size, used, used, avail, &err))
		return vhc_look_fail(&look, -EINVAL, look.hint, err.text);
	look.state->base = used;
	look.state->has_base = true;
	return 0;
}
