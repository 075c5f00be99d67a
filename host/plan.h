/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * plan - what is to be done on this host, as a flat list of typed operations, each with the one that
 * undoes it; and the one loop that executes it.
 */
#ifndef HOST_PLAN_H
#define HOST_PLAN_H

#include "launch.h"
#include "link.h"
#include "user.h"

enum host_op_kind {
	HOST_OP_FIND_LAUNCHER,
	HOST_OP_RESERVE_FDS,
	HOST_OP_ENTER_NETNS,
	HOST_OP_FIND_LINK,
	HOST_OP_OPEN_TAP,
	HOST_OP_SET_MAC,
	HOST_OP_SET_MTU,
	HOST_OP_ADD_ADDRESS,
	HOST_OP_SET_BRIDGE,
	HOST_OP_SET_UP,
	HOST_OP_LEAVE_NETNS,
	HOST_OP_OPEN_VHOST,
	HOST_OP_CHECK_FEATURES,
	HOST_OP_HAND_OVER,
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

/* host_plan_make() - the operations; a pure function of the config and the options. */
int host_plan_make(const struct host_setup *setup, const struct host_options *options,
		   struct host_plan *ret, struct host_error *err);
void host_plan_clear(struct host_plan *plan);

/* The user that the launcher runs as; NULL: the caller. */
const char *host_plan_user(const struct host_plan *plan);

/* How many fds the launcher gets, when every device that wants vhost has it. */
int host_plan_fd_count(const struct host_plan *plan);

/* ------------------------------------------------------------------------------------- executing */

/* What one device has so far. */
struct host_device_run {
	struct vhc_tap *tap;
	struct vhc_dev *vhost;
	char name[HOST_LINK_NAME_MAX];
	struct host_link before; /* of an adopted link; of a new one only the index counts */
	bool adopted, fell_back;
	char why[sizeof(((struct host_error *)0)->text)]; /* it fell back */
};

struct host_run {
	const struct host_plan *plan;
	struct host_device_run *devices;
	bool *changed; /* for each operation: is there something to undo? */
	size_t done;
	int home_netns; /* where it came from, or -1 */
	struct host_user user;
	struct host_launch *launch; /* from the hand-over on */
	bool *ours;		    /* fds 0 to fd_room - 1: put there by us */
	int fd_room;
	struct {
		bool raised;
		uint64_t soft;
	} nofile;
};

/* The table of operations. */
struct host_op_info {
	const char *name;
	/* What it is done with, and what undoes it ("" for nothing), for people. */
	void (*describe)(const struct host_plan *plan, const struct host_op *op, char *argument,
			 char *undo);
	/* 1: done, and undo has something to do; 0: done; negative: the error is filled. */
	int (*apply)(struct host_run *run, const struct host_op *op, struct host_error *err);
	/* Gives back as much as it can.  NULL: nothing to do. */
	int (*undo)(struct host_run *run, const struct host_op *op, struct host_error *err);
};

#define HOST_ARGUMENT_MAX 400
#define HOST_UNDO_MAX	  100

extern const struct host_op_info host_op_table[HOST_OP_COUNT];

/*
 * host_run_apply() - execute the plan up to before @until, or all of it with HOST_OP_COUNT, undoing
 * what was done when a step fails.  host_run_undo() takes a successful one back.
 */
int host_run_apply(const struct host_plan *plan, enum host_op_kind until, struct host_run **ret,
		   struct host_error *err);
int host_run_undo(struct host_run *run, struct host_error *err);

/* The report of what came up.  NULL: no memory. */
struct json_object *host_run_report(const struct host_run *run);

/* What the operations do, by file: op-link.c, op-vhost.c, op-launch.c */
#define HOST_OP_FUNCTION(name) \
	int name(struct host_run *run, const struct host_op *op, struct host_error *err)

HOST_OP_FUNCTION(host_enter_netns);
HOST_OP_FUNCTION(host_leave_netns);
HOST_OP_FUNCTION(host_find_link);
HOST_OP_FUNCTION(host_open_tap);
HOST_OP_FUNCTION(host_close_tap);
HOST_OP_FUNCTION(host_set_mac);
HOST_OP_FUNCTION(host_unset_mac);
HOST_OP_FUNCTION(host_set_mtu);
HOST_OP_FUNCTION(host_unset_mtu);
HOST_OP_FUNCTION(host_add_address);
HOST_OP_FUNCTION(host_del_address);
HOST_OP_FUNCTION(host_set_bridge);
HOST_OP_FUNCTION(host_unset_bridge);
HOST_OP_FUNCTION(host_set_up);
HOST_OP_FUNCTION(host_unset_up);
HOST_OP_FUNCTION(host_open_vhost);
HOST_OP_FUNCTION(host_close_vhost);
HOST_OP_FUNCTION(host_check_features);
HOST_OP_FUNCTION(host_find_launcher);
HOST_OP_FUNCTION(host_reserve_fds);
HOST_OP_FUNCTION(host_release_fds);
HOST_OP_FUNCTION(host_hand_over);
HOST_OP_FUNCTION(host_become_user);
HOST_OP_FUNCTION(host_exec);

#endif
