/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * missing - negotiated features that a host does not have.
 */
#include "features/missing.h"

#include "features/features.h"

const char vhi_missing_hint[] =
	"a running guest cannot give a feature up, and no mask takes one from it: move it to a host "
	"that has them, or mask them where it runs and restart it";

static struct vhc_features find_missing(enum vhc_type type, uint32_t origin,
					const struct vhc_features *set,
					const struct vhc_features *has)
{
	struct vhc_features own = vhi_features_of(type, origin);

	own = vhi_features_and(&own, set);
	return vhi_features_without(&own, has);
}

struct vhi_missing vhi_missing_find(enum vhc_type type, const struct vhc_features *set,
				    const struct vhc_features *vhost,
				    const struct vhc_features *tap)
{
	return (struct vhi_missing){ find_missing(type, VHC_ORIGIN_VHOST, set, vhost),
				     find_missing(type, VHC_ORIGIN_TAP, set, tap) };
}

bool vhi_missing_any(const struct vhi_missing *missing)
{
	return !vhi_features_empty(&missing->vhost) || !vhi_features_empty(&missing->tap);
}

void vhi_missing_put(struct vhi_text *text, enum vhc_type type, const struct vhi_missing *missing)
{
	bool both = !vhi_features_empty(&missing->vhost) && !vhi_features_empty(&missing->tap);

	if (!vhi_features_empty(&missing->vhost)) {
		vhi_text_put(text, "the kernel's vhost lacks ");
		vhi_features_put(text, type, &missing->vhost, ", ");
	}
	if (!vhi_features_empty(&missing->tap)) {
		vhi_text_put(text, "%sthe tap lacks ", both ? "; " : "");
		vhi_features_put(text, type, &missing->tap, ", ");
	}
	vhi_text_put(text, ": a newer kernel may have them");
}
