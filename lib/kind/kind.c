/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * kind - the kinds of devices.
 */
#include <string.h>

#include "kind/kind.h"

const struct vhi_kind *const vhi_kinds[] = { &vhi_kind_net, &vhi_kind_vsock, NULL };

_Static_assert(sizeof(vhi_kinds) / sizeof(vhi_kinds[0]) == VHI_KINDS + 1, "kinds");

const struct vhi_kind *vhi_kind_get(uint32_t type)
{
	for (size_t i = 0; vhi_kinds[i]; i++)
		if (vhi_kinds[i]->type == type)
			return vhi_kinds[i];
	return NULL;
}

const struct vhi_kind *vhi_kind_of_node(const char *path)
{
	for (size_t i = 0; vhi_kinds[i]; i++)
		if (!strcmp(vhi_kinds[i]->path, path))
			return vhi_kinds[i];
	return NULL;
}
