/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * idle - a ring that nobody here runs, such as the event queue of a vsock device: the kernel has no events for it.
 * Some front-ends hand it over all the same, with the others.
 *
 * Where it stands is kept for who asks.  So are its fds: User Mode Linux waits at the other end of a call fd, and the
 * end of that would wake it again and again.
 */
#include <errno.h>
#include <unistd.h>

#include "device.h"

/* The ring that a message is about; UINT32_MAX: it is about none. */
static uint32_t ring_of(const struct wire_message *message)
{
	switch (message->request) {
	case WIRE_SET_VRING_NUM:
	case WIRE_SET_VRING_BASE:
	case WIRE_GET_VRING_BASE:
	case WIRE_SET_VRING_ENABLE:
		return message->payload.ring.index;
	case WIRE_SET_VRING_ADDR:
		return message->payload.addr.index;
	case WIRE_SET_VRING_KICK:
	case WIRE_SET_VRING_CALL:
	case WIRE_SET_VRING_ERR:
		return message->payload.u64 & WIRE_RING_MASK;
	default:
		return UINT32_MAX;
	}
}

bool session_is_idle(const struct session *session, const struct wire_message *message)
{
	const struct broker_device *device = session->device;
	uint32_t index = ring_of(message);

	return index >= device->rings && index < device->all_rings;
}

static int keep_fd(struct session *session, struct wire_message *message, int *kept)
{
	if (message->fds && !session_is_eventfd(message->fd[0]) &&
	    !session_is_socket(message->fd[0]))
		return session_fail(session, -EINVAL, "ring %u: its fd is no eventfd and no socket",
				    ring_of(message));
	if (*kept >= 0)
		close(*kept);
	*kept = wire_take_fd(message, 0);
	return 0;
}

/* Its size and addresses, and whether it is enabled, are of no use. */
int session_idle(struct session *session, struct wire_message *message)
{
	struct session_ring *ring = &session->ring[ring_of(message)];

	switch (message->request) {
	case WIRE_SET_VRING_BASE:
		ring->reached = message->payload.ring.value;
		return 0;
	case WIRE_GET_VRING_BASE:
		wire_reply_same(message);
		message->payload.ring.value = ring->reached;
		return 0;
	case WIRE_SET_VRING_KICK:
		return keep_fd(session, message, &ring->kick);
	case WIRE_SET_VRING_CALL:
		return keep_fd(session, message, &ring->call);
	case WIRE_SET_VRING_ERR:
		return keep_fd(session, message, &ring->err);
	default:
		return 0;
	}
}
