/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * features - which ones a front-end is offered, and which it accepted; the device's status and reset, after
 * which they are accepted again.
 */
#include <errno.h>
#include <string.h>

#include "clients.h"
#include "kind.h"

enum { BIT_CTRL_VQ = 17, BIT_MQ = 22, BIT_ACCESS_PLATFORM = 33 };

#define BIT(n) (UINT64_C(1) << (n))

int session_offer_features(struct broker_device *device, const struct vhc_features *mask)
{
	struct vhc_features want = { { device->kind->find_features(device) } }, offered;
	int r;

	/* vhost-user has 64 */
	for (uint32_t bit = 0; bit < 64; bit++) {
		const struct vhc_feature *feature = vhc_feature_get(device->kind->type, bit);

		if (feature && !(feature->origin & VHC_ORIGIN_MODEL))
			vhc_features_add(&want, bit);
	}
	/* it says that addresses are translated; a guest without an IOMMU may fail with it */
	if (!device->iommu)
		vhc_features_remove(&want, BIT_ACCESS_PLATFORM);
	want.w[0] &= ~mask->w[0];
	r = vhc_dev_offer_features(device->dev, &want, NULL, &offered);
	if (r)
		return r;
	device->offered = offered.w[0] | BIT(WIRE_F_PROTOCOL_FEATURES);
	if (device->info.can & VHC_CAN_DIRTY)
		device->offered |= BIT(WIRE_F_LOG_ALL);
	return 0;
}

int session_get_features(struct session *session, struct wire_message *message)
{
	wire_reply_u64(message, session->device->offered);
	return 0;
}

/* QEMU has the control queue itself, and does not tell of it. */
static struct vhc_features of_guest(uint64_t bits)
{
	bits &= ~(BIT(WIRE_F_LOG_ALL) | BIT(WIRE_F_PROTOCOL_FEATURES));
	if (bits & BIT(BIT_MQ))
		bits |= BIT(BIT_CTRL_VQ);
	return (struct vhc_features){ { bits } };
}

/* Without protocol features there is no message to enable a ring. */
static void enable_all(struct session *session)
{
	for (uint32_t i = 0; i < session->device->rings; i++)
		session->ring[i].enabled = true;
}

static int fail_excess(struct session *session, uint64_t excess)
{
	unsigned int first = (unsigned int)__builtin_ctzll(excess);
	const struct vhc_feature *feature = vhc_feature_get(session->device->kind->type, first);

	return session_fail(
		session, -EOPNOTSUPP, "0x%llx was not offered, such as %s (bit %u): 0x%llx was",
		(unsigned long long)excess, feature ? feature->name : "what has no name", first,
		(unsigned long long)session->device->offered);
}

/* The translations come by messages that need the protocol feature. */
static int check_iommu(struct session *session, uint64_t bits)
{
	if (!(bits & BIT(BIT_ACCESS_PLATFORM)) || session->protocol & WIRE_P(BACKEND_REQ))
		return 0;
	return session_fail(
		session, -EINVAL,
		"access_platform (bit %u) without protocol feature BACKEND_REQ (%u), by "
		"which addresses are translated: set \"iommu\" to false for a launcher that "
		"has no IOMMU",
		BIT_ACCESS_PLATFORM, WIRE_P_BACKEND_REQ);
}

/* It comes once for each queue pair, and again while rings run, to log or not. */
int session_set_features(struct session *session, struct wire_message *message)
{
	struct broker_device *device = session->device;
	uint64_t bits = message->payload.u64, excess = bits & ~device->offered;
	struct vhc_features acked = of_guest(bits);
	bool news, iommu = bits & BIT(BIT_ACCESS_PLATFORM);
	int r;

	if (excess)
		return fail_excess(session, excess);
	r = check_iommu(session, bits);
	if (!r)
		r = vhc_dev_set_features(device->dev, &acked, iommu ? VHC_GUEST_IOMMU : 0);
	if (r)
		return r;
	session->iommu = iommu;
	if (!iommu)
		session_forget_misses(session);
	news = bits != session->features;
	session->features = bits;
	if (!(bits & BIT(WIRE_F_PROTOCOL_FEATURES)) && !session->has_protocol)
		enable_all(session);
	session->log = bits & BIT(WIRE_F_LOG_ALL);
	if (news)
		broker_changed(device, CONTROL_FEATURES);
	return session_activate(session) ?: session_start_log(session)
					 ?: session_settle_all(session);
}

int session_get_protocol_features(struct session *session, struct wire_message *message)
{
	wire_reply_u64(message, session->device->kind->protocol);
	return 0;
}

/* Whether it is acknowledged is decided by the new ones. */
int session_set_protocol_features(struct session *session, struct wire_message *message)
{
	uint64_t bits = message->payload.u64, offered = session->device->kind->protocol;

	if (bits & ~offered)
		return session_fail(session, -EOPNOTSUPP,
				    "protocol features 0x%llx were not offered: 0x%llx were",
				    (unsigned long long)(bits & ~offered),
				    (unsigned long long)offered);
	session->protocol = bits;
	session->has_protocol = true;
	return 0;
}

int session_reset(struct session *session, struct wire_message *message)
{
	int r = session_reset_rings(session);

	if (r)
		return r;
	session_forget_misses(session);
	session->iommu = false; /* until the features come again, as for the library */
	return 0;
}

int session_get_status(struct session *session, struct wire_message *message)
{
	wire_reply_u64(message, session->status);
	return 0;
}

/* 0 resets the device; what the driver has reached is only noted. */
int session_set_status(struct session *session, struct wire_message *message)
{
	uint64_t status = message->payload.u64;

	if (status > 0xff)
		return session_fail(session, -EINVAL, "status 0x%llx: it has 8 bits",
				    (unsigned long long)status);
	session->status = (uint32_t)status;
	return status ? 0 : session_reset(session, message);
}
