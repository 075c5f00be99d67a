/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Making macvtaps, which unlike taps rtnetlink does.
 */
#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <string.h>
#include <sys/socket.h>

#include "links/macvtap.h"

static int put_kind(struct nl_msg *message, uint32_t mode)
{
	struct nlattr *info = nla_nest_start(message, IFLA_LINKINFO), *data;

	if (!info || nla_put_string(message, IFLA_INFO_KIND, "macvtap") < 0)
		return -ENOMEM;
	data = nla_nest_start(message, IFLA_INFO_DATA);
	if (!data || nla_put_u32(message, IFLA_MACVLAN_MODE, mode) < 0)
		return -ENOMEM;
	nla_nest_end(message, data);
	nla_nest_end(message, info);
	return 0;
}

static int put_link(struct nl_msg *message, const char *name, const struct host_macvtap *macvtap)
{
	static const uint32_t modes[] = { MACVLAN_MODE_BRIDGE, MACVLAN_MODE_PRIVATE,
					  MACVLAN_MODE_VEPA, MACVLAN_MODE_PASSTHRU };

	if (nla_put_string(message, IFLA_IFNAME, name) < 0 ||
	    nla_put_u32(message, IFLA_LINK, (uint32_t)macvtap->lower) < 0 ||
	    nla_put(message, IFLA_ADDRESS, sizeof(macvtap->mac), macvtap->mac) < 0)
		return -ENOMEM;
	if (macvtap->txqueuelen && nla_put_u32(message, IFLA_TXQLEN, macvtap->txqueuelen) < 0)
		return -ENOMEM;
	return put_kind(message, modes[macvtap->mode]);
}

int host_macvtap_make(struct host_netlink *netlink, const char *name,
		      const struct host_macvtap *macvtap)
{
	struct nl_msg *message =
		host_link_message(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, AF_UNSPEC, 0);
	int r = message ? put_link(message, name, macvtap) : -ENOMEM;

	if (r < 0) {
		nlmsg_free(message);
		return r;
	}
	return host_netlink_call(netlink, message, NULL, NULL);
}

int host_macvtap_find_unmarked(struct host_netlink *netlink, const char *name,
			       struct host_link *ret)
{
	int r = host_link_get(netlink, name, ret);

	if (r == 0 && (ret->alias[0] || strcmp(ret->kind, "macvtap") != 0))
		return -ENODEV;
	return r;
}
