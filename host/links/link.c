/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Links, using libnl-route.  Creates none: taps are created with TUNSETIFF,
 * because rtnetlink refuses to.
 */
#include <errno.h>
#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/if_tun.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <netlink/errno.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/route/link.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "links/netlink-trace.h"

/* libnl maps errnos to fewer codes of its own and drops the kernel's message: record both. */
static int keep_error(struct sockaddr_nl *from, struct nlmsgerr *error, void *arg)
{
	struct host_netlink *netlink = arg;
	const struct nlmsghdr *header =
		(const struct nlmsghdr *)((const char *)error - NLMSG_HDRLEN);
	int offset = (int)sizeof(*error);
	struct nlattr *text;

	(void)from;
	netlink->error = error->error;
	if (!(header->nlmsg_flags & NLM_F_ACK_TLVS))
		return NL_STOP;
	if (!(header->nlmsg_flags & NLM_F_CAPPED))
		offset += (int)(error->msg.nlmsg_len - sizeof(error->msg));
	text = nlmsg_find_attr((struct nlmsghdr *)(uintptr_t)header, offset, NLMSGERR_ATTR_MSG);
	if (text)
		snprintf(netlink->text, sizeof(netlink->text), "%.*s", nla_len(text),
			 (const char *)nla_data(text));
	return NL_STOP;
}

/* Errors that libnl detected by itself. */
static int own_error(int r)
{
	static const struct {
		int nle, error;
	} table[] = {
		{ NLE_NOMEM, ENOMEM }, { NLE_OBJ_NOTFOUND, ENODEV },  { NLE_NODEV, ENODEV },
		{ NLE_PERM, EPERM },   { NLE_NOACCESS, EACCES },      { NLE_EXIST, EEXIST },
		{ NLE_INVAL, EINVAL }, { NLE_BUSY, EBUSY },	      { NLE_NOADDR, EADDRNOTAVAIL },
		{ NLE_INTR, EINTR },   { NLE_OPNOTSUPP, EOPNOTSUPP }, { NLE_RANGE, ERANGE },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (-r == table[i].nle)
			return -table[i].error;
	return -EIO;
}

int host_netlink_result(const struct host_netlink *netlink, int r)
{
	if (r >= 0)
		return 0;
	return netlink->error ? netlink->error : own_error(r);
}

void host_netlink_forget(struct host_netlink *netlink)
{
	netlink->error = 0;
	netlink->text[0] = '\0';
}

int host_netlink_open(struct host_netlink *netlink)
{
	int on = 1, r;

	memset(netlink, 0, sizeof(*netlink));
	netlink->sock = nl_socket_alloc();
	if (!netlink->sock)
		return -ENOMEM;
	errno = 0;
	r = nl_connect(netlink->sock, NETLINK_ROUTE);
	if (r < 0) {
		r = errno ? -errno : own_error(r);
		host_netlink_close(netlink);
		return r;
	}
	/* Without it the kernel sends no message: not worth failing for. */
	setsockopt(nl_socket_get_fd(netlink->sock), SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
	nl_socket_modify_err_cb(netlink->sock, NL_CB_CUSTOM, keep_error, netlink);
	host_netlink_trace(netlink);
	return 0;
}

void host_netlink_close(struct host_netlink *netlink)
{
	nl_socket_free(netlink->sock);
	netlink->sock = NULL;
}

static uint32_t get_u32(struct nlattr *attr)
{
	return attr ? nla_get_u32(attr) : HOST_NOBODY;
}

static bool get_bool(struct nlattr *attr)
{
	return attr && nla_get_u8(attr);
}

/* libnl-route does not parse the attributes of a tun. */
static void parse_tun(struct nlattr *data, struct host_tun *ret)
{
	struct nlattr *tb[IFLA_TUN_MAX + 1];

	if (nla_parse_nested(tb, IFLA_TUN_MAX, data, NULL) < 0 || !tb[IFLA_TUN_TYPE])
		return;
	ret->known = true;
	ret->tap = nla_get_u8(tb[IFLA_TUN_TYPE]) == IFF_TAP;
	ret->multi_queue = get_bool(tb[IFLA_TUN_MULTI_QUEUE]);
	ret->vnet_hdr = get_bool(tb[IFLA_TUN_VNET_HDR]);
	ret->pi = get_bool(tb[IFLA_TUN_PI]);
	ret->persist = get_bool(tb[IFLA_TUN_PERSIST]);
	ret->owner = get_u32(tb[IFLA_TUN_OWNER]);
	ret->group = get_u32(tb[IFLA_TUN_GROUP]);
	ret->queues = tb[IFLA_TUN_NUM_QUEUES] ? nla_get_u32(tb[IFLA_TUN_NUM_QUEUES]) : 0;
}

static void parse_bridge(struct nlattr *data, struct host_link *ret)
{
	struct nlattr *tb[IFLA_BR_MAX + 1];

	if (nla_parse_nested(tb, IFLA_BR_MAX, data, NULL) < 0)
		return;
	ret->vlan_filtering = get_bool(tb[IFLA_BR_VLAN_FILTERING]);
	ret->stp = tb[IFLA_BR_STP_STATE] && nla_get_u32(tb[IFLA_BR_STP_STATE]);
}

static void parse_port(struct nlattr *data, struct host_link *ret)
{
	struct nlattr *tb[IFLA_BRPORT_MAX + 1];

	if (nla_parse_nested(tb, IFLA_BRPORT_MAX, data, NULL) == 0 && tb[IFLA_BRPORT_STATE])
		ret->port_state = nla_get_u8(tb[IFLA_BRPORT_STATE]);
}

static void parse_counters(struct nlattr *attr, struct host_link *ret)
{
	struct rtnl_link_stats64 stats = { 0 };
	size_t len = (size_t)nla_len(attr);

	memcpy(&stats, nla_data(attr), len < sizeof(stats) ? len : sizeof(stats));
	ret->tx_dropped = stats.tx_dropped;
	ret->rx_dropped = stats.rx_dropped;
	ret->rx_frame_errors = stats.rx_frame_errors;
}

int host_link_parse(struct nl_msg *message, struct host_link *link)
{
	const struct ifinfomsg *info = nlmsg_data(nlmsg_hdr(message));
	struct nlattr *tb[IFLA_MAX + 1], *kind[IFLA_INFO_MAX + 1] = { NULL };

	if (nlmsg_parse(nlmsg_hdr(message), sizeof(*info), tb, IFLA_MAX, NULL) < 0)
		return -EINVAL;
	link->index = info->ifi_index;
	link->up = info->ifi_flags & IFF_UP;
	link->mtu = tb[IFLA_MTU] ? nla_get_u32(tb[IFLA_MTU]) : 0;
	link->txqueuelen = tb[IFLA_TXQLEN] ? nla_get_u32(tb[IFLA_TXQLEN]) : 0;
	link->master = tb[IFLA_MASTER] ? (int)nla_get_u32(tb[IFLA_MASTER]) : 0;
	if (tb[IFLA_IFNAME])
		nla_strlcpy(link->name, tb[IFLA_IFNAME], sizeof(link->name));
	link->carrier = get_bool(tb[IFLA_CARRIER]);
	link->settled = tb[IFLA_OPERSTATE] && nla_get_u8(tb[IFLA_OPERSTATE]) == IF_OPER_UP;
	if (tb[IFLA_IFALIAS])
		nla_strlcpy(link->alias, tb[IFLA_IFALIAS], sizeof(link->alias));
	if (tb[IFLA_ADDRESS] && nla_len(tb[IFLA_ADDRESS]) == sizeof(link->mac))
		memcpy(link->mac, nla_data(tb[IFLA_ADDRESS]), sizeof(link->mac));
	if (tb[IFLA_LINKINFO])
		nla_parse_nested(kind, IFLA_INFO_MAX, tb[IFLA_LINKINFO], NULL);
	if (kind[IFLA_INFO_KIND])
		nla_strlcpy(link->kind, kind[IFLA_INFO_KIND], sizeof(link->kind));
	if (strcmp(link->kind, "tun") == 0 && kind[IFLA_INFO_DATA])
		parse_tun(kind[IFLA_INFO_DATA], &link->tun);
	if (strcmp(link->kind, "bridge") == 0 && kind[IFLA_INFO_DATA])
		parse_bridge(kind[IFLA_INFO_DATA], link);
	if (kind[IFLA_INFO_SLAVE_DATA] && kind[IFLA_INFO_SLAVE_KIND] &&
	    nla_strcmp(kind[IFLA_INFO_SLAVE_KIND], "bridge") == 0)
		parse_port(kind[IFLA_INFO_SLAVE_DATA], link);
	if (tb[IFLA_STATS64])
		parse_counters(tb[IFLA_STATS64], link);
	return 0;
}

static int parse_link(struct nl_msg *message, void *arg)
{
	return host_link_parse(message, arg) < 0 ? NL_SKIP : NL_OK;
}

int host_netlink_call(struct host_netlink *netlink, struct nl_msg *message,
		      int (*parse)(struct nl_msg *, void *), void *arg)
{
	/* a dump's two flags are others with RTM_NEWLINK */
	bool one = !parse || !(nlmsg_hdr(message)->nlmsg_flags & NLM_F_DUMP);
	int r;

	host_netlink_forget(netlink);
	if (parse)
		nl_socket_modify_cb(netlink->sock, NL_CB_VALID, NL_CB_CUSTOM, parse, arg);
	r = nl_send_auto(netlink->sock, message);
	nlmsg_free(message);
	if (r >= 0 && parse)
		r = nl_recvmsgs_default(netlink->sock); /* the answer, or all of them */
	if (r >= 0 && one)
		r = nl_wait_for_ack(netlink->sock);
	nl_socket_modify_cb(netlink->sock, NL_CB_VALID, NL_CB_DEFAULT, NULL, NULL);
	return host_netlink_result(netlink, r);
}

struct nl_msg *host_link_message(int type, int flags, int family, int index)
{
	struct ifinfomsg info = { .ifi_family = (unsigned char)family, .ifi_index = index };
	struct nl_msg *message = nlmsg_alloc_size(HOST_MESSAGE_MAX);

	if (message && nlmsg_put(message, NL_AUTO_PORT, NL_AUTO_SEQ, type, 0, flags) &&
	    nlmsg_append(message, &info, sizeof(info), NLMSG_ALIGNTO) == 0)
		return message;
	nlmsg_free(message);
	return NULL;
}

/* By its name, or by its index if that is NULL. */
static int get_link(struct host_netlink *netlink, const char *name, int index,
		    struct host_link *ret)
{
	struct nl_msg *message = host_link_message(RTM_GETLINK, 0, AF_UNSPEC, index);
	struct host_link link = { 0 };
	int r;

	if (!message || (name && nla_put_string(message, IFLA_IFNAME, name) < 0)) {
		nlmsg_free(message);
		return -ENOMEM;
	}
	r = host_netlink_call(netlink, message, parse_link, &link);
	if (r == 0)
		*ret = link;
	return r;
}

int host_link_get(struct host_netlink *netlink, const char *name, struct host_link *ret)
{
	return get_link(netlink, name, 0, ret);
}

int host_link_get_index(struct host_netlink *netlink, int index, struct host_link *ret)
{
	return get_link(netlink, NULL, index, ret);
}

/* Send the change and consume it. */
static int change_link(struct host_netlink *netlink, int index, struct rtnl_link *change)
{
	struct rtnl_link *link = rtnl_link_alloc();
	int r = -ENOMEM;

	host_netlink_forget(netlink);
	if (link && change) {
		rtnl_link_set_ifindex(link, index);
		r = host_netlink_result(netlink, rtnl_link_change(netlink->sock, link, change, 0));
	}
	rtnl_link_put(link);
	rtnl_link_put(change);
	return r;
}

int host_link_set_mac(struct host_netlink *netlink, int index, const uint8_t mac[6])
{
	struct rtnl_link *change = rtnl_link_alloc();
	struct nl_addr *address = nl_addr_build(AF_LLC, mac, 6);

	if (!change || !address) {
		rtnl_link_put(change);
		nl_addr_put(address);
		return -ENOMEM;
	}
	rtnl_link_set_addr(change, address);
	nl_addr_put(address);
	return change_link(netlink, index, change);
}

int host_link_set_mtu(struct host_netlink *netlink, int index, uint32_t mtu)
{
	struct rtnl_link *change = rtnl_link_alloc();

	if (change)
		rtnl_link_set_mtu(change, mtu);
	return change_link(netlink, index, change);
}

int host_link_set_txqueuelen(struct host_netlink *netlink, int index, uint32_t frames)
{
	struct rtnl_link *change = rtnl_link_alloc();

	if (change)
		rtnl_link_set_txqlen(change, frames);
	return change_link(netlink, index, change);
}

int host_link_set_master(struct host_netlink *netlink, int index, int master)
{
	struct rtnl_link *change = rtnl_link_alloc();

	if (change)
		rtnl_link_set_master(change, master);
	return change_link(netlink, index, change);
}

int host_link_delete(struct host_netlink *netlink, int index)
{
	struct nl_msg *message = host_link_message(RTM_DELLINK, 0, AF_UNSPEC, index);

	return message ? host_netlink_call(netlink, message, NULL, NULL) : -ENOMEM;
}

int host_link_set_up(struct host_netlink *netlink, int index, bool up)
{
	struct rtnl_link *change = rtnl_link_alloc();

	if (change && up)
		rtnl_link_set_flags(change, IFF_UP);
	else if (change)
		rtnl_link_unset_flags(change, IFF_UP);
	return change_link(netlink, index, change);
}
