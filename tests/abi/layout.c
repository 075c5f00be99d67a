/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * layout - the argument structs as they are for good: sz first, no padding, the same on 32 and 64
 * bits.  A struct may grow at its end: then its size here grows too, and nothing before it moves.
 * Compiled as C99 and as C++; nothing of it is run.
 */
#include <stddef.h>

#include "vhostconfig.h"

#define SIZE(type, size)                                                  \
	typedef char type##_size[sizeof(struct type) == (size) ? 1 : -1]; \
	typedef char type##_first[offsetof(struct type, sz) == 0 ? 1 : -1]
#define AT(type, field, offset) \
	typedef char type##_at_##field[offsetof(struct type, field) == (offset) ? 1 : -1]

SIZE(vhc_region, 56);
AT(vhc_region, guest_addr, 8);
AT(vhc_region, size, 16);
AT(vhc_region, user_addr, 24);
AT(vhc_region, peer_addr, 32);
AT(vhc_region, fd_offset, 40);
AT(vhc_region, fd, 48);
AT(vhc_region, flags, 52);

SIZE(vhc_tap_args, 32);
AT(vhc_tap_args, flags, 8);
AT(vhc_tap_args, queues, 12);
AT(vhc_tap_args, owner, 16);
AT(vhc_tap_args, group, 20);
AT(vhc_tap_args, txqueuelen, 24);

SIZE(vhc_dev_args, 32);
AT(vhc_dev_args, flags, 8);
AT(vhc_dev_args, type, 12);
AT(vhc_dev_args, backend, 16);
AT(vhc_dev_args, queue_pairs, 20);
AT(vhc_dev_args, guest_cid, 24);

SIZE(vhc_dev_info, 24);
AT(vhc_dev_info, rings, 8);
AT(vhc_dev_info, max_regions, 12);
AT(vhc_dev_info, can, 16);

SIZE(vhc_event, 32);
AT(vhc_event, kind, 8);
AT(vhc_event, ring, 12);
AT(vhc_event, iova, 16);
AT(vhc_event, perm, 24);
AT(vhc_event, count, 28);

SIZE(vhc_map, 40);
AT(vhc_map, iova, 8);
AT(vhc_map, size, 16);
AT(vhc_map, addr, 24);
AT(vhc_map, perm, 32);
AT(vhc_map, flags, 36);

SIZE(vhc_net_config, 24);
AT(vhc_net_config, flags, 8);
AT(vhc_net_config, mtu, 12);
AT(vhc_net_config, mac, 16);

SIZE(vhc_ring_addr, 40);
AT(vhc_ring_addr, desc, 8);
AT(vhc_ring_addr, avail, 16);
AT(vhc_ring_addr, used, 24);
AT(vhc_ring_addr, flags, 32);

SIZE(vhc_ioeventfd, 32);
AT(vhc_ioeventfd, addr, 8);
AT(vhc_ioeventfd, datamatch, 16);
AT(vhc_ioeventfd, len, 24);
AT(vhc_ioeventfd, flags, 28);

SIZE(vhc_irqfd, 24);
AT(vhc_irqfd, gsi, 8);
AT(vhc_irqfd, flags, 12);
AT(vhc_irqfd, resample_fd, 16);

typedef char features_size[sizeof(struct vhc_features) == 32 ? 1 : -1];
