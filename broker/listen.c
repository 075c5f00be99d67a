/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * listen - accepting connections, or not for a while.
 */
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "listen.h"
#include "wire.h"

static void rest(struct broker_listener *listener)
{
	broker_unwatch(listener->epoll, &listener->watch);
	listener->rested = wire_now() + BROKER_REST;
}

/* Of one that has gone meanwhile there is nothing to say. */
static bool is_gone(int code)
{
	return code == EAGAIN || code == EWOULDBLOCK || code == EINTR || code == ECONNABORTED;
}

static void accept_one(void *data)
{
	struct broker_listener *listener = data;
	int socket = accept4(listener->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	int code = socket < 0 ? errno : 0;

	if (is_gone(code))
		return;
	if (code)
		rest(listener);
	listener->connected(listener->data, code ? -code : socket);
}

static int watch(struct broker_listener *listener)
{
	return broker_watch(listener->epoll, &listener->watch, listener->fd, accept_one, listener);
}

int broker_listener_begin(struct broker_listener *listener, int epoll, int fd,
			  void (*connected)(void *data, int socket), void *data)
{
	int r;

	*listener = (struct broker_listener){ .watch = BROKER_UNWATCHED,
					      .epoll = epoll,
					      .fd = fd,
					      .connected = connected,
					      .data = data };
	r = watch(listener);
	if (r)
		listener->fd = -1;
	return r;
}

void broker_listener_end(struct broker_listener *listener)
{
	broker_unwatch(listener->epoll, &listener->watch);
	if (listener->fd >= 0)
		close(listener->fd);
	listener->fd = -1;
	listener->rested = 0;
}

int broker_listener_left(const struct broker_listener *listener)
{
	uint64_t now;

	if (!listener->rested)
		return -1;
	now = wire_now();
	return listener->rested > now ? (int)(listener->rested - now) : 0;
}

void broker_listener_wake(struct broker_listener *listener)
{
	if (broker_listener_left(listener) != 0)
		return;
	listener->rested = 0;
	if (watch(listener))
		rest(listener);
}
