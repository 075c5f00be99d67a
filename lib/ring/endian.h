/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * endian - the byte order of what a driver and vhost share: rings, and the headers of frames.
 *
 * It is little-endian with VERSION_1.  Without, it is the guest's, and vhost takes that to be the host's
 * (vhost_init_is_le() in drivers/vhost/vhost.c).  VHOST_SET_VRING_ENDIAN, for a legacy guest of the other
 * byte order, exists only with CONFIG_VHOST_CROSS_ENDIAN_LEGACY and is not used.
 */
#ifndef LIB_RING_ENDIAN_H
#define LIB_RING_ENDIAN_H

#include "features/features.h"

/** vhi_ring_swapped() - do rings of a device with these features differ from this host's byte order? */
static inline bool vhi_ring_swapped(const struct vhc_features *acked)
{
	return __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ && vhc_features_has(acked, VHI_F_VERSION_1);
}

/* What was read from a ring, for this host. */
static inline uint16_t vhi_ring_get16(bool swapped, uint16_t value)
{
	return swapped ? __builtin_bswap16(value) : value;
}

static inline uint32_t vhi_ring_get32(bool swapped, uint32_t value)
{
	return swapped ? __builtin_bswap32(value) : value;
}

static inline uint64_t vhi_ring_get64(bool swapped, uint64_t value)
{
	return swapped ? __builtin_bswap64(value) : value;
}

#endif
