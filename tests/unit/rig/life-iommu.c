/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * life-iommu - the life of a device behind an IOMMU as a list of calls, with its events, and its way
 * back to a driver without one.
 */
#include "life.h"

#define PAGE 0x1000ull

static int behind(struct rig *rig)
{
	rig->iommu = true;
	return 0;
}

static int event_fd(struct rig *rig)
{
	int fd = vhc_dev_get_event_fd(rig->dev);

	return fd < 0 ? fd : 0;
}

static int map_used(struct rig *rig)
{
	int r = 0;

	for (uint32_t i = 0; i < rig->rings && !r; i++)
		r = rig_map_at(rig, rig_io_addr(i).used, PAGE, rig_addr(i).used, RIG_RW);
	return r;
}

static int plan(struct rig *rig)
{
	char *json = NULL;
	int r = vhc_dev_plan(rig->dev, &json);

	free(json);
	return r;
}

/* Over half of one mapping and half of another. */
static int map_over(struct rig *rig)
{
	int r = rig_map_at(rig, 0x5000, 2 * PAGE, RIG_GUEST, VHC_PERM_READ);

	return r ? r : rig_map_at(rig, 0x5800, PAGE, RIG_GUEST + 4 * PAGE, RIG_RW);
}

/* What comes must be what was raised, which is raised once more when the call before failed. */
static int expect(struct rig *rig, uint32_t kind, int there)
{
	struct vhc_event event = { .sz = sizeof(event) };
	int r = vhc_dev_next_event(rig->dev, &event);

	if (r < 0)
		return r;
	assert_int_equal(r, there);
	assert_true(!r || event.kind == kind);
	return 0;
}

static int miss(struct rig *rig)
{
	struct fake_vhost *vhost = fake_vhost(rig->fake, 1);

	if (!vhost->unread)
		fake_raise_miss(rig->fake, vhost, 1, 0x9000, VHC_PERM_READ);
	return expect(rig, VHC_EVENT_MISS, 1);
}

static int answer(struct rig *rig)
{
	return rig_map_at(rig, 0x9000, PAGE, RIG_GUEST, VHC_PERM_READ);
}

static int miss_again(struct rig *rig)
{
	struct fake_vhost *vhost = fake_vhost(rig->fake, 1);

	if (!vhost->unread && !vhost->waiting)
		fake_raise_miss(rig->fake, vhost, 0, 0x9fff, VHC_PERM_READ);
	return expect(rig, 0, 0);
}

static int error(struct rig *rig)
{
	struct fake_vhost *vhost = fake_vhost(rig->fake, 0);

	if (!fake_ring_counter(&vhost->ring[1], 'e'))
		fake_raise_error(rig->fake, vhost, 1, 1);
	return expect(rig, VHC_EVENT_RING_ERROR, 1);
}

static int check(struct rig *rig)
{
	return vhc_ring_check(rig->dev, 1);
}

static int unmap(struct rig *rig)
{
	return vhc_dev_unmap(rig->dev, 0x5400, 0x800);
}

static int stop(struct rig *rig)
{
	return vhc_dev_stop(rig->dev);
}

static int other_features(struct rig *rig)
{
	vhc_features_remove(&rig->acked, VHI_F_STATUS);
	vhc_features_remove(&rig->acked, VHI_F_EVENT_IDX);
	return rig_features(rig);
}

static int without(struct rig *rig)
{
	rig->iommu = false;
	vhc_features_remove(&rig->acked, VHI_F_ACCESS_PLATFORM);
	return rig_features(rig);
}

static int reset(struct rig *rig)
{
	return vhc_dev_reset(rig->dev);
}

static int behind_again(struct rig *rig)
{
	rig->iommu = true;
	return rig_features(rig);
}

static const struct act acts[] = {
	{ "behind an IOMMU", behind, true },
	{ "memory", rig_mem, true },
	{ "tap", rig_tap, true },
	{ "device", rig_dev, true },
	{ "event fd", event_fd, true },
	{ "attach", rig_attach, true },
	{ "offer", rig_offer, true },
	{ "features", rig_features, true },
	{ "rings", rig_rings, false },
	{ "map used", map_used, false },
	{ "plan", plan, true },
	{ "start", rig_start, true },
	{ "map over", map_over, false },
	{ "miss", miss, true },
	{ "answer", answer, true },
	{ "miss again", miss_again, true },
	{ "error", error, true },
	{ "check", check, true },
	{ "unmap", unmap, true },
	{ "stop", stop, true },
	{ "other features", other_features, true },
	{ "start again", rig_start, true },
	{ "stop again", stop, true },
	{ "without", without, true },
	{ "rings without", rig_rings, false },
	{ "start without", rig_start, true },
	{ "reset", reset, false },
	{ "features again", behind_again, true },
	{ "rings again", rig_rings, false },
	{ "map again", rig_map, true },
	{ "start again", rig_start, true },
};

const struct life iommu_life = { acts, sizeof(acts) / sizeof(acts[0]) };
