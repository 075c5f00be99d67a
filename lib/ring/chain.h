/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * chain - can vhost use this buffer of a split ring?  Walks a chain of descriptors as vhost_get_vq_desc()
 * in drivers/vhost/vhost.c does, which stops a ring for each of the errors found here.  The guest writes
 * the chain, so the work is bounded: by VHI_CHAIN_MAX descriptors, each read at most twice, and as many
 * pieces of memory, for its buffers and again for its tables.
 */
#ifndef LIB_RING_CHAIN_H
#define LIB_RING_CHAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "text.h"

/*
 * Descriptors of a chain, those of its indirect tables included, and pieces of memory that its buffers
 * are in: vhost takes no more pieces (UIO_MAXIOV in drivers/vhost/vhost.c).
 */
#define VHI_CHAIN_MAX 1024u

/* Access to the device's memory. */
struct vhi_chain_memory {
	/* Copy from it.  -ENOENT: not mapped yet; or another error. */
	int (*read)(void *data, uint64_t addr, void *buf, size_t size);
	/*
	 * Why the device cannot read, or write, a range; 0 when it can, or would report a miss first.  Adds
	 * to *pieces in how many regions or mappings the range is, and stops above VHI_CHAIN_MAX.
	 */
	int (*reach)(void *data, uint64_t addr, uint64_t size, bool write, uint32_t *pieces,
		     char *text, size_t len);
	void *data;
	bool swapped; /* the ring is not in this host's byte order */
};

/**
 * vhi_chain_check() - check the chain that starts with descriptor @head of a ring of @num descriptors,
 * whose descriptor table is at @desc.
 * @writes: the device writes to the buffers of this ring; otherwise it reads them.
 * Returns 0, or -EINVAL with what is wrong and where.
 */
int vhi_chain_check(uint32_t num, uint64_t desc, uint16_t head, bool writes,
		    const struct vhi_chain_memory *memory, struct vhi_refusal *err);

#endif
