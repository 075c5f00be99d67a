/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * features - what a link must know of the guest: header size, offloads, active queues.
 */
#include <errno.h>
#include <net/if.h>
#include <string.h>

#include "text.h"
#include "features/features.h"
#include "syscall/uapi.h"
#include "tap/tap.h"
#include "dev.h"

int vhi_tap_offers(struct vhc_tap *tap, struct vhc_features *ret)
{
	int r;

	if (!tap->has_can_offload) {
		r = vhi_offload_probe(tap->ctx, tap->fds[0], &tap->can_offload);
		if (r)
			return vhi_fail_errno(
				tap->ctx, &(struct vhi_place){ tap->name, "TUNSETOFFLOAD", NULL },
				r, NULL);
		tap->has_can_offload = true;
		/* the probe left its own flags set */
		if (tap->offloads != VHI_OFFLOADS_UNKNOWN &&
		    vhi_sys_ioctl(&tap->ctx->sys, tap->fds[0], TUNSETOFFLOAD,
				  (void *)(uintptr_t)tap->offloads))
			tap->offloads = VHI_OFFLOADS_UNKNOWN;
	}
	*ret = vhi_offload_to_features(tap->can_offload);
	return 0;
}

int vhi_tap_execute(struct vhc_tap *tap, const struct vhi_op *op)
{
	int fd = tap->fds[op->fd], header = (int)op->value, r;
	uint32_t offloads = (uint32_t)op->value;

	if (op->kind == VHI_OP_TAP_HEADER) {
		r = vhi_sys_ioctl(&tap->ctx->sys, fd, TUNSETVNETHDRSZ, &header);
		if (!r)
			tap->header = (uint32_t)header;
		return r;
	}
	r = vhi_sys_ioctl(&tap->ctx->sys, fd, TUNSETOFFLOAD, (void *)(uintptr_t)offloads);
	if (!r)
		tap->offloads = offloads;
	return r;
}

/* Every queue of a macvtap has its own header size and offloads; those of a tap share them. */
static int set_all(struct vhc_tap *tap, enum vhi_op_kind kind, uint32_t value)
{
	int r = 0;

	for (uint32_t i = 0; i < (tap->macvtap ? tap->queues : 1) && !r; i++) {
		struct vhi_op op = { .kind = kind, .fd = i, .ring = VHI_NO_RING, .value = value };

		r = vhi_tap_execute(tap, &op);
	}
	return r;
}

static int set_or_fail(struct vhc_tap *tap, enum vhi_op_kind kind, uint32_t value)
{
	const struct vhi_place place = { tap->name, vhi_op_info(kind)->name, NULL };
	int r = set_all(tap, kind, value);
	const char *meaning;

	if (!r)
		return 0;
	meaning = vhi_op_explain(kind, -r);
	return vhi_fail_at(tap->ctx, &place, r == -EINVAL ? -EOPNOTSUPP : r, "%u: %s (%s)%s%s",
			   value, strerror(-r), vhi_errname(-r), meaning ? ": " : "",
			   meaning ? meaning : "");
}

static int check_features(struct vhc_tap *tap, uint32_t header, uint32_t offloads, uint32_t guest)
{
	int r = 0;

	/* an IOMMU does not matter to a tap: vhost translates before */
	if (guest & ~(uint32_t)VHC_GUEST_IOMMU)
		return vhi_fail(tap->ctx, -EINVAL,
				"guest flags 0x%x: only VHC_GUEST_IOMMU, 0x%x, is known", guest,
				VHC_GUEST_IOMMU);
	if (tap->user && (header != tap->header || offloads != tap->offloads))
		r = vhi_dev_check_process(tap->user);
	if (!r && header != tap->header && tap->user && vhi_dev_runs(tap->user))
		r = vhi_fail_at(
			tap->ctx, &(struct vhi_place){ tap->name, NULL, NULL }, -EBUSY,
			"the header is %u bytes and would become %u, but %s is running on it, "
			"and the header changes only while it is stopped",
			tap->header, header, vhi_dev_id(tap->user));
	return r;
}

VHC_EXPORT int vhc_tap_set_features(struct vhc_tap *tap, const struct vhc_features *acked,
				    uint32_t guest)
{
	uint32_t header = vhi_net_header_size(acked), offloads = vhi_offload_from_features(acked);
	uint32_t before = tap->header;
	int r = check_features(tap, header, offloads, guest);

	if (r)
		return r;
	if (header != tap->header)
		r = set_or_fail(tap, VHI_OP_TAP_HEADER, header);
	if (!r && offloads != tap->offloads)
		r = set_or_fail(tap, VHI_OP_TAP_OFFLOADS, offloads);
	/* the text stays that of the first error */
	if (r && tap->header != before)
		set_all(tap, VHI_OP_TAP_HEADER, before);
	return r;
}

VHC_EXPORT int vhc_tap_set_active(struct vhc_tap *tap, uint32_t queues)
{
	if (queues < 1 || queues > tap->queues)
		return vhi_fail_at(tap->ctx, &(struct vhi_place){ tap->name, NULL, NULL }, -EINVAL,
				   "%u active queues: it has %u, and at least one must be active",
				   queues, tap->queues);
	if (tap->user && tap->active != queues && vhi_dev_check_process(tap->user))
		return -EPERM;
	while (tap->active != queues) {
		bool more = tap->active < queues;
		uint32_t queue = more ? tap->active : tap->active - 1;
		struct ifreq ifr = { .ifr_flags = more ? IFF_ATTACH_QUEUE : IFF_DETACH_QUEUE };
		int r = vhi_sys_ioctl(&tap->ctx->sys, tap->fds[queue], TUNSETQUEUE, &ifr);

		if (r)
			return vhi_fail_errno(tap->ctx,
					      &(struct vhi_place){ tap->name, "TUNSETQUEUE", NULL },
					      r, "queue %u", queue);
		tap->active = more ? tap->active + 1 : tap->active - 1;
	}
	return 0;
}
