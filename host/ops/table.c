/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The table of operations: the name of each, its arguments, its function and its undo function.
 * No system call.
 */
#include <stdio.h>

#include "kind.h"
#include "ops/plan.h"
#include "ops/mark.h"
#include "launcher/style.h"

static const struct host_device *device_of(const struct host_plan *plan, const struct host_op *op)
{
	return host_device(plan->setup, op->device);
}

static const struct host_tap *tap_of(const struct host_plan *plan, const struct host_op *op)
{
	return &device_of(plan, op)->tap;
}

/* What the kernel makes a name of, unless the config has one. */
static const char *link_of(const struct host_plan *plan, const struct host_op *op)
{
	const struct host_tap *tap = tap_of(plan, op);

	return tap->name ? tap->name : tap->kind == HOST_MACVTAP ? "macvtap%d" : "tap%d";
}

/* How a change of a link is undone: not at all if the link is new. */
static const char *undo_link(const struct host_plan *plan, const struct host_op *op)
{
	return tap_of(plan, op)->existing == DOC_TRUE ? "restore the previous value"
						      : "removed with the link";
}

static const char *worker_of(const struct host_device *device)
{
	static const char *const modes[] = { NULL, "task", "kthread" };

	return modes[device->worker.mode];
}

#define DESCRIBE(name)                                                                  \
	static const char *name(const struct host_plan *plan, const struct host_op *op, \
				struct host_arguments *a)

DESCRIBE(describe_launcher)
{
	a->program = plan->options->launcher[0];
	a->user = host_plan_user(plan);
	return "";
}

DESCRIBE(describe_reserve)
{
	int count = host_plan_fd_count(plan);

	a->fds = (uint64_t)count;
	a->first_fd = count ? (uint64_t)host_first_fd(plan->options, count) : 0;
	return "close them";
}

DESCRIBE(describe_record)
{
	a->name = plan->setup->name;
	return "remove the record";
}

DESCRIBE(describe_enter)
{
	a->netns = tap_of(plan, op)->netns;
	return "leave it";
}

DESCRIBE(describe_leave)
{
	a->netns = tap_of(plan, op)->netns;
	return "enter it again";
}

DESCRIBE(describe_find_link)
{
	a->link = link_of(plan, op);
	return "";
}

DESCRIBE(describe_find_bridge)
{
	a->bridge = tap_of(plan, op)->bridge;
	return "";
}

DESCRIBE(describe_open_tap)
{
	const struct host_tap tap = host_tap_wanted(plan, device_of(plan, op));

	a->link = link_of(plan, op);
	a->queues = device_of(plan, op)->queue_pairs;
	a->txqueuelen = tap.txqueuelen;
	if (tap.existing == DOC_TRUE) {
		a->existing = DOC_TRUE;
	} else {
		a->owner = tap.owner;
		a->group = tap.group;
	}
	return "close it";
}

DESCRIBE(describe_find_lower)
{
	a->lower = tap_of(plan, op)->lower;
	return "";
}

DESCRIBE(describe_macvtap)
{
	const struct host_tap *tap = tap_of(plan, op);

	a->link = link_of(plan, op);
	a->lower = tap->lower;
	a->mode = host_macvtap_modes[tap->mode];
	a->mac = tap->mac;
	a->queues = device_of(plan, op)->queue_pairs;
	return "delete it";
}

DESCRIBE(describe_mac)
{
	const struct host_device *device = device_of(plan, op);
	uint8_t mac[6];

	host_tap_link_mac(&device->tap, mac);
	snprintf(a->mac_text, sizeof(a->mac_text), "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1],
		 mac[2], mac[3], mac[4], mac[5]);
	a->link = link_of(plan, op);
	a->mac = a->mac_text;
	a->guest_mac = device->mac_derived ? device->tap.mac : NULL;
	return undo_link(plan, op);
}

DESCRIBE(describe_mtu)
{
	const struct host_tap *tap = tap_of(plan, op);

	a->link = link_of(plan, op);
	a->mtu = tap->mtu;
	a->mtu_of = tap->mtu ? NULL : tap->bridge;
	return undo_link(plan, op);
}

DESCRIBE(describe_address)
{
	a->link = link_of(plan, op);
	a->address = ((char **)tap_of(plan, op)->address.items)[op->item];
	return undo_link(plan, op);
}

DESCRIBE(describe_bridge)
{
	const struct host_tap *tap = tap_of(plan, op);

	a->link = link_of(plan, op);
	a->bridge = tap->bridge;
	a->mtu = tap->mtu;
	return undo_link(plan, op);
}

DESCRIBE(describe_keep)
{
	_Static_assert(sizeof(a->alias_text) >= HOST_MARK_MAX, "a mark has room");

	a->link = link_of(plan, op);
	a->persistent = DOC_TRUE;
	a->alias = host_mark(plan->setup, device_of(plan, op), a->alias_text);
	return "delete it, unless it was there";
}

DESCRIBE(describe_port)
{
	const struct host_tap *tap = tap_of(plan, op);

	a->link = link_of(plan, op);
	a->vlan = tap->vlan;
	a->vlans = tap->vlans;
	a->isolated = tap->isolated ? DOC_TRUE : DOC_ABSENT;
	return undo_link(plan, op);
}

DESCRIBE(describe_up)
{
	a->link = link_of(plan, op);
	return undo_link(plan, op);
}

DESCRIBE(describe_owner)
{
	a->link = link_of(plan, op);
	a->owner = tap_of(plan, op)->owner;
	a->group = tap_of(plan, op)->group;
	return "restore the previous value, if there was one";
}

DESCRIBE(describe_open_vhost)
{
	const struct host_device *device = device_of(plan, op);

	a->path = "/dev/vhost-net";
	a->fds = device->queue_pairs;
	a->worker = worker_of(device);
	a->vhost = device->vhost == HOST_VHOST_PREFER ? "prefer" : NULL;
	return "close it";
}

DESCRIBE(describe_try_vhost)
{
	a->path = "/dev/vhost-net";
	a->user = host_plan_user(plan);
	return "";
}

DESCRIBE(describe_open_vsock)
{
	const struct host_device *device = device_of(plan, op);

	a->path = "/dev/vhost-vsock";
	a->cid = device->cid;
	a->auto_cid = device->cid == HOST_CID_AUTO ? DOC_TRUE : DOC_ABSENT;
	a->worker = worker_of(device);
	return "close it";
}

DESCRIBE(describe_features)
{
	a->features = device_of(plan, op)->features.require;
	return "";
}

DESCRIBE(describe_connect)
{
	a->socket = plan->options->qmp;
	return "";
}

DESCRIBE(describe_give)
{
	const struct host_device *device = device_of(plan, op);

	a->tap_fds = (uint64_t)host_tap_fds(device);
	a->vhost_fds =
		(uint64_t)host_vhost_fds(plan->setup, device, device->vhost != HOST_VHOST_OFF);
	return "close them";
}

DESCRIBE(describe_netdev)
{
	a->id = device_of(plan, op)->id;
	return "delete it";
}

DESCRIBE(describe_device)
{
	a->id = device_of(plan, op)->id;
	a->bus = device_of(plan, op)->bus;
	return "delete it";
}

DESCRIBE(describe_hand_over)
{
	const char *more = host_style_of(plan->setup)->environ;

	a->fds = (uint64_t)host_plan_fd_count(plan);
	a->variables[0] = "VHOSTCTL_FDS";
	a->variables[1] = more;
	a->environment = (struct doc_list){ a->variables, more ? 2 : 1 };
	return "close them";
}

/* Links that the launcher opens by name are removed when it has ended. */
DESCRIBE(describe_start)
{
	a->program = plan->options->launcher[0];
	return "";
}

DESCRIBE(describe_become)
{
	bool no_new_privs = plan->options->no_new_privs || plan->setup->launcher.no_new_privs;

	a->user = host_plan_user(plan);
	a->no_new_privs = no_new_privs ? DOC_TRUE : DOC_ABSENT;
	return "";
}

DESCRIBE(describe_exec)
{
	a->program = plan->options->launcher[0];
	return "";
}

const struct host_op_info host_op_table[HOST_OP_COUNT] = {
	[HOST_OP_FIND_LAUNCHER] = { "find launcher", describe_launcher, host_find_launcher },
	[HOST_OP_RESERVE_FDS] = { "reserve fds", describe_reserve, host_reserve_fds,
				  host_release_fds },
	[HOST_OP_RECORD_BROKER] = { "record broker", describe_record, host_record_broker,
				    host_unrecord_broker },
	[HOST_OP_ENTER_NETNS] = { "enter netns", describe_enter, host_enter_netns,
				  host_leave_netns },
	[HOST_OP_FIND_LINK] = { "find link", describe_find_link, host_find_link, host_forget_link },
	[HOST_OP_FIND_BRIDGE] = { "find bridge", describe_find_bridge, host_find_bridge },
	[HOST_OP_OPEN_TAP] = { "open tap", describe_open_tap, host_open_tap, host_close_tap },
	[HOST_OP_FIND_LOWER] = { "find lower", describe_find_lower, host_find_lower },
	[HOST_OP_MAKE_MACVTAP] = { "make macvtap", describe_macvtap, host_make_macvtap,
				   host_remove_macvtap },
	[HOST_OP_SET_MAC] = { "set mac", describe_mac, host_set_mac, host_unset_mac },
	[HOST_OP_SET_MTU] = { "set mtu", describe_mtu, host_set_mtu, host_unset_mtu },
	[HOST_OP_ADD_ADDRESS] = { "add address", describe_address, host_add_address,
				  host_del_address },
	[HOST_OP_SET_BRIDGE] = { "set bridge", describe_bridge, host_set_bridge,
				 host_unset_bridge },
	[HOST_OP_KEEP] = { "keep link", describe_keep, host_keep, host_unkeep },
	[HOST_OP_SET_PORT] = { "set port", describe_port, host_set_port, host_unset_port },
	[HOST_OP_SET_UP] = { "set up", describe_up, host_set_up, host_unset_up },
	[HOST_OP_LEAVE_NETNS] = { "leave netns", describe_leave, host_leave_netns,
				  host_enter_netns },
	[HOST_OP_SET_OWNER] = { "set owner", describe_owner, host_set_owner, host_unset_owner },
	[HOST_OP_OPEN_VHOST] = { "open vhost", describe_open_vhost, host_open_vhost,
				 host_close_vhost },
	[HOST_OP_TRY_VHOST] = { "check vhost", describe_try_vhost, host_try_vhost },
	[HOST_OP_OPEN_VSOCK] = { "open vsock", describe_open_vsock, host_open_vsock,
				 host_close_vhost },
	[HOST_OP_CHECK_FEATURES] = { "check features", describe_features, host_check_features },
	[HOST_OP_CONNECT_QMP] = { "connect to QEMU", describe_connect, host_connect_qmp },
	[HOST_OP_GIVE_FDS] = { "give fds", describe_give, host_give_fds, host_take_fds },
	[HOST_OP_ADD_NETDEV] = { "add netdev", describe_netdev, host_add_netdev, host_del_netdev },
	[HOST_OP_ADD_DEVICE] = { "add device", describe_device, host_add_device, host_del_device },
	[HOST_OP_HAND_OVER] = { "hand over", describe_hand_over, host_hand_over, host_take_back },
	[HOST_OP_START] = { "start launcher", describe_start },
	[HOST_OP_BECOME_USER] = { "become user", describe_become, host_become_user },
	[HOST_OP_EXEC] = { "exec", describe_exec, host_exec },
};
