/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * state - one device as a set of values: what is wanted, or what was set in the kernel and what the
 * kernel returned.  A plan is the difference between two of these.
 */
#ifndef LIB_PLAN_STATE_H
#define LIB_PLAN_STATE_H

#include "ring/layout.h"
#include "dirty/log.h"
#include "syscall/sys.h"
#include "vhostconfig.h"

struct vhi_ring_state {
	uint32_t size; /* descriptors; 0: not set */
	bool has_addr, has_base;
	uint64_t addr[VHI_PARTS]; /* guest-physical */
	bool by_peer; /* want: addresses were given as `peer`, `addr` follows from them */
	uint64_t peer[VHI_PARTS];
	uint64_t user[VHI_PARTS]; /* the same in this process; want: of rings that run or start */
	uint32_t base;
	bool base_lost; /* have: it ran, and was not asked where it stopped */
	bool disabled;	/* want: a start of the device skips it */
	bool logs;	/* writes to its used ring are logged in the dirty log */
	int kick, call, err;
	bool masked; /* want: interrupts go to `mask` */
	int mask;    /* want: the eventfd that receives them meanwhile; kept when it is unmasked */
	int backend; /* the fd that it runs on, or VHI_BACKEND_SELF: the ring runs when it has one */
	uint32_t busyloop; /* microseconds; the host's choice, which a reset by the guest keeps */
};

/* The backend of a ring whose device needs none besides itself. */
#define VHI_BACKEND_SELF 0

/* In place of a tid: the worker could not be identified. */
enum {
	VHI_WORKER_UNSEEN = -1,	 /* no new thread was visible */
	VHI_WORKER_MANY = -2,	 /* more than one */
	VHI_WORKER_NO_PROC = -3, /* there is no /proc to look at */
};

struct vhi_cpus;

/* One vhost fd.  Where its worker runs is the host's choice: a reset by the guest keeps it. */
struct vhi_fd_state {
	bool owned;
	bool has_mode;	  /* the worker mode was selected; false: the kernel's choice */
	uint32_t mode;	  /* VHI_FORK_ */
	bool find_worker; /* want: look for it when ownership is taken */
	int32_t worker;	  /* have: its tid, VHI_WORKER_, or 0 if it was not searched for */
	bool has_sched;	  /* want; have: it was set */
	int32_t policy, priority;
	struct vhi_cpus *cpus; /* want: on which it may run; owned; NULL: not set */
	bool has_cpus;	       /* have: they were set */
	bool has_features;
	/* vhost's part of what the driver acked; LOG_ALL with a log */
	struct vhc_features features;
	uint64_t backend;	   /* backend features, as a mask */
	bool iotlb;		   /* have: an IOMMU was set since it has this owner */
	bool filled;		   /* have: the kernel has the device's mappings */
	struct vhi_table *table;   /* referenced */
	struct vhi_dirty_log *log; /* referenced; NULL: none */
	int log_event;		   /* borrowed of the memory; VHI_FD_NONE: none */
};

struct vhi_dev_state {
	bool has_acked;
	struct vhc_features acked; /* want: all that the driver accepted */
	bool iommu;		   /* want: addresses go through an IOMMU of the caller's */
	uint32_t fds;
	struct vhi_fd_state *fd;
	uint32_t rings_per_fd;
	uint32_t rings; /* those of the first fd come first */
	struct vhi_ring_state *ring;
};

/** vhi_state_new() - all unset.  Errors: -ENOMEM. */
int vhi_state_new(struct vhi_dev_state *state, uint32_t fds, uint32_t rings_per_fd);
void vhi_state_clear(struct vhi_dev_state *state);

static inline uint32_t vhi_state_fd_of(const struct vhi_dev_state *state, uint32_t ring)
{
	return ring / state->rings_per_fd;
}

/** vhi_ring_state_forget() - clear all that a guest's driver set; what the host chose is kept. */
void vhi_ring_state_forget(struct vhi_ring_state *ring);
/** vhi_fd_state_forget() - to the state of a new fd, or one after RESET_OWNER, with all its rings. */
void vhi_fd_state_forget(struct vhi_dev_state *state, uint32_t fd);
/** vhi_fd_state_set_table() - hold a reference to this table instead of the one before. */
void vhi_fd_state_set_table(struct vhi_fd_state *fd, struct vhi_table *table);

/** vhi_fd_state_set_log() - hold a reference to this dirty log instead of the one before. */
void vhi_fd_state_set_log(struct vhi_fd_state *fd, struct vhi_dirty_log *log);

/**
 * vhi_state_settle() - at the end of a transition: what runs is now what is wanted, and references
 * that only the plan needed are dropped.
 */
void vhi_state_settle(struct vhi_dev_state *want, const struct vhi_dev_state *have);

/** vhi_fd_translates() - do the addresses of this fd go through an IOMMU? */
bool vhi_fd_translates(const struct vhi_fd_state *fd);

static inline bool vhi_ring_runs(const struct vhi_ring_state *ring)
{
	return ring->backend >= 0;
}

/** vhi_ring_call() - of a wanted ring: the eventfd that vhost is to notify. */
static inline int vhi_ring_call(const struct vhi_ring_state *want)
{
	return want->masked ? want->mask : want->call;
}

/** vhi_state_runs() - is any ring running? */
bool vhi_state_runs(const struct vhi_dev_state *state);

#endif
