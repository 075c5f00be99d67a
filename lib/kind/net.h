/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * net - what only a net device has.
 */
#ifndef LIB_KIND_NET_H
#define LIB_KIND_NET_H

#include "dev.h"

struct vhc_tap;

struct vhi_net {
	struct vhc_tap *tap;	      /* referenced; NULL: none yet */
	struct vhc_net_config config; /* only kept, for the vhost-state document */
	struct vhi_control control;
};

/**
 * vhi_net_probe_link() - what a link offers: asked of a scratch tap in a network namespace of its own,
 * which no other process sees.
 * @ret_offloads: TUN_F_ flags, the largest set that the link takes.
 */
int vhi_net_probe_link(struct vhc_ctx *ctx, uint32_t *ret_offloads, struct vhc_features *ret);

/** vhi_net_offloads() - the features that a driver turns off and on: VIRTIO_NET_CTRL_GUEST_OFFLOADS. */
struct vhc_features vhi_net_offloads(void);

/** vhi_net_offloads_stand() - would a link that has all of these accept them together? */
bool vhi_net_offloads_stand(const struct vhc_features *set);

#endif
