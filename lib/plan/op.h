/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * op - one operation on a device: what it is, its argument, and the table of all operations.
 *
 * A new operation is an enumerator here and a row in op.c: the kernel's name and request, the form
 * of its argument, and what it changes in `have`.  Executing and printing follow from the form.
 */
#ifndef LIB_PLAN_OP_H
#define LIB_PLAN_OP_H

#include "memory/iotlb.h"
#include "plan/state.h"
#include "ring/binding.h"

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
	VHC_OP_SET_FEATURES_ARRAY, /* for a set with a bit above 63 */
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
	VHC_OP_SET_GUEST_CID,
	VHC_OP_SET_RUNNING,
	VHC_OP_IOTLB_UPDATE,
	VHC_OP_IOTLB_INVALIDATE,
	VHC_OP_IOTLB_FILL, /* update with all of the device's mappings that are in a range */
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
		int file; /* VHC_FD_NONE removes it */
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
		struct vhc_mapping map; /* of a range: iova and size; size 0 is all there is */
		struct {
			struct vhc_binding *binding; /* borrowed */
			int file;		     /* the ring's eventfd */
			bool assign;		     /* false: remove it */
		} kvm;
	};
};

/* What the argument of an operation is. */
enum vhc_op_form {
	VHC_FORM_NONE,
	VHC_FORM_VALUE,
	VHC_FORM_FILE,
	VHC_FORM_FEATURES,
	VHC_FORM_TABLE,
	VHC_FORM_LOG,
	VHC_FORM_ADDR,
	VHC_FORM_MAP,
	VHC_FORM_RANGE,
	VHC_FORM_BINDING,
	VHC_FORM_CPUS,
	VHC_FORM_SCHED,
	VHC_FORM_COUNT
};

/* What executes it. */
enum vhc_op_on {
	VHC_ON_BACKEND, /* the back end, on a vhost fd or a ring */
	VHC_ON_WORKER,	/* the back end, on the worker thread of a vhost fd */
	VHC_ON_KIND,	/* the device's kind, on what only that kind has */
	VHC_ON_KVM	/* a VM */
};

struct vhc_op_info {
	const char *name;      /* of the kernel's call */
	unsigned long request; /* the ioctl, where one ioctl is all of it */
	enum vhc_op_form form;
	enum vhc_op_on on;
	const char *target; /* of VHC_ON_KIND: what it is done to */
	const char *file;   /* what a file is that is no eventfd */
	/* a value or a file: where `have` keeps it, in 32 or 64 bits of the ring's state or the fd's; size 0: nowhere */
	uint16_t offset, size;
	void (*note)(struct vhc_dev_state *have,
		     const struct vhc_op *op); /* what else it changes */
	bool hex;			       /* its value is a mask */
	bool partly; /* a failed one may have been done in part: it is undone too */
	bool named;  /* an error names its value */
};

/** vhc_op_info() - the row of a kind of operation. */
const struct vhc_op_info *vhc_op_info(enum vhc_op_kind kind);

/** vhc_op_fd() - an operation on a vhost fd, without its argument. */
struct vhc_op vhc_op_fd(enum vhc_op_kind kind, uint32_t fd);

/** vhc_op_ring() - an operation on a ring of a device with @state, without its argument. */
struct vhc_op vhc_op_ring(const struct vhc_dev_state *state, enum vhc_op_kind kind, uint32_t ring);

/** vhc_op_note() - record in `have` that an operation was done. */
void vhc_op_note(struct vhc_dev_state *have, const struct vhc_op *op);

/** vhc_op_target() - what it is done to: "ring 2", "vhost fd 0", "tap queue 1". */
void vhc_op_target(const struct vhc_op *op, char *text, size_t size);

/** vhc_op_where() - "ring 2, VHOST_SET_VRING_ADDR", "ring 2, KVM_IOEVENTFD of port 0xc050, 2 bytes". */
void vhc_op_where(const struct vhc_op *op, char *text, size_t size);

/**
 * vhc_op_explain() - what an errno of this operation means.  @error: positive.
 * Returns NULL if the errno says enough.
 */
const char *vhc_op_explain(enum vhc_op_kind kind, int error);

/** vhc_op_hint() - what to do about it, if that is a sentence of its own; otherwise NULL. */
const char *vhc_op_hint(enum vhc_op_kind kind, int error);

/** vhc_op_print() - the argument as text.  For free(3); NULL: no memory. */
char *vhc_op_print(const struct vhc_op *op, enum vhc_type type);

/** vhc_op_release() - drop the reference that an operation of a plan holds. */
void vhc_op_release(struct vhc_op *op);

#endif
