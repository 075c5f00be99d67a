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

/* What must be set before anything of a ring can be looked at. */
static int check_settings(struct vhc_dev *dev, uint32_t ring, const struct vhc_ring_state *want)
{
	if (!want->size)
		return fail_ring(dev, -EAGAIN, ring, "call vhc_ring_set_size()",
				 "it has no size; vhost would take 1 and do nothing, silently");
	if (!want->has_addr)
		return fail_ring(dev, -EAGAIN, ring, "call vhc_ring_set_addr()",
				 "it has no addresses");
	if (!dev->mem || !vhc_mem_table(dev->mem))
		return fail_ring(dev, -EAGAIN, ring, "call vhc_dev_set_mem() and vhc_mem_commit()",
				 "the device has no memory");
	return 0;
}

static int check_place(struct vhc_dev *dev, uint32_t ring, enum vhc_format format,
		       struct vhc_ring_state *want)
{
	struct vhc_ring_error err;

	if (vhc_layout_check_size(format, want->size, &err) ||
	    vhc_layout_check_align(format, want->addr, &err) ||
	    vhc_layout_place(format, want->size, want->addr, vhc_mem_table(dev->mem), want->user,
			     &err))
		return fail_ring(dev, -EINVAL, ring, NULL, err.text);
	return 0;
}

/* The indices of a split ring, as its memory has them. */
static int read_indices(struct vhc_dev *dev, uint32_t ring, const struct vhc_ring_state *want,
			uint16_t *used, uint16_t *avail)
{
	/* struct vring_avail and vring_used: flags, then idx, both 16 bits */
	int r = vhc_sys_peek(dev->ctx, want->user[VHC_AVAIL] + 2, avail, sizeof(*avail));

	r = r ?: vhc_sys_peek(dev->ctx, want->user[VHC_USED] + 2, used, sizeof(*used));
	if (r)
		return vhc_dev_fail(dev, -EINVAL, NULL, NULL,
				    "ring %u: its memory cannot be read: %s (%s)", ring,
				    strerror(-r), vhc_errname(-r));
	return 0;
}

/* Where the ring would go on, against what its memory says. */
static int check_window(struct vhc_dev *dev, uint32_t ring, const struct vhc_ring_state *want,
			const char *hint)
{
	uint32_t base = want->has_base ? want->base : vhc_base_fresh(VHC_SPLIT);
	struct vhc_ring_error err;
	uint16_t avail, used;
	int r = read_indices(dev, ring, want, &used, &avail);

	if (r)
		return r;
	if (!want->has_base && dev->have.ring[ring].base_lost)
		return fail_ring(dev, -EAGAIN, ring, "call vhc_ring_set_base()",
				 "the kernel did not tell where it stopped");
	if (base > UINT16_MAX)
		return vhc_dev_fail(dev, -EINVAL, NULL, NULL,
				    "ring %u: base 0x%x; a split ring's has 16 bits", ring, base);
	if (vhc_window_check(want->size, used, (uint16_t)base, avail, &err))
		return fail_ring(dev, -EINVAL, ring, hint, err.text);
	return 0;
}

int vhc_ring_check_memory(struct vhc_dev *dev, uint32_t ring, enum vhc_format format,
			  struct vhc_ring_state *state, const char *hint)
{
	int r = check_place(dev, ring, format, state);

	/* a ring that runs moves on while we look */
	if (r || format == VHC_PACKED || vhc_ring_runs(&dev->have.ring[ring]))
		return r;
	return check_window(dev, ring, state, hint);
}

int vhc_ring_check_want(struct vhc_dev *dev, uint32_t ring)
{
	struct vhc_ring_state *want;
	int r = vhc_dev_ring(dev, ring, &want);

	r = r ?: check_settings(dev, ring, want);
	if (!r && want->kick < 0)
		r = fail_ring(dev, -EAGAIN, ring, "call vhc_ring_set_kick()",
			      "it has no kick eventfd; vhost would never look at it, silently");
	return r
		       ?: vhc_ring_check_memory(dev, ring, vhc_dev_format(dev), want,
						"set the base where the device stopped");
}

/* Where a running ring's parts are must stay: the kernel would go on with the old addresses. */
static int check_stays(struct vhc_dev *dev, uint32_t ring, struct vhc_table *table)
{
	const struct vhc_ring_state *have = &dev->have.ring[ring];
	enum vhc_format format = vhc_dev_format(dev);
	struct vhc_layout layout = vhc_layout_get(format, have->size);
	char how[160] = "is at another address in this process";
	uint64_t user;

	for (int i = 0; i < VHC_PARTS; i++) {
		bool found = !vhc_table_find(table, have->addr[i], layout.size[i], &user);

		if (found && user == have->user[i])
			continue;
		if (!found)
			vhc_table_describe(table, have->addr[i], layout.size[i], how, sizeof(how));
		return vhc_dev_fail(dev, -EBUSY, NULL, "stop the ring first",
				    "ring %u is running, and its %s (%llu bytes at guest address "
				    "0x%llx) %s in the new memory table",
				    ring, vhc_layout_part_name(format, i),
				    (unsigned long long)layout.size[i],
				    (unsigned long long)have->addr[i], how);
	}
	return 0;
}

int vhc_dev_check_table(struct vhc_dev *dev, struct vhc_table *table)
{
	int r = 0;

	for (uint32_t i = 0; i < dev->have.rings && !r; i++)
		if (vhc_ring_runs(&dev->have.ring[i]))
			r = check_stays(dev, i, table);
	return r;
}

VHC_EXPORT int vhc_ring_recover_base(struct vhc_dev *dev, uint32_t ring)
{
	struct vhc_ring_state *want;
	struct vhc_ring_error err;
	uint16_t used, avail;
	int r = vhc_dev_ring(dev, ring, &want);

	if (r)
		return r;
	if (vhc_ring_runs(&dev->have.ring[ring]))
		return fail_ring(dev, -EBUSY, ring, "stop it first",
				 "it is running, and its base is known only when it is stopped");
	if (vhc_dev_format(dev) == VHC_PACKED)
		return fail_ring(
			dev, -EOPNOTSUPP, ring, "reset the device",
			"it is packed, and its memory does not say where the device stopped");
	r = check_settings(dev, ring, want) ?: check_place(dev, ring, VHC_SPLIT, want) ?:
	    read_indices(dev, ring, want, &used, &avail);
	if (r)
		return r;
	if (vhc_window_check(want->size, used, used, avail, &err))
		return fail_ring(dev, -EINVAL, ring, "reset the device", err.text);
	want->base = used;
	want->has_base = true;
	return 0;
}

VHC_EXPORT int vhc_ring_check(struct vhc_dev *dev, uint32_t ring)
{
	return vhc_ring_check_want(dev, ring);
}
