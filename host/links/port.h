/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a bridge knows of one of its ports, and forgets when the port leaves it.
 */
#ifndef HOST_PORT_H
#define HOST_PORT_H

#include "links/link.h"

#define HOST_VLANS 4096u

enum { HOST_VLAN_MEMBER = 1, HOST_VLAN_PVID = 2, HOST_VLAN_UNTAGGED = 4 };

#define HOST_FDB_MAX 256u /* more are not restored */

struct host_fdb_entry {
	uint8_t mac[6];
	uint16_t vlan; /* 0: of no VLAN */
};

struct host_port {
	uint8_t vlans[HOST_VLANS];		 /* HOST_VLAN_ */
	uint32_t flags[256];			 /* attributes, as the kernel has them */
	int flags_len;				 /* in bytes */
	struct host_fdb_entry fdb[HOST_FDB_MAX]; /* static ones */
	uint32_t fdb_count;
};

/* All return 0 or a negative errno. */

/* host_port_get() - of a link that is no port, nothing. */
int host_port_get(struct host_netlink *netlink, int index, struct host_port *ret);

/* host_port_set() - let a port of a bridge have these VLANs and no other, these flags and these static entries. */
int host_port_set(struct host_netlink *netlink, int index, const struct host_port *port);

/* host_fdb_get() - the static entries alone.  host_fdb_add() - those of @port that @now has not. */
int host_fdb_get(struct host_netlink *netlink, int index, struct host_port *ret);
int host_fdb_add(struct host_netlink *netlink, int index, const struct host_port *port,
		 const struct host_port *now);

/* host_port_find() - a port of this bridge with this address, other than @not; -ENODEV: there is none. */
int host_port_find(struct host_netlink *netlink, int bridge, const uint8_t mac[6], int not,
		   struct host_link *ret);

/* host_port_isolate() - let that be the only flag. */
void host_port_isolate(struct host_port *port);

#endif
