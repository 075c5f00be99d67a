/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What vhc_tap_open() consists of; private to the room.
 */
#ifndef LIB_TAP_OPEN_H
#define LIB_TAP_OPEN_H

#include "tap/tap.h"

#define VHI_TAP_TRIES 16u /* to get a link that no other process is in the way of */

/* All set the error unless said, and leave closing the fds to the caller. */

/* attach.c */

/** vhi_tap_attach_first() - the first queue.  @ret_found: the link was there before. */
int vhi_tap_attach_first(struct vhc_tap *tap, const char *name, bool adopt, bool *ret_found);
/** vhi_tap_attach_others() - the other queues of the same link. */
int vhi_tap_attach_others(struct vhc_tap *tap);

/* create.c, adopt.c */

/**
 * vhi_tap_settle_new() - all that a new link gets after its first queue.  @ret_alone: false, another process
 * has a queue of it: it has been deleted.
 */
int vhi_tap_settle_new(struct vhc_tap *tap, const struct vhc_tap_args *args, bool *ret_alone);
/** vhi_tap_settle_found() - the same of a link that was there, which is as it was if this fails. */
int vhi_tap_settle_found(struct vhc_tap *tap, const struct vhc_tap_args *args);

/* settings.c */

/** vhi_tap_set_number() - an ioctl that takes a number by value. */
int vhi_tap_set_number(struct vhc_tap *tap, unsigned long request, const char *call,
		       unsigned long value);
/** vhi_tap_owner_of() - whom the link is to belong to; VHI_NOBODY: not set. */
uint32_t vhi_tap_owner_of(const struct vhc_tap *tap, const struct vhc_tap_args *args);
/** vhi_tap_set_owner() - who else may attach; the kernel takes no group and no owner away again. */
int vhi_tap_set_owner(struct vhc_tap *tap, const struct vhc_tap_args *args);
/** vhi_tap_call_link() - SIOCGIFTXQLEN or SIOCSIFTXQLEN. */
int vhi_tap_call_link(struct vhc_tap *tap, unsigned long request, const char *call, int *frames);
/** vhi_tap_set_txqueuelen() - 0: as it is. */
int vhi_tap_set_txqueuelen(struct vhc_tap *tap, uint32_t frames);
/** vhi_tap_get_headers() - what the kernel has, for all queues. */
int vhi_tap_get_headers(struct vhc_tap *tap);

#endif
