/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The devices that were set up, as a vhost-report document.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "document.h"
#include "kind.h"
#include "ops/plan.h"

static bool fill_fds(struct doc_list *list, int first, int count)
{
	uint64_t *fds = calloc((size_t)count, sizeof(*fds));

	if (!fds)
		return false;
	for (int i = 0; i < count; i++)
		fds[i] = (uint64_t)(first + i);
	*list = (struct doc_list){ fds, (size_t)count };
	return true;
}

static bool copy(char **to, const char *text)
{
	*to = strdup(text);
	return *to;
}

static bool fill_tap(const struct host_device_run *run, const struct host_view *view,
		     struct host_report_device *device)
{
	const char *netns = view->device->tap.netns;

	device->queue_pairs = view->device->queue_pairs;
	return copy(&device->tap, run->name) && (!netns || copy(&device->netns, netns));
}

static bool fill_served(const struct host_device *config, struct host_report_device *device)
{
	return copy(&device->socket, config->socket.path) &&
	       (!config->tap.mac || copy(&device->mac, config->tap.mac));
}

static bool fill_numbers(const struct host_view *view, struct host_report_device *device)
{
	return (!view->tap_fds || fill_fds(&device->tap_fds, view->first_tap_fd, view->tap_fds)) &&
	       (!view->vhost_fds ||
		fill_fds(&device->vhost_fds, view->first_vhost_fd, view->vhost_fds));
}

static bool fill_device(const struct host_device_run *run, const struct host_view *view,
			struct host_report_device *device)
{
	device->vhost = view->result.vhost;
	device->cid = view->result.cid;
	if (host_kind_of(view->device)->tap && !fill_tap(run, view, device))
		return false;
	if (host_is_served(view->device) && !fill_served(view->device, device))
		return false;
	return copy(&device->device, view->device->id) &&
	       (!run->fell_back || copy(&device->why, run->why));
}

/* A QEMU that was running numbers the fds by itself. */
struct json_object *host_run_report(const struct host_run *run, const char *command)
{
	bool running = run->plan->options->qmp;
	const struct host_setup *setup = run->plan->setup;
	struct host_report report = { 0 };
	struct json_object *tree = NULL;
	struct host_report_device *devices;
	bool ok;

	devices = calloc(setup->devices.count, sizeof(*devices));
	report.devices = (struct doc_list){ devices, devices ? setup->devices.count : 0 };
	report.command = strdup(command);
	report.name = setup->name ? strdup(setup->name) : NULL;
	report.pid = run->plan->options->serve ? (uint64_t)getpid() : 0;
	ok = devices && report.command && (report.name || !setup->name) &&
	     (!run->launch->argv || host_copy_texts(run->launch->argv, &report.launcher) == 0);
	for (size_t i = 0; ok && i < setup->devices.count; i++) {
		ok = fill_device(&run->devices[i], &run->launch->views[i], &devices[i]);
		if (ok && !running)
			ok = fill_numbers(&run->launch->views[i], &devices[i]);
	}
	if (ok)
		tree = doc_write(running ? &host_attach_table : &host_report_table, &report);
	doc_clear(&host_report_table, &report);
	return tree;
}
