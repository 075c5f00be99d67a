/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The bridge of a link that somebody else made: for who only looks.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "error.h"
#include "links/link.h"

static int find(struct host_netlink *netlink, const struct look_link *link, struct host_master *ret)
{
	struct host_link port, master;
	int r = host_link_get_index(netlink, (int)link->index, &port);

	if (r)
		return r;
	if (strcmp(port.name, link->name) != 0 || !port.master)
		return -ENODEV;
	r = host_link_get_index(netlink, port.master, &master);
	if (r)
		return r;
	snprintf(ret->name, sizeof(ret->name), "%s", master.name);
	snprintf(ret->kind, sizeof(ret->kind), "%s", master.kind);
	return 0;
}

/* Links of other namespaces may have the same name and index. */
int host_find_master(const struct look_link *link, struct host_master *ret)
{
	struct host_netlink netlink;
	struct stat own;
	int r;

	if (stat("/proc/self/ns/net", &own))
		return -errno;
	if (!link->index || link->netns != own.st_ino)
		return -EXDEV;
	r = host_netlink_open(&netlink);
	if (r)
		return r;
	r = find(&netlink, link, ret);
	host_netlink_close(&netlink);
	return r;
}
