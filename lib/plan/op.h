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

enum vhi_op_kind {
	VHI_OP_NONE,
	VHI_OP_TAP_HEADER,
	VHI_OP_TAP_LITTLE, /* headers are little-endian, and this host is not */
	VHI_OP_TAP_OFFLOADS,
	VHI_OP_TAP_QUEUE, /* 1 attaches it, 0 detaches it */
	VHI_OP_FORK_FROM_OWNER,
	VHI_OP_LIST_TASKS,
	VHI_OP_SET_OWNER,
	VHI_OP_RESET_OWNER,
	VHI_OP_FIND_WORKER,
	VHI_OP_WORKER_CPUS,
	VHI_OP_WORKER_SCHED,
	VHI_OP_SET_FEATURES,
	VHI_OP_SET_FEATURES_ARRAY, /* for a set with a bit above 63 */
	VHI_OP_SET_BACKEND_FEATURES,
	VHI_OP_SET_MEM_TABLE,
	VHI_OP_SET_LOG_BASE,
	VHI_OP_SET_LOG_FD,
	VHI_OP_SET_VRING_NUM,
	VHI_OP_SET_VRING_BASE,
	VHI_OP_GET_VRING_BASE,
	VHI_OP_SET_VRING_ADDR,
	VHI_OP_SET_VRING_KICK,
	VHI_OP_SET_VRING_CALL,
	VHI_OP_SET_VRING_ERR,
	VHI_OP_SET_VRING_BUSYLOOP,
	VHI_OP_SET_BACKEND,
	VHI_OP_SET_GUEST_CID,
	VHI_OP_SET_RUNNING,
	VHI_OP_IOTLB_UPDATE,
	VHI_OP_IOTLB_INVALIDATE,
	VHI_OP_IOTLB_FILL, /* update with all of the device's mappings that are in a range */
	VHI_OP_IOEVENTFD,
	VHI_OP_IRQFD,
	VHI_OP_COUNT
};

#define VHI_NO_RING UINT32_MAX

/* What has happened where a call on a tap says EBADFD, and one on a macvtap ENOLINK. */
#define VHI_LINK_GONE "the link is gone: it was deleted, or its network namespace has ended"

struct vhi_op {
	enum vhi_op_kind kind;
	uint32_t fd;   /* which vhost fd of the device, or which queue of its tap */
	uint32_t ring; /* virtqueue of the device, or VHI_NO_RING */
	union {
		uint64_t value;
		int file; /* VHI_FD_NONE removes it */
		struct vhc_features features;
		struct vhi_table *table;     /* NULL: no memory at all; borrowed */
		struct vhi_dirty_log *log;   /* NULL: none; borrowed */
		const struct vhi_cpus *cpus; /* borrowed */
		struct {
			int32_t policy, priority;
		} sched;
		struct {
			uint64_t guest[VHI_PARTS];
			uint64_t user[VHI_PARTS];
			bool log; /* the used ring, by its guest address */
		} addr;
		struct vhi_mapping map; /* of a range: iova and size; size 0 is all there is */
		struct {
			struct vhi_binding *binding; /* borrowed */
			int file;		     /* the ring's eventfd */
			bool assign;		     /* false: remove it */
		} kvm;
	};
};

/* What the argument of an operation is. */
enum vhi_op_form {
	VHI_FORM_NONE,
	VHI_FORM_VALUE,
	VHI_FORM_FILE,
	VHI_FORM_FEATURES,
	VHI_FORM_TABLE,
	VHI_FORM_LOG,
	VHI_FORM_ADDR,
	VHI_FORM_MAP,
	VHI_FORM_RANGE,
	VHI_FORM_BINDING,
	VHI_FORM_CPUS,
	VHI_FORM_SCHED,
	VHI_FORM_COUNT
};

/* What executes it. */
enum vhi_op_on {
	VHI_ON_BACKEND, /* the back end, on a vhost fd or a ring */
	VHI_ON_WORKER,	/* the back end, on the worker thread of a vhost fd */
	VHI_ON_KIND,	/* the device's kind, on what only that kind has */
	VHI_ON_KVM	/* a VM */
};

struct vhi_op_info {
	const char *name;      /* of the kernel's call */
	unsigned long request; /* the ioctl, where one ioctl is all of it */
	enum vhi_op_form form;
	enum vhi_op_on on;
	const char *target; /* of VHI_ON_KIND: what it is done to */
	const char *file;   /* what a file is that is no eventfd */
	/* a value or a file: where `have` keeps it, in 32 or 64 bits of the ring's state or the fd's;
	 * size 0: nowhere */
	uint16_t offset, size;
	void (*note)(struct vhi_dev_state *have,
		     const struct vhi_op *op); /* what else it changes */
	bool hex;			       /* its value is a mask */
	bool partly; /* a failed one may have been done in part: it is undone too */
	bool named;  /* an error names its value */
};

/** vhi_op_info() - the row of a kind of operation. */
const struct vhi_op_info *vhi_op_info(enum vhi_op_kind kind);

/** vhi_op_fd() - an operation on a vhost fd, without its argument. */
struct vhi_op vhi_op_fd(enum vhi_op_kind kind, uint32_t fd);

/** vhi_op_ring() - an operation on a ring of a device with @state, without its argument. */
struct vhi_op vhi_op_ring(const struct vhi_dev_state *state, enum vhi_op_kind kind, uint32_t ring);

/** vhi_op_note() - record in `have` that an operation was done. */
void vhi_op_note(struct vhi_dev_state *have, const struct vhi_op *op);

/** vhi_op_target() - what it is done to: "ring 2", "vhost fd 0", "tap queue 1". */
void vhi_op_target(const struct vhi_op *op, char *text, size_t size);

/** vhi_op_where() - "ring 2, VHOST_SET_VRING_ADDR", "ring 2, KVM_IOEVENTFD of port 0xc050, 2 bytes". */
void vhi_op_where(const struct vhi_op *op, char *text, size_t size);

/**
 * vhi_op_explain() - what an errno of this operation means.  @error: positive.
 * Returns NULL if the errno says enough.
 */
const char *vhi_op_explain(enum vhi_op_kind kind, int error);

/** vhi_op_hint() - what to do about it, if that is a sentence of its own; otherwise NULL. */
const char *vhi_op_hint(enum vhi_op_kind kind, int error);

/** vhi_op_print() - the argument as text.  For free(3); NULL: no memory. */
char *vhi_op_print(const struct vhi_op *op, enum vhc_type type);

/** vhi_op_release() - drop the reference that an operation of a plan holds. */
void vhi_op_release(struct vhi_op *op);

#endif
