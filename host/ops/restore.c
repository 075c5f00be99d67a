/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Restoring what an existing tap had: after a failure, or from the record of a set-up that was killed.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "errname.h"
#include "links/holder.h"
#include "log.h"
#include "ops/op.h"

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

/* ------------------------------------------------------------------------------- flags and owner */

/* A queue of a tap of which nobody has one, opened as the last one was before the set-up. */
static int open_queue(const struct host_device_run *device, const char *what,
		      struct host_error *err)
{
	const struct host_tun *tun = &device->before.tun;
	struct ifreq ifr = { .ifr_flags = IFF_TAP };
	char number[DOC_ERRNO_MAX];
	int fd, r = 0;

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
	if (r == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return host_fail(err, r, NULL, "cannot restore the %s of %s: %s", what, device->name,
			 doc_errno(number, r));
}

int host_restore_flags(const struct host_device_run *device, struct host_error *err)
{
	const struct host_tun *tun = &device->before.tun;
	int fd;

	if (!tun->known || (tun->vnet_hdr && !tun->pi))
		return 0;
	fd = open_queue(device, "flags", err);
	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

static int set_ids(const struct host_device_run *device, int fd, uint32_t owner, uint32_t group,
		   struct host_error *err)
{
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

/* Once the launcher may have had the tap, this process has no queue of it. */
int host_unset_owner(struct host_run *run, const struct host_op *op, struct host_error *err)
{
	struct host_device_run *device = host_run_of(run, op);
	const struct host_existing *set = device->existing;
	const struct host_tun *tun = &device->before.tun;
	int fd = device->tap ? vhc_tap_get_fd(device->tap, 0) : open_queue(device, "owner", err), r;

	if (fd < 0)
		return fd;
	r = set_ids(device, fd, set->owner == HOST_NOBODY ? HOST_NOBODY : tun->owner,
		    set->group == HOST_NOBODY ? HOST_NOBODY : tun->group, err);
	if (!device->tap)
		close(fd);
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
	r = set_ids(device, vhc_tap_get_fd(device->tap, 0), set->owner, set->group, err);
	if (r < 0)
		host_unset_owner(run, op, &second);
	return r < 0 ? r : 1;
}

/* -------------------------------------------------------------------------- whatever is different */

/* Only what differs, as nothing tells how far the set-up came; the first error is that of the text. */
static int restore_values(struct host_run *run, const struct host_op *op,
			  const struct host_link *now, struct host_error *err)
{
	const struct host_link *before = &host_run_of(run, op)->before;
	const struct {
		bool differs;
		int (*undo)(struct host_run *run, const struct host_op *op, struct host_error *err);
	} values[] = {
		{ now->tun.owner != before->tun.owner || now->tun.group != before->tun.group,
		  host_unset_owner },
		{ now->up && !before->up, host_unset_up },
		{ before->master || now->master, host_unset_bridge },
		{ now->mtu != before->mtu, host_unset_mtu },
		{ memcmp(now->mac, before->mac, sizeof(now->mac)) != 0, host_unset_mac },
		{ true, host_close_tap },
	};
	struct host_error second;
	int r = 0;

	for (size_t i = 0; i < DOC_COUNT(values); i++) {
		int error = values[i].differs ? values[i].undo(run, op, &second) : 0;

		if (error < 0 && r == 0) {
			r = error;
			*err = second;
		}
	}
	return r;
}

/* Addresses that the set-up was to add, and that the link had not. */
static int remove_added(struct host_netlink *netlink, const struct host_record *record)
{
	int r = 0;

	for (size_t i = 0; i < record->added.count && r == 0; i++) {
		const char *address = ((char **)record->added.items)[i];

		if (host_addresses_have(record->addresses, record->link.index, address))
			continue;
		r = host_link_del_address(netlink, record->link.index, address);
		r = r == -EADDRNOTAVAIL ? 0 : r;
	}
	return r;
}

/* The state of a device as if the set-up had made every change of it. */
static void fill_run(const struct host_record *record, const struct host_link *now, int bridge,
		     struct host_existing *existing, struct host_device_run *device)
{
	const struct host_tun *tun = &now->tun;

	*existing = (struct host_existing){
		.port = record->port,
		.addresses = record->addresses,
		.owner = tun->owner == record->link.tun.owner ? HOST_NOBODY : tun->owner,
		.group = tun->group == record->link.tun.group ? HOST_NOBODY : tun->group,
		.txqueuelen = now->txqueuelen != record->link.txqueuelen,
	};
	*device = (struct host_device_run){ .before = record->link,
					    .existing = existing,
					    .adopted = true };
	device->before.master = bridge;
	memcpy(device->name, now->name, sizeof(device->name));
}

static int look(struct host_netlink *netlink, const struct host_record *record,
		struct host_link *now, struct host_link *bridge, struct host_error *err)
{
	char holder[HOST_HOLDER_MAX];
	int r = host_link_get_index(netlink, record->link.index, now);

	if (r == -ENODEV || (r == 0 && strcmp(now->kind, "tun") != 0))
		return -ENODEV;
	if (r == 0 && now->carrier)
		return host_fail(err, -EBUSY, "end it first",
				 "what a set-up changed cannot be restored: the link \"%s\" is in "
				 "use by %s",
				 now->name, host_holder_find(now->name, holder));
	if (r == 0 && record->bridge[0])
		r = host_link_get(netlink, record->bridge, bridge);
	if (r == -ENODEV)
		r = 0;
	return r < 0 ? host_fail_link(err, netlink, r, "read the state", record->link.name, NULL)
		     : 0;
}

int host_restore_recorded(struct host_run *run, const struct host_op *op,
			  const struct host_record *record, char ret_name[HOST_LINK_NAME_MAX],
			  struct host_error *err)
{
	struct host_device_run *device = host_run_of(run, op), mine = *device;
	struct host_link now, bridge = { 0 };
	struct host_existing existing;
	struct host_netlink netlink;
	int r;

	r = host_netlink_begin(&netlink, err);
	if (r < 0)
		return r;
	r = look(&netlink, record, &now, &bridge, err);
	if (r == 0) {
		r = remove_added(&netlink, record);
		if (r < 0)
			host_fail_link(err, &netlink, r, "take an address", now.name, NULL);
	}
	host_netlink_close(&netlink);
	if (r < 0)
		return r;
	memcpy(ret_name, now.name, HOST_LINK_NAME_MAX); /* it may have been renamed since */
	fill_run(record, &now, bridge.index, &existing, device);
	r = restore_values(run, op, &now, err);
	*device = mine; /* its vhost is open already */
	if (r == 0 && record->bridge[0] && !bridge.index)
		return host_fail(err, -ENOENT, NULL,
				 "the link \"%s\" was a port of \"%s\", which has gone", now.name,
				 record->bridge);
	return r;
}
