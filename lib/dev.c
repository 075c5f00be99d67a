/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * dev - the questions that every room asks a device, and its errors.
 */
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "dev.h"
#include "text.h"
#include "features/features.h"

int vhi_dev_fail(const struct vhc_dev *dev, int code, const char *where, const char *hint,
		 const char *format, ...)
{
	struct vhi_place place = { dev->id, where, hint };
	char message[768];
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	return vhi_fail_at(dev->ctx, &place, code, "%s", message);
}

int vhi_dev_fail_errno(const struct vhc_dev *dev, int code, const char *where, const char *hint,
		       const char *format, ...)
{
	struct vhi_place place = { dev->id, where, hint };
	va_list args;

	va_start(args, format);
	vhi_fail_errno_args(dev->ctx, &place, code, format, args);
	va_end(args);
	return code;
}

const char *vhi_dev_id(const struct vhc_dev *dev)
{
	return dev->id;
}

bool vhi_dev_runs(const struct vhc_dev *dev)
{
	return vhi_state_runs(&dev->have);
}

uint32_t vhi_dev_max_regions(const struct vhc_dev *dev)
{
	return dev->offers->max_regions;
}

int vhi_dev_check_stale(struct vhc_dev *dev)
{
	if (!dev->stale)
		return 0;
	return vhi_dev_fail(dev, -ESTALE, NULL, "call vhc_dev_reset() or vhc_dev_close()",
			    "a step failed before and so did its undo: the device's state is not "
			    "known");
}

int32_t vhi_dev_process(const struct vhc_dev *dev)
{
	return vhi_sys_pid(&dev->ctx->sys);
}

bool vhi_dev_in_child(const struct vhc_dev *dev)
{
	return dev->owner && dev->owner != vhi_dev_process(dev);
}

int vhi_dev_check_process(const struct vhc_dev *dev)
{
	if (!vhi_dev_in_child(dev))
		return 0;
	return vhi_dev_fail(dev, -EPERM, NULL,
			    "call it in the owner; in this process, only "
			    "close it",
			    "process %d owns it, and this is its forked child %d: vhost's "
			    "ioctls work only in the memory of the process that took "
			    "ownership; nothing was done, and the device is unchanged",
			    dev->owner, vhi_dev_process(dev));
}

int vhi_dev_check_stopped(struct vhc_dev *dev, const char *what)
{
	if (!vhi_dev_runs(dev))
		return 0;
	return vhi_dev_fail(dev, -EBUSY, NULL, "stop the device first",
			    "the device is running, and %s changes only while it is stopped", what);
}

/* What the kind's vhost has, as far as it is offered here. */
uint64_t vhi_dev_can(const struct vhc_dev *dev)
{
	const struct vhi_offers *offers = dev->offers;
	uint64_t can = dev->kind->can;

	if (!vhc_features_has(&offers->features, VHI_F_LOG_ALL))
		can &= ~(uint64_t)VHC_CAN_DIRTY;
	if (!vhc_features_has(&offers->features, VHI_F_ACCESS_PLATFORM))
		can &= ~(uint64_t)VHC_CAN_IOMMU;
	if (offers->no_busyloop)
		can &= ~(uint64_t)VHC_CAN_BUSYLOOP;
	return can;
}

int vhi_dev_check_logs(const struct vhc_dev *dev, const char *hint)
{
	if (vhi_dev_can(dev) & VHC_CAN_DIRTY)
		return 0;
	return vhi_dev_fail(dev, -ENOTTY, NULL, hint,
			    "%s does not log the pages that it writes, so the dirty log would miss "
			    "them",
			    dev->kind->node);
}

int vhi_dev_check_fd(const struct vhc_dev *dev, uint32_t fd)
{
	if (fd < dev->want.fds)
		return 0;
	return vhi_dev_fail(dev, -EINVAL, NULL, NULL,
			    "%s %u does not exist: it has %u, numbered from 0", dev->kind->fd_name,
			    fd, dev->want.fds);
}

int vhi_dev_ring(struct vhc_dev *dev, uint32_t ring, struct vhi_ring_state **ret)
{
	if (ring >= dev->want.rings)
		return vhi_dev_fail(dev, -EINVAL, NULL, NULL,
				    "ring %u does not exist: it has %u, numbered from 0", ring,
				    dev->want.rings);
	*ret = &dev->want.ring[ring];
	return 0;
}

enum vhi_format vhi_dev_format(const struct vhc_dev *dev)
{
	return dev->want.has_acked && vhc_features_has(&dev->want.acked, VHI_F_RING_PACKED)
		       ? VHI_PACKED
		       : VHI_SPLIT;
}

void vhi_dev_forget_log_event(struct vhc_dev *dev, int event)
{
	for (uint32_t i = 0; i < dev->have.fds && event >= 0; i++)
		if (dev->have.fd[i].log_event == event)
			dev->have.fd[i].log_event = VHI_FD_STALE;
}

static bool has_lost_link(const struct vhc_dev *dev)
{
	struct pollfd link = { dev->kind->get_link(dev), 0, 0 };

	return vhi_sys_poll(&dev->ctx->sys, &link, 1) == 1 && link.revents & POLLERR;
}

/* What cannot be watched any more: an fd that is readable. */
static int make_signalled(const struct vhi_sys *sys)
{
	int fd = vhi_sys_eventfd(sys);

	if (fd >= 0)
		vhi_sys_signal(sys, fd);
	return fd;
}

void vhi_dev_watch_link(struct vhc_dev *dev)
{
	const struct vhi_sys *sys = &dev->ctx->sys;
	int fd, r;

	if (dev->events.epoll < 0 || dev->events.link_gone || !dev->kind->watch_link ||
	    dev->kind->get_link(dev) < 0)
		return;
	fd = dev->kind->watch_link(dev);
	/* looked at afterwards, since it may have gone before it was watched */
	if (has_lost_link(dev)) {
		vhi_sys_close(sys, &fd);
		fd = make_signalled(sys);
	}
	r = fd < 0 ? fd : vhi_sys_epoll_add(sys, dev->events.epoll, fd);
	if (r)
		vhi_log(dev->ctx, VHC_LEVEL_INFO,
			"%s: the event fd will not show that its link has gone: %s (%s)", dev->id,
			strerror(-r), vhi_errname(-r));
	if (r)
		vhi_sys_close(sys, &fd);
	dev->events.link = fd < 0 ? VHI_FD_NONE : fd;
}

void vhi_dev_unwatch_link(struct vhc_dev *dev)
{
	const struct vhi_sys *sys = &dev->ctx->sys;

	if (dev->events.link >= 0 && dev->events.epoll >= 0)
		vhi_sys_epoll_del(sys, dev->events.epoll, dev->events.link);
	vhi_sys_close(sys, &dev->events.link);
	dev->events.link_gone = false;
}
