/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * features - what a link must know of the guest: header and offloads.
 */
#include <errno.h>
#include <net/if.h>
#include <string.h>

#include "text.h"
#include "features/features.h"
#include "ring/endian.h"
#include "syscall/uapi.h"
#include "tap/tap.h"
#include "dev.h"

/* --------------------------------------------------------------------------- what the link supports */

/* What one tap of a kernel supports, all do, and so a link that others use need not be touched. */
static bool ask_kernel(struct vhc_tap *tap)
{
	struct vhc_ctx *ctx = tap->ctx;

	if (tap->macvtap || tap->queue[0].offloads != VHI_OFFLOADS_UNKNOWN)
		return false;
	if (!ctx->has_tap_offloads)
		ctx->has_tap_offloads = !vhi_offload_probe_scratch(ctx, &ctx->tap_offloads);
	tap->can_offload = ctx->tap_offloads;
	return ctx->has_tap_offloads;
}

/*
 * The link itself, which then gets back what it had.  Where that is not known, none: a reader that knows
 * of offloads can do without, and no other would understand them.
 */
static int ask_link(struct vhc_tap *tap)
{
	uint32_t before = tap->queue[0].offloads;
	struct vhi_op undo = vhi_op_fd(VHI_OP_TAP_OFFLOADS, 0);
	int r = vhi_offload_probe(tap->ctx, tap->fds[0], &tap->can_offload);

	if (r)
		return vhi_tap_fail(tap, "TUNSETOFFLOAD", r, "");
	undo.value = before == VHI_OFFLOADS_UNKNOWN ? 0 : before;
	r = vhi_tap_execute(tap, &undo);
	if (r)
		tap->queue[0].offloads = VHI_OFFLOADS_UNKNOWN;
	return r ? vhi_tap_fail(tap, "TUNSETOFFLOAD", r, "") : 0;
}

int vhi_tap_offers(struct vhc_tap *tap, struct vhc_features *ret)
{
	if (!tap->has_can_offload && !ask_kernel(tap)) {
		int r = ask_link(tap);

		if (r)
			return r;
	}
	tap->has_can_offload = true;
	*ret = vhi_offload_to_features(tap->can_offload);
	return 0;
}

/* ------------------------------------------------------------------------------- what is set on it */

static int call(const struct vhc_tap *tap, const struct vhi_op *op)
{
	struct ifreq ifr = { .ifr_flags = op->value ? IFF_ATTACH_QUEUE : IFF_DETACH_QUEUE };
	int fd = tap->fds[op->fd], number = (int)op->value;

	switch (op->kind) {
	case VHI_OP_TAP_HEADER:
		return vhi_sys_ioctl(&tap->ctx->sys, fd, TUNSETVNETHDRSZ, &number);
	case VHI_OP_TAP_LITTLE:
		return vhi_sys_ioctl(&tap->ctx->sys, fd, TUNSETVNETLE, &number);
	case VHI_OP_TAP_OFFLOADS:
		return vhi_sys_ioctl(&tap->ctx->sys, fd, TUNSETOFFLOAD,
				     (void *)(uintptr_t)(uint32_t)op->value);
	default:
		return vhi_sys_ioctl(&tap->ctx->sys, fd, TUNSETQUEUE, &ifr);
	}
}

static void note(struct vhi_tap_queue *queue, const struct vhi_op *op)
{
	if (op->kind == VHI_OP_TAP_HEADER)
		queue->header = (uint32_t)op->value;
	else if (op->kind == VHI_OP_TAP_LITTLE)
		queue->little = (uint32_t)op->value;
	else if (op->kind == VHI_OP_TAP_OFFLOADS)
		queue->offloads = (uint32_t)op->value;
	else
		queue->detached = !op->value;
}

int vhi_tap_execute(struct vhc_tap *tap, const struct vhi_op *op)
{
	bool alone = tap->macvtap || op->kind == VHI_OP_TAP_QUEUE;
	int r = call(tap, op);

	for (uint32_t i = 0; i < tap->queues && !r; i++)
		if (!alone || i == op->fd)
			note(&tap->queue[i], op);
	return r;
}

uint32_t vhi_tap_value(const struct vhc_tap *tap, enum vhi_op_kind kind, uint32_t queue)
{
	const struct vhi_tap_queue *have = &tap->queue[queue];

	return kind == VHI_OP_TAP_HEADER   ? have->header
	       : kind == VHI_OP_TAP_LITTLE ? have->little
					   : have->offloads;
}

/* What a tap has is noted for all of its queues, so that only the first makes a call. */
static int set_all(struct vhc_tap *tap, enum vhi_op_kind kind, uint32_t value)
{
	int r = 0;

	for (uint32_t i = 0; i < tap->queues && !r; i++) {
		struct vhi_op op = vhi_op_fd(kind, i);

		op.value = value;
		if (vhi_tap_value(tap, kind, i) != value)
			r = vhi_tap_execute(tap, &op);
	}
	return r;
}

static int set_or_fail(struct vhc_tap *tap, enum vhi_op_kind kind, uint32_t value)
{
	int r = set_all(tap, kind, value);
	const char *meaning = r ? vhi_op_explain(kind, -r) : NULL;
	struct vhi_place place = { tap->name, vhi_op_info(kind)->name, vhi_op_hint(kind, -r) };

	if (!r)
		return 0;
	return vhi_fail_at(tap->ctx, &place, r == -EINVAL ? -EOPNOTSUPP : r, "%u: %s (%s)%s%s",
			   value, strerror(-r), vhi_errname(-r), meaning ? ": " : "",
			   meaning ? meaning : "");
}

/* After a failure, each queue as it was; the text stays that of the error. */
static void put_back(struct vhc_tap *tap, const struct vhi_tap_queue *before)
{
	for (uint32_t i = 0; i < tap->queues; i++) {
		struct vhi_op header = vhi_op_fd(VHI_OP_TAP_HEADER, i);
		struct vhi_op little = vhi_op_fd(VHI_OP_TAP_LITTLE, i);
		struct vhi_op offloads = vhi_op_fd(VHI_OP_TAP_OFFLOADS, i);

		header.value = before[i].header;
		little.value = before[i].little;
		offloads.value = before[i].offloads;
		if (tap->queue[i].header != before[i].header)
			vhi_tap_execute(tap, &header);
		if (tap->queue[i].little != before[i].little)
			vhi_tap_execute(tap, &little);
		if (before[i].offloads == VHI_OFFLOADS_UNKNOWN)
			offloads.value = 0;
		if (tap->queue[i].offloads != before[i].offloads)
			vhi_tap_execute(tap, &offloads);
	}
}

/* What a driver that accepted these features expects of each queue. */
static struct vhi_tap_queue expected(const struct vhc_features *acked)
{
	return (struct vhi_tap_queue){
		.header = vhi_net_header_size(acked),
		.little = vhi_ring_swapped(acked),
		.offloads = vhi_offload_from_features(acked),
	};
}

static bool has_header(const struct vhi_tap_queue *have, const struct vhi_tap_queue *want)
{
	return have->header == want->header && have->little == want->little;
}

static bool has_all(const struct vhc_tap *tap, const struct vhi_tap_queue *want)
{
	for (uint32_t i = 0; i < tap->queues; i++)
		if (!has_header(&tap->queue[i], want) || tap->queue[i].offloads != want->offloads)
			return false;
	return true;
}

static int refuse_header(const struct vhc_tap *tap, const struct vhi_tap_queue *have,
			 const struct vhi_tap_queue *want)
{
	static const char little[] = ", little-endian";

	return vhi_fail_at(tap->ctx, &(struct vhi_place){ tap->name, NULL, NULL }, -EBUSY,
			   "the header is %u bytes%s and would become %u%s, but %s is running on "
			   "it, and the header changes only while it is stopped",
			   have->header, have->little ? little : "", want->header,
			   want->little ? little : "", vhi_dev_id(tap->user));
}

static int check_features(const struct vhc_tap *tap, const struct vhi_tap_queue *want,
			  uint32_t guest)
{
	int r = 0;

	/* an IOMMU does not matter to a tap: vhost translates before */
	if (guest & ~(uint32_t)VHC_GUEST_IOMMU)
		return vhi_fail(tap->ctx, -EINVAL,
				"guest flags 0x%x: only VHC_GUEST_IOMMU, 0x%x, is known", guest,
				VHC_GUEST_IOMMU);
	if (tap->user && !has_all(tap, want))
		r = vhi_dev_check_process(tap->user);
	if (r || !tap->user || !vhi_dev_runs(tap->user))
		return r;
	for (uint32_t i = 0; i < tap->queues; i++)
		if (!has_header(&tap->queue[i], want))
			return refuse_header(tap, &tap->queue[i], want);
	return 0;
}

/* A device keeps what the driver left of the offloads that it had accepted. */
static void note_offloads(const struct vhc_tap *tap, const struct vhc_features *acked)
{
	struct vhc_features bits = vhi_offload_bits();

	if (!tap->control || !tap->user->want.has_acked)
		return;
	bits = vhi_features_and(&bits, &tap->user->want.acked);
	tap->control->offloads = vhi_features_and(&bits, acked);
	tap->control->has_offloads = !vhi_features_equal(&tap->control->offloads, &bits);
}

VHC_EXPORT int vhc_tap_set_features(struct vhc_tap *tap, const struct vhc_features *acked,
				    uint32_t guest)
{
	const struct vhi_tap_queue want = expected(acked);
	struct vhi_tap_queue before[VHI_TAP_MAX_QUEUES];
	int r = check_features(tap, &want, guest);

	if (r)
		return r;
	memcpy(before, tap->queue, tap->queues * sizeof(*before));
	r = set_or_fail(tap, VHI_OP_TAP_HEADER, want.header);
	r = r ?: set_or_fail(tap, VHI_OP_TAP_LITTLE, want.little);
	r = r ?: set_or_fail(tap, VHI_OP_TAP_OFFLOADS, want.offloads);
	if (r)
		put_back(tap, before);
	else
		note_offloads(tap, acked);
	return r;
}
