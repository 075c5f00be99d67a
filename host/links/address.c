/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The addresses of links, using libnl-route.
 */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <netlink/addr.h>
#include <netlink/cache.h>
#include <netlink/msg.h>
#include <netlink/object.h>
#include <netlink/route/addr.h>
#include <string.h>
#include <sys/socket.h>

#include "links/link.h"

static int change_address(struct host_netlink *netlink, int index, const char *text, bool add)
{
	struct rtnl_addr *address = rtnl_addr_alloc();
	struct nl_addr *local = NULL;
	int r = -ENOMEM;

	host_netlink_forget(netlink);
	if (address && nl_addr_parse(text, AF_UNSPEC, &local) == 0) {
		rtnl_addr_set_ifindex(address, index);
		rtnl_addr_set_local(address, local);
		r = host_netlink_result(netlink,
					add ? rtnl_addr_add(netlink->sock, address, NLM_F_EXCL)
					    : rtnl_addr_delete(netlink->sock, address, 0));
	}
	nl_addr_put(local);
	rtnl_addr_put(address);
	return r;
}

int host_link_add_address(struct host_netlink *netlink, int index, const char *address)
{
	return change_address(netlink, index, address, true);
}

int host_link_del_address(struct host_netlink *netlink, int index, const char *address)
{
	return change_address(netlink, index, address, false);
}

/* ---------------------------------------------------------------------------- all that a link has */

int host_addresses_get(struct host_netlink *netlink, struct nl_cache **ret)
{
	host_netlink_forget(netlink);
	return host_netlink_result(netlink, rtnl_addr_alloc_cache(netlink->sock, ret));
}

void host_addresses_free(struct nl_cache *addresses)
{
	nl_cache_free(addresses);
}

bool host_addresses_have(struct nl_cache *addresses, int index, const char *address)
{
	struct nl_addr *wanted = NULL;
	bool found = false;

	if (nl_addr_parse(address, AF_UNSPEC, &wanted) < 0)
		return false;
	for (struct nl_object *i = nl_cache_get_first(addresses); i && !found;
	     i = nl_cache_get_next(i)) {
		struct rtnl_addr *one = (struct rtnl_addr *)i;

		found = rtnl_addr_get_ifindex(one) == index &&
			!nl_addr_cmp(rtnl_addr_get_local(one), wanted);
	}
	nl_addr_put(wanted);
	return found;
}

/* The kernel forgets IPv6 addresses when a link goes down, and when its MTU gets too small. */
int host_addresses_restore(struct host_netlink *netlink, int index, struct nl_cache *addresses)
{
	struct nl_cache *now;
	int r = host_addresses_get(netlink, &now);

	if (r < 0)
		return r;
	for (struct nl_object *i = nl_cache_get_first(addresses); i; i = nl_cache_get_next(i)) {
		struct nl_object *still = nl_cache_search(now, i);
		int error = 0;

		if (!still && rtnl_addr_get_ifindex((struct rtnl_addr *)i) == index)
			error = host_netlink_result(
				netlink, rtnl_addr_add(netlink->sock, (struct rtnl_addr *)i, 0));
		nl_object_put(still);
		r = r ? r : error;
	}
	nl_cache_free(now);
	return r;
}

/* ------------------------------------------------------------------------------------- as bytes */

/* As the message that would add it, without its header. */
int host_addresses_each(struct nl_cache *addresses, int index,
			int (*fn)(const void *bytes, size_t len, void *arg), void *arg)
{
	int r = 0;

	for (struct nl_object *i = nl_cache_get_first(addresses); i && r == 0;
	     i = nl_cache_get_next(i)) {
		struct rtnl_addr *one = (struct rtnl_addr *)i;
		struct nl_msg *message = NULL;

		if (rtnl_addr_get_ifindex(one) != index)
			continue;
		if (rtnl_addr_build_add_request(one, 0, &message) < 0)
			return -ENOMEM;
		r = fn(nlmsg_data(nlmsg_hdr(message)), (size_t)nlmsg_datalen(nlmsg_hdr(message)),
		       arg);
		nlmsg_free(message);
	}
	return r;
}

struct nl_cache *host_addresses_new(void)
{
	struct nl_cache *cache;

	return nl_cache_alloc_name("route/addr", &cache) < 0 ? NULL : cache;
}

int host_addresses_add(struct nl_cache *addresses, const void *bytes, size_t len)
{
	struct nl_msg *message = nlmsg_alloc_size(NLMSG_HDRLEN + len + NLMSG_ALIGNTO);
	int r = -ENOMEM;

	if (message && nlmsg_put(message, 0, 0, RTM_NEWADDR, 0, 0) &&
	    nlmsg_append(message, (void *)(uintptr_t)bytes, len, NLMSG_ALIGNTO) == 0) {
		nlmsg_set_proto(message, NETLINK_ROUTE);
		r = nl_cache_parse_and_add(addresses, message) < 0 ? -EINVAL : 0;
	}
	nlmsg_free(message);
	return r;
}
