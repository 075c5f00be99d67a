/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * attach - a device gets its memory and its tap while it is stopped; and whether its memory may change.
 */
#include <errno.h>

#include "device/device.h"
#include "memory/mem.h"
#include "device/iommu.h"
#include "syscall/parameter.h"

void vhi_dev_detach_mem(struct vhc_dev *dev, struct vhc_mem *mem)
{
	vhi_dev_forget_log_event(dev, mem->dirty.event);
	vhi_mem_detach(mem, dev);
}

int vhi_dev_check_regions(const struct vhc_dev *dev, const struct vhi_table *table,
			  uint32_t unmerged)
{
	if (table->count <= dev->offers->max_regions)
		return 0;
	return vhi_dev_fail(dev, -E2BIG, NULL, VHI_REGION_HINT,
			    "%u memory regions (%u before merging), and this kernel keeps %u "
			    "(" VHI_REGION_PARAMETERS ")",
			    table->count, unmerged, dev->offers->max_regions);
}

/* @table: NULL for no memory. */
static int check_attach(struct vhc_dev *dev, struct vhc_mem *mem, const struct vhi_table *table)
{
	int r = vhi_dev_check_stale(dev) ?: vhi_dev_check_stopped(dev, "its memory");

	if (!r && table)
		r = vhi_dev_check_regions(dev, table, mem->committed_count);
	return r;
}

VHC_EXPORT int vhc_dev_set_mem(struct vhc_dev *dev, struct vhc_mem *mem)
{
	const struct vhi_table *table = mem ? vhi_mem_table(mem) : NULL;
	int r;

	if (dev->mem == mem)
		return 0;
	if (mem && vhi_mem_ctx(mem) != dev->ctx)
		return vhi_dev_fail(dev, -EINVAL, NULL, NULL,
				    "the memory table belongs to another context");
	r = check_attach(dev, mem, table);
	if (r)
		return r;
	if (mem && vhi_mem_attach(mem, dev))
		return vhi_dev_fail(dev, -ENOMEM, NULL, NULL, "no memory to attach it");
	r = vhi_iommu_change_mem(dev, table);
	if (r) {
		if (mem)
			vhi_dev_detach_mem(dev, mem);
		return r;
	}
	if (dev->mem)
		vhi_dev_detach_mem(dev, dev->mem);
	dev->mem = mem;
	return 0;
}

/*
 * The parts of a running ring must stay the memory that they are.  Where the library has mapped that
 * elsewhere, the ring is given its new addresses; of what the caller has mapped it is not known.
 */
static int check_ring_stays(struct vhc_dev *dev, uint32_t ring, struct vhi_table *table)
{
	const struct vhi_ring_state *have = &dev->have.ring[ring];
	enum vhi_format format = vhi_dev_format(dev);
	struct vhi_layout layout = vhi_layout_get(format, have->size);
	char how[160] = "is at another address in this process";
	uint64_t user;

	for (int i = 0; i < VHI_PARTS; i++) {
		bool found = !vhi_table_find(table, have->addr[i], layout.size[i], &user);

		if (found && (user == have->user[i] ||
			      vhi_mem_keeps(dev->mem, have->addr[i], layout.size[i])))
			continue;
		if (!found)
			vhi_table_describe(table, have->addr[i], layout.size[i], how, sizeof(how));
		return vhi_dev_fail(dev, -EBUSY, NULL, "stop the ring first",
				    "ring %u is running, and its %s (%llu bytes at guest address "
				    "0x%llx) %s in the new memory table",
				    ring, vhi_layout_part_name(format, (enum vhi_part)i),
				    (unsigned long long)layout.size[i],
				    (unsigned long long)have->addr[i], how);
	}
	return 0;
}

int vhi_dev_check_table(struct vhc_dev *dev, struct vhi_table *table)
{
	int r = 0;

	if (dev->want.iommu)
		return vhi_iommu_check_mem(dev, table);
	for (uint32_t i = 0; i < dev->have.rings && !r; i++)
		if (vhi_ring_runs(&dev->have.ring[i]))
			r = check_ring_stays(dev, i, table);
	return r;
}
