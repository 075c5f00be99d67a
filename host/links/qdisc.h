/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Queueing disciplines.
 */
#ifndef HOST_QDISC_H
#define HOST_QDISC_H

#include "links/link.h"

/* host_qdisc_drops() - frames that a link's own discipline dropped. */
int host_qdisc_drops(struct host_netlink *netlink, int index, uint64_t *ret);

#endif
