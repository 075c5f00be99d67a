/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The operations that give devices to a running QEMU, by its monitor.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "qmp/hotplug.h"
#include "kind.h"
#include "ops/op.h"
#include "launcher/qemu-json.h"
#include "qmp/qmp.h"

/* Before anything is done on the host. */
static int check_ids(struct host_run *run, struct host_error *err)
{
	const char *path = host_qmp_path(run->qmp);
	int r = 0;

	for (size_t i = 0; i < run->plan->setup->devices.count && r == 0; i++) {
		const char *id = host_device(run->plan->setup, i)->id;
		char hint[sizeof(err->hint)];

		r = host_hotplug_has(run->qmp, id, err);
		if (r <= 0)
			continue;
		snprintf(hint, sizeof(hint), "vhostctl detach %s --qmp %s", id, path);
		r = host_fail_status(err, HOST_FAILED, -EEXIST, hint,
				     "%s: QEMU has a device \"%s\" already", path, id);
	}
	return r;
}

int host_connect_qmp(struct host_run *run, const struct host_op *op, struct host_error *err)
{
	const struct host_options *options = run->plan->options;
	int r;

	/* it stays until the run is freed: what comes later is undone with it */
	r = host_qmp_open(options->qmp, options->seconds, &run->qmp, err);
	return r < 0 ? r : check_ids(run, err);
}

/* QEMU's text says what is wrong, and sometimes we know what to do. */
static void add_hint(const struct host_run *run, const struct host_op *op, int code,
		     struct host_error *err)
{
	const char *id = host_device(run->plan->setup, op->device)->id;
	bool late = code == -ETIMEDOUT, twice = strstr(err->text, "Duplicate");

	if (late || (code == -EREMOTEIO && twice))
		snprintf(err->hint, sizeof(err->hint), "%svhostctl detach %s --qmp %s",
			 late ? "QEMU may still do it; once it answers: " : "", id,
			 host_qmp_path(run->qmp));
}

/* ------------------------------------------------------------------------------------------- fds */

static int close_fd(struct host_run *run, const char *name, struct host_error *err)
{
	int r = host_qmp_execute_on(run->qmp, "closefd", "fdname", name, -1, err);

	/* netdev_add has taken it, even if it failed then */
	return r == -EREMOTEIO ? 0 : r;
}

/* QEMU has these no longer if it has ended. */
static int close_fds(struct host_run *run, const struct host_view *view, struct host_error *err)
{
	int r = 0;

	for (int n = 0; n < view->tap_fds + view->vhost_fds && r == 0; n++) {
		char name[HOST_FD_NAME_MAX];
		int fd = n < view->tap_fds ? view->first_tap_fd + n
					   : view->first_vhost_fd + n - view->tap_fds;

		r = close_fd(run, host_qemu_fd_name(view, fd, name), err);
	}
	return host_qmp_is_closed(run->qmp) ? 0 : r;
}

static int give_fd(struct host_run *run, const struct host_view *view, int number, int fd,
		   struct host_error *err)
{
	char name[HOST_FD_NAME_MAX];

	if (fd < 0)
		return host_fail_library(err, run->plan->options->ctx, fd);
	host_qemu_fd_name(view, number, name);
	return host_qmp_execute_on(run->qmp, "getfd", "fdname", name, fd, err);
}

int host_give_fds(struct host_run *run, const struct host_op *op, struct host_error *err)
{
	const struct host_device_run *device = host_run_of(run, op);
	const struct host_view *view;
	struct host_error second;
	int r = run->launch ? 0 : host_number_fds(run, err);

	if (r < 0)
		return r;
	view = &run->launch->views[op->device];
	for (int n = 0; n < view->tap_fds && r == 0; n++)
		r = give_fd(run, view, view->first_tap_fd + n,
			    vhc_tap_get_fd(device->tap, (uint32_t)n), err);
	for (int n = 0; n < view->vhost_fds && r == 0; n++)
		r = give_fd(run, view, view->first_vhost_fd + n,
			    vhc_dev_get_fd(device->vhost, (uint32_t)n), err);
	if (r < 0)
		close_fds(run, view, &second);
	return r < 0 ? r : 1;
}

int host_take_fds(struct host_run *run, const struct host_op *op, struct host_error *err)
{
	return close_fds(run, &run->launch->views[op->device], err);
}

/* ---------------------------------------------------------------------------------------- devices */

static const char no_port[] =
	"start QEMU with a free port for each device: -device pcie-root-port,id=port1";

int host_add_netdev(struct host_run *run, const struct host_op *op, struct host_error *err)
{
	struct json_object *arguments;
	int r = host_qemu_json(&run->launch->views[op->device], "netdev", "type", &arguments, err);

	if (r == 0) {
		r = host_qmp_execute(run->qmp, "netdev_add", arguments, -1, NULL, err);
		if (r < 0)
			add_hint(run, op, r, err);
	}
	return r < 0 ? r : 1;
}

int host_del_netdev(struct host_run *run, const struct host_op *op, struct host_error *err)
{
	int r = host_unplug_netdev(run->qmp, host_device(run->plan->setup, op->device)->id, err);

	return host_qmp_is_closed(run->qmp) || r > 0 ? 0 : r;
}

static int add_device(struct host_run *run, struct json_object *arguments, struct host_error *err)
{
	return host_qmp_execute(run->qmp, "device_add", json_object_get(arguments), -1, NULL, err);
}

/*
 * On q35, only ports take devices while it runs, but QEMU itself takes the root bus.  A port has one slot;
 * in another one, which QEMU takes if the first is in use, the guest does not find the device.
 */
static int add_to_port(struct host_run *run, struct json_object *arguments, struct host_error *err)
{
	char ports[HOST_PORTS_MAX][HOST_PORT_NAME_MAX];
	struct host_error second;
	int count = host_hotplug_find_ports(run->qmp, ports, &second), r = -EREMOTEIO;

	json_object_object_add(arguments, "addr", json_object_new_string("0"));
	for (int i = 0; i < count && r == -EREMOTEIO; i++) {
		json_object_object_add(arguments, "bus", json_object_new_string(ports[i]));
		r = add_device(run, arguments, err);
	}
	if (r == -EREMOTEIO)
		snprintf(err->hint, sizeof(err->hint), "%s", no_port);
	return r;
}

/* Which ports could have been chosen. */
static void list_ports(struct host_run *run, const char *id, struct host_error *err)
{
	char ports[HOST_PORTS_MAX][HOST_PORT_NAME_MAX];
	struct host_error second;
	int count = host_hotplug_find_ports(run->qmp, ports, &second);
	size_t used = 0;

	snprintf(err->hint, sizeof(err->hint), "%s", no_port);
	for (int i = 0; i < count && used < sizeof(err->hint); i++) {
		if (!host_hotplug_is_free(run->qmp, ports[i]))
			continue;
		if (!used)
			used = (size_t)snprintf(err->hint, sizeof(err->hint),
						"free ports for \"bus\" of device \"%s\": %s", id,
						ports[i]);
		else
			used += (size_t)snprintf(err->hint + used, sizeof(err->hint) - used, ", %s",
						 ports[i]);
	}
}

/* The bus that the config names. */
static int add_to_bus(struct host_run *run, const struct host_device *device,
		      struct json_object *arguments, struct host_error *err)
{
	int r = host_hotplug_is_port(run->qmp, device->bus, err);

	if (r < 0)
		return r;
	if (r)
		json_object_object_add(arguments, "addr", json_object_new_string("0"));
	r = add_device(run, arguments, err);
	if (r == -EREMOTEIO)
		list_ports(run, device->id, err);
	return r;
}

int host_add_device(struct host_run *run, const struct host_op *op, struct host_error *err)
{
	const struct host_device *device = host_device(run->plan->setup, op->device);
	struct json_object *arguments;
	int r = host_qemu_json(&run->launch->views[op->device], "device", "driver", &arguments,
			       err);

	if (r < 0)
		return r;
	r = device->bus ? add_to_bus(run, device, arguments, err) : add_device(run, arguments, err);
	if (r == -EREMOTEIO && !device->bus && strstr(err->text, "does not support hotplug"))
		r = add_to_port(run, arguments, err);
	json_object_put(arguments);
	if (r < 0)
		add_hint(run, op, r, err);
	return r < 0 ? r : 1;
}

int host_del_device(struct host_run *run, const struct host_op *op, struct host_error *err)
{
	int r = host_unplug_device(run->qmp, host_device(run->plan->setup, op->device)->id, err);

	return host_qmp_is_closed(run->qmp) || r > 0 ? 0 : r;
}
