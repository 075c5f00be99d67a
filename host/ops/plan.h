/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What to do on this host, as a flat list of typed operations, each with the one that undoes it;
 * and the loop that executes it.
 */
#ifndef HOST_PLAN_H
#define HOST_PLAN_H

#include "document.h"
#include "kind.h"
#include "launcher/launch.h"
#include "links/link.h"
#include "links/port.h"
#include "process/signals.h"
#include "process/user.h"
#include "record/record.h"

enum host_op_kind {
	HOST_OP_FIND_LAUNCHER,
	HOST_OP_RESERVE_FDS,
	HOST_OP_RECORD_BROKER,
	HOST_OP_ENTER_NETNS,
	HOST_OP_FIND_LINK,
	HOST_OP_FIND_BRIDGE,
	HOST_OP_FIND_LOWER,
	HOST_OP_OPEN_TAP,
	HOST_OP_MAKE_MACVTAP,
	HOST_OP_SET_MAC,
	HOST_OP_SET_MTU,
	HOST_OP_ADD_ADDRESS,
	HOST_OP_SET_BRIDGE,
	HOST_OP_SET_PORT,
	HOST_OP_SET_UP,
	HOST_OP_KEEP,
	HOST_OP_LEAVE_NETNS,
	HOST_OP_SET_OWNER,
	HOST_OP_OPEN_VHOST,
	HOST_OP_TRY_VHOST,
	HOST_OP_OPEN_VSOCK,
	HOST_OP_CHECK_FEATURES,
	HOST_OP_CONNECT_QMP,
	HOST_OP_GIVE_FDS,
	HOST_OP_ADD_NETDEV,
	HOST_OP_ADD_DEVICE,
	HOST_OP_HAND_OVER,
	HOST_OP_START,
	HOST_OP_BECOME_USER,
	HOST_OP_EXEC,
	HOST_OP_COUNT
};

#define HOST_NO_DEVICE UINT32_MAX

struct host_op {
	enum host_op_kind kind;
	uint32_t device; /* index, or HOST_NO_DEVICE */
	uint32_t item;	 /* which of its addresses */
};

struct host_plan {
	const struct host_setup *setup;
	const struct host_options *options;
	struct host_op *ops;
	size_t count;
};

/*
 * host_plan_make() - the operations; a pure function of the config and the options.
 * -EINVAL: the launcher's arguments do not match the config.
 */
int host_plan_make(const struct host_setup *setup, const struct host_options *options,
		   struct host_plan *ret, struct host_error *err);
void host_plan_clear(struct host_plan *plan);

/* There is room: host_plan_make() counted. */
static inline void host_plan_add(struct host_plan *plan, enum host_op_kind kind, uint32_t device,
				 uint32_t item)
{
	plan->ops[plan->count++] = (struct host_op){ kind, device, item };
}

/* The user that the launcher runs as; NULL: the caller. */
const char *host_plan_user(const struct host_plan *plan);

/* How many fds the launcher gets, when every device that wants vhost has it. */
int host_plan_fd_count(const struct host_plan *plan);

/* ------------------------------------------------------------------------------------- executing */

/* What is needed to restore an existing link, beside struct host_link. */
struct host_existing {
	struct host_port port;
	struct nl_cache *addresses;
	uint32_t owner, group; /* to be set; HOST_NOBODY: not */
	bool txqueuelen;       /* is changed */
};

/* What has been set up for one device. */
struct host_device_run {
	struct vhc_tap *tap;
	struct vhc_dev *vhost;
	uint64_t cid; /* of a vsock device, once it is open */
	char name[HOST_LINK_NAME_MAX];
	struct host_link before; /* of an existing link; for a new one, only the index is used */
	struct host_link bridge, lower;
	struct host_existing *existing;	   /* what else an existing link had */
	char record[HOST_RECORD_NAME_MAX]; /* of an existing link; "": it has none */
	int record_lock;		   /* an fd, or -1: the record is of an earlier set-up */
	bool adopted, fell_back;
	char why[sizeof(((struct host_error *)0)->text)]; /* why it fell back */
};

struct host_run {
	const struct host_plan *plan;
	struct host_device_run *devices;
	bool *changed; /* for each operation: must it be undone? */
	size_t done;
	struct host_signals signals; /* held until the run is freed */
	int home_netns;		     /* the original one, or -1 */
	int *netns; /* of each device, or -1: a name may lead to another one later; NULL: not kept */
	int record_lock; /* of this broker's record, or -1 */
	pid_t parent;	 /* of the launcher's process, if that is not the first one; or 0 */
	struct host_user user;
	struct host_launch *launch; /* set by the hand-over, or once QEMU gets an fd */
	struct host_qmp *qmp;	    /* the running QEMU that gets the devices */
	bool *ours;		    /* fds 0 to fd_room - 1: opened by us */
	int fd_room;
	struct {
		bool raised;
		uint64_t soft;
	} nofile;
};

/* The table of operations. */
struct host_op_info {
	const char *name;
	/* Fill its arguments, which are all zero; returns how it is undone ("": not at all). */
	const char *(*describe)(const struct host_plan *plan, const struct host_op *op,
				struct host_arguments *arguments);
	/* 1: done, must be undone; 0: done, nothing to undo; negative: the error is filled. */
	int (*apply)(struct host_run *run, const struct host_op *op, struct host_error *err);
	/* Undoes as much as it can.  NULL: nothing to do. */
	int (*undo)(struct host_run *run, const struct host_op *op, struct host_error *err);
};

extern const struct host_op_info host_op_table[HOST_OP_COUNT];

/* "ended by signal 15 (Terminated)", with the status that a shell has for it.  Returns -EINTR. */
int host_fail_signal(struct host_error *err, int number);

/*
 * host_run_apply() - execute the plan up to but excluding @until (HOST_OP_COUNT: all of it); if a
 * step fails, undo the steps before it.  host_run_undo() undoes a successful run.
 */
int host_run_apply(const struct host_plan *plan, enum host_op_kind until, struct host_run **ret,
		   struct host_error *err);
int host_run_undo(struct host_run *run, struct host_error *err);
/* host_run_free() - another process undoes it; its devices are closed. */
void host_run_free(struct host_run *run);
/* host_run_end() - free a successful run and close what this process has of it; everything stays. */
void host_run_end(struct host_run *run);

/* host_close_devices() - keep none of the fds that the launcher has. */
void host_close_devices(struct host_run *run);
/* host_remove_links() - new links that were attached by name and are not to persist. */
void host_remove_links(struct host_run *run);

/*
 * host_end_links() - a run that has done its work is undone: a link that is to persist stays as it is, and
 * what a set-up that was killed had left, and this one used, goes like a new one.
 */
void host_end_links(struct host_run *run);

/* host_forget_records() - the set-up has ended well: what it changed is to stay. */
void host_forget_records(struct host_run *run);

/* host_number_fds() - fill run->launch with what was set up, and no arguments. */
int host_number_fds(struct host_run *run, struct host_error *err);

/* The report of the devices that were set up, by "setup" or "attach".  NULL: no memory. */
struct json_object *host_run_report(const struct host_run *run, const char *command);

/* The functions of the operations, in op-*.c */
#define HOST_OP_FUNCTION(name) \
	int name(struct host_run *run, const struct host_op *op, struct host_error *err)

HOST_OP_FUNCTION(host_enter_netns);
HOST_OP_FUNCTION(host_leave_netns);
HOST_OP_FUNCTION(host_find_link);
HOST_OP_FUNCTION(host_forget_link);
HOST_OP_FUNCTION(host_find_bridge);
HOST_OP_FUNCTION(host_open_tap);
HOST_OP_FUNCTION(host_close_tap);
HOST_OP_FUNCTION(host_find_lower);
HOST_OP_FUNCTION(host_make_macvtap);
HOST_OP_FUNCTION(host_remove_macvtap);
HOST_OP_FUNCTION(host_set_mac);
HOST_OP_FUNCTION(host_unset_mac);
HOST_OP_FUNCTION(host_set_mtu);
HOST_OP_FUNCTION(host_unset_mtu);
HOST_OP_FUNCTION(host_add_address);
HOST_OP_FUNCTION(host_del_address);
HOST_OP_FUNCTION(host_set_bridge);
HOST_OP_FUNCTION(host_unset_bridge);
HOST_OP_FUNCTION(host_set_port);
HOST_OP_FUNCTION(host_unset_port);
HOST_OP_FUNCTION(host_set_up);
HOST_OP_FUNCTION(host_keep);
HOST_OP_FUNCTION(host_unkeep);
HOST_OP_FUNCTION(host_unset_up);
HOST_OP_FUNCTION(host_set_owner);
HOST_OP_FUNCTION(host_unset_owner);
HOST_OP_FUNCTION(host_open_vhost);
HOST_OP_FUNCTION(host_close_vhost);
HOST_OP_FUNCTION(host_try_vhost);
HOST_OP_FUNCTION(host_open_vsock);
HOST_OP_FUNCTION(host_check_features);
HOST_OP_FUNCTION(host_find_launcher);
HOST_OP_FUNCTION(host_reserve_fds);
HOST_OP_FUNCTION(host_release_fds);
HOST_OP_FUNCTION(host_record_broker);
HOST_OP_FUNCTION(host_unrecord_broker);
HOST_OP_FUNCTION(host_connect_qmp);
HOST_OP_FUNCTION(host_give_fds);
HOST_OP_FUNCTION(host_take_fds);
HOST_OP_FUNCTION(host_add_netdev);
HOST_OP_FUNCTION(host_del_netdev);
HOST_OP_FUNCTION(host_add_device);
HOST_OP_FUNCTION(host_del_device);
HOST_OP_FUNCTION(host_hand_over);
HOST_OP_FUNCTION(host_take_back);
HOST_OP_FUNCTION(host_become_user);
HOST_OP_FUNCTION(host_exec);

#endif
