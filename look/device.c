/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * device - what the kernel has behind one vhost fd, as a device of its own.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "raw.h"

#define LOG_ALL	      (1ull << 26) /* private to launcher and vhost, and no features of the device: */
#define VHOST_NET_HDR (1ull << 27)

static uint64_t eventfd(int32_t id)
{
	return id < 0 ? LOOK_NO_ID : (uint64_t)id;
}

static void copy_ring(struct look_ring *to, const struct record_ring *from)
{
	*to = (struct look_ring){
		.index = from->index,
		.size = from->size,
		.desc = from->desc,
		.avail = from->avail,
		.used = from->used,
		.last_avail = (uint16_t)from->last_avail,
		.last_used = (uint16_t)from->last_used,
		.avail_index = (uint16_t)from->avail_index,
		.signalled = (uint16_t)from->signalled,
		.running = from->running,
		.kick = eventfd(from->kick),
		.call = eventfd(from->call),
		.err = eventfd(from->err),
		.kicks = from->kicks,
		.calls = from->calls,
		.busyloop_us = from->busyloop,
		.log_used = from->log_used,
		.log_addr = from->log_used ? from->log_addr : 0,
		.worker = from->worker,
	};
}

static int by_guest_addr(const void *a, const void *b)
{
	const struct look_region *of_a = a, *of_b = b;

	return (of_a->guest_addr > of_b->guest_addr) - (of_a->guest_addr < of_b->guest_addr);
}

static int copy_memory(struct look_device *device, const struct raw *raw)
{
	device->memory = calloc(raw->region_count + 1, sizeof(*device->memory));
	if (!device->memory)
		return -ENOMEM;
	device->memory_count = raw->region_count;
	for (size_t i = 0; i < raw->region_count; i++)
		device->memory[i] =
			(struct look_region){ raw->regions[i].start, raw->regions[i].size,
					      raw->regions[i].addr };
	qsort(device->memory, device->memory_count, sizeof(*device->memory), by_guest_addr);
	return 0;
}

static int copy_rings(struct look_device *device, const struct raw *raw)
{
	int r = 0;

	device->rings = calloc(raw->ring_count + 1, sizeof(*device->rings));
	if (!device->rings)
		return -ENOMEM;
	device->ring_count = raw->ring_count;
	for (size_t i = 0; i < raw->ring_count && !r; i++) {
		copy_ring(&device->rings[i], &raw->rings[i]);
		if (raw->rings[i].worker)
			r = look_add_worker(device, raw->rings[i].worker);
	}
	return r;
}

/* Of the first ring that has a back end: each of a net device's has the same. */
static void copy_link(struct look_device *device, const struct raw *raw)
{
	for (size_t i = 0; i < raw->ring_count; i++) {
		const struct record_ring *ring = &raw->rings[i];

		if (!ring->link.index)
			continue;
		memcpy(device->link.name, ring->link.name, LOOK_NAME);
		device->link.name[LOOK_NAME - 1] = '\0';
		device->link.index = ring->link.index;
		device->link.mtu = ring->link.mtu;
		device->link.netns = ring->link.netns;
		device->fds[0].queue = ring->link.queue;
		device->fds[0].detached = ring->link.detached;
		device->header_bytes = ring->header;
		device->known |= LOOK_LINK | (ring->header ? LOOK_HEADER : 0);
		if (ring->link.tap && look_offloads(ring->link.offloads, &device->offloads))
			device->known |= LOOK_OFFLOADS;
		return;
	}
}

/* Each ring has them, and the same. */
static void copy_features(struct look_device *device, const struct raw *raw)
{
	const struct record_ring *ring = raw->rings;

	if (!raw->ring_count)
		return;
	device->vhost_features[0] = ring->features[0] & ~LOG_ALL;
	if (raw->device.node == RECORD_NET)
		device->vhost_features[0] &= ~VHOST_NET_HDR;
	device->vhost_features[1] = ring->features[1];
	device->backend_features = ring->backend_features;
	device->log.on = ring->features[0] & LOG_ALL;
	device->log.addr = device->log.on ? ring->log_base : 0;
	device->log.eventfd = eventfd(raw->device.log_eventfd);
}

static uint32_t known_of(const struct raw *raw)
{
	uint32_t known = LOOK_FEATURES | LOOK_BACKEND_FEATURES | LOOK_RUNNING | LOOK_RINGS |
			 LOOK_BASES | LOOK_EVENTFDS;

	known |= raw->device.owner || !raw->device.owned ? LOOK_OWNER : 0;
	if (raw->device.node == RECORD_VDPA) /* the hardware has the rest */
		return known & ~(uint32_t)LOOK_BASES;
	known |= LOOK_INDICES | LOOK_MEMORY | LOOK_IOMMU | LOOK_LOG | LOOK_BUSYLOOP | LOOK_WORKERS |
		 LOOK_RING_WORKERS;
	if (raw->device.node == RECORD_VSOCK)
		known |= LOOK_CID;
	return known;
}

int look_raw_device(const struct raw *raw, struct look_device *ret)
{
	const struct record_device *from = &raw->device;
	struct look_device device = {
		.kind = (enum look_kind)from->node,
		.known = known_of(raw),
		.unsteady = raw->unsteady,
		.owned = from->owned,
		.pid = from->pid,
		.guest_cid = from->guest_cid,
		.iommu = from->iommu,
		.iotlb_entries = from->iotlb_entries,
		.iotlb_limit = from->iotlb_limit,
		.fd_count = 1,
	};
	int r = -ENOMEM;

	memcpy(device.comm, from->comm, LOOK_NAME);
	device.comm[LOOK_NAME - 1] = '\0';
	device.fds = calloc(1, sizeof(*device.fds));
	if (device.fds) {
		device.fds[0] = (struct look_fd){ (int)from->fd, LOOK_NO_RING, false, 1 };
		copy_link(&device, raw);
		copy_features(&device, raw);
		r = copy_memory(&device, raw);
		r = r ? r : copy_rings(&device, raw);
	}
	if (r)
		look_free_device(&device);
	else
		*ret = device;
	return r;
}
