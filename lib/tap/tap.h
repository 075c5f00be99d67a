/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tap - the link of a net device: a tap, or a macvtap.
 *
 * This room opens links (tap.c), and sets what they must know of the guest: header size, offloads, active
 * queues (features.c, offload.c).  It knows no vhost: of the device that uses a link it only asks
 * whether it runs and in which process.  Bridges, addresses and names are the host's business.
 */
#ifndef LIB_TAP_TAP_H
#define LIB_TAP_TAP_H

#include "ctx.h"
#include "syscall/sys.h"
#include "plan/plan.h"

/* What an adopted link's offloads were set to before: the kernel does not tell. */
#define VHI_OFFLOADS_UNKNOWN UINT32_MAX

struct vhc_tap {
	struct vhc_ctx *ctx;
	struct vhc_tap *next; /* in the context's list */
	uint32_t refs;
	char name[16];
	int *fds; /* one for each queue */
	uint32_t queues;
	bool macvtap;	      /* each queue has its own header size and offloads */
	uint32_t header;      /* bytes of the virtio-net header, as last set */
	uint32_t offloads;    /* TUN_F_, as last set */
	uint32_t can_offload; /* TUN_F_ that the link supports; probed once */
	bool has_can_offload;
	uint32_t active;	    /* this many queues receive, from the first on */
	const struct vhc_dev *user; /* the device that runs on it */
};

struct vhc_tap *vhi_tap_ref(struct vhc_tap *tap);
void vhi_tap_unref(struct vhc_tap *tap);

/**
 * vhi_tap_rival() - the device that already uses a queue of this link, perhaps through another tap object
 * of the context.  NULL: none.
 */
const struct vhc_dev *vhi_tap_rival(const struct vhc_tap *tap);

/** vhi_tap_offers() - the feature bits that the link supports.  Errors: those of TUNSETOFFLOAD. */
int vhi_tap_offers(struct vhc_tap *tap, struct vhc_features *ret);

/** vhi_tap_execute() - one operation of a plan. */
int vhi_tap_execute(struct vhc_tap *tap, const struct vhi_op *op);

/* offload.c */

/** vhi_offload_bits() - the features that a driver turns off and on: VIRTIO_NET_CTRL_GUEST_OFFLOADS. */
struct vhc_features vhi_offload_bits(void);
/** vhi_offload_stands() - would a link that has all of these flags accept them together? */
bool vhi_offload_stands(uint32_t flags);
/** vhi_offload_from_features() - the flags of TUNSETOFFLOAD for these acked bits. */
uint32_t vhi_offload_from_features(const struct vhc_features *acked);
/** vhi_offload_to_features() - the feature bits of a link that supports these flags. */
struct vhc_features vhi_offload_to_features(uint32_t offloads);
/**
 * vhi_offload_probe() - the largest set of flags that a link accepts.  They are tried together, since some
 * are refused alone; the link is left with that set.
 */
int vhi_offload_probe(struct vhc_ctx *ctx, int fd, uint32_t *ret);

#endif
