/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Shared by the files of the operations.
 */
#ifndef HOST_OP_H
#define HOST_OP_H

#include "kind.h"
#include "ops/plan.h"
#include "record/record.h"

/* The tap of an operation, from the config, and the current state of its device. */
static inline const struct host_tap *host_tap_of(const struct host_run *run,
						 const struct host_op *op)
{
	return &host_device(run->plan->setup, op->device)->tap;
}

static inline struct host_device_run *host_run_of(struct host_run *run, const struct host_op *op)
{
	return &run->devices[op->device];
}

/* What opens the device of an operation. */
struct vhc_dev_args host_dev_args(const struct host_device *device);

/* Say it as a warning: "net0: ...". */
void host_warn(const struct host_run *run, const struct host_op *op, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * host_check_ours() - is this link one that an earlier set-up of the config left, and as the config has it?
 * -EEXIST: it is another's, or differs.
 */
int host_check_ours(const struct host_plan *plan, const struct host_device *config,
		    const struct host_link *link, struct host_error *err);

/* host_netlink_open() with the error filled. */
int host_netlink_begin(struct host_netlink *netlink, struct host_error *err);

/* "cannot WHAT of NAME to VALUE" (NULL: none), with the kernel's own message if there is one. */
int host_fail_link(struct host_error *err, const struct host_netlink *netlink, int code,
		   const char *what, const char *name, const char *value);

/* Is the link a tap?  -EINVAL says what it is. */
int host_check_is_tap(const struct host_link *link, struct host_error *err);

/*
 * Who may open the tap.  What it already has needs no call, thus no privilege, and is HOST_NOBODY; so is
 * what the config does not say.
 */
int host_find_owner(const struct host_tap *tap, const struct host_tun *now, uint32_t *owner,
		    uint32_t *group, struct host_error *err);

/* What vhc_tap_open() and the operations on an existing link changed for good. */
int host_restore_link(const struct host_device_run *device, struct host_error *err);

/*
 * host_restore_recorded() - restore what an existing tap had, as recorded by a set-up that was killed.  It does
 * what it can; the error is the first one.  @ret_name: what the link is called now.  Needs no more of @run
 * than its plan and its devices.
 * Errors: -ENODEV, @err not filled: the link has gone; -EBUSY: a process has it open.
 */
int host_restore_recorded(struct host_run *run, const struct host_op *op,
			  const struct host_record *record, char ret_name[HOST_LINK_NAME_MAX],
			  struct host_error *err);

/* ---- the records of a run */

/* Before the first change.  One that cannot be written is not worth failing for: it is said with each step. */
void host_record_begin(struct host_run *run, const struct host_op *op);
/* What the set-up changed has been undone. */
void host_record_drop(struct host_device_run *device);
/*
 * host_record_restore() - if there is a record of a set-up that was killed, restore the link and remove the
 * record.  1: @ret_name is the link's; 0: there is none, or the link has gone.
 * Errors: -EBUSY: the set-up still runs, or a process has the link open: the record stays.
 */
int host_record_restore(struct host_run *run, const struct host_op *op,
			char ret_name[HOST_LINK_NAME_MAX], struct host_error *err);

/*
 * A tap has the flags of the last TUNSETIFF: the library's, with a virtio-net header.  The call that
 * sets them back takes a queue, so ours must be closed.
 */
int host_restore_flags(const struct host_device_run *device, struct host_error *err);

/* A value of a link, for the functions that set it. */
union host_value {
	uint8_t mac[6];
	uint32_t mtu;
	int master;
	bool up;
	const char *address;
};

typedef int host_set_fn(struct host_netlink *netlink, int index, const union host_value *value);

/* Set it; 1 if it must be undone, which a new link does not need. */
int host_set_value(struct host_run *run, const struct host_op *op, host_set_fn *fn,
		   const union host_value *value, const char *what, const char *text,
		   struct host_error *err);

#endif
