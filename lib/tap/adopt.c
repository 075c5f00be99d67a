/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * adopt - a link that was there belongs to somebody: nothing of it changes before everything else has
 * succeeded.
 */
#include <linux/sockios.h>
#include <net/if.h>
#include <string.h>

#include "syscall/uapi.h"
#include "tap/open.h"

struct before {
	bool persists;
	int sndbuf, txqueuelen;
};

static int look(struct vhc_tap *tap, struct before *ret)
{
	struct ifreq ifr;
	int r = 0;

	/* the flags of a link that is in use are those of whoever was first */
	for (uint32_t i = 0; i < tap->queues && !r; i++) {
		r = vhi_tap_check_flags(tap, i, tap->fds[i], &ifr);
		tap->queue[i].offloads = VHI_OFFLOADS_UNKNOWN;
	}
	ret->persists = !r && ifr.ifr_flags & IFF_PERSIST;
	r = r ?: vhi_tap_get_headers(tap);
	r = r ?: vhi_tap_call(tap, 0, TUNGETSNDBUF, "TUNGETSNDBUF", &ret->sndbuf);
	return r ?: vhi_tap_call_link(tap, SIOCGIFTXQLEN, "SIOCGIFTXQLEN", &ret->txqueuelen);
}

/* The text stays that of the error. */
static void put_back(struct vhc_tap *tap, const struct vhc_tap_args *args,
		     const struct before *before, uint32_t done)
{
	const struct vhi_sys *sys = &tap->ctx->sys;
	struct ifreq ifr = { .ifr_qlen = before->txqueuelen };
	int fd, sndbuf = before->sndbuf;

	if (done > 2 && args->flags & VHC_TAP_PERSIST && !before->persists)
		vhi_sys_ioctl(sys, tap->fds[0], TUNSETPERSIST, NULL);
	if (done > 1 && args->txqueuelen) {
		memcpy(ifr.ifr_name, tap->name, sizeof(tap->name));
		fd = vhi_sys_socket(sys);
		vhi_sys_ioctl(sys, fd, SIOCSIFTXQLEN, &ifr);
		vhi_sys_close(sys, &fd);
	}
	vhi_sys_ioctl(sys, tap->fds[0], TUNSETSNDBUF, &sndbuf);
}

int vhi_tap_settle_found(struct vhc_tap *tap, const struct vhc_tap_args *args)
{
	struct before before = { 0 };
	uint32_t done = 0;
	int r = vhi_tap_attach_others(tap) ?: look(tap, &before);

	if (r)
		return r;
	r = vhi_tap_set_sndbuf(tap);
	done += !r;
	r = r ?: vhi_tap_set_txqueuelen(tap, args->txqueuelen);
	done += !r;
	if (!r && args->flags & VHC_TAP_PERSIST && !before.persists)
		r = vhi_tap_set_number(tap, TUNSETPERSIST, "TUNSETPERSIST", 1);
	done += !r;
	r = r ?: vhi_tap_set_owner(tap, args);
	if (r)
		put_back(tap, args, &before, done);
	return r;
}
