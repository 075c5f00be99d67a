/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The operations on a tap that is there already: all that it has is read before anything changes, and
 * restored if a later step fails.
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
#include "ops/op.h"

int host_check_is_tap(const struct host_link *link, struct host_error *err)
{
	static const char hint[] = "choose another name";

	if (link->tun.known && !link->tun.tap)
		return host_fail(
			err, -EINVAL, hint,
			"the link \"%s\" is a tun, which carries packets; a tap is required",
			link->name);
	if (!link->kind[0] && !link->tun.known)
		return host_fail(err, -EINVAL, hint,
				 "the link \"%s\" is not a tap but a network card or the loopback",
				 link->name);
	if (link->kind[0] && strcmp(link->kind, "tun") != 0)
		return host_fail(err, -EINVAL, hint, "the link \"%s\" is not a tap but of kind %s",
				 link->name, link->kind);
	return 0;
}

/*
 * Does the existing link exist, is it a tap, and what are its current values?  With "persist" it is one
 * that an earlier set-up of the config left, or -ENODEV says that there is none yet.
 */
static int check_link(struct host_run *run, const struct host_op *op, struct host_netlink *netlink,
		      struct host_error *err)
{
	struct host_device_run *device = host_run_of(run, op);
	const char *name = host_tap_of(run, op)->name;
	bool ours = host_tap_of(run, op)->existing == DOC_ABSENT;
	char hint[200];
	int r;

	r = host_link_get(netlink, name, &device->before);
	if (r == -ENODEV && ours)
		return r;
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
	r = host_check_is_tap(&device->before, err);
	if (r < 0)
		return r;
	return ours ? host_check_ours(run->plan, host_device(run->plan->setup, op->device),
				      &device->before, err)
		    : 0;
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
	if (r == -ENODEV && host_tap_of(run, op)->existing == DOC_ABSENT) {
		host_netlink_close(&netlink);
		return 0;
	}
	existing = r == 0 ? calloc(1, sizeof(*existing)) : NULL;
	if (r == 0 && !existing)
		r = host_fail_memory(err);
	if (r == 0)
		r = host_find_owner(host_tap_of(run, op), &device->before.tun, &existing->owner,
				    &existing->group, err);
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
	existing->txqueuelen = host_tap_of(run, op)->txqueuelen &&
			       host_tap_of(run, op)->txqueuelen != device->before.txqueuelen;
	device->existing = existing;
	device->adopted = true;
	return 1;
}

/* ---------------------------------------------------------------------------------------- restoring */

int host_restore_link(const struct host_device_run *device, struct host_error *err)
{
	const struct host_link *before = &device->before;
	const char *what = "restore the txqueuelen";
	struct host_netlink netlink;
	int r;

	r = host_netlink_begin(&netlink, err);
	if (r < 0)
		return r;
	if (device->existing->txqueuelen)
		r = host_link_set_txqueuelen(&netlink, before->index, before->txqueuelen);
	if (r == 0) {
		what = "restore the addresses";
		r = host_addresses_restore(&netlink, before->index, device->existing->addresses);
	}
	host_netlink_close(&netlink);
	return r < 0 ? host_fail_link(err, &netlink, r, what, device->name, NULL) : 0;
}

int host_restore_flags(const struct host_device_run *device, struct host_error *err)
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
	fd = host_traced(open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK),
			 "open(\"/dev/net/tun\", O_RDWR|O_NONBLOCK)");
	if (fd < 0 ||
	    host_traced(ioctl(fd, TUNSETIFF, &ifr), "ioctl(%d, TUNSETIFF, {\"%s\", 0x%x})", fd,
			device->name, (unsigned int)ifr.ifr_flags) < 0)
		r = -errno;
	if (fd >= 0)
		close(fd);
	return r < 0 ? host_fail(err, r, NULL, "cannot restore the flags of %s: %s", device->name,
				 doc_errno(number, r))
		     : 0;
}

/* ----------------------------------------------------------------------- the owner of an existing tap */

static int set_ids(const struct host_device_run *device, uint32_t owner, uint32_t group,
		   struct host_error *err)
{
	int fd = vhc_tap_get_fd(device->tap, 0);
	char number[DOC_ERRNO_MAX];

	if (group != HOST_NOBODY && host_traced(ioctl(fd, TUNSETGROUP, (unsigned long)group),
						"ioctl(%d, TUNSETGROUP, %u)", fd, group) < 0)
		return host_fail(err, -errno, NULL, "cannot set the group of %s to %u: %s",
				 device->name, group, doc_errno(number, -errno));
	if (owner != HOST_NOBODY && host_traced(ioctl(fd, TUNSETOWNER, (unsigned long)owner),
						"ioctl(%d, TUNSETOWNER, %u)", fd, owner) < 0)
		return host_fail(err, -errno, NULL, "cannot set the owner of %s to user %u: %s",
				 device->name, owner, doc_errno(number, -errno));
	return 0;
}

int host_unset_owner(struct host_run *run, const struct host_op *op, struct host_error *err)
{
	struct host_device_run *device = host_run_of(run, op);
	const struct host_existing *set = device->existing;
	const struct host_tun *tun = &device->before.tun;
	int r;

	r = set_ids(device, set->owner == HOST_NOBODY ? HOST_NOBODY : tun->owner,
		    set->group == HOST_NOBODY ? HOST_NOBODY : tun->group, err);
	if (r == 0 && ((set->owner != HOST_NOBODY && tun->owner == HOST_NOBODY) ||
		       (set->group != HOST_NOBODY && tun->group == HOST_NOBODY)))
		return host_fail(err, -EOPNOTSUPP, NULL,
				 "%s had no owner or group, and the kernel takes none away",
				 device->name);
	return r;
}

int host_set_owner(struct host_run *run, const struct host_op *op, struct host_error *err)
{
	struct host_device_run *device = host_run_of(run, op);
	const struct host_existing *set = device->existing;
	struct host_error second;
	int r;

	if (set->owner == HOST_NOBODY && set->group == HOST_NOBODY)
		return 0;
	r = set_ids(device, set->owner, set->group, err);
	if (r < 0)
		host_unset_owner(run, op, &second);
	return r < 0 ? r : 1;
}
