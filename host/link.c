/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Room: host.  Links and their addresses, by libnl-route.  The only file that speaks rtnetlink.
 * Makes no link: taps are made by TUNSETIFF, since rtnetlink refuses to.
 */
#include <errno.h>
#include <linux/if.h>
#include <linux/netlink.h>
#include <netlink/errno.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/route/addr.h>
#include <netlink/route/link.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "link.h"

/* libnl turns errnos into fewer codes of its own, and drops the kernel's text: keep both. */
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

/* What libnl found out without the kernel's help. */
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

static int result(const struct host_netlink *netlink, int r)
{
	if (r >= 0)
		return 0;
	return netlink->error ? netlink->error : own_error(r);
}

static void forget_error(struct host_netlink *netlink)
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
	/* Without it the kernel gives no text: not worth a failure. */
	setsockopt(nl_socket_get_fd(netlink->sock), SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
	nl_socket_modify_err_cb(netlink->sock, NL_CB_CUSTOM, keep_error, netlink);
	return 0;
}

void host_netlink_close(struct host_netlink *netlink)
{
	nl_socket_free(netlink->sock);
	netlink->sock = NULL;
}

int host_link_get(struct host_netlink *netlink, const char *name, struct host_link *ret)
{
	struct rtnl_link *link = NULL;
	struct nl_addr *mac;
	const char *kind;
	int r;

	forget_error(netlink);
	r = result(netlink, rtnl_link_get_kernel(netlink->sock, 0, name, &link));
	if (r < 0)
		return r;
	memset(ret, 0, sizeof(*ret));
	kind = rtnl_link_get_type(link);
	snprintf(ret->kind, sizeof(ret->kind), "%s", kind ? kind : "");
	ret->index = rtnl_link_get_ifindex(link);
	ret->mtu = rtnl_link_get_mtu(link);
	ret->master = rtnl_link_get_master(link);
	ret->up = rtnl_link_get_flags(link) & IFF_UP;
	mac = rtnl_link_get_addr(link);
	if (mac && nl_addr_get_len(mac) == sizeof(ret->mac))
		memcpy(ret->mac, nl_addr_get_binary_addr(mac), sizeof(ret->mac));
	rtnl_link_put(link);
	return 0;
}

/* Sends the change; takes it. */
static int change_link(struct host_netlink *netlink, int index, struct rtnl_link *change)
{
	struct rtnl_link *link = rtnl_link_alloc();
	int r = -ENOMEM;

	forget_error(netlink);
	if (link && change) {
		rtnl_link_set_ifindex(link, index);
		r = result(netlink, rtnl_link_change(netlink->sock, link, change, 0));
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

int host_link_set_master(struct host_netlink *netlink, int index, int master)
{
	struct rtnl_link *change = rtnl_link_alloc();

	if (change)
		rtnl_link_set_master(change, master);
	return change_link(netlink, index, change);
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

int host_link_delete(struct host_netlink *netlink, int index)
{
	struct rtnl_link *link = rtnl_link_alloc();
	int r;

	if (!link)
		return -ENOMEM;
	forget_error(netlink);
	rtnl_link_set_ifindex(link, index);
	r = result(netlink, rtnl_link_delete(netlink->sock, link));
	rtnl_link_put(link);
	return r;
}

static int change_address(struct host_netlink *netlink, int index, const char *text, bool add)
{
	struct rtnl_addr *address = rtnl_addr_alloc();
	struct nl_addr *local = NULL;
	int r = -ENOMEM;

	forget_error(netlink);
	if (address && nl_addr_parse(text, AF_UNSPEC, &local) == 0) {
		rtnl_addr_set_ifindex(address, index);
		rtnl_addr_set_local(address, local);
		r = result(netlink, add ? rtnl_addr_add(netlink->sock, address, NLM_F_EXCL)
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
