/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * life - the whole life of a device as lists of calls, which the fault tests walk through.  Each may
 * fail, and may be called again then.
 */
#ifndef TESTS_LIFE_H
#define TESTS_LIFE_H

#include "rig.h"

struct act {
	const char *name;
	int (*run)(struct rig *rig);
	bool keeps; /* a failure leaves as much open as there was before */
};

struct life {
	const struct act *acts;
	uint32_t count;
};

extern const struct life device_life;
/* The same behind an IOMMU, with its events. */
extern const struct life iommu_life;

/** life_find() - the number of an act. */
uint32_t life_find(const struct life *of, const char *name);

#endif
