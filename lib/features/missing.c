/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * missing - negotiated features that a host does not have.
 */
#include "features/missing.h"

#include "features/features.h"

const char vhc_missing_hint[] =
	"a running guest cannot give a feature up: move it to a host that has them, or mask them where "
	"it runs and restart it";

static struct vhc_features find_missing(enum vhc_type type, uint32_t origin,
					const struct vhc_features *set,
					const struct vhc_features *has)
{
	struct vhc_features own = vhc_features_of(type, origin);

	own = vhc_features_and(&own, set);
	return vhc_features_without(&own, has);
}

struct vhc_missing vhc_missing_find(enum vhc_type type, const struct vhc_features *set,
				    const struct vhc_features *vhost,
				    const struct vhc_features *tap)
{
	return (struct vhc_missing){ find_missing(type, VHC_ORIGIN_VHOST, set, vhost),
				     find_missing(type, VHC_ORIGIN_TAP, set, tap) };
}

bool vhc_missing_any(const struct vhc_missing *missing)
{
	return !vhc_features_empty(&missing->vhost) || !vhc_features_empty(&missing->tap);
}

void vhc_missing_put(struct vhc_text *text, enum vhc_type type, const struct vhc_missing *missing)
{
	bool both = !vhc_features_empty(&missing->vhost) && !vhc_features_empty(&missing->tap);

	if (!vhc_features_empty(&missing->vhost)) {
		vhc_text_put(text, "the kernel's vhost lacks ");
		vhc_features_put(text, type, &missing->vhost, ", ");
	}
	if (!vhc_features_empty(&missing->tap)) {
		vhc_text_put(text, "%sthe tap lacks ", both ? "; " : "");
		vhc_features_put(text, type, &missing->tap, ", ");
	}
	vhc_text_put(text, ": a newer kernel may have them");
}
