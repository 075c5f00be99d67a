/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The ports of bridges: their VLANs and flags.  Values that are already right are left alone.
 */
#include <netinet/in.h> /* first, or musl's structs and those of linux/if_bridge.h are defined twice */

#include <errno.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

#include "links/port.h"

/* ---------------------------------------------------------------------------------------- reading */

struct look {
	int index;
	struct host_port *port;
};

static uint8_t to_vlan(const struct bridge_vlan_info *info)
{
	return (uint8_t)(HOST_VLAN_MEMBER |
			 (info->flags & BRIDGE_VLAN_INFO_PVID ? HOST_VLAN_PVID : 0) |
			 (info->flags & BRIDGE_VLAN_INFO_UNTAGGED ? HOST_VLAN_UNTAGGED : 0));
}

static int parse_vlans(struct nl_msg *message, void *arg)
{
	const struct look *look = arg;
	const struct ifinfomsg *info = nlmsg_data(nlmsg_hdr(message));
	struct nlattr *tb[IFLA_MAX + 1], *attr;
	unsigned int begin = HOST_VLANS;
	int left;

	if (info->ifi_index != look->index ||
	    nlmsg_parse(nlmsg_hdr(message), sizeof(*info), tb, IFLA_MAX, NULL) < 0 ||
	    !tb[IFLA_AF_SPEC])
		return NL_OK;
	nla_for_each_nested(attr, tb[IFLA_AF_SPEC], left)
	{
		struct bridge_vlan_info vlan;

		if (nla_type(attr) != IFLA_BRIDGE_VLAN_INFO || nla_len(attr) < (int)sizeof(vlan))
			continue;
		memcpy(&vlan, nla_data(attr), sizeof(vlan));
		if (vlan.flags & BRIDGE_VLAN_INFO_RANGE_BEGIN) {
			begin = vlan.vid;
			continue;
		}
		if (!(vlan.flags & BRIDGE_VLAN_INFO_RANGE_END))
			begin = vlan.vid;
		for (unsigned int vid = begin; vid <= vlan.vid && vid < HOST_VLANS; vid++)
			look->port->vlans[vid] = to_vlan(&vlan);
	}
	return NL_OK;
}

static int parse_flags(struct nl_msg *message, void *arg)
{
	const struct look *look = arg;
	struct host_port *port = look->port;
	struct nlattr *tb[IFLA_MAX + 1], *of[IFLA_INFO_MAX + 1] = { NULL };

	if (nlmsg_parse(nlmsg_hdr(message), sizeof(struct ifinfomsg), tb, IFLA_MAX, NULL) < 0)
		return NL_SKIP;
	if (tb[IFLA_LINKINFO])
		nla_parse_nested(of, IFLA_INFO_MAX, tb[IFLA_LINKINFO], NULL);
	if (!of[IFLA_INFO_SLAVE_DATA] || !of[IFLA_INFO_SLAVE_KIND] ||
	    nla_strcmp(of[IFLA_INFO_SLAVE_KIND], "bridge") != 0 ||
	    nla_len(of[IFLA_INFO_SLAVE_DATA]) > (int)sizeof(port->flags))
		return NL_OK;
	port->flags_len = nla_len(of[IFLA_INFO_SLAVE_DATA]);
	memcpy(port->flags, nla_data(of[IFLA_INFO_SLAVE_DATA]), (size_t)port->flags_len);
	return NL_OK;
}

int host_port_get(struct host_netlink *netlink, int index, struct host_port *ret)
{
	struct look look = { index, ret };
	struct nl_msg *flags = host_link_message(RTM_GETLINK, 0, AF_UNSPEC, index);
	struct nl_msg *vlans = host_link_message(RTM_GETLINK, NLM_F_DUMP, AF_BRIDGE, 0);
	int r;

	memset(ret, 0, sizeof(*ret));
	if (!flags || !vlans ||
	    nla_put_u32(vlans, IFLA_EXT_MASK, RTEXT_FILTER_BRVLAN_COMPRESSED) < 0) {
		nlmsg_free(flags);
		nlmsg_free(vlans);
		return -ENOMEM;
	}
	r = host_netlink_call(netlink, flags, parse_flags, &look);
	if (r < 0)
		nlmsg_free(vlans);
	if (r == 0)
		r = host_netlink_call(netlink, vlans, parse_vlans, &look);
	return r < 0 || !ret->flags_len ? r : host_fdb_get(netlink, index, ret);
}

struct search {
	int bridge, not ;
	uint8_t mac[6];
	struct host_link found;
};

static int compare(struct nl_msg *message, void *arg)
{
	struct search *search = arg;
	struct host_link link = { 0 };

	if (host_link_parse(message, &link) == 0 && link.master == search->bridge &&
	    link.index != search->not &&memcmp(link.mac, search->mac, sizeof(link.mac)) == 0)
		search->found = link;
	return NL_OK;
}

int host_port_find(struct host_netlink *netlink, int bridge, const uint8_t mac[6], int not,
		   struct host_link *ret)
{
	struct nl_msg *message = host_link_message(RTM_GETLINK, NLM_F_DUMP, AF_UNSPEC, 0);
	struct search search = { .bridge = bridge, .not = not };
	int r;

	if (!message)
		return -ENOMEM;
	memcpy(search.mac, mac, sizeof(search.mac));
	r = host_netlink_call(netlink, message, compare, &search);
	if (r < 0)
		return r;
	*ret = search.found;
	return ret->index ? 0 : -ENODEV;
}

/* ---------------------------------------------------------------------------------------- setting */

static int put_vlan(struct nl_msg *message, unsigned int vid, uint8_t vlan)
{
	struct bridge_vlan_info info = {
		.vid = (uint16_t)vid,
		.flags = (uint16_t)((vlan & HOST_VLAN_PVID ? BRIDGE_VLAN_INFO_PVID : 0) |
				    (vlan & HOST_VLAN_UNTAGGED ? BRIDGE_VLAN_INFO_UNTAGGED : 0)),
	};

	return nla_put(message, IFLA_BRIDGE_VLAN_INFO, sizeof(info), &info);
}

/* Those of @a that @b has not, or has in another way. */
static int change_vlans(struct host_netlink *netlink, int type, int index, const uint8_t *a,
			const uint8_t *b)
{
	struct nl_msg *message = host_link_message(type, 0, AF_BRIDGE, index);
	struct nlattr *list = message ? nla_nest_start(message, IFLA_AF_SPEC) : NULL;
	bool any = false, ok = list;

	for (unsigned int vid = 1; ok && vid < HOST_VLANS; vid++)
		if (a[vid] && a[vid] != b[vid]) {
			any = true;
			ok = put_vlan(message, vid, a[vid]) == 0;
		}
	if (!ok || !any) {
		nlmsg_free(message);
		return ok ? 0 : -ENOMEM;
	}
	nla_nest_end(message, list);
	return host_netlink_call(netlink, message, NULL, NULL);
}

/* Since 6.3 */
#define BRPORT_MCAST_N_GROUPS (IFLA_BRPORT_LOCKED + 2)

#define BIT(attribute) (1ull << (attribute))

/* What is measured, or follows from other things. */
static const uint64_t read_only =
	BIT(IFLA_BRPORT_STATE) | BIT(IFLA_BRPORT_ROOT_ID) | BIT(IFLA_BRPORT_BRIDGE_ID) |
	BIT(IFLA_BRPORT_DESIGNATED_PORT) | BIT(IFLA_BRPORT_DESIGNATED_COST) | BIT(IFLA_BRPORT_ID) |
	BIT(IFLA_BRPORT_NO) | BIT(IFLA_BRPORT_TOPOLOGY_CHANGE_ACK) |
	BIT(IFLA_BRPORT_CONFIG_PENDING) | BIT(IFLA_BRPORT_MESSAGE_AGE_TIMER) |
	BIT(IFLA_BRPORT_FORWARD_DELAY_TIMER) | BIT(IFLA_BRPORT_HOLD_TIMER) |
	BIT(IFLA_BRPORT_FLUSH) | BIT(IFLA_BRPORT_PAD) | BIT(IFLA_BRPORT_MRP_RING_OPEN) |
	BIT(IFLA_BRPORT_MRP_IN_OPEN) | BIT(IFLA_BRPORT_MCAST_EHT_HOSTS_CNT) |
	BIT(BRPORT_MCAST_N_GROUPS);

static bool is_same(const struct nlattr *attr, const struct host_port *now)
{
	const struct nlattr *other =
		nla_find((const struct nlattr *)now->flags, now->flags_len, nla_type(attr));

	return other && nla_len(other) == nla_len(attr) &&
	       memcmp(nla_data(other), nla_data(attr), (size_t)nla_len(attr)) == 0;
}

static int change_flags(struct host_netlink *netlink, int index, const struct host_port *port,
			const struct host_port *now)
{
	struct nl_msg *message = host_link_message(RTM_NEWLINK, 0, AF_UNSPEC, index);
	struct nlattr *info = message ? nla_nest_start(message, IFLA_LINKINFO) : NULL, *data = NULL;
	const struct nlattr *attr;
	bool any = false, ok;
	int left;

	ok = info && nla_put_string(message, IFLA_INFO_SLAVE_KIND, "bridge") == 0;
	if (ok)
		data = nla_nest_start(message, IFLA_INFO_SLAVE_DATA);
	ok = data;
	nla_for_each_attr(attr, (const struct nlattr *)port->flags, port->flags_len, left)
	{
		int type = nla_type(attr);

		if (!ok || (type < 64 && read_only >> type & 1) || is_same(attr, now))
			continue;
		any = true;
		ok = nla_put(message, type, nla_len(attr), nla_data(attr)) == 0;
	}
	if (!ok || !any) {
		nlmsg_free(message);
		return ok ? 0 : -ENOMEM;
	}
	nla_nest_end(message, data);
	nla_nest_end(message, info);
	return host_netlink_call(netlink, message, NULL, NULL);
}

int host_port_set(struct host_netlink *netlink, int index, const struct host_port *port)
{
	struct host_port now;
	int r = host_port_get(netlink, index, &now);

	if (r == 0)
		r = change_vlans(netlink, RTM_DELLINK, index, now.vlans, port->vlans);
	if (r == 0)
		r = change_vlans(netlink, RTM_SETLINK, index, port->vlans, now.vlans);
	if (r == 0)
		r = change_flags(netlink, index, port, &now);
	return r < 0 ? r : host_fdb_add(netlink, index, port, &now);
}

void host_port_isolate(struct host_port *port)
{
	struct {
		struct nlattr head;
		uint8_t on, padding[3];
	} attr = { .head.nla_type = IFLA_BRPORT_ISOLATED, .on = 1 };

	attr.head.nla_len = offsetof(__typeof__(attr), padding);
	memcpy(port->flags, &attr, sizeof(attr));
	port->flags_len = sizeof(attr);
}
