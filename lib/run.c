/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * run - the transitions of a device: each completes what is wanted, plans the difference to what the
 * device has, and applies it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "apply.h"
#include "dev.h"
#include "errname.h"
#include "kvm.h"
#include "feature.h"

static int check_stale(struct vhc_dev *dev)
{
	if (!dev->stale)
		return 0;
	return vhc_dev_fail(dev, -ESTALE, NULL, "call vhc_dev_reset() or vhc_dev_close()",
			    "a step failed before and so did its undo: the device's state is not "
			    "known");
}

/* What the start needs of the whole device. */
static int check_device(struct vhc_dev *dev)
{
	const char *missing = !dev->want.has_acked
				      ? "features: call vhc_dev_set_features(); without "
					"them vhost takes another header size than the tap"
			      : !dev->mem ? "memory: call vhc_dev_set_mem()"
			      : !vhc_mem_table(dev->mem) || !vhc_mem_table(dev->mem)->count
				      ? "memory: the table is empty"
			      : dev->fds && !dev->tap ? "tap: call vhc_dev_set_tap()"
						      : NULL;

	return missing ? vhc_dev_fail(dev, -EAGAIN, NULL, NULL, "it has no %s", missing) : 0;
}

static bool to_start(const struct vhc_dev *dev, uint32_t ring)
{
	return dev->want.ring[ring].size && !vhc_ring_runs(&dev->have.ring[ring]);
}

/* What vhost is told: its own part, and not that addresses go through an IOMMU. */
static struct vhc_features to_vhost(const struct vhc_dev *dev)
{
	struct vhc_features own = vhc_features_of(dev->type, VHC_ORIGIN_VHOST);

	own = vhc_features_and(&own, &dev->want.acked);
	vhc_features_remove(&own, VHC_F_ACCESS_PLATFORM);
	return own;
}

/* Write down for each fd and ring what follows from what was set. */
static void complete(struct vhc_dev *dev)
{
	struct vhc_features own = to_vhost(dev);

	for (uint32_t i = 0; i < dev->want.fds; i++) {
		struct vhc_fd_state *fd = &dev->want.fd[i];

		fd->owned = fd->has_features = true;
		fd->features = own;
		vhc_fd_state_set_table(fd, vhc_mem_table(dev->mem));
	}
	for (uint32_t i = 0; i < dev->want.rings; i++)
		if (to_start(dev, i))
			dev->want.ring[i].backend =
				dev->tap ? dev->tap->fds[i / VHC_NET_RINGS_PER_FD] : VHC_FD_NEW;
	dev->want.header = vhc_net_header_size(&dev->want.acked);
	dev->want.offloads = vhc_offload_from_features(&dev->want.acked);
	dev->have.header = dev->tap ? dev->tap->header : 10;
	dev->have.offloads = dev->tap ? dev->tap->offloads : 0;
}

/* Every ring has an ERR eventfd: the only sign of a ring that the kernel gave up on. */
static int make_errs(struct vhc_dev *dev, bool *made)
{
	for (uint32_t i = 0; i < dev->want.rings; i++) {
		int *err = &dev->want.ring[i].err;

		if (!to_start(dev, i) || *err >= 0)
			continue;
		*err = dev->ctx->sys->eventfd(dev->ctx->sys_data);
		if (*err < 0) {
			int r = *err;

			*err = VHC_FD_NONE;
			return vhc_dev_fail(dev, r, NULL, NULL,
					    "ring %u: no error eventfd: %s (%s)", i, strerror(-r),
					    vhc_errname(-r));
		}
		made[i] = true;
	}
	return 0;
}

static void drop_errs(struct vhc_dev *dev, const bool *made)
{
	for (uint32_t i = 0; i < dev->want.rings; i++)
		if (made[i])
			vhc_sys_close(dev->ctx, &dev->want.ring[i].err);
}

/* Everything that can be wrong is found here, before the first call into the kernel. */
static int check_start(struct vhc_dev *dev)
{
	uint32_t sized = 0;
	int r = check_stale(dev);

	r = r ?: check_device(dev);
	for (uint32_t i = 0; i < dev->want.rings && !r; i++) {
		sized += dev->want.ring[i].size != 0;
		/* one with addresses and no size would stay silent while the others run */
		if (to_start(dev, i) || (dev->want.ring[i].has_addr && !dev->want.ring[i].size))
			r = vhc_ring_check_want(dev, i);
	}
	if (!r && !sized)
		r = vhc_dev_fail(dev, -EAGAIN, NULL, "call vhc_ring_set_size()",
				 "no ring has a size, so there is nothing to start");
	return r;
}

static int plan_start(struct vhc_dev *dev, struct vhc_plan *plan)
{
	uint32_t queues = !dev->tap || !dev->tap->macvtap ? 1 : dev->pairs;

	complete(dev);
	return vhc_plan_start(plan, &(struct vhc_plan_args){ &dev->want, &dev->have, queues });
}

static bool anything_to_start(const struct vhc_dev *dev)
{
	for (uint32_t i = 0; i < dev->want.rings; i++)
		if (to_start(dev, i))
			return true;
	return false;
}

VHC_EXPORT int vhc_dev_start(struct vhc_dev *dev)
{
	struct vhc_plan plan = { 0 };
	int r = check_start(dev);
	bool *made;

	if (r || !anything_to_start(dev))
		return r;
	if (!dev->fds)
		return vhc_dev_fail(
			dev, -ENODEV, NULL, "open the device by vhc_dev_open()",
			"it was made from a vhost-caps document, to plan with: there is "
			"nothing to start");
	made = calloc(dev->want.rings, sizeof(*made));
	if (!made)
		return vhc_dev_fail(dev, -ENOMEM, NULL, NULL, "no memory to start");
	r = make_errs(dev, made);
	if (!r) {
		plan_start(dev, &plan);
		r = vhc_apply(dev, &plan, VHC_APPLY_ALL_OR_NONE);
		vhc_plan_clear(&plan);
	}
	for (uint32_t i = 0; i < dev->want.rings && !r; i++)
		if (vhc_ring_runs(&dev->have.ring[i]))
			dev->want.ring[i].has_base = false; /* it goes on from where it stops */
	if (r)
		drop_errs(dev, made);
	free(made);
	return r;
}

VHC_EXPORT int vhc_dev_plan(struct vhc_dev *dev, char **ret_json)
{
	struct json_object *tree = NULL;
	struct vhc_plan plan = { 0 };
	char *json = NULL;
	int r = check_start(dev);

	if (r)
		return r;
	for (uint32_t i = 0; i < dev->want.rings; i++)
		if (dev->want.ring[i].err == VHC_FD_NONE)
			dev->want.ring[i].err = VHC_FD_NEW; /* only shown */
	if (anything_to_start(dev))
		r = plan_start(dev, &plan);
	for (uint32_t i = 0; i < dev->want.rings; i++)
		if (dev->want.ring[i].err == VHC_FD_NEW)
			dev->want.ring[i].err = VHC_FD_NONE;
	if (!r)
		tree = vhc_plan_json(&plan, dev->id);
	vhc_plan_clear(&plan);
	if (tree)
		json = strdup(json_object_to_json_string_ext(
			tree, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(tree);
	if (!json)
		return vhc_dev_fail(dev, -ENOMEM, NULL, NULL, "no memory for the plan");
	*ret_json = json;
	return 0;
}

/* Rings that a stop before took the backend off, and could not ask where they stopped. */
static void plan_lost(struct vhc_dev *dev, struct vhc_plan *plan)
{
	for (uint32_t i = 0; i < dev->have.rings; i++) {
		const struct vhc_ring_state *have = &dev->have.ring[i];
		struct vhc_op op = { .kind = VHC_OP_GET_VRING_BASE,
				     .fd = i / VHC_NET_RINGS_PER_FD,
				     .ring = i };

		if (!vhc_ring_runs(have) && have->base_lost && !dev->want.ring[i].has_base)
			vhc_plan_one(plan, &op, NULL);
	}
}

VHC_EXPORT int vhc_dev_stop(struct vhc_dev *dev)
{
	struct vhc_plan plan = { 0 };
	int r = check_stale(dev);

	if (r)
		return r;
	vhc_plan_stop(&plan, &dev->have);
	plan_lost(dev, &plan);
	r = vhc_apply(dev, &plan, VHC_APPLY_ALL_I_CAN);
	vhc_plan_clear(&plan);
	return r;
}

/* The last way out: the kernel forgets all, and with it our record of what it knows. */
static void forget(struct vhc_dev *dev)
{
	for (uint32_t i = 0; i < dev->want.rings; i++) {
		vhc_ring_close_eventfds(dev, i);
		vhc_ring_state_forget(&dev->want.ring[i]);
	}
	dev->want.has_acked = false;
	dev->want.acked = (struct vhc_features){ { 0 } };
}

/* A ring that starts anew starts at its beginning, wherever the one before it stopped. */
static void start_over(struct vhc_dev *dev)
{
	for (uint32_t i = 0; i < dev->want.rings; i++) {
		dev->want.ring[i].base = vhc_base_fresh(VHC_SPLIT);
		dev->want.ring[i].has_base = dev->have.ring[i].base_lost || dev->have.ring[i].base;
	}
}

void vhc_dev_let_go(struct vhc_dev *dev)
{
	struct vhc_plan plan = { 0 };

	vhc_plan_stop(&plan, &dev->have);
	vhc_plan_reset(&plan, &dev->have, true);
	vhc_apply(dev, &plan,
		  VHC_APPLY_ALL_I_CAN); /* what fails is in the log: nobody can help it */
	vhc_plan_clear(&plan);
}

VHC_EXPORT int vhc_dev_reset(struct vhc_dev *dev)
{
	bool owner = dev->stale; /* without it the worker stays, and the next start is quick */
	struct vhc_plan plan = { 0 };
	int r = 0, r2;

	if (vhc_dev_runs(dev)) {
		vhc_plan_stop(&plan, &dev->have);
		r = vhc_apply(dev, &plan, VHC_APPLY_ALL_I_CAN);
		vhc_plan_clear(&plan);
	}
	if (dev->fds) {
		vhc_plan_reset(&plan, &dev->have, owner);
		r2 = vhc_apply(dev, &plan, VHC_APPLY_ALL_I_CAN);
		vhc_plan_clear(&plan);
		/* after RESET_OWNER nothing of before is left, whatever failed on the way */
		r = owner ? r2 : r ?: r2;
	}
	r = r ?: vhc_kvm_forget(dev, VHC_NO_RING);
	if (r)
		return r;
	dev->stale = false;
	forget(dev);
	start_over(dev);
	return 0;
}
