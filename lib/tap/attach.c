/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * attach - a queue of a link by its name, which is that of a new link or of one that was there.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"
#include "syscall/node.h"
#include "syscall/uapi.h"
#include "tap/open.h"

#define TUN_PATH "/dev/net/tun"
#define WANTED	 (IFF_TAP | IFF_NO_PI | IFF_VNET_HDR)

/* Why TUNSETIFF failed, by what /sys has of a link of that name, if it shows this namespace. */
static void explain_refusal(struct vhc_tap *tap, const char *name, int error, char *text,
			    size_t size)
{
	char path[64], value[32];
	unsigned long flags;

	snprintf(path, sizeof(path), "/sys/class/net/%s/tun_flags", name);
	if (error == ENOENT || error == ENODEV ||
	    vhi_sys_read(&tap->ctx->sys, path, value, sizeof(value)) <= 0) {
		snprintf(text, size, "%s",
			 error == EPERM
				 ? "creating a tap needs CAP_NET_ADMIN, and attaching to one "
				   "needs to be its owner or in its group"
			 : error == EINVAL
				 ? "a link of this name is not a tap, or was created with other "
				   "flags (queues, virtio-net header)"
			 : error == EBUSY ? "it exists, or all its queues are in use"
					  : "");
		return;
	}
	flags = strtoul(value, NULL, 16);
	if (error == EBUSY)
		snprintf(text, size, "a tap of this name exists (tun_flags 0x%lx)%s", flags,
			 flags & IFF_MULTI_QUEUE ? "" : " and its only queue may be in use");
	else if (error == EPERM)
		snprintf(text, size,
			 "the tap exists and this user is neither its owner nor in its "
			 "group (see `ip -d link show %s`)",
			 name);
	else if (!(flags & IFF_MULTI_QUEUE) && tap->queues > 1)
		snprintf(
			text, size,
			"the tap exists without multi_queue (tun_flags 0x%lx) and %u queues are requested: "
			"create it again with `ip tuntap add %s mode tap multi_queue`, or request 1 queue",
			flags, tap->queues, name);
	else
		snprintf(text, size, "the link exists with tun_flags 0x%lx, 0x%x are needed", flags,
			 WANTED);
}

static int open_queue(struct vhc_tap *tap, uint32_t queue)
{
	int fd = vhi_sys_open(&tap->ctx->sys, TUN_PATH, O_RDWR | O_NONBLOCK);
	struct vhi_node_failure why;

	tap->fds[queue] = fd < 0 ? VHI_FD_NONE : fd;
	if (fd >= 0)
		return 0;
	vhi_node_explain(&tap->ctx->sys, TUN_PATH, -fd, &why);
	return vhi_fail_at(tap->ctx, &(struct vhi_place){ tap->name, "open " TUN_PATH, why.remedy },
			   fd, "%s (%s)%s%s", strerror(-fd), vhi_errname(-fd),
			   *why.reason ? ": " : "", why.reason);
}

/* @flags: IFF_TUN_EXCL for a link that must not be there yet.  Sets no error. */
static int attach(struct vhc_tap *tap, uint32_t queue, const char *name, int flags)
{
	struct ifreq ifr = { 0 };
	int r;

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
	/* flags is a short, and IFF_TUN_EXCL its sign bit */
	ifr.ifr_flags = (short)(WANTED | (tap->queues > 1 ? IFF_MULTI_QUEUE : 0) | flags);
	r = vhi_sys_ioctl(&tap->ctx->sys, tap->fds[queue], TUNSETIFF, &ifr);
	if (!r)
		memcpy(tap->name, ifr.ifr_name, sizeof(tap->name));
	tap->name[sizeof(tap->name) - 1] = 0;
	return r;
}

static int fail_attach(struct vhc_tap *tap, const char *name, int error)
{
	char text[256];

	explain_refusal(tap, name, -error, text, sizeof(text));
	return vhi_tap_fail(tap, "TUNSETIFF", error, text);
}

/* Which link has this name now.  Sets no error. */
static int find_index(const struct vhc_tap *tap, const char *name, int *ret)
{
	const struct vhi_sys *sys = &tap->ctx->sys;
	struct ifreq ifr = { 0 };
	int fd = vhi_sys_socket(sys), r;

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
	r = fd < 0 ? fd : vhi_sys_ioctl(sys, fd, SIOCGIFINDEX, &ifr);
	vhi_sys_close(sys, &fd);
	*ret = ifr.ifr_ifindex;
	return r;
}

/*
 * A queue of the link that was there.  Should it go meanwhile, TUNSETIFF makes a new one, without an owner:
 * that is none to use, and goes with its fd.  -EAGAIN: it was so.
 */
static int attach_found(struct vhc_tap *tap, const char *name)
{
	int before, now, r = find_index(tap, name, &before);

	if (r)
		return r == -ENODEV ? -EAGAIN : r;
	r = attach(tap, 0, name, 0);
	/* one queue of a link that could have more is as good as the only one */
	if (r == -EINVAL && tap->queues == 1)
		r = attach(tap, 0, name, IFF_MULTI_QUEUE);
	if (r)
		return r;
	r = find_index(tap, name, &now);
	return r == -ENODEV || (!r && now != before) ? -EAGAIN : r;
}

int vhi_tap_attach_first(struct vhc_tap *tap, const char *name, bool adopt, bool *ret_found)
{
	int r = -EAGAIN;

	/* for messages; the kernel has not replaced the %d yet */
	snprintf(tap->name, sizeof(tap->name), "%s", strcmp(name, "tap%d") ? name : "new tap");
	*ret_found = false;
	for (uint32_t i = 0; i < VHI_TAP_TRIES && r == -EAGAIN; i++) {
		vhi_sys_close(&tap->ctx->sys, &tap->fds[0]);
		r = open_queue(tap, 0);
		if (r)
			return r;
		r = attach(tap, 0, name, IFF_TUN_EXCL);
		if (r != -EBUSY || !adopt)
			break;
		r = attach_found(tap, name);
		*ret_found = !r;
	}
	if (r == -EAGAIN)
		return vhi_tap_fail(tap, "TUNSETIFF", -EBUSY,
				    "links of this name come and go all the time");
	return r ? fail_attach(tap, name, r) : 0;
}

int vhi_tap_attach_others(struct vhc_tap *tap)
{
	int r = 0;

	for (uint32_t i = 1; i < tap->queues && !r; i++) {
		r = open_queue(tap, i);
		if (r)
			break;
		r = attach(tap, i, tap->name, 0);
		r = r ? fail_attach(tap, tap->name, r) : 0;
	}
	return r;
}
