/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * check - does a ring lie where it may?  What the kernel accepts silently, and then stalls on, is
 * found here and in window.c.
 */
#include <errno.h>
#include <string.h>

#include "device/iommu.h"
#include "device/ring-check.h"
#include "memory/mem.h"

int vhc_look_fail(const struct vhc_look *look, int code, const char *hint, const char *text)
{
	return vhc_dev_fail(look->dev, code, NULL, hint, "ring %u: %s", look->ring, text);
}

int vhc_look_settings(const struct vhc_look *look)
{
	const struct vhc_table *table = look->dev->mem ? vhc_mem_table(look->dev->mem) : NULL;

	if (!look->state->size)
		return vhc_look_fail(look, -EAGAIN, "call vhc_ring_set_size()",
				     "it has no size; vhost would take 1 and do nothing, silently");
	if (!look->state->has_addr)
		return vhc_look_fail(look, -EAGAIN, "call vhc_ring_set_addr()",
				     "it has no addresses");
	if (!table || !table->count)
		return vhc_look_fail(look, -EAGAIN, "call vhc_dev_set_mem() and vhc_mem_commit()",
				     "the device has no memory");
	return 0;
}

/* ---------------------------------------------------------------------------- behind an IOMMU */

/*
 * The used ring must be mapped, to be read and written: when a ring starts vhost reads it, later it
 * writes it, and a mapping that lacks one of both is no miss to it.  The others it asks for by itself.
 */
static int check_mapped(const struct vhc_look *look, enum vhc_part part)
{
	const struct vhc_iotlb *iotlb = look->dev->iotlb;
	uint64_t size = vhc_layout_get(look->format, look->state->size).size[part];
	uint64_t iova = look->state->addr[part];
	uint32_t perm = VHC_PERM_READ | (part == VHC_USED ? (uint32_t)VHC_PERM_WRITE : 0);
	uint64_t reach = vhc_iotlb_reach(iotlb, iova, size, perm);
	const struct vhc_mapping *map;

	if (reach == size)
		return 0;
	map = vhc_iotlb_find(iotlb, iova + reach);
	if (!map && part != VHC_USED)
		return 0;
	return vhc_dev_fail(
		look->dev, map ? -EINVAL : -EAGAIN, NULL,
		"call vhc_dev_map() for all of it, to be read and, the used ring, written",
		"ring %u: %s (%llu bytes at I/O virtual address 0x%llx) is %s at 0x%llx; "
		"vhost would wait for it, silently",
		look->ring, vhc_layout_part_name(look->format, part), (unsigned long long)size,
		(unsigned long long)iova,
		map ? "mapped without the right to read or write it" : "not mapped",
		(unsigned long long)(iova + reach));
}

static int check_virtual(const struct vhc_look *look)
{
	struct vhc_ring_state *state = look->state;
	struct vhc_refusal err;
	int r = 0;

	if (vhc_layout_check_virtual(look->format, state->size, state->addr, &err))
		return vhc_look_fail(look, -EINVAL, NULL, err.text);
	for (int part = 0; part < VHC_PARTS && !r; part++)
		r = check_mapped(look, (enum vhc_part)part);
	/* vhost translates them */
	memcpy(state->user, state->addr, sizeof(state->user));
	return r;
}

/* --------------------------------------------------------------------------------- in memory */

int vhc_look_place(const struct vhc_look *look)
{
	struct vhc_ring_state *state = look->state;
	struct vhc_refusal err;

	if (vhc_layout_check_size(look->format, state->size, &err) ||
	    vhc_layout_check_align(look->format, state->addr, &err))
		return vhc_look_fail(look, -EINVAL, NULL, err.text);
	if (look->iommu)
		return check_virtual(look);
	if (vhc_layout_place(look->format, state->size, state->addr, vhc_mem_table(look->dev->mem),
			     state->user, &err))
		return vhc_look_fail(look, -EINVAL, NULL, err.text);
	return 0;
}

/* What a ring that runs is written down in must reach to the end of the memory that it runs on. */
static int check_log(const struct vhc_look *look)
{
	const struct vhc_fd_state *fd = &look->dev->have.fd[look->ring / VHC_NET_RINGS_PER_FD];
	uint64_t need = vhc_table_log_size(fd->table);

	if (!fd->log || fd->log->size >= need)
		return 0;
	return vhc_dev_fail(look->dev, -EINVAL, NULL, "stop the device, and start the log anew",
			    "ring %u: its dirty log has %llu bytes, and its memory needs %llu",
			    look->ring, (unsigned long long)fd->log->size,
			    (unsigned long long)need);
}

int vhc_ring_check_memory(struct vhc_dev *dev, uint32_t ring, enum vhc_format format,
			  struct vhc_ring_state *state, const char *hint)
{
	struct vhc_look look = { dev, ring, format, false, state, hint };
	int r = vhc_look_place(&look);

	return r || format == VHC_PACKED ? r : vhc_look_window(&look);
}

int vhc_ring_check_want(struct vhc_dev *dev, uint32_t ring)
{
	struct vhc_look look = { dev,
				 ring,
				 vhc_dev_format(dev),
				 dev->want.iommu,
				 NULL,
				 "set the base where the device stopped" };
	int r = vhc_dev_ring(dev, ring, &look.state) ?: vhc_look_settings(&look);

	if (!r && look.state->kick < 0)
		r = vhc_look_fail(&look, -EAGAIN, "call vhc_ring_set_kick()",
				  "it has no kick eventfd; vhost would never look at it, silently");
	r = r ?: vhc_look_place(&look);
	if (!r && vhc_ring_runs(&dev->have.ring[ring]))
		r = check_log(&look);
	return r || look.format == VHC_PACKED ? r : vhc_look_window(&look);
}

VHC_EXPORT int vhc_ring_check(struct vhc_dev *dev, uint32_t ring)
{
	return vhc_ring_check_want(dev, ring);
}

/* ---------------------------------------------------------------------------- in other memory */

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
				    ring, vhc_layout_part_name(format, (enum vhc_part)i),
				    (unsigned long long)layout.size[i],
				    (unsigned long long)have->addr[i], how);
	}
	return 0;
}

int vhc_dev_check_table(struct vhc_dev *dev, struct vhc_table *table)
{
	int r = 0;

	if (dev->want.iommu)
		return vhc_iommu_check_mem(dev, table);
	for (uint32_t i = 0; i < dev->have.rings && !r; i++)
		if (vhc_ring_runs(&dev->have.ring[i]))
			r = check_stays(dev, i, table);
	return r;
}
