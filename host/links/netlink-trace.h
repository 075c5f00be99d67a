/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Messages of rtnetlink as lines of the trace: "netlink RTM_NEWLINK {index 5, IFLA_MTU 1400} = 0".
 */
#ifndef HOST_NETLINK_TRACE_H
#define HOST_NETLINK_TRACE_H

#include "links/link.h"

/* host_netlink_trace() - from now on, if anybody wants to be told. */
void host_netlink_trace(struct host_netlink *netlink);

#endif
