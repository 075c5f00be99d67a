/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * peer - a device whose rings and mappings are told at the addresses of the guest's launcher, another
 * process: they are translated to guest addresses first, and everything else knows these alone.
 */
#ifndef LIB_DEVICE_PEER_H
#define LIB_DEVICE_PEER_H

#include "dev.h"
#include "text.h"

/**
 * vhi_peer_find() - the guest address of a peer's address, and how many bytes continue from there in both.
 * Returns 0, -EFAULT, or -EAGAIN: it has no memory yet.
 */
int vhi_peer_find(struct vhc_dev *dev, uint64_t peer, uint64_t *ret_guest, uint64_t *ret_left);

/**
 * vhi_peer_translate() - the guest addresses of a ring's parts, by the memory table that the device has.
 * @size: in descriptors; 0 when it is not known yet.
 * Errors: -EINVAL.
 */
int vhi_peer_translate(struct vhc_dev *dev, uint32_t size, const uint64_t peer[VHI_PARTS],
		       uint64_t ret_guest[VHI_PARTS], struct vhi_refusal *err);

/**
 * vhi_peer_resolve_rings() - set the guest addresses of all rings that were told a peer's and do not run;
 * those that the memory table does not have are without.
 */
void vhi_peer_resolve_rings(struct vhc_dev *dev);

#endif
