/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * guest - what all devices of a guest do together, since they share its memory and its dirty log.
 *
 * This room commits memory (commit.c), switches the dirty log on and off (dirty-log.c) and reads it
 * (dirty-read.c), each by one change to every device of the guest (update.c).  It reaches devices by
 * their plans alone, and no other room may use it.
 */
#ifndef LIB_GUEST_GUEST_H
#define LIB_GUEST_GUEST_H

#include <stdbool.h>

struct vhi_dirty_log;
struct vhc_mem;
struct vhi_table;

/**
 * vhi_guest_update() - give the memory table and the dirty log that @mem has now to every attached
 * device that runs.  All or none: if one fails, those before it get back what they had.
 * Errors: the kernel's; -ESTALE a device could not be given back what it had.
 */
int vhi_guest_update(struct vhc_mem *mem);

/** vhi_guest_runs() - does any attached device run? */
bool vhi_guest_runs(const struct vhc_mem *mem);

/** vhi_guest_check_process() - -EPERM in a forked child of the process that owns one of the devices. */
int vhi_guest_check_process(const struct vhc_mem *mem);

/**
 * vhi_guest_resize_dirty_log() - a dirty log for this table, if it needs another one: *ret, or NULL.
 * Errors: -E2BIG it needs more than the caller's file has; -ENOMEM; those of mmap().
 */
int vhi_guest_resize_dirty_log(struct vhc_mem *mem, const struct vhi_table *table,
			       struct vhi_dirty_log **ret);

#endif
