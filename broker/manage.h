/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * manage - the control socket: what is told of devices, and what is done to them.
 */
#ifndef BROKER_MANAGE_H
#define BROKER_MANAGE_H

#include "control.h"
#include "device.h"

/* methods.c: by enum control_method; their data is the broker. */
extern control_handler *const broker_handlers[CONTROL_METHODS];

/* report.c */

/* A device as it is told; its texts are the device's. */
struct broker_report {
	struct control_device device;
	struct control_launcher launcher;
	char mac[DOC_MAC_TEXT];
};

/** broker_report_device() - fill it.  Returns @ret's device. */
const struct control_device *broker_report_device(const struct broker_device *device,
						  struct broker_report *ret);

/* The parameters of replies.  NULL: no memory. */
struct json_object *broker_report_list(const struct broker *broker);
struct json_object *broker_report_status(const struct broker_device *device);
struct json_object *broker_report_change(const struct broker_device *device,
					 enum control_event event);

#endif
