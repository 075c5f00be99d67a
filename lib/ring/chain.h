/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * chain - can vhost take this buffer of a split ring?  A chain of descriptors is walked as
 * vhost_get_vq_desc() of drivers/vhost/vhost.c does, which gives up on a ring for each of these.
 * Ground floor: no system call.
 */
#ifndef LIB_CHAIN_H
#define LIB_CHAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "text.h"

/* What there is to ask of the device's memory. */
struct vhc_chain_memory {
	/* Copy from it.  -ENOENT: nobody has mapped it yet; or another error. */
	int (*read)(void *data, uint64_t addr, void *buf, size_t size);
	/* Why the device cannot read, or write, a range; 0 when it can, or when it would ask first. */
	int (*reach)(void *data, uint64_t addr, uint64_t size, bool write, char *text, size_t len);
	void *data;
};

/**
 * vhc_chain_check() - the chain that begins with descriptor @head of a ring of @num, whose descriptor
 * table is at @desc.
 * @writes: the device writes to each buffer of this ring, else it reads each.
 * Returns 0 when nothing is found, or -EINVAL with what is wrong and where.
 */
int vhc_chain_check(uint32_t num, uint64_t desc, uint16_t head, bool writes,
		    const struct vhc_chain_memory *memory, struct vhc_refusal *err);

#endif
