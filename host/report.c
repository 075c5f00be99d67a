/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The devices that were set up, as a vhost-report document.  No system call.
 */
#include <stdlib.h>
#include <string.h>

#include "document.h"
#include "plan.h"

/* "3:4:5" */
static char *fd_list(int first, uint64_t count)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	for (uint64_t i = 0; out && i < count; i++)
		fprintf(out, "%s%llu", i ? ":" : "", (unsigned long long)first + i);
	return host_close_text(out, &text);
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
	device->tap_fds = fd_list(view->first_tap_fd, device->queue_pairs);
	return device->tap_fds && copy(&device->tap, run->name) &&
	       (!netns || copy(&device->netns, netns));
}

static bool fill_device(const struct host_device_run *run, const struct host_view *view,
			struct host_report_device *device)
{
	device->vhost = view->result.vhost;
	device->cid = view->result.cid;
	if (view->tap_fds && !fill_tap(run, view, device))
		return false;
	if (view->vhost_fds)
		device->vhost_fds = fd_list(view->first_vhost_fd, (uint64_t)view->vhost_fds);
	return copy(&device->device, view->device->id) && (device->vhost_fds || !view->vhost_fds) &&
	       (!run->fell_back || copy(&device->why, run->why));
}

struct json_object *host_run_report(const struct host_run *run)
{
	const struct host_setup *setup = run->plan->setup;
	struct host_report report = { 0 };
	struct json_object *tree = NULL;
	struct host_report_device *devices;
	bool ok;

	devices = calloc(setup->devices.count, sizeof(*devices));
	report.devices = (struct doc_list){ devices, devices ? setup->devices.count : 0 };
	report.command = strdup("setup");
	report.name = setup->name ? strdup(setup->name) : NULL;
	ok = devices && report.command && (report.name || !setup->name) &&
	     host_copy_texts(run->launch->argv, &report.launcher) == 0;
	for (size_t i = 0; ok && i < setup->devices.count; i++)
		ok = fill_device(&run->devices[i], &run->launch->views[i], &devices[i]);
	if (ok)
		tree = doc_write(&host_report_table, &report);
	doc_clear(&host_report_table, &report);
	return tree;
}
