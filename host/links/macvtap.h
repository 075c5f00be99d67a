/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Making macvtaps.
 */
#ifndef HOST_MACVTAP_H
#define HOST_MACVTAP_H

#include "links/link.h"

struct host_macvtap {
	int lower;	     /* index of the link that it is on */
	uint32_t mode;	     /* of host_macvtap_modes[]: bridge, private, vepa, passthru */
	uint32_t txqueuelen; /* 0: the kernel's */
	uint8_t mac[6];	     /* the guest's: frames for others do not get there */
};

/* host_macvtap_make() - 0 or a negative errno; -EEXIST: the name is taken. */
int host_macvtap_make(struct host_netlink *netlink, const char *name,
		      const struct host_macvtap *macvtap);

/* host_macvtap_find_unmarked() - a macvtap of this name and without an alias; -ENODEV: there is none. */
int host_macvtap_find_unmarked(struct host_netlink *netlink, const char *name,
			       struct host_link *ret);

#endif
