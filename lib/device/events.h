/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * events - what a device has to say by itself: a ring that the kernel gave up on, by the ring's ERR
 * eventfd, and an address that it waits for, by its vhost fd.  One epoll fd is readable while any of
 * them is, from when somebody asked for it.
 */
#ifndef LIB_EVENTS_H
#define LIB_EVENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "dev.h"

/** vhc_events_make_err() - give a ring its ERR eventfd, where it has none. */
int vhc_events_make_err(struct vhc_dev *dev, uint32_t ring);

/** vhc_events_close_err() - close it, if there is one; the kernel has let go of it before. */
void vhc_events_close_err(struct vhc_dev *dev, uint32_t ring);

/** vhc_events_close() - for the end of the device. */
void vhc_events_close(struct vhc_dev *dev);

#endif
