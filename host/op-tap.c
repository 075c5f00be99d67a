/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The operations that open a tap, created or adopted by the library.  If the kernel only says
 * EINVAL, the link's own attributes explain why.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "errname.h"
#include "op.h"

/* Does the existing link exist, is it a tap, and what are its current values? */
static int check_link(struct host_run *run, const struct host_op *op, struct host_netlink *netlink,
		      struct host_error *err)
{
	struct host_device_run *device = host_run_of(run, op);
	const char *name = host_tap_of(run, op)->name;
	char hint[200];
	int r;

	r = host_link_get(netlink, name, &device->before);
	if (r == -ENODEV) {
		snprintf(hint, sizeof(hint),
			 "ip tuntap add dev %s mode tap%s vnet_hdr user USER; or omit \"existing\"",
			 name,
			 host_device(run->plan->setup, op->device)->queue_pairs > 1 ? " multi_queue"
										    : "");
		return host_fail(err, r, hint, "there is no link \"%s\" to use", name);
	}
	if (r < 0)
		return host_fail_link(err, netlink, r, "read the state", name, NULL);
	if (device->before.tun.known && !device->before.tun.tap)
		return host_fail(
			err, -EINVAL, "choose another name",
			"the link \"%s\" is a tun, which carries packets; a tap is required", name);
	if (device->before.kind[0] && strcmp(device->before.kind, "tun") != 0)
		return host_fail(err, -EINVAL, "choose another name",
				 "the link \"%s\" is not a tap but of "
				 "kind %s",
				 name, device->before.kind);
	return 0;
}

int host_forget_link(struct host_run *run, const struct host_op *op, struct host_error *err)
{
	struct host_device_run *device = host_run_of(run, op);

	host_addresses_free(device->existing->addresses);
	free(device->existing);
	device->existing = NULL;
	return 0;
}

int host_find_link(struct host_run *run, const struct host_op *op, struct host_error *err)
{
	struct host_device_run *device = host_run_of(run, op);
	struct host_existing *existing;
	struct host_netlink netlink;
	int r;

	r = host_netlink_begin(&netlink, err);
	if (r < 0)
		return r;
	r = check_link(run, op, &netlink, err);
	existing = r == 0 ? calloc(1, sizeof(*existing)) : NULL;
	if (r == 0 && !existing)
		r = host_fail_memory(err);
	if (r == 0) {
		r = host_port_get(&netlink, device->before.index, &existing->port);
		r = r ? r : host_addresses_get(&netlink, &existing->addresses);
		if (r < 0)
			host_fail_link(err, &netlink, r, "read the state", device->before.name,
				       NULL);
	}
	host_netlink_close(&netlink);
	if (r < 0) {
		free(existing);
		return r;
	}
	device->existing = existing;
	device->adopted = true;
	return 1;
}

/* Who may open the tap.  What an existing one already has needs no call, thus no privilege. */
static int fill_owner(const struct host_tap *tap, const struct host_tun *now,
		      struct vhc_tap_args *args, struct host_error *err)
{
	struct host_user user;
	int r = 0;

	if (tap->owner) {
		r = host_user_find(tap->owner, &user, err);
		if (r == 0 && !(now->known && now->owner == user.uid)) {
			args->flags |= VHC_TAP_OWNER;
			args->owner = user.uid;
		}
	}
	if (r == 0 && tap->group) {
		r = host_group_find(tap->group, &args->group, err);
		if (r == 0 && !(now->known && now->group == args->group))
			args->flags |= VHC_TAP_GROUP;
	}
	return r;
}

static int fill_args(const struct host_device *device, const struct host_link *now,
		     struct vhc_tap_args *args, struct host_error *err)
{
	const struct host_tap *tap = &device->tap;

	args->queues = (uint32_t)device->queue_pairs;
	args->flags = (tap->persist ? VHC_TAP_PERSIST : 0u) | (tap->existing ? VHC_TAP_ADOPT : 0u);
	if (tap->txqueuelen != now->txqueuelen)
		args->txqueuelen = (uint32_t)tap->txqueuelen;
	return fill_owner(tap, &now->tun, args, err);
}

static int get_link(const char *name, struct host_link *ret, struct host_error *err)
{
	struct host_netlink netlink;
	int r;

	r = host_netlink_begin(&netlink, err);
	if (r < 0)
		return r;
	r = host_link_get(&netlink, name, ret);
	host_netlink_close(&netlink);
	if (r < 0)
		return host_fail_link(err, &netlink, r, "read the state", name, NULL);
	return 0;
}

static int restore_link(const struct host_tap *tap, const struct host_device_run *device,
			struct host_error *err)
{
	const struct host_link *before = &device->before;
	const char *what = "restore the txqueuelen";
	struct host_netlink netlink;
	int r;

	r = host_netlink_begin(&netlink, err);
	if (r < 0)
		return r;
	if (tap->txqueuelen && tap->txqueuelen != before->txqueuelen)
		r = host_link_set_txqueuelen(&netlink, before->index, before->txqueuelen);
	if (r == 0) {
		what = "restore the addresses";
		r = host_addresses_restore(&netlink, before->index, device->existing->addresses);
	}
	host_netlink_close(&netlink);
	return r < 0 ? host_fail_link(err, &netlink, r, what, device->name, NULL) : 0;
}

/*
 * Restore what the library changed on an existing tap.  An owner or group cannot be removed again.
 */
static int restore_adopted(const struct host_tap *tap, const struct host_device_run *device,
			   struct host_error *err)
{
	const struct host_tun *tun = &device->before.tun;
	int fd = vhc_tap_get_fd(device->tap, 0);

	if (tap->owner && tun->known && tun->owner != HOST_NOBODY &&
	    ioctl(fd, TUNSETOWNER, (unsigned long)tun->owner) < 0)
		return host_fail(err, -errno, NULL, "cannot restore the owner of %s to user %u: %s",
				 device->name, tun->owner, strerror(errno));
	if (tap->group && tun->known && tun->group != HOST_NOBODY &&
	    ioctl(fd, TUNSETGROUP, (unsigned long)tun->group) < 0)
		return host_fail(err, -errno, NULL,
				 "cannot restore the group of %s to group %u: %s", device->name,
				 tun->group, strerror(errno));
	return restore_link(tap, device, err);
}

/*
 * A tap has the flags of the last TUNSETIFF: the library's, with a virtio-net header.  The call that
 * sets them back takes a queue, so ours must be closed.
 */
static int restore_flags(const struct host_device_run *device, struct host_error *err)
{
	const struct host_tun *tun = &device->before.tun;
	struct ifreq ifr = { .ifr_flags = IFF_TAP };
	char number[DOC_ERRNO_MAX];
	int fd, r = 0;

	if (!tun->known || (tun->vnet_hdr && !tun->pi))
		return 0;
	ifr.ifr_flags = (short)(ifr.ifr_flags | (tun->pi ? 0 : IFF_NO_PI) |
				(tun->vnet_hdr ? IFF_VNET_HDR : 0) |
				(tun->multi_queue ? IFF_MULTI_QUEUE : 0));
	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", device->name);
	fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 || ioctl(fd, TUNSETIFF, &ifr) < 0)
		r = -errno;
	if (fd >= 0)
		close(fd);
	return r < 0 ? host_fail(err, r, NULL, "cannot restore the flags of %s: %s", device->name,
				 doc_errno(number, r))
		     : 0;
}

int host_close_tap(struct host_run *run, const struct host_op *op, struct host_error *err)
{
	struct host_device_run *device = host_run_of(run, op);
	const struct host_tap *tap = host_tap_of(run, op);
	int r = 0;

	if (device->adopted)
		r = restore_adopted(tap, device, err);
	/* It is deleted when its fds are closed.  Needs no privilege, unlike deleting it by name. */
	if (tap->persist && ioctl(vhc_tap_get_fd(device->tap, 0), TUNSETPERSIST, 0) < 0)
		r = host_fail(err, -errno, NULL, "cannot delete the persistent tap %s: %s",
			      device->name, strerror(errno));
	vhc_tap_close(device->tap);
	device->tap = NULL;
	if (r == 0 && device->adopted)
		r = restore_flags(device, err);
	return r;
}

static void say_who(char *buf, size_t size, const struct host_tun *tun)
{
	int n = 0;

	if (tun->owner != HOST_NOBODY)
		n = snprintf(buf, size, "user %u", tun->owner);
	if (tun->group != HOST_NOBODY)
		snprintf(buf + n, size - (size_t)n, "%sgroup %u", n ? " and " : "", tun->group);
}

/* On EINVAL, EPERM or EBUSY, compare the existing tap with the requested one. */
static int explain_adopted(const struct host_device *config, const struct host_link *link, int code,
			   struct host_error *err)
{
	const char *name = config->tap.name;
	unsigned long long pairs = config->queue_pairs;
	const char *multi = link->tun.multi_queue ? " multi_queue" : "";
	char hint[300], who[60] = "no user";

	if (code == -EINVAL && link->tun.known && !link->tun.multi_queue && pairs > 1) {
		snprintf(hint, sizeof(hint),
			 "set \"queue_pairs\" to 1, or recreate it: ip tuntap del dev %s mode tap "
			 "&& ip tuntap add dev %s mode tap multi_queue vnet_hdr user USER",
			 name, name);
		return host_fail(err, code, hint,
				 "the tap \"%s\" was created without multi_queue, but the config "
				 "requests %llu queue pairs",
				 name, pairs);
	}
	if (code == -EPERM && link->tun.known) {
		say_who(who, sizeof(who), &link->tun);
		snprintf(
			hint, sizeof(hint),
			"recreate it as root: ip tuntap del dev %s mode tap%s && ip tuntap add dev %s "
			"mode tap%s vnet_hdr user %u",
			name, multi, name, multi, geteuid());
		return host_fail(err, code, hint,
				 "the tap \"%s\" belongs to %s, and user %u has no "
				 "CAP_NET_ADMIN",
				 name, who, geteuid());
	}
	if (code == -EBUSY) {
		snprintf(hint, sizeof(hint), "grep -l 'iff:.*%s' /proc/[0-9]*/fdinfo/* finds it",
			 name);
		return host_fail(err, code, hint, "the tap \"%s\" is in use by another process",
				 name);
	}
	return 0;
}

int host_open_tap(struct host_run *run, const struct host_op *op, struct host_error *err)
{
	struct vhc_ctx *ctx = run->plan->options->ctx;
	struct host_device_run *device = host_run_of(run, op);
	const struct host_device *config = host_device(run->plan->setup, op->device);
	struct vhc_tap_args args = { .sz = sizeof(args) };
	struct host_error unused;
	int r;

	r = fill_args(config, &device->before, &args, err);
	if (r < 0)
		return r;
	r = vhc_tap_open(ctx, config->tap.name, &args, &device->tap);
	if (r < 0 && device->adopted && explain_adopted(config, &device->before, r, err) < 0)
		return r;
	if (r < 0) {
		host_fail_library(err, ctx, r);
		if (r == -EBUSY && config->tap.name && !device->adopted)
			snprintf(err->hint, sizeof(err->hint),
				 "set \"existing\": true to use it, or choose another name");
		return r;
	}
	snprintf(device->name, sizeof(device->name), "%s", vhc_tap_get_name(device->tap));
	if (!device->adopted)
		r = get_link(device->name, &device->before, err);
	if (r < 0) {
		host_close_tap(run, op, &unused);
		return r;
	}
	return 1;
}
