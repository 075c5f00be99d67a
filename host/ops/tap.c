/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The operations that open a tap, created or adopted by the library.  If the kernel only says
 * EINVAL, the link's own attributes explain why.
 */
#include <errno.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "errname.h"
#include "links/holder.h"
#include "ops/op.h"

int host_find_owner(const struct host_tap *tap, const struct host_tun *now, uint32_t *owner,
		    uint32_t *group, struct host_error *err)
{
	int r = 0;

	*owner = *group = HOST_NOBODY;
	if (tap->owner) {
		r = host_uid_find(tap->owner, owner, err);
		if (r == 0 && now->known && now->owner == *owner)
			*owner = HOST_NOBODY;
	}
	if (r == 0 && tap->group) {
		r = host_group_find(tap->group, group, err);
		if (r == 0 && now->known && now->group == *group)
			*group = HOST_NOBODY;
	}
	return r;
}

static int fill_args(const struct host_run *run, const struct host_device *device,
		     const struct host_link *now, struct vhc_tap_args *args, struct host_error *err)
{
	const struct host_tap wanted = host_tap_wanted(run->plan, device), *tap = &wanted;

	args->queues = (uint32_t)device->queue_pairs;
	args->flags = now->index ? VHC_TAP_ADOPT : 0u;
	if (tap->txqueuelen != now->txqueuelen)
		args->txqueuelen = (uint32_t)tap->txqueuelen;
	if (now->index)
		return 0;
	args->flags |= (tap->owner ? VHC_TAP_OWNER : 0u) | (tap->group ? VHC_TAP_GROUP : 0u);
	return host_find_owner(tap, &now->tun, &args->owner, &args->group, err);
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

int host_close_tap(struct host_run *run, const struct host_op *op, struct host_error *err)
{
	struct host_device_run *device = host_run_of(run, op);
	int r = 0;

	if (device->adopted)
		r = host_restore_link(device, err);
	vhc_tap_close(device->tap);
	device->tap = NULL;
	if (r == 0 && device->adopted)
		r = host_restore_flags(device, err);
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
	const char *name = link->name;
	unsigned long long pairs = config->queue_pairs;
	const char *multi = link->tun.multi_queue ? " multi_queue" : "";
	char hint[300], who[60] = "no user", holder[HOST_HOLDER_MAX];

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
	if (code == -EPERM && link->tun.known && link->tun.owner != geteuid()) {
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
	if (code == -EBUSY)
		return host_fail(err, code, "end it first, or choose another name",
				 "the tap \"%s\" is in use by %s", name,
				 host_holder_find(name, holder));
	return 0;
}

/* With a prefix, the first name that is free: one that is taken meanwhile is EBUSY. */
static int open_tap(struct vhc_ctx *ctx, const char *name, const struct vhc_tap_args *args,
		    struct vhc_tap **ret)
{
	const char *number = name ? strchr(name, '%') : NULL;
	char full[40];
	int r = -EBUSY;

	if (!number)
		return vhc_tap_open(ctx, name, args, ret);
	for (unsigned int n = 0; r == -EBUSY; n++) {
		snprintf(full, sizeof(full), "%.*s%u", (int)(number - name), name, n);
		if (if_nametoindex(full) == 0)
			r = vhc_tap_open(ctx, full, args, ret);
	}
	return r;
}

/* A link of this name is there, so no new one was made: what is it, and who has it? */
static void explain_taken(const char *name, int code, struct host_error *err)
{
	char holder[HOST_HOLDER_MAX];
	struct host_error unused;
	struct host_link link;
	struct host_error why;

	snprintf(err->hint, sizeof(err->hint), "choose another name");
	if (get_link(name, &link, &unused) < 0)
		return;
	if (host_check_is_tap(&link, &why) < 0)
		host_fail(err, code, why.hint, "%s", why.text);
	else if (link.carrier) /* a queue of it is open */
		host_fail(err, code, "end it first, or choose another name",
			  "the tap \"%s\" is in use by %s", name, host_holder_find(name, holder));
	else
		snprintf(err->hint, sizeof(err->hint),
			 "set \"existing\": true to use it, or choose another name");
}

int host_open_tap(struct host_run *run, const struct host_op *op, struct host_error *err)
{
	struct vhc_ctx *ctx = run->plan->options->ctx;
	struct host_device_run *device = host_run_of(run, op);
	const struct host_device *config = host_device(run->plan->setup, op->device);
	struct vhc_tap_args args = { .sz = sizeof(args) };
	struct host_error unused;
	int r;

	r = fill_args(run, config, &device->before, &args, err);
	if (r < 0)
		return r;
	r = open_tap(ctx, device->adopted ? device->name : config->tap.name, &args, &device->tap);
	/* opening its first queue sets them, whatever fails then */
	if (r < 0 && device->adopted)
		host_restore_flags(device, &unused);
	if (r < 0 && device->adopted && explain_adopted(config, &device->before, r, err) < 0)
		return r;
	if (r < 0) {
		host_fail_library(err, ctx, r);
		if (r == -EBUSY && config->tap.name && !device->adopted)
			explain_taken(config->tap.name, r, err);
		if (r == -EPERM && !err->hint[0])
			snprintf(err->hint, sizeof(err->hint),
				 "run it as root with CAP_NET_ADMIN; %s",
				 host_is_served(config)
					 ? "launchers that connect need no privilege"
					 : "with --user, the launcher runs as another user");
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

void host_close_devices(struct host_run *run)
{
	for (size_t i = 0; i < run->plan->setup->devices.count; i++) {
		vhc_tap_close(run->devices[i].tap);
		vhc_dev_close(run->devices[i].vhost);
		run->devices[i].tap = NULL;
		run->devices[i].vhost = NULL;
	}
	host_release_fds(run, NULL, NULL);
}

static void say_remains(const struct host_run *run, const char *name, const struct host_error *why)
{
	const struct host_options *options = run->plan->options;
	char line[sizeof(why->text) + 60];

	snprintf(line, sizeof(line), "the link %s remains: %s", name, why->text);
	if (options->say)
		options->say(options->data, line);
}

void host_remove_links(struct host_run *run)
{
	struct host_netlink netlink;
	struct host_error err;
	int r;

	for (size_t i = 0; i < run->plan->setup->devices.count; i++) {
		const struct host_device_run *device = &run->devices[i];

		/* one that is served is its broker's */
		if (!host_tap_is_removed(host_device(run->plan->setup, i)) ||
		    host_is_served(host_device(run->plan->setup, i)))
			continue;
		r = host_netlink_begin(&netlink, &err);
		if (r == 0) {
			r = host_link_delete(&netlink, device->before.index);
			host_netlink_close(&netlink);
			if (r < 0)
				host_fail_link(&err, &netlink, r, "remove the link", device->name,
					       NULL);
		}
		if (r < 0 && r != -ENODEV) /* the launcher may have removed it */
			say_remains(run, device->name, &err);
	}
}
