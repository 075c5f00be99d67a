/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The static entries that a bridge has for a port: addresses that an administrator put there.
 */
#include <netinet/in.h> /* first, or musl's structs and those of linux/if_bridge.h are defined twice */

#include <errno.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <string.h>
#include <sys/socket.h>

#include "links/port.h"

static struct nl_msg *new_message(int type, int flags, const struct ndmsg *head)
{
	struct nl_msg *message = nlmsg_alloc();

	if (message && nlmsg_put(message, NL_AUTO_PORT, NL_AUTO_SEQ, type, 0, flags) &&
	    nlmsg_append(message, (void *)(uintptr_t)head, sizeof(*head), NLMSG_ALIGNTO) == 0)
		return message;
	nlmsg_free(message);
	return NULL;
}

struct search {
	int index;
	struct host_port *port;
};

/* Not those of its own, which come with the port, nor those that it learns. */
static int parse(struct nl_msg *message, void *arg)
{
	const struct search *search = arg;
	const struct ndmsg *head = nlmsg_data(nlmsg_hdr(message));
	struct host_port *port = search->port;
	struct nlattr *tb[NDA_MAX + 1];
	struct host_fdb_entry *entry = &port->fdb[port->fdb_count];

	if (head->ndm_ifindex != search->index || !(head->ndm_state & NUD_NOARP) ||
	    nlmsg_parse(nlmsg_hdr(message), sizeof(*head), tb, NDA_MAX, NULL) < 0 ||
	    !tb[NDA_MASTER] || !tb[NDA_LLADDR] || nla_len(tb[NDA_LLADDR]) != sizeof(entry->mac) ||
	    port->fdb_count == HOST_FDB_MAX)
		return NL_OK;
	memcpy(entry->mac, nla_data(tb[NDA_LLADDR]), sizeof(entry->mac));
	entry->vlan = tb[NDA_VLAN] ? nla_get_u16(tb[NDA_VLAN]) : 0;
	port->fdb_count++;
	return NL_OK;
}

int host_fdb_get(struct host_netlink *netlink, int index, struct host_port *ret)
{
	const struct ndmsg head = { .ndm_family = AF_BRIDGE };
	struct search search = { index, ret };
	struct nl_msg *message = new_message(RTM_GETNEIGH, NLM_F_DUMP, &head);

	return message ? host_netlink_call(netlink, message, parse, &search) : -ENOMEM;
}

static int add(struct host_netlink *netlink, int index, const struct host_fdb_entry *entry)
{
	const struct ndmsg head = { .ndm_family = AF_BRIDGE,
				    .ndm_ifindex = index,
				    .ndm_state = NUD_NOARP,
				    .ndm_flags = NTF_MASTER };
	struct nl_msg *message = new_message(RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, &head);

	if (!message || nla_put(message, NDA_LLADDR, sizeof(entry->mac), entry->mac) < 0 ||
	    (entry->vlan && nla_put_u16(message, NDA_VLAN, entry->vlan) < 0)) {
		nlmsg_free(message);
		return -ENOMEM;
	}
	return host_netlink_call(netlink, message, NULL, NULL);
}

static bool has(const struct host_port *port, const struct host_fdb_entry *entry)
{
	for (uint32_t i = 0; i < port->fdb_count; i++)
		if (port->fdb[i].vlan == entry->vlan &&
		    memcmp(port->fdb[i].mac, entry->mac, sizeof(entry->mac)) == 0)
			return true;
	return false;
}

int host_fdb_add(struct host_netlink *netlink, int index, const struct host_port *port,
		 const struct host_port *now)
{
	int r = 0;

	for (uint32_t i = 0; i < port->fdb_count && r == 0; i++)
		if (!has(now, &port->fdb[i]))
			r = add(netlink, index, &port->fdb[i]);
	return r;
}
