/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Room: host.  Tables of the documents that this room writes: plans and reports.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "document.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define FIELD(key_, type_, struct_, member_) \
	.key = key_, .type = type_, .offset = offsetof(struct struct_, member_)

static const struct doc_field row_fields[] = {
	{ FIELD("on", DOC_STRING, host_plan_row, on), .flags = DOC_REQUIRED,
	  .help = "what it is for: a device's id, or the launcher" },
	{ FIELD("operation", DOC_STRING, host_plan_row, operation), .flags = DOC_REQUIRED,
	  .help = "what is done" },
	{ FIELD("argument", DOC_STRING, host_plan_row, argument), .flags = DOC_REQUIRED,
	  .help = "to what, with which values" },
	{ FIELD("undo", DOC_STRING, host_plan_row, undo), .flags = DOC_REQUIRED,
	  .help = "what undoes it when a later step fails; empty where nothing has to" },
};

static const struct doc_table row_table = {
	.size = sizeof(struct host_plan_row),
	.help = "one operation",
	.fields = row_fields,
	.count = COUNT(row_fields),
};

static const struct doc_field plan_fields[] = {
	{ FIELD("name", DOC_STRING, host_plan_document, name), .help = "the config's name" },
	{ FIELD("operations", DOC_OBJECTS, host_plan_document, operations), .flags = DOC_REQUIRED,
	  .table = &row_table, .help = "in the order in which they are done" },
	{ FIELD("launcher", DOC_STRINGS, host_plan_document, launcher),
	  .help = "its arguments, with the tokens filled in" },
};

const struct doc_table host_plan_table = {
	.kind = "vhost-plan",
	.version = 1,
	.size = sizeof(struct host_plan_document),
	.help = "what would be done on this host",
	.fields = plan_fields,
	.count = COUNT(plan_fields),
};

static const struct doc_field report_device_fields[] = {
	{ FIELD("device", DOC_STRING, host_report_device, device), .flags = DOC_REQUIRED,
	  .help = "its id" },
	{ FIELD("tap", DOC_STRING, host_report_device, tap), .flags = DOC_REQUIRED,
	  .help = "name of its link" },
	{ FIELD("netns", DOC_STRING, host_report_device, netns),
	  .help = "network namespace of the link" },
	{ FIELD("queue_pairs", DOC_UINT, host_report_device, queue_pairs), .flags = DOC_REQUIRED,
	  .min = 1, .max = 256, .help = "queues each way" },
	{ FIELD("vhost", DOC_BOOL, host_report_device, vhost), .flags = DOC_REQUIRED,
	  .help = "the kernel runs its rings" },
	{ FIELD("why", DOC_STRING, host_report_device, why),
	  .help = "why vhost is off though it was preferred" },
	{ FIELD("tap_fds", DOC_STRING, host_report_device, tap_fds), .flags = DOC_REQUIRED,
	  .help = "the tap's fds in the launcher, with colons" },
	{ FIELD("vhost_fds", DOC_STRING, host_report_device, vhost_fds),
	  .help = "the vhost fds in the launcher, with colons" },
};

static const struct doc_table report_device_table = {
	.size = sizeof(struct host_report_device),
	.help = "a device that is up",
	.fields = report_device_fields,
	.count = COUNT(report_device_fields),
};

static const struct doc_field report_fields[] = {
	{ FIELD("command", DOC_STRING, host_report, command), .flags = DOC_REQUIRED,
	  .help = "\"setup\"" },
	{ FIELD("name", DOC_STRING, host_report, name), .help = "the config's name" },
	{ FIELD("devices", DOC_OBJECTS, host_report, devices), .flags = DOC_REQUIRED,
	  .table = &report_device_table, .help = "what came up" },
	{ FIELD("launcher", DOC_STRINGS, host_report, launcher),
	  .help = "its arguments, with the tokens filled in" },
};

const struct doc_table host_report_table = {
	.kind = "vhost-report",
	.version = 1,
	.size = sizeof(struct host_report),
	.help = "what setup brought up",
	.fields = report_fields,
	.count = COUNT(report_fields),
};

static const struct doc_field finding_fields[] = {
	{ FIELD("check", DOC_STRING, host_finding, check), .flags = DOC_REQUIRED,
	  .help = "what was looked at" },
	{ FIELD("result", DOC_STRING, host_finding, result), .flags = DOC_REQUIRED,
	  .help = "ok, missing (a vhost-net device needs it), absent (other devices need it), low, "
		  "or info" },
	{ FIELD("text", DOC_STRING, host_finding, text), .flags = DOC_REQUIRED,
	  .help = "what was found" },
	{ FIELD("fix", DOC_STRING, host_finding, fix), .flags = DOC_REQUIRED,
	  .help = "the command that mends it, or \"\"" },
};

static const struct doc_table finding_table = {
	.size = sizeof(struct host_finding),
	.help = "one check",
	.fields = finding_fields,
	.count = COUNT(finding_fields),
};

static const struct doc_field doctor_fields[] = {
	{ FIELD("command", DOC_STRING, host_doctor_report, command), .flags = DOC_REQUIRED,
	  .help = "\"doctor\"" },
	{ FIELD("user", DOC_STRING, host_doctor_report, user), .flags = DOC_REQUIRED,
	  .help = "who the answers are for" },
	{ FIELD("ok", DOC_BOOL, host_doctor_report, ok), .flags = DOC_REQUIRED,
	  .help = "a vhost-net device has all that it needs" },
	{ FIELD("checks", DOC_OBJECTS, host_doctor_report, checks), .flags = DOC_REQUIRED,
	  .table = &finding_table, .help = "each check" },
};

const struct doc_table host_doctor_table = {
	.kind = "vhost-report",
	.version = 1,
	.size = sizeof(struct host_doctor_report),
	.help = "what this host lacks for vhost devices",
	.fields = doctor_fields,
	.count = COUNT(doctor_fields),
};

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
