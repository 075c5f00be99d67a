/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Finding a tap that is there already: all that it has is read before anything changes.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "links/holder.h"
#include "ops/mark.h"
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

/* The kernel gives the queues of a multi-queue tap to any number of processes. */
static int check_free(const struct host_run *run, const struct host_op *op,
		      const struct host_link *link, struct host_error *err)
{
	char holder[HOST_HOLDER_MAX];

	if (!link->tun.queues)
		return 0;
	if (host_tap_of(run, op)->existing == DOC_ABSENT)
		return host_fail(err, -EBUSY, "end it first, or choose another name",
				 "the tap \"%s\" is in use by %s", link->name,
				 host_holder_find(link->name, holder));
	host_warn(run, op, "the tap \"%s\" is in use by %s as well: each gets some of its frames",
		  link->name, host_holder_find(link->name, holder));
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
	const struct host_device *config = host_device(run->plan->setup, op->device);
	const char *name = host_tap_of(run, op)->name;
	bool ours = host_tap_of(run, op)->existing == DOC_ABSENT;
	char hint[200], mark[HOST_MARK_MAX];
	int r;

	r = host_tap_has_name(&config->tap)
		    ? host_link_get(netlink, name, &device->before)
		    : host_alias_find(netlink, host_mark(run->plan->setup, config, mark),
				      &device->before);
	if (r == -ENODEV && ours)
		return r;
	if (r == -ENODEV) {
		snprintf(hint, sizeof(hint),
			 "ip tuntap add dev %s mode tap%s vnet_hdr user USER; or omit \"existing\"",
			 name, config->queue_pairs > 1 ? " multi_queue" : "");
		return host_fail(err, r, hint, "there is no link \"%s\" to use", name);
	}
	if (r < 0)
		return host_fail_link(err, netlink, r, "read the state", name, NULL);
	r = host_check_is_tap(&device->before, err);
	if (r < 0)
		return r;
	if (ours)
		r = host_check_ours(run->plan, config, &device->before, err);
	return r < 0 ? r : check_free(run, op, &device->before, err);
}

int host_forget_link(struct host_run *run, const struct host_op *op, struct host_error *err)
{
	struct host_device_run *device = host_run_of(run, op);

	host_record_drop(device);
	host_addresses_free(device->existing->addresses);
	free(device->existing);
	device->existing = NULL;
	return 0;
}

/*
 * What an earlier set-up that was killed left half changed is not what this one may restore.  If it cannot be
 * helped, it is said.
 */
static int restore_first(struct host_run *run, const struct host_op *op, struct host_error *err)
{
	char name[HOST_LINK_NAME_MAX];
	int r = 0;

	if (host_tap_of(run, op)->existing == DOC_TRUE)
		r = host_record_restore(run, op, name, err);
	if (r < 0 && r != -EBUSY)
		host_warn(run, op, "%s", err->text);
	return r == -EBUSY ? r : 0;
}

int host_find_link(struct host_run *run, const struct host_op *op, struct host_error *err)
{
	struct host_device_run *device = host_run_of(run, op);
	struct host_existing *existing;
	struct host_netlink netlink;
	int r;

	r = restore_first(run, op, err);
	if (r == 0)
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
	snprintf(device->name, sizeof(device->name), "%s", device->before.name);
	if (host_tap_of(run, op)->existing == DOC_TRUE)
		host_record_begin(run, op);
	return 1;
}
