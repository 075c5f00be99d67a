/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * save - a device as a vhost-state document.  Changes nothing: for a running ring the kernel is asked for
 * its base, and the answer is not stored.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kind/net.h"
#include "dev.h"
#include "device/apply.h"
#include "device/peer.h"
#include "memory/mem.h"
#include "features/features.h"
#include "migration/document.h"

static int no_memory(struct vhc_dev *dev)
{
	return vhi_dev_fail(dev, -ENOMEM, NULL, NULL, "no memory for the vhost-state document");
}

static int check_complete(struct vhc_dev *dev)
{
	const struct vhi_table *table = dev->mem ? vhi_mem_table(dev->mem) : NULL;

	int r = vhi_dev_check_stale(dev);

	if (r)
		return r;
	if (!dev->want.has_acked)
		return vhi_dev_fail(dev, -EAGAIN, NULL, "call vhc_dev_set_features()",
				    "it has no features yet, so there is no state to save");
	if (!table || !table->count)
		return vhi_dev_fail(dev, -EAGAIN, NULL,
				    "call vhc_dev_set_mem() and vhc_mem_commit()",
				    "it has no memory, and no device could be loaded without it");
	vhi_peer_resolve_rings(dev);
	for (uint32_t i = 0; i < dev->want.rings; i++) {
		const struct vhi_ring_state *ring = &dev->want.ring[i];

		if (ring->has_addr && !ring->size)
			return vhi_dev_fail(dev, -EAGAIN, NULL, "call vhc_ring_set_size()",
					    "ring %u has addresses and no size", i);
	}
	return 0;
}

/* The base of a running ring is only in the kernel. */
static int get_base(struct vhc_dev *dev, uint32_t ring, uint32_t *ret)
{
	struct vhi_op op = vhi_op_ring(&dev->have, VHI_OP_GET_VRING_BASE, ring);
	int r;

	if (!vhi_ring_runs(&dev->have.ring[ring]))
		return vhc_ring_get_base(dev, ring, ret);
	r = vhi_apply_ask(dev, &op);
	*ret = (uint32_t)op.value;
	return r;
}

static int fill_ring(struct vhc_dev *dev, uint32_t ring, struct vhi_saved_ring *saved)
{
	const struct vhi_ring_state *want = &dev->want.ring[ring];
	uint32_t base;
	int r = get_base(dev, ring, &base);

	if (r)
		return r;
	*saved = (struct vhi_saved_ring){
		.index = ring,
		.size = want->size,
		.format = vhi_dev_format(dev),
		.desc = want->has_addr ? want->addr[VHI_DESC] : VHI_SAVED_NO_ADDR,
		.avail = want->has_addr ? want->addr[VHI_AVAIL] : VHI_SAVED_NO_ADDR,
		.used = want->has_addr ? want->addr[VHI_USED] : VHI_SAVED_NO_ADDR,
		.base = base,
		.enabled = !want->disabled,
	};
	return 0;
}

static int fill_rings(struct vhc_dev *dev, struct doc_list *list)
{
	struct vhi_saved_ring *rings = calloc(dev->want.rings, sizeof(*rings));
	int r = 0;

	if (!rings)
		return no_memory(dev);
	list->items = rings;
	for (uint32_t i = 0; i < dev->want.rings && !r; i++)
		if (dev->want.ring[i].size)
			r = fill_ring(dev, i, &rings[list->count++]);
	return r;
}

/* The guest's addresses only, not this process's. */
static int fill_memory(struct vhc_dev *dev, struct doc_list *list)
{
	struct vhi_table *merged = vhi_table_copy_guest(vhi_mem_table(dev->mem));
	struct vhi_saved_region *regions;

	regions = merged ? calloc(merged->count, sizeof(*regions)) : NULL;
	*list = (struct doc_list){ regions, regions ? merged->count : 0 };
	for (uint32_t i = 0; i < list->count; i++)
		regions[i] = (struct vhi_saved_region){ merged->guest[i], merged->size[i] };
	vhi_table_unref(merged);
	return regions ? 0 : -ENOMEM;
}

static int fill_net(struct vhc_dev *dev, struct vhi_saved *saved)
{
	const struct vhc_net_config *config = &dev->net->config;
	char mac[DOC_MAC_TEXT];

	saved->header_bytes = vhi_net_header_size(&dev->want.acked);
	saved->mtu = config->mtu;
	saved->active_pairs = dev->net->control.active;
	if (dev->net->control.has_offloads &&
	    vhi_feature_put_words(&dev->net->control.offloads, &saved->offloads))
		return -ENOMEM;
	if (!(config->flags & VHC_NET_MAC))
		return 0;
	doc_mac_format(config->mac, mac);
	saved->mac = strdup(mac);
	return saved->mac ? 0 : -ENOMEM;
}

/* What only one kind of device has. */
static int fill_kind(struct vhc_dev *dev, struct vhi_saved *saved)
{
	if (dev->kind == &vhi_kind_net)
		return fill_net(dev, saved);
	saved->guest_cid = dev->guest_cid;
	return 0;
}

static int fill_document(struct vhc_dev *dev, struct vhi_saved *saved)
{
	const struct vhi_feature_names names = vhi_saved_names(dev->kind);
	const struct vhi_dev_state *want = &dev->want;
	int r;

	saved->type = dev->kind->index;
	saved->device = strdup(dev->id);
	saved->running = vhi_dev_runs(dev);
	saved->queue_pairs = want->fds;
	saved->guest.iommu = want->iommu;
	saved->backend_features = want->iommu ? VHI_SAVED_IOTLB_V2 : 0;
	r = saved->device ? 0 : -ENOMEM;
	r = r ?: vhi_feature_rows(&names, &want->acked, &saved->words, &saved->features);
	r = r ?: fill_kind(dev, saved);
	r = r ?: fill_memory(dev, &saved->memory);
	return r ? no_memory(dev) : fill_rings(dev, &saved->rings);
}

/*
 * A state that no host can load is refused here, where the guest still is.  A snapshot of a running device
 * may show a driver in the middle of its set-up.
 */
static int check_loadable(struct vhc_dev *dev, bool running, const char *json)
{
	struct vhi_saved again;
	struct doc_error err;
	int r = running ? 0 : vhi_saved_parse(json, &again, &err);

	if (r == -ENOMEM)
		return no_memory(dev);
	if (r)
		return vhi_dev_fail(dev, r, err.pointer, "correct it, or reset the device",
				    "no host could load this state: %s", err.text);
	if (!running)
		vhi_saved_clear(&again);
	return 0;
}

VHC_EXPORT int vhc_dev_save(struct vhc_dev *dev, char **ret_json)
{
	struct vhi_saved saved = { 0 };
	char *json = NULL;
	int r = check_complete(dev);

	if (r)
		return r;
	r = fill_document(dev, &saved);
	if (!r) {
		json = vhi_saved_write(&saved);
		r = json ? check_loadable(dev, saved.running, json) : no_memory(dev);
	}
	vhi_saved_clear(&saved);
	if (r) {
		free(json);
		return r;
	}
	*ret_json = json;
	return 0;
}
