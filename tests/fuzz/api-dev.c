/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * api-dev - calls on a device and its tap.
 */
#include "api-calls.h"

static int dev_close(struct call *call)
{
	world_close(call->world, call->n);
	return 0;
}

static int dev_attach(struct call *call)
{
	return world_attach(call->world, call->n);
}

static int dev_features(struct call *call)
{
	uint8_t which = fuzz_u8(call->fuzz);

	call->world->iommu[call->n] ^= which & 1;
	if (which & 2)
		call->world->rig.acked.w[0] ^= UINT64_C(1) << VHI_F_EVENT_IDX;
	if (which & 4)
		call->world->rig.acked.w[0] ^= UINT64_C(1) << VHI_F_MRG_RXBUF;
	return world_features(call->world, call->n);
}

static int dev_start(struct call *call)
{
	return vhc_dev_start(call->dev);
}

static int dev_stop(struct call *call)
{
	return vhc_dev_stop(call->dev);
}

static int dev_reset(struct call *call)
{
	return vhc_dev_reset(call->dev);
}

static int dev_plan(struct call *call)
{
	char *json = NULL;
	int r = vhc_dev_plan(call->dev, &json);

	free(json);
	return r;
}

static int dev_save(struct call *call)
{
	char *json = NULL;
	int r = vhc_dev_save(call->dev, &json);

	if (!r) {
		assert_ok(&call->world->rig, vhc_state_check(call->world->rig.ctx, json));
		free(call->world->saved);
		call->world->saved = json;
	}
	return r;
}

static int dev_load(struct call *call)
{
	return call->world->saved ? vhc_dev_load(call->dev, call->world->saved) : 0;
}

/* All of the memory, or a range of pages with any permissions. */
static int dev_map(struct call *call)
{
	uint8_t what = fuzz_u8(call->fuzz);
	struct vhc_map map = { .sz = sizeof(map), .perm = RIG_RW };
	struct vhc_region region = world_region(call->world, what % 3);

	if (what & 8)
		return world_map(call->world, call->n);
	map.iova = RIG_IOVA + fuzz_u8(call->fuzz) * 0x1000ull;
	map.size = (1 + fuzz_u8(call->fuzz) % 40u) * 0x1000ull;
	map.addr = region.guest_addr + fuzz_u8(call->fuzz) % 32u * 0x1000ull;
	map.perm = what & 0xc0 ? RIG_RW : 1 + what / 16 % 3;
	return vhc_dev_map(call->dev, &map);
}

static int dev_unmap(struct call *call)
{
	uint64_t iova = RIG_IOVA + fuzz_u8(call->fuzz) * 0x1000ull;

	return vhc_dev_unmap(call->dev, iova, (1 + fuzz_u8(call->fuzz) % 40u) * 0x1000ull);
}

static int dev_event(struct call *call)
{
	struct vhc_event event = { .sz = sizeof(event) };
	int r = vhc_dev_get_event_fd(call->dev);

	r = r < 0 ? r : vhc_dev_next_event(call->dev, &event);
	return r < 0 ? r : 0;
}

/* The device misses an address, or reports an error. */
static int dev_trouble(struct call *call)
{
	struct fake *fake = call->world->rig.fake;
	struct fake_vhost *vhost = fake_vhost(fake, fuzz_below(call->fuzz, 4));
	uint64_t iova = RIG_IOVA + fuzz_u8(call->fuzz) * 0x1000ull;

	if (vhost && vhost->has_iotlb && vhost->unread < FAKE_MESSAGES / 2)
		fake_raise_miss(fake, vhost, call->ring % FAKE_RINGS, iova,
				(uint8_t)(1 + call->ring % 3));
	if (vhost && call->ring & 2)
		fake_raise_error(fake, vhost, call->ring % FAKE_RINGS, 1);
	return 0;
}

static int tap_features(struct call *call)
{
	struct vhc_features set = call->world->rig.acked;

	if (fuzz_u8(call->fuzz) & 1)
		vhc_features_remove(&set, VHI_F_GUEST_TSO4);
	return vhc_tap_set_features(call->world->tap[call->n], &set, 0);
}

static int tap_active(struct call *call)
{
	return vhc_tap_set_active(call->world->tap[call->n], fuzz_below(call->fuzz, 4));
}

const struct op dev_ops[] = {
	{ "dev_close", dev_close, NEEDS_DEV | STOPS },
	{ "dev_attach", dev_attach, NEEDS_DEV | SEVERAL },
	{ "dev_features", dev_features, NEEDS_DEV },
	{ "dev_start", dev_start, NEEDS_DEV },
	{ "dev_stop", dev_stop, NEEDS_DEV | STOPS },
	{ "dev_reset", dev_reset, NEEDS_DEV | STOPS },
	{ "dev_plan", dev_plan, NEEDS_DEV },
	{ "dev_save", dev_save, NEEDS_DEV },
	{ "dev_load", dev_load, NEEDS_DEV },
	{ "dev_map", dev_map, NEEDS_DEV },
	{ "dev_unmap", dev_unmap, NEEDS_DEV },
	{ "dev_event", dev_event, NEEDS_DEV | SEVERAL },
	{ "dev_trouble", dev_trouble, NEEDS_DEV },
	{ "tap_features", tap_features, NEEDS_DEV },
	{ "tap_active", tap_active, NEEDS_DEV },
	{ 0 },
};
