/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The operations on the bridge of a tap.  What the config names is looked at before anything is
 * made: the kernel adds a link to whatever takes one, and a tap that is a port of the host's bond is
 * worse than none.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "links/netns.h"
#include "ops/op.h"

/* "ip", "ip -n blue", or one that finds the namespace by its path */
static const char *ip(const struct host_tap *tap, char *buf, size_t size)
{
	char path[HOST_NETNS_PATH_MAX];

	if (!tap->netns)
		snprintf(buf, size, "ip");
	else if (strncmp(host_netns_path(tap->netns, path), HOST_NETNS_DIR "/",
			 strlen(HOST_NETNS_DIR "/")) == 0)
		snprintf(buf, size, "ip -n %s", path + strlen(HOST_NETNS_DIR "/"));
	else
		snprintf(buf, size, "nsenter --net=%s ip", path);
	return buf;
}

static int fail_missing(const struct host_tap *tap, struct host_error *err)
{
	const char *filtering = tap->vlan || tap->vlans.count ? " vlan_filtering 1" : "";
	char hint[1100], command[400];

	ip(tap, command, sizeof(command));
	snprintf(hint, sizeof(hint), "%s link add %s type bridge%s && %s link set %s up", command,
		 tap->bridge, filtering, command, tap->bridge);
	return host_fail(err, -ENODEV, hint, "there is no bridge \"%s\"%s", tap->bridge,
			 tap->netns ? " in the link's network namespace" : "");
}

static void name_kind(const struct host_link *link, char *buf, size_t size)
{
	static const struct {
		const char *kind, *words;
	} table[] = {
		{ "", "a network interface" },
		{ "bond", "a bond" },
		{ "openvswitch", "an Open vSwitch bridge" },
		{ "team", "a team" },
		{ "tun", "a tap" },
		{ "vlan", "a VLAN interface" },
		{ "vrf", "a VRF" },
	};

	for (size_t i = 0; i < DOC_COUNT(table); i++)
		if (strcmp(link->kind, table[i].kind) == 0) {
			snprintf(buf, size, "%s", table[i].words);
			return;
		}
	snprintf(buf, size, "a link of kind %s", link->kind);
}

/* @master: what it is a port of; without an index if it is none. */
static int fail_kind(const struct host_tap *tap, const struct host_link *link,
		     const struct host_link *master, struct host_error *err)
{
	char kind[40], command[400], hint[1500];

	name_kind(link, kind, sizeof(kind));
	ip(tap, command, sizeof(command));
	if (strcmp(link->kind, "openvswitch") == 0)
		snprintf(hint, sizeof(hint),
			 "omit \"bridge\", and add the link as a port: ovs-vsctl add-port %s %s",
			 link->name, tap->name ? tap->name : "LINK");
	else if (strcmp(master->kind, "openvswitch") == 0)
		snprintf(hint, sizeof(hint),
			 "omit \"bridge\", and add the link as a port: ovs-vsctl add-port "
			 "$(ovs-vsctl port-to-br %s) %s",
			 link->name, tap->name ? tap->name : "LINK");
	else if (strcmp(master->kind, "bridge") == 0)
		snprintf(hint, sizeof(hint), "set \"bridge\" to \"%s\", of which it is a port",
			 master->name);
	else if (strcmp(link->kind, "vrf") == 0)
		snprintf(hint, sizeof(hint),
			 "create a bridge in it and name that: %s link add br0 type bridge && "
			 "%s link set br0 master %s up",
			 command, command, link->name);
	else
		snprintf(hint, sizeof(hint),
			 "create a bridge with it as a port and name that: %s link add br0 type "
			 "bridge && %s link set %s master br0 && %s link set br0 up",
			 command, command, link->name, command);
	return host_fail(err, -EINVAL, hint, "\"%s\" is %s, not a bridge", link->name, kind);
}

static int fail_filtering(const struct host_tap *tap, struct host_error *err)
{
	char command[400], hint[500];

	snprintf(hint, sizeof(hint), "%s link set %s type bridge vlan_filtering 1",
		 ip(tap, command, sizeof(command)), tap->bridge);
	return host_fail(
		err, -EOPNOTSUPP, hint,
		"the bridge \"%s\" does not filter VLANs: those of its ports would have no "
		"effect",
		tap->bridge);
}

/* The ports of guests have their addresses, but for the first byte. */
static void warn_of_mac(const struct host_run *run, const struct host_op *op)
{
	const struct host_device_run *device = &run->devices[op->device];
	const struct host_tap *tap = host_tap_of(run, op);
	struct host_netlink netlink;
	struct host_link other;
	uint8_t mac[6];
	int r;

	if (!tap->mac || host_netlink_open(&netlink) < 0)
		return;
	host_tap_link_mac(tap, mac);
	r = host_port_find(&netlink, device->bridge.index, mac, device->before.index, &other);
	host_netlink_close(&netlink);
	if (r == 0)
		host_warn(
			run, op,
			"the port %s of the bridge %s is of a guest with the same MAC address, %s: "
			"each gets frames of the other",
			other.name, device->bridge.name, tap->mac);
}

static void warn_of_bridge(const struct host_run *run, const struct host_op *op)
{
	const struct host_link *bridge = &run->devices[op->device].bridge;
	char command[400];

	if (!bridge->up)
		host_warn(run, op,
			  "the bridge %s is down, and forwards nothing until it is up: "
			  "%s link set %s up",
			  bridge->name, ip(host_tap_of(run, op), command, sizeof(command)),
			  bridge->name);
	warn_of_mac(run, op);
}

int host_find_bridge(struct host_run *run, const struct host_op *op, struct host_error *err)
{
	const struct host_tap *tap = host_tap_of(run, op);
	struct host_link *bridge = &host_run_of(run, op)->bridge, master = { 0 };
	struct host_netlink netlink;
	int r;

	r = host_netlink_begin(&netlink, err);
	if (r < 0)
		return r;
	r = host_link_get(&netlink, tap->bridge, bridge);
	if (r == 0 && bridge->master)
		host_link_get_index(&netlink, bridge->master, &master);
	host_netlink_close(&netlink);
	if (r == -ENODEV)
		return fail_missing(tap, err);
	if (r < 0)
		return host_fail_link(err, &netlink, r, "read the state", tap->bridge, NULL);
	if (strcmp(bridge->kind, "bridge") != 0)
		return fail_kind(tap, bridge, &master, err);
	if ((tap->vlan || tap->vlans.count) && !bridge->vlan_filtering)
		return fail_filtering(tap, err);
	warn_of_bridge(run, op);
	return 0;
}

static int set_master(struct host_netlink *netlink, int index, const union host_value *value)
{
	return host_link_set_master(netlink, index, value->master);
}

static int set_port(const struct host_device_run *device, const struct host_port *port,
		    const char *what, struct host_error *err)
{
	struct host_netlink netlink;
	int r;

	r = host_netlink_begin(&netlink, err);
	if (r < 0)
		return r;
	r = host_port_set(&netlink, device->before.index, port);
	host_netlink_close(&netlink);
	return r < 0 ? host_fail_link(err, &netlink, r, what, device->name, NULL) : 0;
}

/* Back to the bridge where an existing link was, if any, with what that knew of it. */
static int restore_port(struct host_run *run, const struct host_op *op, struct host_error *err)
{
	struct host_device_run *device = host_run_of(run, op);
	union host_value value = { .master = device->before.master };
	int r;

	r = host_set_value(run, op, set_master, &value, "set the bridge", "its previous value",
			   err);
	if (r < 0 || !device->before.master)
		return r;
	return set_port(device, &device->existing->port, "restore the VLANs and flags", err);
}

/* A bridge has the lowest MTU of its ports, unless it was given one of its own, which the kernel does not tell. */
static void warn_of_mtu(struct host_run *run, const struct host_op *op)
{
	const struct host_link *bridge = &host_run_of(run, op)->bridge;
	struct host_netlink netlink;
	struct host_link now;
	char command[400];
	int r = host_netlink_open(&netlink);

	if (r < 0)
		return;
	r = host_link_get_index(&netlink, bridge->index, &now);
	host_netlink_close(&netlink);
	if (r == 0 && now.mtu != bridge->mtu)
		host_warn(
			run, op,
			"the MTU of the bridge %s was %u and is %u now, the lowest of its ports: omit "
			"\"mtu\", or give the bridge one of its own: %s link set %s mtu %u",
			bridge->name, bridge->mtu, now.mtu,
			ip(host_tap_of(run, op), command, sizeof(command)), bridge->name,
			bridge->mtu);
}

int host_set_bridge(struct host_run *run, const struct host_op *op, struct host_error *err)
{
	struct host_device_run *device = host_run_of(run, op);
	union host_value value = { .master = device->bridge.index };
	struct host_error second;
	int r;

	if (value.master == device->before.master) {
		warn_of_mtu(run, op);
		return 0;
	}
	r = host_set_value(run, op, set_master, &value, "set the bridge",
			   host_tap_of(run, op)->bridge, err);
	/* the kernel takes it out of the one before it adds it to the other */
	if (r < 0 && device->adopted)
		restore_port(run, op, &second);
	if (r >= 0)
		warn_of_mtu(run, op);
	return r;
}

int host_unset_bridge(struct host_run *run, const struct host_op *op, struct host_error *err)
{
	return restore_port(run, op, err);
}

/* Unless the config has VLANs, those of the port stay: the default of the bridge for a new one. */
static void fill_vlans(const struct host_tap *tap, struct host_port *port)
{
	unsigned int first, last;

	if (!tap->vlan && !tap->vlans.count)
		return;
	memset(port->vlans, 0, sizeof(port->vlans));
	for (size_t i = 0; i < tap->vlans.count; i++)
		if (host_vlans_parse(((char **)tap->vlans.items)[i], &first, &last))
			memset(port->vlans + first, HOST_VLAN_MEMBER, last - first + 1);
	if (tap->vlan)
		port->vlans[tap->vlan] = HOST_VLAN_MEMBER | HOST_VLAN_PVID | HOST_VLAN_UNTAGGED;
}

int host_set_port(struct host_run *run, const struct host_op *op, struct host_error *err)
{
	const struct host_tap *tap = host_tap_of(run, op);
	struct host_device_run *device = host_run_of(run, op);
	struct host_netlink netlink;
	struct host_port port;
	int r;

	r = host_netlink_begin(&netlink, err);
	if (r < 0)
		return r;
	r = host_port_get(&netlink, device->before.index, &port);
	host_netlink_close(&netlink);
	if (r < 0)
		return host_fail_link(err, &netlink, r, "read the VLANs and flags", device->name,
				      NULL);
	fill_vlans(tap, &port);
	if (tap->isolated)
		host_port_isolate(&port);
	r = set_port(device, &port, "set the VLANs and flags", err);
	if (r < 0)
		host_unset_port(run, op, &(struct host_error){ 0 });
	return r < 0 ? r : device->adopted;
}

/* In another bridge they end with the port. */
int host_unset_port(struct host_run *run, const struct host_op *op, struct host_error *err)
{
	struct host_device_run *device = host_run_of(run, op);

	if (!device->adopted || device->before.master != device->bridge.index)
		return 0;
	return set_port(device, &device->existing->port, "restore the VLANs and flags", err);
}
