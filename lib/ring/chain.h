/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * chain - can vhost use this buffer of a split ring?  Walks a chain of descriptors as vhost_get_vq_desc()
 * in drivers/vhost/vhost.c does, which stops a ring for each of the errors found here.
 */
#ifndef LIB_RING_CHAIN_H
#define LIB_RING_CHAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "text.h"

/* Access to the device's memory. */
struct vhi_chain_memory {
	/* Copy from it.  -ENOENT: not mapped yet; or another error. */
	int (*read)(void *data, uint64_t addr, void *buf, size_t size);
	/* Why the device cannot read, or write, a range; 0 when it can, or would report a miss first. */
	int (*reach)(void *data, uint64_t addr, uint64_t size, bool write, char *text, size_t len);
	void *data;
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
