/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * two-hosts - a device that comes from another host: saved there, and the place that it comes to.
 */
#ifndef TESTS_TWO_HOSTS_H
#define TESTS_TWO_HOSTS_H

#include "rig.h"

/** moved_save() - the device as a document; it must succeed.  For free(3). */
char *moved_save(struct rig *rig);

/** moved_source() - the document of a device that ran: ring i resumes at 5 + i.  For free(3). */
char *moved_source(const char *kernel, uint32_t pairs, bool array);

/** moved_indices() - the guest's memory as it came over: ring i has used 3 + i, and made 9 + i available. */
void moved_indices(struct rig *rig);

/** moved_destination() - a fresh device with that memory and a tap, and nothing set. */
void moved_destination(struct rig *rig, const char *kernel, uint32_t pairs);

/** moved_changes() - how many calls changed something; the probe of a tap puts back what was there. */
uint32_t moved_changes(struct rig *rig);

/**
 * moved_load_fails() - load a document that must be refused: the device is as it was, and the kernel
 * was told nothing.  Returns the code.
 */
int moved_load_fails(struct rig *rig, const char *json);

#endif
