/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * peer - the addresses at which another process has the memory of a guest.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "memory/peer.h"
#include "memory/table.h"

struct vhi_peers *vhi_peers_new(const struct vhi_mem_region *regions, uint32_t count)
{
	struct vhi_peers *peers = calloc(1, sizeof(*peers) + count * sizeof(peers->range[0]));

	for (uint32_t i = 0; i < count && peers; i++) {
		const struct vhi_mem_region *region = &regions[i];
		struct vhi_peer_range *last = peers->count ? &peers->range[peers->count - 1] : NULL;

		if (!region->has_peer)
			continue;
		if (last && last->peer + last->size == region->peer &&
		    last->guest + last->size == region->guest)
			last->size += region->size;
		else
			peers->range[peers->count++] =
				(struct vhi_peer_range){ region->peer, region->size,
							 region->guest };
	}
	return peers;
}

bool vhi_peers_equal(const struct vhi_peers *a, const struct vhi_peers *b)
{
	return a->count == b->count && !memcmp(a->range, b->range, a->count * sizeof(a->range[0]));
}

/* The first range that ends past this address, or NULL. */
static const struct vhi_peer_range *search(const struct vhi_peers *peers, uint64_t peer)
{
	for (uint32_t i = 0; i < peers->count; i++)
		if (peer <= peers->range[i].peer + (peers->range[i].size - 1))
			return &peers->range[i];
	return NULL;
}

int vhi_peers_find(const struct vhi_peers *peers, uint64_t peer, uint64_t *ret_guest,
		   uint64_t *ret_left)
{
	const struct vhi_peer_range *range = search(peers, peer);

	if (!range || peer < range->peer)
		return -EFAULT;
	*ret_guest = range->guest + (peer - range->peer);
	*ret_left = range->size - (peer - range->peer);
	return 0;
}

void vhi_peers_describe(const struct vhi_peers *peers, uint64_t peer, uint64_t size, char *text,
			size_t len)
{
	const struct vhi_peer_range *range = search(peers, peer);

	if (!range || peer < range->peer)
		snprintf(text, len, "is in no region");
	else
		snprintf(text, len,
			 "is in the memory that the peer has at 0x%llx-0x%llx, and ends %llu bytes "
			 "past its end",
			 (unsigned long long)range->peer,
			 (unsigned long long)(range->peer + (range->size - 1)),
			 (unsigned long long)(size - (range->size - (peer - range->peer))));
}
