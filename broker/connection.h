/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * connection - how a device gets a front-end, and loses it.
 */
#ifndef BROKER_CONNECTION_H
#define BROKER_CONNECTION_H

struct broker_device;

/**
 * broker_device_listen() - front-ends connect there from now on; takes over the socket if it succeeds.
 * Errors: those of epoll_ctl(2); the library's.
 */
int broker_device_listen(struct broker_device *device, int listen);
/** broker_device_disconnect() - the front-end has gone, or must go: back to the state without one. */
void broker_device_disconnect(struct broker_device *device);

#endif
