/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The operations on links: what rtnetlink changes on an existing tap.  Values that are already
 * right are left alone, so that they need no privilege; an existing link gets its old values back
 * if a later step fails.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "errname.h"
#include "links/netns.h"
#include "ops/op.h"

/* ------------------------------------------------------------------------------------- netlink */

void host_warn(const struct host_run *run, const struct host_op *op, const char *format, ...)
{
	const struct host_options *options = run->plan->options;
	char text[700], line[800];
	va_list args;

	if (!options->say)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	snprintf(line, sizeof(line), "%s: %s", host_device(run->plan->setup, op->device)->id, text);
	options->say(options->data, line);
}

int host_netlink_begin(struct host_netlink *netlink, struct host_error *err)
{
	int r = host_netlink_open(netlink);
	char number[DOC_ERRNO_MAX];

	if (r == -EMFILE)
		return host_fail_fds(err, "a netlink socket");
	if (r < 0)
		return host_fail(err, r, NULL, "cannot open a netlink socket: %s",
				 doc_errno(number, r));
	return 0;
}

int host_fail_link(struct host_error *err, const struct host_netlink *netlink, int code,
		   const char *what, const char *name, const char *value)
{
	const char *hint = NULL;
	char number[DOC_ERRNO_MAX];

	if (code == -EPERM)
		hint = "changing links requires CAP_NET_ADMIN in the network namespace: run it "
		       "as root, or create the link beforehand and set \"existing\"";
	return host_fail(err, code, hint, "cannot %s of %s%s%s: %s%s%s", what, name,
			 value ? " to " : "", value ? value : "", doc_errno(number, code),
			 netlink->text[0] ? ": " : "", netlink->text);
}

/* --------------------------------------------------------------------------------------- netns */

/* The one of before if it was entered before: links are found by their index, which others have, too. */
static int open_netns(struct host_run *run, const struct host_op *op, const char *path,
		      struct host_error *err)
{
	const char *name = host_tap_of(run, op)->netns;
	char number[DOC_ERRNO_MAX], hint[300];
	int target = run->netns ? run->netns[op->device] : -1;

	if (target < 0)
		target = host_netns_open(name);
	if (target == -ENOENT) {
		snprintf(hint, sizeof(hint), "ip netns add %s", name);
		return host_fail(
			err, target,
			strncmp(path, HOST_NETNS_DIR, strlen(HOST_NETNS_DIR)) ? NULL : hint,
			"there is no network namespace \"%s\": %s does not exist", name, path);
	}
	if (target < 0)
		return host_fail(err, target, NULL, "cannot open %s: %s", path,
				 doc_errno(number, target));
	if (run->netns)
		run->netns[op->device] = target;
	return target;
}

int host_enter_netns(struct host_run *run, const struct host_op *op, struct host_error *err)
{
	const char *name = host_tap_of(run, op)->netns;
	char number[DOC_ERRNO_MAX], path[HOST_NETNS_PATH_MAX];
	int target, r;

	target = open_netns(run, op, host_netns_path(name, path), err);
	if (target < 0)
		return target;
	run->home_netns = host_netns_open(NULL);
	r = run->home_netns < 0 ? run->home_netns : host_netns_enter(target);
	if (!run->netns)
		close(target);
	if (r == 0)
		return 1;
	if (run->home_netns >= 0)
		close(run->home_netns);
	run->home_netns = -1;
	if (r == -EINVAL)
		return host_fail(err, r,
				 "a file such as /run/netns/NAME or /proc/PID/ns/net is one",
				 "%s is not a network namespace", path);
	return host_fail(err, r, r == -EPERM ? "run it as root (CAP_SYS_ADMIN)" : NULL,
			 "cannot enter the network namespace \"%s\": %s", name,
			 doc_errno(number, r));
}

int host_leave_netns(struct host_run *run, const struct host_op *op, struct host_error *err)
{
	char number[DOC_ERRNO_MAX];
	int r = host_netns_enter(run->home_netns);

	if (r < 0)
		return host_fail(err, r, NULL, "cannot leave the network namespace \"%s\": %s",
				 host_tap_of(run, op)->netns, doc_errno(number, r));
	close(run->home_netns);
	run->home_netns = -1;
	return 1;
}

/* ------------------------------------------------------------------------------ one value of it */

static int set_mac(struct host_netlink *netlink, int index, const union host_value *value)
{
	return host_link_set_mac(netlink, index, value->mac);
}

static int set_mtu(struct host_netlink *netlink, int index, const union host_value *value)
{
	return host_link_set_mtu(netlink, index, value->mtu);
}

static int set_up(struct host_netlink *netlink, int index, const union host_value *value)
{
	return host_link_set_up(netlink, index, value->up);
}

/* -EEXIST: nothing to do, and nothing to undo. */
static int add_address(struct host_netlink *netlink, int index, const union host_value *value)
{
	return host_link_add_address(netlink, index, value->address);
}

static int del_address(struct host_netlink *netlink, int index, const union host_value *value)
{
	return host_link_del_address(netlink, index, value->address);
}

int host_set_value(struct host_run *run, const struct host_op *op, host_set_fn *fn,
		   const union host_value *value, const char *what, const char *text,
		   struct host_error *err)
{
	struct host_device_run *device = host_run_of(run, op);
	struct host_netlink netlink;
	int r;

	r = host_netlink_begin(&netlink, err);
	if (r < 0)
		return r;
	r = fn(&netlink, device->before.index, value);
	host_netlink_close(&netlink);
	if (r == -EEXIST && fn == add_address)
		return 0;
	if (r < 0)
		return host_fail_link(err, &netlink, r, what, device->name, text);
	return device->adopted;
}

int host_set_mac(struct host_run *run, const struct host_op *op, struct host_error *err)
{
	union host_value value;
	char text[24];

	host_tap_link_mac(host_tap_of(run, op), value.mac);
	if (memcmp(value.mac, host_run_of(run, op)->before.mac, sizeof(value.mac)) == 0)
		return 0;
	snprintf(text, sizeof(text), "%02x:%02x:%02x:%02x:%02x:%02x", value.mac[0], value.mac[1],
		 value.mac[2], value.mac[3], value.mac[4], value.mac[5]);
	return host_set_value(run, op, set_mac, &value, "set the MAC address", text, err);
}

int host_unset_mac(struct host_run *run, const struct host_op *op, struct host_error *err)
{
	union host_value value;

	memcpy(value.mac, host_run_of(run, op)->before.mac, sizeof(value.mac));
	return host_set_value(run, op, set_mac, &value, "set the MAC address", "its previous value",
			      err);
}

/* A port with another MTU than its bridge's changes that of the bridge, or gets no large frames. */
int host_set_mtu(struct host_run *run, const struct host_op *op, struct host_error *err)
{
	const struct host_device_run *device = host_run_of(run, op);
	union host_value value = { .mtu = (uint32_t)host_tap_of(run, op)->mtu };
	char text[24];

	if (!value.mtu && device->before.master != device->bridge.index)
		value.mtu = device->bridge.mtu < HOST_MAX_MTU ? device->bridge.mtu : HOST_MAX_MTU;
	if (!value.mtu || value.mtu == device->before.mtu)
		return 0;
	snprintf(text, sizeof(text), "%u", value.mtu);
	return host_set_value(run, op, set_mtu, &value, "set the MTU", text, err);
}

int host_unset_mtu(struct host_run *run, const struct host_op *op, struct host_error *err)
{
	union host_value value = { .mtu = host_run_of(run, op)->before.mtu };

	return host_set_value(run, op, set_mtu, &value, "set the MTU", "its previous value", err);
}

/* The kernel says EINVAL of an MTU that is too small, and does not say what switched IPv6 off. */
static void hint_ipv6(const struct host_device_run *device, int code, struct host_error *err)
{
	if (code == -EINVAL)
		snprintf(
			err->hint, sizeof(err->hint),
			"IPv6 needs an MTU of 1280 at least: `ip link show %s` shows it, \"mtu\" sets it",
			device->name);
	else if (code == -EACCES)
		snprintf(err->hint, sizeof(err->hint), "sysctl -w net.ipv6.conf.%s.disable_ipv6=0",
			 device->adopted ? device->name : "default");
	else if (code == -EOPNOTSUPP || code == -EAFNOSUPPORT)
		snprintf(err->hint, sizeof(err->hint),
			 "this kernel runs without IPv6 (ipv6.disable=1): leave the address out");
}

int host_add_address(struct host_run *run, const struct host_op *op, struct host_error *err)
{
	union host_value value = {
		.address = ((char **)host_tap_of(run, op)->address.items)[op->item]
	};
	int r;
	const struct host_device_run *device = host_run_of(run, op);

	/* it is the kernel's answer, too, but only to who might add it */
	if (device->existing &&
	    host_addresses_have(device->existing->addresses, device->before.index, value.address))
		return 0;
	r = host_set_value(run, op, add_address, &value, "set an address", value.address, err);
	if (r < 0 && strchr(value.address, ':'))
		hint_ipv6(host_run_of(run, op), r, err);
	return r;
}

int host_del_address(struct host_run *run, const struct host_op *op, struct host_error *err)
{
	union host_value value = {
		.address = ((char **)host_tap_of(run, op)->address.items)[op->item]
	};

	return host_set_value(run, op, del_address, &value, "take an address", value.address, err);
}

int host_set_up(struct host_run *run, const struct host_op *op, struct host_error *err)
{
	union host_value value = { .up = true };

	if (host_run_of(run, op)->before.up)
		return 0;
	return host_set_value(run, op, set_up, &value, "set the state", "up", err);
}

int host_unset_up(struct host_run *run, const struct host_op *op, struct host_error *err)
{
	union host_value value = { .up = false };

	return host_set_value(run, op, set_up, &value, "set the state", "down", err);
}
