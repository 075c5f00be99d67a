/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * broker - all devices, and the loop that serves them.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include "clients.h"
#include "connection.h"
#include "device.h"
#include "require.h"

/* Front-ends give a few for each ring; what they use up is missing to the others. */
static void raise_fd_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

int broker_new(struct vhc_ctx *ctx, const struct broker_options *options, struct broker **ret)
{
	struct broker *broker = calloc(1, sizeof(*broker));

	if (!broker)
		return -ENOMEM;
	broker->ctx = ctx;
	broker->options = *options;
	if (!broker->options.timeout)
		broker->options.timeout = WIRE_TIMEOUT;
	broker->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (broker->epoll < 0) {
		int r = -errno;

		free(broker);
		return r;
	}
	raise_fd_limit();
	*ret = broker;
	return 0;
}

int broker_add(struct broker *broker, const struct broker_args *args)
{
	struct broker_device **devices;
	int r;

	devices = reallocarray(broker->devices, broker->count + 1, sizeof(struct broker_device *));
	if (!devices)
		return -ENOMEM;
	broker->devices = devices;
	r = broker_device_new(broker, args, &devices[broker->count]);
	if (!r)
		broker->count++;
	return r;
}

int broker_require(const struct broker *broker, uint32_t index, const struct vhc_features *require,
		   char text[BROKER_TEXT_MAX], const char **ret_hint)
{
	return broker_device_require(broker->devices[index], require, text, ret_hint);
}

int broker_open(struct broker *broker, uint32_t index, int listen)
{
	return broker_device_listen(broker->devices[index], listen);
}

/* How long until the first message is overdue, or a socket has rested; -1: for ever. */
static int find_deadline(const struct broker *broker)
{
	int first = broker_control_left(broker->control);

	for (uint32_t i = 0; i < broker->count; i++) {
		const struct broker_device *device = broker->devices[i];

		first = broker_sooner(first, broker_listener_left(&device->listen));
		first = broker_sooner(first,
				      wire_left(&device->session.reader, broker->options.timeout));
	}
	return first;
}

static void end_overdue(struct broker *broker)
{
	for (uint32_t i = 0; i < broker->count; i++) {
		struct session *session = &broker->devices[i]->session;

		broker_listener_wake(&broker->devices[i]->listen);
		if (wire_left(&session->reader, broker->options.timeout) == 0)
			session_ready(session);
	}
	broker_control_end_overdue(broker->control);
}

static void end(void *data)
{
	*(bool *)data = true;
}

int broker_run(struct broker *broker, int until)
{
	struct broker_watch watch;
	bool ended = false;
	int r = broker_watch(broker->epoll, &watch, until, end, &ended);

	if (r)
		return r;
	while (!r && !ended) {
		r = broker_wait(broker->epoll, find_deadline(broker));
		end_overdue(broker);
	}
	broker_unwatch(broker->epoll, &watch);
	return r;
}

void broker_free(struct broker *broker)
{
	if (!broker)
		return;
	broker_control_free(broker->control);
	broker->control = NULL;
	for (uint32_t i = 0; i < broker->count; i++)
		broker_device_free(broker->devices[i]);
	free(broker->devices);
	close(broker->epoll);
	free(broker);
}
