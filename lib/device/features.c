/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * features - which features a guest is offered, and which it accepted.
 *     offered = closure(want and (vhost's, the tap's, the launcher's own))
 *     to vhost = acked and owned by vhost
 */
#include <errno.h>
#include <stdlib.h>

#include "device/device.h"
#include "features/features.h"
#include "device/iommu.h"

static bool has_upper(const struct vhc_features *set)
{
	return set->w[1] || set->w[2] || set->w[3];
}

int vhi_dev_has(struct vhc_dev *dev, bool all, struct vhc_features *ret_vhost,
		struct vhc_features *ret_link)
{
	int r = 0;

	*ret_link = (struct vhc_features){ { 0 } };
	if (dev->kind->get_link_features)
		r = dev->kind->get_link_features(dev, ret_link);
	if (!r && all)
		r = dev->backend->ask(dev, VHI_ASK_ALL_FEATURES);
	*ret_vhost = dev->offers->features;
	return r;
}

/* Every bit that has all that it needs: what vhost's bits need of vhost, and the tap's of the tap. */
static int available(struct vhc_dev *dev, bool upper, struct vhc_features *ret)
{
	struct vhc_features vhost_bits = vhi_features_of(dev->kind->type, VHC_ORIGIN_VHOST);
	struct vhc_features tap_bits = vhi_features_of(dev->kind->type, VHC_ORIGIN_TAP);
	struct vhc_features vhost, tap, lacking;
	int r = vhi_dev_has(dev, upper, &vhost, &tap);

	if (r)
		return r;
	lacking = vhi_features_without(&vhost_bits, &vhost);
	*ret = (struct vhc_features){ { UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX } };
	*ret = vhi_features_without(ret, &lacking);
	lacking = vhi_features_without(&tap_bits, &tap);
	*ret = vhi_features_without(ret, &lacking);
	vhc_features_remove(ret, VHI_F_LOG_ALL);
	vhc_features_remove(ret, VHI_F_PROTOCOL_FEATURES);
	return 0;
}

static const char *remedy(uint32_t origin)
{
	return origin & VHC_ORIGIN_VHOST ? "a newer kernel on this host, or a guest without it"
	       : origin & VHC_ORIGIN_TAP ? "a tap of a newer kernel, or a guest without it"
					 : "the launcher's device model must provide it";
}

static const char *whose(uint32_t origin)
{
	return origin == (VHC_ORIGIN_VHOST | VHC_ORIGIN_TAP) ? "vhost and the tap"
	       : origin & VHC_ORIGIN_VHOST		     ? "this kernel's vhost"
	       : origin & VHC_ORIGIN_TAP		     ? "the tap"
							     : "the launcher";
}

/* The first bit of a set that its origin lacks. */
static int fail_lacking(struct vhc_dev *dev, const struct vhc_features *set, const char *verb)
{
	unsigned int bit = vhi_features_first(set);
	const struct vhc_feature *feature = vhc_feature_get(dev->kind->type, bit);
	uint32_t origin = feature ? feature->origin : VHC_ORIGIN_MODEL;
	char *names = NULL;
	int r;

	vhc_features_format(NULL, dev->kind->type, set, &names);
	r = vhi_dev_fail(dev, -EOPNOTSUPP, "features", remedy(origin),
			 "%s (bit %u) is %s, and %s does not have it; all that is missing: %s",
			 feature ? feature->name : "a feature", bit, verb, whose(origin),
			 names ? names : "?");
	free(names);
	return r;
}

static int fail_requirement(struct vhc_dev *dev, int code, const struct vhc_features *set,
			    unsigned int bit, const char *verb)
{
	char why[256] = "";

	vhi_features_why(dev->kind->type, set, bit, why, sizeof(why));
	return vhi_dev_fail(dev, code, "features", "add what is required, or leave it out",
			    "%s: %s", verb, why);
}

/* Bits that are between vhost and its user. */
static int check_private(struct vhc_dev *dev, const struct vhc_features *set)
{
	if (!vhc_features_has(set, VHI_F_LOG_ALL) &&
	    !vhc_features_has(set, VHI_F_PROTOCOL_FEATURES))
		return 0;
	return vhi_dev_fail(dev, -EINVAL, "features", "leave them out",
			    "bits 26 and 30 are vhost's own, not a guest's");
}

static int check_required(struct vhc_dev *dev, const struct vhc_features *require,
			  const struct vhc_features *can, const struct vhc_features *want,
			  const struct vhc_features *offered)
{
	struct vhc_features missing = vhi_features_without(require, can);
	const struct vhc_feature *feature;
	unsigned int bit;
	int r = check_private(dev, require);

	if (r)
		return r;
	if (!vhi_features_empty(&missing))
		return fail_lacking(dev, &missing, "required");
	missing = vhi_features_without(require, want);
	bit = vhi_features_first(&missing);
	feature = vhc_feature_get(dev->kind->type, bit);
	if (!vhi_features_empty(&missing))
		return vhi_dev_fail(dev, -EOPNOTSUPP, "features", "add it to what is wanted",
				    "%s (bit %u) is required, and not wanted",
				    feature ? feature->name : "a feature", bit);
	missing = vhi_features_without(require, offered);
	if (!vhi_features_empty(&missing))
		return fail_requirement(dev, -EOPNOTSUPP, offered, vhi_features_first(&missing),
					"required, but not to be offered");
	return 0;
}

static void log_dropped(struct vhc_dev *dev, const struct vhc_features *kept,
			const struct vhc_features *dropped)
{
	char why[256];

	for (unsigned int bit = 0; bit < 256; bit++)
		if (vhc_features_has(dropped, bit) &&
		    vhi_features_why(dev->kind->type, kept, bit, why, sizeof(why)))
			vhi_log(dev->ctx, VHC_LEVEL_INFO, "%s: not offered: %s", dev->id, why);
}

VHC_EXPORT int vhc_dev_offer_features(struct vhc_dev *dev, const struct vhc_features *want,
				      const struct vhc_features *require, struct vhc_features *ret)
{
	bool upper = !want || has_upper(want) || (require && has_upper(require));
	struct vhc_features can, offered, dropped, wanted;
	int r = available(dev, upper, &can);

	if (r)
		return r;
	if (want)
		wanted = *want;
	else
		vhc_features_known(dev->kind->type, &wanted);
	offered = vhi_features_and(&can, &wanted);
	dropped = vhi_features_close(dev->kind->type, &offered);
	log_dropped(dev, &offered, &dropped);
	if (require)
		r = check_required(dev, require, &can, &wanted, &offered);
	if (!r)
		*ret = offered;
	return r;
}

static int check_acked(struct vhc_dev *dev, const struct vhc_features *acked)
{
	struct vhc_features can, closed = *acked, missing;
	int r = check_private(dev, acked) ?: available(dev, has_upper(acked), &can);

	if (r)
		return r;
	missing = vhi_features_without(acked, &can);
	if (!vhi_features_empty(&missing))
		return fail_lacking(dev, &missing, "accepted");
	missing = vhi_features_close(dev->kind->type, &closed);
	if (!vhi_features_empty(&missing))
		return fail_requirement(dev, -EINVAL, acked, vhi_features_first(&missing),
					"accepted without its requirement");
	return dev->kind->check_features ? dev->kind->check_features(dev, acked) : 0;
}

static int check_guest(struct vhc_dev *dev, const struct vhc_features *acked, uint32_t guest)
{
	if (guest & ~(uint32_t)VHC_GUEST_IOMMU)
		return vhi_dev_fail(dev, -EINVAL, NULL, NULL,
				    "guest flags 0x%x: only VHC_GUEST_IOMMU, 0x%x, is known", guest,
				    VHC_GUEST_IOMMU);
	if (guest & VHC_GUEST_IOMMU && !vhc_features_has(acked, VHI_F_ACCESS_PLATFORM))
		return vhi_dev_fail(
			dev, -EINVAL, "features", "leave VHC_GUEST_IOMMU out",
			"VHC_GUEST_IOMMU, but the driver did not accept access_platform "
			"(bit %u): its addresses go through no IOMMU",
			VHI_F_ACCESS_PLATFORM);
	return 0;
}

static int check_iommu(struct vhc_dev *dev, bool iommu)
{
	if (!iommu || vhi_dev_can(dev) & VHC_CAN_IOMMU)
		return 0;
	return vhi_dev_fail(dev, -ENOTTY, NULL, "leave VHC_GUEST_IOMMU out",
			    "VHC_GUEST_IOMMU: the library has no IOMMU for %s", dev->kind->node);
}

VHC_EXPORT int vhc_dev_set_features(struct vhc_dev *dev, const struct vhc_features *acked,
				    uint32_t guest)
{
	bool iommu = guest & VHC_GUEST_IOMMU;
	int r = check_guest(dev, acked, guest);

	if (r)
		return r;
	if (dev->want.has_acked && vhi_features_equal(&dev->want.acked, acked) &&
	    dev->want.iommu == iommu)
		return 0;
	if (vhi_dev_runs(dev))
		return vhi_dev_fail(
			dev, -EBUSY, NULL, "stop the device first",
			"the device is running, and its features change only while it is "
			"stopped");
	r = check_acked(dev, acked) ?: check_iommu(dev, iommu);
	r = r ?: vhi_iommu_set_enabled(dev, iommu);
	if (r)
		return r;
	dev->want.acked = *acked;
	dev->want.has_acked = true;
	if (dev->kind->forget)
		dev->kind->forget(dev);
	return 0;
}
