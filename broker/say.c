/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * say - lines about a device, of which a front-end can cause as many as it likes: so many in a time are said, and of
 * the others how many there were.  What it asks for, each message, is said to whoever traces it.
 */
#include <stdarg.h>
#include <stdio.h>

#include "device.h"

/* Which process comes and goes is said to who asked for it. */
static const uint32_t most[BROKER_QUOTAS] = { [BROKER_WARNINGS] = 10, [BROKER_OTHERS] = 100 };

static void put(const struct broker_device *device, enum vhc_level level, const char *text)
{
	const struct broker_options *options = &device->broker->options;
	char line[600];

	snprintf(line, sizeof(line), "%s: %s", device->id, text);
	options->say(options->data, level, line);
}

static bool may_say(struct broker_device *device, enum vhc_level level)
{
	enum broker_quota_of of = level <= VHC_LEVEL_WARNING ? BROKER_WARNINGS : BROKER_OTHERS;
	struct broker_quota *quota = &device->said[of];
	uint64_t now = wire_now();
	char text[60];

	if (now >= quota->since + BROKER_QUOTA_TIME) {
		snprintf(text, sizeof(text), "%u more lines are left out", quota->left_out);
		if (quota->left_out)
			put(device, level, text);
		*quota = (struct broker_quota){ .since = now };
	}
	if (quota->lines < most[of]) {
		quota->lines++;
		return true;
	}
	quota->left_out++;
	return false;
}

void broker_say(struct broker_device *device, enum vhc_level level, const char *format, ...)
{
	char text[512];
	va_list args;

	if (!device->broker->options.say || (level <= VHC_LEVEL_INFO && !may_say(device, level)))
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	put(device, level, text);
}
