/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What goes to rtnetlink, as text: libnl calls these functions with each message, also with those that it
 * makes itself.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <stdio.h>
#include <string.h>

#include "doc.h"
#include "log.h"
#include "links/netlink-trace.h"

struct text {
	FILE *out;
	const char *between;
};

typedef void put_fn(struct text *text, struct nlattr *attr);

struct attribute {
	int type;
	const char *name;
	put_fn *put;
};

#define ATTRIBUTE(type, put)     \
	{                        \
		type, #type, put \
	}

static void put_attributes(struct text *text, struct nlattr *first, int len,
			   const struct attribute *table, size_t count);

#define PUT_NESTED(text, attr, table) \
	put_attributes(text, nla_data(attr), nla_len(attr), table, DOC_COUNT(table))

/* ----------------------------------------------------------------------------------- their values */

static void put_bytes(struct text *text, struct nlattr *attr)
{
	const uint8_t *data = nla_data(attr);

	for (int i = 0; i < nla_len(attr); i++)
		fprintf(text->out, "%s%02x", i ? ":" : " ", data[i]);
}

static void put_number(struct text *text, struct nlattr *attr)
{
	const int len = nla_len(attr);

	if (len == 1)
		fprintf(text->out, " %u", nla_get_u8(attr));
	else if (len == 2)
		fprintf(text->out, " %u", nla_get_u16(attr));
	else if (len == 4)
		fprintf(text->out, " %u", nla_get_u32(attr));
	else
		put_bytes(text, attr);
}

static void put_string(struct text *text, struct nlattr *attr)
{
	fprintf(text->out, " \"%.*s\"", nla_len(attr), (const char *)nla_data(attr));
}

static void put_address(struct text *text, struct nlattr *attr)
{
	char buf[INET6_ADDRSTRLEN] = "";
	int len = nla_len(attr);

	if (len == 4 || len == 16)
		inet_ntop(len == 4 ? AF_INET : AF_INET6, nla_data(attr), buf, sizeof(buf));
	fprintf(text->out, " %s", buf);
}

static void put_vlan(struct text *text, struct nlattr *attr)
{
	struct bridge_vlan_info info = { 0 };

	if (nla_len(attr) >= (int)sizeof(info))
		memcpy(&info, nla_data(attr), sizeof(info));
	fprintf(text->out, " %u%s%s", info.vid, info.flags & BRIDGE_VLAN_INFO_PVID ? " pvid" : "",
		info.flags & BRIDGE_VLAN_INFO_UNTAGGED ? " untagged" : "");
}

static void put_macvlan(struct text *text, struct nlattr *attr)
{
	static const struct attribute table[] = { ATTRIBUTE(IFLA_MACVLAN_MODE, put_number) };

	PUT_NESTED(text, attr, table);
}

static void put_port(struct text *text, struct nlattr *attr)
{
	static const struct attribute table[] = { ATTRIBUTE(IFLA_BRPORT_ISOLATED, put_number) };

	PUT_NESTED(text, attr, table);
}

static void put_info(struct text *text, struct nlattr *attr)
{
	static const struct attribute table[] = {
		ATTRIBUTE(IFLA_INFO_KIND, put_string),
		ATTRIBUTE(IFLA_INFO_DATA, put_macvlan),
		ATTRIBUTE(IFLA_INFO_SLAVE_KIND, put_string),
		ATTRIBUTE(IFLA_INFO_SLAVE_DATA, put_port),
	};

	PUT_NESTED(text, attr, table);
}

static void put_bridge(struct text *text, struct nlattr *attr)
{
	static const struct attribute table[] = {
		ATTRIBUTE(IFLA_BRIDGE_FLAGS, put_number),
		ATTRIBUTE(IFLA_BRIDGE_VLAN_INFO, put_vlan),
	};

	PUT_NESTED(text, attr, table);
}

static const struct attribute link_attributes[] = {
	ATTRIBUTE(IFLA_IFNAME, put_string),  ATTRIBUTE(IFLA_ADDRESS, put_bytes),
	ATTRIBUTE(IFLA_MTU, put_number),     ATTRIBUTE(IFLA_TXQLEN, put_number),
	ATTRIBUTE(IFLA_MASTER, put_number),  ATTRIBUTE(IFLA_LINK, put_number),
	ATTRIBUTE(IFLA_IFALIAS, put_string), ATTRIBUTE(IFLA_EXT_MASK, put_number),
	ATTRIBUTE(IFLA_LINKINFO, put_info),  ATTRIBUTE(IFLA_AF_SPEC, put_bridge),
};

static const struct attribute address_attributes[] = {
	ATTRIBUTE(IFA_LOCAL, put_address),
	ATTRIBUTE(IFA_ADDRESS, put_address),
	ATTRIBUTE(IFA_BROADCAST, put_address),
};

/* One that the table does not have is a number and its bytes. */
static void put_attributes(struct text *text, struct nlattr *first, int len,
			   const struct attribute *table, size_t count)
{
	struct nlattr *attr;
	int left;

	nla_for_each_attr(attr, first, len, left)
	{
		const struct attribute *row = NULL;

		for (size_t i = 0; i < count && !row; i++)
			if (table[i].type == nla_type(attr))
				row = &table[i];
		fputs(text->between, text->out);
		text->between = ", ";
		if (row)
			fputs(row->name, text->out);
		else
			fprintf(text->out, "attribute %d", nla_type(attr));
		(row ? row->put : put_bytes)(text, attr);
	}
}

/* ------------------------------------------------------------------------------------- messages */

static void put_link(struct text *text, struct nlmsghdr *header)
{
	const struct ifinfomsg *info = nlmsg_data(header);

	if (info->ifi_index)
		fprintf(text->out, "index %d", info->ifi_index);
	if (info->ifi_change & IFF_UP)
		fprintf(text->out, ", %s", info->ifi_flags & IFF_UP ? "up" : "down");
	text->between = info->ifi_index || info->ifi_change & IFF_UP ? ", " : "";
	put_attributes(text, nlmsg_attrdata(header, sizeof(*info)),
		       nlmsg_attrlen(header, sizeof(*info)), link_attributes,
		       DOC_COUNT(link_attributes));
}

static void put_ifaddr(struct text *text, struct nlmsghdr *header)
{
	const struct ifaddrmsg *info = nlmsg_data(header);

	fprintf(text->out, "index %u, prefix %u", info->ifa_index, info->ifa_prefixlen);
	text->between = ", ";
	put_attributes(text, nlmsg_attrdata(header, sizeof(*info)),
		       nlmsg_attrlen(header, sizeof(*info)), address_attributes,
		       DOC_COUNT(address_attributes));
}

#define MESSAGE(type, put)                                 \
	{                                                  \
		type, #type, put, sizeof(struct ifinfomsg) \
	}

static const struct {
	int type;
	const char *name;
	void (*put)(struct text *text, struct nlmsghdr *header);
	size_t least;
} messages[] = {
	MESSAGE(RTM_NEWLINK, put_link),
	MESSAGE(RTM_DELLINK, put_link),
	MESSAGE(RTM_GETLINK, put_link),
	MESSAGE(RTM_SETLINK, put_link),
	{ RTM_NEWADDR, "RTM_NEWADDR", put_ifaddr, sizeof(struct ifaddrmsg) },
	{ RTM_DELADDR, "RTM_DELADDR", put_ifaddr, sizeof(struct ifaddrmsg) },
	{ RTM_GETADDR, "RTM_GETADDR", put_ifaddr, sizeof(struct ifaddrmsg) },
};

/* Kept until the kernel has answered. */
static int note_sent(struct nl_msg *message, void *arg)
{
	struct nlmsghdr *header = nlmsg_hdr(message);
	struct host_netlink *netlink = arg;
	struct text text = { fmemopen(netlink->sent, sizeof(netlink->sent) - 1, "w"), "" };

	netlink->answers = 0;
	memset(netlink->sent, 0, sizeof(netlink->sent));
	if (!text.out)
		return NL_OK;
	for (size_t i = 0; i < DOC_COUNT(messages); i++) {
		if (messages[i].type != header->nlmsg_type)
			continue;
		fprintf(text.out, "%s {", messages[i].name);
		/* a dump may be asked for with less */
		if (nlmsg_valid_hdr(header, (int)messages[i].least))
			messages[i].put(&text, header);
		fputc('}', text.out);
	}
	if (ftell(text.out) == 0)
		fprintf(text.out, "type %d", header->nlmsg_type);
	fclose(text.out);
	return NL_OK;
}

static int note_received(struct nl_msg *message, void *arg)
{
	const struct nlmsghdr *header = nlmsg_hdr(message);
	struct host_netlink *netlink = arg;
	const struct nlmsgerr *error = nlmsg_data((struct nlmsghdr *)(uintptr_t)header);

	if (header->nlmsg_type == NLMSG_ERROR) {
		errno = -error->error;
		host_traced(error->error ? -1 : 0, "netlink %s", netlink->sent);
	} else if (header->nlmsg_type == NLMSG_DONE) {
		host_traced((int)netlink->answers, "netlink %s", netlink->sent);
	} else {
		netlink->answers++;
	}
	return NL_OK;
}

void host_netlink_trace(struct host_netlink *netlink)
{
	if (!host_log_wants(VHC_LEVEL_TRACE))
		return;
	nl_socket_modify_cb(netlink->sock, NL_CB_MSG_OUT, NL_CB_CUSTOM, note_sent, netlink);
	nl_socket_modify_cb(netlink->sock, NL_CB_MSG_IN, NL_CB_CUSTOM, note_received, netlink);
}
