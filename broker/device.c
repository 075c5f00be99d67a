/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * device - a device, with or without a front-end.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alarm.h"
#include "clients.h"
#include "connection.h"
#include "kind.h"

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
	int r;

	if (!device->stopped)
		return 0;
	device->stopped = false;
	broker_changed(device, CONTROL_RESUMED);
	broker_alarm_begin(); /* a ring may need a front-end that cannot be asked any more */
	r = session_settle_all(&device->session);
	broker_alarm_end();
	return r;
}

/* It outlives every front-end. */
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
					  .all_rings = 2 * args->pairs + kind->idle_rings,
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

bool broker_device_has_mac(const struct broker_device *device)
{
	static const uint8_t none[sizeof(device->mac)];

	return memcmp(device->mac, none, sizeof(none)) != 0;
}

int broker_device_set_link(struct broker_device *device, bool up)
{
	if (device->kind->set_link)
		return device->kind->set_link(device, up);
	return session_fail(&device->session, -EOPNOTSUPP, "a %s device has no link",
			    device->kind->name);
}
