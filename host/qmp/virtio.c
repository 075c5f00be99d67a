/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One virtio device of a running QEMU: its status, its queues, and what its model was given.
 *
 * The queues of a device behind vhost-user are not asked for: QEMU would send the message that stops a
 * queue.  In the kernel the same request changes nothing.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "qmp/qmp-line.h"
#include "qmp/virtio.h"

#define VSOCK_RINGS 2u	  /* QEMU itself runs the third, of events */
#define MAX_QUEUES  1024u /* of a virtio device of QEMU */

/* ----------------------------------------------------------------------------------- asking QEMU */

/* @queue: -1: none. */
static int ask(const struct host_asked *asked, const char *command, int queue,
	       struct host_answer *ret)
{
	struct json_object *arguments = json_object_new_object();
	int r;

	if (!arguments)
		return host_fail_memory(asked->err);
	json_object_object_add(arguments, "path", json_object_new_string(asked->path));
	if (queue >= 0)
		json_object_object_add(arguments, "queue", json_object_new_int(queue));
	*ret = (struct host_answer){ asked->qmp, command, NULL, asked->err };
	r = host_qmp_execute(asked->qmp, command, arguments, -1, &ret->object, asked->err);
	return r;
}

/* @ret: NULL: the device has no such property. */
static int get_property(const struct host_asked *asked, const char *property,
			struct json_object **ret)
{
	struct json_object *arguments = json_object_new_object();
	int r;

	*ret = NULL;
	if (!arguments)
		return host_fail_memory(asked->err);
	json_object_object_add(arguments, "path", json_object_new_string(asked->parent));
	json_object_object_add(arguments, "property", json_object_new_string(property));
	r = host_qmp_execute(asked->qmp, "qom-get", arguments, -1, ret, asked->err);
	return r == -EREMOTEIO || r == -ENODEV ? 0 : r;
}

static int get_number(const struct host_asked *asked, const char *property, uint64_t *ret)
{
	struct json_object *value;
	int r = get_property(asked, property, &value);

	if (json_object_is_type(value, json_type_int) && json_object_get_int64(value) >= 0)
		*ret = json_object_get_uint64(value);
	json_object_put(value);
	return r;
}

/* ----------------------------------------------------------------------------------------- status */

static void forget_private(struct vhc_features *set)
{
	vhc_features_remove(set, HOST_QEMU_LOG_ALL);
	vhc_features_remove(set, HOST_QEMU_PROTOCOL_FEATURES);
}

static int read_vhost(const struct host_asked *asked, const struct host_answer *status)
{
	struct look_device *look = &asked->device->look;
	struct vhc_features has, acked;
	struct host_answer vhost;
	int r = host_answer_object(status, "vhost-dev", &vhost);

	if (r == 0)
		r = host_answer_features(&vhost, "features", asked->ctx, asked->type, &has);
	if (r == 0)
		r = host_answer_features(&vhost, "acked-features", asked->ctx, asked->type, &acked);
	if (r == 0)
		r = host_answer_number(&vhost, "backend-cap", UINT64_MAX, &look->backend_features);
	if (r == 0)
		r = host_answer_bool(&vhost, "log-enabled", &look->log.on);
	if (r < 0)
		return r;
	if (vhc_features_has(&has, HOST_QEMU_PROTOCOL_FEATURES))
		return host_fail_status(
			asked->err, HOST_LACKS, -ENOTSUP, NULL,
			"%s: the device \"%s\" is not in the kernel: vhost-user runs it",
			host_qmp_path(asked->qmp), asked->device->id);
	forget_private(&acked);
	vhc_features_remove(&acked, 27); /* to vhost-net it is the header */
	memcpy(look->vhost_features, acked.w, sizeof(acked.w));
	look->known |= LOOK_FEATURES | LOOK_BACKEND_FEATURES;
	return 0;
}

/* How many queue pairs: those that a driver without MQ has taken away show only as the property. */
static int read_pairs(const struct host_asked *asked, const struct host_answer *status, size_t *ret)
{
	struct look_device *look = &asked->device->look;
	bool multi = look->accepted[0] & (UINT64_C(1) << 22 | UINT64_C(1) << 60);
	struct json_object *mq = NULL;
	uint64_t queues = 0;
	int r = host_answer_number(status, "num-vqs", MAX_QUEUES, &queues);

	if (r == 0 && queues < 2)
		r = host_answer_fail(status, "num-vqs");
	*ret = look->kind == LOOK_VSOCK ? 1 : (size_t)queues / 2;
	if (r == 0 && look->kind == LOOK_NET && !multi)
		r = get_property(asked, "mq", &mq);
	if (r == 0 &&
	    (look->kind == LOOK_VSOCK || *ret > 1 || multi || (mq && !json_object_get_boolean(mq))))
		look->known |= LOOK_PAIRS;
	json_object_put(mq);
	return r;
}

/*
 * How many queue pairs a device has whose driver does not use several, or is not there yet: of these only
 * the monitor for people tells.  "net0: index=0,type=nic,..." is a line for each.
 */
static int count_pairs(const struct host_asked *asked)
{
	struct json_object *arguments = json_object_new_object(), *text = NULL;
	char start[HOST_QEMU_ID + 8];
	int r;

	if (!arguments)
		return host_fail_memory(asked->err);
	json_object_object_add(arguments, "command-line", json_object_new_string("info network"));
	r = host_qmp_execute(asked->qmp, "human-monitor-command", arguments, -1, &text, asked->err);
	snprintf(start, sizeof(start), "%s: index=", asked->device->id);
	for (const char *line = json_object_is_type(text, json_type_string)
					? json_object_get_string(text)
					: NULL;
	     line && *line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL)
		asked->device->pairs += strncmp(line, start, strlen(start)) == 0;
	json_object_put(text);
	return r == -EREMOTEIO || r == -ENOTTY ? 0 : r;
}

static int read_status(struct host_asked *asked, const struct host_answer *status, size_t *pairs)
{
	struct look_device *look = &asked->device->look;
	struct vhc_features accepted, offered;
	int r = host_answer_bool(status, "started", &asked->started);

	if (r == 0)
		r = host_answer_bool(status, "vm-running", &asked->vm_running);
	if (r == 0)
		r = host_answer_bool(status, "vhost-started", &asked->by_vhost);
	if (r == 0)
		r = host_answer_features(status, "guest-features", asked->ctx, asked->type,
					 &accepted);
	if (r == 0)
		r = host_answer_features(status, "host-features", asked->ctx, asked->type,
					 &offered);
	if (r < 0)
		return r;
	forget_private(&accepted);
	forget_private(&offered);
	memcpy(asked->device->offered, offered.w, sizeof(offered.w));
	memcpy(look->accepted, accepted.w, sizeof(accepted.w));
	look->iommu = vhc_features_has(&accepted, 33);
	look->known |= LOOK_ACCEPTED | LOOK_IOMMU | LOOK_RUNNING | LOOK_RINGS;
	r = read_pairs(asked, status, pairs);
	if (r == 0 && asked->by_vhost)
		return read_vhost(asked, status);
	if (r < 0 || !asked->started || !asked->vm_running)
		return r;
	return host_fail_status(
		asked->err, HOST_LACKS, -ENOTSUP, "start QEMU with vhost=on for its netdev",
		"%s: vhost does not run the device \"%s\": QEMU does so itself, or its link is down",
		host_qmp_path(asked->qmp), asked->device->id);
}

/* ------------------------------------------------------------------------------------------ rings */

static int read_ring(const struct host_asked *asked, uint32_t index, struct look_ring *ring)
{
	struct host_answer queue;
	uint64_t size = 0, base = 0;
	int r = ask(asked, "x-query-virtio-queue-status", (int)index, &queue);

	if (r == 0)
		r = host_answer_number(&queue, "vring-num", 32768, &size);
	if (r == 0)
		r = host_answer_number(&queue, "vring-desc", UINT64_MAX, &ring->guest_desc);
	if (r == 0)
		r = host_answer_number(&queue, "vring-avail", UINT64_MAX, &ring->guest_avail);
	if (r == 0)
		r = host_answer_number(&queue, "vring-used", UINT64_MAX, &ring->guest_used);
	/* while vhost runs it, 0 or nothing is said */
	if (r == 0 && !asked->vm_running)
		r = host_answer_number(&queue, "last-avail-idx", UINT16_MAX, &base);
	json_object_put(queue.object);
	ring->index = index;
	ring->size = (uint32_t)size;
	ring->last_avail = (uint16_t)base;
	ring->translated = ring->guest_desc != 0;
	ring->running = asked->by_vhost;
	ring->kick = ring->call = ring->err = LOOK_NO_ID;
	return r;
}

static int read_rings(const struct host_asked *asked, size_t pairs)
{
	struct look_device *look = &asked->device->look;
	size_t count = 2 * pairs;
	int r = 0;

	look->rings = calloc(count, sizeof(*look->rings));
	look->fds = calloc(pairs, sizeof(*look->fds));
	if (!look->rings || !look->fds)
		return host_fail_memory(asked->err);
	look->ring_count = count;
	look->fd_count = pairs;
	for (size_t i = 0; i < pairs; i++)
		look->fds[i] = (struct look_fd){ .fd = -1, .queue = LOOK_NO_RING, .holders = 1 };
	for (uint32_t i = 0; i < count && r == 0; i++)
		r = read_ring(asked, i, &look->rings[i]);
	if (!asked->vm_running)
		look->known |= LOOK_BASES;
	return r;
}

/* -------------------------------------------------------------------------------------- one device */

static int read_model(const struct host_asked *asked)
{
	struct host_qemu_device *device = asked->device;
	struct json_object *text = NULL;
	uint64_t mtu = 0;
	uint8_t mac[6];
	int r;

	if (device->look.kind == LOOK_VSOCK) {
		r = get_number(asked, "guest-cid", &device->look.guest_cid);
		device->look.known |= device->look.guest_cid ? LOOK_CID : 0;
		return r;
	}
	r = get_property(asked, "mac", &text);
	if (json_object_is_type(text, json_type_string) &&
	    doc_mac_parse(json_object_get_string(text), mac))
		doc_mac_format(mac, device->mac);
	json_object_put(text);
	text = NULL;
	if (r == 0)
		r = get_number(asked, "host_mtu", &mtu);
	device->mtu = mtu <= UINT16_MAX ? (uint32_t)mtu : 0;
	if (r == 0)
		r = get_property(asked, "disable-legacy", &text);
	device->modern = json_object_is_type(text, json_type_string) &&
			 strcmp(json_object_get_string(text), "on") == 0;
	json_object_put(text);
	if (device->look.known & LOOK_PAIRS)
		device->pairs = (uint32_t)device->look.fd_count;
	else if (r == 0)
		r = count_pairs(asked);
	return r;
}

int host_asked_read(struct host_asked *asked)
{
	struct host_answer status;
	size_t pairs = 0;
	int r = ask(asked, "x-query-virtio-status", -1, &status);

	if (r == 0)
		r = read_status(asked, &status, &pairs);
	json_object_put(status.object);
	if (r == 0)
		r = read_rings(asked, pairs);
	return r < 0 ? r : read_model(asked);
}
