/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The aliases of links.
 */
#include <errno.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <netlink/msg.h>
#include <string.h>
#include <sys/socket.h>

#include "links/link.h"

int host_alias_set(struct host_netlink *netlink, int index, const char *name, const char *alias)
{
	struct nl_msg *message = host_link_message(RTM_NEWLINK, 0, AF_UNSPEC, index);

	if (!message || (name && nla_put_string(message, IFLA_IFNAME, name) < 0) ||
	    nla_put(message, IFLA_IFALIAS, (int)strlen(alias), alias) < 0) {
		nlmsg_free(message);
		return -ENOMEM;
	}
	return host_netlink_call(netlink, message, NULL, NULL);
}

struct search {
	const char *alias;
	struct host_link link; /* index 0: not found yet */
};

/* An alias is a text that anybody with the right to may give to any link. */
static bool is_tap(const struct host_link *link)
{
	if (strcmp(link->kind, "tun") == 0)
		return !link->tun.known || link->tun.tap;
	return strcmp(link->kind, "macvtap") == 0;
}

static int compare(struct nl_msg *message, void *arg)
{
	struct search *search = arg;
	struct host_link link = { 0 };

	if (host_link_parse(message, &link) == 0 && strcmp(link.alias, search->alias) == 0 &&
	    is_tap(&link))
		search->link = link;
	return NL_OK;
}

int host_alias_find(struct host_netlink *netlink, const char *alias, struct host_link *ret)
{
	struct nl_msg *message = host_link_message(RTM_GETLINK, NLM_F_DUMP, AF_UNSPEC, 0);
	struct search search = { .alias = alias };
	int r;

	if (!message)
		return -ENOMEM;
	r = host_netlink_call(netlink, message, compare, &search);
	if (r < 0)
		return r;
	*ret = search.link;
	return ret->index ? 0 : -ENODEV;
}
