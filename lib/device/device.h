/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * device/ - the public API of one device and its rings: it opens, attaches, is set, starts, stops and
 * closes; and the loop that applies plans (apply.h), mappings (iommu.h), events (events.h).  It may
 * not look at another device: that is guest/'s.
 */
#ifndef LIB_DEVICE_DEVICE_H
#define LIB_DEVICE_DEVICE_H

#include "dev.h"

/* features.c */
/**
 * vhi_dev_has() - what vhost has here, and the link, of the features that are theirs.
 * @all: bits above 63 are asked for, too.
 * Errors: -EAGAIN no tap yet; the kernel's.
 */
int vhi_dev_has(struct vhc_dev *dev, bool all, struct vhc_features *ret_vhost,
		struct vhc_features *ret_link);

/* attach.c */
/**
 * vhi_dev_check_regions() - -E2BIG if the kernel would not keep all of this table.
 * @unmerged: how many regions the caller added.
 */
int vhi_dev_check_regions(const struct vhc_dev *dev, const struct vhi_table *table,
			  uint32_t unmerged);

/** vhi_dev_check_table() - would a running ring move or lose its memory?  -EBUSY names it. */
int vhi_dev_check_table(struct vhc_dev *dev, struct vhi_table *table);

void vhi_dev_detach_mem(struct vhc_dev *dev, struct vhc_mem *mem);

/* change.c */
/**
 * vhi_dev_plan_change() - complete what is wanted by what follows from it, and plan the difference
 * to what the kernel has.  Rings whose `want` has a backend are to run.
 */
int vhi_dev_plan_change(struct vhc_dev *dev, struct vhi_plan *plan);

/* stop.c */
/** vhi_ring_check_single() - may this ring start and stop without the others?  -ENOTTY. */
int vhi_ring_check_single(struct vhc_dev *dev, uint32_t ring);

/**
 * vhi_dev_release() - before the fds close: stop, and let the kernel forget the memory, since another
 * holder may have the fds open, such as a forked child, or the caller who passed them in.
 */
void vhi_dev_release(struct vhc_dev *dev);

/**
 * vhi_dev_merge_dirty_log() - merge into the dirty log what a stale device, which does not run any more,
 * may have written to one that the other devices left behind.
 */
void vhi_dev_merge_dirty_log(struct vhc_dev *dev);

/* ring-eventfds.c */
/** vhi_ring_close_eventfds() - kick, call, err and the mask's, once neither vhost nor a VM has them. */
void vhi_ring_close_eventfds(struct vhc_dev *dev, uint32_t ring);

/* ring-check.c */
/** vhi_ring_check_want() - vhc_ring_check(), and the ring's user addresses into want. */
int vhi_ring_check_want(struct vhc_dev *dev, uint32_t ring);

/**
 * vhi_ring_check_memory() - are these values of a ring right for the device's memory?  Writes the ring's
 * user addresses into them.
 * @acked: what the driver accepted, which tells the format and the byte order.
 * @hint: what to do about a base that its memory contradicts.
 */
int vhi_ring_check_memory(struct vhc_dev *dev, uint32_t ring, const struct vhc_features *acked,
			  struct vhi_ring_state *state, const char *hint);

/* ring-log.c */
/** vhi_ring_log_used() - log the pages of a used ring, if the kernel may not have logged all of them. */
void vhi_ring_log_used(struct vhc_dev *dev, uint32_t ring);
/** vhi_dev_log_used() - those of all rings that run. */
void vhi_dev_log_used(struct vhc_dev *dev);

/* ring-diagnose.c */
/**
 * vhi_dev_peek() - copy from the device's memory, by an address as the driver gives it to the device.
 * Errors: -ENOENT behind an IOMMU: it is not mapped, or not in one piece; -EFAULT.
 */
int vhi_dev_peek(struct vhc_dev *dev, uint64_t addr, void *buf, size_t size);

/**
 * vhi_ring_diagnose() - is a running split ring stuck before something that vhost cannot take?
 * Returns 0 or -EINVAL.
 */
int vhi_ring_diagnose(struct vhc_dev *dev, uint32_t ring);

#endif
