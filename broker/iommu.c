/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * iommu - a device whose addresses go through an IOMMU that the launcher has for its guest.
 *
 * The kernel asks for an address that it misses; the front-end is asked, on the channel of SET_BACKEND_REQ_FD, and
 * answers with an update on its own socket, as it tells by itself of what is no longer so.  The library keeps a mapping
 * inside the regions that are mapped here.  What the channel has no room for waits: nothing here does.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "alarm.h"
#include "device.h"

#define PAGE UINT64_C(4096)

static void close_channel(struct session *session)
{
	broker_unwatch(session->device->broker->epoll, &session->room);
	if (session->channel >= 0)
		close(session->channel);
	session->channel = -1;
}

/* Nothing more can be sent there. */
static void lose_channel(struct session *session, const char *why)
{
	broker_say(session->device, VHC_LEVEL_WARNING,
		   "the launcher cannot be asked for addresses any more: %s", why);
	close_channel(session);
}

static void have_room(void *data);

/* Until the front-end has read some of it. */
static void wait_for_room(struct session *session)
{
	int epoll = session->device->broker->epoll;
	int r = session->room.fd >= 0
			? 0
			: broker_watch(epoll, &session->room, session->channel, have_room, session);

	if (!r)
		r = broker_watch_for(epoll, &session->room, true);
	if (r)
		lose_channel(session, strerror(-r));
}

static int send_miss(const struct session *session, const struct session_miss *miss,
		     struct wire_error *error)
{
	struct wire_message message = { .request = WIRE_BACKEND_IOTLB_MSG,
					.flags = WIRE_VERSION,
					.size = sizeof(message.payload.iotlb) };

	message.payload.iotlb.iova = miss->iova;
	message.payload.iotlb.perm = miss->perm;
	message.payload.iotlb.type = WIRE_IOTLB_MISS;
	return wire_send(session->channel, &message, 0, error);
}

/* All that wait, as far as there is room. */
static void send_misses(struct session *session)
{
	struct wire_error error;
	uint32_t sent = 0;
	int r = 0;

	while (session->channel >= 0 && sent < session->misses && !r) {
		r = send_miss(session, &session->miss[sent], &error);
		sent += !r;
	}
	session->misses -= sent;
	memmove(session->miss, session->miss + sent, session->misses * sizeof(*session->miss));
	if (r == -ETIMEDOUT)
		wait_for_room(session);
	else if (r)
		lose_channel(session, error.text);
	else
		broker_unwatch(session->device->broker->epoll, &session->room);
}

/* What is closed with a channel may be what its close waits for. */
static void have_room(void *data)
{
	broker_alarm_begin();
	send_misses(data);
	broker_alarm_end();
}

/* Of too many the first are old: a ring waits for one at a time, and asks again when it is kicked. */
static void add_miss(struct session *session, uint64_t iova, uint8_t perm)
{
	for (uint32_t i = 0; i < session->misses; i++)
		if (session->miss[i].iova == iova && session->miss[i].perm == perm)
			return;
	if (session->misses == SESSION_MISSES)
		memmove(session->miss, session->miss + 1,
			--session->misses * sizeof(*session->miss));
	session->miss[session->misses++] = (struct session_miss){ iova, perm };
}

void session_miss(struct session *session, uint64_t iova, uint32_t perm)
{
	add_miss(session, iova, (uint8_t)perm);
	send_misses(session);
}

/* The kernel does not start a ring without it, and so does not ask. */
void session_miss_used(struct session *session, uint32_t index)
{
	struct session_ring *ring = &session->ring[index];
	uint64_t size = 6 + 8 * (uint64_t)ring->size;

	if (!session->iommu || !session->regions || !ring->size || ring->asked)
		return;
	for (uint64_t done = 0; done < size; done += PAGE - (ring->used + done) % PAGE)
		add_miss(session, ring->used + done, VHC_PERM_READ | VHC_PERM_WRITE);
	ring->asked = true;
	send_misses(session);
}

int session_set_channel(struct session *session, struct wire_message *message)
{
	if (!session_is_socket(message->fd[0]))
		return session_fail(session, -EINVAL, "its fd is no unix socket");
	close_channel(session);
	session->channel = wire_take_fd(message, 0);
	send_misses(session);
	return 0;
}

void session_forget_misses(struct session *session)
{
	session->misses = 0;
	broker_unwatch(session->device->broker->epoll, &session->room);
}

void session_forget_channel(struct session *session)
{
	session_forget_misses(session);
	close_channel(session);
}

/* A guest flushes all of its addresses with one message, also those of rings that run; they ask for them again. */
static int unmap(struct session *session, uint64_t iova, uint64_t size)
{
	struct vhc_dev *dev = session->device->dev;
	bool all = !iova && !size; /* 2^64 of them */
	int r = vhc_dev_unmap(dev, iova, all ? UINT64_MAX : size);

	if (!r && all)
		r = vhc_dev_unmap(dev, UINT64_MAX, 1);
	for (uint32_t i = 0; i < session->device->rings; i++)
		session->ring[i].asked = false;
	return r ? r : session_settle_all(session);
}

int session_iotlb(struct session *session, struct wire_message *message)
{
	uint64_t iova = message->payload.iotlb.iova, size = message->payload.iotlb.size;
	int r;

	if (!session->iommu && message->payload.iotlb.type == WIRE_IOTLB_INVALIDATE)
		return 0; /* nothing is mapped */
	if (!session->iommu)
		return session_fail(session, -EOPNOTSUPP,
				    "access_platform was not accepted: no address is translated");
	switch (message->payload.iotlb.type) {
	case WIRE_IOTLB_UPDATE:
		r = vhc_dev_map(session->device->dev, VHC_ARG(vhc_map, .iova = iova, .size = size,
							      .addr = message->payload.iotlb.user,
							      .perm = message->payload.iotlb.perm,
							      .flags = VHC_MAP_USER));
		return r ? r : session_settle_all(session);
	case WIRE_IOTLB_INVALIDATE:
		return unmap(session, iova, size);
	default:
		return session_fail(session, -EINVAL,
				    "type %u is neither an update nor an invalidation",
				    message->payload.iotlb.type);
	}
}
