/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * 'vhostctl list': every vhost device that is in use on this host.
 */
#include <errno.h>
#include <stdlib.h>

#include "device/device.h"

#define UNKNOWN UINT64_MAX

struct row {
	const char *type;
	uint64_t pid;
	const char *name, *link;
	uint64_t queue_pairs, features;
	uint32_t running; /* enum doc_maybe */
	uint64_t worker_ms;
	uint32_t steady;
	const char *id, *broker;
	uint64_t launcher, user;
};

static const struct doc_field row_fields[] = {
	DOC_NEED(row, type, DOC_STRING, .help = "net, vsock, scsi or vdpa"),
	DOC_NEED(row, pid, DOC_UINT, .max = INT32_MAX,
		 .help = "the process that owns it, or else one that has it open"),
	DOC_NEED(row, name, DOC_STRING, .help = "of that process"),
	DOC_NEED(row, link, DOC_STRING,
		 .help = "the tap, macvtap or other link behind it; empty: none, or not known"),
	DOC_FIELD(row, queue_pairs, DOC_UINT, .max = 1u << 20, .preset = UNKNOWN,
		  .help = "net: pairs of a receive and a transmit ring; absent: not known"),
	DOC_FIELD(
		row, features, DOC_UINT, .max = 256, .preset = UNKNOWN,
		.help = "number of features that it is known to have negotiated; absent: not known"),
	DOC_FIELD(row, running, DOC_MAYBE,
		  .help = "is any ring with its back end; absent: not known"),
	DOC_FIELD(row, worker_ms, DOC_UINT, .max = UINT64_MAX - 1, .preset = UNKNOWN,
		  .help = "CPU time of its workers so far, in milliseconds; absent: not known"),
	DOC_FIELD(row, steady, DOC_MAYBE,
		  .help = "false: it changed in every reading that was tried; otherwise absent"),
	DOC_FIELD(row, id, DOC_STRING, .help = "of a device of 'vhostctl serve'"),
	DOC_FIELD(row, broker, DOC_STRING,
		  .help = "the name of its configuration, or the pid of that vhostctl"),
	DOC_FIELD(row, launcher, DOC_UINT, .max = INT32_MAX, .preset = UNKNOWN,
		  .help = "the pid of its launcher; absent: there is none"),
	DOC_FIELD(row, user, DOC_UINT, .max = UINT32_MAX, .preset = UNKNOWN,
		  .help = "that launcher's"),
};

static const struct doc_table row_table = DOC_PART(row, row_fields, "a device");

struct report {
	const char *command;
	struct doc_list devices; /* of struct row */
};

static const struct doc_field report_fields[] = {
	CLI_COMMAND_FIELD(report),
	DOC_NEED(report, devices, DOC_OBJECTS, .table = &row_table,
		 .help = "each device, by pid and fd"),
};

static const struct doc_table report_table =
	DOC_TABLE("vhost-report", report, report_fields, "the vhost devices in use on this host");

static uint64_t count_features(const struct look_device *device)
{
	struct vhc_features set, unknown;
	uint64_t count = 0;

	if (!(device->known & (LOOK_FEATURES | LOOK_ACCEPTED)))
		return UNKNOWN;
	cli_device_features(device, &set, &unknown);
	for (size_t i = 0; i < 4; i++)
		count += (uint64_t)__builtin_popcountll(set.w[i]);
	return count;
}

static uint64_t count_time(const struct look_device *device)
{
	uint64_t ms = 0;

	if (!(device->known & LOOK_WORKERS))
		return UNKNOWN;
	for (size_t i = 0; i < device->worker_count; i++)
		ms += device->workers[i].cpu_ms;
	return ms;
}

static struct row row_of(const struct look_device *device)
{
	return (struct row){
		.launcher = UNKNOWN,
		.user = UNKNOWN,
		.type = look_kind_name(device->kind),
		.pid = (uint64_t)device->pid,
		.name = device->comm,
		.link = device->link.name,
		.queue_pairs = device->kind == LOOK_NET && device->known & LOOK_PAIRS
				       ? device->fd_count
				       : UNKNOWN,
		.features = count_features(device),
		.running = !(device->known & LOOK_RUNNING) ? DOC_ABSENT
			   : look_is_running(device)	   ? DOC_TRUE
							   : DOC_FALSE,
		.worker_ms = count_time(device),
		.steady = device->unsteady ? DOC_FALSE : DOC_ABSENT,
	};
}

static struct row row_with(const struct look_device *device, const struct cli_served *by)
{
	const struct control_device *served = by->device;
	struct row row = row_of(device);

	if (!served)
		return row;
	row.id = served->id;
	row.broker = by->broker->name;
	row.running = served->running ? DOC_TRUE : DOC_FALSE;
	if (served->launcher) {
		row.launcher = served->launcher->pid;
		row.user = served->launcher->uid;
	}
	return row;
}

static int run(struct cli_call *call)
{
	struct report report = { .command = call->command->name };
	struct look_reading reading;
	struct cli_brokers brokers;
	struct row *rows;
	int status = cli_look(call, 0, &reading);

	if (status)
		return status;
	cli_brokers_ask(call, &brokers);
	cli_brokers_join(&brokers, 0, &reading);
	rows = cli_need(calloc(reading.count + 1, sizeof(*rows)));
	for (size_t i = 0; i < reading.count; i++) {
		struct cli_served by = cli_brokers_find(&brokers, &reading.devices[i]);

		rows[i] = row_with(&reading.devices[i], &by);
	}
	report.devices = (struct doc_list){ rows, reading.count };
	cli_write(call, &report_table, &report);
	free(rows);
	look_clear(&reading);
	cli_brokers_clear(&brokers);
	return CLI_YES;
}

static const char *const more[] = {
	"Whoever opened them: each launcher's devices, with the process that owns them.  A device without",
	"a link is a row for each vhost fd.  Needs CAP_BPF and CAP_PERFMON, as root has them; without, it",
	"shows what /proc tells and says what is missing.  Of devices of 'vhostctl serve' that this user",
	"runs, it shows their id, their broker and their launcher as well.",
	NULL,
};

const struct cli_command cli_command_list = {
	.name = "list",
	.arguments = "",
	.text = "List the vhost devices in use on this host",
	.more = more,
	.report = &report_table,
	.run = run,
};
