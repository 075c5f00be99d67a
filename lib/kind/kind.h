/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * kind/ - what a device is: one file and one row of functions for each kind of device, with the
 * steps of a plan that only this kind has.  It may use links, answers of back ends, and plans; it
 * applies no plan, and no room above it asks which kind a device is, except for documents.
 */
#ifndef LIB_KIND_KIND_H
#define LIB_KIND_KIND_H

#include "dev.h"

extern const struct vhi_kind vhi_kind_net, vhi_kind_vsock;

/* By index; NULL ends them. */
extern const struct vhi_kind *const vhi_kinds[];

/** vhi_kind_get() - the row of a type, or NULL. */
const struct vhi_kind *vhi_kind_get(uint32_t type);

/** vhi_kind_of_node() - the row whose node has this path, or NULL. */
const struct vhi_kind *vhi_kind_of_node(const char *path);

#endif
