/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * say - lines about a device.
 */
#ifndef BROKER_SAY_H
#define BROKER_SAY_H

#include "vhostconfig.h"

struct broker_device;

/* Lines that were said lately. */
enum broker_quota_of { BROKER_WARNINGS, BROKER_OTHERS, BROKER_QUOTAS };

#define BROKER_QUOTA_TIME 5000 /* ms */

struct broker_quota {
	uint64_t since;
	uint32_t lines, left_out;
};

/** broker_say() - one line about a device, unless there were too many lately. */
void broker_say(struct broker_device *device, enum vhc_level level, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
