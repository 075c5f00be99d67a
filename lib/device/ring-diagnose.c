/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ring-diagnose - why does a running ring make no progress?  After an error the kernel stays at the buffer
 * that it could not use, so that buffer is examined; a ring that moves on meanwhile is fine.  A guest
 * writes what is read here: vhi_chain_check() and ATTEMPTS bound it.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "device/apply.h"
#include "ring/chain.h"
#include "device/device.h"
#include "ring/base.h"
#include "ring/endian.h"
#include "memory/mem.h"
#include "text.h"

#define ATTEMPTS 8 /* until the ring is taken to make progress */

int vhi_dev_peek(struct vhc_dev *dev, uint64_t addr, void *buf, size_t size)
{
	const struct vhi_mapping *map;
	uint64_t user;

	if (!dev->want.iommu) {
		if (vhi_table_find(vhi_mem_table(dev->mem), addr, size, &user))
			return -EFAULT;
	} else {
		map = vhi_iotlb_find(dev->iotlb, addr);
		if (!map || map->size - (addr - map->iova) < size)
			return -ENOENT;
		user = map->user + (addr - map->iova);
	}
	return vhi_sys_peek(&dev->ctx->sys, user, buf, size);
}

static int read_memory(void *data, uint64_t addr, void *buf, size_t size)
{
	return vhi_dev_peek(data, addr, buf, size);
}

/* The device reports a miss for what is not mapped, but not for what it has no permission for. */
static int reach_virtual(struct vhc_dev *dev, uint64_t addr, uint64_t size, bool write,
			 uint32_t *pieces, char *text, size_t len)
{
	uint32_t perm = write ? VHC_PERM_WRITE : VHC_PERM_READ;
	const struct vhi_mapping *map;

	for (uint64_t done = 0; done < size && *pieces <= VHI_CHAIN_MAX; ++*pieces) {
		map = addr + done < addr ? NULL : vhi_iotlb_find(dev->iotlb, addr + done);
		if (!map)
			return 0;
		if (!(map->perm & perm)) {
			snprintf(text, len, "is mapped without permission to %s it, at 0x%llx",
				 write ? "write" : "read", (unsigned long long)(addr + done));
			return -EFAULT;
		}
		done += map->size - (addr + done - map->iova);
	}
	return 0;
}

/* A buffer may extend from one region into the next. */
static int reach_memory(void *data, uint64_t addr, uint64_t size, bool write, uint32_t *pieces,
			char *text, size_t len)
{
	struct vhc_dev *dev = data;
	struct vhi_table *table = vhi_mem_table(dev->mem);
	uint64_t done = 0, user;

	if (dev->want.iommu)
		return reach_virtual(dev, addr, size, write, pieces, text, len);
	for (; done < size && *pieces <= VHI_CHAIN_MAX; ++*pieces) {
		if (vhi_table_find(table, addr + done, 1, &user)) {
			vhi_table_describe(table, addr, size, text, len);
			return -EFAULT;
		}
		done += table->hit.size - (addr + done - table->hit.guest);
	}
	return 0;
}

static int get_running_base(struct vhc_dev *dev, uint32_t ring, uint16_t *ret)
{
	struct vhi_op op = vhi_op_ring(&dev->have, VHI_OP_GET_VRING_BASE, ring);
	int r = vhi_apply_ask(dev, &op);

	*ret = (uint16_t)op.value;
	return r;
}

/* Returns 1 with what is wrong, 0, or an error when memory cannot be read. */
static int examine_next_buffer(struct vhc_dev *dev, uint32_t ring, uint16_t base,
			       struct vhi_refusal *err)
{
	const struct vhi_ring_state *want = &dev->want.ring[ring];
	bool swapped = vhi_ring_swapped(&dev->want.acked);
	const struct vhi_chain_memory memory = { read_memory, reach_memory, dev, swapped };
	uint64_t entry = want->addr[VHI_AVAIL] + 4 + 2 * (base & (want->size - 1));
	uint16_t avail, used, head;
	/* in this order: what has been used by then was available before */
	int r = vhi_dev_peek(dev, want->addr[VHI_AVAIL] + 2, &avail, sizeof(avail));

	r = r ?: vhi_dev_peek(dev, want->addr[VHI_USED] + 2, &used, sizeof(used));
	if (r)
		return r;
	avail = vhi_ring_get16(swapped, avail);
	used = vhi_ring_get16(swapped, used);
	if (vhi_window_check(want->size, used, base, avail, err))
		return 1;
	if (avail == base)
		return 0;
	r = vhi_dev_peek(dev, entry, &head, sizeof(head));
	if (r)
		return r;
	return vhi_chain_check(want->size, want->addr[VHI_DESC], vhi_ring_get16(swapped, head),
			       ring % dev->want.rings_per_fd == 0, &memory, err)
		       ? 1
		       : 0;
}

int vhi_ring_diagnose(struct vhc_dev *dev, uint32_t ring)
{
	struct vhi_refusal err;
	uint16_t base, again;

	for (int i = 0; i < ATTEMPTS; i++) {
		int r = get_running_base(dev, ring, &base), found;

		found = r ?: examine_next_buffer(dev, ring, base, &err);
		r = r ?: get_running_base(dev, ring, &again);
		if (r)
			return r;
		if (base != again)
			continue;
		if (found > 0)
			return vhi_dev_fail(
				dev, -EINVAL, NULL,
				"the driver wrote an invalid descriptor or index: reset the device",
				"ring %u: %s", ring, err.text);
		if (found && found != -ENOENT)
			return vhi_dev_fail(dev, found == -EFAULT ? -EINVAL : found, NULL, NULL,
					    "ring %u: its memory cannot be read: %s (%s)", ring,
					    strerror(-found), vhi_errname(-found));
		return 0;
	}
	return 0;
}
