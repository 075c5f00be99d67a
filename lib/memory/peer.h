/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * peer - the memory of a guest at the addresses that another process has it at, which is the guest's
 * launcher: a vhost-user front-end tells all addresses in terms of these.  No system call.
 */
#ifndef LIB_MEMORY_PEER_H
#define LIB_MEMORY_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vhi_mem_region;

struct vhi_peers {
	uint32_t count;
	struct vhi_peer_range {
		uint64_t peer, size, guest;
	} range[]; /* ascending, and merged where both addresses continue */
};

/**
 * vhi_peers_new() - from regions in the order of their peer addresses, checked; those without one are
 * left out.  NULL: no memory.
 */
struct vhi_peers *vhi_peers_new(const struct vhi_mem_region *regions, uint32_t count);

bool vhi_peers_equal(const struct vhi_peers *a, const struct vhi_peers *b);

/**
 * vhi_peers_find() - the guest address of a peer's address, and how many bytes from there on continue in
 * both.  Returns 0 or -EFAULT.
 */
int vhi_peers_find(const struct vhi_peers *peers, uint64_t peer, uint64_t *ret_guest,
		   uint64_t *ret_left);

/** vhi_peers_describe() - where a range is, for messages: as vhi_table_describe(). */
void vhi_peers_describe(const struct vhi_peers *peers, uint64_t peer, uint64_t size, char *text,
			size_t len);

#endif
