/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Devices and netdevs of a running QEMU: where one can be plugged, and taking it away.
 */
#ifndef HOST_HOTPLUG_H
#define HOST_HOTPLUG_H

#include "qmp/qmp.h"

#define HOST_PORT_NAME_MAX 64

/*
 * host_unplug_device() - ask the guest to give a device up, and wait until it has.
 * Returns 1 when it is gone, -ENODEV if there was none, -ETIME if the guest does not answer.
 */
int host_unplug_device(struct host_qmp *qmp, const char *id, struct host_error *err);

/* host_hotplug_has() - has QEMU a device with this id?  1, 0, or a negative errno with the error filled. */
int host_hotplug_has(struct host_qmp *qmp, const char *id, struct host_error *err);

/* host_hotplug_is_port() - is the device with this id a PCI Express port, which has one slot? */
int host_hotplug_is_port(struct host_qmp *qmp, const char *id, struct host_error *err);

/*
 * host_hotplug_is_free() - has this port no device, also none that the guest has not looked for yet?  True if
 * that cannot be told.
 */
bool host_hotplug_is_free(struct host_qmp *qmp, const char *port);

/*
 * host_hotplug_find_user() - the device that has this netdev: QEMU deletes a netdev even if one has.
 * @id: that of the device; "": it has none.
 * Returns 1, 0 if there is none, or a negative errno with the error filled.
 */
int host_hotplug_find_user(struct host_qmp *qmp, const char *netdev, char id[HOST_PORT_NAME_MAX],
			   struct host_error *err);

/* host_unplug_netdev() - returns 1 when it is gone, -ENODEV if there was none. */
int host_unplug_netdev(struct host_qmp *qmp, const char *id, struct host_error *err);

/*
 * host_hotplug_find_ports() - the buses of bridges that have an id and, as far as QEMU knows, no device.
 * Returns how many.
 */
#define HOST_PORTS_MAX 64
int host_hotplug_find_ports(struct host_qmp *qmp, char ports[HOST_PORTS_MAX][HOST_PORT_NAME_MAX],
			    struct host_error *err);

#endif
