/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * events - what the kernel tells of a device: rings that it gave up, and addresses that it waits for.
 */
#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "alarm.h"
#include "clients.h"
#include "device.h"

/* An eventfd that is full has been signalled.  What it may be is checked when it comes. */
static bool signal_front(int fd, uint64_t count)
{
	struct pollfd room = { .fd = fd, .events = POLLOUT };

	return poll(&room, 1, 0) <= 0 || !(room.revents & POLLOUT) ||
	       write(fd, &count, sizeof(count)) > 0 || errno == EAGAIN || errno == EINTR;
}

static void ring_error(struct session *session, const struct vhc_event *event)
{
	struct broker_device *device = session->device;
	struct session_ring *ring = &session->ring[event->ring];

	device->ring_errors += event->count;
	ring->errors += event->count;
	broker_changed(device, CONTROL_RING_ERROR);
	if (ring->err >= 0 && !signal_front(ring->err, event->count))
		broker_say(device, VHC_LEVEL_WARNING,
			   "ring %u: the launcher cannot be told of an error", event->ring);
	if (vhc_ring_check(device->dev, event->ring))
		broker_say(device, VHC_LEVEL_WARNING, "the kernel gave up ring %u: %s", event->ring,
			   vhc_ctx_get_error(device->ctx)->text);
}

/* As many as there are rings: a guest causes them as fast as it can, and others wait. */
void session_event(void *data)
{
	struct session *session = data;
	struct broker_device *device = session->device;
	struct vhc_event event = { .sz = sizeof(event) };

	broker_alarm_begin();
	for (uint32_t i = 0; i < device->rings; i++) {
		if (vhc_dev_next_event(device->dev, &event) != 1)
			break;
		if (event.kind == VHC_EVENT_RING_ERROR)
			ring_error(session, &event);
		if (event.kind == VHC_EVENT_MISS && session->iommu)
			session_miss(session, event.iova, event.perm);
	}
	broker_alarm_end();
}
