/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * load - set up a device from a vhost-state document.  Everything is checked against this host and its
 * memory first; then all of it is stored, or nothing.  The kernel is only queried.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kind/net.h"
#include "device/device.h"
#include "memory/mem.h"
#include "features/features.h"
#include "ring/base.h"
#include "device/iommu.h"
#include "features/missing.h"
#include "migration/document.h"

struct load {
	struct vhc_dev *dev;
	const char *json;
	struct vhi_saved saved;
	struct vhc_features acked;
	struct vhi_ring_state *rings; /* what want.ring becomes */
};

static const struct vhi_saved_ring *ring_at(const struct load *load, size_t i)
{
	return (const struct vhi_saved_ring *)load->saved.rings.items + i;
}

static int no_memory(struct vhc_dev *dev)
{
	return vhi_dev_fail(dev, -ENOMEM, NULL, NULL, "no memory to load the device");
}

static int check_phase(struct vhc_dev *dev)
{
	int r = vhi_dev_check_stale(dev);

	if (r)
		return r;
	if (vhi_dev_runs(dev))
		return vhi_dev_fail(dev, -EBUSY, NULL, "stop the device first",
				    "the device is running, and what it is doing would be lost");
	return 0;
}

static int check_same_device(const struct load *load)
{
	struct vhc_dev *dev = load->dev;

	if (load->saved.running)
		return vhi_saved_fail(
			dev->ctx, dev->id, load->json, "/running",
			"this is a snapshot of a running device, for inspection: stop the "
			"device, then save it");
	if (load->saved.partial.count)
		return vhi_saved_fail(
			dev->ctx, dev->id, load->json, "/partial",
			"this was read from outside, and does not have all of the device: stop the "
			"device, and let its owner save it");
	if (vhi_saved_kind(&load->saved) != dev->kind)
		return vhi_saved_fail(
			dev->ctx, dev->id, load->json, "/type",
			"the saved device is a %s device, and this one is a %s device",
			vhi_saved_kind(&load->saved)->name, dev->kind->name);
	if (load->saved.queue_pairs != dev->want.fds)
		return vhi_saved_fail(dev->ctx, dev->id, load->json, "/queue_pairs",
				      "the saved device has %llu queue pairs, and this one has %u",
				      (unsigned long long)load->saved.queue_pairs, dev->want.fds);
	if (dev->kind == &vhi_kind_vsock && load->saved.guest_cid != dev->guest_cid)
		return vhi_saved_fail(dev->ctx, dev->id, load->json, "/guest_cid",
				      "the guest's CID is %llu, and this device was opened with "
				      "%llu",
				      (unsigned long long)load->saved.guest_cid,
				      (unsigned long long)dev->guest_cid);
	return 0;
}

static int check_memory_given(struct vhc_dev *dev)
{
	const struct vhi_table *table = dev->mem ? vhi_mem_table(dev->mem) : NULL;

	if (table && table->count)
		return 0;
	return vhi_dev_fail(dev, -EAGAIN, NULL, "call vhc_dev_set_mem() and vhc_mem_commit() first",
			    "the device has no memory: the guest's must be there before the rings "
			    "in it can be checked");
}

/* ------------------------------------------------------------------------------------ this host */

static int check_features(const struct load *load)
{
	struct vhc_dev *dev = load->dev;
	bool upper = load->acked.w[1] || load->acked.w[2] || load->acked.w[3];
	struct vhi_place place = { dev->id, "features", vhi_missing_hint };
	struct vhc_features vhost, tap;
	struct vhi_missing lacking;
	char text[1400];
	struct vhi_text out = { text, sizeof(text) };
	int r = vhi_dev_has(dev, upper, &vhost, &tap);

	if (r)
		return r;
	lacking = vhi_missing_find(dev->kind->type, &load->acked, &vhost, &tap);
	if (!vhi_missing_any(&lacking))
		return dev->kind->check_features ? dev->kind->check_features(dev, &load->acked) : 0;
	vhi_missing_put(&out, dev->kind->type, &lacking);
	return vhi_fail_at(dev->ctx, &place, -EOPNOTSUPP, "%s", text);
}

static int check_backend(const struct load *load)
{
	struct vhc_dev *dev = load->dev;
	uint64_t need = load->saved.backend_features, has;
	int r = need ? dev->backend->ask(dev, VHI_ASK_IOTLB) : 0;

	has = dev->offers->backend_features;
	if (r || !(need & ~has))
		return r;
	return vhi_dev_fail(dev, -EOPNOTSUPP, "/backend_features", vhi_missing_hint,
			    "its IOMMU needs the backend features 0x%llx, and the kernel's vhost "
			    "has 0x%llx",
			    (unsigned long long)need, (unsigned long long)has);
}

/* -------------------------------------------------------------------------------------- memory */

static int fail_region(const struct load *load, const struct vhi_table *there,
		       const struct vhi_table *here, uint32_t i)
{
	struct vhc_dev *dev = load->dev;
	const struct vhi_table *has = i < there->count ? there : here;
	struct vhi_place place = { dev->id, "/memory",
				   "give this device the guest's memory at the guest's addresses" };

	if (i < there->count && i < here->count)
		return vhi_fail_at(
			dev->ctx, &place, -EINVAL,
			"the guest's memory differs: region %u is 0x%llx+0x%llx in the "
			"document, and 0x%llx+0x%llx in this device",
			i, (unsigned long long)there->guest[i], (unsigned long long)there->size[i],
			(unsigned long long)here->guest[i], (unsigned long long)here->size[i]);
	return vhi_fail_at(dev->ctx, &place, -EINVAL,
			   "the guest's memory differs: region %u, 0x%llx+0x%llx, is only in %s", i,
			   (unsigned long long)has->guest[i], (unsigned long long)has->size[i],
			   i < there->count ? "the document" : "this device");
}

/* The guest must have the same memory there and here, wherever each process has it. */
static int check_memory(const struct load *load)
{
	struct vhi_table *there = vhi_saved_memory(&load->saved);
	struct vhi_table *here = vhi_table_copy_guest(vhi_mem_table(load->dev->mem));
	uint32_t i = 0;
	int r = there && here ? 0 : no_memory(load->dev);

	while (!r && i < there->count && i < here->count && there->guest[i] == here->guest[i] &&
	       there->size[i] == here->size[i])
		i++;
	if (!r && (i < there->count || i < here->count))
		r = fail_region(load, there, here, i);
	vhi_table_unref(there);
	vhi_table_unref(here);
	return r;
}

/* --------------------------------------------------------------------------------------- rings */

/* As after a reset, but with what no document has: its eventfds, and whether it is masked. */
static void reset_ring(struct vhi_ring_state *ring, const struct vhi_ring_state *have,
		       enum vhi_format format)
{
	struct vhi_ring_state fds = *ring;

	vhi_ring_state_forget(ring);
	ring->kick = fds.kick;
	ring->call = fds.call;
	ring->err = fds.err;
	ring->mask = fds.mask;
	ring->masked = fds.masked;
	/* it starts from the beginning, wherever the ring stopped before */
	ring->base = vhi_base_fresh(format);
	ring->has_base = have->base_lost || have->base;
}

static int load_ring(const struct load *load, const struct vhi_saved_ring *saved)
{
	uint32_t index = (uint32_t)saved->index;
	struct vhi_ring_state *ring = &load->rings[index];

	ring->size = (uint32_t)saved->size;
	ring->has_addr = vhi_saved_addr(saved, ring->addr);
	ring->by_peer = false;
	ring->base = (uint32_t)saved->base;
	ring->has_base = true;
	ring->disabled = !saved->enabled;
	/* behind an IOMMU its addresses are not mapped yet */
	if (!ring->has_addr || load->saved.guest.iommu)
		return 0;
	return vhi_ring_check_memory(load->dev, index, &load->acked, ring,
				     "load the device when all of the guest's memory has arrived");
}

static int load_rings(struct load *load)
{
	const struct vhi_dev_state *want = &load->dev->want, *have = &load->dev->have;
	bool packed = vhc_features_has(&load->acked, VHI_F_RING_PACKED);
	int r = 0;

	load->rings = calloc(want->rings, sizeof(*load->rings));
	if (!load->rings)
		return no_memory(load->dev);
	memcpy(load->rings, want->ring, want->rings * sizeof(*load->rings));
	for (uint32_t i = 0; i < want->rings; i++)
		reset_ring(&load->rings[i], &have->ring[i], packed ? VHI_PACKED : VHI_SPLIT);
	for (size_t i = 0; i < load->saved.rings.count && !r; i++)
		r = load_ring(load, ring_at(load, i));
	return r;
}

static void store_net(const struct load *load)
{
	struct vhc_net_config net = { .mtu = (uint32_t)load->saved.mtu };

	net.flags = net.mtu ? VHC_NET_MTU : 0;
	if (load->saved.mac && doc_mac_parse(load->saved.mac, net.mac))
		net.flags |= VHC_NET_MAC;
	load->dev->net->config = net;
	load->dev->net->control = (struct vhi_control){
		.has_offloads = load->saved.offloads.count,
		.offloads = vhi_feature_words(&load->saved.offloads),
		.active = (uint32_t)load->saved.active_pairs,
	};
}

/* From here on nothing fails. */
static void store_state(struct load *load)
{
	struct vhc_dev *dev = load->dev;

	if (dev->kind == &vhi_kind_net)
		store_net(load);
	dev->want.acked = load->acked;
	dev->want.has_acked = true;
	memcpy(dev->want.ring, load->rings, dev->want.rings * sizeof(*load->rings));
}

VHC_EXPORT int vhc_dev_load(struct vhc_dev *dev, const char *json)
{
	struct load load = { .dev = dev, .json = json };
	int r = vhi_saved_read(dev->ctx, dev->id, json, &load.saved);

	if (r)
		return r;
	load.acked = vhi_feature_words(&load.saved.words);
	r = check_same_device(&load);
	r = r ?: check_phase(dev);
	r = r ?: check_memory_given(dev);
	r = r ?: check_features(&load);
	r = r ?: check_backend(&load);
	r = r ?: check_memory(&load);
	r = r ?: load_rings(&load);
	r = r ?: vhi_iommu_renew(dev, load.saved.guest.iommu);
	if (!r)
		store_state(&load);
	free(load.rings);
	vhi_saved_clear(&load.saved);
	return r;
}
