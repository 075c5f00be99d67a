/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * events - the sources of a device's events, served round-robin.
 *
 * Each ring has one, its ERR eventfd, and so has each vhost fd, for misses; the link has two: its own fd
 * is in error when it has gone, and the one that watches it makes the event fd readable then.  One
 * poll() asks all of them; then they are served in turn, so that none can starve the others.  Before
 * them comes a miss that was read and could not be answered.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "args.h"
#include "dev.h"
#include "device/iommu.h"
#include "device/events.h"

/* Messages that one call answers or skips at most: a guest must not keep the caller here. */
#define MESSAGES_PER_CALL 1024u

static uint32_t sources_per_fd(const struct vhc_dev *dev)
{
	return dev->want.rings_per_fd + 1;
}

/* The sources of the link are the last. */
static uint32_t link_source(const struct vhc_dev *dev)
{
	return dev->want.fds * sources_per_fd(dev);
}

static uint32_t count_sources(const struct vhc_dev *dev)
{
	return link_source(dev) + 2;
}

/* Of each vhost fd, first its rings. */
static bool is_ring(const struct vhc_dev *dev, uint32_t source)
{
	return source < link_source(dev) && source % sources_per_fd(dev) < dev->want.rings_per_fd;
}

static uint32_t ring_of(const struct vhc_dev *dev, uint32_t source)
{
	uint32_t each = sources_per_fd(dev);

	return source / each * dev->want.rings_per_fd + source % each;
}

static int fd_of(const struct vhc_dev *dev, uint32_t source)
{
	if (source == link_source(dev))
		return dev->kind->get_link && !dev->events.link_gone ? dev->kind->get_link(dev)
								     : VHI_FD_NONE;
	if (source > link_source(dev))
		return dev->events.link;
	return is_ring(dev, source) ? dev->want.ring[ring_of(dev, source)].err
				    : dev->backend->fd(dev, source / sources_per_fd(dev));
}

/* ---------------------------------------------------------------------------------- the event fd */

static int epoll_add(struct vhc_dev *dev, int fd)
{
	int r = vhi_sys_epoll_add(&dev->ctx->sys, dev->events.epoll, fd);

	return r ? vhi_dev_fail_errno(dev, r, NULL, NULL, "fd %d cannot be added to the event fd",
				      fd)
		 : 0;
}

int vhi_events_make_err(struct vhc_dev *dev, uint32_t ring)
{
	int *err = &dev->want.ring[ring].err;
	int fd, r = 0;

	if (*err >= 0)
		return 0;
	fd = vhi_sys_eventfd(&dev->ctx->sys);
	if (fd < 0)
		return vhi_dev_fail_errno(dev, fd, NULL, NULL, "ring %u: no error eventfd", ring);
	if (dev->events.epoll >= 0)
		r = epoll_add(dev, fd);
	if (r) {
		vhi_sys_close(&dev->ctx->sys, &fd);
		return r;
	}
	*err = fd;
	return 0;
}

/* Removed first: while a forked child has it open, closing alone would leave it in the epoll. */
void vhi_events_close_err(struct vhc_dev *dev, uint32_t ring)
{
	int *err = &dev->want.ring[ring].err;

	if (dev->events.epoll >= 0 && *err >= 0)
		vhi_sys_epoll_del(&dev->ctx->sys, dev->events.epoll, *err);
	vhi_sys_close(&dev->ctx->sys, err);
}

/* The event fd is readable as long as this miss is there. */
static void keep_miss(struct vhc_dev *dev, uint32_t fd, const struct vhi_iotlb_miss *miss)
{
	dev->events.again = true;
	dev->events.again_fd = fd;
	dev->events.again_miss = *miss;
	if (dev->events.wake >= 0)
		vhi_sys_signal(&dev->ctx->sys, dev->events.wake);
}

void vhi_events_drop_miss(struct vhc_dev *dev)
{
	uint64_t count;

	if (dev->events.again && dev->events.wake >= 0)
		vhi_sys_drain(&dev->ctx->sys, dev->events.wake, &count);
	dev->events.again = false;
}

static void close_fds(struct vhc_dev *dev)
{
	vhi_sys_close(&dev->ctx->sys, &dev->events.link);
	vhi_sys_close(&dev->ctx->sys, &dev->events.epoll);
	vhi_sys_close(&dev->ctx->sys, &dev->events.wake);
}

void vhi_events_close(struct vhc_dev *dev)
{
	close_fds(dev);
	free(dev->events.polls);
	dev->events.polls = NULL;
}

static int make_wake(struct vhc_dev *dev)
{
	int fd = vhi_sys_eventfd(&dev->ctx->sys);

	if (fd < 0)
		return vhi_dev_fail_errno(dev, fd, NULL, NULL, "no eventfd for the event fd");
	dev->events.wake = fd;
	if (dev->events.again)
		vhi_sys_signal(&dev->ctx->sys, fd);
	return epoll_add(dev, fd);
}

VHC_EXPORT int vhc_dev_get_event_fd(struct vhc_dev *dev)
{
	int r;

	if (dev->events.epoll >= 0)
		return dev->events.epoll;
	r = vhi_sys_epoll(&dev->ctx->sys);
	if (r < 0)
		return vhi_dev_fail_errno(dev, r, NULL, NULL, "no event fd");
	dev->events.epoll = r;
	r = make_wake(dev);
	for (uint32_t i = 0; i < link_source(dev) && !r; i++)
		if (fd_of(dev, i) >= 0)
			r = epoll_add(dev, fd_of(dev, i));
	if (r) {
		close_fds(dev);
		return r;
	}
	vhi_dev_watch_link(dev);
	return dev->events.epoll;
}

/* -------------------------------------------------------------------------------------- one event */

/* A count of 0 means that another reader was first. */
static int read_ring_error(struct vhc_dev *dev, uint32_t ring, struct vhc_event *ret)
{
	uint64_t count = 0;
	int r = vhi_sys_drain(&dev->ctx->sys, dev->want.ring[ring].err, &count);

	if (r)
		return vhi_dev_fail_errno(dev, r, NULL, NULL, "ring %u: its error eventfd", ring);
	if (!count)
		return 0;
	ret->kind = VHC_EVENT_RING_ERROR;
	ret->ring = ring;
	ret->count = count < UINT32_MAX ? (uint32_t)count : UINT32_MAX;
	return 1;
}

/* Misses that a mapping answers are not reported to the caller. */
static int handle_miss(struct vhc_dev *dev, uint32_t fd, const struct vhi_iotlb_miss *miss,
		       struct vhc_event *ret)
{
	int r = dev->want.iommu ? vhi_iommu_answer_miss(dev, fd, miss) : 1;

	if (r < 0)
		keep_miss(dev, fd, miss);
	if (r)
		return r < 0 ? r : 0;
	ret->kind = VHC_EVENT_MISS;
	ret->ring = fd * dev->want.rings_per_fd;
	ret->iova = miss->iova;
	ret->perm = miss->perm;
	return 1;
}

/* Once for each link: it does not come back. */
static int report_link(struct vhc_dev *dev, struct vhc_event *ret)
{
	vhi_dev_unwatch_link(dev);
	dev->events.link_gone = true;
	ret->kind = VHC_EVENT_LINK_GONE;
	return 1;
}

static int read_source(struct vhc_dev *dev, uint32_t source, struct vhc_event *ret)
{
	struct vhi_iotlb_miss miss;
	char message[4096];
	uint32_t fd;

	if (source == link_source(dev))
		return report_link(dev, ret);
	if (source > link_source(dev)) {
		/* it stays readable until that event was fetched */
		if (!(dev->events.polls[link_source(dev)].revents & POLLERR))
			vhi_sys_read_fd(&dev->ctx->sys, fd_of(dev, source), message,
					sizeof(message));
		return 0;
	}
	if (is_ring(dev, source))
		return read_ring_error(dev, ring_of(dev, source), ret);
	fd = source / sources_per_fd(dev);
	return dev->backend->read_miss(dev, fd, &miss) ? handle_miss(dev, fd, &miss, ret) : 0;
}

/* Frames that wait in a link are the rings' business: only its errors count, which poll() always has. */
static short events_of(const struct vhc_dev *dev, uint32_t source)
{
	return source == link_source(dev) ? 0 : POLLIN;
}

/* Returns how many sources are readable. */
static int poll_sources(struct vhc_dev *dev)
{
	uint32_t count = count_sources(dev);
	int r;

	if (!dev->events.polls)
		dev->events.polls = calloc(count, sizeof(*dev->events.polls));
	if (!dev->events.polls)
		return vhi_dev_fail(dev, -ENOMEM, NULL, NULL, "no memory for events");
	for (uint32_t i = 0; i < count; i++)
		dev->events.polls[i] = (struct pollfd){ fd_of(dev, i), events_of(dev, i), 0 };
	r = vhi_sys_poll(&dev->ctx->sys, dev->events.polls, count);
	if (r < 0)
		return vhi_dev_fail_errno(dev, r, "poll", NULL, NULL);
	return r;
}

static int next_event(struct vhc_dev *dev, struct vhc_event *ret)
{
	struct vhi_events *events = &dev->events;
	uint32_t count = count_sources(dev);
	int r = 0;

	if (events->again) {
		struct vhi_iotlb_miss miss = events->again_miss;

		vhi_events_drop_miss(dev);
		r = handle_miss(dev, events->again_fd, &miss, ret);
	}
	for (uint32_t taken = 0; !r && count && taken < MESSAGES_PER_CALL; taken++) {
		uint32_t first = events->next;

		r = poll_sources(dev);
		if (r <= 0)
			return r;
		r = 0;
		for (uint32_t i = 0; i < count && !r; i++) {
			uint32_t source = (first + i) % count;

			if (!(events->polls[source].revents &
			      (source == link_source(dev) ? POLLERR : POLLIN)))
				continue;
			taken++;
			events->next = (source + 1) % count;
			r = read_source(dev, source, ret);
		}
	}
	return r;
}

VHC_EXPORT int vhc_dev_next_event(struct vhc_dev *dev, struct vhc_event *ret)
{
	struct vhc_event event = { 0 };
	/* checked before an event is fetched, which would be lost */
	int r = vhi_check_sz(dev->ctx, "vhc_event", ret->sz);

	/* an event that a forked child fetched would be lost to the owner */
	r = r ?: vhi_dev_check_process(dev);
	r = r ?: next_event(dev, &event);
	return r <= 0 ? r : VHI_COPY_RET(dev->ctx, vhc_event, ret, &event) ?: 1;
}
