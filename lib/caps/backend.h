/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * backend - the back end of a device that does not exist: a host that a vhost-caps document
 * describes.
 */
#ifndef LIB_CAPS_BACKEND_H
#define LIB_CAPS_BACKEND_H

#include "dev.h"

extern const struct vhi_backend_ops vhi_backend_caps;

#endif
