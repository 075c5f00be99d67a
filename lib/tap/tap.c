/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tap - the tap object, and what is asked of any link.
 */
#include <errno.h>
#include <limits.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"
#include "syscall/uapi.h"
#include "tap/tap.h"

#define PI_SIZE 4u /* struct tun_pi */

int vhi_tap_make(struct vhc_ctx *ctx, uint32_t queues, struct vhc_tap **ret)
{
	struct vhc_tap *tap;

	if (queues < 1 || queues > VHI_TAP_MAX_QUEUES)
		return vhi_fail(ctx, -EINVAL, "a tap with %u queues: it can have 1 to %u", queues,
				VHI_TAP_MAX_QUEUES);
	tap = calloc(1, sizeof(*tap));
	if (tap) {
		tap->fds = malloc(queues * sizeof(*tap->fds));
		tap->queue = calloc(queues, sizeof(*tap->queue));
	}
	if (!tap || !tap->fds || !tap->queue) {
		if (tap) {
			free(tap->fds);
			free(tap->queue);
		}
		free(tap);
		return vhi_fail(ctx, -ENOMEM, "no memory for a tap of %u queues", queues);
	}
	memset(tap->fds, 0xff, queues * sizeof(*tap->fds)); /* all VHI_FD_NONE */
	tap->ctx = vhi_ctx_ref(ctx);
	tap->refs = 1;
	tap->queues = queues;
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
	free(tap->queue);
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

/* ---------------------------------------------------------------------------------------- a link */

/* Of a tap, EBADFD; of a macvtap, ENOLINK. */
static bool is_gone(int error)
{
	return error == -EBADFD || error == -ENOLINK;
}

int vhi_tap_fail(const struct vhc_tap *tap, const char *call, int error, const char *more)
{
	const char *hint = is_gone(error) ? "open the tap again, and give it to the device" : NULL;

	if (is_gone(error))
		more = VHI_LINK_GONE;
	return vhi_fail_at(tap->ctx, &(struct vhi_place){ tap->name, call, hint }, error,
			   "%s (%s)%s%s", strerror(-error), vhi_errname(-error), *more ? ": " : "",
			   more);
}

int vhi_tap_call(const struct vhc_tap *tap, uint32_t queue, unsigned long request, const char *call,
		 void *arg)
{
	int r = vhi_sys_ioctl(&tap->ctx->sys, tap->fds[queue], request, arg);

	return r ? vhi_tap_fail(tap, call, r, "") : 0;
}

int vhi_tap_check_link(const struct vhc_tap *tap)
{
	struct ifreq ifr = { 0 };
	int r = vhi_sys_ioctl(&tap->ctx->sys, tap->fds[0], TUNGETIFF, &ifr);

	if (!is_gone(r))
		return r ? vhi_tap_fail(tap, "TUNGETIFF", r, "") : 0;
	return vhi_fail_at(tap->ctx,
			   &(struct vhi_place){ tap->name, NULL,
						"open the tap again, and give it to the device" },
			   -ENODEV, VHI_LINK_GONE);
}

int vhi_tap_watch_link(const struct vhc_tap *tap)
{
	struct ifreq ifr = { 0 };
	int r = vhi_sys_ioctl(&tap->ctx->sys, tap->fds[0], TUNGETIFF, &ifr);

	/* it may have been renamed, and its name given to another */
	ifr.ifr_name[sizeof(ifr.ifr_name) - 1] = 0;
	return r ?: vhi_sys_link_watch(&tap->ctx->sys, ifr.ifr_name);
}

/*
 * TUNGETIFF does not tell: where it had IFF_NO_PI, it has IFF_NOFILTER, which is the same bit.  A link
 * with packet information reads that first, even if nothing is there to be read; any other finds too few
 * bytes for its header.  Either way nothing is sent.
 */
static int check_packet_info(const struct vhc_tap *tap, uint32_t queue, int fd)
{
	const struct vhi_sys *sys = &tap->ctx->sys;
	int r = sys->ops->write(sys->data, tap->fds[queue], NULL, PI_SIZE);

	if (r == -EINVAL)
		return 0;
	if (r != -EFAULT)
		return vhi_tap_fail(tap, "write", r < 0 ? r : -EIO, "");
	return vhi_fail_at(
		tap->ctx, &(struct vhi_place){ .hint = "open it with IFF_NO_PI" }, -EINVAL,
		"fd %d of %s has packet information (no IFF_NO_PI), which vhost does not have", fd,
		tap->name);
}

int vhi_tap_check_flags(struct vhc_tap *tap, uint32_t queue, int fd, struct ifreq *ret)
{
	const unsigned int wanted = IFF_TAP | IFF_VNET_HDR;
	struct ifreq ifr = { 0 };
	unsigned int flags;
	int r = vhi_sys_ioctl(&tap->ctx->sys, tap->fds[queue], TUNGETIFF, &ifr);

	if (r)
		return vhi_fail(tap->ctx, -EINVAL,
				"fd %d is not a tap or macvtap with a link: TUNGETIFF: %s (%s)%s",
				fd, strerror(-r), vhi_errname(-r),
				is_gone(r) ? ": it has none yet, or the link is gone" : "");
	flags = (unsigned short)ifr.ifr_flags;
	ifr.ifr_name[sizeof(ifr.ifr_name) - 1] = 0;
	if ((flags & wanted) != wanted)
		return vhi_fail_at(
			tap->ctx,
			&(struct vhi_place){
				.hint = flags & IFF_VNET_HDR ? NULL : "open it with IFF_VNET_HDR" },
			-EINVAL, "fd %d of %s has flags 0x%x, and 0x%x are needed%s", fd,
			ifr.ifr_name, flags, wanted,
			flags & IFF_VNET_HDR ? "" : ", with IFF_VNET_HDR");
	if (queue && strcmp(tap->name, ifr.ifr_name))
		return vhi_fail(tap->ctx, -EINVAL,
				"fd %d is of the link %s, and the first one of %s: all "
				"must be queues of one link",
				fd, ifr.ifr_name, tap->name);
	memcpy(tap->name, ifr.ifr_name, sizeof(tap->name));
	tap->queue[queue].detached = flags & IFF_DETACH_QUEUE;
	*ret = ifr;
	return tap->macvtap ? 0 : check_packet_info(tap, queue, fd);
}

/* Who had the link before may have set the byte order, which matters on a big-endian host only. */
static int get_byte_order(struct vhc_tap *tap, uint32_t queue)
{
	int little = 0, r = 0;

	if (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)
		r = vhi_tap_call(tap, queue, TUNGETVNETLE, "TUNGETVNETLE", &little);
	tap->queue[queue].little = little != 0;
	return r;
}

int vhi_tap_get_header(struct vhc_tap *tap, uint32_t queue)
{
	int size = 0, r = vhi_tap_call(tap, queue, TUNGETVNETHDRSZ, "TUNGETVNETHDRSZ", &size);

	if (!r)
		tap->queue[queue].header = (uint32_t)size;
	return r ?: get_byte_order(tap, queue);
}

int vhi_tap_set_sndbuf(struct vhc_tap *tap)
{
	int unlimited = INT_MAX, r = 0;

	for (uint32_t i = 0; i < tap->queues && !r; i++)
		r = vhi_tap_call(tap, i, TUNSETSNDBUF, "TUNSETSNDBUF", &unlimited);
	return r;
}

/* --------------------------------------------------------------------------------------- the API */

VHC_EXPORT void vhc_tap_close(struct vhc_tap *tap)
{
	vhi_tap_unref(tap);
}

VHC_EXPORT const char *vhc_tap_get_name(const struct vhc_tap *tap)
{
	return tap->name;
}

VHC_EXPORT int vhc_tap_get_fd(const struct vhc_tap *tap, uint32_t queue)
{
	if (queue >= tap->queues)
		return vhi_fail_at(tap->ctx, &(struct vhi_place){ tap->name, NULL, NULL }, -EINVAL,
				   "queue %u does not exist: it has %u, numbered from 0", queue,
				   tap->queues);
	return tap->fds[queue];
}
