/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * report - a device as the control socket tells it.
 */
#include <stdlib.h>
#include <unistd.h>

#include "kind.h"
#include "manage.h"

/* A number in JSON that every reader has without loss. */
static uint64_t count_memory(const struct session *session)
{
	const uint64_t most = UINT64_C(1) << 53;
	uint64_t bytes = 0;

	for (uint32_t i = 0; i < session->regions && bytes < most; i++) {
		uint64_t size = session->region[i].at.size;

		bytes += size < most ? size : most;
	}
	return bytes < most ? bytes : most;
}

static struct control_launcher report_launcher(const struct session *session)
{
	return (struct control_launcher){
		.pid = (uint64_t)session->pid,
		.uid = session->uid,
		.features = session->features,
		.protocol_features = session->protocol,
		.status = session->status,
		.regions = session->regions,
		.memory = count_memory(session),
		.log = session->log,
	};
}

const struct control_device *broker_report_device(const struct broker_device *device,
						  struct broker_report *ret)
{
	const struct session *session = &device->session;
	const char *link = device->tap ? vhc_tap_get_name(device->tap) : NULL;

	doc_mac_format(device->mac, ret->mac);
	ret->launcher = report_launcher(session);
	ret->device = (struct control_device){
		.id = (char *)(uintptr_t)device->id,
		.type = (char *)(uintptr_t)device->kind->name,
		.link = (char *)(uintptr_t)link,
		.queue_pairs = device->pairs,
		.offered = device->offered,
		.mac = broker_device_has_mac(device) ? ret->mac : NULL,
		.mtu = device->mtu,
		.guest_cid = device->cid,
		.link_up = !device->link_down,
		.stopped = device->stopped,
		.running = device->running,
		.ring_errors = device->ring_errors,
		.launcher = session->watch.fd >= 0 ? &ret->launcher : NULL,
	};
	return &ret->device;
}

struct json_object *broker_report_list(const struct broker *broker)
{
	struct broker_report *reports = calloc(broker->count + 1, sizeof(*reports));
	struct control_device *devices = calloc(broker->count + 1, sizeof(*devices));
	struct control_list list = { .pid = (uint64_t)getpid(),
				     .name = (char *)(uintptr_t)broker->options.name,
				     .devices = { devices, broker->count } };
	struct json_object *tree = NULL;

	for (uint32_t i = 0; reports && devices && i < broker->count; i++)
		devices[i] = *broker_report_device(broker->devices[i], &reports[i]);
	if (reports && devices)
		tree = doc_write(&control_list_table, &list);
	free(reports);
	free(devices);
	return tree;
}

struct json_object *broker_report_status(const struct broker_device *device)
{
	struct control_ring *rings = calloc(device->rings, sizeof(*rings));
	struct control_status status = { .rings = { rings, device->rings } };
	struct broker_report report;
	struct json_object *tree;

	if (!rings)
		return NULL;
	for (uint32_t i = 0; i < device->rings; i++) {
		const struct session_ring *ring = &device->session.ring[i];

		rings[i] = (struct control_ring){ .index = i,
						  .enabled = ring->enabled,
						  .running = ring->runs,
						  .relayed = ring->call >= 0,
						  .errors = ring->errors };
	}
	status.device = *broker_report_device(device, &report);
	tree = doc_write(&control_status_table, &status);
	free(rings);
	return tree;
}

struct json_object *broker_report_change(const struct broker_device *device,
					 enum control_event event)
{
	struct control_change change = { .event = event };
	struct broker_report report;

	change.device = *broker_report_device(device, &report);
	return doc_write(&control_change_table, &change);
}
