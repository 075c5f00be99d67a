/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The operations on a macvtap: a link on top of another, with the MAC address of the guest, and a device
 * node of its own.  It is made by rtnetlink, and stays until it is deleted.
 */
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "errname.h"
#include "links/macvtap.h"
#include "ops/mark.h"
#include "ops/op.h"

/* --------------------------------------------------------------------------------------- its lower */

int host_find_lower(struct host_run *run, const struct host_op *op, struct host_error *err)
{
	struct host_device_run *device = host_run_of(run, op);
	const char *name = host_tap_of(run, op)->lower;
	struct host_link master = { 0 };
	struct host_netlink netlink;
	char hint[100];
	int r;

	r = host_netlink_begin(&netlink, err);
	if (r < 0)
		return r;
	r = host_link_get(&netlink, name, &device->lower);
	if (r == 0 && device->lower.master)
		host_link_get_index(&netlink, device->lower.master, &master);
	host_netlink_close(&netlink);
	if (r == -ENODEV)
		return host_fail(err, r, "ip -br link shows all links",
				 "there is no link \"%s\" to put a macvtap on", name);
	if (r < 0)
		return host_fail_link(err, &netlink, r, "read the state", name, NULL);
	if (master.index) {
		snprintf(hint, sizeof(hint), "set \"kind\" to \"tap\" and \"bridge\" to \"%s\"",
			 master.name);
		return host_fail(err, -EBUSY, strcmp(master.kind, "bridge") == 0 ? hint : NULL,
				 "\"%s\" is a port of \"%s\", and takes no macvtap", name,
				 master.name);
	}
	if (!device->lower.up)
		host_warn(run, op,
			  "%s is down, and nothing passes until it is up: ip link set %s up", name,
			  name);
	return 0;
}

/* ---------------------------------------------------------------------------------------- the link */

/* Under the name that only the link of this mark has.  One that is there is of a set-up that was killed. */
static int make_unmarked(struct host_netlink *netlink, const struct host_tap *tap, int lower,
			 const char *mark, struct host_link *ret)
{
	struct host_macvtap macvtap = { .lower = lower,
					.mode = tap->mode,
					.txqueuelen = (uint32_t)tap->txqueuelen };
	char name[HOST_LINK_NAME_MAX];
	int r;

	doc_mac_parse(tap->mac, macvtap.mac);
	host_mark_name(mark, name);
	r = host_macvtap_find_unmarked(netlink, name, ret);
	if (r == 0)
		host_link_delete(netlink, ret->index);
	r = host_macvtap_make(netlink, name, &macvtap);
	return r < 0 ? r : host_link_get(netlink, name, ret);
}

/* With a prefix, or without a name, the first one that is free. */
static int name_and_mark(struct host_netlink *netlink, int index, const struct host_tap *tap,
			 const char *mark, char name[HOST_LINK_NAME_MAX])
{
	const char *pattern = tap->name ? tap->name : "macvtap%d";
	const char *number = strchr(pattern, '%');
	char full[40];
	int r = -EEXIST;

	snprintf(full, sizeof(full), "%s", pattern);
	for (unsigned int n = 0; r == -EEXIST; n++) {
		if (number)
			snprintf(full, sizeof(full), "%.*s%u", (int)(number - pattern), pattern, n);
		if (strlen(full) >= HOST_LINK_NAME_MAX)
			return -ENAMETOOLONG;
		r = host_alias_set(netlink, index, full, mark);
		if (!number)
			break;
	}
	memcpy(name, full, HOST_LINK_NAME_MAX);
	return r;
}

static int fail_make(struct host_error *err, const struct host_netlink *netlink, int code,
		     const struct host_tap *tap)
{
	const char *hint = NULL;
	char number[DOC_ERRNO_MAX];

	if (code == -EEXIST)
		hint = "choose another name; vhostctl teardown removes what an earlier set-up left";
	if (code == -EPERM)
		hint = "run it as root: making links requires CAP_NET_ADMIN";
	if (code == -EOPNOTSUPP)
		hint = "modprobe macvtap";
	return host_fail(err, code, hint, "cannot make the macvtap %s on %s: %s%s%s",
			 tap->name ? tap->name : "", tap->lower, doc_errno(number, code),
			 netlink->text[0] ? ": " : "", netlink->text);
}

/* It gets its name and its mark in one call: whatever ends this process, teardown knows the link. */
static int make(struct host_run *run, const struct host_op *op, struct host_error *err)
{
	struct host_device_run *device = host_run_of(run, op);
	const struct host_device *config = host_device(run->plan->setup, op->device);
	struct host_netlink netlink;
	char mark[HOST_MARK_MAX];
	bool made = false;
	int r;

	r = host_netlink_begin(&netlink, err);
	if (r < 0)
		return r;
	host_mark(run->plan->setup, config, mark);
	r = make_unmarked(&netlink, &config->tap, device->lower.index, mark, &device->before);
	if (r == 0) {
		made = true;
		r = name_and_mark(&netlink, device->before.index, &config->tap, mark, device->name);
	}
	if (r < 0)
		fail_make(err, &netlink, r, &config->tap);
	if (r < 0 && made)
		host_link_delete(&netlink, device->before.index);
	host_netlink_close(&netlink);
	return r;
}

/* ---------------------------------------------------------------------------------------- its node */

/* Each open is a queue. */
static int open_queues(struct host_run *run, const struct host_op *op, int *fds,
		       struct host_error *err)
{
	struct host_device_run *device = host_run_of(run, op);
	uint64_t pairs = host_device(run->plan->setup, op->device)->queue_pairs;
	char path[40], number[DOC_ERRNO_MAX];

	snprintf(path, sizeof(path), "/dev/tap%d", device->before.index);
	for (uint64_t i = 0; i < pairs; i++) {
		int r;

		fds[i] = host_traced(open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK),
				     "open(\"%s\", O_RDWR|O_NONBLOCK)", path);
		if (fds[i] >= 0)
			continue;
		r = -errno;
		return host_fail(
			err, r,
			r == -ENOENT ? "the node is made by devtmpfs or udev: mount one of "
				       "them here, or use a tap"
				     : NULL,
			"cannot open %s of %s: %s", path, device->name, doc_errno(number, r));
	}
	return 0;
}

#define TRIES 16

/* Nodes are named by the index alone, which a link of another network namespace may have, too: -EAGAIN. */
static int check_node(const struct host_device_run *device, struct host_error *err)
{
	struct ifreq ifr = { 0 };
	int r = ioctl(vhc_tap_get_fd(device->tap, 0), SIOCGIFHWADDR, &ifr);

	if (r == 0 && strcmp(vhc_tap_get_name(device->tap), device->name) == 0 &&
	    memcmp(ifr.ifr_hwaddr.sa_data, device->before.mac, sizeof(device->before.mac)) == 0)
		return 0;
	return host_fail(err, -EAGAIN, "use a tap",
			 "/dev/tap%d is not of the new link %s, but of one in another network "
			 "namespace",
			 device->before.index, device->name);
}

static int try_macvtap(struct host_run *run, const struct host_op *op, struct host_error *err)
{
	struct host_device_run *device = host_run_of(run, op);
	uint32_t pairs = (uint32_t)host_device(run->plan->setup, op->device)->queue_pairs;
	struct vhc_ctx *ctx = run->plan->options->ctx;
	int fds[HOST_MAX_QUEUE_PAIRS], r;
	struct host_error unused;

	r = make(run, op, err);
	if (r < 0)
		return r;
	for (uint32_t i = 0; i < pairs; i++)
		fds[i] = -1;
	r = open_queues(run, op, fds, err);
	if (r == 0) {
		r = vhc_tap_open_fds(ctx, fds, pairs, &device->tap);
		r = r < 0 ? host_fail_library(err, ctx, r) : check_node(device, err);
	}
	for (uint32_t i = 0; i < pairs; i++)
		if (fds[i] >= 0)
			close(fds[i]);
	if (r < 0)
		host_remove_macvtap(run, op, &unused);
	return r < 0 ? r : 1;
}

/* The next link has another index; a node that was in the way may also have gone since. */
int host_make_macvtap(struct host_run *run, const struct host_op *op, struct host_error *err)
{
	int r = -EAGAIN;

	for (int i = 0; i < TRIES && (r == -EAGAIN || r == -ENOENT); i++)
		r = try_macvtap(run, op, err);
	return r;
}

int host_remove_macvtap(struct host_run *run, const struct host_op *op, struct host_error *err)
{
	struct host_device_run *device = host_run_of(run, op);
	struct host_netlink netlink;
	char number[DOC_ERRNO_MAX];
	int r;

	vhc_tap_close(device->tap);
	device->tap = NULL;
	r = host_netlink_begin(&netlink, err);
	if (r < 0)
		return r;
	r = host_link_delete(&netlink, device->before.index);
	host_netlink_close(&netlink);
	return r < 0 && r != -ENODEV ? host_fail(err, r, NULL, "cannot delete the link %s: %s",
						 device->name, doc_errno(number, r))
				     : 0;
}
