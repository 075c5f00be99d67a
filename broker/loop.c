/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * loop - epoll, level-triggered: what is not handled at once comes again.
 */
#include <errno.h>
#include <stddef.h>
#include <sys/epoll.h>

#include "loop.h"

#define EVENTS 64

int broker_watch(int epoll, struct broker_watch *watch, int fd, void (*ready)(void *data),
		 void *data)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = watch };

	if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event))
		return -errno;
	*watch = (struct broker_watch){ .fd = fd, .ready = ready, .data = data };
	return 0;
}

int broker_watch_for(int epoll, struct broker_watch *watch, bool room)
{
	struct epoll_event event = { .events = room ? EPOLLOUT : EPOLLIN, .data.ptr = watch };

	return epoll_ctl(epoll, EPOLL_CTL_MOD, watch->fd, &event) ? -errno : 0;
}

void broker_unwatch(int epoll, struct broker_watch *watch)
{
	if (watch->fd >= 0)
		epoll_ctl(epoll, EPOLL_CTL_DEL, watch->fd, NULL);
	watch->fd = -1;
}

int broker_wait(int epoll, int timeout)
{
	struct epoll_event events[EVENTS];
	int n = epoll_wait(epoll, events, EVENTS, timeout);

	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	for (int i = 0; i < n; i++) {
		struct broker_watch *watch = events[i].data.ptr;

		/* an earlier event of this round may have ended it */
		if (watch->fd >= 0)
			watch->ready(watch->data);
	}
	return 0;
}
