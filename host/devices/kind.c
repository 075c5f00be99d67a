/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The table of kinds.
 */
#include "kind.h"

const struct host_kind *host_kind_of(const struct host_device *device)
{
	static const struct host_kind *const kinds[] = {
		[HOST_NET] = &host_kind_net,
		[HOST_VSOCK] = &host_kind_vsock,
	};

	return kinds[device->type];
}

void host_features_wanted(const struct host_device *device, struct vhc_features *ret)
{
	vhc_features_known(host_kind_of(device)->type, ret);
	for (int w = 0; w < 4; w++)
		ret->w[w] &= ~device->mask.w[w];
}
