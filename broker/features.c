/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * features - which ones a front end is offered, and which it accepted.
 */
#include <errno.h>
#include <string.h>

#include "device.h"

enum {
	BIT_MTU = 3,
	BIT_MAC = 5,
	BIT_STATUS = 16,
	BIT_CTRL_VQ = 17,
	BIT_MQ = 22,
	BIT_ANY_LAYOUT = 27,
	BIT_ACCESS_PLATFORM = 33
};

#define BIT(n) (UINT64_C(1) << (n))

#define PROTOCOL_FEATURES                                                                  \
	(WIRE_P(MQ) | WIRE_P(LOG_SHMFD) | WIRE_P(RARP) | WIRE_P(REPLY_ACK) | WIRE_P(MTU) | \
	 WIRE_P(BACKEND_REQ) | WIRE_P(CONFIG) | WIRE_P(RESET_DEVICE) |                     \
	 WIRE_P(CONFIGURE_MEM_SLOTS) | WIRE_P(STATUS))

/*
 * Of the bits that are a device model's, only those that are told in the configuration space.  A
 * control queue is not served here: QEMU has its own, and asks for MQ alone.  So it is offered only
 * where there are several queue pairs, which are of no use without it; a launcher that passes features
 * through to its guest as they are needs a device with one pair.
 */
static struct vhc_features of_model(const struct broker_device *device)
{
	static const uint8_t none[sizeof(device->mac)];
	uint64_t bits = BIT(BIT_STATUS) | BIT(BIT_ANY_LAYOUT);

	bits |= memcmp(device->mac, none, sizeof(none)) ? BIT(BIT_MAC) : 0;
	bits |= device->mtu ? BIT(BIT_MTU) : 0;
	bits |= device->pairs > 1 ? BIT(BIT_MQ) | BIT(BIT_CTRL_VQ) : 0;
	return (struct vhc_features){ { bits } };
}

int session_offer_features(struct broker_device *device, const struct vhc_features *mask)
{
	struct vhc_features want = of_model(device), offered;
	int r;

	/* vhost-user has 64 */
	for (uint32_t bit = 0; bit < 64; bit++) {
		const struct vhc_feature *feature = vhc_feature_get(VHC_TYPE_NET, bit);

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
	const struct vhc_feature *feature = vhc_feature_get(VHC_TYPE_NET, first);

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
	wire_reply_u64(message, PROTOCOL_FEATURES);
	return 0;
}

/* Whether it is acknowledged is decided by the new ones. */
int session_set_protocol_features(struct session *session, struct wire_message *message)
{
	uint64_t bits = message->payload.u64;

	if (bits & ~PROTOCOL_FEATURES)
		return session_fail(session, -EOPNOTSUPP,
				    "protocol features 0x%llx were not offered: 0x%llx were",
				    (unsigned long long)(bits & ~PROTOCOL_FEATURES),
				    (unsigned long long)PROTOCOL_FEATURES);
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
