/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Queueing disciplines: what they drop the link itself does not count.
 */
#include <errno.h>
#include <linux/gen_stats.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <string.h>
#include <sys/socket.h>

#include "links/qdisc.h"

struct search {
	int index;
	uint64_t drops;
};

/* The one at the root counts those of its children, too. */
static int parse(struct nl_msg *message, void *arg)
{
	const struct tcmsg *tc = nlmsg_data(nlmsg_hdr(message));
	struct nlattr *tb[TCA_MAX + 1], *stats[TCA_STATS_MAX + 1];
	struct search *search = arg;
	struct gnet_stats_queue queue;

	if (nlmsg_parse(nlmsg_hdr(message), sizeof(*tc), tb, TCA_MAX, NULL) < 0 ||
	    tc->tcm_ifindex != search->index || tc->tcm_parent != TC_H_ROOT || !tb[TCA_STATS2] ||
	    nla_parse_nested(stats, TCA_STATS_MAX, tb[TCA_STATS2], NULL) < 0 ||
	    !stats[TCA_STATS_QUEUE] || nla_len(stats[TCA_STATS_QUEUE]) < (int)sizeof(queue))
		return NL_OK;
	memcpy(&queue, nla_data(stats[TCA_STATS_QUEUE]), sizeof(queue));
	search->drops = queue.drops;
	return NL_OK;
}

int host_qdisc_drops(struct host_netlink *netlink, int index, uint64_t *ret)
{
	struct tcmsg tc = { .tcm_family = AF_UNSPEC, .tcm_ifindex = index };
	struct search search = { .index = index };
	struct nl_msg *message = nlmsg_alloc();
	int r;

	if (!message ||
	    !nlmsg_put(message, NL_AUTO_PORT, NL_AUTO_SEQ, RTM_GETQDISC, 0, NLM_F_DUMP) ||
	    nlmsg_append(message, &tc, sizeof(tc), NLMSG_ALIGNTO) < 0) {
		nlmsg_free(message);
		return -ENOMEM;
	}
	r = host_netlink_call(netlink, message, parse, &search);
	if (r == 0)
		*ret = search.drops;
	return r;
}
