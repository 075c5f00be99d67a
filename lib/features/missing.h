/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * lacking - what a guest has negotiated and a host does not have, and what would mend it.
 * Ground floor: no system call.
 */
#ifndef LIB_LACKING_H
#define LIB_LACKING_H

#include "text.h"
#include "vhostconfig.h"

/* By who lacks it; a bit of both may be missing in one. */
struct vhc_missing {
	struct vhc_features vhost, tap;
};

/**
 * vhc_missing_find() - what of a set vhost and the tap must have, and have not.  The device model's bits
 * are the caller's to know.
 */
struct vhc_missing vhc_missing_find(enum vhc_type type, const struct vhc_features *set,
				    const struct vhc_features *vhost,
				    const struct vhc_features *tap);

bool vhc_missing_any(const struct vhc_missing *lacking);

/**
 * vhc_missing_put() - all of it in one sentence: "the tap lacks guest_uso4 (54), host_uso (56): a newer
 * kernel may have them".
 */
void vhc_missing_put(struct vhc_text *text, enum vhc_type type, const struct vhc_missing *lacking);

/* What can be done about it, of a guest that runs. */
extern const char vhc_missing_hint[];

#endif
