/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * guest - what all devices of one guest do together: they share its memory and its dirty log.
 */
#ifndef LIB_GUEST_H
#define LIB_GUEST_H

#include <stdbool.h>

struct vhc_mem;

/**
 * vhc_guest_update() - give every attached device that runs the memory table and the dirty log that
 * @mem has now.  All or none: when one fails, those before it get back what they had.
 * Errors: what the kernel said; -ESTALE of a device that could not be given it back.
 */
int vhc_guest_update(struct vhc_mem *mem);

/** vhc_guest_runs() - does any attached device run? */
bool vhc_guest_runs(const struct vhc_mem *mem);

/** vhc_guest_check_process() - -EPERM in a forked child of the process that owns one of the devices. */
int vhc_guest_check_process(const struct vhc_mem *mem);

#endif
