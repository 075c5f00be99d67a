/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * vsock-rig - a vhost-vsock device on the fake kernel, with the rig's memory and rings, and no tap.
 */
#ifndef TESTS_KIND_VSOCK_RIG_H
#define TESTS_KIND_VSOCK_RIG_H

#include "rig.h"

#define CID 5u

static inline int open_vsock(struct rig *rig, uint64_t cid, uint32_t flags, struct vhc_dev **ret)
{
	return vhc_dev_open(
		rig->ctx, "vsock0", NULL,
		VHC_ARG(vhc_dev_args, .type = VHC_TYPE_VSOCK, .guest_cid = cid, .flags = flags),
		ret);
}

/* Everything but the start; the rig opens no device of its own, and no tap. */
static inline void prepare(struct rig *rig, const char *kernel)
{
	rig_new(rig, kernel, 1);
	assert_ok(rig, rig_mem(rig));
	assert_ok(rig, open_vsock(rig, CID, 0, &rig->dev));
	assert_ok(rig, vhc_dev_set_mem(rig->dev, rig->mem));
	rig->acked = (struct vhc_features){ { 0 } };
	vhc_features_add(&rig->acked, 1); /* seqpacket */
	vhc_features_add(&rig->acked, VHI_F_EVENT_IDX);
	vhc_features_add(&rig->acked, VHI_F_VERSION_1);
	assert_ok(rig, vhc_dev_set_features(rig->dev, &rig->acked, 0));
	assert_ok(rig, rig_rings(rig));
}

static inline void up(struct rig *rig, const char *kernel)
{
	prepare(rig, kernel);
	assert_ok(rig, vhc_dev_start(rig->dev));
}

static inline bool runs(struct rig *rig)
{
	return rig_kernel_ring(rig, 0)->runs && rig_kernel_ring(rig, 1)->runs;
}

#endif
