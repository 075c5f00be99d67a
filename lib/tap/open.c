/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * open - a link by name: created, or attached to.
 *
 * A link that was created here gets its owner before all else.  One that was there belongs to somebody:
 * nothing of it changes before everything else has succeeded.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "args.h"
#include "text.h"
#include "syscall/node.h"
#include "syscall/uapi.h"
#include "tap/tap.h"

#define TUN_PATH "/dev/net/tun"
#define WANTED	 (IFF_TAP | IFF_NO_PI | IFF_VNET_HDR)
#define TRIES	 16u /* to create a link of which nobody else has a queue */

/* Refuse names that the kernel refuses or expands (%d), or that break paths or `ip`. */
static int check_name(struct vhc_ctx *ctx, const char *name)
{
	size_t len = strlen(name);

	if (len < 1 || len > 15 || strpbrk(name, "/%: \t\n\v\f\r") || !strcmp(name, ".") ||
	    !strcmp(name, ".."))
		return vhi_fail(
			ctx, -EINVAL,
			"\"%s\" cannot be a tap's name: 1 to 15 bytes without blank, '/', ':' "
			"or '%%', and not \".\" or \"..\"",
			name);
	return 0;
}

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

/* @ret_found: the link was there before. */
static int attach_first(struct vhc_tap *tap, const char *name, bool adopt, bool *ret_found)
{
	int r;

	/* for messages; the kernel has not replaced the %d yet */
	snprintf(tap->name, sizeof(tap->name), "%s", strcmp(name, "tap%d") ? name : "new tap");
	*ret_found = false;
	r = open_queue(tap, 0);
	if (r)
		return r;
	r = attach(tap, 0, name, IFF_TUN_EXCL);
	if (r == -EBUSY && adopt) {
		r = attach(tap, 0, name, 0);
		/* one queue of a link that could have more is as good as the only one */
		if (r == -EINVAL && tap->queues == 1)
			r = attach(tap, 0, name, IFF_MULTI_QUEUE);
		*ret_found = !r;
	}
	return r ? fail_attach(tap, name, r) : 0;
}

static int attach_others(struct vhc_tap *tap)
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

/* ---------------------------------------------------------------------------------- its settings */

/* An ioctl that takes a number by value. */
static int set_number(struct vhc_tap *tap, unsigned long request, const char *call,
		      unsigned long value)
{
	return vhi_tap_call(tap, 0, request, call, (void *)(uintptr_t)value);
}

/* Whom the link is to belong to; VHI_NOBODY: not set. */
static uint32_t owner_of(const struct vhc_tap *tap, const struct vhc_tap_args *args)
{
	return args->flags & VHC_TAP_OWNER		       ? args->owner
	       : args->flags & (VHC_TAP_GROUP | VHC_TAP_ADOPT) ? VHI_NOBODY
							       : vhi_sys_user(&tap->ctx->sys);
}

static bool sets_owner(const struct vhc_tap_args *args)
{
	return args->flags & (VHC_TAP_OWNER | VHC_TAP_GROUP) || !(args->flags & VHC_TAP_ADOPT);
}

/* Who else may attach. */
static int set_owner(struct vhc_tap *tap, const struct vhc_tap_args *args)
{
	uint32_t owner = owner_of(tap, args);
	int r = 0;

	/* the last two steps: the kernel takes no group and no owner away again */
	if (args->flags & VHC_TAP_GROUP)
		r = set_number(tap, TUNSETGROUP, "TUNSETGROUP", args->group);
	if (!r && owner != VHI_NOBODY)
		r = set_number(tap, TUNSETOWNER, "TUNSETOWNER", owner);
	return r;
}

static int call_link(struct vhc_tap *tap, unsigned long request, const char *call, int *frames)
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

static int set_txqueuelen(struct vhc_tap *tap, uint32_t frames)
{
	int n = (int)frames;

	return frames ? call_link(tap, SIOCSIFTXQLEN, "SIOCSIFTXQLEN", &n) : 0;
}

static int get_headers(struct vhc_tap *tap)
{
	int r = vhi_tap_get_header(tap, 0);

	for (uint32_t i = 1; i < tap->queues; i++)
		tap->queue[i] = tap->queue[0];
	return r;
}

/* --------------------------------------------------------------------------------------- a new link */

/*
 * Until it has an owner, anybody may open a queue of a link with several, and whoever has one may change
 * the owner and leave.  So both are looked at when nobody else can come any more, at one moment: unless
 * all is as it was set, the link goes, and with it others' queues.
 */
static int check_alone(struct vhc_tap *tap, const struct vhc_tap_args *args, bool *ret_alone)
{
	const struct vhi_sys *sys = &tap->ctx->sys;
	struct vhi_link link;
	int r = 0;

	*ret_alone = true;
	if (tap->queues == 1)
		return 0;
	r = vhi_sys_link_get(sys, tap->name, &link);
	if (r)
		return vhi_tap_fail(tap, "RTM_GETLINK", r,
				    "the queues of the new link cannot be counted, so another "
				    "process may have one");
	*ret_alone = link.queues == tap->queues && link.owner == owner_of(tap, args) &&
		     link.group == (args->flags & VHC_TAP_GROUP ? args->group : VHI_NOBODY) &&
		     !link.persists;
	if (!*ret_alone)
		r = vhi_sys_link_delete(sys, link.index);
	return r ? vhi_tap_fail(tap, "RTM_DELLINK", r,
				"another process has a queue of the new link, which stays because "
				"it cannot be deleted")
		 : 0;
}

/* Nothing that fails leaves a link behind: it goes with its last fd. */
static int settle_new(struct vhc_tap *tap, const struct vhc_tap_args *args, bool *ret_alone)
{
	int r = set_owner(tap, args);

	r = r ?: attach_others(tap);
	if (!r && sets_owner(args))
		r = check_alone(tap, args, ret_alone);
	if (r || !*ret_alone)
		return r;
	r = vhi_tap_set_sndbuf(tap);
	r = r ?: set_txqueuelen(tap, args->txqueuelen);
	r = r ?: get_headers(tap);
	/* the last step: no failure may leave a link behind */
	if (!r && args->flags & VHC_TAP_PERSIST)
		r = set_number(tap, TUNSETPERSIST, "TUNSETPERSIST", 1);
	return r;
}

/* ---------------------------------------------------------------------------- a link that was there */

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
	r = r ?: get_headers(tap);
	r = r ?: vhi_tap_call(tap, 0, TUNGETSNDBUF, "TUNGETSNDBUF", &ret->sndbuf);
	return r ?: call_link(tap, SIOCGIFTXQLEN, "SIOCGIFTXQLEN", &ret->txqueuelen);
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

static int settle_found(struct vhc_tap *tap, const struct vhc_tap_args *args)
{
	struct before before = { 0 };
	uint32_t done = 0;
	int r = attach_others(tap) ?: look(tap, &before);

	if (r)
		return r;
	r = vhi_tap_set_sndbuf(tap);
	done += !r;
	r = r ?: set_txqueuelen(tap, args->txqueuelen);
	done += !r;
	if (!r && args->flags & VHC_TAP_PERSIST && !before.persists)
		r = set_number(tap, TUNSETPERSIST, "TUNSETPERSIST", 1);
	done += !r;
	r = r ?: set_owner(tap, args);
	if (r)
		put_back(tap, args, &before, done);
	return r;
}

/* ------------------------------------------------------------------------------------------ the API */

static int tap_open(struct vhc_tap *tap, const char *name, const struct vhc_tap_args *args)
{
	bool found, alone = false;
	int r = 0;

	for (uint32_t i = 0; i < TRIES && !alone; i++) {
		alone = true;
		r = attach_first(tap, name, args->flags & VHC_TAP_ADOPT, &found);
		if (r)
			return r;
		r = found ? settle_found(tap, args) : settle_new(tap, args, &alone);
		if (!alone)
			vhi_sys_close_all(&tap->ctx->sys, tap->fds, tap->queues);
		if (r)
			return r;
	}
	return alone ? 0
		     : vhi_fail_at(
			       tap->ctx, &(struct vhi_place){ tap->name, NULL, NULL }, -EBUSY,
			       "another process opened a queue of the new link before it had an "
			       "owner, %u times; the links were deleted",
			       TRIES);
}

static int check_args(struct vhc_ctx *ctx, const struct vhc_tap_args *args)
{
	const uint32_t known = VHC_TAP_OWNER | VHC_TAP_GROUP | VHC_TAP_PERSIST | VHC_TAP_ADOPT;

	if (args->flags & ~known || args->reserved)
		return vhi_fail(ctx, -EINVAL,
				"vhc_tap_args has flags 0x%x and reserved 0x%x; known are "
				"0x%x and 0",
				args->flags, args->reserved, known);
	if (args->txqueuelen > INT_MAX)
		return vhi_fail(ctx, -EINVAL, "txqueuelen %u: at most %d", args->txqueuelen,
				INT_MAX);
	if ((args->flags & VHC_TAP_OWNER && args->owner == UINT32_MAX) ||
	    (args->flags & VHC_TAP_GROUP && args->group == UINT32_MAX))
		return vhi_fail(ctx, -EINVAL, "owner or group %u: that is no ID of one",
				UINT32_MAX);
	return 0;
}

VHC_EXPORT int vhc_tap_open(struct vhc_ctx *ctx, const char *name, const struct vhc_tap_args *args,
			    struct vhc_tap **ret)
{
	struct vhc_tap_args copy = { .sz = sizeof(copy) };
	struct vhc_tap *tap;
	int r = args ? VHI_COPY_ARGS(ctx, vhc_tap_args, &copy, args) : 0;

	if (!r && name)
		r = check_name(ctx, name);
	r = r ?: check_args(ctx, &copy);
	r = r ?: vhi_tap_make(ctx, copy.queues ? copy.queues : 1, &tap);
	if (r)
		return r;
	r = tap_open(tap, name ? name : "tap%d", &copy);
	if (r) {
		vhi_tap_unref(tap);
		return r;
	}
	*ret = tap;
	return 0;
}
