/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The table of operations: the name of each, its description, its function and its undo function.
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

static const char *link_of(const struct host_plan *plan, const struct host_op *op)
{
	const char *name = device_of(plan, op)->tap.name;

	return name ? name : "the link";
}

/* How a change of a link is undone: not at all if the link is new. */
static void undo_link(const struct host_plan *plan, const struct host_op *op, char *undo)
{
	snprintf(undo, HOST_UNDO_MAX, "%s",
		 device_of(plan, op)->tap.existing == DOC_TRUE ? "restore the previous value"
							       : "removed with the link");
}

#define DESCRIBE(name)                                                                           \
	static void name(const struct host_plan *plan, const struct host_op *op, char *argument, \
			 char *undo)

#define ARGUMENT(...) snprintf(argument, HOST_ARGUMENT_MAX, __VA_ARGS__)
#define UNDO(text)    snprintf(undo, HOST_UNDO_MAX, "%s", text)

DESCRIBE(describe_launcher)
{
	const char *user = host_plan_user(plan);

	ARGUMENT("%s%s%s", plan->options->launcher[0], user ? ", as user " : "", user ? user : "");
}

DESCRIBE(describe_reserve)
{
	int count = host_plan_fd_count(plan), first = host_first_fd(plan->options, count);

	if (count)
		ARGUMENT("%d to %d", first, first + count - 1);
	else
		ARGUMENT("none");
	UNDO("close them");
}

DESCRIBE(describe_enter)
{
	ARGUMENT("%s", device_of(plan, op)->tap.netns);
	UNDO("leave it");
}

DESCRIBE(describe_leave)
{
	ARGUMENT("%s", device_of(plan, op)->tap.netns);
	UNDO("enter it again");
}

DESCRIBE(describe_find_link)
{
	ARGUMENT("%s", link_of(plan, op));
}

DESCRIBE(describe_find_bridge)
{
	ARGUMENT("%s", device_of(plan, op)->tap.bridge);
}

DESCRIBE(describe_open_tap)
{
	const struct host_device *device = device_of(plan, op);
	const struct host_tap wanted = host_tap_wanted(plan, device), *tap = &wanted;
	int n = ARGUMENT("%s, %llu queue%s", tap->name ? tap->name : "name chosen by the kernel",
			 (unsigned long long)device->queue_pairs,
			 device->queue_pairs > 1 ? "s" : "");

	if (tap->owner && tap->existing != DOC_TRUE)
		n += snprintf(argument + n, HOST_ARGUMENT_MAX - (size_t)n, ", owner %s",
			      tap->owner);
	if (tap->group && tap->existing != DOC_TRUE)
		n += snprintf(argument + n, HOST_ARGUMENT_MAX - (size_t)n, ", group %s",
			      tap->group);
	if (tap->txqueuelen)
		n += snprintf(argument + n, HOST_ARGUMENT_MAX - (size_t)n, ", txqueuelen %llu",
			      (unsigned long long)tap->txqueuelen);
	if (tap->existing == DOC_TRUE)
		snprintf(argument + n, HOST_ARGUMENT_MAX - (size_t)n, ", existing");
	UNDO("close it");
}

DESCRIBE(describe_find_lower)
{
	ARGUMENT("%s", device_of(plan, op)->tap.lower);
}

DESCRIBE(describe_macvtap)
{
	const struct host_device *device = device_of(plan, op);
	const struct host_tap *tap = &device->tap;

	ARGUMENT("%s on %s, mode %s, mac %s, %llu queue%s", tap->name ? tap->name : "macvtap%d",
		 tap->lower, host_macvtap_modes[tap->mode], tap->mac,
		 (unsigned long long)device->queue_pairs, device->queue_pairs > 1 ? "s" : "");
	UNDO("delete it");
}

DESCRIBE(describe_mac)
{
	const struct host_device *device = device_of(plan, op);
	uint8_t mac[6];

	host_tap_link_mac(&device->tap, mac);
	ARGUMENT("%s: %02x:%02x:%02x:%02x:%02x:%02x%s%s", link_of(plan, op), mac[0], mac[1], mac[2],
		 mac[3], mac[4], mac[5], device->mac_derived ? ", guest " : "",
		 device->mac_derived ? device->tap.mac : "");
	undo_link(plan, op, undo);
}

DESCRIBE(describe_mtu)
{
	const struct host_tap *tap = &device_of(plan, op)->tap;

	if (tap->mtu)
		ARGUMENT("%s: %llu", link_of(plan, op), (unsigned long long)tap->mtu);
	else
		ARGUMENT("%s: that of %s", link_of(plan, op), tap->bridge);
	undo_link(plan, op, undo);
}

DESCRIBE(describe_address)
{
	ARGUMENT("%s: %s", link_of(plan, op),
		 ((char **)device_of(plan, op)->tap.address.items)[op->item]);
	undo_link(plan, op, undo);
}

DESCRIBE(describe_bridge)
{
	const struct host_tap *tap = &device_of(plan, op)->tap;

	if (tap->mtu)
		ARGUMENT("%s: %s, whose MTU may become %llu", link_of(plan, op), tap->bridge,
			 (unsigned long long)tap->mtu);
	else
		ARGUMENT("%s: %s", link_of(plan, op), tap->bridge);
	undo_link(plan, op, undo);
}

DESCRIBE(describe_keep)
{
	char mark[HOST_MARK_MAX];

	ARGUMENT("%s: persistent, alias %s", link_of(plan, op),
		 host_mark(plan->setup, device_of(plan, op), mark));
	UNDO("delete it, unless it was there");
}

DESCRIBE(describe_port)
{
	const struct host_tap *tap = &device_of(plan, op)->tap;
	size_t used = (size_t)ARGUMENT("%s:", link_of(plan, op));
	char vlan[32] = "";

	if (tap->vlan)
		snprintf(vlan, sizeof(vlan), " vlan %llu", (unsigned long long)tap->vlan);
	used += (size_t)snprintf(argument + used, HOST_ARGUMENT_MAX - used, "%s%s%s", vlan,
				 tap->isolated ? " isolated" : "",
				 tap->vlans.count ? " vlans" : "");
	for (size_t i = 0; i < tap->vlans.count && used < HOST_ARGUMENT_MAX; i++)
		used += (size_t)snprintf(argument + used, HOST_ARGUMENT_MAX - used, "%s%s",
					 i ? "," : " ", ((char **)tap->vlans.items)[i]);
	undo_link(plan, op, undo);
}

DESCRIBE(describe_up)
{
	ARGUMENT("%s", link_of(plan, op));
	undo_link(plan, op, undo);
}

DESCRIBE(describe_owner)
{
	const struct host_tap *tap = &device_of(plan, op)->tap;

	ARGUMENT("%s:%s%s%s%s%s", tap->name, tap->owner ? " owner " : "",
		 tap->owner ? tap->owner : "", tap->owner && tap->group ? "," : "",
		 tap->group ? " group " : "", tap->group ? tap->group : "");
	UNDO("restore the previous value, if there was one");
}

static const char *const modes[] = { "", ", workers are tasks", ", workers are kthreads" };

DESCRIBE(describe_open_vhost)
{
	const struct host_device *device = device_of(plan, op);

	ARGUMENT("/dev/vhost-net, %llu fd%s%s%s", (unsigned long long)device->queue_pairs,
		 device->queue_pairs > 1 ? "s" : "", modes[device->worker.mode],
		 device->vhost == HOST_VHOST_PREFER ? ", or continue without" : "");
	UNDO("close it");
}

DESCRIBE(describe_open_vsock)
{
	const struct host_device *device = device_of(plan, op);

	if (device->cid == HOST_CID_AUTO)
		ARGUMENT("/dev/vhost-vsock, cid auto (the lowest free)%s",
			 modes[device->worker.mode]);
	else
		ARGUMENT("/dev/vhost-vsock, cid %llu%s", (unsigned long long)device->cid,
			 modes[device->worker.mode]);
	UNDO("close it");
}

DESCRIBE(describe_features)
{
	const struct doc_list *list = &device_of(plan, op)->features.require;
	size_t used = 0;

	for (size_t i = 0; i < list->count && used < HOST_ARGUMENT_MAX; i++)
		used += (size_t)snprintf(argument + used, HOST_ARGUMENT_MAX - used, "%s%s",
					 i ? ", " : "", ((char **)list->items)[i]);
}

DESCRIBE(describe_connect)
{
	ARGUMENT("%s", plan->options->qmp);
}

DESCRIBE(describe_give)
{
	const struct host_device *device = device_of(plan, op);
	int count = (int)device->queue_pairs *
		    (host_kind_of(device)->tap + (device->vhost != HOST_VHOST_OFF));

	ARGUMENT("%d fd%s to QEMU", count, count > 1 ? "s" : "");
	UNDO("close them");
}

DESCRIBE(describe_id)
{
	ARGUMENT("%s", device_of(plan, op)->id);
	UNDO("delete it");
}

DESCRIBE(describe_hand_over)
{
	int count = host_plan_fd_count(plan);

	ARGUMENT("%d fd%s to the launcher, VHOSTCTL_FDS%s", count, count == 1 ? "" : "s",
		 host_style_of(plan->setup)->environ);
	UNDO("close them");
}

DESCRIBE(describe_start)
{
	ARGUMENT("in a child process; links that it opens by name are removed when it ends");
}

DESCRIBE(describe_become)
{
	const char *user = host_plan_user(plan);
	bool no_new_privs = plan->options->no_new_privs || plan->setup->launcher.no_new_privs;

	ARGUMENT("%s%s%s", user ? user : "", user && no_new_privs ? ", " : "",
		 no_new_privs ? "no_new_privs" : "");
}

DESCRIBE(describe_exec)
{
	ARGUMENT("%s", plan->options->launcher[0]);
}

const struct host_op_info host_op_table[HOST_OP_COUNT] = {
	[HOST_OP_FIND_LAUNCHER] = { "find launcher", describe_launcher, host_find_launcher },
	[HOST_OP_RESERVE_FDS] = { "reserve fds", describe_reserve, host_reserve_fds,
				  host_release_fds },
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
	[HOST_OP_OPEN_VSOCK] = { "open vsock", describe_open_vsock, host_open_vsock,
				 host_close_vhost },
	[HOST_OP_CHECK_FEATURES] = { "check features", describe_features, host_check_features },
	[HOST_OP_CONNECT_QMP] = { "connect to QEMU", describe_connect, host_connect_qmp },
	[HOST_OP_GIVE_FDS] = { "give fds", describe_give, host_give_fds, host_take_fds },
	[HOST_OP_ADD_NETDEV] = { "add netdev", describe_id, host_add_netdev, host_del_netdev },
	[HOST_OP_ADD_DEVICE] = { "add device", describe_id, host_add_device, host_del_device },
	[HOST_OP_HAND_OVER] = { "hand over", describe_hand_over, host_hand_over },
	[HOST_OP_START] = { "start launcher", describe_start },
	[HOST_OP_BECOME_USER] = { "become user", describe_become, host_become_user },
	[HOST_OP_EXEC] = { "exec", describe_exec, host_exec },
};
