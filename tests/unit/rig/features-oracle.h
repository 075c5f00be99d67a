/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * features-oracle - what should be offered and reach vhost, by tables that are not the library's:
 *     offered = closure(want and (vhost's, the tap's, the launcher's own))
 *     to vhost = acked and owned by vhost, without ACCESS_PLATFORM
 */
#ifndef TESTS_FEATURES_ORACLE_H
#define TESTS_FEATURES_ORACLE_H

#include "vhostconfig.h"

#define BITS 71u /* those that have a name are below */

#define B(bit) (1ull << (bit))

extern const struct vhc_features vhost_owned;

struct vhc_features oracle(const struct vhc_features *want, const struct vhc_features *vhost,
			   const struct vhc_features *tap);

/** with_requirements() - a bit, and all that it requires: of two that would do, both. */
struct vhc_features with_requirements(unsigned int bit);

#endif
