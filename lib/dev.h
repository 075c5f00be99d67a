/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * dev - the device object, and what every room asks of it.
 *
 * A device has two tables of functions: its kind (struct vhi_kind; lib/kind) defines what it is,
 * and its back end (struct vhi_backend_ops; lib/kernel, lib/caps) runs its rings.  Everything else
 * is the same for all devices.
 */
#ifndef LIB_DEV_H
#define LIB_DEV_H

#include "ctx.h"
#include "memory/iotlb.h"
#include "plan/change.h"
#include "plan/plan.h"
#include "plan/state.h"
#include "syscall/sys.h"

struct vhc_mem;
struct vhi_net;
struct vhi_table;
struct vhc_dev;

/* ------------------------------------------------------------------------------------ back ends */

/* What to ask a back end for. */
enum vhi_ask {
	VHI_ASK_FEATURES,     /* features, the lower 64 of them at least, and the largest table */
	VHI_ASK_ALL_FEATURES, /* every word of them */
	VHI_ASK_IOTLB	      /* backend features, and the most mappings */
};

/*
 * What runs the rings.
 *
 * For authors of a new one: a row is a back end, and no code outside it asks which one a device
 * has.  Every function returns 0 or a negative errno.  On failure it has set the context's error
 * with vhi_dev_fail(), except execute(), which only returns the errno: its caller adds the step to
 * the text.  The functions are called in the order in which they are listed; close() also follows a
 * failure of open() or adopt().
 */
struct vhi_backend_ops {
	const char *name;
	/*
	 * Open what the device needs, all of it or none: dev->want.fds vhost fds of dev->kind.
	 * @where: the path of a node or socket, or the document; NULL is the kind's own.
	 * -ENOENT, -ENODEV, -EACCES, -EPERM with what is missing and the command that fixes it.
	 */
	int (*open)(struct vhc_dev *dev, const char *where);
	/*
	 * The same with fds that the caller keeps: duplicate them.  -EINVAL for an fd of another
	 * kind.  NULL: there are none.
	 */
	int (*adopt)(struct vhc_dev *dev, const int *fds);
	/*
	 * Query what is not known yet, and set it in dev->offers.  Changes nothing in the device;
	 * what the back end does not support at all is not a failure: its field stays zero.
	 */
	int (*ask)(struct vhc_dev *dev, enum vhi_ask what);
	/* Can rings run, and be bound to a VM?  -ENODEV: there is no real device. */
	int (*check_ready)(struct vhc_dev *dev);
	/*
	 * Execute one operation with enum vhi_op_on BACKEND or WORKER, completely or not at all
	 * (but see `partly` in struct vhi_op_info).  Some write their answer to op->value.  Blocks
	 * no longer than the kernel does; the memory, the dirty log and the files that an operation
	 * names stay valid until another operation replaces them.
	 */
	int (*execute)(struct vhc_dev *dev, struct vhi_op *op);
	/* Get how long an owned ring polls, in microseconds. */
	int (*get_busyloop)(struct vhc_dev *dev, uint32_t ring, uint32_t *ret_us);
	/* The vhost fd with this number, which polls as readable while a miss waits; or VHI_FD_NONE. */
	int (*fd)(const struct vhc_dev *dev, uint32_t fd);
	/* Read a miss of a vhost fd, without blocking.  Returns 1 if there was one, 0 if not. */
	int (*read_miss)(struct vhc_dev *dev, uint32_t fd, struct vhi_iotlb_miss *ret);
	/* Close everything, which stops running rings.  Also called after open() or adopt() failed. */
	void (*close)(struct vhc_dev *dev);
};

/* ---------------------------------------------------------------------------------------- kinds */

/* What a device lacks, after "it has no", and the call that provides it. */
struct vhi_lack {
	const char *what, *hint;
};

/*
 * What a device is.  A new kind is a row in kind/ and its bits in features/names.c.  NULL functions
 * are never called.
 */
struct vhi_kind {
	enum vhc_type type;
	uint32_t index;	    /* below VHI_KINDS; its place in vhi_kinds */
	const char *name;   /* in documents: "net" */
	const char *node;   /* "vhost-net" */
	const char *path;   /* of the node in /dev */
	unsigned int minor; /* of the node, a misc device */
	uint32_t rings_per_fd;
	const char *fd_name; /* what a vhost fd is to the caller: "queue pair" */
	uint64_t can;	     /* VHC_CAN_ that this kind's vhost has, where it offers the rest */
	bool can_disown;     /* VHOST_RESET_OWNER is there */
	struct vhi_lack no_features; /* what a start says when they are not set */

	/* Check the arguments, store the kind's own, return the number of fds.  -EINVAL, -ENOMEM. */
	int (*make)(struct vhc_dev *dev, const struct vhc_dev_args *args, uint32_t *ret_fds);
	/* Steps for vhost fds that were just opened. */
	void (*plan_claim)(struct vhc_dev *dev, struct vhi_plan *plan);
	/* Features whose origin is neither vhost nor the model.  -EAGAIN: something is not set yet. */
	int (*get_link_features)(struct vhc_dev *dev, struct vhc_features *ret);
	/* Check what the driver accepted against what vhost supports for this kind.  -EOPNOTSUPP. */
	int (*check_features)(struct vhc_dev *dev, const struct vhc_features *acked);
	/* What a start still needs; NULL: nothing. */
	const struct vhi_lack *(*missing)(const struct vhc_dev *dev);
	/* The backend of a ring that is to run; see struct vhi_ring_state. */
	int (*get_backend)(const struct vhc_dev *dev, uint32_t ring);
	/* -ENODEV: what its rings run on has gone. */
	int (*check_link)(const struct vhc_dev *dev);
	/* Would the kernel start what cannot work, and say nothing?  -ENODEV. */
	int (*check_start)(const struct vhc_dev *dev);
	/* An fd of the link, which polls as in error when that has gone; or VHI_FD_NONE. */
	int (*get_link)(const struct vhc_dev *dev);
	/* An fd that becomes readable when the link has gone; negative: there is no such. */
	int (*watch_link)(const struct vhc_dev *dev);
	/* Steps before those of all kinds; and the last ones, which make rings run. */
	void (*plan_before)(struct vhc_dev *dev, struct vhi_plan *plan);
	void (*plan_run)(struct vhi_plan *plan, const struct vhi_plan_args *args);
	/* Which queues of the link receive, as a start leaves them.  @one: as vhi_plan_stops(). */
	void (*plan_queues)(struct vhc_dev *dev, struct vhi_plan *plan, uint32_t one);
	/* Stop a ring, or with VHI_NO_RING all running rings. */
	void (*plan_stop)(struct vhi_plan *plan, const struct vhi_dev_state *have, uint32_t ring);
	/* Execute an operation with enum vhi_op_on KIND. */
	int (*execute)(struct vhc_dev *dev, struct vhi_op *op);
	/* After a start that made rings run. */
	void (*started)(struct vhc_dev *dev);
	/* Forget what the driver said besides features and rings. */
	void (*forget)(struct vhc_dev *dev);
	/* The device closes; its rings have stopped. */
	void (*close)(struct vhc_dev *dev);
};

/* --------------------------------------------------------------------------------------- device */

struct vhi_events {
	int epoll;	      /* VHI_FD_NONE: no caller has asked for it */
	int wake;	      /* in it: an eventfd that is readable while `again` is set */
	int link;	      /* is readable when the kind's link has gone; VHI_FD_NONE: none */
	bool link_gone;	      /* it was reported */
	uint32_t next;	      /* round-robin cursor: the source that is looked at first */
	struct pollfd *polls; /* the sources; NULL until the first look */
	bool again;	      /* a miss that could not be answered: once more */
	uint32_t again_fd;
	struct vhi_iotlb_miss again_miss;
};

/*
 * What the driver said on the control queue of a net device.  It is state of the device, which gives it to
 * its tap: it is kept over stop and start, and goes with the features.
 */
struct vhi_control {
	bool has_offloads;
	struct vhc_features offloads; /* of the receive offloads, those that it left enabled */
	uint32_t active;	      /* queue pairs that it enabled; 0: it did not say */
};

struct vhc_dev {
	struct vhc_ctx *ctx;
	char id[64];
	const struct vhi_kind *kind;
	const struct vhi_backend_ops *backend;
	uint32_t flags;		   /* VHC_DEV_ */
	struct vhi_offers *offers; /* never NULL once it is open */
	int *fds;		   /* the kernel back end's; NULL without */
	struct vhc_mem *mem;
	union { /* the kind's own */
		struct vhi_net *net;
		uint64_t guest_cid;
	};
	struct vhi_dev_state want, have;
	struct vhi_iotlb *iotlb; /* NULL without an IOMMU */
	struct vhi_events events;
	bool stale;
	bool shared;   /* the fds are the caller's too, who gets them back without an owner */
	int32_t owner; /* the process that took ownership; 0: none did */
	/* threads as they were before ownership is taken, of these kinds; NULL: none were listed */
	struct vhi_task *tasks;
	uint32_t tasks_count, tasks_kinds;
};

/** vhi_dev_fail() - vhi_fail_at() with the device's id.  @where and @hint may be NULL. */
int vhi_dev_fail(const struct vhc_dev *dev, int code, const char *where, const char *hint,
		 const char *format, ...) __attribute__((format(printf, 5, 6)));

/** vhi_dev_fail_errno() - vhi_fail_errno() with the device's id: the text ends with ": strerror (NAME)". */
int vhi_dev_fail_errno(const struct vhc_dev *dev, int code, const char *where, const char *hint,
		       const char *format, ...) __attribute__((format(printf, 5, 6)));

/** vhi_dev_ring() - the wanted state of a ring.  -EINVAL if there is no such ring. */
int vhi_dev_ring(struct vhc_dev *dev, uint32_t ring, struct vhi_ring_state **ret);

/** vhi_dev_check_fd() - -EINVAL if the device has no vhost fd with this number. */
int vhi_dev_check_fd(const struct vhc_dev *dev, uint32_t fd);

/** vhi_dev_can() - VHC_CAN_: what a caller may rely on. */
uint64_t vhi_dev_can(const struct vhc_dev *dev);

/** vhi_dev_process() - this process's number. */
int32_t vhi_dev_process(const struct vhc_dev *dev);

/** vhi_dev_in_child() - is this a forked child of the process that took ownership? */
bool vhi_dev_in_child(const struct vhc_dev *dev);

/** vhi_dev_format() - the format of its rings, which follows from what the driver accepted. */
enum vhi_format vhi_dev_format(const struct vhc_dev *dev);

/** vhi_dev_check_stale() - -ESTALE after a step failed and so did its undo. */
int vhi_dev_check_stale(struct vhc_dev *dev);

/** vhi_dev_check_process() - -EPERM in a forked child of the process that took ownership, and only there. */
int vhi_dev_check_process(const struct vhc_dev *dev);

/** vhi_dev_check_logs() - -ENOTTY if vhost does not log what this device writes.  @hint: what to do. */
int vhi_dev_check_logs(const struct vhc_dev *dev, const char *hint);

/** vhi_dev_check_stopped() - -EBUSY while a ring runs.  @what: "its memory". */
int vhi_dev_check_stopped(struct vhc_dev *dev, const char *what);

const char *vhi_dev_id(const struct vhc_dev *dev);
bool vhi_dev_runs(const struct vhc_dev *dev);
uint32_t vhi_dev_max_regions(const struct vhc_dev *dev);

/**
 * vhi_dev_watch_link() - let the event fd be readable when the device's link has gone, if a caller has
 * asked for that fd.  Where it cannot be watched, the log says so.
 */
void vhi_dev_watch_link(struct vhc_dev *dev);

/** vhi_dev_unwatch_link() - the device gets another link, or this one is known to have gone. */
void vhi_dev_unwatch_link(struct vhc_dev *dev);

/**
 * vhi_dev_forget_log_event() - this eventfd of the memory's is about to be closed: a stopped
 * device's `have` still names it, and fd numbers are reused.
 */
void vhi_dev_forget_log_event(struct vhc_dev *dev, int event);

#endif
