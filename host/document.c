/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The tables of the documents that host writes: plans and reports.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "document.h"

#define ARGUMENT(name, type, ...) DOC_FIELD(host_arguments, name, type, __VA_ARGS__)

/* In the order in which people read them. */
static const struct doc_field argument_fields[] = {
	ARGUMENT(program, DOC_STRING, .help = "the launcher, as it is searched for"),
	ARGUMENT(path, DOC_STRING, .help = "the device node that is opened"),
	ARGUMENT(socket, DOC_STRING, .help = "where QEMU listens"),
	ARGUMENT(link, DOC_STRING,
		 .help = "name of the link; \"tap%d\": the kernel chooses the number"),
	ARGUMENT(id, DOC_STRING, .help = "of what QEMU gets"),
	ARGUMENT(name, DOC_STRING, .help = "of the config, by which teardown finds the broker"),
	ARGUMENT(user, DOC_STRING, .help = "user of the launcher"),
	ARGUMENT(no_new_privs, DOC_MAYBE, .help = "the launcher cannot gain privileges"),
	ARGUMENT(netns, DOC_STRING,
		 .help = "network namespace that this process enters, or comes back from"),
	ARGUMENT(first_fd, DOC_UINT, .min = 1, .max = UINT32_MAX,
		 .help = "number of the first of the fds"),
	ARGUMENT(fds, DOC_UINT, .min = 1, .max = UINT32_MAX, .help = "how many"),
	ARGUMENT(queues, DOC_UINT, .min = 1, .max = UINT32_MAX, .help = "queues that are opened"),
	ARGUMENT(tap_fds, DOC_UINT, .min = 1, .max = UINT32_MAX, .help = "how many fds of the tap"),
	ARGUMENT(vhost_fds, DOC_UINT, .min = 1, .max = UINT32_MAX, .help = "how many vhost fds"),
	ARGUMENT(existing, DOC_MAYBE, .help = "the link is there already"),
	ARGUMENT(lower, DOC_STRING, .help = "the link that a macvtap is on"),
	ARGUMENT(mode, DOC_STRING, .help = "of a macvtap"),
	ARGUMENT(owner, DOC_STRING, .help = "user who may open the link"),
	ARGUMENT(group, DOC_STRING, .help = "group that may open the link"),
	ARGUMENT(txqueuelen, DOC_UINT, .min = 1, .max = UINT32_MAX, .help = "frames"),
	ARGUMENT(mac, DOC_STRING, .help = "MAC address of the link"),
	ARGUMENT(guest_mac, DOC_STRING, .help = "that of the guest, if it is derived from names"),
	ARGUMENT(mtu, DOC_UINT, .min = 1, .max = UINT32_MAX,
		 .help = "bytes; of a bridge that follows its ports, what its own may become"),
	ARGUMENT(mtu_of, DOC_STRING, .help = "the bridge whose MTU the link gets"),
	ARGUMENT(address, DOC_STRING, .help = "address and prefix length"),
	ARGUMENT(bridge, DOC_STRING, .help = "the bridge that the link becomes a port of"),
	ARGUMENT(vlan, DOC_UINT, .min = 1, .max = UINT32_MAX, .help = "VLAN of untagged frames"),
	ARGUMENT(vlans, DOC_STRINGS, .help = "VLANs of tagged frames"),
	ARGUMENT(isolated, DOC_MAYBE, .help = "the port is isolated from others that are"),
	ARGUMENT(persistent, DOC_MAYBE, .help = "the link stays when nobody has it open"),
	ARGUMENT(alias, DOC_STRING, .help = "what marks the link as one of this config"),
	ARGUMENT(cid, DOC_UINT, .min = 1, .max = UINT32_MAX, .help = "CID of the guest"),
	ARGUMENT(auto_cid, DOC_MAYBE, .help = "the CID is the lowest that is free"),
	ARGUMENT(vhost, DOC_STRING,
		 .help = "\"prefer\": if the node does not open, the set-up continues without it"),
	ARGUMENT(worker, DOC_STRING,
		 .help = "threads that are to run the rings: \"task\" or \"kthread\""),
	ARGUMENT(features, DOC_STRINGS, .help = "features that have to be there"),
	ARGUMENT(bus, DOC_STRING, .help = "the bus of QEMU that the device is plugged into"),
	ARGUMENT(environment, DOC_STRINGS, .help = "variables that tell of the fds"),
};

const struct doc_table host_arguments_table = DOC_PART(
	host_arguments, argument_fields, "what an operation is done with: those that it has");

static const struct doc_field row_fields[] = {
	DOC_NEED(host_plan_row, on, DOC_STRING,
		 .help = "what the operation is for: a device's id, or the launcher"),
	DOC_NEED(host_plan_row, operation, DOC_STRING, .help = "what is done"),
	DOC_NEED(host_plan_row, arguments, DOC_OBJECT, .table = &host_arguments_table,
		 .help = "what it is done with"),
	DOC_NEED(
		host_plan_row, undo, DOC_STRING,
		.help = "how it is undone if a later step fails; empty if there is nothing to undo"),
};

static const struct doc_table row_table = DOC_PART(host_plan_row, row_fields, "one operation");

static const struct doc_field socket_fields[] = {
	DOC_NEED(host_plan_socket, device, DOC_STRING, .help = "its id"),
	DOC_NEED(host_plan_socket, path, DOC_STRING, .help = "where its launcher connects"),
};

static const struct doc_table socket_table =
	DOC_PART(host_plan_socket, socket_fields, "a device that is served by vhost-user");

static const struct doc_field plan_fields[] = {
	DOC_FIELD(host_plan_document, name, DOC_STRING, .help = "the config's name"),
	DOC_NEED(host_plan_document, operations, DOC_OBJECTS, .table = &row_table,
		 .help = "in order of execution"),
	DOC_FIELD(host_plan_document, sockets, DOC_OBJECTS, .table = &socket_table,
		  .help = "which accept connections after that: of devices that are served"),
	DOC_FIELD(host_plan_document, launcher, DOC_STRINGS,
		  .help = "its arguments, with the tokens filled in"),
};

const struct doc_table host_plan_table =
	DOC_TABLE("vhost-plan", host_plan_document, plan_fields, "what would be done on this host");

/* Of every device, whoever got it. */
#define REPORT_DEVICE_FIELDS                                                                   \
	DOC_NEED(host_report_device, device, DOC_STRING, .help = "its id"),                    \
		DOC_FIELD(host_report_device, tap, DOC_STRING, .help = "name of its link"),    \
		DOC_FIELD(host_report_device, netns, DOC_STRING,                               \
			  .help = "network namespace of the link"),                            \
		DOC_FIELD(host_report_device, queue_pairs, DOC_UINT, .min = 1, .max = 256,     \
			  .help = "queues in each direction"),                                 \
		DOC_FIELD(host_report_device, cid, DOC_UINT, .min = 3, .max = UINT32_MAX,      \
			  .help = "CID of the guest, of a vsock device"),                      \
		DOC_NEED(host_report_device, vhost, DOC_BOOL, .help = "vhost runs its rings"), \
		DOC_FIELD(host_report_device, why, DOC_STRING,                                 \
			  .help = "why vhost is off although it was preferred")

static const struct doc_field report_device_fields[] = {
	REPORT_DEVICE_FIELDS,
	DOC_FIELD(host_report_device, socket, DOC_STRING,
		  .help = "where launchers connect to it, by vhost-user"),
	DOC_FIELD(host_report_device, mac, DOC_STRING,
		  .help = "MAC address of the guest, of a device that is served"),
	DOC_FIELD(host_report_device, tap_fds, DOC_NUMBERS,
		  .help = "fds of the tap in the launcher"),
	DOC_FIELD(host_report_device, vhost_fds, DOC_NUMBERS, .help = "vhost fds in the launcher"),
};

static const struct doc_table report_device_table =
	DOC_PART(host_report_device, report_device_fields, "a device that was set up");

static const struct doc_field report_fields[] = {
	DOC_NEED(host_report, command, DOC_STRING, .help = "\"setup\""),
	DOC_FIELD(host_report, name, DOC_STRING, .help = "the config's name"),
	DOC_FIELD(host_report, pid, DOC_UINT, .min = 1, .max = INT32_MAX,
		  .help = "the process that serves the devices, in the background"),
	DOC_NEED(host_report, devices, DOC_OBJECTS, .table = &report_device_table,
		 .help = "the devices that were set up"),
	DOC_FIELD(host_report, launcher, DOC_STRINGS,
		  .help = "its arguments, with the tokens filled in"),
};

const struct doc_table host_report_table =
	DOC_TABLE("vhost-report", host_report, report_fields, "what 'setup' set up");

/* Which numbers the fds have there is QEMU's own business. */
static const struct doc_field attach_device_fields[] = { REPORT_DEVICE_FIELDS };

static const struct doc_table attach_device_table =
	DOC_PART(host_report_device, attach_device_fields, "a device that QEMU was given");

static const struct doc_field attach_fields[] = {
	DOC_NEED(host_report, command, DOC_STRING, .help = "\"attach\""),
	DOC_FIELD(host_report, name, DOC_STRING, .help = "the config's name"),
	DOC_NEED(host_report, devices, DOC_OBJECTS, .table = &attach_device_table,
		 .help = "the devices that QEMU was given"),
};

const struct doc_table host_attach_table =
	DOC_TABLE("vhost-report", host_report, attach_fields, "what 'attach' gave to QEMU");

static const struct doc_field detach_fields[] = {
	DOC_NEED(host_detach_report, command, DOC_STRING, .help = "\"detach\""),
	DOC_NEED(host_detach_report, device, DOC_STRING, .help = "its id"),
	DOC_NEED(host_detach_report, removed_device, DOC_BOOL, .help = "QEMU had such a device"),
	DOC_NEED(host_detach_report, removed_netdev, DOC_BOOL, .help = "QEMU had such a netdev"),
};

const struct doc_table host_detach_table = DOC_TABLE("vhost-report", host_detach_report,
						     detach_fields, "what 'detach' took from QEMU");

static const struct doc_field removed_fields[] = {
	DOC_NEED(host_removed_link, device, DOC_STRING, .help = "whose it was"),
	DOC_NEED(host_removed_link, link, DOC_STRING, .help = "its name"),
	DOC_FIELD(host_removed_link, netns, DOC_STRING, .help = "network namespace of the link"),
};

static const struct doc_table removed_table = DOC_PART(host_removed_link, removed_fields, "a link");

static const struct doc_field removed_socket_fields[] = {
	DOC_NEED(host_removed_socket, device, DOC_STRING, .help = "whose it was"),
	DOC_NEED(host_removed_socket, socket, DOC_STRING, .help = "its path"),
};

static const struct doc_table removed_socket_table =
	DOC_PART(host_removed_socket, removed_socket_fields, "a socket");

static const struct doc_field teardown_fields[] = {
	DOC_NEED(host_teardown_report, command, DOC_STRING, .help = "\"teardown\""),
	DOC_FIELD(host_teardown_report, ended, DOC_UINT, .min = 1, .max = INT32_MAX,
		  .help = "the broker's process, which has ended and removed what it made"),
	DOC_FIELD(host_teardown_report, sockets, DOC_OBJECTS, .table = &removed_socket_table,
		  .help = "sockets that a killed broker had left"),
	DOC_NEED(host_teardown_report, removed, DOC_OBJECTS, .table = &removed_table,
		 .help = "the links that were there"),
	DOC_NEED(
		host_teardown_report, restored, DOC_OBJECTS, .table = &removed_table,
		.help = "links that were there before, with what a set-up that was killed had changed"),
};

const struct doc_table host_teardown_table =
	DOC_TABLE("vhost-report", host_teardown_report, teardown_fields, "what 'teardown' removed");

static const struct doc_field finding_fields[] = {
	DOC_NEED(host_finding, check, DOC_STRING, .help = "what was checked"),
	DOC_NEED(host_finding, needed, DOC_BOOL,
		 .help = "the answer is no if it is missing, wrong or busy"),
	DOC_NEED(host_finding, result, DOC_STRING,
		 .help = "ok, missing, wrong, busy, low, or info"),
	DOC_NEED(host_finding, text, DOC_STRING, .help = "what was found"),
	DOC_NEED(host_finding, fix, DOC_STRING, .help = "the command that fixes it, or \"\""),
};

static const struct doc_table finding_table = DOC_PART(host_finding, finding_fields, "one check");

static const struct doc_field doctor_fields[] = {
	DOC_NEED(host_doctor_report, command, DOC_STRING, .help = "\"doctor\""),
	DOC_NEED(host_doctor_report, user, DOC_STRING, .help = "the user the checks are for"),
	DOC_NEED(
		host_doctor_report, ok, DOC_BOOL,
		.help = "everything that a vhost-net device needs is available, and the link can be used"),
	DOC_NEED(host_doctor_report, checks, DOC_OBJECTS, .table = &finding_table,
		 .help = "each check of the host"),
	DOC_FIELD(host_doctor_report, link_checks, DOC_OBJECTS, .table = &finding_table,
		  .help = "each check of a link"),
};

const struct doc_table host_doctor_table =
	DOC_TABLE("vhost-report", host_doctor_report, doctor_fields,
		  "what is missing on this host for vhost devices");

int host_copy_texts(char *const *texts, struct doc_list *ret)
{
	size_t count = 0;
	char **items;

	while (texts[count])
		count++;
	items = calloc(count + 1, sizeof(*items));
	if (!items)
		return -ENOMEM;
	*ret = (struct doc_list){ items, count };
	for (size_t i = 0; i < count; i++) {
		items[i] = strdup(texts[i]);
		if (!items[i])
			return -ENOMEM;
	}
	return 0;
}
