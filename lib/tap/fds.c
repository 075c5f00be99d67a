/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fds - a tap on queues that the caller opened.
 */
#include <errno.h>
#include <net/if.h>

#include "syscall/uapi.h"
#include "tap/tap.h"

static int check_new_queue(const struct vhc_tap *tap, uint32_t queue, int fd)
{
	for (uint32_t i = 0; i < queue; i++)
		if (vhi_sys_same(&tap->ctx->sys, tap->fds[i], tap->fds[queue]) == 1)
			return vhi_fail(tap->ctx, -EINVAL,
					"fd %d is queue %u of %s again: each pair needs a "
					"queue of its own",
					fd, i, tap->name);
	return 0;
}

/* Check what it is, and which link it is of. */
static int adopt_fd(struct vhc_tap *tap, uint32_t queue, int fd)
{
	struct vhi_file file = { 0 };
	struct ifreq ifr;
	int r = vhi_sys_dup(&tap->ctx->sys, fd);

	if (r < 0)
		return vhi_fail_errno(tap->ctx, NULL, r, "tap fd %d cannot be duplicated", fd);
	tap->fds[queue] = r;
	r = vhi_sys_stat(&tap->ctx->sys, r, &file);
	tap->macvtap = !r && (file.major != VHI_MISC_MAJOR || file.minor != VHI_TUN_MINOR);
	r = vhi_tap_check_flags(tap, queue, fd, &ifr);
	r = r ?: check_new_queue(tap, queue, fd);
	tap->queue[queue].offloads = VHI_OFFLOADS_UNKNOWN;
	return r ?: vhi_tap_get_header(tap, queue);
}

VHC_EXPORT int vhc_tap_open_fds(struct vhc_ctx *ctx, const int *fds, uint32_t count,
				struct vhc_tap **ret)
{
	struct vhc_tap *tap;
	int r = vhi_tap_make(ctx, count, &tap);

	if (r)
		return r;
	for (uint32_t i = 0; i < count && !r; i++)
		r = adopt_fd(tap, i, fds[i]);
	r = r ?: vhi_tap_set_sndbuf(tap);
	if (r) {
		vhi_tap_unref(tap);
		return r;
	}
	*ret = tap;
	return 0;
}
