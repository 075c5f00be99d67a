/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * require - features that a configuration requires.
 */
#ifndef BROKER_REQUIRE_H
#define BROKER_REQUIRE_H

#include "broker.h"

struct broker_device;

/** broker_device_require() - as broker_require(). */
int broker_device_require(const struct broker_device *device, const struct vhc_features *require,
			  char text[BROKER_TEXT_MAX], const char **ret_hint);

#endif
