/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * story - the whole life of a device as a list of calls, which the fault tests walk through.  Each
 * may fail, and may be called again then.
 */
#ifndef TESTS_DEV_STORY_H
#define TESTS_DEV_STORY_H

#include "rig.h"

struct act {
	const char *name;
	int (*run)(struct rig *rig);
	bool keeps; /* a failure leaves as much open as there was before */
};

extern const struct act story[];
extern const uint32_t story_count;

/** story_find() - the number of an act. */
uint32_t story_find(const char *name);

#endif
