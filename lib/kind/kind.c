/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * kind - the kinds of devices.
 */
#include <string.h>

#include "kind/kind.h"

const struct vhc_kind *const vhc_kinds[] = { &vhc_kind_net, &vhc_kind_vsock, NULL };

_Static_assert(sizeof(vhc_kinds) / sizeof(vhc_kinds[0]) == VHC_KINDS + 1, "kinds");

const struct vhc_kind *vhc_kind_get(uint32_t type)
{
	for (size_t i = 0; vhc_kinds[i]; i++)
		if (vhc_kinds[i]->type == type)
			return vhc_kinds[i];
	return NULL;
}

const struct vhc_kind *vhc_kind_of_node(const char *path)
{
	for (size_t i = 0; vhc_kinds[i]; i++)
		if (!strcmp(vhc_kinds[i]->path, path))
			return vhc_kinds[i];
	return NULL;
}
