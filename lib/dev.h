/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * dev - the device object, as the files that make it up see it: open.c (life), attach.c (memory and
 * tap), negotiate.c (features), rings.c, mask.c, bind.c and tune.c (setters), check.c and window.c (is it
 * in order), complete.c (what follows from it), start.c and stop.c (transitions), info.c (what it can
 * do), worker.c (workers), save.c and load.c (documents), iommu.c (mappings), events.c, and kernel.c
 * with kernel-iotlb.c (back end).  What all of them ask is in dev.c.
 */
#ifndef LIB_DEV_H
#define LIB_DEV_H

#include "ctx.h"
#include "memory/iotlb.h"
#include "plan/plan.h"
#include "plan/state.h"
#include "syscall/sys.h"

struct vhc_mem;
struct vhc_tap;
struct vhc_table;

struct vhc_events {
	int epoll; /* VHC_FD_NONE: nobody has asked for it */
	uint32_t
		next; /* which source is looked at first: the last one that had its turn is the last */
	struct pollfd *polls; /* the sources; NULL until the first look */
	bool again;	      /* a miss that could not be answered: once more */
	uint32_t again_fd;
	struct vhc_iotlb_miss again_miss;
};

struct vhc_dev {
	struct vhc_ctx *ctx;
	char id[64];
	enum vhc_type type;
	uint32_t flags; /* VHC_DEV_ */
	uint32_t pairs;
	int *fds; /* one for each pair; NULL for a device that is not there */
	struct vhc_mem *mem;
	struct vhc_tap *tap;
	struct vhc_features vhost_offers; /* word 0, and more once they were asked for */
	struct vhc_features tap_offers;	  /* of a device that is not there */
	uint64_t backend_offers;	  /* backend features; asked for with the first IOMMU */
	uint32_t max_regions;
	struct vhc_net_config net; /* only kept */
	struct vhc_dev_state want, have;
	struct vhc_iotlb *iotlb; /* NULL without an IOMMU */
	struct vhc_events events;
	bool stale;
	bool shared;	  /* the giver of the vhost fds may keep them open */
	bool no_busyloop; /* of a device that is not there */
	int32_t owner;	  /* the process that took ownership; 0: none did */
	/* threads as they were before ownership is taken, of these kinds; NULL: none were listed */
	struct vhc_task *tasks;
	uint32_t tasks_count, tasks_kinds;
};

/** vhc_dev_fail() - vhc_fail_at() with the device's id.  @where and @hint may be NULL. */
int vhc_dev_fail(const struct vhc_dev *dev, int code, const char *where, const char *hint,
		 const char *format, ...) __attribute__((format(printf, 5, 6)));

/** vhc_dev_fail_errno() - vhc_fail_errno() with the device's id: the text ends with ": strerror (NAME)". */
int vhc_dev_fail_errno(const struct vhc_dev *dev, int code, const char *where, const char *hint,
		       const char *format, ...) __attribute__((format(printf, 5, 6)));

/** vhc_dev_ring() - the wanted state of a ring.  -EINVAL when there is none. */
int vhc_dev_ring(struct vhc_dev *dev, uint32_t ring, struct vhc_ring_state **ret);

/** vhc_dev_can() - VHC_CAN_: what may be relied on. */
uint64_t vhc_dev_can(const struct vhc_dev *dev);

/** vhc_dev_process() - this process's number. */
int32_t vhc_dev_process(const struct vhc_dev *dev);

/** vhc_dev_in_child() - is this a forked child of the process that took ownership? */
bool vhc_dev_in_child(const struct vhc_dev *dev);

/** vhc_dev_make() - a device without fds, all unset.  Checks id and args. */
int vhc_dev_make(struct vhc_ctx *ctx, const char *id, const struct vhc_dev_args *args,
		 struct vhc_dev **ret);

/**
 * vhc_dev_vhost_offers() - what the vhost device has; asks the kernel for 128 bits when one of the
 * upper ones is wanted.
 */
int vhc_dev_vhost_offers(struct vhc_dev *dev, bool upper, struct vhc_features *ret);

/** vhc_dev_format() - of its rings, by what the driver accepted. */
enum vhc_format vhc_dev_format(const struct vhc_dev *dev);

/**
 * vhc_dev_has() - what vhost has here, and the tap, of the features that are theirs.
 * Errors: -EAGAIN no tap yet; the kernel's.
 */
int vhc_dev_has(struct vhc_dev *dev, bool upper, struct vhc_features *ret_vhost,
		struct vhc_features *ret_tap);

/** vhc_dev_check_header() - can vhost-net have the header that these features need? */
int vhc_dev_check_header(struct vhc_dev *dev, const struct vhc_features *acked);

/** vhc_ring_check_want() - vhc_ring_check(), and the ring's user addresses into want. */
int vhc_ring_check_want(struct vhc_dev *dev, uint32_t ring);

/** vhc_ring_close_eventfds() - kick, call, err and the mask's: when nobody else has them any more. */
void vhc_ring_close_eventfds(struct vhc_dev *dev, uint32_t ring);

/**
 * vhc_ring_check_memory() - do these values of a ring go with the memory that is here?  Writes the
 * ring's user addresses into them.
 * @hint: what to do about a base that its memory contradicts.
 */
int vhc_ring_check_memory(struct vhc_dev *dev, uint32_t ring, enum vhc_format format,
			  struct vhc_ring_state *state, const char *hint);

/** vhc_dev_check_stale() - -ESTALE after a step failed and so did its undo. */
int vhc_dev_check_stale(struct vhc_dev *dev);

/**
 * vhc_dev_plan_change() - complete what is wanted by what follows from it, and plan the difference to
 * what the kernel knows.  Rings whose `want` has a backend are to run.
 */
int vhc_dev_plan_change(struct vhc_dev *dev, struct vhc_plan *plan);

/**
 * vhc_dev_rescue_log() - of a stale device, which does not run any more: it may have written to a log
 * that the others left behind; its pages go into the one that there is.
 */
void vhc_dev_rescue_log(struct vhc_dev *dev);

/**
 * vhc_dev_peek() - copy from the device's memory, by an address as the driver gives it to the device.
 * Errors: -ENOENT behind an IOMMU: it is not mapped, or not in one piece; -EFAULT.
 */
int vhc_dev_peek(struct vhc_dev *dev, uint64_t addr, void *buf, size_t size);

/**
 * vhc_ring_diagnose() - of a split ring that runs: does it stand still, and before something that
 * vhost cannot take?  Returns 0 or -EINVAL.
 */
int vhc_ring_diagnose(struct vhc_dev *dev, uint32_t ring);

/** vhc_dev_let_go() - stop, and give up ownership: when the close of our fds may not be the last. */
void vhc_dev_let_go(struct vhc_dev *dev);

const char *vhc_dev_id(const struct vhc_dev *dev);
bool vhc_dev_runs(const struct vhc_dev *dev);
uint32_t vhc_dev_max_regions(const struct vhc_dev *dev);
/** vhc_dev_check_table() - would a ring that runs move or lose its memory?  -EBUSY names it. */
int vhc_dev_check_table(struct vhc_dev *dev, struct vhc_table *table);
/** vhc_dev_forget_log_event() - this eventfd of the memory's is about to be closed. */
void vhc_dev_forget_log_event(struct vhc_dev *dev, int event);
/** vhc_dev_check_process() - -EPERM in a forked child of the process that took ownership, and only there. */
int vhc_dev_check_process(const struct vhc_dev *dev);

void vhc_dev_leave(struct vhc_dev *dev, struct vhc_mem *mem);

#endif
