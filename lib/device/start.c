/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * start - the transitions that make rings run: all of a device's, or one.  Everything that can be
 * wrong is found before the first call into the kernel.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "device/apply.h"
#include "device/device.h"
#include "memory/mem.h"
#include "ring/base.h"
#include "device/events.h"

/* What the start needs of the whole device. */
static int check_device(struct vhc_dev *dev)
{
	static const struct vhi_lack memory = { "memory", "call vhc_dev_set_mem()" },
				     region = { "memory: its table is empty",
						"call vhc_mem_add() and vhc_mem_commit()" };
	const struct vhi_lack *lack = !dev->want.has_acked ? &dev->kind->no_features
				      : !dev->mem	   ? &memory
				      : !vhi_mem_table(dev->mem) || !vhi_mem_table(dev->mem)->count
					      ? &region
				      : dev->kind->missing ? dev->kind->missing(dev)
							   : NULL;

	if (lack)
		return vhi_dev_fail(dev, -EAGAIN, NULL, lack->hint, "it has no %s", lack->what);
	if (vhi_mem_dirty_log(dev->mem)) {
		int r = vhi_dev_check_logs(dev, "call vhc_dirty_stop() first");

		if (r)
			return r;
	}
	return dev->kind->check_start ? dev->kind->check_start(dev) : 0;
}

/* Is this ring one that the call is to start?  @one: VHI_NO_RING for a start of the device. */
static bool to_start(const struct vhc_dev *dev, uint32_t ring, uint32_t one)
{
	const struct vhi_ring_state *want = &dev->want.ring[ring];

	if (vhi_ring_runs(&dev->have.ring[ring]))
		return false;
	return one == VHI_NO_RING ? want->size && !want->disabled : ring == one;
}

/* One with addresses and no size would stay silent while the others run. */
static bool is_half_set(const struct vhc_dev *dev, uint32_t ring, uint32_t one)
{
	const struct vhi_ring_state *want = &dev->want.ring[ring];

	return one == VHI_NO_RING && want->has_addr && !want->size && !want->disabled;
}

static int check_start(struct vhc_dev *dev, uint32_t one)
{
	uint32_t sized = 0;
	int r = vhi_dev_check_stale(dev) ?: check_device(dev);

	for (uint32_t i = 0; i < dev->want.rings && !r; i++) {
		sized += dev->want.ring[i].size != 0;
		if (to_start(dev, i, one) || is_half_set(dev, i, one))
			r = vhi_ring_check_want(dev, i);
	}
	if (!r && !sized)
		r = vhi_dev_fail(dev, -EAGAIN, NULL, "call vhc_ring_set_size()",
				 "no ring has a size, so there is nothing to start");
	return r;
}

/* Every ring has an ERR eventfd: the only sign that the kernel gave a ring up. */
static int make_errs(struct vhc_dev *dev, uint32_t one, bool *made)
{
	for (uint32_t i = 0; i < dev->want.rings; i++) {
		int r;

		if (!to_start(dev, i, one) || dev->want.ring[i].err >= 0)
			continue;
		r = vhi_events_make_err(dev, i);
		if (r)
			return r;
		made[i] = true;
	}
	return 0;
}

static void drop_errs(struct vhc_dev *dev, const bool *made)
{
	for (uint32_t i = 0; i < dev->want.rings; i++)
		if (made[i])
			vhi_events_close_err(dev, i);
}

/* From here on these rings are wanted to run. */
static bool want_to_run(struct vhc_dev *dev, uint32_t one)
{
	bool any = false;

	for (uint32_t i = 0; i < dev->want.rings; i++) {
		int *backend = &dev->want.ring[i].backend;

		*backend = dev->have.ring[i].backend;
		if (to_start(dev, i, one)) {
			*backend = dev->kind->get_backend(dev, i);
			any = true;
		}
	}
	return any;
}

/*
 * An interrupt for what the device had used before may never have come: its eventfd may have been
 * another one, or another process's.  One too many is harmless (virtio 1.4, 2.7.7).
 */
static void signal_resumed(struct vhc_dev *dev, const bool *resumed)
{
	for (uint32_t i = 0; i < dev->have.rings; i++)
		if (resumed[i] && dev->have.ring[i].call >= 0)
			vhi_sys_signal(&dev->ctx->sys, dev->have.ring[i].call);
}

/* A base of 0 that was given may be one that has wrapped. */
static void note_resumed(const struct vhc_dev *dev, bool *resumed)
{
	for (uint32_t i = 0; i < dev->want.rings; i++) {
		const struct vhi_ring_state *want = &dev->want.ring[i], *have = &dev->have.ring[i];

		resumed[i] = !vhi_ring_runs(have) && want->backend >= 0 &&
			     (want->has_base || have->base != vhi_base_fresh(VHI_SPLIT));
	}
}

static int plan_start(struct vhc_dev *dev, struct vhi_plan *plan, uint32_t one)
{
	int r = vhi_dev_plan_change(dev, plan);

	if (!r && dev->kind->plan_queues)
		dev->kind->plan_queues(dev, plan, one);
	return plan->error;
}

static int apply_start(struct vhc_dev *dev, uint32_t one)
{
	bool *resumed = calloc(dev->want.rings, sizeof(*resumed));
	struct vhi_plan plan = { 0 };
	int r;

	if (!resumed)
		return vhi_dev_fail(dev, -ENOMEM, NULL, NULL, "no memory to start");
	note_resumed(dev, resumed);
	plan_start(dev, &plan, one);
	r = vhi_apply(dev, &plan, VHI_APPLY_ALL_OR_NONE);
	if (!r)
		signal_resumed(dev, resumed);
	if (!r && dev->kind->started)
		dev->kind->started(dev);
	free(resumed);
	return r;
}

static int start(struct vhc_dev *dev, uint32_t one)
{
	int r = check_start(dev, one);
	bool *made;

	if (r || !want_to_run(dev, one))
		return r;
	made = calloc(dev->want.rings, sizeof(*made));
	r = made ? dev->backend->check_ready(dev)
		 : vhi_dev_fail(dev, -ENOMEM, NULL, NULL, "no memory to start");
	r = r ?: make_errs(dev, one, made);
	r = r ?: apply_start(dev, one);
	vhi_state_settle(&dev->want, &dev->have);
	for (uint32_t i = 0; i < dev->want.rings && !r; i++)
		if (vhi_ring_runs(&dev->have.ring[i])) {
			dev->want.ring[i].has_base = false; /* it resumes where it stops */
			dev->want.ring[i].disabled = false;
		}
	if (r && made)
		drop_errs(dev, made);
	free(made);
	return r;
}

VHC_EXPORT int vhc_dev_start(struct vhc_dev *dev)
{
	return start(dev, VHI_NO_RING);
}

VHC_EXPORT int vhc_ring_start(struct vhc_dev *dev, uint32_t ring)
{
	struct vhi_ring_state *want;

	return vhi_dev_ring(dev, ring, &want) ?: vhi_ring_check_single(dev, ring)
					      ?: start(dev, ring);
}

/* ERR eventfds that a start would make, as long as the plan is only shown. */
static void show_errs(struct vhc_dev *dev, int from, int to)
{
	for (uint32_t i = 0; i < dev->want.rings; i++)
		if (dev->want.ring[i].err == from)
			dev->want.ring[i].err = to;
}

VHC_EXPORT int vhc_dev_plan(struct vhc_dev *dev, char **ret_json)
{
	struct vhi_plan plan = { 0 };
	char *json = NULL;
	int r = check_start(dev, VHI_NO_RING);

	if (r)
		return r;
	show_errs(dev, VHI_FD_NONE, VHI_FD_NEW);
	if (want_to_run(dev, VHI_NO_RING))
		r = plan_start(dev, &plan, VHI_NO_RING);
	show_errs(dev, VHI_FD_NEW, VHI_FD_NONE);
	vhi_state_settle(&dev->want, &dev->have);
	if (!r)
		json = vhi_plan_json(&plan, dev->id, dev->kind->type);
	vhi_plan_clear(&plan);
	if (!json)
		return vhi_dev_fail(dev, -ENOMEM, NULL, NULL, "no memory for the plan");
	*ret_json = json;
	return 0;
}
