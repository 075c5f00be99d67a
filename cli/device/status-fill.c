/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Fills the report of 'vhostctl status'.
 */
#include <stdlib.h>

#include "device/status-report.h"

#define BITS 256u

/* What the lists of one report need. */
struct room {
	struct feature_row features[BITS];
	char names[BITS][12];
	const char *unknown[BITS];
	char unknown_names[BITS][12];
	struct fd_row *fds;
	struct ring_row *rings;
	struct address_row *addresses;
	struct eventfd_row *eventfds;
	struct worker_row *workers;
};

static const char *origin_of(const struct vhc_feature *feature)
{
	static const char *const names[] = {
		[VHC_ORIGIN_VHOST] = "vhost",
		[VHC_ORIGIN_TAP] = "tap",
		[VHC_ORIGIN_VHOST | VHC_ORIGIN_TAP] = "vhost+tap",
		[VHC_ORIGIN_MODEL] = "model",
	};

	return feature && feature->origin < DOC_COUNT(names) && names[feature->origin]
		       ? names[feature->origin]
		       : "";
}

static const char *name_of(const struct vhc_feature *feature, unsigned int bit, char buf[12])
{
	if (feature)
		return feature->name;
	snprintf(buf, 12, "bit %u", bit);
	return buf;
}

static void fill_features(const struct look_device *device, struct status_report *report,
			  struct room *room)
{
	struct vhc_features set, unknown;

	report->features.items = room->features;
	report->unknown.items = room->unknown;
	if (!(device->known & (LOOK_FEATURES | LOOK_ACCEPTED)))
		return;
	cli_device_features(device, &set, &unknown);
	for (unsigned int bit = 0; bit < BITS; bit++) {
		const struct vhc_feature *feature = vhc_feature_get(cli_device_type(device), bit);

		if (vhc_features_has(&set, bit))
			room->features[report->features.count++] =
				(struct feature_row){ bit, name_of(feature, bit, room->names[bit]),
						      origin_of(feature) };
		if (vhc_features_has(&unknown, bit))
			room->unknown[report->unknown.count++] =
				name_of(feature, bit, room->unknown_names[bit]);
	}
}

static uint64_t if_known(const struct look_device *device, uint32_t field, uint64_t value)
{
	return (device->known & field) == field ? value : STATUS_UNKNOWN;
}

static uint32_t maybe(bool known, bool value)
{
	return !known ? DOC_ABSENT : value ? DOC_TRUE : DOC_FALSE;
}

static void fill_fds(const struct look_device *device, struct status_report *report,
		     struct room *room)
{
	report->fds = (struct doc_list){ room->fds, 0 };
	for (size_t i = 0; i < device->fd_count; i++) {
		const struct look_fd *fd = &device->fds[i];

		if (fd->fd < 0)
			continue; /* not known */
		room->fds[report->fds.count++] = (struct fd_row){
			.fd = (uint64_t)fd->fd,
			.queue = fd->queue == LOOK_NO_RING ? STATUS_UNKNOWN : fd->queue,
			.holders = fd->holders,
			.detached = fd->detached ? DOC_TRUE : DOC_ABSENT,
		};
	}
}

static uint64_t moved(const struct look_device *before, const struct look_ring *ring)
{
	for (size_t i = 0; before && i < before->ring_count; i++)
		if (before->rings[i].index == ring->index)
			return (uint16_t)(ring->last_avail - before->rings[i].last_avail);
	return STATUS_UNKNOWN;
}

static void add_addresses(const struct look_ring *ring, struct status_report *report,
			  struct room *room)
{
	const uint64_t none = STATUS_UNKNOWN;

	if (!ring->desc)
		return;
	room->addresses[report->addresses.count++] = (struct address_row){
		.index = ring->index,
		.desc = ring->desc,
		.avail = ring->avail,
		.used = ring->used,
		.guest_desc = ring->translated ? ring->guest_desc : none,
		.guest_avail = ring->translated ? ring->guest_avail : none,
		.guest_used = ring->translated ? ring->guest_used : none,
	};
}

static void fill_rings(const struct look_device *device, const struct look_device *before,
		       struct status_report *report, struct room *room)
{
	report->rings = (struct doc_list){ room->rings, device->ring_count };
	report->addresses.items = room->addresses;
	report->eventfds.items = room->eventfds;
	for (size_t i = 0; i < device->ring_count; i++) {
		const struct look_ring *ring = &device->rings[i];

		room->rings[i] = (struct ring_row){
			.index = ring->index,
			.size = ring->size,
			.running = maybe(device->known & LOOK_RUNNING, ring->running),
			.base = if_known(device, LOOK_BASES, ring->last_avail),
			.used = if_known(device, LOOK_INDICES, ring->last_used),
			.avail = if_known(device, LOOK_INDICES, ring->avail_index),
			.moved = if_known(device, LOOK_BASES, moved(before, ring)),
			.busyloop_us = if_known(device, LOOK_BUSYLOOP, ring->busyloop_us),
			.worker = (uint64_t)ring->worker,
		};
		add_addresses(ring, report, room);
		if (device->known & LOOK_EVENTFDS)
			room->eventfds[report->eventfds.count++] =
				(struct eventfd_row){ ring->index, ring->kick,	ring->call,
						      ring->err,   ring->kicks, ring->calls };
	}
}

static void fill_workers(const struct look_device *device, struct status_report *report,
			 struct room *room)
{
	report->workers = (struct doc_list){ room->workers, device->worker_count };
	for (size_t i = 0; i < device->worker_count; i++) {
		const struct look_worker *worker = &device->workers[i];

		room->workers[i] =
			(struct worker_row){ (uint64_t)worker->pid, worker->name, worker->cpu_ms,
					     worker->cpus, worker->last_cpu };
	}
}

static struct status_report base_of(const struct look_device *device)
{
	const struct look_link *link = &device->link;
	const uint64_t none = STATUS_UNKNOWN;

	return (struct status_report){
		.command = "status",
		.type = look_kind_name(device->kind),
		.pid = (uint64_t)device->pid,
		.name = device->comm,
		.owned = maybe(device->known & LOOK_RINGS, device->owned),
		.owner = maybe(device->owned, device->known & LOOK_OWNER),
		.link = link->name[0] ? link->name : NULL,
		.link_index = link->index ? link->index : none,
		.link_mtu = link->index ? link->mtu : none,
		.netns = link->netns ? link->netns : none,
		.queue_pairs = device->kind == LOOK_NET
				       ? if_known(device, LOOK_PAIRS, device->fd_count)
				       : none,
		.running = maybe(device->known & LOOK_RUNNING, look_is_running(device)),
		.steady = maybe(device->unsteady, false),
		.guest_cid = if_known(device, LOOK_CID, device->guest_cid),
		.header_bytes = if_known(device, LOOK_HEADER, device->header_bytes),
		.backend_features =
			if_known(device, LOOK_BACKEND_FEATURES, device->backend_features),
		.iommu = maybe(device->known & LOOK_IOMMU, device->iommu),
		.iotlb_entries = device->iommu ? device->iotlb_entries : none,
		.iotlb_limit = device->iommu ? device->iotlb_limit : none,
		.log = maybe(device->known & LOOK_LOG, device->log.on),
		.log_addr = device->log.addr ? device->log.addr : none,
		.log_eventfd = if_known(device, LOOK_LOG, device->log.eventfd),
		.memory = { device->memory, device->memory_count },
		.launcher = none,
		.user = none,
		.sent_features = none,
		.protocol_features = none,
		.driver_status = none,
		.ring_errors = none,
	};
}

static void free_room(struct room *room)
{
	free(room->fds);
	free(room->rings);
	free(room->addresses);
	free(room->eventfds);
	free(room->workers);
	free(room);
}

static struct room *new_room(const struct look_device *device)
{
	struct room *room = calloc(1, sizeof(*room));

	if (!room)
		return NULL;
	room->fds = calloc(device->fd_count + 1, sizeof(*room->fds));
	room->rings = calloc(device->ring_count + 1, sizeof(*room->rings));
	room->addresses = calloc(device->ring_count + 1, sizeof(*room->addresses));
	room->eventfds = calloc(device->ring_count + 1, sizeof(*room->eventfds));
	room->workers = calloc(device->worker_count + 1, sizeof(*room->workers));
	if (room->fds && room->rings && room->addresses && room->eventfds && room->workers)
		return room;
	free_room(room);
	return NULL;
}

static void fill_launcher(const struct control_launcher *launcher, struct status_report *report)
{
	report->launcher = launcher->pid;
	report->user = launcher->uid;
	report->sent_features = launcher->features;
	report->protocol_features = launcher->protocol_features;
	report->driver_status = launcher->status;
}

static void fill_served(const struct control_status *status, const struct cli_broker *broker,
			struct status_report *report)
{
	report->broker = broker->name;
	report->id = status->device.id;
	report->running = maybe(true, status->device.running);
	report->link_up = maybe(true, status->device.link_up);
	report->stopped = maybe(true, status->device.stopped);
	report->ring_errors = status->device.ring_errors;
	if (status->device.launcher)
		fill_launcher(status->device.launcher, report);
	report->served_rings = status->rings;
}

/* What the broker says now; zero: it is none, or says nothing. */
static struct control_status ask(const struct cli_call *call, const struct cli_served *served)
{
	struct control_status status = { .rings.count = 0 };
	char text[CONTROL_TEXT_MAX];

	if (!served || !served->device)
		return status;
	if (control_ask(&served->broker->stream, CONTROL_STATUS,
			&(struct control_target){ served->device->id }, &status, text)) {
		cli_warn(call, "broker \"%s\" is left out: %s", served->broker->name, text);
		status = (struct control_status){ .rings.count = 0 };
	}
	return status;
}

int cli_device_report(struct cli_call *call, const struct look_device *device,
		      const struct look_device *before, const struct cli_served *served)
{
	struct status_report report = base_of(device);
	struct control_status status = ask(call, served);
	struct room *room = cli_need(new_room(device));

	if (status.device.id)
		fill_served(&status, served->broker, &report);
	fill_features(device, &report, room);
	fill_fds(device, &report, room);
	fill_rings(device, before, &report, room);
	fill_workers(device, &report, room);
	cli_write(call, &cli_status_table, &report);
	doc_clear(&control_status_table, &status);
	free_room(room);
	return CLI_YES;
}
