/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * vsock - the ioctls that vhost-vsock has of its own, as drivers/vhost/vsock.c answers them: the guest's
 * CID, which needs no owner, and both rings started and stopped by one call.  It has no call to reset
 * the owner, and one word of features on every kernel.
 */
#include <errno.h>
#include <sys/socket.h>
#include <linux/vhost.h>
#include <linux/vm_sockets.h>

#include "model.h"

static const uint64_t backend_features = 1ull << VHOST_BACKEND_F_IOTLB_MSG_V2;

/* A CID is another's until that device is closed or has a new one. */
static int set_cid(struct fake *fake, struct fake_vhost *vhost, const void *arg)
{
	uint64_t cid;

	if (fake_user_get(&cid, arg, sizeof(cid)))
		return -EFAULT;
	if (cid <= VMADDR_CID_HOST || cid >= UINT32_MAX)
		return -EINVAL;
	for (uint32_t i = 0; i < FAKE_VHOSTS; i++)
		if (fake->vhost_used[i] && &fake->vhosts[i] != vhost && fake->vhosts[i].cid == cid)
			return -EADDRINUSE;
	vhost->cid = (uint32_t)cid;
	return 0;
}

static void stop(struct fake_vhost *vhost)
{
	for (uint32_t i = 0; i < FAKE_RINGS; i++)
		vhost->ring[i].runs = false;
}

/* Rings that run already are looked at again; one that may not start stops the other too. */
static int start(struct fake_vhost *vhost)
{
	for (uint32_t i = 0; i < FAKE_RINGS; i++) {
		struct fake_ring *ring = &vhost->ring[i];

		if (!fake_ring_ok(vhost, ring) || (!ring->runs && fake_ring_touch(vhost, ring))) {
			stop(vhost);
			return -EFAULT;
		}
		ring->runs = true;
	}
	return 0;
}

static int set_running(struct fake *fake, struct fake_vhost *vhost, const void *arg)
{
	int running;

	if (fake_user_get(&running, arg, sizeof(running)))
		return -EFAULT;
	if (!fake_is_owner(fake, vhost))
		return -EPERM;
	if (running)
		return start(vhost);
	stop(vhost);
	return 0;
}

int fake_vsock_ioctl(struct fake *fake, struct fake_vhost *vhost, unsigned long request, void *arg)
{
	const uint64_t *features = &fake->profile.vsock_features;

	switch (request) {
	case VHOST_VSOCK_SET_GUEST_CID:
		return set_cid(fake, vhost, arg);
	case VHOST_VSOCK_SET_RUNNING:
		return set_running(fake, vhost, arg);
	case VHOST_GET_FEATURES:
		return fake_user_put(arg, features, sizeof(*features));
	case VHOST_SET_FEATURES:
		return fake_set_features(fake, vhost, arg, *features);
	case VHOST_GET_BACKEND_FEATURES:
		return fake_user_put(arg, &backend_features, sizeof(backend_features));
	case VHOST_SET_BACKEND_FEATURES:
		return fake_set_backend_features(vhost, arg, backend_features);
	default:
		return fake_common_ioctl(fake, vhost, request, arg);
	}
}
