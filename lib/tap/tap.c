/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tap - opening and closing a link: created or attached to by name, or adopted by fd.
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

#define TUN_PATH   "/dev/net/tun"
#define TUN_MAJOR  10u
#define TUN_MINOR  200u
#define MAX_QUEUES 256u /* drivers/net/tun.c, MAX_TAP_QUEUES */
#define WANTED	   (IFF_TAP | IFF_NO_PI | IFF_VNET_HDR)

static int fail_call(struct vhc_ctx *ctx, const char *name, const char *call, int r,
		     const char *hint, const char *more)
{
	return vhi_fail_at(ctx, &(struct vhi_place){ name, call, hint }, r, "%s (%s)%s%s",
			   strerror(-r), vhi_errname(-r), *more ? ": " : "", more);
}

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

static int tap_make(struct vhc_ctx *ctx, uint32_t queues, struct vhc_tap **ret)
{
	struct vhc_tap *tap;

	if (queues < 1 || queues > MAX_QUEUES)
		return vhi_fail(ctx, -EINVAL, "a tap with %u queues: it can have 1 to %u", queues,
				MAX_QUEUES);
	tap = calloc(1, sizeof(*tap));
	if (tap)
		tap->fds = malloc(queues * sizeof(*tap->fds));
	if (!tap || !tap->fds) {
		free(tap);
		return vhi_fail(ctx, -ENOMEM, "no memory for a tap of %u queues", queues);
	}
	memset(tap->fds, 0xff, queues * sizeof(*tap->fds)); /* all VHI_FD_NONE */
	tap->ctx = vhi_ctx_ref(ctx);
	tap->refs = 1;
	tap->queues = tap->active = queues;
	tap->next = ctx->links;
	ctx->links = tap;
	*ret = tap;
	return 0;
}

struct vhc_tap *vhi_tap_ref(struct vhc_tap *tap)
{
	tap->refs++;
	return tap;
}

void vhi_tap_unref(struct vhc_tap *tap)
{
	struct vhc_tap *first, **at = &first;

	if (!tap || --tap->refs)
		return;
	first = tap->ctx->links;
	while (*at != tap)
		at = &(*at)->next;
	*at = tap->next;
	tap->ctx->links = first;
	vhi_sys_close_all(&tap->ctx->sys, tap->fds, tap->queues);
	vhi_ctx_unref(tap->ctx);
	free(tap->fds);
	free(tap);
}

static bool share_queue(const struct vhc_tap *a, const struct vhc_tap *b)
{
	for (uint32_t i = 0; i < a->queues; i++)
		for (uint32_t j = 0; j < b->queues; j++)
			if (vhi_sys_same(&a->ctx->sys, a->fds[i], b->fds[j]) == 1)
				return true;
	return false;
}

const struct vhc_dev *vhi_tap_rival(const struct vhc_tap *tap)
{
	for (const struct vhc_tap *other = tap->ctx->links; other; other = other->next)
		if (other->user &&
		    (other == tap || (!strcmp(other->name, tap->name) && share_queue(other, tap))))
			return other->user;
	return NULL;
}

VHC_EXPORT void vhc_tap_close(struct vhc_tap *tap)
{
	vhi_tap_unref(tap);
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
	else if (!!(flags & IFF_MULTI_QUEUE) != (tap->queues > 1))
		snprintf(
			text, size,
			"the tap exists %s multi_queue (tun_flags 0x%lx) and %u %s requested: create "
			"it again with `ip tuntap add %s mode tap%s`, or request %s",
			flags & IFF_MULTI_QUEUE ? "with" : "without", flags, tap->queues,
			tap->queues > 1 ? "queues are" : "queue is", name,
			tap->queues > 1 ? " multi_queue" : "",
			tap->queues > 1 ? "1 queue" : "2 or more");
	else
		snprintf(text, size, "the link exists with tun_flags 0x%lx, 0x%x are needed", flags,
			 WANTED);
}

static int attach_queue(struct vhc_tap *tap, uint32_t queue, const char *name, bool adopt)
{
	struct vhc_ctx *ctx = tap->ctx;
	struct ifreq ifr = { 0 };
	char text[256];
	int fd = vhi_sys_open(&ctx->sys, TUN_PATH, O_RDWR | O_NONBLOCK), r;

	if (fd < 0) {
		struct vhi_node_failure why;

		vhi_node_explain(TUN_PATH, -fd, &why);
		return fail_call(ctx, name, "open " TUN_PATH, fd, why.remedy, why.reason);
	}
	tap->fds[queue] = fd;
	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
	/* flags is a short, and IFF_TUN_EXCL its sign bit */
	ifr.ifr_flags = (short)(WANTED | (tap->queues > 1 ? IFF_MULTI_QUEUE : 0) |
				(queue || adopt ? 0 : IFF_TUN_EXCL));
	r = vhi_sys_ioctl(&ctx->sys, fd, TUNSETIFF, &ifr);
	if (r) {
		explain_refusal(tap, name, -r, text, sizeof(text));
		return fail_call(ctx, name, "TUNSETIFF", r, NULL, text);
	}
	memcpy(tap->name, ifr.ifr_name, sizeof(tap->name));
	tap->name[sizeof(tap->name) - 1] = 0;
	return 0;
}

/* An ioctl that takes a number by value. */
static int set_number(struct vhc_tap *tap, int fd, unsigned long request, const char *call,
		      unsigned long value)
{
	int r = vhi_sys_ioctl(&tap->ctx->sys, fd, request, (void *)(uintptr_t)value);

	return r ? fail_call(tap->ctx, tap->name, call, r, NULL, "") : 0;
}

/* Who else may attach: set before another process can learn the name. */
static int set_owner(struct vhc_tap *tap, const struct vhc_tap_args *args)
{
	uint32_t who = VHC_TAP_OWNER | VHC_TAP_GROUP;
	int r = 0;

	if (args->flags & VHC_TAP_OWNER)
		r = set_number(tap, tap->fds[0], TUNSETOWNER, "TUNSETOWNER", args->owner);
	else if (!(args->flags & (who | VHC_TAP_ADOPT)))
		r = set_number(tap, tap->fds[0], TUNSETOWNER, "TUNSETOWNER",
			       vhi_sys_user(&tap->ctx->sys));
	if (!r && args->flags & VHC_TAP_GROUP)
		r = set_number(tap, tap->fds[0], TUNSETGROUP, "TUNSETGROUP", args->group);
	return r;
}

static int set_txqueuelen(struct vhc_tap *tap, uint32_t frames)
{
	struct ifreq ifr = { .ifr_qlen = (int)frames };
	int fd, r;

	if (!frames)
		return 0;
	memcpy(ifr.ifr_name, tap->name, sizeof(tap->name));
	fd = vhi_sys_socket(&tap->ctx->sys);
	r = fd < 0 ? fd : vhi_sys_ioctl(&tap->ctx->sys, fd, SIOCSIFTXQLEN, &ifr);
	vhi_sys_close(&tap->ctx->sys, &fd);
	return r ? fail_call(tap->ctx, tap->name, "SIOCSIFTXQLEN", r, NULL, "") : 0;
}

/* An unlimited send buffer lets vhost batch what the guest sends (drivers/vhost/net.c). */
static int set_sndbuf(struct vhc_tap *tap)
{
	int unlimited = INT_MAX, r;

	for (uint32_t i = 0; i < tap->queues; i++) {
		r = vhi_sys_ioctl(&tap->ctx->sys, tap->fds[i], TUNSETSNDBUF, &unlimited);
		if (r)
			return fail_call(tap->ctx, tap->name, "TUNSETSNDBUF", r, NULL, "");
	}
	return 0;
}

static int get_header(struct vhc_tap *tap, uint32_t queue, uint32_t *ret)
{
	int size = 0, r = vhi_sys_ioctl(&tap->ctx->sys, tap->fds[queue], TUNGETVNETHDRSZ, &size);

	if (r)
		return fail_call(tap->ctx, tap->name, "TUNGETVNETHDRSZ", r, NULL, "");
	*ret = (uint32_t)size;
	return 0;
}

static int tap_open(struct vhc_tap *tap, const char *name, const struct vhc_tap_args *args)
{
	bool adopt = args->flags & VHC_TAP_ADOPT;
	int r = 0;

	for (uint32_t i = 0; i < tap->queues && !r; i++) {
		r = attach_queue(tap, i, i ? tap->name : name, adopt);
		if (!r && !i)
			r = set_owner(tap, args);
	}
	tap->offloads = adopt ? VHI_OFFLOADS_UNKNOWN : 0;
	r = r ?: set_sndbuf(tap);
	r = r ?: set_txqueuelen(tap, args->txqueuelen);
	r = r ?: get_header(tap, 0, &tap->header);
	/* the last step: no failure may leave a link behind, or remove one that existed */
	if (!r && args->flags & VHC_TAP_PERSIST)
		r = set_number(tap, tap->fds[0], TUNSETPERSIST, "TUNSETPERSIST", 1);
	return r;
}

VHC_EXPORT int vhc_tap_open(struct vhc_ctx *ctx, const char *name, const struct vhc_tap_args *args,
			    struct vhc_tap **ret)
{
	const uint32_t known = VHC_TAP_OWNER | VHC_TAP_GROUP | VHC_TAP_PERSIST | VHC_TAP_ADOPT;
	struct vhc_tap_args copy = { .sz = sizeof(copy) };
	struct vhc_tap *tap;
	int r = args ? VHI_COPY_ARGS(ctx, vhc_tap_args, &copy, args) : 0;

	if (!r && name)
		r = check_name(ctx, name);
	if (!r && (copy.flags & ~known || copy.reserved))
		r = vhi_fail(ctx, -EINVAL,
			     "vhc_tap_args has flags 0x%x and reserved 0x%x; known are "
			     "0x%x and 0",
			     copy.flags, copy.reserved, known);
	if (!r && copy.txqueuelen > INT_MAX)
		r = vhi_fail(ctx, -EINVAL, "txqueuelen %u: at most %d", copy.txqueuelen, INT_MAX);
	if (!r)
		r = tap_make(ctx, copy.queues ? copy.queues : 1, &tap);
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

/* An fd that the caller opened: check what it is, and which link it is of. */
static int adopt_fd(struct vhc_tap *tap, uint32_t queue, int fd)
{
	struct vhc_ctx *ctx = tap->ctx;
	struct vhi_file file = { 0 };
	struct ifreq ifr = { 0 };
	unsigned int flags;
	int r = vhi_sys_dup(&ctx->sys, fd);

	if (r < 0)
		return vhi_fail_errno(ctx, NULL, r, "tap fd %d cannot be duplicated", fd);
	tap->fds[queue] = r;
	r = vhi_sys_ioctl(&ctx->sys, tap->fds[queue], TUNGETIFF, &ifr);
	if (r)
		return vhi_fail(ctx, -EINVAL,
				"fd %d is not a tap or macvtap with a link: TUNGETIFF: "
				"%s (%s)",
				fd, strerror(-r), vhi_errname(-r));
	flags = (unsigned short)ifr.ifr_flags;
	ifr.ifr_name[sizeof(ifr.ifr_name) - 1] = 0;
	if ((flags & WANTED) != WANTED)
		return vhi_fail(ctx, -EINVAL, "fd %d of %s has flags 0x%x, and 0x%x are needed%s",
				fd, ifr.ifr_name, flags, WANTED,
				flags & IFF_VNET_HDR ? "" : ": open it with IFF_VNET_HDR");
	if (queue && strcmp(tap->name, ifr.ifr_name))
		return vhi_fail(ctx, -EINVAL,
				"fd %d is of the link %s, and the first one of %s: all "
				"must be queues of one link",
				fd, ifr.ifr_name, tap->name);
	memcpy(tap->name, ifr.ifr_name, sizeof(tap->name));
	for (uint32_t i = 0; i < queue; i++)
		if (vhi_sys_same(&ctx->sys, tap->fds[i], tap->fds[queue]) == 1)
			return vhi_fail(ctx, -EINVAL,
					"fd %d is queue %u of %s again: each pair needs a "
					"queue of its own",
					fd, i, tap->name);
	r = vhi_sys_stat(&ctx->sys, tap->fds[queue], &file);
	tap->macvtap = !r && (file.major != TUN_MAJOR || file.minor != TUN_MINOR);
	return get_header(tap, queue, &tap->header);
}

VHC_EXPORT int vhc_tap_open_fds(struct vhc_ctx *ctx, const int *fds, uint32_t count,
				struct vhc_tap **ret)
{
	struct vhc_tap *tap;
	int r = tap_make(ctx, count, &tap);

	if (r)
		return r;
	for (uint32_t i = 0; i < count && !r; i++)
		r = adopt_fd(tap, i, fds[i]);
	tap->offloads = VHI_OFFLOADS_UNKNOWN;
	r = r ?: set_sndbuf(tap);
	if (r) {
		vhi_tap_unref(tap);
		return r;
	}
	*ret = tap;
	return 0;
}

VHC_EXPORT const char *vhc_tap_get_name(const struct vhc_tap *tap)
{
	return tap->name;
}

VHC_EXPORT int vhc_tap_get_fd(const struct vhc_tap *tap, uint32_t queue)
{
	if (queue >= tap->queues)
		return vhi_fail_at(tap->ctx, &(struct vhi_place){ tap->name, NULL, NULL }, -EINVAL,
				   "queue %u: it has %u, from 0", queue, tap->queues);
	return tap->fds[queue];
}
