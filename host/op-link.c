/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Room: host.  The operations on taps and their links.  The library makes and opens the tap; what
 * rtnetlink does is here.  What is so already is left alone, so that no privilege is needed for it;
 * an adopted link gets its old values back when a later step fails.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "netns.h"
#include "plan.h"

static const struct host_tap *tap_of(const struct host_run *run, const struct host_op *op)
{
	return &host_device(run->plan->setup, op->device)->tap;
}

static struct host_device_run *device_of(struct host_run *run, const struct host_op *op)
{
	return &run->devices[op->device];
}

/* ------------------------------------------------------------------------------------- netlink */

static int open_netlink(struct host_netlink *netlink, struct host_error *err)
{
	int r = host_netlink_open(netlink);

	if (r < 0)
		return host_fail(err, r, NULL, "cannot open a netlink socket: %s", strerror(-r));
	return 0;
}

/* What the kernel refused to do to a link, in its own words when it has some. */
static int fail_link(struct host_error *err, const struct host_netlink *netlink, int code,
		     const char *what, const char *name, const char *value)
{
	const char *hint = NULL;
	char number[HOST_ERRNO_MAX];

	if (code == -EPERM)
		hint = "changing links takes CAP_NET_ADMIN in the owner of the network namespace: run "
		       "it as root, or set the link up beforehand and say \"existing\"";
	return host_fail(err, code, hint, "cannot %s of %s to %s: %s%s%s", what, name, value,
			 host_errno(number, code), netlink->text[0] ? ": " : "", netlink->text);
}

/* --------------------------------------------------------------------------------------- netns */

int host_enter_netns(struct host_run *run, const struct host_op *op, struct host_error *err)
{
	const char *name = tap_of(run, op)->netns;
	char number[HOST_ERRNO_MAX], hint[300];
	int target, r;

	target = host_netns_open(name);
	if (target == -ENOENT) {
		snprintf(hint, sizeof(hint), "ip netns add %s", name);
		return host_fail(err, target, hint,
				 "there is no network namespace \"%s\": no %s/%s", name,
				 HOST_NETNS_DIR, name);
	}
	if (target < 0)
		return host_fail(err, target, NULL, "cannot open %s/%s: %s", HOST_NETNS_DIR, name,
				 host_errno(number, target));
	run->home_netns = host_netns_open(NULL);
	r = run->home_netns < 0 ? run->home_netns : host_netns_enter(target);
	close(target);
	if (r == 0)
		return 1;
	if (run->home_netns >= 0)
		close(run->home_netns);
	run->home_netns = -1;
	return host_fail(err, r, r == -EPERM ? "run it as root (CAP_SYS_ADMIN)" : NULL,
			 "cannot enter the network namespace \"%s\": %s", name,
			 host_errno(number, r));
}

int host_leave_netns(struct host_run *run, const struct host_op *op, struct host_error *err)
{
	char number[HOST_ERRNO_MAX];
	int r = host_netns_enter(run->home_netns);

	if (r < 0)
		return host_fail(err, r, NULL, "cannot leave the network namespace \"%s\": %s",
				 tap_of(run, op)->netns, host_errno(number, r));
	close(run->home_netns);
	run->home_netns = -1;
	return 1;
}

/* ----------------------------------------------------------------------------------------- tap */

/* An existing link: is it there, is it a tap, and how was it before? */
int host_find_link(struct host_run *run, const struct host_op *op, struct host_error *err)
{
	struct host_device_run *device = device_of(run, op);
	const char *name = tap_of(run, op)->name;
	struct host_netlink netlink;
	char hint[200];
	int r;

	r = open_netlink(&netlink, err);
	if (r < 0)
		return r;
	r = host_link_get(&netlink, name, &device->before);
	host_netlink_close(&netlink);
	if (r == -ENODEV) {
		snprintf(
			hint, sizeof(hint),
			"ip tuntap add dev %s mode tap%s vnet_hdr user USER; or leave \"existing\" "
			"out",
			name,
			host_device(run->plan->setup, op->device)->queue_pairs > 1 ? " multi_queue"
										   : "");
		return host_fail(err, r, hint, "there is no link \"%s\" to adopt", name);
	}
	if (r < 0)
		return fail_link(err, &netlink, r, "read the state", name, "itself");
	if (device->before.kind[0] && strcmp(device->before.kind, "tun") != 0)
		return host_fail(err, -EINVAL, "choose another name",
				 "the link \"%s\" is no tap: it "
				 "is of kind %s",
				 name, device->before.kind);
	device->adopted = true;
	return 0;
}

static int fill_args(const struct host_device *device, struct vhc_tap_args *args,
		     struct host_error *err)
{
	const struct host_tap *tap = &device->tap;
	struct host_user user;
	int r = 0;

	args->queues = (uint32_t)device->queue_pairs;
	args->txqueuelen = (uint32_t)tap->txqueuelen;
	args->flags = (tap->persist ? VHC_TAP_PERSIST : 0u) | (tap->existing ? VHC_TAP_ADOPT : 0u);
	if (tap->owner) {
		r = host_user_find(tap->owner, &user, err);
		args->flags |= VHC_TAP_OWNER;
		args->owner = r == 0 ? user.uid : 0;
	}
	if (r == 0 && tap->group) {
		r = host_group_find(tap->group, &args->group, err);
		args->flags |= VHC_TAP_GROUP;
	}
	return r;
}

/* A link that outlives its fds must be taken away by name. */
static int delete_link(const char *name, struct host_error *err)
{
	struct host_netlink netlink;
	struct host_link link;
	int r;

	r = open_netlink(&netlink, err);
	if (r < 0)
		return r;
	r = host_link_get(&netlink, name, &link);
	if (r == 0)
		r = host_link_delete(&netlink, link.index);
	if (r < 0)
		host_fail(err, r, NULL, "cannot delete the link %s: %s", name, strerror(-r));
	host_netlink_close(&netlink);
	return r;
}

static int get_link(const char *name, struct host_link *ret, struct host_error *err)
{
	struct host_netlink netlink;
	int r;

	r = open_netlink(&netlink, err);
	if (r < 0)
		return r;
	r = host_link_get(&netlink, name, ret);
	host_netlink_close(&netlink);
	if (r < 0)
		return fail_link(err, &netlink, r, "read the state", name, "itself");
	return 0;
}

int host_close_tap(struct host_run *run, const struct host_op *op, struct host_error *err)
{
	struct host_device_run *device = device_of(run, op);
	int r = 0;

	vhc_tap_close(device->tap);
	device->tap = NULL;
	if (tap_of(run, op)->persist)
		r = delete_link(device->name, err);
	return r;
}

int host_open_tap(struct host_run *run, const struct host_op *op, struct host_error *err)
{
	struct vhc_ctx *ctx = run->plan->options->ctx;
	struct host_device_run *device = device_of(run, op);
	const struct host_device *config = host_device(run->plan->setup, op->device);
	struct vhc_tap_args args = { .sz = sizeof(args) };
	struct host_error unused;
	int r;

	r = fill_args(config, &args, err);
	if (r < 0)
		return r;
	r = vhc_tap_open(ctx, config->tap.name, &args, &device->tap);
	if (r < 0)
		return host_fail_library(err, ctx, r);
	snprintf(device->name, sizeof(device->name), "%s", vhc_tap_get_name(device->tap));
	if (!device->adopted)
		r = get_link(device->name, &device->before, err);
	if (r < 0) {
		host_close_tap(run, op, &unused);
		return r;
	}
	return 1;
}

/* ------------------------------------------------------------------------------ one value of it */

/* A value of a link, as its own functions set it. */
union value {
	uint8_t mac[6];
	uint32_t mtu;
	int master;
	bool up;
	const char *address;
};

typedef int set_fn(struct host_netlink *netlink, int index, const union value *value);

static int set_mac(struct host_netlink *netlink, int index, const union value *value)
{
	return host_link_set_mac(netlink, index, value->mac);
}

static int set_mtu(struct host_netlink *netlink, int index, const union value *value)
{
	return host_link_set_mtu(netlink, index, value->mtu);
}

static int set_master(struct host_netlink *netlink, int index, const union value *value)
{
	return host_link_set_master(netlink, index, value->master);
}

static int set_up(struct host_netlink *netlink, int index, const union value *value)
{
	return host_link_set_up(netlink, index, value->up);
}

/* It is there already: nothing to do, and nothing to take back. */
static int add_address(struct host_netlink *netlink, int index, const union value *value)
{
	return host_link_add_address(netlink, index, value->address);
}

static int del_address(struct host_netlink *netlink, int index, const union value *value)
{
	return host_link_del_address(netlink, index, value->address);
}

/* Sets it; 1 when it is to be undone, which a new link needs not. */
static int set(struct host_run *run, const struct host_op *op, set_fn *fn, const union value *value,
	       const char *what, const char *text, struct host_error *err)
{
	struct host_device_run *device = device_of(run, op);
	struct host_netlink netlink;
	int r;

	r = open_netlink(&netlink, err);
	if (r < 0)
		return r;
	r = fn(&netlink, device->before.index, value);
	host_netlink_close(&netlink);
	if (r == -EEXIST && fn == add_address)
		return 0;
	if (r < 0)
		return fail_link(err, &netlink, r, what, device->name, text);
	return device->adopted;
}

int host_set_mac(struct host_run *run, const struct host_op *op, struct host_error *err)
{
	union value value;
	char text[24];

	/* A bridge takes frames to a port's own address for the host, so the guest's must differ. */
	host_parse_mac(tap_of(run, op)->mac, value.mac);
	value.mac[0] = 0xfe;
	if (memcmp(value.mac, device_of(run, op)->before.mac, sizeof(value.mac)) == 0)
		return 0;
	snprintf(text, sizeof(text), "fe:%02x:%02x:%02x:%02x:%02x", value.mac[1], value.mac[2],
		 value.mac[3], value.mac[4], value.mac[5]);
	return set(run, op, set_mac, &value, "set the MAC address", text, err);
}

int host_unset_mac(struct host_run *run, const struct host_op *op, struct host_error *err)
{
	union value value;

	memcpy(value.mac, device_of(run, op)->before.mac, sizeof(value.mac));
	return set(run, op, set_mac, &value, "set the MAC address", "what it was", err);
}

int host_set_mtu(struct host_run *run, const struct host_op *op, struct host_error *err)
{
	union value value = { .mtu = (uint32_t)tap_of(run, op)->mtu };
	char text[24];

	if (value.mtu == device_of(run, op)->before.mtu)
		return 0;
	snprintf(text, sizeof(text), "%u", value.mtu);
	return set(run, op, set_mtu, &value, "set the MTU", text, err);
}

int host_unset_mtu(struct host_run *run, const struct host_op *op, struct host_error *err)
{
	union value value = { .mtu = device_of(run, op)->before.mtu };

	return set(run, op, set_mtu, &value, "set the MTU", "what it was", err);
}

int host_add_address(struct host_run *run, const struct host_op *op, struct host_error *err)
{
	union value value = { .address = ((char **)tap_of(run, op)->address.items)[op->item] };

	return set(run, op, add_address, &value, "add to the addresses", value.address, err);
}

int host_del_address(struct host_run *run, const struct host_op *op, struct host_error *err)
{
	union value value = { .address = ((char **)tap_of(run, op)->address.items)[op->item] };

	return set(run, op, del_address, &value, "take from the addresses", value.address, err);
}

int host_set_bridge(struct host_run *run, const struct host_op *op, struct host_error *err)
{
	struct host_device_run *device = device_of(run, op);
	const char *name = tap_of(run, op)->bridge;
	struct host_netlink netlink;
	struct host_link bridge;
	union value value;
	char hint[100];
	int r;

	r = open_netlink(&netlink, err);
	if (r < 0)
		return r;
	r = host_link_get(&netlink, name, &bridge);
	host_netlink_close(&netlink);
	if (r == -ENODEV) {
		snprintf(hint, sizeof(hint), "ip link add %s type bridge && ip link set %s up",
			 name, name);
		return host_fail(err, r, hint, "there is no bridge \"%s\"%s", name,
				 tap_of(run, op)->netns ? " in the link's network namespace" : "");
	}
	if (r < 0)
		return fail_link(err, &netlink, r, "read the state", name, "itself");
	if (bridge.index == device->before.master)
		return 0;
	value.master = bridge.index;
	return set(run, op, set_master, &value, "set the bridge", name, err);
}

int host_unset_bridge(struct host_run *run, const struct host_op *op, struct host_error *err)
{
	union value value = { .master = device_of(run, op)->before.master };

	return set(run, op, set_master, &value, "set the bridge", "what it was", err);
}

int host_set_up(struct host_run *run, const struct host_op *op, struct host_error *err)
{
	union value value = { .up = true };

	if (device_of(run, op)->before.up)
		return 0;
	return set(run, op, set_up, &value, "set the state", "up", err);
}

int host_unset_up(struct host_run *run, const struct host_op *op, struct host_error *err)
{
	union value value = { .up = false };

	return set(run, op, set_up, &value, "set the state", "down", err);
}
