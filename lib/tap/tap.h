/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tap - the link object, as devices see it.
 */
#ifndef LIB_TAP_H
#define LIB_TAP_H

#include "ctx.h"
#include "syscall/sys.h"
#include "plan/plan.h"

struct vhc_tap {
	struct vhc_ctx *ctx;
	struct vhc_tap *next; /* of the context */
	uint32_t refs;
	char name[16];
	int *fds; /* one for each queue */
	uint32_t queues;
	bool macvtap;	      /* each queue has its own header size and offloads */
	uint32_t header;      /* bytes of the virtio-net header, as last set */
	uint32_t offloads;    /* TUN_F_, as last set */
	uint32_t can_offload; /* TUN_F_ that the link takes; asked once */
	bool has_can_offload;
	uint32_t active;	    /* queues that receive: the first of them */
	const struct vhc_dev *user; /* the device that runs on it */
};

struct vhc_tap *vhc_tap_ref(struct vhc_tap *tap);
void vhc_tap_unref(struct vhc_tap *tap);

/**
 * vhc_tap_rival() - the device that already has this link's queue, be it by another tap object of
 * the context.  NULL: none.
 */
const struct vhc_dev *vhc_tap_rival(const struct vhc_tap *tap);

/** vhc_tap_offers() - the feature bits that the link has. */
int vhc_tap_offers(struct vhc_tap *tap, struct vhc_features *ret);

/** vhc_tap_execute() - one operation of a plan. */
int vhc_tap_execute(struct vhc_tap *tap, const struct vhc_op *op);

/* offload.c: between feature bits and TUN_F_ flags; pure but for the probe. */
/** vhc_offload_from_features() - what TUNSETOFFLOAD must be told for these acked bits. */
uint32_t vhc_offload_from_features(const struct vhc_features *acked);
/** vhc_offload_to_features() - the bits that a link has which takes these flags. */
struct vhc_features vhc_offload_to_features(uint32_t offloads);
/**
 * vhc_offload_probe() - the largest set of flags that a link takes.  They are tried together, since
 * some are refused alone; leaves the link with the last set that it took.
 */
int vhc_offload_probe(struct vhc_ctx *ctx, int fd, uint32_t *ret);

#endif
