/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * story - the whole life of a device as a list of calls.
 */
#include "story.h"

static int plan(struct rig *rig)
{
	char *json = NULL;
	int r = vhc_dev_plan(rig->dev, &json);

	free(json);
	return r;
}

static int new_call(struct rig *rig)
{
	int fd = fake_eventfd(rig->fake), r = vhc_ring_set_call(rig->dev, 1, fd);

	fake_close(rig->fake, fd);
	return r;
}

static int new_kick(struct rig *rig)
{
	int fd = fake_eventfd(rig->fake), r = vhc_ring_set_kick(rig->dev, 0, fd);

	fake_close(rig->fake, fd);
	return r;
}

static int no_call(struct rig *rig)
{
	return vhc_ring_set_call(rig->dev, 1, -1);
}

static int own_call(struct rig *rig)
{
	int fd = vhc_ring_get_call(rig->dev, 1);

	return fd < 0 ? fd : 0;
}

static int fewer_offloads(struct rig *rig)
{
	struct vhc_features set = rig->acked;

	vhc_features_remove(&set, VHC_F_GUEST_TSO4);
	vhc_features_remove(&set, VHC_F_GUEST_UDP_TUNNEL_GSO);
	return vhc_tap_set_features(rig->tap, &set, 0);
}

static int fewer_queues(struct rig *rig)
{
	return vhc_tap_set_active(rig->tap, 1);
}

static int all_queues(struct rig *rig)
{
	return vhc_tap_set_active(rig->tap, rig->pairs);
}

static int log_on(struct rig *rig)
{
	return vhc_dirty_start(rig->mem);
}

static int log_event(struct rig *rig)
{
	int fd = fake_eventfd(rig->fake), r = vhc_dirty_set_event(rig->mem, fd);

	fake_close(rig->fake, fd);
	return r;
}

static int harvest(struct rig *rig, enum vhc_dirty_mode mode)
{
	uint64_t bitmap[4] = { 0 };
	int r = vhc_dirty_set_mode(rig->mem, mode);

	r = r ? r : vhc_dirty_sync(rig->mem);
	return r ? r : vhc_dirty_read(rig->mem, RIG_GUEST, rig->ram_size, bitmap, 0, NULL);
}

static int swap_logs(struct rig *rig)
{
	return harvest(rig, VHC_DIRTY_SWAP);
}

static int exchange_words(struct rig *rig)
{
	return harvest(rig, VHC_DIRTY_EXCHANGE);
}

static int log_off(struct rig *rig)
{
	return vhc_dirty_stop(rig->mem);
}

static int stop_ring(struct rig *rig)
{
	return vhc_ring_stop(rig->dev, 1);
}

static int start_ring(struct rig *rig)
{
	return vhc_ring_start(rig->dev, 1);
}

static int reset_ring(struct rig *rig)
{
	return vhc_ring_reset(rig->dev, 1);
}

static int ring_anew(struct rig *rig)
{
	return rig_ring(rig, 1);
}

static int recover(struct rig *rig)
{
	return vhc_ring_recover_base(rig->dev, 1);
}

static int stop(struct rig *rig)
{
	return vhc_dev_stop(rig->dev);
}

static int reset(struct rig *rig)
{
	return vhc_dev_reset(rig->dev);
}

static int base(struct rig *rig)
{
	uint32_t value;

	for (uint32_t i = 0; i < rig->rings; i++) {
		int r = vhc_ring_get_base(rig->dev, i, &value);

		if (r)
			return r;
	}
	return 0;
}

const struct act story[] = {
	{ "memory", rig_mem, true },
	{ "tap", rig_tap, true },
	{ "device", rig_dev, true },
	{ "attach", rig_attach, true },
	{ "offer", rig_offer, true },
	{ "features", rig_features, true },
	{ "rings", rig_rings, false },
	{ "plan", plan, true },
	{ "start", rig_start, true },
	{ "new call", new_call, true },
	{ "new kick", new_kick, true },
	{ "no call", no_call, true },
	{ "own call", own_call, true },
	{ "fewer offloads", fewer_offloads, true },
	{ "fewer queues", fewer_queues, true },
	{ "all queues", all_queues, true },
	{ "log on", log_on, true },
	{ "log event", log_event, true },
	{ "more memory", rig_more, true },
	{ "swap logs", swap_logs, false },
	{ "exchange words", exchange_words, true },
	{ "swap again", swap_logs, true },
	{ "less memory", rig_less, true },
	{ "stop a ring", stop_ring, true },
	{ "start a ring", start_ring, true },
	{ "log off", log_off, true },
	{ "reset a ring", reset_ring, false },
	{ "a ring anew", ring_anew, false },
	{ "recover", recover, true },
	{ "start it anew", start_ring, true },
	{ "stop", stop, true },
	{ "base", base, true },
	{ "start again", rig_start, true },
	{ "reset", reset, false },
	{ "features anew", rig_features, true },
	{ "rings anew", rig_rings, false },
	{ "start anew", rig_start, true },
};

const uint32_t story_count = sizeof(story) / sizeof(story[0]);

uint32_t story_find(const char *name)
{
	uint32_t i = 0;

	while (i < story_count && strcmp(story[i].name, name))
		i++;
	assert_true(i < story_count);
	return i;
}
