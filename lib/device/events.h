/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * events - what a device reports by itself: a ring that the kernel stopped, through the ring's ERR eventfd,
 * and an address that it waits for, through its vhost fd.  Once a caller has asked for it, one epoll fd
 * is readable while any of them is.
 */
#ifndef LIB_DEVICE_EVENTS_H
#define LIB_DEVICE_EVENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "dev.h"

/** vhi_events_make_err() - create the ERR eventfd of a ring, unless it has one. */
int vhi_events_make_err(struct vhc_dev *dev, uint32_t ring);

/** vhi_events_close_err() - close it, if there is one; the kernel must have released it. */
void vhi_events_close_err(struct vhc_dev *dev, uint32_t ring);

/** vhi_events_drop_miss() - forget a miss that could not be answered: nothing waits for it any more. */
void vhi_events_drop_miss(struct vhc_dev *dev);

/** vhi_events_close() - when the device is closed. */
void vhi_events_close(struct vhc_dev *dev);

#endif
