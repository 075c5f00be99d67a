/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * offload - between feature bits and the flags of TUNSETOFFLOAD (drivers/net/tun.c, set_offload).
 */
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stddef.h>

#include "features/features.h"
#include "tap/tap.h"
#include "syscall/uapi.h"

#define USO  (VHI_TUN_F_USO4 | VHI_TUN_F_USO6)
#define NONE 256u

/*
 * Each flag allows the link to pass such frames to the guest.  What it accepts from the guest cannot be
 * queried: a kernel that supports one direction supports the other.
 */
static const struct {
	uint32_t flags; /* all of them */
	uint32_t guest, host;
} map[] = {
	{ TUN_F_CSUM, VHI_F_GUEST_CSUM, VHI_F_CSUM },
	{ TUN_F_TSO4, VHI_F_GUEST_TSO4, VHI_F_HOST_TSO4 },
	{ TUN_F_TSO6, VHI_F_GUEST_TSO6, VHI_F_HOST_TSO6 },
	{ TUN_F_TSO_ECN, VHI_F_GUEST_ECN, VHI_F_HOST_ECN },
	{ TUN_F_UFO, VHI_F_GUEST_UFO, VHI_F_HOST_UFO },
	{ VHI_TUN_F_USO4, VHI_F_GUEST_USO4, NONE },
	{ VHI_TUN_F_USO6, VHI_F_GUEST_USO6, NONE },
	{ USO, NONE, VHI_F_HOST_USO },
	{ VHI_TUN_F_UDP_TUNNEL_GSO, VHI_F_GUEST_UDP_TUNNEL_GSO, VHI_F_HOST_UDP_TUNNEL_GSO },
	{ VHI_TUN_F_UDP_TUNNEL_GSO_CSUM, VHI_F_GUEST_UDP_TUNNEL_GSO_CSUM,
	  VHI_F_HOST_UDP_TUNNEL_GSO_CSUM },
};

struct vhc_features vhi_offload_bits(void)
{
	struct vhc_features set = { { 0 } };

	for (size_t i = 0; i < sizeof(map) / sizeof(map[0]); i++)
		vhc_features_add(&set, map[i].guest);
	return set;
}

/* As set_offload(): all need checksums, and what is left needs segmentation of its own. */
bool vhi_offload_stands(uint32_t flags)
{
	const uint32_t tso = TUN_F_TSO4 | TUN_F_TSO6;

	if (flags & ~(uint32_t)TUN_F_CSUM && !(flags & TUN_F_CSUM))
		return false;
	if (flags & TUN_F_TSO_ECN && !(flags & tso))
		return false;
	if (flags & VHI_TUN_F_UDP_TUNNEL_GSO_CSUM && !(flags & VHI_TUN_F_UDP_TUNNEL_GSO))
		return false;
	return !(flags & VHI_TUN_F_UDP_TUNNEL_GSO) || flags & (tso | USO);
}

uint32_t vhi_offload_from_features(const struct vhc_features *acked)
{
	uint32_t flags = 0;

	for (size_t i = 0; i < sizeof(map) / sizeof(map[0]); i++)
		if (vhc_features_has(acked, map[i].guest))
			flags |= map[i].flags;
	/* a link accepts both or neither; with neither the host segments these frames itself */
	if ((flags & USO) != USO)
		flags &= ~USO;
	return flags;
}

struct vhc_features vhi_offload_to_features(uint32_t offloads)
{
	struct vhc_features set = { { 0 } };

	for (size_t i = 0; i < sizeof(map) / sizeof(map[0]); i++)
		if ((offloads & map[i].flags) == map[i].flags) {
			vhc_features_add(&set, map[i].guest);
			vhc_features_add(&set, map[i].host);
		}
	return set;
}

int vhi_offload_probe_scratch(struct vhc_ctx *ctx, uint32_t *ret)
{
	struct ifreq ifr = { .ifr_name = "tap%d", .ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR };
	int fd = vhi_sys_open_in_new_netns(&ctx->sys, "/dev/net/tun", O_RDWR | O_NONBLOCK);
	int r = fd < 0 ? fd : vhi_sys_ioctl(&ctx->sys, fd, TUNSETIFF, &ifr);

	r = r ?: vhi_offload_probe(ctx, fd, ret);
	vhi_sys_close(&ctx->sys, &fd);
	return r;
}

int vhi_offload_probe(struct vhc_ctx *ctx, int fd, uint32_t *ret)
{
	/* what kernels of the last decade accept, the newest first */
	static const uint32_t sets[] = { 0x1ff, 0xff, 0x7f, 0x6f, 0x1f, 0xf, 0x7, 0x1, 0 };
	int r = 0;

	for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) {
		r = vhi_sys_ioctl(&ctx->sys, fd, TUNSETOFFLOAD, (void *)(uintptr_t)sets[i]);
		if (!r) {
			*ret = sets[i];
			return 0;
		}
		if (r != -EINVAL)
			break;
	}
	return r;
}
