/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The operation on vhost-vsock devices: the CID is claimed when the library opens the device, and
 * belongs to the fd from then on.  It needs no owner, so the launcher gets the fd with its CID.
 */
#include <errno.h>

#include "ops/op.h"

/* Does the config give this CID to one of its devices? */
static bool is_given(const struct host_setup *setup, uint64_t cid)
{
	for (size_t i = 0; i < setup->devices.count; i++)
		if (host_device(setup, i)->type == HOST_VSOCK && host_device(setup, i)->cid == cid)
			return true;
	return false;
}

int host_open_vsock(struct host_run *run, const struct host_op *op, struct host_error *err)
{
	const struct host_device *config = host_device(run->plan->setup, op->device);
	struct host_device_run *device = host_run_of(run, op);
	struct vhc_ctx *ctx = run->plan->options->ctx;
	struct vhc_dev_args args = host_dev_args(config);
	bool automatic = config->cid == HOST_CID_AUTO;
	int r;

	/* Claiming is atomic, so of those who try at the same time each gets another. */
	do {
		while (automatic && is_given(run->plan->setup, args.guest_cid))
			args.guest_cid++;
		r = vhc_dev_open(ctx, config->id, NULL, &args, &device->vhost);
	} while (r == -EADDRINUSE && automatic && args.guest_cid++ < HOST_CID_MAX);
	if (r < 0)
		return host_fail_vhost(err, ctx, "/dev/vhost-vsock", r);
	device->cid = args.guest_cid;
	return 1;
}
