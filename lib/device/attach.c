/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * attach - a device gets its memory and its tap while it is stopped; and whether its memory may change.
 */
#include <errno.h>

#include "device/device.h"
#include "memory/mem.h"
#include "device/iommu.h"

void vhc_dev_detach_mem(struct vhc_dev *dev, struct vhc_mem *mem)
{
	vhc_dev_forget_log_event(dev, mem->dirty.event);
	vhc_mem_detach(mem, dev);
}

VHC_EXPORT int vhc_dev_set_mem(struct vhc_dev *dev, struct vhc_mem *mem)
{
	const struct vhc_table *table = vhc_mem_table(mem);
	int r;

	if (dev->mem == mem)
		return 0;
	if (vhc_mem_ctx(mem) != dev->ctx)
		return vhc_dev_fail(dev, -EINVAL, NULL, NULL,
				    "the memory table belongs to another context");
	r = vhc_dev_check_stopped(dev, "its memory");
	if (r)
		return r;
	if (table && table->count > dev->offers->max_regions)
		return vhc_dev_fail(dev, -E2BIG, NULL,
				    "raise vhost's module parameter max_mem_regions",
				    "%u memory regions, and this kernel takes %u "
				    "(/sys/module/vhost/parameters/max_mem_regions)",
				    table->count, dev->offers->max_regions);
	r = vhc_mem_attach(mem, dev);
	if (r)
		return vhc_dev_fail(dev, r, NULL, NULL, "no memory to attach it");
	r = vhc_iommu_change_mem(dev, table);
	if (r) {
		vhc_dev_detach_mem(dev, mem);
		return r;
	}
	if (dev->mem)
		vhc_dev_detach_mem(dev, dev->mem);
	dev->mem = mem;
	return 0;
}

/* The parts of a running ring must stay where they are: the kernel would keep using the old addresses. */
static int check_ring_stays(struct vhc_dev *dev, uint32_t ring, struct vhc_table *table)
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
			r = check_ring_stays(dev, i, table);
	return r;
}
