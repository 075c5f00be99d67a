/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ring-log - the pages of a used ring, logged by the library where the kernel does not log all of them.
 *
 * With IN_ORDER Linux 7.2 computes the range that it logs from where its writes end (drivers/vhost/vhost.c),
 * so a page of a used ring of several pages can be missing.  So the used ring of a ring that runs is dirty
 * at each pass, and once more when it stops.
 */
#include "device/device.h"
#include "features/features.h"

static void log_pages(struct vhi_dirty_log *log, uint64_t guest, uint64_t size)
{
	uint64_t page = guest / VHC_PAGE_SIZE, last = (guest + (size - 1)) / VHC_PAGE_SIZE;

	for (; page <= last && page / 64 < vhi_dirty_log_words(log); page++)
		__atomic_fetch_or(&log->words[page / 64], 1ull << (page % 64), __ATOMIC_RELAXED);
}

/* Behind an IOMMU a used ring that runs is mapped, perhaps by several mappings. */
static void log_virtual(const struct vhc_dev *dev, struct vhi_dirty_log *log, uint64_t iova,
			uint64_t size)
{
	while (size) {
		const struct vhi_mapping *map = vhi_iotlb_find(dev->iotlb, iova);
		uint64_t offset, part;

		if (!map)
			return;
		offset = iova - map->iova;
		part = map->size - offset < size ? map->size - offset : size;
		log_pages(log, map->guest + offset, part);
		iova += part;
		size -= part;
	}
}

void vhi_ring_log_used(struct vhc_dev *dev, uint32_t ring)
{
	const struct vhi_fd_state *fd = &dev->have.fd[vhi_state_fd_of(&dev->have, ring)];
	const struct vhi_ring_state *have = &dev->have.ring[ring];
	uint64_t at = have->addr[VHI_USED], size;

	if (!have->logs || !fd->log || !fd->log->words ||
	    !vhc_features_has(&fd->features, VHI_F_IN_ORDER))
		return;
	size = vhi_layout_get(vhi_dev_format(dev), have->size).size[VHI_USED];
	if (vhi_fd_translates(fd))
		log_virtual(dev, fd->log, at, size);
	else
		log_pages(fd->log, at, size);
}

void vhi_dev_log_used(struct vhc_dev *dev)
{
	for (uint32_t i = 0; i < dev->have.rings; i++)
		if (vhi_ring_runs(&dev->have.ring[i]))
			vhi_ring_log_used(dev, i);
}
