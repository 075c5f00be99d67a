/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * device - a device without a front end, and how it gets one and loses it.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "alarm.h"
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

/* Why this one cannot be served; false: it can. */
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

	if (socket < 0) {
		broker_say(device, VHC_LEVEL_WARNING, "no launcher can connect for a while: %s",
			   strerror(-socket));
		return;
	}
	broker_alarm_begin();
	if (is_busy(device, socket))
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

void broker_device_follow(struct broker_device *device)
{
	bool running = false;

	for (uint32_t i = 0; i < device->rings; i++)
		running |= device->session.ring[i].runs;
	if (running == device->running)
		return;
	device->running = running;
	broker_changed(device, running ? CONTROL_STARTED : CONTROL_STOPPED);
}

int broker_device_stop(struct broker_device *device)
{
	int r = vhc_dev_stop(device->dev);

	if (r)
		return r;
	device->stopped = true;
	device->running = false;
	for (uint32_t i = 0; i < device->rings; i++)
		device->session.ring[i].runs = false;
	broker_changed(device, CONTROL_STOPPED);
	return 0;
}

int broker_device_resume(struct broker_device *device)
{
	if (!device->stopped)
		return 0;
	device->stopped = false;
	broker_changed(device, CONTROL_RESUMED);
	return session_settle_all(&device->session);
}

/* It outlives every front end. */
static int set_busyloop(struct broker_device *device)
{
	int r = 0;

	for (uint32_t i = 0; i < device->rings && device->busyloop && !r; i++)
		r = vhc_ring_set_busyloop(device->dev, i, device->busyloop);
	return r;
}

static int open_device(struct broker_device *device, const struct vhc_features *mask)
{
	int r = vhc_mem_new(device->ctx, &device->mem);

	device->info.sz = sizeof(device->info);
	if (!r)
		r = vhc_dev_set_mem(device->dev, device->mem);
	if (!r)
		r = vhc_dev_get_info(device->dev, &device->info);
	if (!r && device->kind->open)
		r = device->kind->open(device);
	if (!r)
		r = set_busyloop(device);
	return r ? r : session_offer_features(device, mask);
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

static struct broker_device *new_device(struct broker *broker, const struct broker_kind *kind,
					const struct broker_args *args)
{
	struct broker_device *device = calloc(1, sizeof(*device));

	if (!device)
		return NULL;
	*device = (struct broker_device){ .broker = broker,
					  .kind = kind,
					  .ctx = broker->ctx,
					  .dev = args->dev,
					  .tap = args->tap,
					  .pairs = args->pairs,
					  .rings = 2 * args->pairs,
					  .mtu = args->mtu,
					  .iommu = args->iommu,
					  .cid = args->cid,
					  .busyloop = args->busyloop,
					  .listen = BROKER_NO_LISTENER,
					  .events = BROKER_UNWATCHED };
	snprintf(device->id, sizeof(device->id), "%s", args->id);
	memcpy(device->mac, args->mac, sizeof(device->mac));
	if (session_new(&device->session, device)) {
		free(device);
		return NULL;
	}
	return device;
}

int broker_device_new(struct broker *broker, const struct broker_args *args,
		      struct broker_device **ret)
{
	const struct broker_kind *kind = broker_kind_get(args->type);
	struct broker_device *device;
	int r;

	if (!kind || !args->pairs || args->pairs > kind->max_pairs)
		return -EINVAL;
	device = new_device(broker, kind, args);
	if (!device)
		return -ENOMEM;
	r = open_device(device, &args->mask);
	if (r) {
		broker_device_free(device);
		return r;
	}
	*ret = device;
	return 0;
}

void broker_device_free(struct broker_device *device)
{
	broker_alarm_begin();
	if (device->mem)
		broker_device_disconnect(device);
	broker_alarm_end();
	broker_unwatch(device->broker->epoll, &device->events);
	broker_listener_end(&device->listen);
	vhc_mem_free(device->mem);
	session_free(&device->session);
	free(device);
}

int broker_device_set_link(struct broker_device *device, bool up)
{
	if (device->kind->set_link)
		return device->kind->set_link(device, up);
	return session_fail(&device->session, -EOPNOTSUPP, "a %s device has no link",
			    device->kind->name);
}
