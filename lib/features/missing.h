/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * missing - negotiated features that a host does not have, and what can be done about it.
 */
#ifndef LIB_FEATURES_MISSING_H
#define LIB_FEATURES_MISSING_H

#include "text.h"
#include "vhostconfig.h"

/* By what lacks them; a bit that both must have may be missing in one. */
struct vhi_missing {
	struct vhc_features vhost, tap;
};

/**
 * vhi_missing_find() - the bits of a set that vhost and the tap must have and do not.  The device model's
 * bits are the caller's to check.
 */
struct vhi_missing vhi_missing_find(enum vhc_type type, const struct vhc_features *set,
				    const struct vhc_features *vhost,
				    const struct vhc_features *tap);

bool vhi_missing_any(const struct vhi_missing *missing);

/**
 * vhi_missing_put() - all of it in one sentence: "the tap lacks guest_uso4 (54), host_uso (56): a newer
 * kernel may have them".
 */
void vhi_missing_put(struct vhi_text *text, enum vhc_type type, const struct vhi_missing *missing);

/* What can be done about it for a running guest. */
extern const char vhi_missing_hint[];

#endif
