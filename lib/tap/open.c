/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * open - a link by name: created, or attached to.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "args.h"
#include "tap/open.h"

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

static int tap_open(struct vhc_tap *tap, const char *name, const struct vhc_tap_args *args)
{
	bool found, alone = false;
	int r = 0;

	for (uint32_t i = 0; i < VHI_TAP_TRIES && !alone; i++) {
		alone = true;
		r = vhi_tap_attach_first(tap, name, args->flags & VHC_TAP_ADOPT, &found);
		if (r)
			return r;
		r = found ? vhi_tap_settle_found(tap, args) : vhi_tap_settle_new(tap, args, &alone);
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
			       VHI_TAP_TRIES);
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
