/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Asks brokers by their control sockets.
 */
#include "device/brokers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "errname.h"
#include "host.h"

/* Bits that a launcher sends, and that are between it and the broker. */
#define PRIVATE (UINT64_C(1) << 26 | UINT64_C(1) << 30)

static bool ask(struct cli_call *call, const struct host_broker *from, struct cli_broker *to)
{
	char text[CONTROL_TEXT_MAX];
	int r = from->fd;

	snprintf(to->name, sizeof(to->name), "%s", from->name);
	to->pid = from->pid;
	to->stream = (struct control_stream){ .fd = r, .limits = &control_client_limits };
	if (r < 0)
		doc_errno(text, r);
	else
		r = control_ask(&to->stream, CONTROL_LIST, NULL, &to->list, text);
	if (r >= 0)
		return true;
	cli_warn(call, "broker \"%s\" is left out: %s", from->name, text);
	control_stream_close(&to->stream);
	return false;
}

void cli_brokers_ask(struct cli_call *call, struct cli_brokers *ret)
{
	struct host_brokers found;
	char number[DOC_ERRNO_MAX];
	int r = host_brokers_connect(&found);

	*ret = (struct cli_brokers){ NULL, 0 };
	if (r && r != -EACCES) /* root's: it has none of this user */
		cli_warn(call, "brokers are left out: their folder: %s", doc_errno(number, r));
	if (r)
		return;
	ret->items = cli_need(calloc(found.count + 1, sizeof(*ret->items)));
	for (size_t i = 0; i < found.count; i++) {
		ret->count += ask(call, &found.items[i], &ret->items[ret->count]);
		found.items[i].fd = -1; /* the stream has it */
	}
	host_brokers_clear(&found);
}

void cli_brokers_clear(struct cli_brokers *brokers)
{
	for (size_t i = 0; i < brokers->count; i++) {
		doc_clear(&control_list_table, &brokers->items[i].list);
		control_stream_close(&brokers->items[i].stream);
	}
	free(brokers->items);
	*brokers = (struct cli_brokers){ NULL, 0 };
}

static const struct control_device *device_at(const struct cli_broker *broker, size_t n)
{
	return (const struct control_device *)broker->list.devices.items + n;
}

pid_t cli_brokers_owner(const struct cli_brokers *brokers, pid_t pid)
{
	for (size_t i = 0; pid && i < brokers->count; i++)
		for (size_t n = 0; n < brokers->items[i].list.devices.count; n++) {
			const struct control_launcher *launcher =
				device_at(&brokers->items[i], n)->launcher;

			if (launcher && launcher->pid == (uint64_t)pid)
				return brokers->items[i].pid;
		}
	return pid;
}

/* Is it this device of this broker, as it is seen from outside? */
static bool is_seen(const struct cli_broker *broker, const struct control_device *device,
		    const struct look_device *seen)
{
	if (broker->pid != seen->pid)
		return false;
	if (device->guest_cid)
		return seen->kind == LOOK_VSOCK && seen->guest_cid == device->guest_cid;
	return device->link && !strcmp(device->link, seen->link.name);
}

struct cli_served cli_brokers_find(const struct cli_brokers *brokers,
				   const struct look_device *device)
{
	for (size_t i = 0; i < brokers->count; i++)
		for (size_t n = 0; n < brokers->items[i].list.devices.count; n++)
			if (is_seen(&brokers->items[i], device_at(&brokers->items[i], n), device))
				return (struct cli_served){ &brokers->items[i],
							    device_at(&brokers->items[i], n) };
	return (struct cli_served){ NULL, NULL };
}

/* ----------------------------------------------------------------------------------------- joining */

static struct look_device *find_in(const struct look_reading *reading,
				   const struct cli_broker *broker,
				   const struct control_device *device)
{
	for (size_t i = 0; i < reading->count; i++)
		if (is_seen(broker, device, &reading->devices[i]))
			return &reading->devices[i];
	return NULL;
}

/* As it is from outside, where nothing is seen of it. */
static struct look_device *add_to(struct look_reading *reading, const struct cli_broker *broker,
				  const struct control_device *device)
{
	struct look_device *added;

	reading->devices = cli_need(
		realloc(reading->devices, (reading->count + 1) * sizeof(*reading->devices)));
	added = &reading->devices[reading->count++];
	*added = (struct look_device){
		.kind = device->guest_cid ? LOOK_VSOCK : LOOK_NET,
		.known = LOOK_OWNER | (device->guest_cid ? LOOK_CID : LOOK_LINK | LOOK_PAIRS),
		.guest_cid = device->guest_cid,
		.pid = broker->pid,
		.comm = "vhostctl-broker",
		.fd_count = device->queue_pairs,
		.log.eventfd = LOOK_NO_ID
	};
	if (device->link)
		snprintf(added->link.name, sizeof(added->link.name), "%s", device->link);
	added->fds = cli_need(calloc(device->queue_pairs, sizeof(*added->fds)));
	for (size_t i = 0; i < added->fd_count; i++)
		added->fds[i] = (struct look_fd){ .fd = -1, .queue = LOOK_NO_RING, .holders = 1 };
	return added;
}

static void join(struct look_device *device, const struct control_launcher *launcher)
{
	if (!launcher)
		return;
	device->known |= LOOK_FEATURES;
	device->vhost_features[0] |= launcher->features & ~PRIVATE;
}

void cli_brokers_join(const struct cli_brokers *brokers, pid_t pid, struct look_reading *reading)
{
	for (size_t i = 0; i < brokers->count; i++) {
		const struct cli_broker *broker = &brokers->items[i];

		for (size_t n = 0; n < broker->list.devices.count; n++) {
			const struct control_device *device = device_at(broker, n);
			struct look_device *seen;

			if (pid && pid != broker->pid)
				continue;
			seen = find_in(reading, broker, device);
			join(seen ? seen : add_to(reading, broker, device), device->launcher);
		}
	}
}
