/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * require - features that a configuration requires, and that front-ends will not be offered: which, and what helps.
 * Those that vhost or the tap lacks are found before; here are also those that would be a device model's.
 */
#include <errno.h>
#include <stdio.h>

#include "kind.h"
#include "require.h"

/* Of what is not offered here QEMU masks the bits that are a back-end's to do, and offers the others all the same. */
#define NOBODY "leave it out of \"require\": no launcher has it where vhost-user does not"

static const struct {
	enum vhc_type type;
	unsigned int bit;
	const char *hint;
} remedies[] = {
	{ VHC_TYPE_NET, 3, "set \"mtu\" in \"tap\"" },
	{ VHC_TYPE_NET, 5, "set \"mac\" in \"tap\"" },
	{ VHC_TYPE_NET, 6, NOBODY },
	{ VHC_TYPE_NET, 17,
	  "leave it out of \"require\": QEMU has a control queue of its own, with a single queue pair too" },
	{ VHC_TYPE_NET, 21,
	  "leave it out of \"require\": the guest need not tell where it has moved to, the broker does that" },
	{ VHC_TYPE_NET, 22, "set \"queue_pairs\" to more than 1" },
	{ VHC_TYPE_NET, 33, "set \"iommu\" to true, for a launcher that has an IOMMU" },
	{ VHC_TYPE_NET, 57, NOBODY },
	{ VHC_TYPE_NET, 60, NOBODY },
	{ VHC_TYPE_NET, 61, NOBODY },
};

static const char *remedy(enum vhc_type type, unsigned int bit)
{
	for (size_t i = 0; i < sizeof(remedies) / sizeof(remedies[0]); i++)
		if (remedies[i].type == type && remedies[i].bit == bit)
			return remedies[i].hint;
	if (bit > 63)
		return "leave it out of \"require\": vhost-user has features 0 to 63";
	return "leave it out of \"require\": whether the guest has it depends on the launcher alone";
}

static int fail_missing(const struct broker_device *device, unsigned int bit,
			char text[BROKER_TEXT_MAX], const char **ret_hint)
{
	const struct vhc_feature *feature = vhc_feature_get(device->kind->type, bit);

	snprintf(text, BROKER_TEXT_MAX,
		 "%s: %s (bit %u) is required, and launchers are not offered it by vhost-user",
		 device->id, feature ? feature->name : "a feature", bit);
	*ret_hint = remedy(device->kind->type, bit);
	return -EOPNOTSUPP;
}

int broker_device_require(const struct broker_device *device, const struct vhc_features *require,
			  char text[BROKER_TEXT_MAX], const char **ret_hint)
{
	const struct vhc_features offered = { { device->offered } };

	for (unsigned int bit = 0; bit < 256; bit++)
		if (vhc_features_has(require, bit) && !vhc_features_has(&offered, bit))
			return fail_missing(device, bit, text, ret_hint);
	return 0;
}
