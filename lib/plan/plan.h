/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * plan - what is to be done to a device: a flat list of typed operations, each with the operation
 * that undoes it.  Pure functions of two states.  Ground floor: no system call.
 */
#ifndef LIB_PLAN_H
#define LIB_PLAN_H

#include "ring/binding.h"
#include "ctx.h"
#include "memory/iotlb.h"
#include "plan/state.h"

struct doc_table;
struct json_object;

enum vhc_op_kind {
	VHC_OP_NONE,
	VHC_OP_TAP_HEADER,
	VHC_OP_TAP_OFFLOADS,
	VHC_OP_FORK_FROM_OWNER,
	VHC_OP_LIST_TASKS,
	VHC_OP_SET_OWNER,
	VHC_OP_RESET_OWNER,
	VHC_OP_FIND_WORKER,
	VHC_OP_WORKER_CPUS,
	VHC_OP_WORKER_SCHED,
	VHC_OP_SET_FEATURES,
	VHC_OP_SET_FEATURES_ARRAY, /* where a bit above 63 is among them */
	VHC_OP_SET_BACKEND_FEATURES,
	VHC_OP_SET_MEM_TABLE,
	VHC_OP_SET_LOG_BASE,
	VHC_OP_SET_LOG_FD,
	VHC_OP_SET_VRING_NUM,
	VHC_OP_SET_VRING_BASE,
	VHC_OP_GET_VRING_BASE,
	VHC_OP_SET_VRING_ADDR,
	VHC_OP_SET_VRING_KICK,
	VHC_OP_SET_VRING_CALL,
	VHC_OP_SET_VRING_ERR,
	VHC_OP_SET_VRING_BUSYLOOP,
	VHC_OP_SET_BACKEND,
	VHC_OP_IOTLB_UPDATE,
	VHC_OP_IOTLB_INVALIDATE,
	VHC_OP_IOTLB_FILL, /* update with all of the device's table that is in a range */
	VHC_OP_IOEVENTFD,
	VHC_OP_IRQFD,
	VHC_OP_COUNT
};

#define VHC_NO_RING UINT32_MAX

struct vhc_op {
	enum vhc_op_kind kind;
	uint32_t fd;   /* which vhost fd of the device, or which queue of its tap */
	uint32_t ring; /* virtqueue of the device, or VHC_NO_RING */
	union {
		uint64_t value;
		int file; /* VHC_FD_NONE takes it off */
		struct vhc_features features;
		struct vhc_table *table;     /* NULL: no memory at all; borrowed */
		struct vhc_dirty_log *log;   /* NULL: none; borrowed */
		const struct vhc_cpus *cpus; /* borrowed */
		struct {
			int32_t policy, priority;
		} sched;
		struct {
			uint64_t guest[VHC_PARTS];
			uint64_t user[VHC_PARTS];
			bool log; /* the used ring, by its guest address */
		} addr;
		struct vhc_mapping map; /* for a range: iova and size; size 0 is all there is */
		struct {
			struct vhc_binding *binding; /* borrowed */
			int file;		     /* the ring's eventfd */
			bool assign;		     /* else take it off */
		} kvm;
	};
};

/* What the operation's argument is. */
enum vhc_op_arg {
	VHC_ARG_NONE,
	VHC_ARG_VALUE,
	VHC_ARG_FILE,
	VHC_ARG_FEATURES,
	VHC_ARG_TABLE,
	VHC_ARG_LOG,
	VHC_ARG_ADDR,
	VHC_ARG_MAP,
	VHC_ARG_RANGE,
	VHC_ARG_BINDING,
	VHC_ARG_CPUS,
	VHC_ARG_SCHED
};

/* Who executes it. */
enum vhc_op_on {
	VHC_ON_VHOST, /* a vhost fd */
	VHC_ON_TAP,   /* a tap's queue */
	VHC_ON_KVM,   /* a VM */
	VHC_ON_WORKER /* a vhost fd's worker thread */
};

struct vhc_op_info {
	const char *name; /* of the kernel's call */
	enum vhc_op_arg arg;
	enum vhc_op_on on;
	bool hex;    /* its value is a mask */
	bool partly; /* one that failed may have been done in part: it is undone too */
};

/** vhc_op_info() - what is known of a kind of operation. */
const struct vhc_op_info *vhc_op_info(enum vhc_op_kind kind);

/** vhc_op_target() - what it is done to: "ring 2", "vhost fd 0", "tap queue 1". */
void vhc_op_target(const struct vhc_op *op, char *text, size_t size);

/** vhc_op_where() - "ring 2, VHOST_SET_VRING_ADDR", "ring 2, KVM_IOEVENTFD of port 0xc050, 2 bytes". */
void vhc_op_where(const struct vhc_op *op, char *text, size_t size);

/** vhc_op_explain() - what an errno of this operation means, and what to do.  NULL: nothing special. */
const char *vhc_op_explain(enum vhc_op_kind kind, int error);

/** vhc_op_hint() - what to do about it, where that is a sentence of its own.  NULL: nothing. */
const char *vhc_op_hint(enum vhc_op_kind kind, int error);

struct vhc_step {
	struct vhc_op op;
	struct vhc_op undo; /* kind VHC_OP_NONE: nothing that would have to be undone */
};

struct vhc_plan {
	struct vhc_step *steps;
	uint32_t count, room;
	int error;	      /* sticky -ENOMEM */
	struct vhc_step lost; /* what found no room */
};

void vhc_plan_clear(struct vhc_plan *plan);

/* What a plan must know besides the two states. */
struct vhc_plan_args {
	const struct vhc_dev_state *want, *have;
	uint32_t tap_queues_to_set; /* 1; macvtap keeps header and offloads for each queue */
};

/**
 * vhc_plan_change() - from what the device has to what is wanted of it: rings that want a backend
 * are started, and those that run go on with the memory and the log that are wanted.  The rings'
 * checks were made before, and `want` has their user addresses.
 * Order (drivers/vhost/vhost.c): owner, a log that is new or longer, features, memory, then each
 * ring's size, base, addresses and eventfds, the backends, and last a log that is shorter or none.
 */
int vhc_plan_change(struct vhc_plan *plan, const struct vhc_plan_args *args);

/**
 * vhc_plan_stop() - take the backend off a ring, or with VHC_NO_RING off every ring, then ask where
 * each stopped.
 */
int vhc_plan_stop(struct vhc_plan *plan, const struct vhc_dev_state *have, uint32_t ring);

/** vhc_plan_reset() - after a stop: let go of a ring's eventfds, or with VHC_NO_RING of every ring's. */
int vhc_plan_reset(struct vhc_plan *plan, const struct vhc_dev_state *have, uint32_t ring);

/** vhc_plan_disown() - let go of the ownership, and with it of all that the kernel knows. */
int vhc_plan_disown(struct vhc_plan *plan, const struct vhc_dev_state *have);

/**
 * vhc_plan_own() - take the ownership of a vhost fd, with the worker mode that is wanted before it,
 * and its worker found and told what is wanted of it behind it.  Nothing when it is owned.
 */
int vhc_plan_own(struct vhc_plan *plan, uint32_t fd, const struct vhc_fd_state *want,
		 const struct vhc_fd_state *have);

/** vhc_plan_one() - a plan of one step. */
int vhc_plan_one(struct vhc_plan *plan, const struct vhc_op *op, const struct vhc_op *undo);

/** vhc_plan_json() - the plan as a vhost-plan document.  NULL: no memory. */
struct json_object *vhc_plan_json(const struct vhc_plan *plan, const char *device);

/* vhost-plan; document.c */
extern const struct doc_table vhc_plan_doc;

#endif
