/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which links doctor looks at: the taps of running vhost devices, and the one that the caller names.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "doctor/doctor.h"
#include "error.h"
#include "links/qdisc.h"
#include "ops/op.h"

/* A name has any characters but spaces and slashes. */
static void quote(const char *name, char word[HOST_SHELL_MAX])
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-@";
	size_t n = 0;

	if (strspn(name, plain) == strlen(name)) {
		snprintf(word, HOST_SHELL_MAX, "%s", name);
		return;
	}
	word[n++] = '\'';
	for (; *name && n < HOST_SHELL_MAX - 6; name++)
		if (*name == '\'')
			n += (size_t)snprintf(word + n, HOST_SHELL_MAX - n, "'\\''");
		else
			word[n++] = *name;
	word[n++] = '\'';
	word[n] = '\0';
}

/* All that the rules need. */
static int look_at(struct host_netlink *netlink, const char *name, struct doctor_link *ret)
{
	int r = host_link_get(netlink, name, &ret->link);

	if (r < 0)
		return r;
	quote(ret->link.name, ret->shell);
	if (ret->link.master)
		r = host_link_get_index(netlink, ret->link.master, &ret->bridge);
	if (r < 0 || strcmp(ret->bridge.kind, "bridge") != 0)
		ret->bridge.index = 0;
	if (host_qdisc_drops(netlink, ret->link.index, &ret->queue_drops) < 0)
		ret->queue_drops = 0;
	host_holder_search(name, &ret->holder);
	/* The carrier of a macvtap is that of the card below. */
	ret->open = ret->vhost || (ret->link.tun.known &&
				   (ret->holder.pid || ret->link.carrier || ret->link.tun.queues));
	return 0;
}

static void check_missing(struct doctor *doctor, const char *name, uint32_t pairs)
{
	char fix[200], word[HOST_SHELL_MAX];

	quote(name, word);
	snprintf(fix, sizeof(fix), "ip tuntap add dev %s mode tap%s vnet_hdr user %s", word,
		 pairs > 1 ? " multi_queue" : "", doctor->user);
	host_doctor_add(doctor, name, true, "missing",
			"there is no such link in this network namespace", fix);
}

static int check_named(struct doctor *doctor, struct host_netlink *netlink, const char *name,
		       struct doctor_link *link, struct host_error *err)
{
	struct host_error why;
	int r = strlen(name) < sizeof(link->link.name) ? look_at(netlink, name, link) : -ENODEV;

	if (r == -ENODEV) {
		check_missing(doctor, name, link->pairs);
		return 0;
	}
	if (r < 0)
		return host_fail(err, r, NULL, "cannot read the state of the link \"%s\": %s", name,
				 strerror(-r));
	if (strcmp(link->link.kind, "macvtap") != 0 && host_check_is_tap(&link->link, &why) < 0) {
		host_doctor_add(doctor, name, true, "wrong", why.text, "");
		return 0;
	}
	host_doctor_add(doctor, name, true, "ok", "there is such a tap", "");
	host_doctor_link(link);
	return 0;
}

static bool is_here(const struct look_device *device)
{
	struct stat ours;

	return !device->link.netns || stat("/proc/thread-self/ns/net", &ours) < 0 ||
	       ours.st_ino == device->link.netns;
}

static bool has_tap(const struct look_device *device)
{
	return device->kind == LOOK_NET && device->known & LOOK_LINK && device->link.name[0] &&
	       is_here(device);
}

static int check_all(struct doctor *doctor, struct host_netlink *netlink, const char *name,
		     uint32_t pairs, struct host_error *err)
{
	struct doctor_link named = { .doctor = doctor, .pairs = pairs, .named = true };
	struct look_reading reading = { 0 };
	int r;

	host_log(VHC_LEVEL_INFO, "look at the taps of running vhost devices%s%s",
		 name ? " and at " : "", name ? name : "");
	r = look_read(0, &reading);
	if (r < 0)
		return host_fail(err, r, NULL, "cannot read the running vhost devices: %s",
				 strerror(-r));
	for (size_t i = 0; i < reading.count; i++) {
		struct doctor_link link = { .doctor = doctor, .vhost = true };

		if (!has_tap(&reading.devices[i]))
			continue;
		if (name && strcmp(reading.devices[i].link.name, name) == 0) {
			named.vhost = true;
			continue;
		}
		if (look_at(netlink, reading.devices[i].link.name, &link) == 0)
			host_doctor_link(&link); /* otherwise it has gone meanwhile */
	}
	look_clear(&reading);
	return name ? check_named(doctor, netlink, name, &named, err) : 0;
}

int host_doctor_links(struct doctor *doctor, const char *link, uint32_t pairs,
		      struct host_error *err)
{
	struct host_netlink netlink;
	int r = host_netlink_open(&netlink);

	if (r < 0)
		return host_fail(err, r, NULL, "cannot open a socket of rtnetlink: %s",
				 strerror(-r));
	doctor->at_links = true;
	r = check_all(doctor, &netlink, link, pairs, err);
	host_netlink_close(&netlink);
	return r;
}
