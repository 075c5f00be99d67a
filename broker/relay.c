/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * relay - interrupts for a front-end that gives a socket instead of an eventfd, as User Mode Linux
 * does.  The kernel signals an eventfd; each time it is read, 8 bytes go to the socket.
 */
#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "device.h"

static void relay(void *data)
{
	struct session_ring *ring = data;
	uint64_t count;

	if (read(ring->relay.fd, &count, sizeof(count)) != (ssize_t)sizeof(count))
		return;
	count = 1;
	/* what finds no room there is one of many that were not taken yet */
	send(ring->call, &count, sizeof(count), MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* An eventfd of its own: what the library has may be gone before it is unwatched. */
static int begin(struct session *session, uint32_t index, int fd)
{
	struct session_ring *ring = &session->ring[index];
	struct broker_device *device = session->device;
	int r = vhc_ring_set_call(device->dev, index, fd);

	if (r)
		return r;
	session_relay_end(session, index);
	r = broker_watch(device->broker->epoll, &ring->relay, fd, relay, ring);
	return r ? session_fail(session, r, "epoll_ctl: %s", strerror(-r)) : 0;
}

int session_relay_begin(struct session *session, uint32_t index, int socket)
{
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), r;

	if (fd < 0)
		r = session_fail(session, -errno, "eventfd: %s", strerror(errno));
	else
		r = begin(session, index, fd);
	if (r) {
		close(socket);
		if (fd >= 0)
			close(fd);
		return r;
	}
	session->ring[index].call = socket;
	return 0;
}

void session_relay_end(struct session *session, uint32_t index)
{
	struct session_ring *ring = &session->ring[index];
	int fd = ring->relay.fd;

	broker_unwatch(session->device->broker->epoll, &ring->relay);
	if (fd >= 0)
		close(fd);
	if (ring->call >= 0)
		close(ring->call);
	ring->call = -1;
}
