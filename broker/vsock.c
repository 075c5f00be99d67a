/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * vsock - what only a vsock device has: the guest's CID in its configuration space.  Its rings 0 (receive) and 1
 * (transmit) are the kernel's, and run together; ring 2 is for events.
 */
#include <endian.h>
#include <string.h>

#include "kind.h"

static uint64_t find_features(const struct broker_device *device)
{
	return 0;
}

static void put_config(const struct broker_device *device, uint8_t space[WIRE_CONFIG_SIZE])
{
	const uint64_t cid = htole64(device->cid);

	memcpy(space, &cid, sizeof(cid));
}

const struct broker_kind broker_kind_vsock = {
	.type = VHC_TYPE_VSOCK,
	.name = "vsock",
	.max_pairs = 1,
	.idle_rings = 1,
	.protocol = BROKER_PROTOCOL,
	.find_features = find_features,
	.put_config = put_config,
};
