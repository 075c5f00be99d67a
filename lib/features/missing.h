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
struct vhc_lacking {
	struct vhc_features vhost, tap;
};

/**
 * vhc_lacking() - what of a set vhost and the tap must have, and have not.  The device model's bits
 * are the caller's to know.
 */
struct vhc_lacking vhc_lacking(enum vhc_type type, const struct vhc_features *set,
			       const struct vhc_features *vhost, const struct vhc_features *tap);

bool vhc_lacking_any(const struct vhc_lacking *lacking);

/**
 * vhc_lacking_put() - all of it in one sentence: "the tap lacks guest_uso4 (54), host_uso (56): a newer
 * kernel may have them".
 */
void vhc_lacking_put(struct vhc_text *text, enum vhc_type type, const struct vhc_lacking *lacking);

/* What can be done about it, of a guest that runs. */
extern const char vhc_lacking_hint[];

#endif
