/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * lacking - what a guest has negotiated and a host does not have.
 * Ground floor: no system call.
 */
#include "features/missing.h"

#include "features/features.h"

const char vhc_missing_hint[] =
	"a running guest cannot give a feature up: move it to a host that has them, or mask them where "
	"it runs and restart it";

static struct vhc_features missing(enum vhc_type type, uint32_t origin,
				   const struct vhc_features *set, const struct vhc_features *has)
{
	struct vhc_features own = vhc_features_of(type, origin);

	own = vhc_features_and(&own, set);
	return vhc_features_without(&own, has);
}

struct vhc_missing vhc_missing_find(enum vhc_type type, const struct vhc_features *set,
				    const struct vhc_features *vhost,
				    const struct vhc_features *tap)
{
	return (struct vhc_missing){ missing(type, VHC_ORIGIN_VHOST, set, vhost),
				     missing(type, VHC_ORIGIN_TAP, set, tap) };
}

bool vhc_missing_any(const struct vhc_missing *lacking)
{
	return !vhc_features_empty(&lacking->vhost) || !vhc_features_empty(&lacking->tap);
}

/* "mrg_rxbuf (15), event_idx (29)"; those of vhost and of the tap all have names. */
static void put_bits(struct vhc_text *text, enum vhc_type type, const struct vhc_features *set)
{
	const char *before = "";

	for (unsigned int bit = 0; bit < 256; bit++) {
		const struct vhc_feature *feature = vhc_feature_get(type, bit);

		if (!vhc_features_has(set, bit))
			continue;
		vhc_text_put(text, "%s%s (%u)", before, feature ? feature->name : "bit", bit);
		before = ", ";
	}
}

void vhc_missing_put(struct vhc_text *text, enum vhc_type type, const struct vhc_missing *lacking)
{
	bool both = !vhc_features_empty(&lacking->vhost) && !vhc_features_empty(&lacking->tap);

	if (!vhc_features_empty(&lacking->vhost)) {
		vhc_text_put(text, "the kernel's vhost lacks ");
		put_bits(text, type, &lacking->vhost);
	}
	if (!vhc_features_empty(&lacking->tap)) {
		vhc_text_put(text, "%sthe tap lacks ", both ? "; " : "");
		put_bits(text, type, &lacking->tap);
	}
	vhc_text_put(text, ": a newer kernel may have them");
}
