/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * connection - how a device gets a front-end, and loses it.
 */
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "alarm.h"
#include "clients.h"
#include "connection.h"
#include "kind.h"

/* Has the other end gone, although what it sent before was not read yet? */
static bool has_gone(int socket)
{
	struct pollfd now = { .fd = socket, .events = POLLRDHUP };

	return poll(&now, 1, 0) == 1;
}

static struct ucred peer_of(int socket)
{
	struct ucred peer = { 0 };
	socklen_t size = sizeof(peer);

	getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size);
	return peer;
}

static void note_peer(struct broker_device *device, int socket)
{
	const struct ucred peer = peer_of(socket);

	device->session.pid = peer.pid;
	device->session.uid = peer.uid;
	broker_changed(device, CONTROL_CONNECTED);
	broker_say(device, VHC_LEVEL_INFO, "connected: process %d of user %u", (int)peer.pid,
		   (unsigned int)peer.uid);
}

/* Has it a front-end that is still there, or what the last one had still in use? */
static bool is_busy(struct broker_device *device, int socket)
{
	const struct session *session = &device->session;
	const struct ucred peer = peer_of(socket);

	if (session->watch.fd >= 0 && has_gone(session->watch.fd))
		broker_device_disconnect(device);
	if (session->watch.fd >= 0) {
		broker_say(device, VHC_LEVEL_WARNING,
			   "a second launcher, process %d of user %u, is refused: process %d is "
			   "still connected",
			   (int)peer.pid, (unsigned int)peer.uid, (int)session->pid);
		return true;
	}
	if (device->unclean)
		broker_device_disconnect(device);
	return device->unclean;
}

static void begin_session(struct broker_device *device, int socket)
{
	int r;

	if (device->kind->drop_stale)
		device->kind->drop_stale(device);
	r = session_begin(&device->session, socket);
	if (r)
		broker_say(device, VHC_LEVEL_ERROR, "cannot serve a launcher: %s", strerror(-r));
	else
		note_peer(device, socket);
}

/* Closing it closes the fds that came with messages that nobody has read. */
static void connect_front(void *data, int socket)
{
	struct broker_device *device = data;

	broker_alarm_begin();
	if (socket < 0)
		broker_say(device, VHC_LEVEL_WARNING, "no launcher can connect for a while: %s",
			   strerror(-socket));
	else if (is_busy(device, socket))
		close(socket);
	else
		begin_session(device, socket);
	broker_alarm_end();
}

/* The guest's memory is free again at once. */
void broker_device_disconnect(struct broker_device *device)
{
	bool connected = device->session.watch.fd >= 0;
	int r = vhc_dev_reset(device->dev);

	session_end(&device->session);
	if (!r)
		r = vhc_dirty_stop(device->mem);
	vhc_dirty_set_event(device->mem, -1);
	vhc_mem_clear(device->mem);
	r = vhc_mem_commit(device->mem) ?: r;
	if (r)
		broker_say(
			device, VHC_LEVEL_ERROR,
			"no launcher can connect: the memory of the last guest is still in use: %s",
			vhc_ctx_get_error(device->ctx)->text);
	device->unclean = r != 0;
	device->running = false;
	if (connected)
		broker_changed(device, CONTROL_DISCONNECTED);
}

int broker_device_listen(struct broker_device *device, int listen)
{
	int epoll = device->broker->epoll, fd = vhc_dev_get_event_fd(device->dev);

	if (fd < 0)
		return fd;
	return broker_watch(epoll, &device->events, fd, session_event, &device->session)
		       ?: broker_listener_begin(&device->listen, epoll, listen, connect_front,
						device);
}
