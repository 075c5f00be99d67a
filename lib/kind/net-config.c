/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * net-config - the part of a net device's configuration space that the library stores for the
 * vhost-state document.  None of it is passed to the kernel.
 */
#include <errno.h>
#include <string.h>

#include "kind/kind.h"
#include "kind/net.h"
#include "args.h"
#include "doc.h"

static int check_config(struct vhc_dev *dev, const struct vhc_net_config *config)
{
	const uint32_t known = VHC_NET_MAC | VHC_NET_MTU;
	char mac[DOC_MAC_TEXT];

	if (config->flags & ~known)
		return vhi_dev_fail(dev, -EINVAL, NULL, NULL,
				    "vhc_net_config has flags 0x%x: known are 0x%x", config->flags,
				    known);
	if (config->reserved[0] || config->reserved[1])
		return vhi_dev_fail(dev, -EINVAL, NULL, NULL, "vhc_net_config: reserved is not 0");
	if (config->flags & VHC_NET_MTU && (config->mtu < 68 || config->mtu > 65535))
		return vhi_dev_fail(dev, -EINVAL, NULL, NULL,
				    "an MTU of %u bytes: 68 to 65535 is allowed", config->mtu);
	doc_mac_format(config->mac, mac);
	if (config->flags & VHC_NET_MAC && !doc_mac_is_unicast(config->mac))
		return vhi_dev_fail(dev, -EINVAL, NULL, NULL,
				    "%s cannot be the MAC address of a device: it is %s", mac,
				    config->mac[0] & 1 ? "multicast" : "all zero");
	return 0;
}

static int check_net(const struct vhc_dev *dev)
{
	if (dev->kind == &vhi_kind_net)
		return 0;
	return vhi_dev_fail(dev, -EINVAL, NULL, NULL, "a %s device has no net configuration",
			    dev->kind->name);
}

VHC_EXPORT int vhc_dev_set_net_config(struct vhc_dev *dev, const struct vhc_net_config *config)
{
	struct vhc_net_config copy;
	int r = VHI_COPY_ARGS(dev->ctx, vhc_net_config, &copy, config);

	r = r ?: check_net(dev) ?: check_config(dev, &copy);
	if (r)
		return r;
	/* what is not given is nothing */
	if (!(copy.flags & VHC_NET_MTU))
		copy.mtu = 0;
	if (!(copy.flags & VHC_NET_MAC))
		memset(copy.mac, 0, sizeof(copy.mac));
	dev->net->config = copy;
	return 0;
}

VHC_EXPORT int vhc_dev_get_net_config(const struct vhc_dev *dev, struct vhc_net_config *ret)
{
	int r = check_net(dev);

	return r ?: VHI_COPY_RET(dev->ctx, vhc_net_config, ret, &dev->net->config);
}
