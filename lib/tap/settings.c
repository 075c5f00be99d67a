/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * settings - what vhc_tap_open() sets on a link, new or not.
 */
#include <linux/sockios.h>
#include <net/if.h>
#include <string.h>

#include "syscall/uapi.h"
#include "tap/open.h"

int vhi_tap_set_number(struct vhc_tap *tap, unsigned long request, const char *call,
		       unsigned long value)
{
	return vhi_tap_call(tap, 0, request, call, (void *)(uintptr_t)value);
}

uint32_t vhi_tap_owner_of(const struct vhc_tap *tap, const struct vhc_tap_args *args)
{
	return args->flags & VHC_TAP_OWNER		       ? args->owner
	       : args->flags & (VHC_TAP_GROUP | VHC_TAP_ADOPT) ? VHI_NOBODY
							       : vhi_sys_user(&tap->ctx->sys);
}

int vhi_tap_set_owner(struct vhc_tap *tap, const struct vhc_tap_args *args)
{
	uint32_t owner = vhi_tap_owner_of(tap, args);
	int r = 0;

	/* the last two steps: the kernel takes no group and no owner away again */
	if (args->flags & VHC_TAP_GROUP)
		r = vhi_tap_set_number(tap, TUNSETGROUP, "TUNSETGROUP", args->group);
	if (!r && owner != VHI_NOBODY)
		r = vhi_tap_set_number(tap, TUNSETOWNER, "TUNSETOWNER", owner);
	return r;
}

int vhi_tap_call_link(struct vhc_tap *tap, unsigned long request, const char *call, int *frames)
{
	struct ifreq ifr = { .ifr_qlen = *frames };
	int fd, r;

	memcpy(ifr.ifr_name, tap->name, sizeof(tap->name));
	fd = vhi_sys_socket(&tap->ctx->sys);
	r = fd < 0 ? fd : vhi_sys_ioctl(&tap->ctx->sys, fd, request, &ifr);
	vhi_sys_close(&tap->ctx->sys, &fd);
	*frames = ifr.ifr_qlen;
	return r ? vhi_tap_fail(tap, call, r, "") : 0;
}

int vhi_tap_set_txqueuelen(struct vhc_tap *tap, uint32_t frames)
{
	int n = (int)frames;

	return frames ? vhi_tap_call_link(tap, SIOCSIFTXQLEN, "SIOCSIFTXQLEN", &n) : 0;
}

int vhi_tap_get_headers(struct vhc_tap *tap)
{
	int r = vhi_tap_get_header(tap, 0);

	for (uint32_t i = 1; i < tap->queues; i++)
		tap->queue[i] = tap->queue[0];
	return r;
}
