/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Giving the devices of a config to a running QEMU, and taking one from it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "document.h"
#include "qmp/hotplug.h"
#include "ops/plan.h"
#include "qmp/qmp.h"

/* A signal that comes later finds everything done. */
static int finish(struct host_run *run, struct json_object **ret, struct host_error *err)
{
	int number = host_signals_take(&run->signals);
	struct host_error undo;
	int r = 0;

	*ret = number ? NULL : host_run_report(run, "attach");
	if (!*ret) {
		r = number ? host_fail_signal(err, number) : host_fail_memory(err);
		host_run_undo(run, &undo);
		snprintf(err->text + strlen(err->text), sizeof(err->text) - strlen(err->text),
			 "%.500s", undo.text);
		return r;
	}
	host_run_end(run);
	return 0;
}

int host_attach(const struct host_setup *setup, const struct host_options *options,
		struct json_object **ret, struct host_error *err)
{
	struct host_plan plan;
	struct host_run *run;
	int r;

	r = host_plan_make(setup, options, &plan, err);
	if (r < 0)
		return r;
	r = host_run_apply(&plan, HOST_OP_COUNT, &run, err);
	if (r == 0)
		r = finish(run, ret, err);
	host_plan_clear(&plan);
	return r;
}

/* ----------------------------------------------------------------------------------------- detach */

/* A guest whose NIC loses its netdev has no network any more. */
static int check_unused(struct host_qmp *qmp, const char *netdev, struct host_error *err)
{
	char user[HOST_PORT_NAME_MAX], hint[400];
	int r = host_hotplug_find_user(qmp, netdev, user, err);

	if (r <= 0)
		return r;
	if (user[0])
		snprintf(hint, sizeof(hint), "take that device first: vhostctl detach %s --qmp %s",
			 user, host_qmp_path(qmp));
	else
		snprintf(
			hint, sizeof(hint),
			"QEMU can take only a device with an id: start it with -device @%s.device@,id=%s",
			netdev, netdev);
	return host_fail_status(
		err, HOST_FAILED, -EBUSY, hint,
		"%s: the netdev \"%s\" is in use by a device %s%s%s", host_qmp_path(qmp), netdev,
		user[0] ? "with the id \"" : "without an id", user, user[0] ? "\"" : "");
}

static int detach(struct host_qmp *qmp, const char *id, struct host_detach_report *report,
		  struct host_error *err)
{
	int device = host_unplug_device(qmp, id, err), netdev;

	if (device < 0 && device != -ENODEV)
		return device;
	netdev = check_unused(qmp, id, err);
	if (netdev < 0)
		return netdev;
	netdev = host_unplug_netdev(qmp, id, err);
	if (netdev < 0 && netdev != -ENODEV)
		return netdev;
	report->removed_device = device > 0;
	report->removed_netdev = netdev > 0;
	if (device > 0 || netdev > 0)
		return 0;
	return host_fail_status(err, HOST_FAILED, -ENODEV,
				"the id is that of the device in the config that was attached",
				"%s: QEMU has no device and no netdev \"%s\"", host_qmp_path(qmp),
				id);
}

int host_detach(const char *id, const struct host_options *options, struct json_object **ret,
		struct host_error *err)
{
	struct host_detach_report report = { .command = strdup("detach"), .device = strdup(id) };
	struct host_qmp *qmp;
	int r = report.command && report.device ? 0 : host_fail_memory(err);

	if (r == 0)
		r = host_qmp_open(options->qmp, options->seconds, &qmp, err);
	if (r == 0) {
		r = detach(qmp, id, &report, err);
		host_qmp_close(qmp);
	}
	if (r == 0) {
		*ret = doc_write(&host_detach_table, &report);
		r = *ret ? 0 : host_fail_memory(err);
	}
	doc_clear(&host_detach_table, &report);
	return r;
}
