/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tap - the link of a net device: a tap, or a macvtap.
 *
 * This room opens links by name (open.c and open.h) or by fd (fds.c), and sets what they must know of the guest:
 * header size and offloads (features.c, offload.c), active queues (queues.c).  It knows no vhost: of the
 * device that uses a link it only asks whether it runs and in which process.  Bridges, addresses and
 * names are the host's business.
 */
#ifndef LIB_TAP_TAP_H
#define LIB_TAP_TAP_H

#include "ctx.h"
#include "syscall/sys.h"
#include "plan/plan.h"

struct ifreq;
struct vhi_control;

#define VHI_TAP_MAX_QUEUES 256u /* drivers/net/tun.c, MAX_TAP_QUEUES */

/* What the offloads of a link that is not new were set to before: the kernel does not tell. */
#define VHI_OFFLOADS_UNKNOWN UINT32_MAX

/* What the kernel has of one queue.  All queues of a tap have the same header and offloads. */
struct vhi_tap_queue {
	uint32_t header;   /* bytes of the virtio-net header */
	uint32_t little;   /* 1: it is little-endian, and this host is big-endian */
	uint32_t offloads; /* TUN_F_ */
	bool detached;	   /* it receives nothing */
};

struct vhc_tap {
	struct vhc_ctx *ctx;
	struct vhc_tap *next; /* in the context's list */
	uint32_t refs;
	char name[16];
	int *fds; /* one for each queue */
	struct vhi_tap_queue *queue;
	uint32_t queues;
	bool macvtap;	      /* each queue has its own header and offloads */
	uint32_t can_offload; /* TUN_F_ that the link supports; probed once */
	bool has_can_offload;
	const struct vhc_dev *user;  /* the device that runs on it */
	struct vhi_control *control; /* of that device */
};

/* tap.c */

/** vhi_tap_make() - a tap without fds, in the context's list. */
int vhi_tap_make(struct vhc_ctx *ctx, uint32_t queues, struct vhc_tap **ret);
struct vhc_tap *vhi_tap_ref(struct vhc_tap *tap);
void vhi_tap_unref(struct vhc_tap *tap);

/**
 * vhi_tap_rival() - the device that already uses a queue of this link, perhaps through another tap object
 * of the context.  NULL: none.
 */
const struct vhc_dev *vhi_tap_rival(const struct vhc_tap *tap);

/** vhi_tap_fail() - a call on a link failed: its errno, what that means, and what to do. */
int vhi_tap_fail(const struct vhc_tap *tap, const char *call, int error, const char *more);

/** vhi_tap_call() - an ioctl on a queue, or its error with its text. */
int vhi_tap_call(const struct vhc_tap *tap, uint32_t queue, unsigned long request, const char *call,
		 void *arg);

/** vhi_tap_check_link() - -ENODEV if the link has gone: deleted, perhaps with its network namespace. */
int vhi_tap_check_link(const struct vhc_tap *tap);

/** vhi_tap_watch_link() - an fd that becomes readable when the link has gone. */
int vhi_tap_watch_link(const struct vhc_tap *tap);

/**
 * vhi_tap_check_flags() - -EINVAL unless this fd is the queue of a tap with a virtio-net header and
 * without packet information.
 * @ret: its name and flags, as TUNGETIFF has them.
 */
int vhi_tap_check_flags(struct vhc_tap *tap, uint32_t queue, int fd, struct ifreq *ret);

/** vhi_tap_get_header() - the header size that the kernel has. */
int vhi_tap_get_header(struct vhc_tap *tap, uint32_t queue);

/** vhi_tap_set_sndbuf() - no limit, with which vhost batches what the guest sends (drivers/vhost/net.c). */
int vhi_tap_set_sndbuf(struct vhc_tap *tap);

/* features.c */

/** vhi_tap_offers() - the feature bits that the link supports.  Errors: those of TUNSETOFFLOAD. */
int vhi_tap_offers(struct vhc_tap *tap, struct vhc_features *ret);

/** vhi_tap_execute() - one operation of a plan. */
int vhi_tap_execute(struct vhc_tap *tap, const struct vhi_op *op);

/** vhi_tap_value() - what VHI_OP_TAP_HEADER, _LITTLE or _OFFLOADS last set on a queue. */
uint32_t vhi_tap_value(const struct vhc_tap *tap, enum vhi_op_kind kind, uint32_t queue);

/* queues.c */

/**
 * vhi_tap_plan_queues() - attach queues that are to receive, and detach others.
 * @wanted: says which, by queue: 1 to receive, 0 to be detached, -1 to stay as it is.
 */
void vhi_tap_plan_queues(const struct vhc_tap *tap, struct vhi_plan *plan, const int8_t *wanted);

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
/**
 * vhi_offload_probe_scratch() - that of the taps of this kernel: asked of one in a network namespace of
 * its own, which no other process sees.
 */
int vhi_offload_probe_scratch(struct vhc_ctx *ctx, uint32_t *ret);

#endif
